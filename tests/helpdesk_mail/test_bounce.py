# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from pathlib import Path

import pytest
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk.test_notice import bell
from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter

LETTERS = Path(__file__).parent / 'letters'
ORIGINAL = b'helpdesk.17.n0nce.aaaaaaaaaaaaaaaa@helpdesk.example'
REPORTS = [
    'delivery_report', 'dsn_qmail', 'dsn_exim', 'dsn_exchange',
    'dsn_original_below']


def setup_module():
    activate_module('helpdesk_mail')


def answer(ticket, **values):
    "Answer the ticket; the mail server has taken it"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    conversation, = Conversation.create([{
                'ticket': ticket.id, 'kind': 'email', 'direction': 'out',
                'body': "We send a fireman.", **values}])
    Conversation.write([conversation], {'delivery': 'sent'})
    return conversation


def report(name, conversation, address=b'ada@example.org'):
    "Return the report of the corpus as one about the conversation"
    raw = (LETTERS / f'{name}.eml').read_bytes()
    return (raw
        .replace(ORIGINAL, conversation.message_id.encode())
        .replace(b'gone@clients.example', address)
        .replace(b'Gone@Clients.example', address.upper()))


def fresh(record):
    return record.__class__(record.id)


@pytest.mark.parametrize('name', REPORTS)
def test_came_back(name):
    "ML13, X3: an answer that came back says so, and to whom it did not get"
    _test_came_back(name)


@with_transaction(user=0)
def _test_came_back(name):
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = helpdesk()
    mail, = deliver(letter())
    ticket = mail.ticket
    ticket.employee = desk.agent.employee
    ticket.save()
    conversation = answer(ticket)
    Ticket.wait([ticket])
    bell(desk.agent)
    came, = deliver(report(name, conversation))

    conversation, ticket = fresh(conversation), fresh(ticket)
    assert conversation.delivery == 'bounced'
    assert 'ada@example.org did not get it: ' in conversation.delivery_error
    assert (ticket.state, ticket.unread) == ('open', True)
    assert ticket.not_delivered
    assert bell(desk.agent) == [(
            f"#{ticket.number}: The customer did not get a mail",
            ticket.subject)]
    assert (came.state, came.reason_key) == ('ignored', 'bounce')
    assert (came.ticket, came.conversation) == (ticket, conversation)
    assert Ticket.search([], count=True) == 1


@with_transaction(user=0)
def test_states():
    "ML13: what waits for the customer comes back, what is over is only told"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = helpdesk()
    for button, state in [
            ('wait', 'open'), ('authorize', 'open'),
            ('wait_third_party', 'third_party'), ('resolve', 'resolved'),
            ('close', 'closed')]:
        mail, = deliver(letter(button))
        ticket = mail.ticket
        ticket.employee = desk.agent.employee
        ticket.save()
        conversation = answer(ticket)
        getattr(Ticket, button)([ticket])
        bell(desk.agent)
        deliver(report('delivery_report', conversation))

        ticket = fresh(ticket)
        assert (ticket.state, ticket.unread) == (state, True), button
        assert len(bell(desk.agent)) == 1


@with_transaction(user=0)
def test_delayed():
    "ML13: an answer that is only delayed is linked, and nothing changes"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    helpdesk()
    mail, = deliver(letter())
    conversation = answer(mail.ticket)
    Ticket.wait([mail.ticket])
    for name in ['delivery_delayed', 'dsn_exim_warning']:
        came, = deliver(report(name, conversation))
        assert came.reason_key == 'delivery_notice'
        assert came.conversation == conversation

    assert fresh(conversation).delivery == 'sent'
    ticket = fresh(mail.ticket)
    assert (ticket.state, ticket.unread) == ('pending', False)


@with_transaction(user=0)
def test_copy():
    "ML13: a copy that came back is told as one; the customer got the answer"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = helpdesk()
    mail, = deliver(letter())
    ticket = mail.ticket
    ticket.employee = desk.agent.employee
    ticket.save()
    conversation = answer(ticket, to_addresses='ada@example.org',
        cc_addresses='Bob@example.org, eve@example.org')
    Ticket.wait([ticket])
    bell(desk.agent)
    deliver(report('delivery_report', conversation, b'bob@example.org'))

    conversation, ticket = fresh(conversation), fresh(ticket)
    assert conversation.delivery == 'bounced'
    assert conversation.delivery_error == (
        "bob@example.org did not get a copy of it: there is no such address "
        "(550 5.1.1 no such user).")
    assert (ticket.state, ticket.unread) == ('pending', False)
    assert len(bell(desk.agent)) == 1
    deliver(report('dsn_exim', conversation, b'eve@example.org'))
    error = fresh(conversation).delivery_error
    assert 'bob@' in error and 'eve@' in error


