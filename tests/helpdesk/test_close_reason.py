# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.exceptions import UserError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk.test_stage import choose, make_stages
from tests.helpdesk.wizards import go_through
from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


def make_reason(name="Duplicate"):
    pool = Pool()
    Reason = pool.get('helpdesk.close_reason')
    reason, = Reason.create([{'name': name}])
    return reason


@with_transaction()
def test_reason_is_required():
    "C17: where the section asks for it, agents say why they close"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(close_reason_required=True)
    reason = make_reason()
    ticket = desk.make_ticket(state='open')
    user, context = desk.as_user(desk.agent)
    with user, context:
        with pytest.raises(UserError, match="Support"):
            Ticket.close([Ticket(ticket.id)])
    assert Ticket(ticket.id).state == 'open'
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.write([Ticket(ticket.id)], {'close_reason': reason.id})
        Ticket.close([Ticket(ticket.id)])
    ticket = Ticket(ticket.id)
    assert (ticket.state, ticket.close_reason) == ('closed', reason)
    Ticket.reopen([ticket])
    assert ticket.close_reason is None


@with_transaction()
def test_reason_is_required_by_a_stage():
    "C17: a stage is no way round the reason"
    desk = Helpdesk(close_reason_required=True)
    _, done = make_stages(("Analysis", 'open'), ("Done", 'closed'))
    reason = make_reason()
    ticket = desk.make_ticket(state='open')
    with pytest.raises(UserError, match="why"):
        choose(desk, ticket, done)
    ticket = desk.make_ticket(state='open')
    ticket = choose(desk, ticket, done, close_reason=reason.id)
    assert ticket.state == 'closed'


@with_transaction()
def test_customers_need_no_reason():
    "B14: customers and the system close without a reason"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(close_reason_required=True)
    tickets = [desk.make_ticket() for _ in range(2)]
    Ticket.close(tickets[:1])
    with Transaction().set_user(0), \
            Transaction().set_context(helpdesk_actor='customer'):
        Ticket.close([Ticket(tickets[1].id)])
    assert {Ticket(t.id).state for t in tickets} == {'closed'}


@with_transaction()
def test_button_asks_only_where_needed():
    "C17: closing is one click where no reason is asked for"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    Section = pool.get('helpdesk.section')
    desk = Helpdesk()
    ticket = desk.make_ticket(state='open')
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert not Ticket.ask_close([Ticket(ticket.id)])
    assert Ticket(ticket.id).state == 'closed'
    Section.write([desk.section], {'close_reason_required': True})
    ticket = desk.make_ticket(state='open')
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert Ticket.ask_close([Ticket(ticket.id)])
    assert Ticket(ticket.id).state == 'open'


@with_transaction()
def test_close_with_reason_and_note():
    "C17: the reason and a note in one step, for several tickets"
    desk = Helpdesk(close_reason_required=True)
    reason = make_reason()
    tickets = [desk.make_ticket(state='open') for _ in range(2)]
    with pytest.raises(UserError):
        go_through(desk, 'helpdesk.ticket.close', tickets, 'close')
    tickets = go_through(
        desk, 'helpdesk.ticket.close', tickets, 'close',
        reason=reason.id, note="See the other one.")
    for ticket in tickets:
        assert (ticket.state, ticket.close_reason) == ('closed', reason)
        note, = ticket.conversations
        assert (note.kind, note.author, note.body) == (
            'note', "Agent", "See the other one.")


@with_transaction()
def test_hidden_tickets_are_not_closed():
    "SE12: nobody closes what they do not see"
    desk = Helpdesk(visibility='private')
    ticket = desk.make_ticket(state='open')
    with pytest.raises(UserError):
        go_through(
            desk, 'helpdesk.ticket.close', [ticket], 'close',
            desk.make_user('other', []))
    assert ticket.__class__(ticket.id).state == 'open'
