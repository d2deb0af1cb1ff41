# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk.test_split import run
from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


def two_letters():
    "Return the letters of two matters on one ticket"
    return deliver(
        letter("one", message_id='<one@example.org>'),
        letter("two", message_id='<two@example.org>',
            subject="Re: [#1] A question",
            References='<one@example.org>'))


@with_transaction()
def test_answers_follow():
    "AG4, ML7: an answer lands on the ticket where what it answers is"
    from trytond.modules.helpdesk_mail.intake import signing
    pool = Pool()
    Key = pool.get('helpdesk.mail.key')
    Ticket = pool.get('helpdesk.ticket')
    helpdesk()
    one, two = two_letters()
    old = one.ticket
    assert two.ticket == old
    confirmation, = sent(old)
    new = Ticket.split([two.conversation, confirmation])
    one, two = one.__class__(one.id), two.__class__(two.id)

    assert (one.ticket, two.ticket) == (old, new)
    assert two.conversation.ticket == new
    assert new.email == 'ada@example.org'
    assert '#' not in new.subject
    assert not [c for c in sent(new) if c != confirmation]

    address = signing.reply_address(
        Key.get_secret(), old.id, 'support@example.com')
    to_one, to_two, to_confirmation, by_address, named, both = deliver(
        letter("a", In_Reply_To='<one@example.org>'),
        letter("b", In_Reply_To='<two@example.org>',
            References='<one@example.org> <two@example.org>'),
        letter("c", In_Reply_To=f'<{confirmation.message_id}>'),
        letter("d", to=address),
        letter("e", to=address, In_Reply_To='<two@example.org>'),
        letter("f", to=address, In_Reply_To='<one@example.org>',
            References='<two@example.org> <one@example.org>'))
    assert [m.ticket for m in [
                to_one, to_two, to_confirmation, by_address, named, both]
            ] == [old, new, new, old, new, old]


@with_transaction()
def test_other_writer():
    "AG4: who wrote what moves is answered there, and can go on there"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    helpdesk()
    one, two = deliver(
        letter("one", message_id='<one@example.org>',
            Cc="Bob <bob@example.org>"),
        letter("two", sender="Bob <bob@example.org>",
            message_id='<two@example.org>', References='<one@example.org>'))
    assert one.ticket == two.ticket
    new = Ticket.split([two.conversation])
    assert new.email == 'bob@example.org'
    answer, stranger = deliver(
        letter("more", sender="Bob <bob@example.org>",
            In_Reply_To='<two@example.org>'),
        letter("me too", sender="Eve <eve@example.org>",
            In_Reply_To='<two@example.org>'))
    assert answer.ticket == new
    assert stranger.ticket != new


@with_transaction()
def test_copy():
    "AG4: a copied letter stays, and so do its answers; nothing is sent again"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    helpdesk()
    one, two = two_letters()
    old = one.ticket
    confirmation, = sent(old)
    assert confirmation.delivery == 'queued'
    new = Ticket.split([two.conversation, confirmation], copy=True)
    copied, = sent(new)
    assert copied.delivery == 'sent'
    assert copied.message_id not in {None, confirmation.message_id}
    assert two.__class__(two.id).ticket == old
    answer, = deliver(letter("b", In_Reply_To='<two@example.org>'))
    assert answer.ticket == old


@with_transaction()
def test_tell():
    "AG4: the customer is told of the new ticket only if that is chosen"
    desk = helpdesk()
    one, two = two_letters()
    new = run(desk, [two.conversation])
    assert not sent(new)
    three, = deliver(letter("three", References='<one@example.org>'))
    assert three.ticket == one.ticket
    new = run(desk, [three.conversation], tell=True)
    confirmation, = sent(new)
    assert confirmation.automatic
    assert confirmation.to_addresses == 'ada@example.org'
