# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from collections import Counter

import pytest
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.assigning import (
    DAY, answer, come_back, create, enter, last_change, make, run_scheduler,
    who)
from tests.helpdesk.wizards import go_through


def setup_module():
    activate_module('helpdesk')


@with_transaction()
def test_by_hand():
    "D6: where assignment is by hand nobody gets a ticket by themselves"
    desk, _ = make('manual')
    tickets = create(desk, 3)
    run_scheduler()
    assert who(tickets) == [None] * 3
    ticket = answer(tickets[0])
    assert not ticket.employee


@with_transaction()
def test_equal():
    "D6: each member gets as many tickets, in a batch and one by one"
    desk, _ = make()
    assert who(create(desk, 4)) == ['a', 'b', 'c', 'a']
    assert who(create(desk, 1) + create(desk, 1)) == ['b', 'c']
    # What is closed or taken makes no difference
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    Ticket.close(Ticket.search([]))
    assert Counter(who(create(desk, 25))) == {'a': 9, 'b': 8, 'c': 8}


@with_transaction()
def test_balanced():
    "D6: each member has as many open tickets"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk, (a, b, c) = make('balanced')
    tickets = create(desk, 25, state='open')
    assert Counter(who(tickets)) == {'a': 9, 'b': 8, 'c': 8}
    Ticket.resolve([t for t in tickets if t.employee == b.employee][:5])
    assert Counter(who(create(desk, 5))) == {'b': 5}
    assert Counter(who(create(desk, 1, employee=b.employee.id))) == {'b': 1}
    # Other sections, and those that are over, do not count
    other = desk.make_section("Sales", members=[b.employee])
    create(desk, 9, section=other.id, employee=b.employee.id)
    create(desk, 9, state='closed', employee=c.employee.id)
    assert Counter(who(create(desk, 4))) == {'a': 1, 'b': 1, 'c': 2}


@with_transaction()
def test_balanced_takes_turns():
    "D6: where nobody has open tickets they do not all go to the first"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk, _ = make('balanced')
    got = []
    for _ in range(6):
        tickets = create(desk, 1)
        got += who(tickets)
        Ticket.close(tickets)
    assert got == ['a', 'b', 'c'] * 2


@pytest.mark.parametrize('assignment', ['equal', 'balanced'])
@with_transaction()
def test_limit(assignment):
    "D6: members can be limited; what is left waits"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk, _ = make(assignment, assignment_limit=2)
    tickets = create(desk, 8)
    names = who(tickets)
    assert names[6:] == [None, None]
    assert set(Counter(names[:6]).values()) == {2}
    run_scheduler()
    assert who(tickets) == names
    Ticket.close([tickets[1]])
    run_scheduler()
    assert who(tickets)[6:] == [names[1], None]


@with_transaction()
def test_only_those_who_may():
    "C7: only those get tickets who may be responsible and are employed"
    desk, (a, b, c, d) = make(logins='abcd')
    today = dt.date.today()
    desk.section.responsibles = [u.employee for u in [a, b, c]]
    desk.section.save()
    a.employee.end_date = today - DAY
    a.employee.save()
    b.employee.start_date = today + DAY
    b.employee.save()
    assert who(create(desk, 2)) == ['c', 'c']
    a.employee.end_date = today
    a.employee.save()
    b.employee.start_date = today
    b.employee.save()
    assert Counter(who(create(desk, 3))) == {'a': 1, 'b': 1, 'c': 1}


@with_transaction()
def test_absent_get_none():
    "D6: an absent employee gets none, and does not catch up"
    desk, (a, b, c) = make()
    assert who(create(desk, 3)) == ['a', 'b', 'c']
    absence = enter(b, a)
    assert Counter(who(create(desk, 10))) == {'a': 5, 'c': 5}
    come_back(absence)
    assert Counter(who(create(desk, 9))) == {'a': 3, 'b': 3, 'c': 3}


@with_transaction()
def test_present():
    "D6: who is there is known for any number of sections in one statement"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    desk, (a, b, c) = make()
    sections = [
        desk.make_section(f"Section {i}", members=[a.employee, b.employee])
        for i in range(5)]
    empty = desk.make_section("Empty")
    enter(b)
    ids = [s.id for s in [desk.section, *sections, empty]]
    Section.present(ids)
    with Statements() as statements:
        present = Section.present(ids)
    assert statements.count == 1
    assert present == {
        desk.section.id: [a.employee.id, c.employee.id],
        **{s.id: [a.employee.id] for s in sections},
        empty.id: [],
        }