@with_transaction(user=0)
def test_forged():
    """
    ML13, SE6: a report that names another address, an unsigned Message-ID or
    that of a letter we never sent changes nothing, and is kept
    """
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Key = pool.get('helpdesk.mail.key')
    Ticket = pool.get('helpdesk.ticket')
    from trytond.modules.helpdesk_mail.intake import signing
    helpdesk()
    mail, = deliver(letter(message_id='<one@example.org>'))
    conversation = answer(mail.ticket)
    Ticket.wait([mail.ticket])
    unsent = Conversation(message_id=signing.message_id(
            Key.get_secret(), mail.ticket.id, 'nonce', 'example.com'))
    unsigned = Conversation(
        message_id=f'helpdesk.{mail.ticket.id}.x.{"a" * 16}@example.com')
    theirs = Conversation(message_id='one@example.org')
    for raw in [
            report('delivery_report', conversation, b'mallory@example.net'),
            report('delivery_report', unsent),
            report('delivery_report', unsigned),
            report('delivery_report', theirs),
            ]:
        came, = deliver(raw)
        assert (came.state, came.reason_key) == ('ignored', 'bounce')
        assert (came.ticket, came.conversation) == (None, None)
        assert bytes(came.raw) == raw

    assert fresh(conversation).delivery == 'sent'
    ticket = fresh(mail.ticket)
    assert (ticket.state, ticket.unread) == ('pending', False)
    assert Ticket.search([], count=True) == 1


@with_transaction(user=0)
def test_forged_words():
    "SE6, SE8: a forged report leaves its words in the error, on a line"
    helpdesk()
    mail, = deliver(letter())
    conversation = answer(mail.ticket)
    raw = report('delivery_report', conversation).replace(
        b'550 5.1.1 no such user', b'<script>\n x\n y' + b'z' * 5000)
    deliver(raw)

    error = fresh(conversation).delivery_error
    assert '\n' not in error
    assert len(error) <= 1000


@with_transaction(user=0)
def test_confirmation_came_back():
    "ML13: a confirmation that came back is marked, and nothing else"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = helpdesk()
    mail, = deliver(letter())
    confirmation, = sent(mail.ticket)
    confirmation.delivery = 'sent'
    confirmation.save()
    Ticket.mark_read([mail.ticket])
    Ticket.wait([mail.ticket])
    bell(desk.agent)
    deliver(report('delivery_report', confirmation))

    ticket = fresh(mail.ticket)
    assert fresh(confirmation).delivery == 'bounced'
    assert (ticket.state, ticket.unread) == ('pending', False)
    assert confirmation in ticket.last_conversations
    assert not bell(desk.agent)


@with_transaction(user=0)
def test_told_once():
    "ML13: the same report twice is told once"
    desk = helpdesk()
    mail, = deliver(letter())
    mail.ticket.employee = desk.agent.employee
    mail.ticket.save()
    conversation = answer(mail.ticket)
    raw = report('delivery_report', conversation)
    bell(desk.agent)
    deliver(raw, raw.replace(b'dsn-1@', b'dsn-2@'))
    assert len(bell(desk.agent)) == 1
    error = fresh(conversation).delivery_error
    deliver(raw.replace(b'dsn-1@', b'dsn-3@'))
    assert fresh(conversation).delivery_error == error
    assert not bell(desk.agent)


@with_transaction()
def test_not_delivered():
    "E3, ML13: tickets with lost mails are found until an answer goes out"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Ticket = pool.get('helpdesk.ticket')
    desk = helpdesk()
    ticket = desk.make_ticket(email='ada@example.org', state='open')
    other = desk.make_ticket(email='bob@example.org', state='open')
    lost = answer(ticket)
    answer(other)
    for delivery in ['bounced', 'failed']:
        Conversation.write([lost], {'delivery': delivery})
        assert list(Ticket.search([('not_delivered', '=', True)])) == [ticket]
        assert list(Ticket.search([('not_delivered', '=', False)])) == [other]
        assert fresh(ticket).not_delivered
        assert not fresh(other).not_delivered
    later = answer(ticket)
    Conversation.write([lost], {'at': later.at.replace(year=2020)})
    assert not Ticket.search([('not_delivered', '=', True)])
    assert not fresh(ticket).not_delivered


@pytest.mark.parametrize('button', ['wait', 'resolve', 'close'])
def test_absence_note(button):
    "ML12: an absence note reopens nothing, stops no clock, is not unread"
    _test_absence_note(button)


@with_transaction(user=0)
def _test_absence_note(button):
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = helpdesk()
    mail, = deliver(letter())
    ticket = mail.ticket
    conversation = answer(ticket)
    Ticket.mark_read([ticket])
    getattr(Ticket, button)([ticket])
    ticket = fresh(ticket)
    bell(desk.agent)
    before = (ticket.state, ticket.unread, ticket.first_answer_at,
        ticket.resolved_at, ticket.closed_at,
        [(h.id, h.until) for h in ticket.history])
    note, = deliver(letter(
            "I am away until Monday.", subject="Out of office",
            In_Reply_To=f'<{conversation.message_id}>',
            Auto_Submitted='auto-replied'))

    ticket = fresh(ticket)
    assert before == (ticket.state, ticket.unread, ticket.first_answer_at,
        ticket.resolved_at, ticket.closed_at,
        [(h.id, h.until) for h in ticket.history])
    assert not bell(desk.agent)
    assert Ticket.search([], count=True) == 1
    assert len(sent(ticket)) == 2
    # What answers a closed ticket is no new request
    assert note.state == ('ignored' if button == 'close' else 'filed')
