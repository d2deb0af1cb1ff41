# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from trytond.model.exceptions import AccessError
from trytond.modules.company.tests import create_company
from trytond.modules.helpdesk.exceptions import ReportingPeriodError
from trytond.modules.helpdesk.history import SIDES
from trytond.pool import Pool
from trytond.pyson import PYSONDecoder
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.tools.chart import sparkline
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.sales import make_party
from tests.records import Helpdesk

DIMENSIONS = [
    'section', 'employee', 'category', 'customer', 'product', 'channel']
HOUR = dt.timedelta(hours=1)
# What tables of the database have, but no queries
MODIFIED = {'create_date', 'create_uid', 'write_date', 'write_uid'}
# What is reported on
YEAR = {
    'from_date': dt.date(2025, 1, 1),
    'to_date': dt.date(2025, 12, 31),
    'period': 'month',
    'hours': 'real',
    }


def setup_module():
    activate_module('helpdesk')


def at(text):
    return dt.datetime.fromisoformat(text)


def update(Model, record, **values):
    "Let it have happened at another time"
    table = Model.__table__()
    Transaction().connection.cursor().execute(*table.update(
            [getattr(table, n) for n in values], list(values.values()),
            where=table.id == record.id))


def make(desk, created, *states, facts=None, **values):
    """
    Return a ticket that was made at that time.

    states are tuples of a state and when it got there, facts are what the
    ticket is told to have, as they are stored.
    """
    pool = Pool()
    History = pool.get('helpdesk.history')
    Ticket = pool.get('helpdesk.ticket')
    ticket = desk.make_ticket(**values)
    history = History.__table__()
    cursor = Transaction().connection.cursor()
    cursor.execute(*history.delete(where=history.ticket == ticket.id))
    rows = [(None, 'draft', created)]
    for state, moment in states:
        rows.append((rows[-1][1], state, moment))
    ends = [at(moment) for _, _, moment in rows[1:]] + [None]
    for (old, new, moment), until in zip(rows, ends):
        cursor.execute(*history.insert([
                    history.ticket, history.what, history.old, history.new,
                    history.at, history.until, history.actor, history.side],
                [[ticket.id, 'state', old, new, at(moment), until,
                    'agent', SIDES[new]]]))
    stored = {'create_date': at(created), 'state': rows[-1][1]}
    update(Ticket, ticket, **stored, **(facts or {}))
    return Ticket(ticket.id)


def rate(ticket, score, moment):
    pool = Pool()
    Rating = pool.get('helpdesk.rating')
    rating, = Rating.create([{
                'ticket': ticket.id, 'section': ticket.section.id,
                'score': score, 'channel': 'web', 'at': at(moment),
                'resolved_at': at(moment)}])
    return rating


def report(desk, name, user=None, **context):
    "Return the rows of a report, as the manager sees them"
    pool = Pool()
    Report = pool.get(f'helpdesk.reporting.{name}')
    user, rights = desk.as_user(user or desk.manager)
    with user, rights, Transaction().set_context(**{**YEAR, **context}):
        rows = list(Report.search([]))
        # As long as the context is there
        for row in rows:
            for name in Report._fields.keys() - MODIFIED:
                getattr(row, name)
        return rows


def values(row, *names):
    return tuple(getattr(row, n) for n in names)


@with_transaction()
def test_nothing():
    "X6: without tickets all reports are empty"
    desk = Helpdesk()
    for name in ['main', *DIMENSIONS, 'main.time_series', 'backlog', *(
                f'{d}.time_series' for d in DIMENSIONS)]:
        assert report(desk, name) == []


@with_transaction()
def test_empty_year():
    "X6: what happened before or after is not in the report"
    desk = Helpdesk()
    make(desk, '2024-12-31 23:59:59', ('closed', '2024-12-31 23:59:59'))
    make(desk, '2026-01-01 00:00:00')
    assert report(desk, 'main') == []
    assert report(desk, 'backlog') == []
    assert report(desk, 'main', from_date=dt.date(2026, 1, 2),
        to_date=dt.date(2026, 1, 1)) == []


