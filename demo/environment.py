# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A Python environment with the helpdesk, Tryton 8.0 and what the demo needs.

Only the standard library: this runs before anything is installed.
"""
import shutil
import sys
from configparser import ConfigParser

from . import place
from .progress import run, step

CONSTRAINTS = place.ROOT / 'demo' / 'constraints.txt'
NEEDS = [
    'aiosmtpd', 'proteus', 'trytond_sale_complaint',
    'trytond_sale_opportunity']


def stamp():
    return place.digest(
        sys.version, str(place.ENVIRONMENT), CONSTRAINTS, NEEDS,
        *(_dependencies(module) for module in place.MODULES),
        *(place.ROOT / name for name in [
                'setup.py', 'setup.cfg', 'pyproject.toml']))


def _dependencies(module):
    config = ConfigParser()
    config.read(place.ROOT / module / 'tryton.cfg', encoding='utf-8')
    return config['tryton'].get('depends')


def make():
    "Make the environment unless there is a current one"
    current = stamp()
    if place.is_current(place.ENVIRONMENT, current):
        return
    with step("Making a Python environment"):
        _create()
    with step("Installing the helpdesk and Tryton 8.0 with pip"):
        _install()
    place.set_current(place.ENVIRONMENT, current)


def _create():
    shutil.rmtree(place.ENVIRONMENT, ignore_errors=True)
    run([sys.executable, '-m', 'venv', place.ENVIRONMENT],
        place.LOGS / 'venv.log',
        "Python could not make an environment. On Debian and Ubuntu that "
        "takes the package python3-venv.")


def _install():
    command = [
        place.BIN / 'python', '-m', 'pip', 'install',
        '--disable-pip-version-check', '--no-input',
        '-c', CONSTRAINTS, '-e', place.ROOT, *NEEDS]
    run(command, place.LOGS / 'pip.log',
        "pip could not install what the demo needs. Is the network there? "
        "Then try again: make demo")
