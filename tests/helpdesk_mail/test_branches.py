# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail.test_receive import deliver, helpdesk
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


def copied():
    "Return the letter that Ada wrote to us, and to Bob in copy"
    helpdesk()
    first, = deliver(letter(
            "one", message_id='<one@example.org>',
            Cc="Bob <bob@example.org>"))
    return first


@with_transaction()
def test_branch_outside():
    "ML10: who is in copy joins by what others wrote to each other in between"
    first = copied()
    answer, = deliver(letter(
            "three", sender='bob@example.org',
            In_Reply_To='<unseen-2@example.org>',
            References='<one@example.org> <unseen-1@example.org> '
            '<unseen-2@example.org>'))

    assert answer.ticket == first.ticket


@with_transaction()
def test_answer_to_the_copy():
    "ML10: the answer of who is in copy is one that others may answer"
    first = copied()
    bob, = deliver(letter(
            "two", sender='bob@example.org', message_id='<two@example.org>',
            In_Reply_To='<one@example.org>'))
    ada, = deliver(letter("three", In_Reply_To='<two@example.org>'))

    assert bob.ticket == ada.ticket == first.ticket


@with_transaction()
def test_newest_branch():
    "ML10: of two tickets the one that was written to last"
    first = copied()
    second, = deliver(letter("other", message_id='<other@example.org>'))
    answer, = deliver(letter(
            "three", References='<one@example.org> <other@example.org>'))

    assert second.ticket != first.ticket
    assert answer.ticket == second.ticket


@with_transaction()
def test_branch_of_a_stranger():
    "ML10, ML8: a branch that was forwarded to a stranger joins no ticket"
    first = copied()
    stranger, = deliver(letter(
            "four", sender='mallory@example.net',
            References='<one@example.org> <unseen@example.org>'))

    assert stranger.ticket != first.ticket
    assert stranger.ticket.preceding == first.ticket


@with_transaction()
def test_answer_to_resolved_ticket():
    "E4: an answer to a resolved ticket reopens it, whoever takes part writes"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    helpdesk()
    mail, = deliver(letter(
            "one", message_id='<one@example.org>', Cc='bob@example.org'))
    for sender in ['ada@example.org', 'bob@example.org']:
        Ticket.mark_read([mail.ticket])
        Ticket.resolve([mail.ticket])
        assert Ticket(mail.ticket.id).resolved_at
        answer, = deliver(letter(
                f"Not yet, says {sender}", sender=sender,
                References='<one@example.org>'))

        ticket = Ticket(mail.ticket.id)
        assert answer.ticket == ticket
        assert ticket.state == 'open'
        assert ticket.unread
        assert ticket.resolved_at is None
        assert ticket.history[0].actor == 'customer'