def make_quick(desk):
    "Return a ticket that was resolved, and rated twice"
    first = make(desk, '2025-01-10 08:00:00',
        ('open', '2025-01-10 09:00:00'), ('resolved', '2025-02-01 08:00:00'),
        facts={
            'first_answer_at': at('2025-01-10 10:00:00'),
            'first_answer_met': 'met',
            'first_answer_time': 2 * HOUR,
            'first_answer_open_time': HOUR,
            'solved_at': at('2025-02-01 08:00:00'),
            'solution_met': 'missed',
            'solution_time': 100 * HOUR,
            'solution_open_time': 10 * HOUR,
            'agent_solution_time': 60 * HOUR,
            'customer_solution_time': 30 * HOUR,
            'third_party_solution_time': 10 * HOUR,
            })
    rate(first, 5, '2025-02-10 08:00:00')
    rate(first, 2, '2025-02-11 08:00:00')
    return first


def make_reopened(desk):
    "Return a ticket that was reopened twice"
    return make(desk, '2025-01-31 08:00:00',
        ('open', '2025-02-02 08:00:00'), ('resolved', '2025-02-03 08:00:00'),
        ('open', '2025-02-04 08:00:00'), ('closed', '2025-02-05 08:00:00'),
        ('open', '2025-03-04 08:00:00'), ('closed', '2025-03-05 08:00:00'),
        facts={
            'first_answer_at': at('2025-02-02 08:00:00'),
            'first_answer_met': 'met',
            'first_answer_time': 5 * HOUR,
            'first_answer_open_time': 3 * HOUR,
            'solved_at': at('2025-03-05 08:00:00'),
            'solution_met': 'met',
            'solution_time': 50 * HOUR,
            'solution_open_time': 40 * HOUR,
            'agent_solution_time': 50 * HOUR,
            'customer_solution_time': 0 * HOUR,
            'third_party_solution_time': 0 * HOUR,
            })


@with_transaction()
def test_figures():
    "X6, X5: each figure is right"
    desk = Helpdesk()
    make_quick(desk)
    make_reopened(desk)

    main, = report(desk, 'main')
    assert values(
        main, 'created', 'first_answers', 'solved', 'reopened', 'ratings') == (
        2, 2, 2, 2, 2)
    assert values(main, 'promises_kept', 'promises_missed', 'kept_ratio') == (
        3, 1, 0.75)
    assert values(main, 'satisfaction', 'satisfied_ratio') == (3.5, 0.5)
    assert values(main, 'first_answer_time', 'solution_time') == (
        3.5 * HOUR, 75 * HOUR)
    assert values(main, 'agent_time', 'customer_time', 'third_party_time') == (
        55 * HOUR, 15 * HOUR, 5 * HOUR)
    assert values(main, 'first_answer_hours', 'third_party_hours') == (3.5, 5)
    assert main.company == desk.company
    assert len(main.created_trend) == len(main.solved_trend) == 12
    main, = report(desk, 'main', hours='open')
    assert values(main, 'first_answer_time', 'solution_time') == (
        2 * HOUR, 25 * HOUR)


@with_transaction()
def test_time_series():
    "X6, X5: each figure counts when it happens"
    desk = Helpdesk()
    make_quick(desk)
    make_reopened(desk)
    months = report(desk, 'main.time_series')
    assert [
        (str(m.date), *values(
                m, 'created', 'first_answers', 'solved', 'reopened',
                'promises_kept', 'promises_missed', 'kept_ratio', 'ratings',
                'satisfaction', 'solution_time'))
        for m in months] == [
        ('2025-01-01', 2, 1, 0, 0, 1, 0, 1, 0, None, None),
        ('2025-02-01', 0, 1, 1, 1, 1, 1, 0.5, 2, 3.5, 100 * HOUR),
        ('2025-03-01', 0, 0, 1, 1, 1, 0, 1, 0, None, 50 * HOUR),
        ]
    assert len({m.id for m in months}) == 3


@with_transaction()
def test_promises():
    "X6: what is overdue counts when it was due, also without an answer"
    desk = Helpdesk()
    later = dt.datetime.now().replace(microsecond=0) + dt.timedelta(days=1)
    make(desk, '2025-01-10 08:00:00', facts={
            'first_answer_due': at('2025-02-10 08:00:00'),
            'solution_due': at('2025-03-10 08:00:00')})
    make(desk, '2025-01-10 08:00:00', facts={
            'first_answer_due': later, 'solution_due': later})
    make(desk, '2025-01-10 08:00:00', ('closed', '2025-04-10 08:00:00'),
        facts={
            'first_answer_met': 'missed',
            'solved_at': at('2025-04-10 08:00:00')})
    months = report(desk, 'main.time_series', to_date=later.date())
    assert [(str(m.date), m.promises_missed) for m in months] == [
        ('2025-01-01', 0), ('2025-02-01', 1), ('2025-03-01', 1),
        ('2025-04-01', 1)]
    assert {m.promises_kept for m in months} == {0}


