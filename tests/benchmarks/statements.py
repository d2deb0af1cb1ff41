# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Counting and timing.
"""
import re
import time
from collections import Counter

_KIND = re.compile(r'\b(SELECT|INSERT|UPDATE|DELETE)\b', re.I)
_TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE)\s+"(\w+)"', re.I)


class Statements:
    """
    Counts what Tryton's cursors send to the database while it is entered.

    All statements count, those of Tryton itself too; what begins and ends
    a transaction does not.
    """

    def __init__(self):
        self.queries = Counter()

    @property
    def count(self):
        return sum(self.queries.values())

    def kinds(self):
        "Return the counts by kind and table, the most frequent first"
        kinds = Counter()
        for query, count in self.queries.items():
            kinds[_kind(query)] += count
        return dict(kinds.most_common())

    def inserted(self):
        "Return the tables that rows were inserted into"
        return {
            table for kind, _, table in (
                kind.partition(' ') for kind in self.kinds())
            if kind == 'INSERT'}

    def __enter__(self):
        self._cursor = cursor = cursor_class()
        self._originals = originals = {
            name: getattr(cursor, name) for name in ['execute', 'executemany']}

        def execute(cursor, query, *args, **kwargs):
            self.queries[str(query)] += 1
            return originals['execute'](cursor, query, *args, **kwargs)

        def executemany(cursor, query, params, *args, **kwargs):
            params = list(params)
            self.queries[str(query)] += len(params)
            return originals['executemany'](
                cursor, query, params, *args, **kwargs)
        cursor.execute, cursor.executemany = execute, executemany
        return self

    def __exit__(self, *args):
        for name, original in self._originals.items():
            setattr(self._cursor, name, original)


class Stopwatch:
    "Adds up the time in which it is entered"

    def __init__(self):
        self.seconds = self.cpu_seconds = 0

    def __enter__(self):
        self._start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *args):
        seconds, cpu_seconds = self._start
        self.seconds += time.perf_counter() - seconds
        self.cpu_seconds += time.process_time() - cpu_seconds

    def figures(self, letters):
        return {
            'letters': letters,
            'letters_per_second': round(letters / self.seconds, 1),
            'seconds': round(self.seconds, 2),
            'cpu_seconds': round(self.cpu_seconds, 2),
            }


def cursor_class():
    "Return the class of the cursors of Tryton's connections"
    from trytond import backend
    if backend.name == 'sqlite':
        from trytond.backend.sqlite.database import SQLiteCursor
        return SQLiteCursor
    from trytond.backend.postgresql.database import LoggingCursor
    return LoggingCursor


def _kind(query):
    kind, table = _KIND.search(query), _TABLE.search(query)
    if kind and table:
        return f'{kind[1].upper()} {table[1]}'
    # An empty one asks if the connection is still there
    return query.partition('(')[0].strip() or 'PING'
