# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
An installation of trytond as on a server: settings, a database in a file or
on PostgreSQL, console scripts and servers in processes of their own.

    with Installation(['helpdesk_mail'], email=sink.uri) as installation:
        installation.script(
            'trytond-helpdesk-mail', '--inbox', 'support', input=letter)
        installation.execute("Ticket = pool.get('helpdesk.ticket') ...")
        url = installation.serve()
"""
import os
import shutil
import subprocess
import sys
import tempfile
from configparser import ConfigParser
from pathlib import Path

from tests import database
from tests.services import HOST, free_port, listens, until

__all__ = ['Installation']

EXECUTE = """
import sys
from trytond import config
config.update_etc(sys.argv[1])
from trytond.pool import Pool
from trytond.transaction import Transaction
Pool.start()
pool = Pool(sys.argv[2])
pool.init()
with Transaction().start(sys.argv[2], 1, context={}) as transaction:
    exec(compile(sys.stdin.read(), 'execute', 'exec'))
"""


class Installation:
    "`settings` are more sections of trytond.conf, {section: {option: value}}"

    def __init__(self, modules, settings=None, email=None):
        self.modules = modules
        self.settings = settings or {}
        self.email = email
        self.name = f'helpdesk_test_{os.getpid()}_{free_port()}'
        self.folder = None
        self.url = None
        self._servers = []

    @property
    def config(self):
        return self.folder / 'trytond.conf'

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix='helpdesk-'))
        self._write_config()
        copy = database.ready(self.modules)
        copy.copy_to(self.name, self.folder)
        self._copy = copy
        return self

    def __exit__(self, *args):
        while self._servers:
            self.stop(self._servers[-1])
        self._copy.drop(self.name, self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write_config(self):
        config = ConfigParser(interpolation=None)
        config.read_dict({
                'database': {
                    'uri': os.environ['TRYTOND_DATABASE_URI'],
                    'path': str(self.folder),
                    },
                'session': {'super_pwd': ''},
                })
        if self.email:
            config.read_dict({
                    'email': {
                        'uri': self.email,
                        'from': 'helpdesk@example.com',
                        }})
        config.read_dict(self.settings)
        with self.config.open('w') as file:
            config.write(file)

    @property
    def env(self):
        env = os.environ.copy()
        # The environment would overrule the file
        for name in ['TRYTOND_DATABASE_URI', 'DB_NAME', 'TRYTOND_CONFIG']:
            env.pop(name, None)
        return env

    def script(self, name, *args, input=b'', database=True, **kwargs):
        "Run a console script with -c and -d, return its CompletedProcess"
        command = [Path(sys.executable).parent / name, '-c', self.config]
        if database:
            command += ['-d', self.name]
        return self.run(*command, *args, input=input, **kwargs)

    def run(self, *command, input=b'', **kwargs):
        kwargs = {'timeout': 300, 'env': self.env, **kwargs}
        return subprocess.run(
            [str(c) for c in command], input=input,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kwargs)

    def execute(self, code):
        """
        Run Python in a transaction of the database, return what it prints

        `pool` and `transaction` are there; user 1, committed at the end.
        """
        result = self.run(
            sys.executable, '-c', EXECUTE, self.config, self.name,
            input=code.encode('utf-8'))
        if result.returncode:
            raise RuntimeError(result.stderr.decode('utf-8'))
        return result.stdout.decode('utf-8')

    def serve(self):
        "Start trytond, return its address without a slash at the end"
        port = free_port()
        config = ConfigParser(interpolation=None)
        config.read(self.config)
        config.read_dict({'web': {'listen': f'{HOST}:{port}'}})
        with self.config.open('w') as file:
            config.write(file)
        server = self.start('trytond', '-d', self.name)
        until(
            lambda: listens(port) or server.poll() is not None, 60,
            "trytond did not start")
        if server.poll() is not None:
            raise RuntimeError(self.log('trytond'))
        self.url = f'http://{HOST}:{port}'
        return self.url

    def start(self, name, *args):
        "Start a console script that goes on running, return its process"
        with (self.folder / f'{name}.log').open('ab') as log:
            server = subprocess.Popen(
                [Path(sys.executable).parent / name, '-c', self.config, *args],
                env=self.env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        self._servers.append(server)
        return server

    def stop(self, server):
        self._servers.remove(server)
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()

    def log(self, name):
        return (self.folder / f'{name}.log').read_text(errors='replace')