@with_transaction()
def test_merged():
    "X6, D7: what was merged into another ticket is created, not solved"
    desk = Helpdesk()
    other = make(desk, '2025-01-10 08:00:00')
    make(desk, '2025-01-10 08:00:00', ('closed', '2025-01-11 08:00:00'),
        facts={
            'merged_into': other.id, 'active': False,
            'solution_met': 'met',
            'solved_at': at('2025-01-11 08:00:00')})
    main, = report(desk, 'main')
    assert values(main, 'created', 'solved', 'promises_kept') == (2, 0, 0)
    backlog = report(desk, 'backlog', to_date=dt.date(2025, 1, 31))
    assert [b.backlog for b in backlog] == [1]


@with_transaction()
def test_zone():
    "X6: days are those of the company, also when the clocks change"
    desk = Helpdesk()
    desk.company.timezone = 'Europe/Madrid'
    desk.company.save()
    for moment in [
            # The last second and the first one of days in Madrid
            '2025-03-29 22:59:59', '2025-03-29 23:00:00',
            '2025-03-30 21:59:59', '2025-03-30 22:00:00',
            '2025-10-25 21:59:59', '2025-10-25 22:00:00',
            '2025-10-26 22:59:59', '2025-10-26 23:00:00']:
        make(desk, moment)
    days = report(desk, 'main.time_series', period='day',
        from_date=dt.date(2025, 3, 1), to_date=dt.date(2025, 10, 31))
    assert [(str(d.date), d.created) for d in days] == [
        ('2025-03-29', 1), ('2025-03-30', 2), ('2025-03-31', 1),
        ('2025-10-25', 1), ('2025-10-26', 2), ('2025-10-27', 1)]
    main, = report(desk, 'main', from_date=dt.date(2025, 3, 30),
        to_date=dt.date(2025, 3, 30))
    assert main.created == 2


@with_transaction()
def test_periods():
    "X6: by day, week, month and year; what would be too long is refused"
    desk = Helpdesk()
    for moment in ['2025-03-02', '2025-03-03', '2025-03-09', '2025-11-01']:
        make(desk, f'{moment} 12:00:00')
    for period, dates in [
            ('day', ['2025-03-02', '2025-03-03', '2025-03-09', '2025-11-01']),
            ('week', ['2025-02-24', '2025-03-03', '2025-10-27']),
            ('month', ['2025-03-01', '2025-11-01']),
            ('year', ['2025-01-01'])]:
        rows = report(desk, 'main.time_series', period=period)
        assert [str(r.date) for r in rows] == dates
        assert sum(r.created for r in rows) == 4
    with pytest.raises(ReportingPeriodError):
        report(desk, 'main.time_series', period='day',
            from_date=dt.date(2023, 1, 1))


@with_transaction()
def test_dimensions():
    "X6: by section, responsible, category, customer, product and channel"
    pool = Pool()
    Category = pool.get('helpdesk.category')
    desk = Helpdesk()
    ada = make_party()
    category, = Category.create([{'name': "Printers"}])
    with Transaction().set_context(desk.context):
        sales = desk.make_section("Sales")
    make(desk, '2025-01-10 08:00:00', party=ada, category=category,
        employee=desk.agent.employee, channel='phone')
    make(desk, '2025-02-10 08:00:00', party=ada, channel='phone')
    make(desk, '2025-02-10 08:00:00', section=sales)
    for name, expected in [
            ('section', {desk.section: 2, sales: 1}),
            ('employee', {desk.agent.employee: 1, None: 2}),
            ('category', {category: 1, None: 2}),
            ('customer', {ada: 2, None: 1}),
            ('product', {None: 3}),
            ('channel', {'phone': 2, 'application': 1})]:
        rows = report(desk, name)
        assert {getattr(r, name): r.created for r in rows} == expected
        series = report(desk, f'{name}.time_series')
        assert sum(s.created for s in series) == 3
        assert len({s.id for s in series}) == len(series)
        for row in rows:
            assert {s.row for s in row.time_series} == {row}
            assert {getattr(s, name) for s in row.time_series} == {
                getattr(row, name)}
            assert sum(s.created for s in row.time_series) == row.created
            numbers = dict.fromkeys(range(1, 13), 0)
            numbers.update((s.date.month, s.created) for s in row.time_series)
            assert row.created_trend == sparkline(numbers.values())
        report_one = report(desk, name, section=sales.id)
        assert [r.created for r in report_one] == [1]


