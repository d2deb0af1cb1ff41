# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The Python environments for tests: .venv/8.0 and .venv/8.2.

Only the standard library: this runs before anything is installed.
"""
import functools
import hashlib
import importlib.util
import json
import runpy
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ['helpdesk', 'helpdesk_mail', 'helpdesk_portal']
SERIES = ['8.0', '8.2']
FOREIGN_SERIES = """
import importlib.metadata, sys
for package in importlib.metadata.distributions():
    name, version = package.name.lower().replace('-', '_'), package.version
    if (name.split('_')[0] in {'trytond', 'proteus'}
            and name != 'trytond_helpdesk'
            and not version.startswith(sys.argv[1] + '.')):
        print(name, version)
"""


class EnvironmentFailed(Exception):
    pass


def python(series):
    "Return the path of a Python that has all for the tests of a series"
    folder = ROOT / '.venv' / series
    executable = folder / 'bin' / 'python'
    stamp = folder / 'stamp'
    wanted = _stamp(series)
    if stamp.is_file() and stamp.read_text() == wanted:
        return executable
    print(f"Making {folder.relative_to(ROOT)} ...", flush=True)
    if importlib.util.find_spec('ensurepip') is None:
        raise EnvironmentFailed(
            "This Python cannot make environments. "
            "On Debian and Ubuntu that takes the package python3-venv.")
    # An update could leave what is no longer asked for
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    install(executable, series, '--editable', f'{ROOT}[test,doc]')
    stamp.write_text(wanted)
    return executable


def install(executable, series, *what):
    "Install with pip, only packages of one series of Tryton"
    constraints = executable.parent.parent / 'constraints.txt'
    constraints.write_text(''.join([
                f'{name} == {series}.*\n' for name in tryton_packages()]))
    run([
            executable, '-m', 'pip', 'install', '--no-input',
            '--constraint', constraints, *what])
    foreign = run([executable, '-c', FOREIGN_SERIES, series])
    if foreign:
        raise EnvironmentFailed(
            f"These packages are not of Tryton {series}:\n{foreign}")


def tryton_packages():
    "Return the packages whose series is to be pinned"
    setup = _setup()
    modules = (
        setup['tryton_modules']('depends')
        + setup['tryton_modules']('extras_depend'))
    return ['trytond', 'proteus', *(f'trytond_{m}' for m in modules)]


def tryton_cfg(module, option):
    "Return the names in an option of a module's tryton.cfg"
    return _setup()['tryton_cfg'](module).get(option, '').split()


def run(command):
    "Return what a command prints, raise EnvironmentFailed if it fails"
    result = subprocess.run(
        [str(c) for c in command], cwd=ROOT, text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode:
        raise EnvironmentFailed(
            ' '.join(str(c) for c in command) + '\n' + result.stdout)
    return result.stdout


@functools.lru_cache(None)
def _setup():
    return runpy.run_path(str(ROOT / 'setup.py'), run_name='setup')


def _stamp(series):
    setup = _setup()
    content = json.dumps([
            series, str(ROOT), sys.version,
            setup['version'](),
            setup['install_requires'](),
            setup['extras_require'](),
            (ROOT / 'setup.cfg').read_text(encoding='utf-8'),
            (ROOT / 'pyproject.toml').read_text(encoding='utf-8'),
            ])
    return hashlib.sha256(content.encode('utf-8')).hexdigest()
