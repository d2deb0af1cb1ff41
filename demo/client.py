# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Tryton's web client, which trytond serves as plain files.

Only the standard library: this runs before anything is installed.
"""
import shutil
import tarfile

from . import place
from .progress import run, step

PACKAGE = 'tryton-sao@8.0'
# The page asks for both and shows an error in the browser without them.
CUSTOM = ['custom.js', 'custom.css']


def make(home=place.CLIENT, logs=place.LOGS):
    """
    Make the client in the folder home unless there is a current one.

    Returns the folder to serve, or None without npm.
    """
    folder = home / 'package'
    current = place.digest(PACKAGE, *CUSTOM)
    if place.is_current(home, current):
        return folder
    npm = shutil.which('npm')
    if not npm:
        return None
    with step("Installing Tryton's web client with npm"):
        place.make_empty(home)
        _unpack(npm, home, logs)
        _install(npm, folder, logs)
    place.set_current(home, current)
    return folder


def _unpack(npm, home, logs):
    run([npm, 'pack', '--silent', PACKAGE], logs / 'npm-pack.log',
        "npm could not fetch the web client. Is the network there? "
        "Then try again.",
        cwd=home)
    archive, = home.glob('*.tgz')
    with tarfile.open(archive) as files:
        # Older Python releases have no filters.
        if hasattr(tarfile, 'data_filter'):
            files.extractall(home, filter='data')
        else:
            files.extractall(home)
    archive.unlink()


def _install(npm, folder, logs):
    command = [
        npm, 'install', '--omit=dev', '--legacy-peer-deps',
        '--ignore-scripts', '--no-audit', '--no-fund']
    run(command, logs / 'npm-install.log',
        "npm could not install what the web client needs. "
        "Is the network there? Then try again.",
        cwd=folder)
    for name in CUSTOM:
        (folder / name).touch()
