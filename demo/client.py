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


def make():
    """
    Make the client unless there is a current one.

    Returns the folder to serve, or None without npm.
    """
    folder = place.CLIENT / 'package'
    current = place.digest(PACKAGE, *CUSTOM)
    if place.is_current(place.CLIENT, current):
        return folder
    npm = shutil.which('npm')
    if not npm:
        return None
    with step("Installing Tryton's web client with npm"):
        place.make_empty(place.CLIENT)
        _unpack(npm)
        _install(npm, folder)
    place.set_current(place.CLIENT, current)
    return folder


def _unpack(npm):
    run([npm, 'pack', '--silent', PACKAGE], place.LOGS / 'npm-pack.log',
        "npm could not fetch the web client. Is the network there? "
        "Then try again: make demo",
        cwd=place.CLIENT)
    archive, = place.CLIENT.glob('*.tgz')
    with tarfile.open(archive) as files:
        # Older Python releases have no filters.
        if hasattr(tarfile, 'data_filter'):
            files.extractall(place.CLIENT, filter='data')
        else:
            files.extractall(place.CLIENT)
    archive.unlink()


def _install(npm, folder):
    command = [
        npm, 'install', '--omit=dev', '--legacy-peer-deps',
        '--ignore-scripts', '--no-audit', '--no-fund']
    run(command, place.LOGS / 'npm-install.log',
        "npm could not install what the web client needs. "
        "Is the network there? Then try again: make demo",
        cwd=folder)
    for name in CUSTOM:
        (folder / name).touch()
