# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import datetime as dt
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.records import Helpdesk

HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
NONE = dt.timedelta()
SIDES = {
    'open': 'agent', 'pending': 'customer', 'third_party': 'third_party',
    'resolved': 'nobody'}
# A Friday, in the week before clocks are put back in Europe
FRIDAY = dt.datetime(2026, 10, 23)


def setup_module():
    activate_module('helpdesk')


def let_pass(time):
    "Move all that happened so far into the past"
    pool = Pool()
    History = pool.get('helpdesk.history')
    table = History.__table__()
    cursor = Transaction().connection.cursor()
    for row in History.search([]):
        until = row.until and row.until - time
        cursor.execute(*table.update(
                [table.at, table.until], [row.at - time, until],
                where=table.id == row.id))


@with_transaction()
def test_clocks():
    "E3: time on the agents' and on the customer's side is told apart"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    for do, hours in [
            (None, 1), (Ticket.open, 2), (Ticket.wait, 3),
            (Ticket.wait_third_party, 4), (Ticket.resolve, 5),
            (Ticket.open, 6)]:
        if do:
            do([Ticket(ticket.id)])
        let_pass(hours * HOUR)

    ticket = Ticket(ticket.id)
    second = dt.timedelta(seconds=30)
    for name, hours in [
            ('agent_time', 9), ('customer_time', 3), ('third_party_time', 4)]:
        time = getattr(ticket, name)
        assert hours * HOUR <= time <= hours * HOUR + second, name
    assert ticket.turn == 'agent'
    assert ticket.clocks == "▸ Agents 9:00 · Customer 3:00 · Third Party 4:00"
    passed = dt.datetime.now() - ticket.turn_since
    assert 6 * HOUR <= passed <= 6 * HOUR + second


@with_transaction()
def test_turn_since_first_state_of_the_side():
    "Whose turn it is counts from when it became theirs, not from the state"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    ticket = Helpdesk().make_ticket()
    let_pass(HOUR)
    Ticket.open([ticket])

    passed = dt.datetime.now() - Ticket(ticket.id).turn_since
    assert passed >= HOUR


@with_transaction()
def test_search_turn():
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ours = desk.make_ticket()
    theirs = desk.make_ticket(state='pending')

    assert Ticket.search([('turn', '=', 'agent')]) == [ours]
    assert Ticket.search([('turn', 'in', ['customer', 'nobody'])]) == [theirs]
    assert Ticket.search([('turn', '!=', 'customer')]) == [ours]


@with_transaction()
def test_clocks_of_many_tickets():
    "The clocks of many tickets cost as many statements as those of few"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(calendar=office())
    ids = [desk.make_ticket(state='open').id for _ in range(50)]
    names = ['agent_time', 'customer_open_time', 'turn_since', 'clocks']

    # What is looked up once is in the caches then
    Ticket.get_clocks(Ticket.browse(ids[:1]), names)
    for some in [ids[:1], ids]:
        with Statements() as statements:
            Ticket.used_times(some)
        assert statements.count == 1
        with Statements() as statements:
            Ticket.get_clocks(Ticket.browse(some), names)
        # Their states may be read, too
        assert statements.count <= 2


def at(day, time):
    "Return a time so many days after the Friday"
    return FRIDAY + dt.timedelta(days=day) + dt.timedelta(
        hours=int(time[:2]), minutes=int(time[3:]))


def make_calendar(spans, zone='UTC', holidays=()):
    "Make a calendar with hours such as (0, '09:00', '17:00')"
    pool = Pool()
    Calendar = pool.get('helpdesk.work_calendar')
    Day = pool.get('ir.calendar.day')
    days = {d.index: d.id for d in Day.search([])}
    calendar, = Calendar.create([{
                'name': "Office",
                'timezone': zone,
                'spans': [('create', [{
                                'day': days[day],
                                'start': dt.time.fromisoformat(start),
                                'end': dt.time.fromisoformat(end),
                                } for day, start, end in spans])],
                'holidays': [('create', [
                            {'date': d, 'name': "Holiday"}
                            for d in holidays])],
                }])
    return calendar


def office(zone='UTC', holidays=()):
    "Make a calendar from Monday to Friday from 9 to 17"
    return make_calendar(
        [(day, '09:00', '17:00') for day in range(5)], zone, holidays)


