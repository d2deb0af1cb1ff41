# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from unittest.mock import patch

from trytond.modules.helpdesk_portal import chat_availability
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.tools import timezone as tz
from trytond.transaction import Transaction

from tests.records import Helpdesk

from .chats import join, make_channel

# A Tuesday in Madrid, in summer
TUESDAY = dt.datetime(2026, 7, 7, 10, 0)
AT_ONCE = patch('trytond.modules.helpdesk_portal.chat_ending.in_batches',
    lambda ids, work: work(ids))


def setup_module():
    activate_module('helpdesk_portal')


def begin(channel, text="My order is late\nWhere is it?", **values):
    "Return a chat in which the visitor has said the text"
    Chat = Pool().get('helpdesk.chat')
    chat, _ = Chat.begin(channel, name="Marta", **values)
    if text:
        chat.say(text)
    return Chat(chat.id)


def ago(minutes):
    return dt.datetime.now().replace(microsecond=0) - dt.timedelta(
        minutes=minutes)


def change(chat, **values):
    Chat = Pool().get('helpdesk.chat')
    Chat.write([Chat(chat.id)], values)


def looked_after(chat):
    "Return the chat after the scheduled action"
    Chat = Pool().get('helpdesk.chat')
    with AT_ONCE:
        Chat.look_after()
    return Chat(chat.id)


def grow_old(chat, minutes):
    "Let all of the chat have happened so many minutes ago"
    at = ago(minutes)
    change(chat, started_at=at, handed_at=at, visitor_at=at, operator_at=at)


@with_transaction()
def test_gone():
    "B8: whose page is closed does not wait any more, and is not forgotten"
    desk = Helpdesk(visibility='public')
    chat = begin(make_channel(desk))
    assert looked_after(chat).state == 'waiting'
    change(chat, visitor_seen_at=ago(2))
    assert looked_after(chat).state == 'waiting'
    change(chat, visitor_seen_at=ago(4))
    version = chat.version
    chat = looked_after(chat)
    assert (chat.state, chat.ended_by, chat.missed) == (
        'ended', 'system', True)
    assert chat.version > version
    assert not chat.ticket


@with_transaction()
def test_missed_becomes_ticket():
    "B8: who left an address and was not answered becomes a ticket"
    Ticket = Pool().get('helpdesk.ticket')
    desk = Helpdesk(visibility='public')
    chat = begin(make_channel(desk), email='marta@example.com')
    chat.say("Number 42")
    chat.say_files([('bill.pdf', b'bill')])
    change(chat, visitor_seen_at=ago(4))
    chat = looked_after(chat)
    ticket = chat.ticket
    assert chat.missed
    assert (ticket.section, ticket.channel, ticket.state) == (
        desk.section, 'chat', 'open')
    assert (ticket.subject, ticket.email, ticket.contact_name) == (
        "My order is late", 'marta@example.com', "Marta")
    for said in ["Where is it?", "Number 42"]:
        assert said in ticket.description
    conversation, = [
        c for c in ticket.conversations if c.direction == 'in']
    file, = conversation.attachments
    assert (file.name, file.data) == ('bill.pdf', b'bill')
    # Only once
    assert looked_after(chat).ticket == ticket
    assert Ticket.search([], count=True) == 1


@with_transaction()
def test_not_missed():
    "B8: what was answered, what says nothing and what was ended is no ticket"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    email = 'marta@example.com'
    answered, silent, dismissed = [
        begin(channel, text, email=email) for text in ["Hello", None, "Spam"]]
    change(answered, answered_at=ago(1))
    Chat.end([answered, silent], 'visitor')
    Chat.end([dismissed], 'operator')
    for chat in [answered, silent, dismissed]:
        assert not looked_after(chat).missed
    assert not Ticket.search([])


@with_transaction()
def test_blocked_makes_no_ticket():
    "B8: letters of blocked addresses aren't taken by the chat either"
    pool = Pool()
    Address = pool.get('helpdesk.mail.address')
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    chat = begin(make_channel(desk), email='spam@example.com')
    Address.create([{'pattern': 'spam@example.com', 'blocked': True}])
    Chat.end([chat], 'visitor')
    chat = looked_after(chat)
    assert chat.missed
    assert not chat.ticket


