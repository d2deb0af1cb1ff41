# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"The processes of Tryton, and how they end"
import contextlib
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request

from . import place
from .progress import Trouble, tail
from .settings import DATABASE

PATIENCE = 90
# Where SQLite has no bus, and only the server can find it
BUS = {'TRYTOND_BUS__CLASS': 'demo.bus.LocalBus', 'PYTHONPATH': place.ROOT}


class Process:
    "A program of Tryton in the background, with its output in a log"

    def __init__(self, name, settings, *options, environment=()):
        self.name = name
        self.log = place.LOGS / f'{name}.log'
        with self.log.open('w') as output:
            # Its own session: Ctrl-C reaches only the demo, which then
            # stops its processes in turn.
            self._popen = subprocess.Popen(
                [str(place.BIN / name), '-c', str(settings.config),
                    '-d', DATABASE, '-v', *options],
                stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True,
                env={**os.environ, **dict(environment)})

    def check(self):
        code = self._popen.poll()
        if code is not None:
            raise Trouble(
                f"{self.name} has stopped by itself (exit {code}).\n\n"
                f"{tail(self.log)}\n\nAll of it is in {self.log}")

    def stop(self):
        # trytond-cron has processes of its own, so the whole group.
        for sign in [signal.SIGTERM, signal.SIGKILL]:
            try:
                os.killpg(self._popen.pid, sign)
            except ProcessLookupError:
                pass
            try:
                self._popen.wait(5)
                return
            except subprocess.TimeoutExpired:
                continue


def wait_for(server, url):
    "Wait until the server answers at url"
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        server.check()
        try:
            urllib.request.urlopen(url, timeout=10).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    raise Trouble(
        f"{server.name} does not answer at {url}.\n\n{tail(server.log)}\n\n"
        f"All of it is in {server.log}")


@contextlib.contextmanager
def tryton(settings, cron=True):
    "The processes while the block runs"
    processes = []
    try:
        processes.append(Process('trytond', settings, environment=BUS))
        wait_for(processes[0], f'{settings.url}/{DATABASE}/')
        if cron:
            processes.append(Process('trytond-cron', settings, '-n', '1'))
        yield processes
    finally:
        for process in reversed(processes):
            process.stop()
