# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Records that many tests begin with, made once by Tryton.

Each further time the same statements put the same rows into the database, in
a hundredth of the time. What Tryton notes about them in the transaction is
noted too. It is made by Tryton again wherever the rows could be others: if
the test has made records before, for another user, context or value, on a
database with other ids.
"""
import contextlib
import datetime as dt
import re
from unittest.mock import patch

from trytond import backend
from trytond.cache import Cache, freeze
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from tests.benchmarks.statements import cursor_class

__all__ = ['recorded']

PLAIN = (bool, dt.date, dt.timedelta, int, str, type(None))
WRITE = re.compile(r'\s*(INSERT|UPDATE|DELETE)\b', re.I)
_recordings = {}


def recorded(make, **values):
    "Return what make(**values) does: ids of records that it makes"
    key = _key(make, values)
    if key is None:
        return make(**values)
    recording = _recordings.get(key)
    if recording is None:
        with Recording() as recording:
            recording.result = make(**values)
        if recording.is_whole:
            _recordings[key] = recording
    else:
        recording.play()
    return recording.result


def _key(make, values):
    "Return on what the rows depend, None if on too much"
    transaction = Transaction()
    if (transaction.database.name != DB_NAME
            or any(transaction.create_records.values())
            or not all(isinstance(v, PLAIN) for v in values.values())):
        return
    cursor = transaction.connection.cursor()
    if backend.name == 'sqlite':
        # They get the next ids, which are the same after a rollback
        cursor.execute('SELECT name, seq FROM sqlite_sequence')
    else:
        # Nobody gets ids a second time, until the database is made anew
        cursor.execute(
            'SELECT oid FROM pg_database WHERE datname = current_database()')
    return (
        make.__qualname__, freeze(values), transaction.user,
        freeze(transaction.context), frozenset(cursor.fetchall()))


class Recording:

    def __init__(self):
        self.result = None
        self.statements = []

    def __enter__(self):
        self._transaction = Transaction()
        self._noted = self._notes()
        self._caches = set(Cache._reset.get(self._transaction, set()))
        cursor, database = cursor_class(), type(self._transaction.database)
        with contextlib.ExitStack() as stack:
            for name in ['execute', 'executemany']:
                stack.enter_context(patch.object(
                        cursor, name,
                        self._listen(name, getattr(cursor, name))))
            # The statements shall have the ids in them
            stack.enter_context(patch.object(
                    database, 'has_returning', lambda self: False))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, type, value, traceback):
        transaction = self._transaction
        self._stack.close()
        self.is_whole = self._notes() == self._noted
        self.created = {
            name: list(ids)
            for name, ids in transaction.create_records.items()}
        self.caches = set(
            Cache._reset.get(transaction, set())) - self._caches
        del self._transaction

    def _notes(self):
        "Return what a transaction notes that is not played again"
        transaction = self._transaction
        return [
            len(notes) for notes in [
                transaction.tasks, transaction.user_notifications,
                transaction._datamanagers]] + [
            sum(map(len, notes.values())) for notes in [
                transaction.delete_records, transaction.trigger_records]]

    def _listen(self, name, original):
        def listener(cursor, query, params=(), **kwargs):
            if WRITE.match(query):
                if name == 'executemany':
                    params = list(params)
                self.statements.append((name, query, params))
            return original(cursor, query, params, **kwargs)
        return listener

    def play(self):
        transaction = Transaction()
        cursor = transaction.connection.cursor()
        for name, query, params in self.statements:
            getattr(cursor, name)(query, params)
        for name, ids in self.created.items():
            transaction.create_records[name].extend(ids)
        for name in self.caches:
            Cache._instances[name].clear()
        for cache in transaction.cache.values():
            cache.clear()
