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
