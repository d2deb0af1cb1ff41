# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Fill a database with tickets, each with its conversations and history.

Plain SQL, from one ticket made by Tryton for each kind that there is: what
the screens cost depends on how much there is, not on how it came in.
"""
import datetime as dt
import itertools
import random

from sql.aggregate import Max
from sql.conditionals import Coalesce
from trytond.modules.helpdesk.history import SIDES
from trytond.pool import Pool
from trytond.transaction import Transaction

SECTIONS = 12
AGENTS = 20
PARTIES = 2000
BATCH = 5000
# How many are open depends on the agents, not on the years
FIRST = 10_000
OPEN_FIRST, OPEN_LATER = .15, .005
OPEN_STATES = ['open', 'open', 'pending', 'third_party']
OVER_STATES = ['resolved'] + ['closed'] * 20
VOCABULARY = 5000
# A word that one ticket in 500 has, in its subject or a conversation
RARE = 'descaling'


class Crowd:

    def __init__(self, place, seed):
        self.place = place
        self.random = random.Random(seed)
        self.words = [
            ''.join(self.random.choices('abdeilmnorstu', k=length))
            for length in self.random.choices(range(3, 11), k=VOCABULARY)]
        # Some words are said more often than others
        self.weights = [1 / (rank + 1) for rank in range(VOCABULARY)]
        self.count = 0

    def prepare(self):
        "Make sections and agents by Tryton; return nothing"
        pool = Pool()
        Employee = pool.get('company.employee')
        Party = pool.get('party.party')
        Section = pool.get('helpdesk.section')
        section, = Section.search([])
        company = section.company
        parties = Party.create([
                {'name': f"Agent {n}"} for n in range(AGENTS)])
        members = list(section.members) + Employee.create([
                {'party': p.id, 'company': company.id} for p in parties])
        sections = [section] + Section.create([
                {'name': f"Section {n}", 'company': company.id}
                for n in range(1, SECTIONS)])
        for section in sections:
            section.members = members
        Section.save(sections)
        self.company = company.id
        self.sections = [s.id for s in sections]
        self.members = [m.id for m in members]
        self.parties = [p.id for p in Party.create([
                    {'name': f"Customer {n}"} for n in range(PARTIES)])]

    def grow(self, count):
        "Add tickets until there are so many"
        pool = Pool()
        self.tables = {
            name: self.table(pool.get(name))
            for name in [
                'helpdesk.ticket', 'helpdesk.conversation',
                'helpdesk.history']}
        while self.count < count:
            self.add(min(BATCH, count - self.count))
        for table in self.tables.values():
            table.finish()

    def table(self, Model):
        "Return what inserts rows of the model"
        return _Table(Model, self.place)

    def _text(self, length):
        return ' '.join(
            self.random.choices(self.words, self.weights, k=length))

    def add(self, count):
        "Add so many tickets; return their ids"
        tickets = [self.ticket() for _ in range(count)]
        ids = self.tables['helpdesk.ticket'].insert(tickets)
        pairs = list(zip(ids, tickets))
        self.tables['helpdesk.conversation'].insert(itertools.chain(
                *(self._conversations(*p) for p in pairs)))
        self.tables['helpdesk.history'].insert(itertools.chain(
                *(self._history(*p) for p in pairs)))
        return ids

    def ticket(self):
        "Return the values of the next ticket"
        self.count += 1
        at = dt.datetime(2020, 1, 1) + dt.timedelta(minutes=10 * self.count)
        chance = OPEN_FIRST if self.count <= FIRST else OPEN_LATER
        over = self.random.random() > chance
        state = self.random.choice(OVER_STATES if over else OPEN_STATES)
        subject = self._text(5)
        if not self.count % 1000:
            subject += f' {RARE}'
        deadline = at + dt.timedelta(days=3)
        return {
            'number': f'B{self.count}',
            'subject': subject,
            'words': f' b{self.count} {subject}',
            'company': self.company,
            'section': self.random.choice(self.sections),
            'employee': self.random.choice([None, *self.members]),
            'party': self.random.choice(self.parties),
            'email': f'customer{self.count % PARTIES}@example.org',
            'contact_name': "Ada",
            'priority': 'normal',
            'channel': 'email',
            'state': state,
            'unread': not over and self.random.random() < .3,
            'deadline': deadline,
            'due': None if over else deadline,
            'next_warning': None if over else deadline,
            'waiting_until': deadline if state == 'pending' else None,
            'resolved_at': at if over else None,
            'closes_at': deadline if state == 'resolved' else None,
            'last_communication_at': at,
            'closed_at': at if state == 'closed' else None,
            'create_date': at,
            }

    def _conversations(self, id_, ticket):
        for number in range(3):
            body = self._text(40)
            if number == 1 and ticket['number'].endswith('500'):
                body += f' {RARE}'
            yield {
                'ticket': id_,
                'kind': 'email',
                'direction': 'out' if number == 1 else 'in',
                'at': ticket['last_communication_at']
                - dt.timedelta(hours=2 - number),
                'from_address': ticket['email'] if number != 1 else None,
                'author': "Ada",
                'subject': ticket['subject'],
                'body': body,
                'words': f' {body}',
                'automatic': False,
                'tries': 0,
                'create_date': ticket['create_date'],
                }

    def _history(self, id_, ticket):
        at = ticket['last_communication_at']
        for number, state in enumerate(['draft', ticket['state']]):
            yield {
                'ticket': id_,
                'what': 'state',
                'new': state,
                'at': at + dt.timedelta(hours=number),
                'until': None if number else at + dt.timedelta(hours=1),
                'actor': 'agent',
                'side': SIDES[state],
                'create_date': ticket['create_date'],
                }


class _Table:
    "Inserts rows as they are, without Tryton"

    def __init__(self, Model, place):
        self.name = Model._table
        self.place = place
        table = Model.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(Coalesce(Max(table.id), 0)))
        self.last, = cursor.fetchone()

    def insert(self, rows):
        "Insert dictionaries with the same keys; return their ids"
        rows = [
            {'id': id_, **row} for id_, row in enumerate(rows, self.last + 1)]
        names = list(rows[0])
        placeholder = self.place.placeholder
        values = [
            f"to_tsvector('simple', {placeholder})"
            if n == 'words' and not self.place.is_sqlite else placeholder
            for n in names]
        quoted = ', '.join(f'"{n}"' for n in names)
        cursor = Transaction().connection.cursor()
        cursor.executemany(
            f'INSERT INTO "{self.name}" ({quoted}) '
            f'VALUES ({", ".join(values)})',
            [tuple(row.values()) for row in rows])
        self.last = rows[-1]['id']
        return [row['id'] for row in rows]

    def finish(self):
        transaction = Transaction()
        transaction.database.setnextid(
            transaction.connection, self.name, self.last + 1)
