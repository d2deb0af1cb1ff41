# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from contextlib import contextmanager
from unittest.mock import patch

from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.records import Helpdesk

from .chats import (
    MINUTE, SECOND, as_rpc, be_present, begin, bells, get, in_chat, join,
    make_agents, make_channel, post, reread)


def setup_module():
    activate_module('helpdesk_portal')


@with_transaction()
def test_present():
    "Who has joined gets visitors as long as he is there (B8)"
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    Channel = pool.get('helpdesk.chat.channel')
    Session = pool.get('ir.session')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    other = make_channel(desk, name="Repairs")
    agent, second, third, fourth, fifth = make_agents(desk, 5)
    join(desk, channel, agent, second, third, fourth, fifth)
    assert Channel.present([channel, other]) == {
        channel.id: sorted(
            u.id for u in [agent, second, third, fourth, fifth]),
        other.id: [],
        }
    assert Channel(channel.id).is_staffed and not other.is_staffed

    today = dt.date.today()
    Absence.create([{
                'employee': second.employee.id,
                'start_date': today - dt.timedelta(days=2),
                'end_date': today + dt.timedelta(days=2)}])
    third.active = False
    third.save()
    fourth.groups = []
    fourth.save()
    Session.delete(Session.search([('create_uid', '=', fifth.id)]))
    assert Channel.present([channel])[channel.id] == [agent.id]

    user, context = desk.as_user(agent)
    with user, context:
        Channel.leave([Channel(channel.id)])
    assert Channel.present([channel])[channel.id] == []


@with_transaction()
def test_presence():
    "A client that only waits for news is there, until it is closed (B8)"
    pool = Pool()
    Channel = pool.get('helpdesk.chat.channel')
    Session = pool.get('ir.session')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    join(desk, channel, desk.agent)
    session, = Session.search([('create_uid', '=', desk.agent.id)])
    table = Session.__table__()
    old = dt.datetime.now() - dt.timedelta(hours=2)
    cursor = Transaction().connection.cursor()
    cursor.execute(*table.update([table.create_date], [old]))
    assert not Channel(channel.id).is_staffed

    # What the bus asks for, too
    with Transaction().set_user(desk.agent.id):
        assert Session.check(desk.agent.id, session.key)
        assert not Session.check(desk.agent.id, 'other')
    assert Channel(channel.id).is_staffed
    # That is no call, for which Tryton would ask for the password later
    cursor.execute(*table.select(table.write_date))
    assert cursor.fetchall() == [(None,)]
    with Transaction().set_user(desk.agent.id), Statements() as statements:
        Session.check(desk.agent.id, session.key)
    assert 'UPDATE ir_session' not in statements.kinds()


@with_transaction()
def test_presence_noted():
    "That a client is there is noted once a minute by all processes (B8)"
    Session = Pool().get('ir.session')
    desk = Helpdesk()
    be_present(desk.agent)
    session, = Session.search([('create_uid', '=', desk.agent.id)])
    table = Session.__table__()
    cursor = Transaction().connection.cursor()
    now = dt.datetime.now().replace(microsecond=0)

    def noted(seconds):
        "Return whether it is, if it was so long ago by another process"
        before = now - dt.timedelta(seconds=seconds)
        cursor.execute(*table.update([table.helpdesk_seen_at], [before]))
        Session._helpdesk_seen_cache.clear()
        with Transaction().set_user(desk.agent.id):
            assert Session.check(desk.agent.id, session.key)
        cursor.execute(*table.select(table.helpdesk_seen_at))
        (seen,), = cursor.fetchall()
        # SQLite gives a str
        return str(seen) != str(before)
    assert not noted(30)
    assert noted(90)
    # Where nothing can be written
    with patch.object(Transaction(), 'readonly', True):
        assert not noted(90)


@with_transaction()
def test_shown_name():
    "Visitors see of operators what the channel says (B8)"
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    party = desk.agent.employee.party
    party.name = "Ana Soler"
    party.save()
    join(desk, channel, desk.agent)
    chat, = begin(channel)
    for shown, name in [
            ('first', "Ana"), ('full', "Ana Soler"),
            ('team', desk.section.name)]:
        channel.shown_name = shown
        channel.save()
        assert reread(chat).shown_name(desk.agent) == name


@with_transaction()
def test_language():
    "Visitors and operators each read their own language (B8)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    Lang = pool.get('ir.lang')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    spanish, = Lang.search([('code', '=', 'es')])
    spanish.translatable = True
    spanish.save()
    chat, _ = Chat.begin(channel, name="Marta", language=spanish)
    chat.say("¿Hola?")

    def gettext(message, *language, **variables):
        return ' '.join([message, *language])
    with patch('trytond.modules.helpdesk_portal.chat.gettext', gettext):
        Chat.end([Chat(chat.id)], 'visitor')
    assert Chat(chat.id).messages()[-1].content == (
        'helpdesk_portal.msg_chat_ended es')


