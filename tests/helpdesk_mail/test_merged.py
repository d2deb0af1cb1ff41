# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from trytond.modules.helpdesk_mail.intake import signing
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.test_merge import merge, unmerge
from tests.helpdesk_mail.test_colleague import answered_by_mail, notice, reply
from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter

BOB = "Bob <bob@example.net>"


def setup_module():
    activate_module('helpdesk_mail')


def fresh(ticket):
    return ticket.__class__(ticket.id)


def asked(sender, text, **values):
    mail, = deliver(letter(text, sender=sender, subject=text, **values))
    return mail.ticket


def merged(participants=False, **values):
    "Return Bob's ticket that was merged into Ada's"
    desk = helpdesk(acknowledge=False, **values)
    ticket = asked(BOB, "It smells", message_id='<smell@example.net>')
    target = asked("Ada <ada@example.org>", "It burns")
    merge([ticket], target, participants=participants)
    return desk, fresh(ticket), fresh(target)


def signed_address(ticket):
    secret = Pool().get('helpdesk.mail.key').get_secret()
    return signing.reply_address(secret, ticket.id, 'support@example.com')


def signed_id(ticket):
    secret = Pool().get('helpdesk.mail.key').get_secret()
    return '<%s>' % signing.message_id(
        secret, ticket.id, 'abcd', 'example.com')


@with_transaction()
def test_ways_of_threading():
    "ML22, D7: whatever tells of the merged ticket leads to the target"
    desk, ticket, target = merged(subaddress=True)
    Ticket = ticket.__class__
    for number, headers in enumerate([
                {'to': signed_address(ticket)},
                {'In_Reply_To': signed_id(ticket)},
                {'References': '<smell@example.net>'},
                {'subject': f'Re: [#{ticket.number}] It smells'},
                ]):
        Ticket.write([target], {'state': 'pending', 'unread': False})
        text = f"Still {number}"
        mail, = deliver(letter(text, sender=BOB, **headers))
        target = fresh(target)
        assert mail.ticket == target, headers
        assert mail.conversation.body.strip() == text
        assert (target.state, target.unread) == ('open', True)
    ticket = fresh(ticket)
    assert (ticket.state, ticket.active) == ('closed', False)
    # He gets no copies for that
    assert target.participants == ()
    assert 'bob@example.net' not in {
        a for reply in ['all', 'customer']
        for found in target.mail_recipients(reply) for a in found}


@with_transaction()
def test_others():
    "ML22, SE6: who took part in neither ticket gets a new one"
    desk, ticket, target = merged()
    mail, = deliver(letter(
            "Me too", sender="Eve <eve@example.com>",
            In_Reply_To=signed_id(ticket)))
    assert mail.ticket not in {ticket, target}
    assert len(fresh(target).conversations) == 2


@with_transaction()
def test_chain():
    "ML22, D7: it goes on at the end of a chain of merges"
    desk, ticket, middle = merged()
    target = asked("Cem <cem@example.com>", "It rains")
    merge([middle], target, participants=False)
    for sender, about in [
            (BOB, ticket), (BOB, middle), ("Ada <ada@example.org>", ticket),
            ("Ada <ada@example.org>", middle)]:
        mail, = deliver(letter(
                f"{sender} on {about.number}", sender=sender,
                In_Reply_To=signed_id(about)))
        assert mail.ticket == target
    assert fresh(target).state == 'open'
    letters = Pool().get('helpdesk.mail').search([
            ('ticket', 'in', [ticket.id, middle.id])])
    assert not letters


@with_transaction()
def test_closed():
    "ML22, E5, SE12: of a closed target each follows up what he knows"
    desk, ticket, target = merged()
    target.close([target])
    for sender, known in [(BOB, ticket), ("Ada <ada@example.org>", target)]:
        mail, = deliver(letter(
                "Again", sender=sender, In_Reply_To=signed_id(ticket)))
        assert mail.ticket.preceding == known
        assert mail.ticket.subject == known.subject
        assert mail.ticket.party == known.party
    assert fresh(target).state == 'closed'
    desk.section.reopen_within = dt.timedelta(days=3)
    desk.section.save()
    mail, = deliver(letter(
            "And again", sender=BOB, In_Reply_To=signed_id(ticket)))
    assert mail.ticket == target
    assert fresh(target).state == 'open'


@with_transaction()
def test_undone():
    "ML22, D7: after the undo replies come to the ticket itself"
    desk, ticket, target = merged()
    unmerge(ticket)
    ticket = fresh(ticket)
    mail, = deliver(letter(
            "Still", sender=BOB, In_Reply_To=signed_id(ticket)))
    assert mail.ticket == ticket
    assert len(ticket.conversations) == 2
    letters = Pool().get('helpdesk.mail').search([
            ('ticket', '=', ticket.id)])
    assert len(letters) == 2
    mail, = deliver(letter(
            "Not mine", sender=BOB, In_Reply_To=signed_id(target)))
    assert mail.ticket not in {ticket, target}


@with_transaction(user=0)
def test_agent_answers():
    "AG7, SE12: a late answer of an agent goes to no other customer"
    desk, ticket = answered_by_mail()
    message = notice(ticket, desk.agent)
    target = desk.make_ticket(email='bob@example.net', state='open')
    merge([ticket], target)
    mail, = deliver(reply(message))
    assert mail.state == 'held'
    assert not sent(fresh(target))


@with_transaction(user=0)
def test_agent_answers_same_customer():
    "AG7: a late answer of an agent goes on in the target"
    desk, ticket = answered_by_mail()
    message = notice(ticket, desk.agent)
    target = desk.make_ticket(email='ada@example.org', state='open')
    merge([ticket], target)
    mail, = deliver(reply(message))
    assert (mail.state, mail.ticket) == ('filed', target)
    conversation, = sent(fresh(target))
    assert conversation.body == "A fireman is on his way."


@with_transaction()
def test_statements():
    "ML22: a batch of replies costs as many look-ups as one"
    helpdesk()
    for count in [1, 6]:
        letters = []
        for number in range(count):
            name = f'x{count}y{number}'
            ticket = asked(f"{name}@example.net", name)
            target = asked("ada@example.org", f"{name} target")
            merge([ticket], target, participants=False)
            letters.append(letter(
                    f"Still {name}", sender=f"{name}@example.net",
                    In_Reply_To=signed_id(ticket)))
        with Statements() as statements:
            mails = deliver(*letters)
        assert all(m.ticket.subject.endswith("target") for m in mails)
        assert sum(
            n for q, n in statements.queries.items()
            if 'WITH RECURSIVE' in q) == 1
