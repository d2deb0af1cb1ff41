# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail.test_receive import deliver, helpdesk
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


@with_transaction()
def test_held():
    "C15: who decides on a letter that is held reads what it says"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    desk = helpdesk(unknown_sender='hold')
    held, = deliver(letter(
            "Ten machines?", attachments=[('plan.pdf', b'plan')]))
    user, context = desk.as_user(desk.manager)
    with user, context:
        held, = Mail.read([held.id], ['text', 'attached'])
    assert held['text'].strip() == "Ten machines?"
    assert held['attached'] == 'plan.pdf'


@with_transaction()
def test_filed():
    "C15: the text of a letter on a ticket is shown there"
    helpdesk()
    filed, = deliver(letter("Ten machines?"))
    assert filed.state == 'filed'
    assert filed.text is None
    assert filed.attached is None


@with_transaction()
def test_unreadable():
    "ML1: a letter that cannot be read shows no text, and no error"
    helpdesk()
    odd, = deliver(b'\r\n')
    assert odd.state == 'held'
    assert odd.text is None
    odd.email.data_type = 'postmark'
    odd.email.data = b'{'
    odd.email.save()
    assert odd.__class__(odd.id).text is None
