# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What the reports cost, for the last year by month.

The tickets are those of some years, and made by the database itself.

As a program: python -m tests.benchmarks.reporting DATABASE --reporting TICKETS
"""
import argparse
import datetime as dt
import statistics

from dateutil.relativedelta import relativedelta
from trytond.pool import Pool
from trytond.transaction import Transaction

from .crowd import Crowd
from .measure import report, start
from .place import Place
from .screens import Client, names
from .statements import Statements, Stopwatch

MANAGER = 'manager'
YEARS = 4
# The client asks for so many rows of a list
LIMIT = 1000
REPEAT = 3
REPORTS = [
    'main', 'main.time_series', 'section', 'section.time_series', 'employee',
    'category', 'customer', 'customer.time_series', 'product', 'channel',
    'backlog']
CHANNELS = ['email', 'web', 'phone', 'application']
# How many in a thousand are not over
OPEN = 10
# The states of a ticket, and when each began, in seconds
STEPS = [
    ('draft', 'agent', 0), ('open', 'agent', 3600),
    ('pending', 'customer', 7200), ('open', 'agent', 50_000),
    ('closed', 'nobody', 90_000)]

# What the tickets took, in seconds
TIMES = {
    'first_answer_time': 7200,
    'first_answer_open_time': 3600,
    'solution_time': 90_000,
    'solution_open_time': 30_000,
    'agent_solution_time': 50_000,
    'agent_solution_open_time': 20_000,
    'customer_solution_time': 40_000,
    'customer_solution_open_time': 10_000,
    'third_party_solution_time': 0,
    'third_party_solution_open_time': 0,
    }


class Archive(Crowd):
    "Tickets of years, each with its history, every fifth one rated"

    def prepare(self):
        super().prepare()
        pool = Pool()
        Category = pool.get('helpdesk.category')
        categories = Category.create([
                {'name': f"Category {n}"} for n in range(20)])
        self.categories = [c.id for c in categories]
        self.begin = dt.datetime.combine(
            dt.date.today() - relativedelta(years=YEARS), dt.time())

    def grow(self, count):
        "Add tickets until there are so many"
        pool = Pool()
        models = {
            'helpdesk.ticket': self._tickets,
            'helpdesk.history': self._rows,
            'helpdesk.rating': self._ratings,
            }
        self.total = count
        for name, columns in models.items():
            Model = pool.get(name)
            table = self.table(Model)
            if name == 'helpdesk.ticket':
                # Of ticket n
                self.id = f'n + {table.last - self.count}'
            self._insert(Model, table.last, columns())
            table = self.table(Model)
            table.finish()
        self.count = count

    def _insert(self, Model, last, query):
        columns, source = query
        cursor = Transaction().connection.cursor()
        cursor.execute(
            'WITH RECURSIVE number(n) AS ('
            f'SELECT {self.count + 1} UNION ALL '
            f'SELECT n + 1 FROM number WHERE n < {self.total}) '
            f'INSERT INTO "{Model._table}" '
            f'(id, {", ".join(columns)}) '
            f'SELECT {last} + row_number() OVER (ORDER BY n), '
            f'{", ".join(columns.values())} FROM {source}')

    def _at(self, seconds):
        "Return the expression of a time, seconds after ticket n was made"
        step = (dt.datetime.now() - self.begin) / self.total
        seconds = f'CAST(n * {step.total_seconds()} AS INTEGER) + {seconds}'
        if self.place.is_sqlite:
            return f"datetime('{self.begin}', ({seconds}) || ' seconds')"
        return f"TIMESTAMP '{self.begin}' + {self._time(seconds)}"

    def _time(self, seconds):
        if self.place.is_sqlite:
            return f'({seconds})'
        return f"({seconds}) * INTERVAL '1 second'"

    def _choose(self, values, factor):
        "Return the expression of one of the values; factor mixes them"
        cases = ' '.join(
            f'WHEN {index} THEN {value!r}'
            for index, value in enumerate(values) if value is not None)
        return f'CASE n * {factor} % {len(values)} {cases} END'

    def _section(self):
        return self._choose(self.sections, 7)

    def _if_over(self, value, otherwise='NULL'):
        return (
            f'CASE WHEN n % 1000 >= {OPEN} THEN {value} ELSE {otherwise} END')

    def _tickets(self):
        if_over, closed = self._if_over, self._at(STEPS[-1][2])
        columns = {
            'number': "'R' || n",
            'subject': "'Ticket ' || n",
            'company': str(self.company),
            'section': self._section(),
            'employee': self._choose([*self.members, None], 5),
            'party': f'{self.parties[0]} + n * 31 % {len(self.parties)}',
            'category': self._choose([*self.categories, None], 11),
            'channel': self._choose(CHANNELS, 3),
            'priority': "'normal'",
            'active': 'TRUE',
            'unread': 'FALSE',
            'state': if_over("'closed'", "'open'"),
            'create_date': self._at(0),
            'last_communication_at': self._at(7200),
            'first_answer_at': self._at(7200),
            'first_answer_met': "CASE n % 9 WHEN 0 THEN 'missed' "
            "ELSE 'met' END",
            'closed_at': if_over(closed),
            'solved_at': if_over(closed),
            'solution_met': if_over(
                "CASE n % 7 WHEN 0 THEN 'missed' ELSE 'met' END"),
            'solution_due': if_over('NULL', self._at(100_000)),
            'due': if_over('NULL', self._at(100_000)),
            **{name: self._time(f'{seconds} + n % 977')
                if name.startswith('first_answer')
                else if_over(self._time(f'{seconds} + n % 977'))
                for name, seconds in TIMES.items()},
            }
        return columns, 'number'

    def _rows(self):
        ends = [at for _, _, at in STEPS[1:]] + [None]
        old = [None] + [state for state, _, _ in STEPS[:-1]]

        def case(values):
            return 'CASE step ' + ' '.join(
                f"WHEN {i} THEN {'NULL' if v is None else v}"
                for i, v in enumerate(values)) + ' END'

        def text(values):
            return case([v and f"'{v}'" for v in values])
        opened = len(STEPS) - 2
        columns = {
            'ticket': self.id,
            'what': "'state'",
            'old': text(old),
            'new': text([state for state, _, _ in STEPS]),
            'side': text([side for _, side, _ in STEPS]),
            'at': self._at(case([at for _, _, at in STEPS])),
            'until': f'CASE WHEN step = {opened + 1} OR (step = {opened} '
            f'AND n % 1000 < {OPEN}) THEN NULL '
            f'ELSE {self._at(case(ends))} END',
            'actor': "'agent'",
            }
        steps = ' UNION ALL '.join(
            f'SELECT {i} AS step' for i in range(len(STEPS)))
        return columns, (
            f'number JOIN ({steps}) AS steps ON step <= {opened} '
            f'OR n % 1000 >= {OPEN}')

    def _ratings(self):
        columns = {
            'ticket': self.id,
            'section': self._section(),
            'score': '1 + n * 13 % 5',
            'channel': "'web'",
            'at': self._at(200_000),
            'resolved_at': self._at(STEPS[-1][2]),
            }
        return columns, f'number WHERE n % 5 = 0 AND n % 1000 >= {OPEN}'


class Report:
    "A report, its first rows as in the list"

    def __init__(self, client, name):
        self.client = client
        self.model = f'helpdesk.reporting.{name}'
        view = client.call(self.model, 'fields_view_get', None, 'tree')
        self.fields = names(view['fields'], string=True)
        today = dt.date.today()
        self.context = {
            'from_date': today + relativedelta(months=-11, day=1),
            'to_date': today,
            'period': 'month',
            'hours': 'open',
            }

    def open(self):
        rows = self.client.call(
            self.model, 'search', [], 0, LIMIT, **self.context)
        self.client.call(
            self.model, 'read', rows, self.fields, **self.context)
        return len(rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('name')
    parser.add_argument('--reporting', type=int, nargs='*', default=[])
    arguments, _ = parser.parse_known_args()
    place = Place(arguments.name)
    start(place.name)
    archive = Archive(place, seed=1)
    with Transaction().start(place.name, 1):
        archive.prepare()
    for tickets in [0, *arguments.reporting]:
        if tickets:
            with Transaction().start(place.name, 1):
                archive.grow(tickets)
        place.analyze()
        client = Client(place.name, MANAGER)
        for name in REPORTS:
            figures = measure(Report(client, name))
            report(f'reporting.{name}', tickets=tickets, **figures)


def measure(screen):
    "Return the figures for opening a report, again and again"
    seconds = []
    for _ in range(REPEAT):
        with Statements() as statements, Stopwatch() as stopwatch:
            rows = screen.open()
        seconds.append(stopwatch.seconds)
    return {
        'rows': rows,
        'statements': statements.count,
        'seconds': round(statistics.median(seconds), 2),
        }


if __name__ == '__main__':
    main()
