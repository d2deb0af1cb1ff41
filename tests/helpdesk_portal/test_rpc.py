# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
What agents can't do with the portal's records, whatever their client asks.
"""
import datetime as dt

import pytest
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk_portal')


@with_transaction()
def test_nothing_by_rpc():
    "SE12: neither agents nor managers reach what the portal keeps for itself"
    pool = Pool()
    desk = Helpdesk()
    for login in [desk.agent, desk.manager]:
        for name in [
                'login_link', 'web_request', 'web_request.file',
                'portal.nonce', 'portal.attempt', 'rating.request',
                'notice', 'ticket.writer', 'mail.key', 'mail.newcomer']:
            Model = pool.get(f'helpdesk.{name}')
            user, context = desk.as_user(login)
            with user, context:
                for call in [
                        lambda: Model.search([]),
                        lambda: Model.search([], count=True),
                        lambda: Model.search_read([]),
                        lambda: Model.read([1], ['id']),
                        lambda: Model.create([{}]),
                        lambda: Model.export_data_domain([], ['id']),
                        ]:
                    with pytest.raises(AccessError):
                        call()


@with_transaction()
def test_rating_requests_by_rpc():
    "SE12: no agent makes or reads what lets customers rate their tickets"
    pool = Pool()
    Request = pool.get('helpdesk.rating.request')
    desk = Helpdesk()
    ticket = desk.make_ticket(email='ada@example.org')
    now = dt.datetime.now()
    values = {
        'ticket': ticket.id,
        'email': ticket.email,
        'resolved_at': now,
        'token_hash': Request.hash('known'),
        'expires_at': now + dt.timedelta(days=1),
        }
    request, = Request.create([values])
    user, context = desk.as_user(desk.agent)
    with user, context:
        for call in [
                lambda: Request.read([request.id], ['token_hash']),
                lambda: Request.search([('token_hash', 'like', 'a%')]),
                lambda: Request.copy([request]),
                lambda: Request.create([{**values, 'token_hash': 'other'}]),
                lambda: Request.write([request], {'token_hash': 'other'}),
                lambda: Request.delete([request]),
                ]:
            with pytest.raises(AccessError):
                call()


@with_transaction()
def test_links_by_rpc():
    "SE12, SE13: no agent reads, makes or finds a link by its secret"
    pool = Pool()
    GuestLink = pool.get('helpdesk.guest_link')
    desk = Helpdesk()
    ticket = desk.make_ticket(email='ada@example.org')
    GuestLink.make([ticket])
    user, context = desk.as_user(desk.agent)
    with user, context:
        link, = GuestLink.search([])
        for call in [
                lambda: GuestLink.read([link.id], ['token_hash']),
                lambda: GuestLink.search([('token_hash', 'like', 'a%')]),
                lambda: GuestLink.search([], order=[('token_hash', 'ASC')]),
                lambda: GuestLink.export_data([link], ['token_hash']),
                lambda: GuestLink.copy([link], {'email': 'e@example.org'}),
                lambda: GuestLink.write([link], {'revoked_at': None}),
                lambda: GuestLink.create([{
                            'ticket': ticket.id, 'email': 'e@example.org',
                            'token_hash': 'x'}]),
                lambda: GuestLink.delete([link]),
                ]:
            with pytest.raises(AccessError):
                call()


@with_transaction()
def test_wizard_of_foreign_ticket():
    "SE12: nobody asks a customer in a ticket that they can't see"
    pool = Pool()
    Ask = pool.get('helpdesk.ticket.ask_authorization', type='wizard')
    Ticket = pool.get('helpdesk.ticket')
    Conversation = pool.get('helpdesk.conversation')
    desk = Helpdesk()
    section = desk.make_section("Confidential", visibility='private')
    ticket = desk.make_ticket(section=section, email='ada@example.org')
    before = len(ticket.conversations)
    user, context = desk.as_user(desk.agent)
    with user, context:
        for button in ['send_guest_link', 'revoke_guest_links']:
            with pytest.raises(AccessError):
                getattr(Ticket, button)([Ticket(ticket.id)])
        with Transaction().set_context(
                active_model=Ticket.__name__, active_id=ticket.id,
                active_ids=[ticket.id]), pytest.raises(AccessError):
            wizard, _, _ = Ask.create()
            Ask.execute(wizard, {'start': {
                        'question': "May I?", 'signature': False}}, 'ask')
    said = Conversation.search([('ticket', '=', ticket.id)])
    assert len(said) == before