@with_transaction()
def test_idle():
    "B8: a chat in which nobody writes ends after the time of its channel"
    Chat = Pool().get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk, idle=dt.timedelta(minutes=10))
    chat = begin(channel)
    join(desk, channel, desk.agent)
    assert looked_after(chat).state == 'active'
    grow_old(chat, 11)
    # Somebody has just said something
    Chat(chat.id).say("Are you there?")
    assert looked_after(chat).state == 'active'
    grow_old(chat, 11)
    chat = looked_after(chat)
    assert (chat.state, chat.ended_by) == ('ended', 'system')


@with_transaction()
def test_closed_channel():
    "B8: nobody waits in a channel that is no longer there"
    desk = Helpdesk(visibility='public')
    for number, close in enumerate([
                lambda c: setattr(c, 'published', False),
                lambda c: setattr(c, 'active', False),
                lambda c: setattr(c.section, 'visibility', 'private')]):
        channel = make_channel(desk, name=f"Shop {number}")
        chat = begin(channel)
        close(channel)
        channel.section.save()
        channel.save()
        chat = looked_after(chat)
        assert (chat.state, chat.ended_by) == ('ended', 'system'), number


@with_transaction()
def test_handed_out():
    "B8: who waits is handed to an operator who has come meanwhile"
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    join(desk, channel, desk.agent)
    chat = begin(channel)
    # As if nobody had been there
    change(chat, state='waiting', operator=None)
    assert looked_after(chat).operator == desk.agent


def keep_hours(desk):
    "Let the section work from nine to six in Madrid, but on Wednesday"
    WorkCalendar = Pool().get('helpdesk.work_calendar')
    with Transaction().set_context(desk.context):
        calendar, = WorkCalendar.create([{
                    'name': "Office",
                    'timezone': 'Europe/Madrid',
                    'holidays': [('create', [
                                {'date': dt.date(2026, 7, 8),
                                    'name': "Feast"}])],
                    }])
    desk.section.calendar = calendar
    desk.section.save()


@with_transaction()
def test_hours():
    "B8: the chat has the opening hours of its section, with holidays"
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    assert channel._availability(TUESDAY) == (True, False, None)
    keep_hours(desk)
    Channel = channel.__class__
    channel = Channel(channel.id)
    assert channel._availability(TUESDAY) == (True, False, None)
    evening = TUESDAY + dt.timedelta(hours=8)
    # Wednesday is a holiday
    assert channel._availability(evening) == (
        False, False, dt.datetime(2026, 7, 9, 7, 0))


@with_transaction()
def test_availability():
    "B8: who joins is seen at once, and else nothing is asked for a while"
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    Channel = channel.__class__
    assert Channel.availability(channel) == (True, False, None)
    with patch.object(Channel, '_availability') as asked:
        assert Channel.availability(channel) == (True, False, None)
        assert not asked.called
    join(desk, channel, desk.agent)
    assert Channel.availability(Channel(channel.id)).staffed


@with_transaction()
def test_back():
    "B8: a visitor reads when we are back, on the own clock and in words"
    Lang = Pool().get('ir.lang')

    class Page:
        lang = Lang.get('en')
        zone = tz.get_tzinfo('Europe/Madrid')

        def text(self, key, **variables):
            return self.lang.helpdesk_text(key, **variables)

    def back(**later):
        opens = TUESDAY + dt.timedelta(**later)
        with patch.object(chat_availability, 'now', lambda: TUESDAY):
            return chat_availability.back_text(Page(), opens)

    assert back(hours=1) == "We are back today at 13:00."
    assert back(hours=13) == "We are back tomorrow at 1:00."
    assert back(days=3) == "We are back on Friday at 12:00."
    assert back(days=7) == "We are back on 07/14/2026 at 12:00."
    assert "by mail" in chat_availability.back_text(Page(), None)
