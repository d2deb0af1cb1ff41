# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk.wizards import go_through
from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk_portal')


def ask(desk, ticket):
    ticket, = go_through(
        desk, 'helpdesk.ticket.ask_authorization', [ticket], 'ask',
        question="Repair for 120 €?")
    return ticket


@with_transaction()
def test_mail():
    "B13, SE9: the question goes to the customer alone, with the link"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk = Helpdesk(visibility='public', mail_address='support@example.com')
    ticket = ask(desk, desk.make_ticket(
            state='open', email='ada@example.org',
            participants=[{'email': 'eve@example.org', 'role': 'watcher'}]))

    mail, = [c for c in ticket.conversations if not c.automatic]
    assert (mail.kind, mail.delivery) == ('email', 'queued')
    assert mail.recipients() == ['ada@example.org']
    assert mail.body.startswith("Repair for 120 €?\n\nPlease authorize or ")
    assert '/guest/' in Conversation.mail_footer([mail])[mail.id]
    # What counts is the question alone
    assert ticket.authorizations[0].question == "Repair for 120 €?"


@with_transaction()
def test_no_address():
    "Without an address the agent asks by telephone"
    desk = Helpdesk()
    ticket = ask(desk, desk.make_ticket(state='open', phone='1'))
    said, = ticket.conversations
    assert (said.kind, said.delivery) == ('phone', None)
    assert ticket.state == 'authorization'