def tell(ticket, *states):
    "Let the history be of states, each with the time since when"
    pool = Pool()
    Calendar = pool.get('helpdesk.work_calendar')
    History = pool.get('helpdesk.history')
    Ticket = pool.get('helpdesk.ticket')
    cursor = Transaction().connection.cursor()
    table = History.__table__()
    cursor.execute(*table.delete(where=table.ticket == ticket.id))
    untils = [since for _, since in states[1:]] + [None]
    History.create([{
                'ticket': ticket.id,
                'what': 'state',
                'new': state,
                'at': since,
                'until': until,
                'actor': 'agent',
                'side': SIDES[state],
                } for (state, since), until in zip(states, untils)])
    table = Ticket.__table__()
    cursor.execute(*table.update(
            [table.state], [states[-1][0]], where=table.id == ticket.id))
    # They may be of another year than the tests
    Calendar.open_ahead()


def now(time):
    "Let it be that time for the clocks"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    return patch.object(Ticket, 'clock_now', return_value=time)


def in_sql(time):
    "Return what the database says instead of used_times"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    table = Ticket.__table__()
    times = {}
    cursor = Transaction().connection.cursor()
    with now(time):
        for side in ['agent', 'customer', 'third_party']:
            cursor.execute(*table.select(
                    table.id,
                    Ticket.clock_seconds(table, side).as_('real'),
                    Ticket.clock_seconds(table, side, True).as_('open')))
            for id_, *seconds in cursor:
                times.setdefault(id_, {})[side] = tuple(
                    dt.timedelta(seconds=int(s)) for s in seconds)
    return times


@with_transaction()
def test_opening_time():
    "E3: nights, weekends and holidays do not count in opening hours"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    calendar = office('Europe/Madrid', [dt.date(2026, 10, 26)])
    ticket = Helpdesk(calendar=calendar).make_ticket()
    # In Madrid 16:30, on Saturday, on Tuesday at 10:15 (no longer summer)
    tell(ticket,
        ('open', at(0, '14:30')), ('pending', at(1, '10:00')),
        ('third_party', at(4, '09:15')), ('open', at(4, '10:15')))

    with now(at(4, '12:00')):
        ticket = Ticket(ticket.id)
        assert ticket.agent_time == 21 * HOUR + 15 * MINUTE
        assert ticket.agent_open_time == 2 * HOUR + 15 * MINUTE
        assert ticket.customer_time == 71 * HOUR + 15 * MINUTE
        assert ticket.customer_open_time == HOUR + 15 * MINUTE
        assert ticket.third_party_time == ticket.third_party_open_time == HOUR
        assert ticket.turn_since == at(4, '10:15')
        assert ticket.turn_time == HOUR + 45 * MINUTE
        assert ticket.turn_open_time == HOUR + 45 * MINUTE
        assert ticket.clocks == (
            "▸ Agents 2:15 · Customer 1:15 · Third Party 1:00")
    assert in_sql(at(4, '12:00')) == Ticket.used_times(
        [ticket], at(4, '12:00'))


@with_transaction()
def test_until():
    "E3: clocks tell what they showed at some time"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(calendar=office())
    ticket, other = [desk.make_ticket() for _ in range(2)]
    tell(ticket, ('open', at(0, '08:00')), ('pending', at(0, '10:00')))
    tell(other, ('open', at(3, '08:00')))

    times = Ticket.used_times([ticket.id, other], at(0, '09:30'))
    none = (NONE, NONE)
    assert times == {
        ticket.id: {
            'agent': (1.5 * HOUR, HOUR / 2),
            'customer': none,
            'third_party': none,
            },
        other.id: {'agent': none, 'customer': none, 'third_party': none},
        }
    times = Ticket.used_times([ticket], at(0, '18:00'))[ticket.id]
    assert times['agent'] == (2 * HOUR, HOUR)
    assert times['customer'] == (8 * HOUR, 7 * HOUR)
    assert Ticket.used_times([]) == {}


@with_transaction()
def test_hours_of_the_present_section():
    "E3: the opening hours are those of the section that has the ticket"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(calendar=office())
    night = desk.make_section("Night")
    ticket = desk.make_ticket()
    tell(ticket, ('open', at(0, '16:00')))

    def opened():
        times = Ticket.used_times([ticket], at(0, '20:00'))
        assert in_sql(at(0, '20:00')) == times
        return times[ticket.id]['agent'][1]
    assert opened() == HOUR
    Ticket.write([ticket], {'section': night.id})
    assert opened() == 4 * HOUR


@with_transaction()
def test_hours_of_the_company():
    "E3: without hours of its own a section has those of the company"
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    tell(ticket, ('open', at(0, '16:00')))
    with Transaction().set_context(desk.context):
        configuration = Configuration(1)
        configuration.work_calendar = office()
        configuration.save()

    times = Ticket.used_times([ticket], at(0, '20:00'))
    assert times[ticket.id]['agent'] == (4 * HOUR, HOUR)
    assert in_sql(at(0, '20:00')) == times


