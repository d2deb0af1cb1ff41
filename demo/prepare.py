# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
First half of the demo: what has to be installed.

Ends by becoming the second half, which runs with what was installed.
Only the standard library: this runs before anything is installed.
"""
import argparse
import os

from . import client, environment, place
from .progress import Trouble, say


def arguments():
    parser = argparse.ArgumentParser(
        prog='make demo', description="Run a helpdesk to try out.")
    parser.add_argument(
        '--port', default='8000', help="of the web server")
    parser.add_argument(
        '--check', action='store_true',
        help="make one round trip, say what was seen, and stop")
    return parser.parse_args()


def choose_port(port, check):
    "The port to serve at; a check takes another one if need be"
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise Trouble(
            f"{port} is not a port. Take a number from 1024 to 65535, for "
            "example:  make demo PORT=8010")
    port = int(port)
    if place.is_free(port):
        return port
    if check:
        return place.free_port()
    raise Trouble(
        f"Port {port} is in use by another program, or not allowed. "
        f"Choose another one:  make demo PORT={place.free_port()}")


def prepare(options):
    place.lock()
    port = choose_port(options.port, options.check)
    say("A helpdesk to try out, kept in the folder .demo")
    environment.make()
    root = client.make()
    if not root:
        say("  npm is not installed, so there will be no web client: "
            "use Tryton's desktop client.")
    python = str(place.BIN / 'python')
    command = [python, '-m', 'demo.serve', '--port', str(port)]
    if root:
        command += ['--root', str(root)]
    if options.check:
        command.append('--check')
    os.chdir(place.ROOT)
    os.execv(python, command)


def main():
    try:
        prepare(arguments())
    except Trouble as trouble:
        say(f"\n{trouble}")
        return 1
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130
