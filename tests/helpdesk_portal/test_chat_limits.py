# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from contextlib import contextmanager

from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk_portal import chat_limits
from trytond.pool import Pool
from trytond.protocols.wrappers import Request, exceptions
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction, without_check_access
from werkzeug.test import EnvironBuilder

from tests.records import Helpdesk

from .chats import make_channel

ADDRESS = '192.0.2.7'


def setup_module():
    activate_module('helpdesk_portal')


def request():
    return Request(EnvironBuilder('/').get_environ())


@contextmanager
def coming_from(address=ADDRESS):
    "Let requests come from the address"
    with Transaction().set_context(_request={'remote_addr': address}):
        yield


def begin(channel, email=None, address=ADDRESS):
    "Begin a chat as chat_routes does, and return it"
    Chat = Pool().get('helpdesk.chat')
    with coming_from(address):
        chat_limits.check_begin(request(), channel, email)
        chat, _ = Chat.begin(channel, name="Marta", email=email)
    return chat


def refused(func, *args, **kwargs):
    "Return the error with which it is refused, None if it isn't"
    try:
        func(*args, **kwargs)
    except exceptions.TooManyRequests as error:
        return error


def configure(**values):
    Configuration = Pool().get('helpdesk.configuration')
    configuration = Configuration(1)
    for name, value in values.items():
        setattr(configuration, name, value)
    configuration.save()


@with_transaction()
def test_network():
    "B8, SE15: a network begins so many chats an hour, and no more"
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    configure(chat_per_network=2)
    begin(channel)
    begin(channel)
    error = refused(begin, channel)
    assert error.code == 429
    assert error.retry_after == 3600
    assert "can't begin a chat" in error.description
    # Others can
    assert not refused(begin, channel, address='198.51.100.1')
    configure(chat_per_network=None)
    assert not refused(begin, channel)


@with_transaction()
def test_address():
    "B8, SE15: an address begins so many chats, however it is written"
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    configure(chat_per_address=2)
    begin(channel, 'marta.vila@example.com', '192.0.2.1')
    begin(channel, 'MartaVila+1@example.com', '198.51.100.1')
    assert refused(
        begin, channel, 'martavila+2@example.com', '203.0.113.1')
    assert not refused(begin, channel, 'joan@example.com', '203.0.113.1')


@with_transaction()
def test_open():
    "B8: a network has so many chats at once"
    Chat = Pool().get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    configure(chat_open_per_network=1)
    chat = begin(channel)
    assert chat.network == '192.0.2.7/32'
    assert refused(begin, channel)
    Chat.end([chat], 'visitor')
    assert not refused(begin, channel)


@with_transaction()
def test_say():
    "B8: so many messages of the visitor a minute, and in all"
    Channel = Pool().get('ir.chat.channel')
    desk = Helpdesk(visibility='public')
    chat = begin(make_channel(desk))
    configure(chat_per_minute=2, chat_messages=3)
    for _ in range(2):
        chat_limits.check_say(chat)
        chat.say("Hello?")
    # What others say does not count
    Channel.say(chat, "Please wait", 'system')
    error = refused(chat_limits.check_say, chat)
    assert error.retry_after == 60
    assert "wait a minute" in error.description
    configure(chat_per_minute=None)
    assert not refused(chat_limits.check_say, chat)
    chat.say("Hello??")
    assert "too long" in refused(chat_limits.check_say, chat).description


@with_transaction()
def test_file():
    "B8, SE15: so many bytes of files in a chat"
    Chat = Pool().get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    chat = begin(make_channel(desk))
    configure(chat_file_size=1)
    chat_limits.check_file(chat, 600_000)
    assert refused(chat_limits.check_file, Chat(chat.id), 600_000)
    assert not refused(chat_limits.check_file, Chat(chat.id), 400_000)


@with_transaction()
def test_blocked_sender():
    "B8: an address whose letters aren't taken begins no chat"
    Address = Pool().get('helpdesk.mail.address')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    Address.create([{'pattern': 'spam@example.com', 'blocked': True}])
    assert refused(begin, channel, 'Spam@example.com')
    assert not refused(begin, channel, 'marta@example.com')


@with_transaction()
def test_block():
    "B8: who is blocked is told no more than who was too fast"
    pool = Pool()
    Block = pool.get('helpdesk.chat.block')
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    chat = begin(channel, 'marta.vila@example.com')
    user, context = desk.as_user(desk.agent)
    with user, context:
        Chat.block([Chat(chat.id)])
    chat = Chat(chat.id)
    assert (chat.state, chat.ended_by) == ('ended', 'operator')
    # From the same network, and with the same mailbox from elsewhere
    error = refused(begin, channel)
    assert refused(
        begin, channel, 'martavila+2@example.com', '198.51.100.1')
    assert not refused(begin, channel, address='198.51.100.1')
    configure(chat_per_network=1)
    assert refused(begin, channel).description == error.description
    configure(chat_per_network=None)
    block, = Block.search([])
    user, context = desk.as_user(desk.manager)
    with user, context:
        assert Block.search([]) == [block]
        Block.unblock([Block(block.id)])
    assert not refused(begin, channel)


@with_transaction()
def test_block_expires():
    "B8: a block is over after a day, and is forgotten"
    pool = Pool()
    Block = pool.get('helpdesk.chat.block')
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    Chat.block([begin(channel)])
    block, = Block.search([])
    hours = (block.until - dt.datetime.now()) / dt.timedelta(hours=1)
    assert 23.9 < hours <= 24
    block.until = dt.datetime.now() - dt.timedelta(seconds=1)
    block.save()
    assert not refused(begin, channel)
    Block.remove_expired()
    assert not Block.search([])


@with_transaction()
def test_block_rights():
    "SE12: agents block visitors of sections they see, managers unblock"
    pool = Pool()
    Block = pool.get('helpdesk.chat.block')
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    chat = begin(make_channel(desk))
    other = desk.make_user('other', [desk.make_section("Other")])
    desk.section.visibility = 'private'
    desk.section.save()

    def denied(user, call):
        user, context = desk.as_user(user)
        with user, context:
            try:
                call()
            except AccessError:
                return True

    assert denied(other, lambda: Chat.block([Chat(chat.id)]))
    with without_check_access():
        Chat.block([chat])
        block, = Block.search([])
    for user in [desk.agent, other]:
        assert denied(user, lambda: Block.search([]))
        assert denied(user, lambda: Block.unblock([Block(block.id)]))
