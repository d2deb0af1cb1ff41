# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError, ValidationError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail import test_outgoing
from tests.helpdesk_mail.test_mail_account import make_helpdesk
from tests.helpdesk_mail.test_oauth import make_client
from tests.services import HOST, Certificate, Sink, free_port
from tests.token_server import TokenServer

sink = test_outgoing.sink


def setup_module():
    activate_module('helpdesk_mail')


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    certificate = Certificate(tmp_path)
    monkeypatch.setenv('SSL_CERT_FILE', str(certificate.path))
    return certificate


def make_server(sink, **values):
    pool = Pool()
    Server = pool.get('helpdesk.mail.server')
    server = Server(
        name="Own", host=HOST, port=sink.port, security='starttls',
        authentication='password', username='support')
    server.password = 's3cr3t'
    for name, value in values.items():
        setattr(server, name, value)
    server.save()
    return server


def confirm(desk, server):
    "Click on the button"
    Server = server.__class__
    user, context = desk.as_user(desk.admin)
    with user, context:
        Server.test_and_confirm([Server(server.id)])
    return Server(server.id)


def make_ticket(desk, server=None):
    section = desk.section
    if server:
        section = desk.make_section("Own", mail_address='own@example.com',
            mail_server=server)
    return desk.make_ticket(
        section=section, email='ada@example.org', state='open')


def send(*tickets):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    conversations = [
        test_outgoing.answer(t, f"Answer {i}") for i, t in enumerate(tickets)]
    Conversation.send(conversations)
    return Conversation.browse(conversations)


@pytest.mark.parametrize('security', ['starttls', 'ssl'])
def test_password(sink, certificate, security):
    "X2: mails of a section go by its own server, those of others by Tryton's"
    with Sink(certificate=certificate, security=security,
            users={'support': 's3cr3t'}, size=5000) as own:
        _test_password(sink, own, security)


@with_transaction()
def _test_password(sink, own, security):
    desk = make_helpdesk()
    server = confirm(desk, make_server(own, security=security))
    assert server.state == 'confirmed'
    assert "accepted the password" in server.tested
    assert server.max_size == 5000
    conversations = send(make_ticket(desk, server), make_ticket(desk))

    assert [c.delivery for c in conversations] == ['sent'] * 2
    message, = own.messages
    assert message['From'].endswith('<own@example.com>')
    assert own.logins == ['support'] * 2
    message, = sink.messages
    assert message['From'].endswith('<support@example.com>')


def test_oauth(sink, certificate):
    "X2, ML16: a section's server is logged in to by a token"
    with TokenServer() as tokens, Sink(
            certificate=certificate, token_server=tokens) as own:
        _test_oauth(sink, own, tokens)


@with_transaction()
def _test_oauth(sink, own, tokens):
    desk = make_helpdesk()
    server = make_server(
        own, authentication='oauth', oauth=make_client(tokens), password=None)
    confirm(desk, server)
    ticket = make_ticket(desk, server)
    conversation, = send(ticket)
    assert conversation.delivery == 'sent'
    assert len(tokens.requests) == 1
    # A token that is refused is replaced, once
    tokens.tokens.clear()
    conversation, = send(ticket)
    assert conversation.delivery == 'sent'
    assert len(tokens.requests) == 2
    tokens.mailbox = 'other'
    conversation, = send(ticket)
    assert conversation.delivery == 'queued'
    assert "access token" in conversation.delivery_error
    assert 'access-' not in conversation.delivery_error
    assert len(tokens.requests) == 3
    tokens.stop()
    tokens.mailbox = 'support'
    server.oauth.__class__.write([server.oauth], {'access_secret': None})
    conversation, = send(ticket)
    assert conversation.delivery == 'queued'
    assert "token server" in conversation.delivery_error
    assert len(own.messages) == 2
    assert not sink.messages


def test_without_login():
    "A server within the house may ask for no login"
    with Sink() as own:
        _test_without_login(own)


@with_transaction()
def _test_without_login(own):
    desk = make_helpdesk()
    server = make_server(own, security='none', authentication='none')
    ticket = make_ticket(desk, server)
    conversation, = send(ticket)
    assert conversation.delivery == 'queued'
    assert "not confirmed" in conversation.delivery_error
    confirm(desk, server)
    conversation, = send(ticket)
    assert conversation.delivery == 'sent'


def test_troubles(certificate, monkeypatch):
    "SE14: what is wrong with a server is said in plain words, no secrets"
    with Sink(certificate=certificate, users={'support': 's3cr3t'}) as own:
        _test_troubles(own, monkeypatch)


@with_transaction()
def _test_troubles(own, monkeypatch):
    desk = make_helpdesk()
    for values, words in [
            ({'password': 'wr0ng'}, "password of user support"),
            ({'password': 'wröng'}, "without accents"),
            ({'port': free_port()}, "Connection refused"),
            ({'security': 'none'}, "AUTH"),
            ({'security': 'ssl'}, "SSL"),
            ({'host': 'nowhere.invalid'}, "nowhere.invalid"),
            ]:
        server = make_server(own, **values)
        with pytest.raises(UserError) as error:
            confirm(desk, server)
        assert words in error.value.message
        assert 's3cr3t' not in error.value.message
        assert not {'wr0ng', 'wröng'} & set(error.value.message.split())
        assert server.state == 'draft'
    monkeypatch.delenv('SSL_CERT_FILE')
    with pytest.raises(UserError) as error:
        confirm(desk, make_server(own))
    assert "CERTIFICATE_VERIFY_FAILED" in error.value.message