@with_transaction()
def test_chosen_wins():
    "D6: whom somebody chose is responsible, also if absent"
    desk, (a, b, c) = make()
    enter(b)
    assert who(create(desk, 2, employee=b.employee.id)) == ['b', 'b']
    assert who(create(desk, 2, employee=None)) == ['a', 'c']


@pytest.mark.parametrize('assignment, fallback', [
        ('equal', 'a'), ('manual', None)])
@with_transaction()
def test_default_responsible(assignment, fallback):
    "C8: the default responsible wins if present, else who stands in"
    desk, (a, b, c) = make(assignment)
    desk.section.ticket_employee = b.employee
    desk.section.save()
    assert who(create(desk, 2)) == ['b', 'b']
    absence = enter(b, c)
    assert who(create(desk, 2)) == ['c', 'c']
    # Who stands in may not be responsible here
    absence.substitute = desk.agent.employee
    absence.save()
    assert who(create(desk, 1)) == [fallback]


@with_transaction()
def test_over_is_not_assigned():
    "D6: tickets that are over already need nobody"
    desk, _ = make()
    assert who(create(desk, 1, state='closed')) == [None]
    run_scheduler()
    assert not any(who(Pool().get('helpdesk.ticket').search([])))


@with_transaction()
def test_agent_of_another_section():
    "D6: who may not assign tickets makes some that are assigned"
    desk, (a, b, c) = make()
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert who(create(desk, 2)) == ['a', 'b']
        with pytest.raises(AccessError):
            create(desk, 1, employee=b.employee.id)
    desk.section.assignment = 'manual'
    desk.section.save()
    # The network can not pretend that it was dealt
    with Transaction().set_user(desk.agent.id), Transaction().set_context(
            company=desk.company.id, _check_access=True):
        with pytest.raises(AccessError):
            create(desk, 1, employee=b.employee.id)


@with_transaction()
def test_history():
    "D6: the history tells what was assigned automatically"
    desk, (a, b, c) = make()
    automatic, = create(desk, 1)
    chosen, = create(desk, 1, employee=a.employee.id)
    assert last_change(automatic).reason == 'dealt'
    assert last_change(chosen).reason is None


@with_transaction()
def test_nobody_there():
    "D6: tickets wait until somebody is there, then urgent ones come first"
    desk, (a, b, c) = make()
    absences = [enter(u) for u in [a, b, c]]
    tickets = create(desk, 4) + create(desk, 1, priority='urgent')
    run_scheduler()
    assert who(tickets) == [None] * 5
    come_back(absences[2])
    desk.section.assignment_limit = 2
    desk.section.save()
    run_scheduler()
    assert who(tickets) == ['c', None, None, None, 'c']
    row = last_change(tickets[0])
    assert (row.actor, row.reason) == ('system', 'dealt')
    come_back(absences[0])
    run_scheduler()
    assert who(tickets) == ['c', 'a', 'a', None, 'c']


@with_transaction()
def test_given_back():
    "A5: who gives a ticket back does not get it again"
    desk, (a, b, c) = make()
    ticket, = create(desk, 1)
    assert who([ticket]) == ['a']
    go_through(
        desk, 'helpdesk.ticket.assign', [ticket], 'assign', user=a,
        employee=None)
    assert who([ticket]) == [None]
    absences = [enter(b), enter(c)]
    run_scheduler()
    assert who([ticket]) == [None]
    come_back(absences[1])
    run_scheduler()
    assert who([ticket]) == ['c']


@with_transaction()
def test_moved():
    "A6: a ticket that comes into a section is assigned there"
    desk, (a, b, c) = make()
    other = desk.make_section("Sales", members=[desk.agent.employee])
    tickets = create(desk, 3, section=other.id)
    kept = create(desk, 1, section=other.id, employee=desk.agent.employee.id)
    go_through(
        desk, 'helpdesk.ticket.move', [*tickets, *kept], 'move',
        user=desk.manager, section=str(desk.section.id))
    assert who(tickets) == ['a', 'b', 'c']
    assert who(kept) == ['a']
    assert last_change(tickets[0]).reason == 'dealt'
    assert last_change(kept[0]).reason == 'section'
    # As the form does it, by who works in the old section only
    ticket, = create(desk, 1, section=other.id)
    user, context = desk.as_user(desk.agent)
    with user, context:
        ticket.section = desk.section
        ticket.save()
    assert who([ticket]) == ['b']