@with_transaction()
def test_backlog():
    "X6: the backlog is what there was at the end of each period"
    desk = Helpdesk()
    make(desk, '2024-06-01 08:00:00', ('open', '2024-06-02 08:00:00'),
        ('closed', '2025-03-15 08:00:00'))
    make(desk, '2025-01-10 08:00:00', ('open', '2025-01-11 08:00:00'),
        ('pending', '2025-01-31 08:00:00'), ('open', '2025-02-15 08:00:00'),
        ('resolved', '2025-02-20 08:00:00'), ('open', '2025-04-30 08:00:00'),
        ('third_party', '2025-04-30 09:00:00'),
        ('closed', '2025-05-01 00:00:00'))
    # Made and closed between two ends
    make(desk, '2025-02-10 08:00:00', ('closed', '2025-02-10 08:00:00'))
    rows = report(desk, 'backlog')
    assert [
        (str(r.date), r.backlog, r.open_tickets, r.waiting_tickets)
        for r in rows] == [
        ('2025-01-31', 2, 1, 1),
        ('2025-02-28', 1, 1, 0),
        ('2025-04-30', 1, 0, 1),
        ]
    assert {r.section for r in rows} == {desk.section}
    assert len({r.id for r in rows}) == 3


@with_transaction()
def test_backlog_now():
    "X6: how many there will be is not told"
    desk = Helpdesk()
    desk.make_ticket()
    today = dt.date.today()
    rows = report(desk, 'backlog', period='day', from_date=today,
        to_date=today + dt.timedelta(days=3))
    assert [(r.date, r.backlog) for r in rows] == [(today, 1)]
    assert report(desk, 'backlog', from_date=today + dt.timedelta(days=2),
        to_date=today + dt.timedelta(days=3)) == []


@with_transaction()
def test_company():
    "X6, SE12: only the tickets of the company, and none of others"
    pool = Pool()
    desk = Helpdesk()
    make(desk, '2025-01-10 08:00:00')
    other = create_company("Other")
    for name in ['main', 'section', 'backlog', 'main.time_series']:
        assert report(desk, name)
        assert report(desk, name, company=other.id) == []
    # Nor can somebody look at a company that is not his
    foreign = desk.make_user('foreign', [], 'group_helpdesk_manager')
    foreign.companies, foreign.company = [other], other
    foreign.employees, foreign.employee = [], None
    foreign.save()
    with Transaction().set_user(foreign.id), Transaction().set_context(
            _check_access=True, company=desk.company.id, **YEAR):
        for name in ['main', 'section', 'backlog', 'main.time_series']:
            Report = pool.get(f'helpdesk.reporting.{name}')
            assert list(Report.search([])) == []


@with_transaction()
def test_agents():
    "X6, SE12: agents get no figures, in whatever way they ask"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    Wizard = pool.get('helpdesk.reporting.open_tickets', type='wizard')
    desk = Helpdesk()
    make(desk, '2025-01-10 08:00:00')
    reports = ['main', 'main.time_series', 'backlog', *DIMENSIONS, *(
            f'{d}.time_series' for d in DIMENSIONS)]
    for name in reports:
        with pytest.raises(AccessError):
            report(desk, name, desk.agent)
    user, rights = desk.as_user(desk.agent)
    with user, rights:
        for name in reports:
            with pytest.raises(AccessError):
                pool.get(f'helpdesk.reporting.{name}').read([1], ['id'])
        with pytest.raises(AccessError):
            Ticket.search([('reported', '=', [
                            'created', '2025-01-01', '2026-01-01'])])
        with pytest.raises(AccessError), Transaction().set_context(
                active_model='helpdesk.reporting.main', active_id=1):
            Wizard.check_access()


