# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import datetime as dt
from unittest.mock import patch

import pytest
from trytond import backend
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.test_service_level import make_level
from tests.helpdesk.times import Clock, at, make_calendar
from tests.records import Helpdesk

HOUR = dt.timedelta(hours=1)


def setup_module():
    activate_module('helpdesk')


def fresh(ticket):
    return ticket.__class__(ticket.id)


def make_desk(**values):
    "Make a helpdesk that works from nine to five on weekdays, in UTC"
    return Helpdesk(calendar=make_calendar(**values))


def say(ticket, direction, at, **values):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Conversation.create([{
                'ticket': ticket.id, 'kind': 'email', 'direction': direction,
                'body': "Hello", 'at': at, **values}])


@with_transaction()
def test_deadline_in_opening_hours():
    "C10: a deadline of 24 hours is 24 opening hours"
    desk = make_desk()
    desk.section.ticket_deadline = 24 * HOUR
    desk.section.save()
    with Clock(at(4, '12:00')):
        ticket = desk.make_ticket()
    assert ticket.deadline == ticket.due == at(9, '12:00')


@with_transaction()
def test_deadline_is_due():
    "B2: without service levels a ticket is due at its deadline"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    with Clock(at(0, '12:00')) as clock:
        ticket = desk.make_ticket(state='open', deadline=at(1, '12:00'))
        assert ticket.due == at(1, '12:00')
        Ticket.write([ticket], {'deadline': at(0, '18:00')})
        assert fresh(ticket).due == at(0, '18:00')
        Ticket.wait([ticket])
        assert fresh(ticket).due == at(0, '18:00')
        clock.now = at(0, '19:00')
        assert fresh(ticket).is_overdue
        assert Ticket.search([('is_overdue', '=', True)]) == [ticket]
        assert desk.section.__class__(desk.section.id).overdue_tickets == 1
        Ticket.resolve([ticket])
        assert not fresh(ticket).due
        assert not Ticket.search([('is_overdue', '=', True)])
        Ticket.open([ticket])
        assert fresh(ticket).due == at(0, '18:00')


@with_transaction()
def test_promises_in_lists():
    "X4: lists can show whether promises were kept, so clients search by it"
    pool = Pool()
    ModelData = pool.get('ir.model.data')
    Ticket = pool.get('helpdesk.ticket')
    view = Ticket.fields_view_get(
        ModelData.get_id('helpdesk', 'ticket_view_list'), 'tree')
    assert {'first_answer_met', 'solution_met'} <= view['fields'].keys()


@with_transaction()
def test_life_of_a_ticket():
    "X4: first answer and solution in opening hours, paused for the customer"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk(holidays=[(at(8, '00:00').date(), "Festival")])
    make_level(desk, "Gold", first_answer=2 * HOUR, solution=8 * HOUR)
    with Clock(at(4, '16:00')) as clock:
        ticket = desk.make_ticket()
        assert ticket.first_answer_due == at(7, '10:00')
        assert ticket.solution_due == at(7, '16:00')
        assert ticket.due == at(7, '10:00')

        clock.now = at(4, '17:30')
        say(ticket, 'out', at(4, '17:30'))
        ticket = fresh(ticket)
        assert ticket.state == 'open' and not ticket.first_answer_due
        assert ticket.first_answer_met == 'met'
        assert ticket.due == ticket.solution_due == at(7, '16:00')

        Ticket.wait([ticket])
        ticket = fresh(ticket)
        assert not ticket.solution_due and not ticket.due
        assert ticket.solution_left == 7 * HOUR

        # An answer on Monday afternoon, a holiday on Tuesday
        clock.now = at(7, '16:00')
        say(ticket, 'in', clock.now)
        ticket = fresh(ticket)
        assert ticket.state == 'open' and not ticket.solution_left
        assert ticket.solution_due == ticket.due == at(9, '15:00')


