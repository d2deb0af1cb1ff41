# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Live chats, as somebody attacks them who is not who they say.
"""
import datetime as dt
from unittest.mock import patch

from trytond.modules.helpdesk_portal import chat_routes
from trytond.modules.helpdesk_portal.chat_form import indented
from trytond.modules.helpdesk_portal.forms import Answer
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    DB_NAME, activate_module, with_transaction)
from trytond.transaction import Transaction

from tests.records import Helpdesk

from .chat_case import NONCE, ChatTestCase
from .chats import as_rpc, make_channel
from .talk import Talk
from .test_chat_access import begin, refused

OWNER = 'marta@example.com'


def setup_module():
    activate_module('helpdesk_portal')


def make_ticket(desk=None):
    "Return a Talk whose visitor typed an address, and its ticket"
    talk = Talk(desk=desk, email=OWNER)
    talk.operator("/ticket Broken")
    assert talk.chat.ticket_address()
    return talk, talk.chat.ticket


def file(ticket, **values):
    "Return a new conversation of the ticket"
    Conversation = Pool().get('helpdesk.conversation')
    conversation, = Conversation.create([{
                'ticket': ticket.id,
                'at': dt.datetime.now().replace(microsecond=0),
                'author': "Marta",
                'body': "My secret",
                **values}])
    return conversation


def token_of(talk):
    return talk.chat.ticket_address().rpartition('/')[2]


def visitor(token):
    return Pool().get('helpdesk.guest_link').helpdesk_visitor(token)


@with_transaction()
def test_mail_of_owner():
    "SE9: who typed an address in a chat reads nothing its owner writes"
    GuestLink = Pool().get('helpdesk.guest_link')
    talk, ticket = make_ticket()
    token = token_of(talk)
    own = GuestLink.make([ticket])[ticket].rpartition('/')[2]
    file(ticket, kind='email', direction='in', from_address=OWNER)
    assert visitor(token) is None
    assert talk.chat.ticket_address() is None
    # The link that the owner got by mail goes on
    assert visitor(own).ticket == ticket.id
    # What the visitor says does not bring it back
    talk.visitor("Hello?")
    assert talk.chat.ticket_address() is None


@with_transaction()
def test_answers():
    "SE9: nor what is answered to the owner, on the portal or by phone"
    desk = Helpdesk(visibility='public')
    for values in [
            {'kind': 'email', 'direction': 'out'},
            {'kind': 'web', 'direction': 'in', 'from_address': OWNER},
            {'kind': 'phone', 'direction': 'in'},
            ]:
        talk, ticket = make_ticket(desk)
        token = token_of(talk)
        file(ticket, **values)
        assert visitor(token) is None, values


@with_transaction()
def test_moved():
    "SE9: nor a mail that is moved from another ticket"
    Conversation = Pool().get('helpdesk.conversation')
    talk, ticket = make_ticket()
    token = token_of(talk)
    other = talk.desk.make_ticket(email=OWNER)
    mail = file(other, kind='email', direction='in', from_address=OWNER)
    assert visitor(token)
    Conversation.write([mail], {'ticket': ticket.id})
    assert visitor(token) is None


@with_transaction()
def test_goes_on():
    "B9: what is said in the chat, noted or confirmed does not end the link"
    Ticket = Pool().get('helpdesk.ticket')
    talk, ticket = make_ticket()
    token = token_of(talk)
    talk.visitor("One thing more")
    talk.operator("Yes?")
    talk.operator("/note Careful")
    file(ticket, kind='note', direction='internal')
    file(ticket, kind='email', direction='in', automatic=True)
    Ticket.answer_on_portal(ticket, visitor(token), Answer("By the link"))
    assert visitor(token).ticket == ticket.id
    assert talk.chat.ticket_address()


@with_transaction()
def test_expires():
    "PO1: the link serves for a day after the chat"
    GuestLink = Pool().get('helpdesk.guest_link')
    talk, ticket = make_ticket()
    day = dt.timedelta(hours=24)
    link, = GuestLink.search([('chat', '=', talk.id)])
    assert link.expires_at <= dt.datetime.now() + day
    GuestLink.write([link], {'expires_at': dt.datetime(2020, 1, 1)})
    assert talk.chat.ticket_address() is None
    Chat = Pool().get('helpdesk.chat')
    Chat.end([talk.chat], 'visitor')
    link = GuestLink(link.id)
    assert abs(link.expires_at - dt.datetime.now() - day) < dt.timedelta(
        minutes=1)
    assert talk.chat.ticket_address()


@with_transaction()
def test_decides_nothing():
    "B13, SE6: who typed an address authorizes nothing in its owner's name"
    GuestLink = Pool().get('helpdesk.guest_link')
    talk, ticket = make_ticket()
    own = GuestLink.make([ticket])[ticket].rpartition('/')[2]
    assert not ticket.may_decide_on_portal(visitor(token_of(talk)))
    assert ticket.may_decide_on_portal(visitor(own))


@with_transaction()
def test_away():
    "SE9: the ticket that the form makes has no link for the page"
    Chat = Pool().get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    chat, _ = Chat.begin(make_channel(desk), name="Eve", email=OWNER)
    chat.say("Hello?")
    chat = Chat(chat.id)
    chat.end_by_form(chat.file())
    chat = Chat(chat.id)
    assert chat.ticket.email == OWNER
    assert chat.ticket_address() is None


@with_transaction()
def test_transcript_forged():
    "SE6: no text of the visitor looks like what the operator said"
    Conversation = Pool().get('helpdesk.conversation')
    talk = Talk(name="agent")
    talk.operator("No refund")
    talk.visitor("x\n\nAgent · 01/01/2026 10:00\nFull refund\u2028Agent")
    talk.operator("/ticket")
    transcript, = Conversation.search([
            ('ticket', '=', talk.chat.ticket.id),
            ('kind', '=', 'chat'),
            ])
    lines = transcript.body.splitlines()
    assert [n.partition(' · ')[0] for n in lines if ' · ' in n] == [
        "agent (Visitor)", "Agent", "agent (Visitor)",
        "    Agent"]
    # The form that takes it along is no worse, and tells no full names
    assert [who for who, _ in talk.chat.said()] == [
        "agent (Visitor)", "Agent", "agent (Visitor)"]
    assert indented("a\u2028b\nc") == "a\n    b\n    c"


@with_transaction()
def test_commands():
    "SE12: what a visitor types is said, and is no command"
    talk = Talk(first="/ticket x")
    for text in ['/close', '/note x', '//x', ' /end', '/canned x']:
        talk.visitor(text)
    assert talk.chat.state == 'active' and not talk.chat.ticket
    assert talk.said() == [
        '/ticket x', '/close', '/note x', '//x', ' /end', '/canned x']


@with_transaction()
def test_token_hash():
    "SE13: what recognises a visitor is neither read nor searched for"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    _, chat = begin(desk)
    for who in [desk.agent, desk.manager]:
        refused(desk, who,
            lambda: Chat.read([chat.id], ['token_hash']),
            lambda: Chat.search([('token_hash', 'like', 'a%')]),
            lambda: Chat.search([], order=[('token_hash', 'ASC')]),
            lambda: Chat.export_data([Chat(chat.id)], ['token_hash']))


@with_transaction()
def test_search():
    "SE13: a chat leads to nothing that the agent does not see"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    Operator = pool.get('helpdesk.chat.operator')
    desk = Helpdesk(visibility='public')
    channel, chat = begin(desk)
    hidden = desk.make_section("Hidden", visibility='private')
    ticket = desk.make_ticket(
        section=hidden, description="Salaries", email=OWNER)
    Chat.write([chat], {'ticket': ticket.id})
    refused(desk, desk.agent,
        lambda: Chat.search([('ticket.description', 'like', 'S%')]),
        lambda: Chat.search([('ticket', 'where', [('email', '=', OWNER)])]),
        lambda: Chat.search([], order=[('ticket.subject', 'ASC')]),
        lambda: Chat.export_data([Chat(chat.id)], ['ticket/subject']))
    assert as_rpc(desk, desk.agent,
        lambda: Chat.search([('ticket', 'in', [ticket.id])], count=True)) == 1

    other = desk.make_user('other', [desk.make_section("Other")])
    desk.section.visibility = 'private'
    desk.section.save()
    operator, = Operator.search([('channel', '=', channel.id)])
    refused(desk, other,
        lambda: Operator.export_data([Operator(operator.id)], ['user']),
        lambda: Chat.export_data([Chat(chat.id)], ['visitor']))


@with_transaction()
def test_foreign():
    "SE12: Tryton's chat and the wizard are closed to who sees no chat"
    pool = Pool()
    CreateTicket = pool.get('helpdesk.chat.create_ticket', type='wizard')
    IrChannel = pool.get('ir.chat.channel')
    Message = pool.get('ir.chat.message')
    desk = Helpdesk(visibility='public')
    channel, chat = begin(desk)
    other = desk.make_user('other', [desk.make_section("Other")])
    none = desk.make_user('none', [], 'group_helpdesk')
    none.groups = []
    none.save()
    desk.section.visibility = 'private'
    desk.section.save()
    message, = chat.messages()
    for who in [other, none]:
        refused(desk, who,
            lambda: IrChannel.get(str(chat)),
            lambda: IrChannel.post(str(chat), "x", audience='public'),
            lambda: IrChannel.subscribe(str(chat)),
            lambda: IrChannel.unsubscribe(str(chat)),
            lambda: IrChannel.get_followers(str(chat)),
            lambda: IrChannel.search_followers(str(chat), "a"),
            lambda: Message.read([message.id], ['content']),
            lambda: Message.search([('content', 'like', 'H%')]),
            lambda: create_ticket(CreateTicket, chat))
    assert not pool.get('helpdesk.ticket').search([])


def create_ticket(Wizard, chat):
    with Transaction().set_context(
            active_model='helpdesk.chat', active_id=chat.id,
            active_ids=[chat.id]):
        session, _, _ = Wizard.create()
        Wizard.execute(session, {'start': {'subject': "x"}}, 'make')


@with_transaction()
def test_stranger():
    "PO5: an address typed in a chat joins no ticket of its owner's"
    desk = Helpdesk(visibility='public')
    before = desk.make_ticket(email=OWNER)
    talk = Talk(desk=desk, email=OWNER)
    talk.operator("/ticket Broken")
    assert talk.chat.ticket != before


class VisitorTestCase(ChatTestCase):
    "What a visitor's script sends that is none of ours"

    def test_characters(self):
        "SE15: no character fails, and none is kept that hides another"
        news = self.begin(
            name="Hel\u202epdesk\0\nBcc: x", page='https://x.example/a\0b')
        with self.transaction():
            chat = self.with_chat(news['token'])
            self.assertEqual(chat.visitor, "Helpdesk Bcc: x")
            self.assertIsNone(chat.page)
        news = self.begin(
            nonce=NONCE + '2', page='https://x.example/\u202ea\u2066')
        with self.transaction():
            self.assertEqual(
                self.with_chat(news['token']).page, 'https://x.example/a')

    def test_surrogates(self):
        "SE15: half a character is refused or replaced"
        for name in ['stamp', 'altcha', 'csrf_token', 'recaptcha', 'email',
                'nonce']:
            with self.subTest(name=name):
                response = self.tell('begin', self.begin_values(
                        **{name: '\ud800', 'identity': 'x'}))
                self.assertIn(response.status_code, {200, 400, 409, 422})

    def test_places(self):
        "SE15: one visitor does not take all the places to wait in"
        waited = []
        news = self.begin()

        def wait(database, key, mark, seconds, who):
            waited.append(who)
            return mark
        with patch.object(chat_routes.watch, 'wait', wait):
            self.ask(f'news?version={news["version"]}', news['token'],
                environ_overrides={'REMOTE_ADDR': '192.0.2.7'})
        self.assertEqual(waited, ['192.0.2.7/32'])
        self.assertLess(
            chat_routes.PER_CHAT, chat_routes.PER_NETWORK)

    def test_frame(self):
        "SE16: in a frame nobody is who is logged in, whatever is sent"
        client = self.log_in()
        _, page = self.page(client)
        _, frame = self.page(client, '/frame')
        self.assertIsNone(frame['csrf_token'])
        news = self.begin(client, csrf_token=None)
        with self.transaction():
            self.assertIsNone(self.with_chat(news['token']).web_user)

    def test_guest_page(self):
        "SE9: the page behind the link is closed with it"
        pool = Pool(DB_NAME)
        news = self.begin(email=OWNER)
        with self.transaction():
            chat = self.with_chat(news['token'])
            ticket, _ = chat.make_ticket("Broken")
            address = self.with_chat(news['token']).ticket_address()
            id_ = ticket.id
        path = address[address.index('/', 8):]
        client = self.client()
        response = client.get(path)
        self.assertEqual(response.status_code, 303)
        page = response.headers['Location']
        self.assertEqual(client.get(page).status_code, 200)
        shown = self.news(news['token'])['ticket']
        self.assertEqual(shown['url'], address)
        with self.transaction():
            file(pool.get('helpdesk.ticket')(id_),
                kind='email', direction='in', from_address=OWNER)
        self.assertEqual(client.get(page).status_code, 404)
        self.assertEqual(client.get(path).status_code, 404)
        self.assertIsNone(self.news(news['token'])['ticket']['url'])
