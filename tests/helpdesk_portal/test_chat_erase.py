# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from unittest.mock import patch

from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk.sales import make_party
from tests.helpdesk.test_erase import erase
from tests.records import Helpdesk

from .chats import make_channel

AT_ONCE = patch('trytond.modules.helpdesk_portal.chat_erase.in_batches',
    lambda ids, work: work(ids))
ADA = 'ada@example.org'


def setup_module():
    activate_module('helpdesk_portal')


def make_chat(channel, days=0, email=None, **values):
    "Return a chat with a message, a file and a note that ended days ago"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    Chat = pool.get('helpdesk.chat')
    Note = pool.get('ir.note')
    chat, _ = Chat.begin(
        channel, name="Ada Lovelace", email=email,
        page='https://www.example.com/shop')
    chat.say("My secret")
    Attachment.create(
        [{'resource': str(chat), 'name': 'secret.txt', 'data': b'secret'}])
    Note.create([{'resource': str(chat), 'message': "Secret note"}])
    Chat.end([chat], 'operator')
    at = dt.datetime.now().replace(microsecond=0) - dt.timedelta(days=days)
    Chat.write([Chat(chat.id)], {
            'started_at': at, 'ended_at': at, 'network': '192.0.2.7/32',
            **values})
    return Chat(chat.id)


def remove_old():
    Chat = Pool().get('helpdesk.chat')
    with AT_ONCE:
        Chat.remove_old()
    return Chat.search([])


def counts():
    "Return of how many chats there are messages, files and notes"
    pool = Pool()
    return [
        len({m.channel for m in pool.get('ir.chat.message').search([])}),
        *(pool.get(name).search(
                [('resource', 'like', 'helpdesk.chat,%')], count=True)
            for name in ['ir.attachment', 'ir.note']),
        ]


@with_transaction()
def test_kept():
    "PO8, TR7: old chats go with all that was said, but those of tickets"
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    make_chat(channel, 91)
    fresh = make_chat(channel, 89)
    ticket = desk.make_ticket()
    of_ticket = make_chat(channel, 91, ticket=ticket.id)
    assert counts() == [3] * 3
    assert set(remove_old()) == {fresh, of_ticket}
    assert counts() == [2] * 3


@with_transaction()
def test_kept_for_ever():
    "PO8: without a number of days chats are kept"
    Configuration = Pool().get('helpdesk.configuration')
    desk = Helpdesk(visibility='public')
    configuration = Configuration(1)
    configuration.chat_kept = None
    configuration.save()
    make_chat(make_channel(desk), 1000)
    assert len(remove_old()) == 1


@with_transaction()
def test_traces():
    "PO8: where a visitor came from is forgotten after thirty days"
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    old, fresh = make_chat(channel, 31), make_chat(channel, 29)
    remove_old()
    Chat = old.__class__
    old, fresh = Chat(old.id), Chat(fresh.id)
    assert (old.page, old.network, old.visitor) == (
        None, None, "Ada Lovelace")
    assert fresh.page and fresh.network


@with_transaction()
def test_erase():
    "TR7, PO8: nothing that a party wrote in a chat, nor its name, is left"
    pool = Pool()
    Block = pool.get('helpdesk.chat.block')
    Chat = pool.get('helpdesk.chat')
    ContactMechanism = pool.get('party.contact_mechanism')
    Message = pool.get('ir.chat.message')
    User = pool.get('web.user')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    ada = make_party()
    ContactMechanism.create(
        [{'party': ada.id, 'type': 'email', 'value': ADA}])
    user, = User.create([{'email': 'countess@example.org', 'party': ada.id}])
    ticket = desk.make_ticket(party=ada, email=ADA)
    chats = [
        make_chat(channel, email='Ada@example.org'),
        make_chat(channel, web_user=user.id),
        make_chat(channel, ticket=ticket.id),
        ]
    Chat.block(chats[:1])
    other = make_chat(channel, email='joan@example.org')
    pool.get('helpdesk.ticket').close([ticket])

    erase(ada)

    for chat in map(Chat, [c.id for c in chats]):
        assert chat.visitor == '****', chat.id
        for name in ['email', 'page', 'network', 'token_hash', 'web_user']:
            assert not getattr(chat, name), name
        assert {m.content for m in Message.search(
                [('channel.resource', '=', str(chat))])} == {'****'}
    assert counts() == [4, 1, 1]
    block, = Block.search([])
    assert not (block.visitor or block.email or block.network)
    other = Chat(other.id)
    assert (other.visitor, other.email) == (
        "Ada Lovelace", 'joan@example.org')
    assert "My secret" in {m.content for m in Message.search(
            [('channel.resource', '=', str(other))])}


@with_transaction()
def test_export():
    "PO8, SE12: an agent exports no chat of a section that he does not see"
    Chat = Pool().get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    chat = make_chat(make_channel(desk), email=ADA)
    other = desk.make_user('other', [desk.make_section("Other")])
    desk.section.visibility = 'private'
    desk.section.save()
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert Chat.export_data([Chat(chat.id)], ['email']) == [[ADA]]
    user, context = desk.as_user(other)
    with user, context:
        try:
            Chat.export_data([Chat(chat.id)], ['email'])
        except AccessError:
            return
    raise AssertionError
