# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import ast
import sys
import unittest
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.once
PARSERS = {'charset_normalizer', 'html2text', 'nh3'}
# What would read the clock, a file, a socket or another process.
IMPURE = {
    'asyncio', 'http', 'io', 'mimetypes', 'multiprocessing', 'os', 'pathlib',
    'random', 'secrets', 'shutil', 'smtplib', 'socket', 'subprocess',
    'tempfile', 'threading', 'time', 'urllib', 'uuid'}
CALLS = {'open', 'now', 'utcnow', 'today', 'eval', 'exec', 'print'}
# The decorators of tests that try anything
TRIED = {'given', 'some'}


class PureTestCase(unittest.TestCase):
    "The steps decide without the database"

    def modules(self):
        spec = find_spec('trytond.modules.helpdesk_mail.intake')
        folder, = spec.submodule_search_locations
        for path in sorted(Path(folder).glob('*.py')):
            yield path, ast.parse(path.read_text(encoding='utf-8'))

    def test_imports(self):
        "They import no trytond, no clock and no files"
        allowed = set(sys.stdlib_module_names) - IMPURE | PARSERS
        for path, tree in self.modules():
            names = set()
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    names |= {a.name.split('.')[0] for a in node.names}
                elif isinstance(node, ast.ImportFrom):
                    self.assertLess(node.level, 2, path.name)
                    if not node.level:
                        names.add(node.module.split('.')[0])
            with self.subTest(module=path.name):
                self.assertLessEqual(names, allowed)

    def test_calls(self):
        "They call neither the clock nor files"
        for path, tree in self.modules():
            called = {
                getattr(node.func, 'id', getattr(node.func, 'attr', ''))
                for node in ast.walk(tree) if isinstance(node, ast.Call)}
            with self.subTest(module=path.name):
                self.assertFalse(called & CALLS)

    def test_docstrings(self):
        "Every module and public name says what it is for"
        for path, tree in self.modules():
            with self.subTest(module=path.name):
                self.assertTrue(ast.get_docstring(tree))
            for node in ast.walk(tree):
                if (isinstance(node, (ast.FunctionDef, ast.ClassDef))
                        and not node.name.startswith('_')):
                    with self.subTest(module=path.name, name=node.name):
                        self.assertTrue(ast.get_docstring(node))

    def test_properties(self):
        "SE15 TR2: Each has a function that a test tries with anything"
        tried = tried_with_anything()
        for path, tree in self.modules():
            names = {
                node.name for node in tree.body
                if isinstance(node, ast.FunctionDef)
                and not node.name.startswith('_')}
            if names:
                with self.subTest(module=path.name):
                    self.assertTrue(names & tried.get(path.stem, set()))


def tried_with_anything():
    "Return what the tests with hypothesis name, by module of the intake"
    found = {}
    for path in Path(__file__).parent.glob('test_intake_*.py'):
        tree = ast.parse(path.read_text(encoding='utf-8'))
        imported = {
            alias.asname or alias.name: node.module.rpartition('.')[2]
            for node in tree.body if isinstance(node, ast.ImportFrom)
            for alias in node.names}
        functions = [
            node for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)]
        todo = [f for f in functions if TRIED & decorators(f)]
        helpers = {f.name: f for f in functions}
        while todo:
            for node in ast.walk(todo.pop()):
                name = getattr(node, 'attr', getattr(node, 'id', None))
                if name in helpers:
                    # What helps the test
                    todo.append(helpers.pop(name))
                elif name in imported:
                    found.setdefault(imported[name], set()).add(name)
                if isinstance(node, ast.Attribute) and isinstance(
                        node.value, ast.Name):
                    found.setdefault(node.value.id, set()).add(node.attr)
    return found


def decorators(function):
    return {
        getattr(d.func, 'id', None) for d in function.decorator_list
        if isinstance(d, ast.Call)}