@with_transaction()
def test_typing():
    "The operator sees that the visitor writes (B8)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    join(desk, channel, desk.agent)
    chat, = begin(channel)
    get(desk, desk.agent, chat)
    now = dt.datetime.now()
    with published() as refreshed:
        for typing_at in [now, now + SECOND, now + 2 * SECOND]:
            Chat.write([reread(chat)], {'typing_at': typing_at})
        assert refreshed == [chat]
    last = get(desk, desk.agent, chat)[-1]
    assert last['content'] == "Visitor 0 is writing…"
    assert last['audience'] == 'internal' and last['id'] == 0
    Chat.write([reread(chat)], {'typing_at': now - MINUTE})
    with published() as refreshed:
        Chat.write([reread(chat)], {'visitor_seen_at': now})
        assert refreshed == [chat] and not reread(chat).typing_at
    assert get(desk, desk.agent, chat)[-1]['id']


@with_transaction()
def test_read():
    "The operator sees that the visitor has read the last answer (B8)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    Message = pool.get('ir.chat.message')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    join(desk, channel, desk.agent)
    chat, = begin(channel)
    answer = post(desk, desk.agent, chat, "Yes?")
    assert get(desk, desk.agent, chat)[-1]['content'] == "Yes?"
    with published() as refreshed:
        Chat.write([reread(chat)], {'visitor_read': answer.id})
        assert refreshed == [chat]
        assert get(desk, desk.agent, chat)[-1]['content'] == "Read"
        Chat.write([reread(chat)], {'visitor_read': answer.id})
        assert refreshed == [chat]
    assert Message.search([('content', '=', "Read")]) == []
    assert reread(chat).operator_read == answer.id


@with_transaction()
def test_unread():
    "Whose client missed what the bus told gets it while the page is open (B8)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    join(desk, channel, desk.agent)
    chat, = begin(channel)

    def stay():
        "Let the page of the visitor be open for some seconds more"
        Chat.write([reread(chat)], {
                'visitor_seen_at': dt.datetime.now() - 5 * SECOND})
        with published() as refreshed:
            reread(chat).seen()
            reread(chat).seen()
        return refreshed
    assert stay() == [chat]
    get(desk, desk.agent, chat)
    assert stay() == []
    reread(chat).say("Still there?")
    assert stay() == [chat]


@contextmanager
def published():
    "Give the list of the chats that clients are told to get again"
    chats = []
    with patch.object(
            Pool().get('ir.chat.channel'), 'refresh',
            staticmethod(chats.extend)):
        yield chats


@with_transaction()
def test_notification():
    "A notice opens the chat, and says whose it is only to who may see it"
    pool = Pool()
    Notification = pool.get('res.notification')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    join(desk, channel, desk.agent)
    chat, = begin(channel)
    notice, = as_rpc(desk, desk.agent, Notification.get)
    assert (notice['model'], notice['records']) == (
        'helpdesk.chat', [chat.id])
    assert notice['description'] == "Visitor 0 · Shop"
    desk.agent.groups = []
    desk.agent.save()
    notice, = as_rpc(desk, desk.agent, Notification.get)
    assert not notice['description']


@with_transaction()
def test_followers():
    "Colleagues who see the chat can be asked to look, nobody else (SE12)"
    pool = Pool()
    IrChannel = pool.get('ir.chat.channel')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    agent, second = make_agents(desk, 2)
    join(desk, channel, agent)
    chat, = begin(channel)
    in_chat(desk, agent, lambda: IrChannel.subscribe(
            str(chat), username=second.login))
    assert "asks you" in bells(second)[0]
    assert [m.content for m in reread(chat).messages()] == ["Hello?"]
    stranger = desk.make_user('stranger', [])
    stranger.groups = []
    stranger.save()
    for call in [
            lambda: IrChannel.subscribe(
                str(chat), username=stranger.login),
            lambda: IrChannel.subscribe_email(
                str(chat), 'marta@example.com')]:
        try:
            in_chat(desk, agent, call)
        except UserError:
            continue
        raise AssertionError


@with_transaction()
def test_join_menu():
    "Agents come to the channels, which they join, by the menu (B8)"
    pool = Pool()
    Menu = pool.get('ir.ui.menu')
    ModelData = pool.get('ir.model.data')
    desk = Helpdesk(visibility='public')
    menu = Menu(ModelData.get_id('helpdesk_portal', 'menu_chat_channel'))
    while menu:
        assert as_rpc(
            desk, desk.agent, lambda: Menu.search([('id', '=', menu.id)]))
        menu = menu.parent


@with_transaction()
def test_join_access():
    "Only agents of the section join a channel (SE12)"
    pool = Pool()
    Channel = pool.get('helpdesk.chat.channel')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    other = desk.make_user('other', [desk.make_section("Other")])
    desk.section.visibility = 'private'
    desk.section.save()
    be_present(other)
    try:
        as_rpc(desk, other, lambda: Channel.join([Channel(channel.id)]))
    except AccessError:
        pass
    else:
        raise AssertionError
    assert not Channel(channel.id).is_staffed
