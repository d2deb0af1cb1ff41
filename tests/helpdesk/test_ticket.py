# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import datetime as dt

import pytest
from trytond.model.exceptions import (
    AccessButtonError, AccessError, RequiredValidationError, ValidationError)
from trytond.pool import Pool
from trytond.pyson import PYSONDecoder, PYSONEncoder
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.records import Helpdesk

STATES = [
    'draft', 'open', 'pending', 'authorization', 'third_party', 'resolved',
    'closed']
# What each button does from each state; what is missing is refused
TRANSITIONS = {
    'open': {
        'draft': 'open', 'pending': 'open', 'authorization': 'open',
        'third_party': 'open', 'resolved': 'open'},
    'wait': {'open': 'pending', 'third_party': 'pending'},
    'authorize': {'open': 'authorization'},
    'wait_third_party': {'open': 'third_party', 'pending': 'third_party'},
    'resolve': {
        'open': 'resolved', 'pending': 'resolved', 'third_party': 'resolved'},
    'close': {
        'draft': 'closed', 'open': 'closed', 'pending': 'closed',
        'authorization': 'closed', 'third_party': 'closed',
        'resolved': 'closed'},
    'reopen': {'closed': 'open'},
    }


def setup_module():
    activate_module('helpdesk')


@with_transaction()
def test_number():
    "B3: saving a ticket gives it the next number of its company"
    desk = Helpdesk()
    first, second = desk.make_ticket(), desk.make_ticket()

    assert int(second.number) == int(first.number) + 1
    assert first.rec_name == f"#{first.number} The printer is on fire"


@with_transaction()
def test_sequence_of_company():
    "The number comes from the sequence that the company has set"
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    Sequence = pool.get('ir.sequence')
    ModelData = pool.get('ir.model.data')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        sequence = Sequence(
            name="Ours", prefix='T-', company=desk.company,
            sequence_type=ModelData.get_id(
                'helpdesk', 'sequence_type_ticket'))
        sequence.save()
        configuration = Configuration(1)
        configuration.ticket_sequence = sequence
        configuration.save()

    assert desk.make_ticket().number == 'T-1'


@with_transaction()
def test_search_by_number_and_subject():
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket(subject="Smoke")
    desk.make_ticket()

    for words in [f'#{ticket.number}', ticket.number, "%smok%"]:
        assert Ticket.search([('rec_name', 'ilike', words)]) == [ticket]


@with_transaction()
def test_transitions():
    "A2, E2: each button moves the ticket, or is refused, as designed"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    for button, targets in TRANSITIONS.items():
        for state in STATES:
            ticket = desk.make_ticket(state=state)
            user, context = desk.as_user(desk.manager)
            with user, context:
                if state in targets:
                    getattr(Ticket, button)([Ticket(ticket.id)])
                else:
                    with pytest.raises(AccessButtonError):
                        getattr(Ticket, button)([Ticket(ticket.id)])

            assert Ticket(ticket.id).state == targets.get(state, state), (
                button, state)


@with_transaction()
def test_only_managers_reopen():
    "Design: closed goes to open for managers only"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket(state='closed')
    user, context = desk.as_user(desk.agent)
    with user, context:
        for button in [Ticket.reopen, Ticket.open]:
            with pytest.raises((AccessError, AccessButtonError)):
                button([Ticket(ticket.id)])

    assert Ticket(ticket.id).state == 'closed'


@with_transaction()
def test_history():
    "A2: the history notes each change of state and responsible: who, when"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.take([Ticket(ticket.id)])
        Ticket.wait([Ticket(ticket.id)])

    history = list(Ticket(ticket.id).history)
    assert [(h.what, h.old_name, h.new_name, h.who)
        for h in reversed(history)] == [
            ('state', '', "Draft", "Administrator"),
            ('employee', '', "Agent", "Agent"),
            ('state', "Draft", "In Process", "Agent"),
            ('state', "In Process", "Waiting for Customer", "Agent"),
            ]
    assert {h.user for h in history[:3]} == {desk.agent}
    in_force = [h for h in history if not h.until]
    assert {(h.what, h.new_name) for h in in_force} == {
        ('employee', "Agent"), ('state', "Waiting for Customer")}
    assert in_force[0].side == 'customer'
    assert in_force[0].duration < dt.timedelta(minutes=1)


@with_transaction()
def test_history_cannot_be_changed():
    pool = Pool()
    History = pool.get('helpdesk.history')
    desk = Helpdesk()
    row, = desk.make_ticket().history

    with pytest.raises((AccessError, AccessButtonError)):
        History.write([row], {'new': 'closed'})
    user, context = desk.as_user(desk.manager)
    with user, context:
        with pytest.raises((AccessError, AccessButtonError)):
            History.delete([History(row.id)])
        with pytest.raises((AccessError, AccessButtonError)):
            History.create([{
                        'ticket': row.ticket.id, 'what': 'state',
                        'at': row.at, 'actor': 'agent'}])