@with_transaction()
def test_results():
    "X4: a ticket keeps by how much it was late; reopened, its clock goes on"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    make_level(desk, "Gold", first_answer=HOUR, solution=8 * HOUR)
    with Clock(at(0, '09:00')) as clock:
        ticket = desk.make_ticket(state='open')
        clock.now = at(0, '12:00')
        say(ticket, 'out', clock.now)
        assert fresh(ticket).first_answer_met == 'missed'
        assert fresh(ticket).first_answer_late == 2 * HOUR

        clock.now = at(1, '10:00')
        Ticket.resolve([ticket])
        assert fresh(ticket).solution_met == 'missed'
        assert fresh(ticket).solution_late == HOUR
        assert not fresh(ticket).due

        # The time in which it was resolved does not count
        clock.now = at(3, '10:00')
        Ticket.open([ticket])
        ticket = fresh(ticket)
        assert not ticket.solution_met and not ticket.solution_late
        assert ticket.solution_due == at(0, '17:00')
        assert ticket.first_answer_met == 'missed'
        clock.now = at(3, '11:00')
        Ticket.close([ticket])
        assert fresh(ticket).solution_late == 2 * HOUR


@with_transaction()
def test_machines_change_no_clock():
    "ML12: who is out of office neither answers nor stops the clock"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    make_level(desk, "Gold", first_answer=2 * HOUR, solution=8 * HOUR)
    with Clock(at(0, '10:00')) as clock:
        ticket = desk.make_ticket(state='open')
        names = ['due', 'first_answer_due', 'solution_due', 'solution_left']
        before = [getattr(ticket, n) for n in names]
        clock.now = at(0, '11:00')
        with patch.object(Conversation, 'is_automatic', return_value=True):
            for direction in ['in', 'out']:
                say(ticket, direction, clock.now)
        assert [getattr(fresh(ticket), n) for n in names] == before

        Ticket.wait([ticket])
        clock.now = at(0, '12:00')
        with patch.object(Conversation, 'is_automatic', return_value=True):
            say(ticket, 'in', clock.now)
        assert fresh(ticket).state == 'pending'
        assert fresh(ticket).solution_left == 7 * HOUR


@with_transaction()
def test_priority_changes():
    "X4: with another priority another level fits, and what passed counts"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    make_level(desk, "Normal", solution=16 * HOUR)
    urgent = make_level(desk, "Urgent", priority='urgent', solution=4 * HOUR)
    with Clock(at(0, '15:00')) as clock:
        ticket = desk.make_ticket(state='open')
        assert ticket.due == at(2, '15:00')
        clock.now = at(1, '10:00')
        Ticket.write([ticket], {'priority': 'urgent'})
        assert fresh(ticket).service_level == urgent
        assert fresh(ticket).due == at(1, '11:00')


@with_transaction()
def test_moves_to_another_zone():
    "AG1: what one section took counts in its hours, the rest in the other's"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    mexico = desk.make_section(
        "Mexico", calendar=make_calendar(zone='America/Mexico_City'))
    make_level(desk, "All", solution=8 * HOUR)
    with Clock(at(0, '11:00')) as clock:
        ticket = desk.make_ticket(state='open')
        clock.now = at(0, '17:00')
        Ticket.write([ticket], {'section': mexico.id})
        # Eleven in the morning there: two hours are left
        assert fresh(ticket).due == at(0, '19:00')
        clock.now = at(0, '18:00')
        Ticket.wait([ticket])
        assert fresh(ticket).solution_left == HOUR
        assert Ticket._tell([(fresh(ticket), ticket._facts())]) == {}


@with_transaction()
def test_hours_change():
    "X4: with other opening hours open tickets are due at other times"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    desk = make_desk()
    make_level(desk, "All", solution=8 * HOUR)
    with Clock(at(0, '12:00')):
        ticket = desk.make_ticket(state='open')
        elsewhere = desk.make_ticket(
            section=desk.make_section("Night"), state='open')
        assert ticket.due == at(1, '12:00')
        desk.section.calendar = make_calendar(
            holidays=[(at(1, '00:00').date(), "Festival")])
        desk.section.save()
        Section.renew_dues([desk.section])
        assert fresh(ticket).due == at(2, '12:00')
        assert fresh(elsewhere).due == at(0, '20:00')