@with_transaction()
def test_members_who_leave():
    "AG6: the tickets of who leaves go to the others"
    desk, (a, b, c) = make()
    tickets = create(desk, 6)
    desk.section.members = [a.employee, b.employee]
    desk.section.save()
    assert Counter(who(tickets)) == {'a': 3, 'b': 3}
    a.employee.end_date = dt.date.today() - DAY
    a.employee.save()
    assert Counter(who(tickets)) == {'b': 6}
    assert {last_change(t).reason for t in tickets} == {
        'dealt', 'section', 'left'}


@with_transaction()
def test_reopened_after_who_left():
    "AG6: what comes back to who has left meanwhile goes to the others"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk, (a, b, c) = make(reopen_within=DAY)
    tickets = create(desk, 9)
    closed, resolved, pressed = [
        [t for t in tickets if t.employee == e.employee] for e in (a, b, c)]
    Ticket.open(tickets)
    Ticket.resolve(resolved)
    Ticket.close([*closed, *pressed])
    for user in [a, b, c]:
        user.employee.end_date = dt.date.today() - DAY
    Employee = pool.get('company.employee')
    Employee.save([u.employee for u in [a, b, c]])
    hired = desk.make_user('d', [desk.section])
    for ticket in [*closed, *resolved]:
        answer(ticket)
    Ticket.reopen([Ticket(t.id) for t in pressed])
    assert who(pressed) == [None] * 3
    run_scheduler()
    for ticket in Ticket.browse(tickets):
        assert ticket.state == 'open'
        assert ticket.employee == hired.employee


@with_transaction()
def test_answer_while_absent():
    "AG6: a customer's answer brings the ticket of an absent to who stands in"
    desk, (a, b, c) = make('manual')
    for state in ['open', 'pending', 'resolved']:
        ticket, = create(desk, 1, employee=a.employee.id, state=state)
        absence = enter(a, b)
        ticket = answer(ticket)
        assert (ticket.state, who([ticket])) == ('open', ['b'])
        row = last_change(ticket)
        assert (row.reason, row.actor) == ('absent', 'system')
        come_back(absence)
        absence.__class__.delete([absence])


@pytest.mark.parametrize('assignment, expected', [
        ('equal', 'b'), ('manual', None)])
@with_transaction()
def test_answer_goes_back_to_the_section(assignment, expected):
    "AG6: without somebody to stand in the ticket goes back to the section"
    desk, (a, b) = make(assignment, 'ab')
    # The agent is no member here
    for substitute in [None, desk.agent]:
        ticket, = create(desk, 1, employee=a.employee.id, state='pending')
        absence = enter(a, substitute)
        ticket = answer(ticket)
        assert who([ticket]) == [expected]
        assert last_change(ticket).reason == 'absent'
        absence.__class__.delete([absence])


@with_transaction()
def test_answer_where_nobody_is_responsible():
    "D6: a ticket that an answer opens again is assigned"
    desk, (a, b, c) = make('manual')
    ticket, = create(desk, 1, state='resolved')
    desk.section.assignment = 'equal'
    desk.section.save()
    assert who([answer(ticket)]) == ['a']


@with_transaction()
def test_told_who_gets_it(monkeypatch):
    "AG5: who gets the ticket of an absent is told of it"
    pool = Pool()
    Notice = pool.get('helpdesk.notice')
    desk, (a, b, c) = make('manual')
    ticket, = create(desk, 1, employee=a.employee.id)
    enter(a, b)
    told = []
    monkeypatch.setattr(Notice, 'tell', lambda events: told.extend(
            (event, {user for _, user, _ in Notice.interested(event, ids)})
            for event, ids in events if ids))
    answer(ticket)
    assert told == [('assigned', {b.id}), ('answered', {b.id})]


@with_transaction()
def test_hand_over():
    "AG5: who leaves hands the open tickets over"
    desk, (a, b, c) = make('manual')
    other = desk.make_section("Sales", members=[a.employee])
    tickets = create(desk, 2, employee=a.employee.id)
    tickets += create(desk, 1, employee=a.employee.id, section=other.id)
    tickets += create(desk, 1, employee=a.employee.id, state='closed')
    tickets += create(desk, 1, employee=c.employee.id)
    absence = enter(a, b)
    user, context = desk.as_user(a)
    with user, context:
        absence.__class__.hand_over([absence])
    assert who(tickets) == ['b', 'b', None, 'a', 'c']
    assert last_change(tickets[0]).reason == 'absent'
    assert last_change(tickets[2]).reason == 'absent'