@with_transaction()
def test_closed_by():
    "B14: closed by the team and closed by the customer are told apart"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ours, theirs = desk.make_ticket(), desk.make_ticket()
    Ticket.close([ours])
    with Transaction().set_context(helpdesk_actor='customer'):
        Ticket.close([theirs])

    assert (ours.closed_by, theirs.closed_by) == ('team', 'customer')
    assert ours.closed_at


@with_transaction()
def test_section_is_required():
    "E1: no ticket without the section that works on it"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    with pytest.raises(RequiredValidationError):
        Ticket.create([{
                    'subject': "Nobody's", 'company': desk.company.id,
                    'section': None}])


@with_transaction()
def test_resolved_on():
    "E6: the ticket tells when it was resolved, as long as it is"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    ticket = Helpdesk().make_ticket(state='open')
    Ticket.resolve([ticket])
    assert dt.datetime.now() - ticket.resolved_at < dt.timedelta(minutes=1)
    Ticket.open([ticket])
    assert Ticket(ticket.id).resolved_at is None


@with_transaction()
def test_colours():
    "C6: in lists the unread stand out, then the overdue; the rest is calm"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    visual, = (
        attribute[2] for attribute in Ticket.view_attributes()
        if attribute[:2] == ('/tree', 'visual'))
    for values, colour in [
            ({'state': 'open', 'unread': True, 'is_overdue': True},
                'warning'),
            ({'state': 'open', 'is_overdue': True}, 'danger'),
            ({'state': 'closed'}, 'muted'),
            ({'state': 'open'}, '')]:
        decoder = PYSONDecoder(values)
        assert decoder.decode(PYSONEncoder().encode(visual)) == colour


@with_transaction()
def test_take():
    "An agent takes a ticket with one click"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.take([Ticket(ticket.id)])

    ticket = Ticket(ticket.id)
    assert ticket.employee == desk.agent.employee
    assert ticket.state == 'open'


@with_transaction()
def test_only_members_take():
    "A5: who is no member of the section cannot take its tickets"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    user, context = desk.as_user(desk.make_user('guest', []))
    with user, context:
        with pytest.raises(ValidationError, match="Support"):
            Ticket.take([Ticket(ticket.id)])


@with_transaction()
def test_only_drafts_are_deleted():
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    draft, ticket = desk.make_ticket(), desk.make_ticket(state='open')
    Ticket.delete([draft])
    with pytest.raises((AccessError, AccessButtonError)):
        Ticket.delete([ticket])


@with_transaction()
def test_copy_is_a_new_ticket():
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket(state='closed', closed_by='team')
    with Transaction().set_context(desk.context):
        copy, = Ticket.copy([ticket])

    assert copy.number not in {None, ticket.number}
    assert (copy.state, copy.closed_by) == ('draft', None)
    assert len(copy.history) == 1


@with_transaction()
def test_section_figures():
    "D1: a section tells how many of its tickets are open, unread, …"
    desk = Helpdesk()
    past = dt.datetime.now() - dt.timedelta(days=1)
    desk.make_ticket(employee=desk.agent.employee, deadline=past)
    desk.make_ticket(unread=True)
    desk.make_ticket(state='resolved', unread=True, deadline=past)
    desk.make_ticket(state='closed')
    section = desk.section.__class__(desk.section.id)
    Ticket = Pool().get('helpdesk.ticket')
    assert Ticket.search([('is_overdue', '=', True)], count=True) == 1
    assert Ticket.search([('is_overdue', '!=', True)], count=True) == 3

    assert (section.open_tickets, section.unassigned_tickets,
        section.unread_tickets, section.overdue_tickets) == (2, 1, 2, 1)


@with_transaction()
def test_merged_parties_keep_tickets():
    "X10, TR7: the tickets of a replaced party go to the other"
    pool = Pool()
    Party = pool.get('party.party')
    Ticket = pool.get('helpdesk.ticket')
    Replace = pool.get('party.replace', type='wizard')
    desk = Helpdesk()
    one, two = Party.create([{'name': "One"}, {'name': "One"}])
    ticket = desk.make_ticket(party=one)
    session_id, _, _ = Replace.create()
    replace = Replace(session_id)
    replace.ask.source = one
    replace.ask.destination = two
    replace.transition_replace()

    assert Ticket(ticket.id).party == two
