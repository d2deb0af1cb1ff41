# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk.sales import make_party
from tests.helpdesk.test_erase import erase
from tests.records import Helpdesk, letter

from .test_receive import deliver


def setup_module():
    activate_module('helpdesk_mail')


@with_transaction()
def test_erase():
    "X10, PO8: the letters of who is erased are erased too, and counted still"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Email = pool.get('inbound.email')
    Mail = pool.get('helpdesk.mail')
    Ticket = pool.get('helpdesk.ticket')
    Helpdesk(mail_address='support@example.com')
    ada = make_party(email='ada@example.org')
    own, ignored, bobs = deliver(
        letter("I am Ada\n\n> quote"),
        letter("Away", message_id='<1@example.org>',
            Auto_Submitted='auto-replied'),
        letter("I am Bob", sender='bob@example.org'))
    assert own.ticket.party == ada
    assert own.conversation.quoted == "> quote"
    assert ignored.state != 'filed'
    Ticket.close([own.ticket])

    erase(ada)

    for mail in Mail.browse([own, ignored]):
        assert not mail.sender and not mail.subject
        email = Email(mail.email.id)
        assert not email.data and not email.data_id
    assert Mail(own.id).state == 'filed'
    for conversation in Conversation.search([
                ('ticket', '=', own.ticket.id)]):
        assert not any([
                conversation.body, conversation.quoted,
                conversation.from_address,
                conversation.to_addresses, conversation.cc_addresses])
    bobs = Mail(bobs.id)
    assert bobs.sender == 'bob@example.org'
    assert b'I am Bob' in bytes(Email(bobs.email.id).data)
    assert bobs.conversation.body