def tickets_behind(desk, row):
    "Return the tickets that are shown for a row, by the name of the tab"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    Wizard = pool.get('helpdesk.reporting.open_tickets', type='wizard')
    found = {}
    user, rights = desk.as_user(desk.manager)
    with user, rights:
        with Transaction().set_context(
                active_model=row.__name__, active_id=row.id,
                active_ids=[row.id], **YEAR):
            session, _, _ = Wizard.create()
            (action, _), = Wizard.execute(session, {}, 'open_')['actions']
        decode = PYSONDecoder().decode
        for name, domain, _ in action['domains']:
            found[name] = set(Ticket.search(
                    [decode(action['context_domain']), decode(domain)]))
    return found


def make_behind(desk, party):
    "Return a solved and a reopened ticket"
    first = make(desk, '2025-01-10 08:00:00',
        ('open', '2025-01-11 08:00:00'), ('resolved', '2025-02-01 08:00:00'),
        party=party, facts={
            'first_answer_at': at('2025-01-11 08:00:00'),
            'first_answer_met': 'met', 'solution_met': 'missed',
            'solved_at': at('2025-02-01 08:00:00')})
    second = make(desk, '2025-01-20 08:00:00',
        ('open', '2025-01-21 08:00:00'), ('closed', '2025-01-22 08:00:00'),
        ('open', '2025-02-21 08:00:00'),
        facts={'solution_due': at('2025-02-28 08:00:00')})
    rate(first, 5, '2025-02-10 08:00:00')
    return first, second


@with_transaction()
def test_tickets_behind():
    "X6: behind each figure are the tickets that make it"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ada = make_party()
    first, second = make_behind(desk, ada)
    main, = report(desk, 'main')
    assert tickets_behind(desk, main) == {
        "Created": {first, second},
        "First Answers": {first},
        "Solved": {first},
        "Reopened": {second},
        "Promises Kept": {first},
        "Promises Missed": {first, second},
        "Ratings": {first},
        }
    january, february = report(desk, 'main.time_series')
    assert tickets_behind(desk, january)["Created"] == {first, second}
    assert tickets_behind(desk, january)["Promises Missed"] == set()
    assert tickets_behind(desk, february)["Created"] == set()
    assert tickets_behind(desk, february)["Promises Missed"] == {first, second}
    none, = [r for r in report(desk, 'customer') if not r.customer]
    assert tickets_behind(desk, none)["Created"] == {second}
    channel, = report(desk, 'channel')
    assert tickets_behind(desk, channel)["Created"] == {first, second}
    backlog = report(desk, 'backlog')[0]
    assert str(backlog.date) == '2025-01-31'
    assert tickets_behind(desk, backlog) == {
        "Backlog": {first},
        "With the Agents": {first},
        "Waiting": set(),
        }
    assert Ticket(first.id).reported == ''


@with_transaction()
def test_tickets_counted():
    "X6: all tabs of all rows have as many tickets as the figures say"
    desk = Helpdesk()
    make_behind(desk, make_party())
    for name in ['main', 'main.time_series', *DIMENSIONS, 'backlog']:
        for row in report(desk, name):
            shown = tickets_behind(desk, row)
            labels = row.fields_get(list(row.ticket_figures()))
            for figure in row.ticket_figures():
                assert len(shown[labels[figure]['string']]) == getattr(
                    row, figure), (name, figure)


@with_transaction()
def test_statements():
    "X6: more rows and more periods take no more statements"
    desk = Helpdesk()
    counts = []
    for month in range(1, 5):
        party = make_party(f"Party {month}")
        make(desk, f'2025-{month:02}-10 08:00:00', party=party)
        for name in ['customer', 'customer.time_series', 'backlog']:
            report(desk, name)
        with Statements() as statements:
            for name in ['customer', 'customer.time_series', 'backlog']:
                report(desk, name)
        counts.append(statements.count)
    assert counts[-1] == counts[0]


@with_transaction()
def test_defaults():
    "X6: without dates it is the last twelve months by month"
    pool = Pool()
    Context = pool.get('helpdesk.reporting.context')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        periods = Context.periods()
        assert len(periods) == 12
        assert periods[-1].last == dt.date.today()
        assert Context.default_hours() == 'open'
        assert Context.default_company() == desk.company.id
