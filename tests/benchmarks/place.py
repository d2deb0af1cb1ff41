# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The databases to measure in: one for the pipeline, its twin for the floor.

As a program: remove them.
"""
import os
import shutil
import sqlite3
import sys
from pathlib import Path

from tests import database

MODULES = ['helpdesk_mail']


class Place:

    def __init__(self, name):
        from trytond import backend, config
        self.name = name
        self.twin = f'{name}_twin'
        self.folder = Path(config.get('database', 'path'))
        self.is_sqlite = backend.name == 'sqlite'
        self.placeholder = '?' if self.is_sqlite else '%s'

    def create(self, modules=None):
        database.ready(modules or MODULES).copy_to(self.name, self.folder)

    def make_twin(self):
        "Copy the database; nothing may be connected to it"
        if self.is_sqlite:
            shutil.copyfile(self._file(self.name), self._file(self.twin))
        else:
            database.Template.execute(
                'CREATE DATABASE {} TEMPLATE {}', self.twin, self.name)

    def drop(self):
        if not self.is_sqlite:
            for name in [self.name, self.twin]:
                database.Template.execute(
                    'DROP DATABASE IF EXISTS {} WITH (FORCE)', name)

    def analyze(self):
        "Let the database learn how much there is, as autovacuum does"
        connection = self.connect(self.name)
        if not self.is_sqlite:
            connection.autocommit = True
        connection.execute('ANALYZE' if self.is_sqlite else 'VACUUM ANALYZE')
        connection.close()

    def connect(self, name):
        "Return a connection without anything of Tryton"
        if self.is_sqlite:
            connection = sqlite3.connect(self._file(name))
            # As Tryton sets it
            connection.execute('PRAGMA foreign_keys = ON')
            connection.execute('PRAGMA synchronous = NORMAL')
            return connection
        import psycopg
        from psycopg.types.string import TextLoader
        connection = psycopg.connect(
            os.environ['TRYTOND_DATABASE_URI'] + name)
        # What is read as text can be written as it is
        connection.adapters.register_loader('jsonb', TextLoader)
        return connection

    def _file(self, name):
        return self.folder / f'{name}.sqlite'


if __name__ == '__main__':
    Place(sys.argv[1]).drop()
