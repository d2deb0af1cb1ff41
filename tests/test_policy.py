# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The house rules that a machine can check. CONTRIBUTING says why they are.
"""
import ast
import itertools
import re
import sys
import unittest
from pathlib import Path

import pytest

from tests import environment, sources

pytestmark = pytest.mark.check

BROAD = {'Exception', 'BaseException'}
FILE_LINES = 600
FUNCTION_LINES = 40
HEADER = """\
# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
PURE = ['helpdesk_mail/intake/**/*.py', '*/placeholder.py', '*/worktime.py',
    '*/colors.py', '*/decision.py', '*/form_stamp.py', '*/forms.py',
    '*/preference.py', '*/public_holidays.py', '*/signature.py',
    '*/time_spent.py', '*/web_form.py']
PURE_IMPORTS = {'charset_normalizer', 'holidays', 'html2text', 'nh3'}
IMPURE_IMPORTS = {
    'http', 'imaplib', 'poplib', 'requests', 'smtplib', 'socket', 'sqlite3',
    'subprocess', 'time', 'urllib.request'}
# Written in two parts, or this file would not pass
ELSEWHERE = [
    '/' + 'work/', '/' + 'root/', '/' + 'tmp/w', 'pypi' + '.org',
    'pythonhosted' + '.org', 'npmjs' + '.org', 'deb.' + 'debian.org']
CHANGE = re.compile(
    r'\* (helpdesk|helpdesk_mail|helpdesk_portal|demo|doc|packaging|tests): '
    r'[A-Z][a-z]+ \S')
VERSION = re.compile(r'Version \d+\.\d+\.\d+ - (unreleased|\d{4}-\d\d-\d\d)')


class SourcesTestCase(unittest.TestCase):
    "All sources"

    def test_header(self):
        "Each Python file tells its license"
        for path in sources.python():
            with self.subTest(path=sources.name(path)):
                content = sources.text(path)
                if content.startswith('#!'):
                    content = content.partition('\n')[2]
                self.assertTrue(content.startswith(HEADER))

    def test_file_length(self):
        "A file is one thing"
        for path in sources.python():
            with self.subTest(path=sources.name(path)):
                lines = sources.text(path).count('\n')
                self.assertLessEqual(lines, FILE_LINES)

    def test_function_length(self):
        "A function is one thing; __setup__ may be longer"
        for path, tree in sources.python().items():
            for node in ast.walk(tree):
                if (not isinstance(
                            node, (ast.FunctionDef, ast.AsyncFunctionDef))
                        or node.name == '__setup__'):
                    continue
                with self.subTest(
                        path=sources.name(path), function=node.name):
                    self.assertLessEqual(
                        node.end_lineno - node.lineno + 1, FUNCTION_LINES)

    def test_except(self):
        "Defects are let through, save where others would suffer from them"
        broad = []
        for path in sources.of_modules(sources.python()):
            for node in ast.walk(sources.python()[path]):
                if isinstance(node, ast.ExceptHandler):
                    with self.subTest(path=sources.name(path)):
                        self.assertIsNotNone(node.type, "bare except")
                    if node.type and BROAD & _names(node.type):
                        broad.append(sources.name(path))
        # The portal would show strangers the text of any exception (SE17),
        # and one ticket or letter would stop all of them.
        self.assertEqual(sorted(broad), [
                'helpdesk/batch.py', 'helpdesk_mail/receive.py',
                'helpdesk_portal/routes.py'])

    def test_pure(self):
        "What decides knows neither database, nor clock, nor network"
        pure = set(itertools.chain(*(sources.ROOT.glob(p) for p in PURE)))
        for path in pure:
            for found in sources.imports(path):
                with self.subTest(path=sources.name(path), imports=found):
                    if isinstance(found, Path):
                        self.assertIn(found, pure)
                        continue
                    package = found.split('.')[0]
                    self.assertIn(
                        package, PURE_IMPORTS | sys.stdlib_module_names)
                    self.assertFalse({found, package} & IMPURE_IMPORTS)

    def test_order(self):
        "No class hides a method of one that tryton.cfg names before it"
        for model, classes in sources.registered().items():
            known = {}
            for name, tree in classes:
                for method in tree.body:
                    if not isinstance(method, ast.FunctionDef):
                        continue
                    before = known.setdefault(method.name, name)
                    with self.subTest(
                            model=model, method=method.name, before=before):
                        self.assertTrue(
                            before == name or _calls_super(method),
                            f"{name} does not call super()")

    def test_file_names(self):
        "No file hides a module of the standard library"
        for module in sources.MODULES:
            for path in (sources.ROOT / module).glob('*.py'):
                with self.subTest(path=sources.name(path)):
                    self.assertNotIn(path.stem, sys.stdlib_module_names)

    def test_elsewhere(self):
        "No file tells of the machine that it was written on"
        for path in sources.files():
            content = sources.text(path)
            if content is None or path.suffix == '.eml':
                continue
            with self.subTest(path=sources.name(path)):
                self.assertEqual(
                    [e for e in ELSEWHERE if e in content], [])


class ModulesTestCase(unittest.TestCase):
    "The files of the modules"

    def test_views(self):
        "Each view file is the architecture of a view, and the reverse"
        for module in sources.MODULES:
            folder = sources.ROOT / module / 'view'
            used = {
                name for record in sources.records(module, 'ir.ui.view')
                for name in sources.values(record, 'name')}
            with self.subTest(module=module):
                self.assertEqual({p.stem for p in folder.glob('*.xml')}, used)

    def test_xml(self):
        "Each XML file is loaded"
        for module in sources.MODULES:
            files = (sources.ROOT / module).glob('*.xml')
            with self.subTest(module=module):
                self.assertEqual(
                    {p.name for p in files},
                    set(environment.tryton_cfg(module, 'xml')))

    def test_icons(self):
        "Each icon file is an icon of the client"
        for module in sources.MODULES:
            used = {
                path for record in sources.records(module, 'ir.ui.icon')
                for path in sources.values(record, 'path')}
            files = (sources.ROOT / module / 'icons').glob('*')
            with self.subTest(module=module):
                self.assertEqual({f'icons/{p.name}' for p in files}, used)


class ChangelogTestCase(unittest.TestCase):
    "The CHANGELOG"

    def test_format(self):
        "Each change is one sentence in the imperative, told by module"
        lines = sources.text(sources.ROOT / 'CHANGELOG').splitlines()
        self.assertRegex(lines[0], VERSION)
        for previous, line in zip([''] + lines, lines):
            with self.subTest(line=line):
                self.assertLessEqual(len(line), 79)
                if set(line) == {'-'}:
                    self.assertRegex(previous, VERSION)
                    self.assertEqual(len(line), len(previous))
                elif line.startswith('  '):
                    self.assertRegex(previous, r'^(\*|  )')
                elif line and not VERSION.match(line):
                    self.assertRegex(line, CHANGE)


def _calls_super(method):
    "Tell if a method calls the one of the same name that it extends"
    return any(
        isinstance(node, ast.Attribute) and node.attr == method.name
        and isinstance(node.value, ast.Call)
        and getattr(node.value.func, 'id', None) == 'super'
        for node in ast.walk(method))


def _names(node):
    "Return the names in an expression after except"
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