def test_login_refused_later(certificate):
    "A password that is no longer accepted loses no mail"
    with Sink(certificate=certificate, users={'support': 's3cr3t'}) as own:
        _test_login_refused_later(own)


@with_transaction()
def _test_login_refused_later(own):
    desk = make_helpdesk()
    server = confirm(desk, make_server(own))
    ticket = make_ticket(desk, server)
    own.users['support'] = 'changed'
    conversation, = send(ticket)
    assert conversation.delivery == 'queued'
    assert "password of user support" in conversation.delivery_error
    own.users['support'] = 's3cr3t'
    conversation, = test_outgoing.send(conversation)
    assert conversation.delivery == 'sent'


def test_one_connection(sink):
    "Many mails go over one connection, also if one of them is refused"
    _test_one_connection(sink)


@with_transaction()
def _test_one_connection(sink):
    desk = make_helpdesk()
    tickets = [make_ticket(desk) for _ in range(4)]
    tickets[1].email = 'nobody@example.org'
    tickets[1].save()
    sink.refuse_address = 'nobody@example.org'
    conversations = send(*tickets)

    assert [c.delivery for c in conversations] == [
        'sent', 'failed', 'sent', 'sent']
    assert sink.connections == 1
    sink.stop()
    conversations = send(*tickets)
    assert {c.delivery for c in conversations} == {'queued'}


def test_idle_connection(sink, monkeypatch):
    "A server that ends the connection between two mails gets a new one"
    from trytond.modules.helpdesk_mail import conversation

    def restart(Model, records):
        sink.stop()
        sink.start()
    monkeypatch.setattr(conversation, 'commit_between', restart)
    _test_idle_connection(sink)


@with_transaction()
def _test_idle_connection(sink):
    desk = make_helpdesk()
    conversations = send(make_ticket(desk), make_ticket(desk))
    assert [c.delivery for c in conversations] == ['sent'] * 2
    assert sink.connections == 2


@with_transaction()
def test_batches():
    "Mails made at once are sent by few tasks, and late ones alone"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Queue = pool.get('ir.queue')
    desk = make_helpdesk()
    ticket = make_ticket(desk)
    conversations = Conversation.create([{
                'ticket': ticket.id, 'kind': 'email', 'direction': 'out',
                'body': "Hello", 'author': "Agent"} for _ in range(60)])

    def batches():
        tasks = Queue.search([], order=[('id', 'ASC')])
        try:
            return [
                len(t.data['instances']) for t in tasks
                if t.data['model'] == 'helpdesk.conversation']
        finally:
            Queue.delete(tasks)
    # The first is the confirmation
    assert batches() == [1, 25, 25, 10]
    now = dt.datetime.now()
    conversations = list(conversations)
    Conversation.write(conversations[:3], {
            'next_try': now - dt.timedelta(hours=1)})
    Conversation.write(conversations[3:6], {
            'next_try': now - dt.timedelta(minutes=1)})
    Conversation.send_waiting()
    assert batches() == [1, 1, 1, 3]
    Conversation.write(conversations[:3], {'delivery': 'failed'})
    Conversation.send_again(conversations[:3])
    assert batches() == [3]


@with_transaction()
def test_hidden():
    "SE13, SE14: a server's password is written, but not read or searched"
    desk = make_helpdesk()
    server = make_server(Sink())
    Server = server.__class__
    pool = Pool()
    Section = pool.get('helpdesk.section')
    user, context = desk.as_user(desk.admin)
    with user, context:
        assert Server.read([server.id], ['password'])[0]['password'] == (
            '*' * 10)
        with pytest.raises(AccessError):
            Server.read([server.id], ['secret'])
        with pytest.raises(AccessError):
            Server.search([('secret', 'like', 's%')])
        with pytest.raises(AccessError):
            Server.search([], order=[('secret', 'ASC')])
        with pytest.raises(AccessError):
            Section.search([('mail_server.secret', 'like', 's%')])
        for values in [
                {'host': 'elsewhere.example.com'},
                {'host': 'elsewhere.example.com', 'password': '*' * 10},
                {'security': 'none'},
                ]:
            with pytest.raises(ValidationError):
                Server.write([Server(server.id)], values)
        Server.write([Server(server.id)],
            {'host': 'elsewhere.example.com', 'password': 'new'})
    assert Server(server.id).secret == 'new'
    copy, = Server.copy([server])
    assert not copy.secret
    desk.section.mail_server = server
    desk.section.save()
    for person in [desk.agent, desk.manager]:
        user, context = desk.as_user(person)
        with user, context:
            with pytest.raises(AccessError):
                Server.read([server.id], ['name'])
            view = Section.fields_view_get()
            assert 'mail_server' not in view['fields']
