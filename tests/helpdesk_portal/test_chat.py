# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import without_check_access

from tests.records import Helpdesk

from .chats import get, join, make_channel


def setup_module():
    activate_module('helpdesk_portal')


@with_transaction()
def test_talk():
    "A visitor is handed to who has joined, and both read each other (B8)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    IrChannel = pool.get('ir.chat.channel')
    Notification = pool.get('res.notification')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    chat, token = Chat.begin(channel, name="Marta")
    chat.say("Hello?")
    assert Chat(chat.id).state == 'waiting'
    assert Chat.with_token(token) == chat
    join(desk, channel, desk.agent)
    chat = Chat(chat.id)
    assert (chat.state, chat.operator) == ('active', desk.agent)
    bell, = Notification.search([('user', '=', desk.agent.id)])
    # On the bus everybody could read it
    assert "Marta" not in bell.label
    user, context = desk.as_user(desk.agent)
    # As over RPC
    with user, context, without_check_access():
        IrChannel.post(str(chat), "Hello Marta", audience='public')
        IrChannel.post(str(chat), "She is nice", audience='internal')
        shown = IrChannel.get(str(chat))
    assert [(m['author'], bool(m['user']), m['content']) for m in shown] == [
        ("Marta", True, "Hello?"),
        (None, False, "Agent has joined."),
        (desk.agent.name, True, "Hello Marta"),
        (desk.agent.name, True, "She is nice"),
        ]
    said = Chat(chat.id).messages()
    assert [m.content for m in said] == [
        "Hello?", "Agent has joined.", "Hello Marta"]
    assert Chat(chat.id).operator_read == shown[-1]['id']
    assert Chat(chat.id).version > 3


@with_transaction()
def test_long_words():
    "No address that a visitor sends is too long for an operator's screen (B8)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    chat, _ = Chat.begin(make_channel(desk), name="Marta")
    address = 'https://shop.example/' + 'machines/' * 20
    chat.say(f"See {address}, please")
    shown = get(desk, desk.agent, chat)[0]['content']
    assert max(map(len, shown.split())) <= 30
    # As browsers read an address
    assert shown.replace('\n', '') == f"See {address}, please"
    message, = Chat(chat.id).messages()
    assert message.content == f"See {address}, please"


@with_transaction()
def test_others():
    "Agents of other sections see nothing of a chat (SE12)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    IrChannel = pool.get('ir.chat.channel')
    desk = Helpdesk(visibility='public')
    other = desk.make_user('other', [desk.make_section("Other")])
    chat, _ = Chat.begin(make_channel(desk), name="Marta")
    chat.say("Secret")
    # Of a public section every agent sees all
    desk.section.visibility = 'private'
    desk.section.save()
    user, context = desk.as_user(other)
    with user, context:
        assert not Chat.search([])
    user, context = desk.as_user(other)
    with user, context, without_check_access():
        for call in [
                lambda: IrChannel.get(str(chat)),
                lambda: IrChannel.post(str(chat), "x", audience='public')]:
            try:
                call()
            except AccessError:
                continue
            raise AssertionError