@with_transaction()
def test_hours_changed_is_queued():
    pool = Pool()
    Queue = pool.get('ir.queue')
    Section = pool.get('helpdesk.section')
    desk = make_desk()
    before = Queue.search([], count=True)
    Section.hours_changed([desk.section.id])
    assert Queue.search([], count=True) == before + 1


@with_transaction()
def test_nobody_else_tells():
    "What was promised, and what became of it, is not for users to write"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    level = make_level(desk, "All", solution=8 * HOUR)
    other = make_level(desk, "Urgent", priority='urgent')
    ticket = desk.make_ticket(state='open')
    user, context = desk.as_user(desk.agent)
    with user, context:
        for name, value in [
                ('service_level', other.id), ('due', None),
                ('solution_due', at(900, '12:00')), ('solution_met', 'met')]:
            with pytest.raises(AccessError):
                Ticket.write([ticket], {name: value})
        # But whoever may change the rest has it told anew
        Ticket.write([Ticket(ticket.id)], {'priority': 'urgent'})
        assert Ticket(ticket.id).service_level == other
        made, = Ticket.create([{
                    'subject': "Help", 'company': desk.company.id,
                    'section': desk.section.id}])
        assert made.service_level == level and made.solution_due


@with_transaction()
def test_copy():
    "A copy is promised anew"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    make_level(desk, "All", first_answer=HOUR, solution=8 * HOUR)
    with Clock(at(0, '09:00')) as clock:
        ticket = desk.make_ticket(state='open')
        clock.now = at(1, '12:00')
        say(ticket, 'out', clock.now)
        Ticket.resolve([ticket])
        copy, = Ticket.copy([ticket], {'state': 'draft'})
        assert copy.first_answer_due == copy.due == at(1, '13:00')
        assert not copy.first_answer_met and not copy.solution_late


@with_transaction()
def test_due_is_filled():
    "Databases in use are due at the deadlines they had"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    open_ = desk.make_ticket(deadline=at(0, '12:00'))
    resolved = desk.make_ticket(deadline=at(0, '12:00'), state='resolved')
    if backend.name == 'sqlite':
        # It cannot drop a column that an index is on
        return
    cursor = Transaction().connection.cursor()
    cursor.execute('ALTER TABLE helpdesk_ticket DROP COLUMN due')
    Ticket.__register__('helpdesk')
    assert fresh(open_).due == at(0, '12:00')
    assert not fresh(resolved).due


def statements_of_create(desk, count):
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    vlist = [{
            'subject': f"Ticket {i}", 'company': desk.company.id,
            'section': desk.section.id} for i in range(count)]
    with Transaction().set_context(desk.context):
        Ticket.set_numbers(vlist)
        with Statements() as statements:
            Ticket.create(vlist)
    return statements.count


@with_transaction()
def test_statements_of_create():
    "X11: what is promised costs no statement for a ticket"
    desk = make_desk()
    statements_of_create(desk, 1)
    without = [statements_of_create(desk, n) for n in [5, 25]]
    make_level(desk, "All", first_answer=HOUR, solution=8 * HOUR)
    statements_of_create(desk, 1)
    few, many = [statements_of_create(desk, n) for n in [5, 25]]
    assert many - few <= without[1] - without[0] + 2
    assert few <= without[0] + 5


@with_transaction()
def test_statements_of_write():
    "X11: however many tickets change, one query counts for all"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    make_level(desk, "All", first_answer=HOUR, solution=8 * HOUR)
    with Clock(at(0, '09:00')) as clock:
        tickets = [desk.make_ticket(state='open') for _ in range(30)]
        clock.now = at(0, '10:00')
        counts = []
        for some in [tickets[:1], tickets[1:6], tickets[6:]]:
            some = Ticket.browse([t.id for t in some])
            with Statements() as statements:
                Ticket.wait(some)
            counts.append(statements.kinds()['SELECT helpdesk_history'])
        assert len(set(counts)) == 1
        with Statements() as statements:
            Ticket.write(tickets, {'subject': "Another"})
        assert 'SELECT helpdesk_history' not in statements.kinds()
