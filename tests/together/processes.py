# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A database on disk, and the processes of an installation that share it.

    with Site(['helpdesk_mail'], folder, email={'uri': sink.uri}) as site:
        with site.transaction() as pool:
            ...
        site.cron()

Each process is a real one, started as an administrator starts it: trytond,
trytond-cron, trytond-worker and the pipe. With accident= something goes wrong
in it, see tests.together.accidents. What runs at the end is killed.
"""
import configparser
import contextlib
import datetime as dt
import itertools
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from types import SimpleNamespace

import trytond.config as config
from trytond import backend
from trytond.pool import Pool
from trytond.transaction import Transaction, TransactionError, inactive_records

from tests import database
from tests.services import HOST, free_port, listens, until

__all__ = [
    'AGENT_PASSWORD', 'PIPE', 'Site', 'TIMEOUT', 'environment', 'has_worker']

BIN = Path(sys.executable).parent
PIPE = BIN / 'trytond-helpdesk-mail'
TIMEOUT = 120
AGENT_PASSWORD = 'Fire-brigade-112'
MODULES = {
    'trytond': 'trytond.cli',
    'trytond-cron': 'trytond.cli.cron',
    'trytond-worker': 'trytond.cli.worker',
    'trytond-helpdesk-mail': 'trytond.modules.helpdesk_mail.pipe',
    }
CRONS = [
    'helpdesk.mail.account|fetch',
    'helpdesk.mail|judge_waiting',
    'helpdesk.conversation|send_waiting',
    ]


def has_worker():
    "Tell if trytond-worker runs on this backend: it waits on a connection"
    return backend.name == 'postgresql'


class Site:

    def __init__(self, modules, folder, **sections):
        self.name = f'helpdesk_test_{uuid.uuid4().hex[:12]}'
        self.folder = Path(folder)
        self.modules = modules
        self.port = free_port()
        self.url = f'http://{HOST}:{self.port}/{self.name}'
        self._sections = sections
        self._processes = []
        self._numbers = itertools.count(1)
        self._copies = {}

    def __enter__(self):
        self.copy(self.modules, self.name)
        Pool.start()
        with self.transaction(readonly=True):
            Pool(self.name).init()
        with self.transaction() as pool, inactive_records():
            Cron = pool.get('ir.cron')
            Cron.write(
                Cron.search([('method', 'not in', CRONS)]), {'active': False})
        return self

    def __exit__(self, *args):
        for process in self._processes:
            self.stop(process)
        if backend.name == 'postgresql':
            backend.Database(self.name).close()
        Pool.stop(self.name)
        for name, copy in self._copies.items():
            copy.drop(name, self.folder)

    def copy(self, modules, name):
        "Make a database with these modules, beside the main one"
        copy = database.ready(modules)
        copy.copy_to(name, self.folder)
        self._copies[name] = copy

    @contextlib.contextmanager
    def transaction(self, user=0, readonly=False, **extras):
        """
        Act on the database, in this process.

        What is queued is left to the processes: those with a worker find it,
        the others only what their scheduled actions queue again.
        """
        # Another site of this process may have been here meanwhile
        config.set('database', 'path', str(self.folder))
        with Transaction().start(
                self.name, user, readonly=readonly, **extras) as transaction:
            yield Pool(self.name)
        transaction.tasks.clear()

    def call(self, function, **options):
        "Return what the function does in a transaction, with its locks"
        while True:
            try:
                with self.transaction(**options):
                    return function()
            except TransactionError as error:
                error.fix(options)

    def idle(self):
        "Tell if the worker that was started last has done all there was"
        with self.transaction(readonly=True) as pool:
            Queue = pool.get('ir.queue')
            # Not what those left undone that were killed
            return not Queue.search([
                    ('finished_at', '=', None),
                    ['OR',
                        ('dequeued_at', '=', None),
                        ('dequeued_at', '>=', self._worker_since)],
                    ], limit=1)

    def configure(self, **sections):
        "Write a trytond.conf and return its path"
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_dict({
                'database': {
                    'uri': os.environ['TRYTOND_DATABASE_URI'],
                    'path': self.folder,
                    },
                'web': {'listen': f'{HOST}:{self.port}'},
                })
        for values in [self._sections, sections]:
            parser.read_dict(values)
        path = self.folder / f'trytond-{next(self._numbers)}.conf'
        with path.open('w') as file:
            parser.write(file)
        return path

    def start(self, command, *arguments, accident=None, worker=False,
            conf=None, name=None, variables=(), **options):
        "Start a command of Tryton, return its subprocess.Popen"
        conf = conf or self.configure(queue={'worker': str(worker)})
        line = [BIN / command]
        if accident:
            line = [
                sys.executable, '-m', 'tests.together.accidents',
                conf, accident, MODULES[command]]
        process = subprocess.Popen(
            [*line, '-c', conf, '-d', name or self.name, *arguments],
            cwd=database.ROOT, env={**environment(), **dict(variables)},
            start_new_session=True,
            **{'stdin': subprocess.DEVNULL, 'stdout': subprocess.PIPE,
                'stderr': subprocess.PIPE, **options})
        self._processes.append(process)
        return process

    def stop(self, process):
        "Kill a process with those it has started"
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in [process.stdin, process.stdout, process.stderr]:
            if stream:
                stream.close()
        if process in self._processes:
            self._processes.remove(process)

    def finish(self, process, input=None):
        "Wait for the end of a process, return a CompletedProcess"
        try:
            output, errors = process.communicate(input, timeout=TIMEOUT)
        finally:
            self.stop(process)
        return subprocess.CompletedProcess(
            process.args, process.returncode,
            output.decode(), errors.decode())

    def cron(self, **options):
        "Run our scheduled actions, as if they were due"
        with self.transaction() as pool:
            Cron = pool.get('ir.cron')
            Cron.write(Cron.search([]), {'next_call': None})
        return self.finish(
            self.start('trytond-cron', '--once', '-n', '1', **options))

    def pipe(self, letter, inbox, **options):
        "Put a letter into the pipe, return the running process"
        process = self.start('trytond-helpdesk-mail', '--inbox', inbox,
            stdin=subprocess.PIPE, **options)
        # The pipe reads it all, and only then begins
        process.stdin.write(letter)
        process.stdin.close()
        process.stdin = None
        return process

    @contextlib.contextmanager
    def worker(self, **options):
        "Have trytond-worker run what is queued"
        self._worker_since = dt.datetime.now()
        with self._daemon('trytond-worker', '-t', '1', '-n', '1',
                worker=True, **options) as process:
            yield process

    @contextlib.contextmanager
    def server(self, port=None, **options):
        "Have trytond listen at self.url, or else at the port"
        if port:
            options['conf'] = self.configure(
                web={'listen': f'{HOST}:{port}'})
        with self._daemon('trytond', **options) as process:
            until(
                lambda: (
                    listens(port or self.port) or process.poll() is not None),
                TIMEOUT, "trytond does not listen")
            yield process

    @contextlib.contextmanager
    def _daemon(self, *args, **options):
        # Nobody reads from it, so it must not be a pipe
        with (self.folder / 'log').open('ab') as log:
            process = self.start(*args, stdout=log, stderr=log, **options)
        try:
            yield process
        finally:
            self.stop(process)

    def letters(self, inbox):
        """
        Return what became of the letters of an inbox, the oldest first.

        Each with the fields of helpdesk.mail, ticket and conversation as ids.
        """
        with self.transaction(readonly=True) as pool:
            Mail = pool.get('helpdesk.mail')
            return [SimpleNamespace(**values) for values in Mail.search_read(
                    [('inbox.name', '=', inbox)], order=[('id', 'ASC')],
                    fields_names=[
                        'conversation', 'next_try', 'raw', 'reason', 'state',
                        'subject', 'ticket', 'tries', 'uid'])]


def environment():
    "Return an environment in which only the configuration file counts"
    return {
        name: value for name, value in os.environ.items()
        if not name.startswith('TRYTOND_') and name != 'DB_NAME'}
