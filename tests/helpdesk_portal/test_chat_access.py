# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from unittest.mock import patch

from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction, without_check_access

from tests.records import Helpdesk

from .chats import join, make_channel


def setup_module():
    activate_module('helpdesk_portal')


def begin(desk):
    "Return a channel and the chat of a visitor in it whom the agent has"
    Chat = Pool().get('helpdesk.chat')
    channel = make_channel(desk)
    join(desk, channel, desk.agent)
    chat, _ = Chat.begin(channel, name="Marta")
    chat.say("Hello?")
    return channel, Chat(chat.id)


def refused(desk, who, *calls):
    "Check that AccessError is raised for each of the calls of the user"
    for call in calls:
        user, context = desk.as_user(who)
        with user, context:
            try:
                call()
            except AccessError:
                continue
            raise AssertionError


@with_transaction()
def test_internal():
    "The visitor sees nothing of what colleagues say to each other (SE11)"
    pool = Pool()
    IrChannel = pool.get('ir.chat.channel')
    desk = Helpdesk(visibility='public')
    _, chat = begin(desk)
    published = []
    user, context = desk.as_user(desk.agent)
    with patch('trytond.modules.helpdesk_portal.chat_post.Bus.publish',
            lambda channel, message: published.append((channel, message))):
        with user, context, without_check_access():
            IrChannel.post(str(chat), "She owes us money")
            IrChannel.post(str(chat), "Hello", audience='public')
            IrChannel.subscribe(str(chat))
            IrChannel.unsubscribe(str(chat))
    assert [m.content for m in chat.messages()] == [
        "Hello?", "Agent has joined.", "Hello"]
    # On the bus anybody may listen who is logged in
    assert {c for c, _ in published} == {f'chat:{chat}'}
    assert all(m == {'type': 'message'} for _, m in published)


@with_transaction()
def test_menu():
    "Agents find the channels that they can join (B8)"
    pool = Pool()
    Data = pool.get('ir.model.data')
    Menu = pool.get('ir.ui.menu')
    desk = Helpdesk()
    menu = Data.get_id('helpdesk_portal', 'menu_chat_channel')
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert list(Menu.search([('id', '=', menu)])) == [Menu(menu)]


@with_transaction()
def test_kept():
    "Nobody changes what was said, not even with all rights (SE12)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    Message = pool.get('ir.chat.message')
    ModelAccess = pool.get('ir.model.access')
    desk = Helpdesk(visibility='public')
    _, chat = begin(desk)
    message, = chat.messages()
    values = {
        'channel': message.channel.id,
        'user': desk.agent.id,
        'content': "Forged",
        'audience': 'public',
        }
    calls = [
        lambda: Message.create([values]),
        lambda: Message.write([Message(message.id)], {'content': "Forged"}),
        lambda: Message.delete([Message(message.id)]),
        lambda: Chat.write([Chat(chat.id)], {'operator': desk.manager.id}),
        lambda: Chat.delete([Chat(chat.id)]),
        lambda: Chat.copy([Chat(chat.id)]),
        ]
    refused(desk, desk.agent, *calls)
    refused(desk, desk.manager, *calls)
    with patch.object(
            ModelAccess, 'check', staticmethod(lambda *args, **kwargs: True)):
        refused(desk, desk.agent, *calls)
    assert message.content == "Hello?"


@with_transaction()
def test_operators():
    "Who has joined is told to nobody outside the section (SE12)"
    pool = Pool()
    Channel = pool.get('helpdesk.chat.channel')
    Operator = pool.get('helpdesk.chat.operator')
    desk = Helpdesk(visibility='public')
    channel, _ = begin(desk)
    other = desk.make_user('other', [desk.make_section("Other")])
    desk.section.visibility = 'private'
    desk.section.save()
    operator, = Operator.search([])
    user, context = desk.as_user(other)
    with user, context:
        assert not Operator.search([])
        assert not Channel.search([])
    refused(desk, other,
        lambda: Operator.read([operator.id], ['user']),
        lambda: Channel.read([channel.id], ['origins']),
        lambda: Channel.join([Channel(channel.id)]))
    refused(desk, desk.agent,
        lambda: Operator.create(
            [{'channel': channel.id, 'user': other.id}]),
        lambda: Operator.write([Operator(operator.id)], {'user': other.id}),
        lambda: Operator.delete([Operator(operator.id)]))


@with_transaction()
def test_buttons():
    "Nobody takes, ends or hands over what he does not see (SE12)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    Start = pool.get('helpdesk.chat.hand_over.start')
    Wizard = pool.get('helpdesk.chat.hand_over', type='wizard')
    desk = Helpdesk(visibility='public')
    _, chat = begin(desk)
    other = desk.make_user('other', [desk.make_section("Other")])
    desk.section.visibility = 'private'
    desk.section.save()

    def hand_over():
        session, _, _ = Wizard.create()
        with Transaction().set_context(
                active_model='helpdesk.chat', active_id=chat.id,
                active_ids=[chat.id]):
            Wizard.execute(
                session, {'start': {'chat': chat.id}}, 'hand_over')
    refused(desk, other,
        lambda: Chat.take([Chat(chat.id)]),
        lambda: Chat.finish([Chat(chat.id)]),
        lambda: Chat.hand_over([Chat(chat.id)]),
        hand_over)
    user, context = desk.as_user(other)
    with user, context:
        assert Start(chat=chat.id).get_operators() == [(None, "")]
    assert Chat(chat.id).operator == desk.agent


@with_transaction()
def test_files():
    "Files of both sides are messages, and stay as they are (B8)"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    _, chat = begin(desk)
    said, = chat.say_files([("photo.png", b'png')])
    assert (said.helpdesk_speaker, said.content) == ('visitor', "photo.png")
    user, context = desk.as_user(desk.agent)
    with user, context:
        attachment, = Attachment.create([{
                    'resource': str(chat),
                    'name': "manual.pdf",
                    'data': b'pdf',
                    }])
        assert attachment.name == "manual.pdf"
        # Who only reads it does not change it
        assert Attachment(said.helpdesk_file.id).name == "photo.png"
    last = Chat(chat.id).messages()[-1]
    assert (last.helpdesk_speaker, last.content, last.shown_author()) == (
        'operator', "manual.pdf", "Agent")
    assert bytes(last.helpdesk_file.data) == b'pdf'
    assert Chat(chat.id).operator_at


@with_transaction()
def test_files_access():
    "Files are changed by nobody, and seen in the section only (SE12)"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    _, chat = begin(desk)
    other = desk.make_user('other', [desk.make_section("Other")])
    said, = chat.say_files([("photo.png", b'png')])
    attachment = said.helpdesk_file
    desk.section.visibility = 'private'
    desk.section.save()
    refused(desk, desk.agent,
        lambda: Attachment.write(
            [Attachment(attachment.id)], {'name': "other.pdf"}),
        lambda: Attachment.delete([Attachment(attachment.id)]))
    refused(desk, other,
        lambda: Attachment.read([attachment.id], ['data']),
        lambda: Attachment.create(
            [{'resource': str(chat), 'name': "x", 'data': b'x'}]))

    Chat.end([Chat(chat.id)], 'visitor')
    user, context = desk.as_user(desk.agent)
    with user, context:
        try:
            Attachment.create([{
                        'resource': str(chat),
                        'name': "late.pdf",
                        'data': b'pdf',
                        }])
        except UserError as error:
            assert "has ended" in error.message
        else:
            raise AssertionError