@with_transaction()
def test_changed_hours():
    "E3: what is sorted follows the opening hours as they change"
    pool = Pool()
    Calendar = pool.get('helpdesk.work_calendar')
    Holiday = pool.get('helpdesk.work_calendar.holiday')
    Opening = pool.get('helpdesk.work_calendar.opening')
    Section = pool.get('helpdesk.section')
    Span = pool.get('helpdesk.work_calendar.span')
    Ticket = pool.get('helpdesk.ticket')
    calendar, other = make_calendar([(4, '09:00', '17:00')]), office()
    desk = Helpdesk(calendar=calendar)
    ticket = desk.make_ticket()
    tell(ticket, ('open', at(0, '00:00')))
    span, = calendar.spans
    holiday = dt.date(2026, 10, 23)

    def opened():
        times = Ticket.used_times([ticket], at(1, '00:00'))
        assert in_sql(at(1, '00:00')) == times
        return times[ticket.id]['agent'][1]
    assert opened() == 8 * HOUR
    Span.write([span], {'end': dt.time(13)})
    assert opened() == 4 * HOUR
    Calendar.write([calendar], {
            'holidays': [('create', [{'date': holiday, 'name': "Fair"}])]})
    assert opened() == NONE
    Holiday.delete(list(Holiday.search([('calendar', '=', calendar.id)])))
    assert opened() == 4 * HOUR
    Calendar.write([calendar], {'timezone': 'Pacific/Auckland'})
    Span.write([span], {
            'start': dt.time(12, 30),
            'end': dt.time(13, 30),
            })
    # In New Zealand it is 13:00 when Friday begins in UTC
    assert opened() == HOUR / 2
    Section.write([desk.section], {'calendar': other.id})
    assert opened() == 8 * HOUR
    Calendar.delete([calendar])
    assert not Opening.search([('calendar', '=', calendar.id)])


@with_transaction()
def test_openings_ahead():
    "E3: opening hours are worked out for long after the next time"
    pool = Pool()
    Calendar = pool.get('helpdesk.work_calendar')
    Opening = pool.get('helpdesk.work_calendar.opening')
    calendar = office()
    table = Opening.__table__()
    cursor = Transaction().connection.cursor()
    cursor.execute(*table.delete())
    Calendar.open_ahead()

    last, = Opening.search(
        [('calendar', '=', calendar.id)], order=[('end', 'DESC')], limit=1)
    end = dt.datetime(2000, 1, 1) + dt.timedelta(seconds=last.end)
    assert end > dt.datetime.now() + dt.timedelta(days=365)


@with_transaction()
def test_order():
    "E3: lists are sorted by both clocks, and by how long it is their turn"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(calendar=office())
    weekend, working, ended, waiting = [
        desk.make_ticket() for _ in range(4)]
    tell(weekend, ('open', at(1, '00:00')), ('pending', at(3, '00:00')))
    tell(working, ('open', at(0, '09:00')), ('resolved', at(0, '14:00')))
    tell(ended, ('open', at(0, '09:00')), ('pending', at(0, '10:00')),
        ('open', at(0, '16:00')), ('resolved', at(0, '18:00')))
    tell(waiting, ('open', at(3, '09:00')))

    def names(field, direction='ASC'):
        with now(at(3, '13:30')):
            user, context = desk.as_user(desk.agent)
            with user, context:
                return list(Ticket.search([], order=[(field, direction)]))
    assert names('agent_time') == [ended, waiting, working, weekend]
    assert names('agent_open_time') == [weekend, ended, waiting, working]
    assert names('agent_open_time', 'DESC') == [
        working, waiting, ended, weekend]
    assert names('customer_time', 'DESC')[:2] == [weekend, ended]
    assert names('customer_open_time', 'DESC')[:2] == [ended, weekend]
    assert names('turn_since') == [working, ended, weekend, waiting]
    assert names('turn_time') == [waiting, weekend, ended, working]


@with_transaction()
def test_search():
    "E3: tickets are found by how long it was whose turn"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(calendar=office())
    long, short = [desk.make_ticket() for _ in range(2)]
    tell(long, ('open', at(0, '09:00')))
    tell(short, ('open', at(0, '16:30')))

    with now(at(0, '19:00')):
        for clause, found in [
                (('agent_time', '>', 8 * HOUR), [long]),
                (('agent_time', '<=', 8 * HOUR), [short]),
                (('agent_open_time', '=', HOUR / 2), [short]),
                (('agent_open_time', 'in', [HOUR / 2, HOUR]), [short]),
                (('agent_open_time', '>=', 8 * HOUR), [long]),
                (('customer_time', '=', NONE), [long, short]),
                (('third_party_open_time', '!=', NONE), []),
                (('agent_time', '=', None), []),
                ]:
            assert list(Ticket.search(
                    [clause], order=[('id', 'ASC')])) == found, clause


