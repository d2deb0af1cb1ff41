# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import datetime as dt

import pytest
import trytond.config as config
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter
from tests.services import Sink


def setup_module():
    activate_module('helpdesk_mail')


@pytest.fixture
def sink():
    with Sink() as sink:
        before = {
            k: config.get('email', k, default='') for k in ['uri', 'retry']}
        config.set('email', 'uri', sink.uri)
        config.set('email', 'retry', '0')
        yield sink
        for key, value in before.items():
            config.set('email', key, value)


def answer(ticket, text="We send a fireman.", **values):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    conversation, = Conversation.create([{
                'ticket': ticket.id, 'kind': 'email', 'direction': 'out',
                'body': text, 'author': "Agent", **values}])
    return conversation


def send(*conversations):
    "Send the conversations, as the queue does after the commit"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Conversation.send(list(conversations))
    return Conversation.browse(conversations)


def test_answer(sink):
    "A8: an answer goes out with the headers that make every client thread"
    _test_answer(sink)


@with_transaction()
def _test_answer(sink):
    helpdesk(mail_name="Support Ltd", subaddress=True)
    mail, = deliver(letter(
            "Fire!", subject="Printer", message_id='<one@example.org>'))
    confirmation, = sent(mail.ticket)
    conversation, = send(answer(mail.ticket, attachments=[
                ('create', [{'name': 'plan é.pdf', 'data': b'%PDF'}])]))

    assert conversation.delivery == 'sent'
    message, = sink.messages
    assert message['From'] == "Support Ltd <support@example.com>"
    assert message['To'] == 'ada@example.org'
    assert message['Subject'] == f"Re: [#{mail.ticket.number}] Printer"
    assert message['Message-ID'] == f'<{conversation.message_id}>'
    assert message['In-Reply-To'] == '<one@example.org>'
    assert message['References'].split() == [
        '<one@example.org>', f'<{confirmation.message_id}>']
    assert f'+{mail.ticket.id}-' in message['Reply-To']
    assert 'Auto-Submitted' not in message
    assert message.get_body(('plain',)).get_content() == (
        "We send a fireman.\r\n")
    attachment, = message.iter_attachments()
    assert attachment.get_filename() == 'plan é.pdf'
    assert attachment.get_content() == b'%PDF'
    assert sink.envelopes[0].rcpt_tos == ['ada@example.org']


def test_confirmation(sink):
    "ML11: what is sent by itself says so"
    _test_confirmation(sink)


@with_transaction()
def _test_confirmation(sink):
    helpdesk()
    mail, = deliver(letter())
    send(*sent(mail.ticket))

    message, = sink.messages
    assert message['Auto-Submitted'] == 'auto-replied'
    assert message['Subject'].startswith(f'[#{mail.ticket.number}] ')
    assert mail.ticket.number in message.get_body(('plain',)).get_content()
    back, = deliver(bytes(message))
    assert back.state == 'ignored'


def test_sent_once(sink):
    "A task that runs twice sends once"
    _test_sent_once(sink)


@with_transaction()
def _test_sent_once(sink):
    helpdesk()
    mail, = deliver(letter())
    conversation = answer(mail.ticket)
    send(conversation)
    send(conversation)

    assert len(sink.messages) == 1


def test_server_down(sink):
    "With the mail server down the conversation says so, and goes out later"
    _test_server_down(sink)


@with_transaction()
def _test_server_down(sink):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    helpdesk()
    mail, = deliver(letter())
    conversation = answer(mail.ticket)
    sink.stop()
    conversation, = send(conversation)

    assert conversation.delivery == 'queued'
    assert "cannot be reached" in conversation.delivery_error
    assert conversation.next_try > dt.datetime.now()
    sink.start()
    conversation.next_try = dt.datetime.now() - dt.timedelta(minutes=1)
    conversation.save()
    Conversation.send_waiting()
    conversation, = send(conversation)
    assert conversation.delivery == 'sent'
    assert not conversation.delivery_error
    assert len(sink.messages) == 1


def test_gives_up(sink):
    "What cannot be sent for two days has failed, and shows"
    _test_gives_up(sink)


@with_transaction()
def _test_gives_up(sink):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    helpdesk()
    mail, = deliver(letter())
    conversation = answer(mail.ticket)
    sink.stop()
    for i in range(11):
        assert conversation.delivery == 'queued', i
        conversation, = send(conversation)

    assert conversation.delivery == 'failed'
    sink.start()
    Conversation.send_again([conversation])
    conversation, = send(conversation)
    assert conversation.delivery == 'sent'


def test_refused(sink):
    "What the server refuses for good has failed at once, with its words"
    _test_refused(sink)


@with_transaction()
def _test_refused(sink):
    helpdesk()
    mail, = deliver(letter())
    sink.refuse = '550 No such user here'
    conversation, = send(answer(mail.ticket))

    assert conversation.delivery == 'failed'
    assert "No such user here" in conversation.delivery_error


def test_greylisted(sink):
    "What the server refuses for now is tried again"
    _test_greylisted(sink)


@with_transaction()
def _test_greylisted(sink):
    helpdesk()
    mail, = deliver(letter())
    sink.refuse = '451 Come back later'
    conversation, = send(answer(mail.ticket))

    assert conversation.delivery == 'queued'
    assert conversation.next_try


def test_no_sender_address(sink):
    "Without a sender address the mail waits, and says so in plain words"
    _test_no_sender_address(sink)


