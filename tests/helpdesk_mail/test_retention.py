# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import datetime as dt

import pytest
from trytond.exceptions import UserError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk.test_notice import commit
from tests.helpdesk_mail.test_receive import deliver, helpdesk
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


def keep(desk, **days):
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    with Transaction().set_context(desk.context):
        for name, value in days.items():
            Configuration(1).set_multivalue(f'mail_keep_{name}', value)


def age(mails, days):
    mails[0].__class__.write(list(mails), {
            'received_at': dt.datetime.now() - dt.timedelta(days=days)})


def remove():
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    Mail.remove_old()
    commit()


@with_transaction(user=0)
def test_remove():
    """
    ML1: letters as they came are removed by age, if they have come to an end
    and it is wanted; what became of them stays
    """
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    desk = helpdesk()
    raw = letter("one", attachments=[('a.txt', b'a')])
    filed, ignored, held, young = deliver(
        raw, raw, b'nothing', letter("young"))
    age([filed, ignored, held], 40)
    remove()
    assert not Mail.search([('raw_removed_at', '!=', None)])

    keep(desk, filed=30)
    remove()
    assert list(Mail.search([('raw_removed_at', '!=', None)])) == [filed]
    filed = Mail(filed.id)
    assert not filed.raw
    assert not filed.email.data
    assert (filed.fingerprint, filed.message_id, filed.subject) == (
        ignored.fingerprint, ignored.message_id, ignored.subject)
    attachment, = filed.conversation.attachments
    assert bytes(attachment.data) == b'a'
    assert Mail(held.id).raw and Mail(young.id).raw

    keep(desk, ignored=60)
    remove()
    assert Mail(ignored.id).raw
    keep(desk, ignored=39)
    remove()
    assert not Mail(ignored.id).raw
    assert Mail(held.id).raw


@with_transaction(user=0)
def test_same_letter_after_removal():
    "ML4, ML6: what was removed is not taken in again"
    desk = helpdesk()
    filed, = deliver(letter("one"))
    age([filed], 2)
    keep(desk, filed=1)
    remove()
    again, = deliver(letter("one"))
    assert (again.state, again.reason_key) == ('ignored', 'duplicate')


@with_transaction(user=0)
def test_removed_letter_is_not_judged():
    "A letter that is no longer there is refused in plain words"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    desk = helpdesk()
    _, same = deliver(letter("one"), letter("one"))
    age([same], 2)
    keep(desk, ignored=1)
    remove()
    for button in [Mail.retry, Mail.release]:
        with pytest.raises(UserError, match="because of its age"):
            button([Mail(same.id)])


@with_transaction(user=0)
def test_remove_without_section():
    "ML1: letters that came to an end in no section are removed too"
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    Mail = pool.get('helpdesk.mail')
    desk = helpdesk()
    desk.section.active = False
    desk.section.save()
    inbox = Inbox(name="Support", company=desk.company)
    inbox.save()
    mail, = deliver(
        letter(sender='MAILER-DAEMON <mailer-daemon@example.org>'),
        inbox=inbox)
    assert (mail.state, mail.section) == ('ignored', None)
    age([mail], 40)
    keep(desk, ignored=30)
    remove()
    assert Mail(mail.id).raw_removed_at


@with_transaction(user=0)
def test_conversation_without_letter():
    "ML1: what is removed is not offered on the ticket either"
    desk = helpdesk()
    mail, = deliver(letter("one"))
    assert mail.conversation.raw_name
    age([mail], 40)
    keep(desk, filed=30)
    remove()
    conversation = mail.conversation.__class__(mail.conversation.id)
    assert not conversation.raw_name
    assert not conversation.raw
