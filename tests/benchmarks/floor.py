# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What no pipeline can do without: parsing the letters, writing the rows.

The rows that the pipeline wrote, as they are in the end, are inserted into a
twin of the database as it was before, in the same batches, with plain SQL;
letters and attachments go into files, as the pipeline puts them.
"""
from collections import Counter
from graphlib import TopologicalSorter

from trytond.model import fields
from trytond.modules.helpdesk_mail.intake.parse import parse
from trytond.pool import Pool
from trytond.transaction import Transaction

from .statements import Stopwatch


class Floor:

    def __init__(self, place, batches):
        self.place = place
        self.pool = Pool(place.name)
        self.batches = batches
        self.parsing, self.writing = Stopwatch(), Stopwatch()
        self.rows = Counter()
        self.files = 0

    def run(self):
        "Return the figures"
        (self.place.folder / 'floor').mkdir()
        order = self._order()
        source = self.place.connect(self.place.name)
        target = self.place.connect(self.place.twin)
        count = 0
        for batch in self.batches:
            letters = self._letters(*batch['inbound_email'])
            count += len(letters)
            inserts = [
                self._insert(source, table, *batch[table])
                for table in order if table in batch]
            with self.parsing:
                parsed = [parse(letter) for letter in letters]
            with self.writing:
                self._write(target, letters, parsed, inserts)
        source.close()
        target.close()
        return self._figures(count)

    def _figures(self, letters):
        both = Stopwatch()
        both.seconds = self.parsing.seconds + self.writing.seconds
        both.cpu_seconds = (
            self.parsing.cpu_seconds + self.writing.cpu_seconds)
        return {
            **both.figures(letters),
            'parsing_cpu_seconds': round(self.parsing.cpu_seconds, 2),
            'rows_per_letter': round(sum(self.rows.values()) / letters, 2),
            'rows': dict(self.rows.most_common()),
            }

    def _order(self):
        "Return the tables, what is referred to before what refers to it"
        graph = {}
        for _, Model in self.pool.iterobject():
            if not hasattr(Model, '_table'):
                continue
            targets = graph.setdefault(Model._table, set())
            for field in Model._fields.values():
                if isinstance(field, fields.Many2One):
                    target = self.pool.get(field.model_name)
                    targets.add(target._table)
        written = {table for batch in self.batches for table in batch}
        return list(TopologicalSorter({
                    table: (graph[table] & written) - {table}
                    for table in written}).static_order())

    def _letters(self, last, new):
        with Transaction().start(self.place.name, 0, readonly=True):
            Email = self.pool.get('inbound.email')
            return [e.raw_letter() for e in Email.search([
                        ('id', '>', last), ('id', '<=', new),
                        ], order=[('id', 'ASC')])]

    def _insert(self, source, table, last, new):
        "Return the statement and its values"
        cursor = source.cursor()
        mark = self.place.placeholder
        cursor.execute(
            f'SELECT * FROM "{table}" WHERE id > {mark} AND id <= {mark} '
            'ORDER BY id', (last, new))
        names = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
        self.rows[table] += len(rows)
        columns = ', '.join(f'"{name}"' for name in names)
        return (
            f'INSERT INTO "{table}" ({columns}) '
            f'VALUES ({", ".join([mark] * len(names))})', rows)

    def _write(self, target, letters, parsed, inserts):
        files = letters + [p.data for letter in parsed for p in letter.parts]
        for data in files:
            self.files += 1
            path = self.place.folder / 'floor' / str(self.files)
            path.write_bytes(data)
        cursor = target.cursor()
        for statement, rows in inserts:
            cursor.executemany(statement, rows)
        target.commit()