@with_transaction()
def test_access():
    "SE12: nobody learns about tickets of other sections by their clocks"
    pool = Pool()
    Opening = pool.get('helpdesk.work_calendar.opening')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(calendar=office())
    secret = desk.make_section("Secret", visibility='private')
    ticket = desk.make_ticket(section=secret)
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert not Ticket.search(
            [('agent_time', '>=', NONE)], order=[('agent_time', 'ASC')])
        for read in [
                lambda: Ticket.read([ticket.id], ['clocks', 'agent_time']),
                lambda: Opening.search([])]:
            with pytest.raises(AccessError):
                read()


@with_transaction()
def test_form_and_list():
    "E3: clients write opening time in hours, never in days of 24"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    User = pool.get('res.user')
    names = ['agent_open_time', 'customer_open_time', 'agent_time']
    definitions = Ticket.fields_get(names)
    assert all(d['sortable'] and d['searchable']
        for d in definitions.values())
    desk = Helpdesk()
    user, context = desk.as_user(desk.agent)
    with user, context:
        preferences = User.get_preferences(context_only=True)
    for name in names[:2]:
        converter = preferences[definitions[name]['converter']]
        assert set(converter) == {'h', 'm', 's'}


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(sorted(SIDES)), st.integers(0, 6 * 24 * 60)),
    min_size=1, max_size=8, unique_by=lambda c: c[1])


def are_apart(spans):
    "Tell if no two spans overlap"
    taken = [
        minute % (7 * 24 * 60) for span in spans for minute in minutes(*span)]
    return len(taken) == len(set(taken))


def minutes(day, start, end):
    "Return the minutes of a span, since the beginning of the week"
    start, end = (
        day * 24 * 60 + int(t[:2]) * 60 + int(t[3:]) for t in [start, end])
    return range(start, end if end > start else end + 24 * 60)


SPANS = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.sampled_from(['00:00', '06:45', '08:30', '13:00', '22:00']),
        st.sampled_from(['00:00', '01:10', '09:00', '14:20', '23:30'])),
    max_size=6).filter(are_apart)
ZONES = st.sampled_from([
        'UTC', 'Europe/Madrid', 'America/New_York', 'Asia/Kathmandu',
        'Australia/Lord_Howe'])


def is_open(spans, zone, holidays, instant):
    "Tell if a clock on the wall shows a time within a span"
    wall = instant.replace(tzinfo=dt.timezone.utc).astimezone(ZoneInfo(zone))
    for day, start, end in spans:
        start, end = map(dt.time.fromisoformat, [start, end])
        here = wall.date() not in holidays
        if wall.weekday() == day:
            if start <= wall.time() and (wall.time() < end or end <= start):
                return here
        elif wall.weekday() == (day + 1) % 7 and end <= start:
            if wall.time() < end:
                return here
    return False


@with_transaction()
def test_minute_by_minute():
    "E3: clocks and lists agree with who counts minute by minute"
    desk = Helpdesk()

    @settings(max_examples=25, deadline=None)
    @given(CHANGES, SPANS, ZONES, st.integers(0, 7 * 24 * 60))
    def check(changes, spans, zone, last):
        _check_minute_by_minute(desk, changes, spans, zone, last)
    check()


def _check_minute_by_minute(desk, changes, spans, zone, last):
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Ticket = pool.get('helpdesk.ticket')
    ticket = desk.make_ticket()
    holiday = dt.date(2026, 10, 24)
    calendar = make_calendar(spans, zone, [holiday])
    Section.write([desk.section], {'calendar': calendar.id})
    changes = sorted(changes, key=lambda c: c[1])
    tell(ticket, *((s, FRIDAY + m * MINUTE) for s, m in changes))
    times = {s: [NONE, NONE] for s in ['agent', 'customer', 'third_party']}
    for minute in range(last):
        side = None
        for state, since in changes:
            if since <= minute:
                side = SIDES[state]
        if side in times:
            times[side][0] += MINUTE
            if is_open(spans, zone, {holiday}, FRIDAY + minute * MINUTE):
                times[side][1] += MINUTE
    until = FRIDAY + last * MINUTE
    expected = {s: tuple(t) for s, t in times.items()}
    assert Ticket.used_times([ticket], until)[ticket.id] == expected
    if changes[-1][1] <= last:
        # Lists know nothing of the future
        assert in_sql(until)[ticket.id] == expected