@with_transaction()
def _test_no_sender_address(sink):
    desk = helpdesk(mail_address=None)
    ticket = desk.make_ticket(email='ada@example.org', state='open')
    config.set('email', 'from', '')
    conversation, = send(answer(ticket))

    assert conversation.delivery == 'queued'
    assert "Support" in conversation.delivery_error


def test_header_injection(sink):
    "SE8: line ends in what a sender wrote add no header"
    _test_header_injection(sink)


@with_transaction()
def _test_header_injection(sink):
    helpdesk()
    raw = letter(subject="SUBJECT", sender="NAME <ada@example.org>")
    mail, = deliver(raw.replace(
            b'SUBJECT', b'=?utf-8?q?Hello=0D=0ABcc:_mallory=40example.net?='
            ).replace(b'NAME', b'=?utf-8?q?Ada=0D=0ABcc:_m=40example.net?='))
    conversation, = send(answer(mail.ticket))

    assert conversation.delivery == 'sent'
    message, = sink.messages
    assert 'Bcc' not in message
    assert "Hello Bcc: mallory" in message['Subject']
    assert sink.envelopes[0].rcpt_tos == ['ada@example.org']


def test_encoded_twice(sink):
    "SE8: what looks like an encoded word is not decoded into our headers"
    _test_encoded_twice(sink)


@with_transaction()
def _test_encoded_twice(sink):
    helpdesk()
    evil = b'=?utf-8?q?=0d=0aX-Evil:_1=0d=0a=0d=0a<h1>?='
    encoded = evil.replace(b'=', b'=3D').replace(b'?', b'=3F').replace(
        b'_', b'=5F')
    raw = letter(subject="SUBJECT", sender="NAME <ada@example.org>",
        message_id='<ID@example.org>')
    raw = raw.replace(b'<ID@', b'<' + evil.replace(b'<h1>', b'') + b'@')
    for word in [b'SUBJECT', b'NAME']:
        raw = raw.replace(word, b'=?utf-8?q?' + encoded + b'?=')
    mail, = deliver(raw)
    conversation, = send(answer(mail.ticket, attachments=[
                ('create', [{'name': evil.decode(), 'data': b'x'}])]))

    assert conversation.delivery == 'sent'
    content = sink.envelopes[0].original_content
    head, _, _ = content.partition(b'\r\n\r\n')
    assert b'\r\nX-Evil' not in content
    assert b'\r\nMessage-ID: <helpdesk.' in head
    assert b'In-Reply-To: <=?' not in head


def test_server_leaves_without_a_word(sink, monkeypatch):
    "A mail that the server has taken is sent, however the connection ends"
    import smtplib

    def quit(self):
        raise smtplib.SMTPServerDisconnected("gone")
    monkeypatch.setattr(smtplib.SMTP, 'quit', quit)
    _test_server_leaves_without_a_word(sink)


@with_transaction()
def _test_server_leaves_without_a_word(sink):
    helpdesk()
    mail, = deliver(letter())
    conversation, = send(answer(mail.ticket))

    assert conversation.delivery == 'sent'
    assert len(sink.messages) == 1


def test_customer_refused_watcher_not(sink):
    "An answer that only a watcher got is not shown as sent"
    _test_customer_refused_watcher_not(sink)


@with_transaction()
def _test_customer_refused_watcher_not(sink):
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = helpdesk()
    ticket = desk.make_ticket(
        email='ada@example.org', state='open', participants=[
            {'email': 'watch@example.org', 'role': 'watcher'}])
    sink.refuse_address = 'ada@example.org'
    conversation = answer(ticket)
    Ticket.wait([ticket])
    conversation, = send(conversation)

    assert conversation.delivery == 'failed'
    assert 'ada@example.org' in conversation.delivery_error
    ticket = Ticket(ticket.id)
    assert ticket.unread
    assert ticket.state == 'open'


def test_watchers_get_a_copy(sink):
    "Watchers get the answers in copy, who was only written to in copy not"
    _test_watchers_get_a_copy(sink)


@with_transaction()
def _test_watchers_get_a_copy(sink):
    desk = helpdesk()
    ticket = desk.make_ticket(
        email='ada@example.org', state='open', participants=[
            {'email': 'Watch@example.org', 'role': 'watcher'},
            {'email': 'bob@example.org', 'role': 'cc'}])
    send(answer(ticket))

    assert sink.messages[0]['Cc'] == 'watch@example.org'
    assert sink.envelopes[0].rcpt_tos == [
        'ada@example.org', 'watch@example.org']


@with_transaction()
def test_mail_written_by_a_program():
    "An agent's program that creates a conversation has it sent as well"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk = helpdesk()
    ticket = desk.make_ticket(email='ada@example.org', state='open')
    user, context = desk.as_user(desk.agent)
    with user, context:
        conversation, = Conversation.create([{
                    'ticket': ticket.id, 'kind': 'email', 'direction': 'out',
                    'body': "Done"}])

    conversation = Conversation(conversation.id)
    assert conversation.delivery == 'queued'
    assert conversation.to_addresses == 'ada@example.org'


@with_transaction()
def test_ticket_made_by_hand():
    "B3: saving a ticket made by hand tells the contact that work has begun"
    desk = helpdesk()
    ticket = desk.make_ticket(email='Ada@example.org')
    silent = desk.make_ticket()
    with Transaction().set_context(helpdesk_acknowledge=False):
        imported = desk.make_ticket(email='ada@example.org')

    confirmation, = sent(ticket)
    assert confirmation.to_addresses == 'ada@example.org'
    assert ticket.number in confirmation.body
    assert not sent(silent)
    assert not sent(imported)
