# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The sources of this repository, as the policy tests read them.
"""
import ast
import configparser
import functools
import re
import xml.etree.ElementTree as ET

from tests import environment

ROOT = environment.ROOT
MODULES = environment.MODULES
FOLDERS = [*MODULES, 'tests', 'demo', 'doc']
IGNORED = {'__pycache__', '_build', 'output', 'node_modules'}


@functools.lru_cache(None)
def files():
    "Return the files of the repository, without what is generated"
    result = [
        p for p in ROOT.iterdir() if p.is_file() and p.name[0] != '.']
    result.extend((ROOT / '.ci').iterdir())
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob('*'):
            parts = path.relative_to(ROOT).parts
            if (path.is_file()
                    and not IGNORED.intersection(parts)
                    and not any(p.startswith('.') for p in parts)):
                result.append(path)
    return sorted(result)


def name(path):
    return str(path.relative_to(ROOT))


@functools.lru_cache(None)
def python():
    "Return the syntax trees of all Python files"
    return {
        p: ast.parse(p.read_text(encoding='utf-8'), str(p))
        for p in files() if p.suffix == '.py'}


def of_modules(paths):
    return [p for p in paths if p.relative_to(ROOT).parts[0] in MODULES]


def text(path):
    "Return the text of a file, None if it is no text"
    try:
        return path.read_text(encoding='utf-8')
    except UnicodeDecodeError:
        return None


def imports(path):
    "Yield what a file imports: names, or paths where the name is relative"
    for node in ast.walk(python()[path]):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module
        elif isinstance(node, ast.ImportFrom):
            base = path.parents[node.level - 1].joinpath(
                *(node.module or '').split('.'))
            for alias in node.names:
                yield next(
                    p for p in [
                        base / f'{alias.name}.py', base.with_suffix('.py'),
                        base / '__init__.py']
                    if p.exists())


def records(module, model, optional=True):
    """
    Yield the records of a model in the XML files of a module

    also those that depend on other modules, unless told otherwise.
    """
    for xml in environment.tryton_cfg(module, 'xml'):
        for data in ET.parse(ROOT / module / xml).iter('data'):
            if data.get('depends') and not optional:
                continue
            for record in data.iter('record'):
                if record.get('model') == model:
                    yield record


def values(record, field):
    return [f.text for f in record.findall('field') if f.get('name') == field]


def messages_used(module, known):
    "Return ids of messages that sources name, in full or by how they begin"
    used = set()
    for path in of_modules(files()):
        if path.suffix not in {'.py', '.html', '.txt', '.xml'}:
            continue
        for id, open_ in re.findall(
                rf'\b({module}\.msg_\w*)([{{%]?)', text(path)):
            if open_:
                used.update(k for k in known if k.startswith(id))
            else:
                used.add(id)
    return used


@functools.lru_cache(None)
def registered():
    """
    Return the classes of each model and wizard, in the order of tryton.cfg.

    A dictionary by their __name__ of tuples of the name of the class with
    that of its file, and its syntax tree. A class extends those before it.
    """
    found = {}
    for module in MODULES:
        for name in _registered(module):
            path, _, class_name = name.rpartition('.')
            path = ROOT / module / f'{path}.py'
            tree = next(
                node for node in python()[path].body
                if isinstance(node, ast.ClassDef) and node.name == class_name)
            for node in tree.body:
                if (isinstance(node, ast.Assign)
                        and node.targets[0].id == '__name__'):
                    found.setdefault(node.value.value, []).append(
                        (f'{module}.{name}', tree))
    return found


def _registered(module):
    config = configparser.ConfigParser()
    config.read(ROOT / module / 'tryton.cfg')
    for section in config.sections():
        if section.startswith('register'):
            for names in config[section].values():
                yield from names.split()
