# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The reports on random tickets, compared with the same figures in plain Python.
"""
import datetime as dt
import random

import pytest
from trytond.modules.company.tests import create_company
from trytond.modules.helpdesk.history import SIDES
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction, inactive_records

from tests.helpdesk.reporting_oracle import BACKLOG, FIGURES, Office, Oracle
from tests.helpdesk.sales import make_party
from tests.helpdesk.times import make_calendar
from tests.records import Helpdesk

TICKETS = 300
ZONES = ['Europe/Madrid', 'America/New_York']
FIRST, LAST = dt.datetime(2024, 10, 1), dt.datetime(2025, 11, 30)
# When the clocks change, in UTC, in one zone or the other
CHANGES = [
    dt.datetime(2024, 10, 27, 1), dt.datetime(2024, 11, 3, 6),
    dt.datetime(2025, 3, 9, 7), dt.datetime(2025, 3, 30, 1),
    dt.datetime(2025, 10, 26, 1), dt.datetime(2025, 11, 2, 6)]
HOUR = dt.timedelta(hours=1)
NOW = dt.timedelta()
DAY = dt.timedelta(days=1)
# The field of the ticket by the name of the report
DIMENSIONS = {
    'section': 'section',
    'employee': 'employee',
    'category': 'category',
    'customer': 'party',
    'product': 'product',
    'channel': 'channel',
    }
CHANNELS = ['email', 'web', 'phone', 'application']
WAYS = {
    'draft': ['open', 'open', 'closed'],
    'open': ['pending', 'authorization', 'third_party', 'resolved', 'closed'],
    'pending': ['open', 'open', 'third_party', 'resolved', 'closed'],
    'authorization': ['open', 'closed'],
    'third_party': ['open', 'pending', 'resolved', 'closed'],
    'resolved': ['open', 'closed'],
    'closed': ['open'],
    }
TICKET = [
    'company', 'section', 'employee', 'category', 'party', 'product',
    'channel', 'state', 'active', 'merged_into', 'create_date',
    'first_answer_at', 'first_answer_met', 'first_answer_due', 'resolved_at',
    'closed_at', 'solution_met', 'solution_due']
HISTORY = ['ticket', 'what', 'old', 'new', 'at', 'until', 'actor', 'side']
RATING = ['ticket', 'section', 'score', 'channel', 'at', 'resolved_at']
# From the middle of a week, a month and a year on
SPANS = [
    ('day', dt.date(2024, 10, 20), dt.date(2024, 11, 10)),
    ('day', dt.date(2025, 2, 27), dt.date(2025, 4, 2)),
    ('week', dt.date(2024, 10, 9), dt.date(2025, 11, 20)),
    ('month', dt.date(2024, 10, 15), dt.date(2025, 11, 2)),
    ('year', dt.date(2024, 10, 1), dt.date(2025, 12, 31)),
    ]


def setup_module():
    activate_module('helpdesk')


def insert(Model, rows):
    "Insert the rows as they are, and return them with their ids"
    table = Model.__table__()
    names = list(rows[0])
    cursor = Transaction().connection.cursor()
    for row in rows:
        cursor.execute(*table.insert(
                [getattr(table, n) for n in names], [list(row.values())]))
    cursor.execute(*table.select(table.id, order_by=[table.id]))
    ids = [id_ for id_, in cursor][-len(rows):]
    return [{'id': id_, **row} for id_, row in zip(ids, rows)]


class World:
    "Two companies in two time zones, and their tickets"

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.now = dt.datetime.now().replace(microsecond=0)
        self.desk = Helpdesk()
        self.companies = [self.desk.company, create_company("Other")]
        for company, zone in zip(self.companies, ZONES):
            company.timezone = zone
            company.save()
        manager = self.desk.manager
        manager.companies, manager.company_filter = self.companies, 'all'
        manager.save()
        self.make_sections()
        self.make_values()
        self.make_tickets()

    def make_sections(self):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        self.offices, self.sections = {}, {}
        office = tuple((d, dt.time(9), dt.time(17)) for d in range(5))
        # Open while the clocks change
        night = tuple(part for d in range(7) for part in [
                (d, dt.time(22), None), (d, dt.time(), dt.time(6))])
        for company, zone in zip(self.companies, ZONES):
            holidays = [dt.date(2025, 1, 6), dt.date(2025, 10, 27)]
            calendars = [
                (None, None),
                (make_calendar(zone=zone, holidays=[
                            (d, "Holiday") for d in holidays]),
                    Office(zone, office, frozenset(holidays))),
                (make_calendar(('22:00', '06:00'), zone, days=range(7)),
                    Office(zone, night)),
                ]
            with Transaction().set_context(company=company.id):
                sections = Section.create([{
                            'name': f"Section {n}", 'company': company.id,
                            'calendar': calendar and calendar.id,
                            } for n, (calendar, _) in enumerate(calendars)])
            self.sections[company.id] = [s.id for s in sections]
            for section, (_, hours) in zip(sections, calendars):
                self.offices[section.id] = hours

    def make_values(self):
        pool = Pool()
        Category = pool.get('helpdesk.category')
        Template = pool.get('product.template')
        Uom = pool.get('product.uom')
        desk = self.desk
        categories = Category.create([{'name': n} for n in ["A", "B"]])
        unit, = Uom.search([('name', '=', "Unit")])
        templates = Template.create([{
                    'name': name, 'type': 'goods', 'default_uom': unit.id,
                    'products': [('create', [{}])],
                    } for name in ["Printer", "Paper"]])
        self.values = {
            'employee': [desk.agent.employee.id, desk.manager.employee.id],
            'category': [c.id for c in categories],
            'party': [make_party(n).id for n in ["Ada", "Bob", "Eve"]],
            'product': [t.products[0].id for t in templates],
            }

    def make_tickets(self):
        pool = Pool()
        History = pool.get('helpdesk.history')
        Rating = pool.get('helpdesk.rating')
        Ticket = pool.get('helpdesk.ticket')
        walks = [self.walk() for _ in range(TICKETS)]
        tickets = insert(Ticket, [self.ticket(walk) for walk in walks])
        self.tickets = [{n: t[n] for n in ['id', *TICKET]} for t in tickets]
        self.merge(Ticket)
        self.history, self.ratings = [], []
        for ticket, walk in zip(self.tickets, walks):
            self.history += insert(History, self.rows(ticket['id'], walk))
            self.ratings += [
                r for n in range(self.random.choice([0, 0, 1, 2]))
                for r in insert(Rating, [self.rating(ticket, n)])]
        Ticket.fill_times()
        self.oracle = Oracle(
            self.tickets, self.history, self.ratings, self.offices, self.now)

    def moment(self):
        "Return a time, often close to where days or hours change"
        kind = self.random.random()
        if kind < .4:
            at = self.random.choice(CHANGES) + HOUR * self.random.randint(
                -30, 30)
            return at + self.random.choice(
                [-1, 0, 1, self.random.randint(-1800, 1800)]
                ) * dt.timedelta(seconds=1)
        at = FIRST + (LAST - FIRST) * self.random.random()
        if kind < .6:
            at = at.replace(minute=0, second=0)
        return at.replace(microsecond=0)

    def later(self, at):
        "Return the time of what comes next"
        gap = self.random.choice([NOW, HOUR, 10 * HOUR, 5 * DAY, 50 * DAY])
        return (at + gap * self.random.random()).replace(microsecond=0)

    def walk(self):
        "Return the states that a ticket goes through, and when"
        walk = [('draft', self.moment())]
        while self.random.random() < .8:
            state, at = walk[-1]
            walk.append((self.random.choice(WAYS[state]), self.later(at)))
        return walk

    def ticket(self, walk):
        "Return what is stored of a ticket with such a walk"
        choose = self.random.choice
        company = choose(self.companies).id
        created, state = walk[0][1], walk[-1][0]
        resolved = closed = None
        for to, at in walk:
            if to == 'resolved':
                resolved = at
            elif to == 'closed':
                closed = at
            elif to == 'open':
                resolved = closed = None
        over = state in {'resolved', 'closed'}
        answered = choose([None, self.later(created), self.later(created)])
        met = choose([None, 'met', 'missed'])
        dues = [None, self.later(created), self.now + DAY]
        return {
            'subject': "Random",
            'priority': 'normal',
            'company': company,
            'section': choose(self.sections[company]),
            **{n: choose([None, *v]) for n, v in self.values.items()},
            'channel': choose(CHANNELS),
            'state': state,
            'active': True,
            'merged_into': None,
            'create_date': created,
            'first_answer_at': answered,
            'first_answer_met': met if answered else (
                choose([None, 'missed']) if over else None),
            'first_answer_due': (
                None if answered or over else choose(dues)),
            'resolved_at': resolved,
            'closed_at': closed,
            'solution_met': choose([None, 'met', 'missed']) if over else None,
            'solution_due': None if over else choose(dues),
            }

    def merge(self, Ticket):
        "Let some closed ones go on elsewhere, in another ticket or not"
        table = Ticket.__table__()
        cursor = Transaction().connection.cursor()
        for ticket in self.tickets:
            if ticket['state'] != 'closed' or self.random.random() > .3:
                continue
            ticket['active'] = False
            if self.random.random() < .5:
                ticket['merged_into'] = self.random.choice(self.tickets)['id']
            cursor.execute(*table.update(
                    [table.active, table.merged_into],
                    [False, ticket['merged_into']],
                    where=table.id == ticket['id']))

    def rows(self, ticket, walk):
        "Return the rows of the history, and one that is not of a state"
        ends = [at for _, at in walk[1:]] + [None]
        before = [state for state, _ in walk[:-1]]
        rows = [
            (ticket, 'state', old, new, at, until, 'agent', SIDES[new])
            for old, (new, at), until in zip([None, *before], walk, ends)]
        rows.append((
                ticket, 'priority', 'low', 'normal', walk[-1][1], None,
                'agent', None))
        return [dict(zip(HISTORY, row)) for row in rows]

    def rating(self, ticket, number):
        at = self.later(ticket['create_date'])
        return dict(zip(RATING, [
                    ticket['id'], ticket['section'],
                    self.random.randint(1, 5), 'web', at,
                    at + number * DAY]))

    def contexts(self):
        "Yield what is looked at: of each company, and of one section"
        for company, zone in zip(self.companies, ZONES):
            for section in [None, self.sections[company.id][2]]:
                for period, from_date, to_date in SPANS:
                    yield {
                        'company': company.id, 'section': section,
                        'from_date': from_date, 'to_date': to_date,
                        'period': period}, zone

    def report(self, name, names, context):
        "Return the rows of a report, as the manager sees them"
        pool = Pool()
        Report = pool.get(f'helpdesk.reporting.{name}')
        user, rights = self.desk.as_user(self.desk.manager)
        with user, rights, Transaction().set_context(**context):
            return Report.search_read([], fields_names=names)


def different(found, expected):
    "Return what differs between rows, as tuples of key, name and both"
    return [
        (key, name, one, other)
        for key in sorted(found.keys() | expected.keys(), key=str)
        for name in FIGURES
        for one, other in [
            (found.get(key, {}).get(name), expected.get(key, {}).get(name))]
        if not same(one, other)]


def same(one, other):
    "Return whether two figures are the same; SQLite cuts times to seconds"
    if one is None or other is None:
        return one is other
    if isinstance(one, dt.timedelta):
        return abs(one - other) < dt.timedelta(seconds=1)
    return abs(one - other) < 1e-6


@pytest.mark.parametrize('hours', ['open', 'real'])
@with_transaction()
def test_figures(hours):
    "X6, X5: the figures of random tickets are right, as a whole and by time"
    world = World(seed=8)
    for context, zone in world.contexts():
        for period in [None, context['period']]:
            found = world.report(
                'main.time_series' if period else 'main',
                [*FIGURES, *(['date'] if period else [])],
                {**context, 'hours': hours})
            expected = world.oracle.figures(lambda t: None, **{
                    **context, 'period': period}, zone=zone, hours=hours)
            assert expected, "there is something to compare"
            rows = {(r.get('date'), None): r for r in found}
            assert len(rows) == len(found)
            assert different(rows, expected) == [], context


@pytest.mark.parametrize('name', DIMENSIONS)
@with_transaction()
def test_dimension(name):
    "X6, X5: so they are by what the tickets have"
    world = World(seed=9)
    for number, (context, zone) in enumerate(world.contexts()):
        hours = ['open', 'real'][number % 2]
        for period in [None, context['period']]:
            found = world.report(
                f'{name}.time_series' if period else name,
                [*FIGURES, name, *(['date'] if period else [])],
                {**context, 'hours': hours})
            expected = world.oracle.figures(
                lambda t: t[DIMENSIONS[name]],
                **{**context, 'period': period}, zone=zone, hours=hours)
            assert len({r['id'] for r in found}) == len(found)
            rows = {(r.get('date'), r[name]): r for r in found}
            assert len(rows) == len(found)
            assert different(rows, expected) == [], context


@with_transaction()
def test_backlog():
    "X6, X5: so is the backlog"
    world = World(seed=10)
    for context, zone in world.contexts():
        found = world.report(
            'backlog', ['date', 'section', *BACKLOG], context)
        expected = world.oracle.backlog(**context, zone=zone)
        assert expected, "there is something to compare"
        assert len({r['id'] for r in found}) == len(found)
        assert {
            (r['date'], r['section']): {n: r[n] for n in BACKLOG}
            for r in found} == expected, context


@with_transaction()
def test_stored():
    "X6: the times that the reports add up are those of the history"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    world = World(seed=11)
    oracle, everybody = world.oracle, {*SIDES.values(), None}
    names = {
        'solution': everybody, 'agent_solution': {'agent'},
        'customer_solution': {'customer'},
        'third_party_solution': {'third_party'}}
    with inactive_records():
        tickets = Ticket.browse([t['id'] for t in world.tickets])
    for ticket in tickets:
        facts = oracle.tickets[ticket.id]
        solved = oracle.solved_at(facts)
        assert ticket.solved_at == solved
        moments = {'first_answer': (facts['first_answer_at'], {'agent'})}
        moments.update((n, (solved, s)) for n, s in names.items())
        for name, (at, sides) in moments.items():
            for suffix, hours in [('time', 'real'), ('open_time', 'open')]:
                assert getattr(ticket, f'{name}_{suffix}') == (
                    at and oracle.time(facts, at, hours, sides)), (
                        ticket, name, hours)
