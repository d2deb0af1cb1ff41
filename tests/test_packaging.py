# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The distribution: what pip installs works without this repository.
"""
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import unittest
import venv
import zipfile
from pathlib import Path

import pytest

from tests import environment, sources

pytestmark = pytest.mark.once
ACTIVATE = """
import json, os, sys
os.environ['DB_NAME'] = ':memory:'
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.tools import find_path
modules = sys.argv[1:]
activate_module(modules, lang='es')

@with_transaction()
def found():
    from trytond.pool import Pool
    pool = Pool()
    Module, View, Icon, Translation = map(pool.get, [
            'ir.module', 'ir.ui.view', 'ir.ui.icon', 'ir.translation'])
    return {
        'activated': sorted(m.name for m in Module.search([
                    ('name', 'in', modules), ('state', '=', 'activated')])),
        'places': [find_path(m + '/tryton.cfg') for m in modules],
        'views': sum(bool(v.arch) for v in View.search([
                    ('module', 'in', modules)])),
        'icons': sum(bool(i.icon) for i in Icon.search([
                    ('module', 'in', modules)])),
        'translations': Translation.search([
                ('module', 'in', modules), ('lang', '=', 'es'),
                ('value', '!=', '')], count=True),
        }

print(json.dumps(found()))
"""


class EditableTestCase(unittest.TestCase):
    "The modules where they were installed with pip install -e"

    def test_entry_points(self):
        "trytond finds the three modules"
        modules = importlib.metadata.entry_points(group='trytond.modules')
        self.assertLessEqual(set(sources.MODULES), {m.name for m in modules})
        for module in modules:
            if module.name in sources.MODULES:
                self.assertEqual(
                    module.value, f'trytond.modules.{module.name}')

    def test_files(self):
        "trytond finds their files"
        from trytond.tools import file_open
        for module in sources.MODULES:
            with file_open(f'{module}/tryton.cfg') as config:
                self.assertIn('[tryton]', config.read())

    def test_version(self):
        "The distribution has the version of the three modules"
        for module in sources.MODULES:
            self.assertEqual(
                environment.tryton_cfg(module, 'version'),
                [importlib.metadata.version('trytond-helpdesk')])

    def test_requirements(self):
        "What the modules depend on is required, the rest is extra"
        required, extra = set(), set()
        for requirement in importlib.metadata.requires('trytond-helpdesk'):
            (extra if 'extra ==' in requirement else required).add(
                requirement.split(';')[0].split('<')[0].split('>')[0].strip())
        for module in sources.MODULES:
            for option, found in [
                    ('depends', required), ('extras_depend', extra)]:
                for name in environment.tryton_cfg(module, option):
                    if name not in {'ir', 'res', *sources.MODULES}:
                        self.assertIn(f'trytond_{name}', found)


@pytest.mark.slow
class WheelTestCase(unittest.TestCase):
    "The modules where they were installed from a wheel"

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        environment.run([
                sys.executable, '-m', 'pip', 'wheel', '--no-deps',
                '--wheel-dir', cls.folder, cls.source()])
        cls.wheel, = cls.folder.glob('*.whl')

    @classmethod
    def source(cls):
        "Return a copy of the sources: what setuptools leaves must not count"
        source = cls.folder / 'source'
        for path in sources.files():
            copy = source / path.relative_to(sources.ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
        return source

    def test_content(self):
        "The wheel has all files of the modules and nothing else"
        with zipfile.ZipFile(self.wheel) as wheel:
            found = {
                n for n in wheel.namelist() if '.dist-info/' not in n}
        self.assertEqual(found, {
                f'trytond/modules/{sources.name(p)}'
                for p in sources.of_modules(sources.files())})

    @pytest.mark.timeout(600)
    def test_activate(self):
        "In an empty environment the modules can be activated"
        from trytond import __series__
        folder = self.folder / 'environment'
        venv.create(folder, with_pip=True)
        python = folder / 'bin' / 'python'
        environment.install(python, __series__, self.wheel)
        result = subprocess.run(
            [python, '-c', ACTIVATE, *sources.MODULES], cwd=self.folder,
            env={**os.environ, 'TRYTOND_DATABASE_URI': 'sqlite://'},
            timeout=240,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        found = json.loads(result.stdout.splitlines()[-1])
        self.assertEqual(found['activated'], sources.MODULES)
        for place in found['places']:
            self.assertIn(str(self.folder), place)
        self.assertEqual(found['views'], sum(
                1 for m in sources.MODULES
                for _ in sources.records(
                    m, 'ir.ui.view', optional=False)))
        self.assertEqual(found['icons'], sum(
                1 for m in sources.MODULES
                for _ in (sources.ROOT / m / 'icons').glob('*.svg')))
        if list(sources.ROOT.glob('helpdesk*/locale/es.po')):
            self.assertGreater(found['translations'], 0)
        script = folder / 'bin' / 'trytond-helpdesk-mail'
        self.assertTrue(script.exists())
