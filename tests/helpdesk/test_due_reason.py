# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import datetime as dt

import pytest
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk.test_service import make_desk, say
from tests.helpdesk.test_service_level import make_level
from tests.helpdesk.times import Clock, at
from tests.records import Helpdesk

HOUR = dt.timedelta(hours=1)


def setup_module():
    activate_module('helpdesk')


def ask(desk, ticket, user=None):
    "Return what the wizard shows"
    pool = Pool()
    Wizard = pool.get('helpdesk.ticket.due_reason', type='wizard')
    user, context = desk.as_user(user or desk.agent)
    with user, context, Transaction().set_context(
            active_model='helpdesk.ticket', active_id=ticket.id,
            active_ids=[ticket.id], _check_access=False):
        session_id, start, _ = Wizard.create()
        defaults = Wizard.execute(session_id, {}, start)['view']['defaults']
        Wizard.delete(session_id)
    return defaults


@with_transaction()
def test_reason():
    "AG2: a due date tells what counted, and which holiday it skipped"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk(
        zone='Europe/Madrid',
        holidays=[(at(8, '00:00').date(), "La Almudena")])
    make_level(desk, "Gold", first_answer=2 * HOUR, solution=8 * HOUR)
    # Four in the afternoon in Madrid
    with Clock(at(4, '15:00')) as clock:
        ticket = desk.make_ticket(state='open')
        clock.now = at(4, '15:30')
        say(ticket, 'out', clock.now)
        Ticket.wait([ticket])
        clock.now = at(7, '09:00')
        Ticket.open([ticket])
        reason = ask(desk, ticket)

    assert reason['service_level'] == "Gold"
    assert "any ticket" in reason['service_level_reason']
    assert reason['timezone'] == 'Europe/Madrid'
    assert reason['first_answer'] == "Met: 0:30 of 2:00 used."
    assert reason['solution'].replace('\xa0', ' ') == (
        "8:00 of 8:00 used by then: due on 11/11/2026 09:30.")
    assert [
        (d['date'].day, d['counted'], d['total'], d['note'])
        for d in reason['solution_days']] == [
        (6, HOUR / 2, HOUR / 2, "Paused, Customer: 0:30"),
        (7, 0 * HOUR, HOUR / 2, "Closed"),
        (8, 0 * HOUR, HOUR / 2, "Closed"),
        (9, 7 * HOUR, 7.5 * HOUR, "Paused, Customer: 1:00"),
        (10, 0 * HOUR, 7.5 * HOUR, "Holiday: La Almudena"),
        (11, HOUR / 2, 8 * HOUR, ''),
        ]
    assert reason['solution_days'][0]['closed'] == 7 * HOUR
    assert [d['counted'] for d in reason['first_answer_days']] == [HOUR / 2]


@with_transaction()
def test_reason_of_what_is_not_due():
    "AG2: what is paused, missed or no longer owed is told as well"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    make_level(desk, "Gold", first_answer=4 * HOUR, solution=4 * HOUR)
    with Clock(at(0, '09:00')) as clock:
        ticket = desk.make_ticket(state='open')
        clock.now = at(0, '10:00')
        Ticket.wait([ticket])
        reason = ask(desk, ticket)
        assert reason['solution'] == "Paused: 1:00 of 4:00 used, 3:00 left."
        Ticket.resolve([ticket])
        reason = ask(desk, ticket)
        assert reason['solution'] == "Met: 1:00 of 4:00 used."
        assert reason['first_answer'] == (
            "No longer owed: 1:00 of 4:00 used.")
        Ticket.open([ticket])
        clock.now = at(1, '09:30')
        Ticket.resolve([ticket])
        clock.now = at(4, '09:30')
        reason = ask(desk, ticket)
        assert reason['solution'] == (
            "Missed by 4:30: 8:30 used instead of 4:00.")
        assert len(reason['solution_days']) == 2


@with_transaction()
def test_reason_of_first_answer_only():
    desk = make_desk()
    make_level(desk, "Gold", first_answer=4 * HOUR)
    ticket = desk.make_ticket(state='open')
    reason = ask(desk, ticket)
    assert reason['first_answer'] and 'solution' not in reason


@with_transaction()
def test_deadline():
    "AG2, B2: the deadline that somebody chose stands beside what was promised"
    desk = make_desk(zone='Europe/Madrid')
    make_level(desk, "Gold", solution=8 * HOUR)
    ticket = desk.make_ticket(state='open')
    assert ask(desk, ticket)['deadline'] is None
    ticket.deadline = at(4, '15:00')
    ticket.save()
    deadline = ask(desk, ticket)['deadline']
    assert deadline.replace('\xa0', ' ') == '11/06/2026 16:00'


@with_transaction()
def test_around_the_clock():
    "Where there are no opening hours, the days are those of the company"
    desk = Helpdesk()
    desk.company.timezone = 'America/Mexico_City'
    desk.company.save()
    make_level(desk, "Gold", solution=24 * HOUR)
    with Clock(at(0, '05:00')):
        ticket = desk.make_ticket(state='open')
        reason = ask(desk, ticket)
    assert reason['timezone'] == 'America/Mexico_City'
    assert [d['counted'] for d in reason['solution_days']] == [
        HOUR, 23 * HOUR]


@with_transaction()
def test_access():
    "SE12: who does not see the ticket does not learn why it is due"
    desk = make_desk()
    board = desk.make_section("Board", visibility='private')
    make_level(desk, "Gold", first_answer=4 * HOUR)
    ticket = desk.make_ticket(section=board)
    with pytest.raises(AccessError):
        ask(desk, ticket)
