# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Where the demo keeps its things, and when they must be made again.

Only the standard library: this runs before anything is installed.
"""
import fcntl
import hashlib
import os
import shutil
import socket
from pathlib import Path

from .progress import Trouble

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / '.demo'
ENVIRONMENT = HOME / 'environment'
BIN = ENVIRONMENT / 'bin'
CLIENT = HOME / 'client'
NO_CLIENT = ROOT / 'demo' / 'no_client'
DATA = HOME / 'data'
CHECK = HOME / 'check'
LOGS = HOME / 'log'
MODULES = ['helpdesk', 'helpdesk_mail', 'helpdesk_portal']


def digest(*parts):
    "A text that changes when one of the texts or files does"
    result = hashlib.sha256()
    for part in parts:
        value = (
            part.read_bytes() if isinstance(part, Path)
            else str(part).encode())
        result.update(hashlib.sha256(value).digest())
    return result.hexdigest()


def is_current(folder, stamp):
    file = folder / 'stamp'
    return file.is_file() and file.read_text() == stamp


def set_current(folder, stamp):
    (folder / 'stamp').write_text(stamp)


def make_empty(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def lock():
    "Keep other demos out of the folder until this process has ended"
    HOME.mkdir(exist_ok=True)
    file = os.open(HOME / 'lock', os.O_RDWR | os.O_CREAT)
    os.set_inheritable(file, True)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Trouble(
            "The demo of this folder is running already. "
            "Stop that one first, with Ctrl-C in its terminal.") from None


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(('127.0.0.1', port))
        except OSError:
            return False
    return True


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]
