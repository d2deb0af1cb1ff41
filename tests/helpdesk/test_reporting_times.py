# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import datetime as dt

import pytest
from sql import Null
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.times import MODULES, Clock, at, make_calendar
from tests.records import Helpdesk

HOUR = dt.timedelta(hours=1)
NONE = dt.timedelta()
FIRST_ANSWER = ['first_answer_time', 'first_answer_open_time']
SOLUTION = [
    f'{side}solution_{time}' for side in
    ['', 'agent_', 'customer_', 'third_party_']
    for time in ['time', 'open_time']]


def setup_module():
    activate_module('helpdesk')


def clock(now):
    return Clock(now, [
            *MODULES, 'helpdesk.clock', 'helpdesk.conversation',
            'helpdesk.workflow'])


def make_desk():
    desk = Helpdesk()
    desk.section.calendar = make_calendar()
    desk.section.save()
    return desk


def make_ticket(desk, created):
    "Make a ticket as if it were that time"
    pool = Pool()
    Calendar = pool.get('helpdesk.work_calendar')
    ticket = desk.make_ticket()
    table = ticket.__table__()
    Transaction().connection.cursor().execute(*table.update(
            [table.create_date], [created], where=table.id == ticket.id))
    # The hours of the year of the test
    Calendar.open_ahead()
    return ticket


def answer(ticket, now):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Conversation.create([{
                'ticket': ticket.id,
                'kind': 'email',
                'direction': 'out',
                'at': now,
                'body': "We are on it.",
                }])


def times(ticket, names):
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    ticket = Ticket(ticket.id)
    return [getattr(ticket, n) for n in names]


@with_transaction()
def test_stored():
    "X6: the times to the first answer and to the solution are stored"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    with clock(at(0, '15:00')) as now:
        ticket = make_ticket(desk, now.now)
        assert times(ticket, ['solved_at', *FIRST_ANSWER, *SOLUTION]) == (
            [None] * 11)
        # Overnight
        now.now = at(1, '10:00')
        answer(ticket, now.now)
        assert times(ticket, FIRST_ANSWER) == [19 * HOUR, 3 * HOUR]
        now.now = at(1, '11:00')
        Ticket.wait([Ticket(ticket.id)])
        now.now = at(1, '18:00')
        Ticket.wait_third_party([Ticket(ticket.id)])
        now.now = at(2, '10:00')
        Ticket.resolve([Ticket(ticket.id)])

        solved = [
            at(2, '10:00'),
            43 * HOUR, 11 * HOUR,
            20 * HOUR, 4 * HOUR,
            7 * HOUR, 6 * HOUR,
            16 * HOUR, 1 * HOUR]
        assert times(ticket, ['solved_at', *SOLUTION]) == solved
        # Nothing is done until it closes
        now.now = at(3, '10:00')
        Ticket.close([Ticket(ticket.id)])
        assert times(ticket, ['solved_at', *SOLUTION]) == solved
        assert times(ticket, FIRST_ANSWER) == [19 * HOUR, 3 * HOUR]


@with_transaction()
def test_reopened():
    "X6: what is opened again is not solved, and counts on"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    with clock(at(0, '09:00')) as now:
        ticket = make_ticket(desk, now.now)
        now.now = at(0, '10:00')
        Ticket.close([Ticket(ticket.id)])
        assert times(ticket, ['solved_at', 'solution_time']) == [
            at(0, '10:00'), HOUR]
        now.now = at(0, '12:00')
        Ticket.reopen([Ticket(ticket.id)])
        assert times(ticket, ['solved_at', *SOLUTION]) == [None] * 9
        now.now = at(0, '13:00')
        Ticket.resolve([Ticket(ticket.id)])
        assert times(ticket, ['solved_at', *SOLUTION[:4]]) == [
            at(0, '13:00'), 4 * HOUR, 4 * HOUR, 2 * HOUR, 2 * HOUR]


@with_transaction()
def test_filled():
    "X6: tickets that were there before get their times, once"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    names = ['solved_at', *FIRST_ANSWER, *SOLUTION]
    with clock(at(0, '09:00')) as now:
        tickets = [make_ticket(desk, now.now) for _ in range(3)]
        solved, answered, _ = tickets
        now.now = at(0, '11:00')
        answer(solved, now.now)
        answer(answered, now.now)
        now.now = at(0, '13:00')
        Ticket.resolve([Ticket(solved.id)])
        stored = [times(t, names) for t in tickets]
        assert stored[0][:4] == [
            at(0, '13:00'), 2 * HOUR, 2 * HOUR, 4 * HOUR]
        assert stored[2] == [None] * 11

        table = Ticket.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.update(
                [getattr(table, n) for n in names], [Null] * len(names)))
        Transaction().counter += 1
        for cache in Transaction().cache.values():
            cache.clear()
        assert times(solved, names) == [None] * 11
        now.now = at(1, '09:00')
        Ticket.fill_times()
        assert [times(t, names) for t in tickets] == stored
        with Statements() as statements:
            Ticket.fill_times()
        assert statements.count == 1, statements.kinds()


@with_transaction()
def test_nobody_else():
    "SE12: nobody writes the times of a ticket"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    user, context = desk.as_user(desk.agent)
    with user, context:
        for name in ['solved_at', 'solution_time']:
            value = at(0, '09:00') if name == 'solved_at' else HOUR
            with pytest.raises(AccessError):
                Ticket.write([Ticket(ticket.id)], {name: value})
        copy, = Ticket.copy([Ticket(ticket.id)])
        assert copy.solved_at is None


@with_transaction()
def test_statements():
    "The times of many tickets cost one statement"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()

    def resolved(count):
        tickets = [desk.make_ticket() for _ in range(count)]
        with Statements() as statements:
            Ticket.resolve(Ticket.browse(tickets))
        return statements.kinds()

    resolved(1)
    one, many = resolved(1), resolved(20)
    assert one.get('SELECT helpdesk_history') == many.get(
        'SELECT helpdesk_history'), (one, many)
