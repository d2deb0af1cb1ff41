# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Records of live chats that several tests begin with.
"""
import datetime as dt

from trytond.pool import Pool
from trytond.transaction import Transaction, without_check_access

SECOND = dt.timedelta(seconds=1)
MINUTE = dt.timedelta(minutes=1)


def make_channel(desk, **values):
    "Return a published channel of the section of the helpdesk"
    Channel = Pool().get('helpdesk.chat.channel')
    channel, = Channel.create([{
                'name': "Shop",
                'section': desk.section.id,
                'published': True,
                **values}])
    return channel


def be_present(*users):
    "Let the users be at a client now, as one who has just logged in"
    Session = Pool().get('ir.session')
    for user in users:
        with Transaction().set_user(user.id):
            Session.new()


def join(desk, channel, *users):
    "Let the users be at a client and join the channel"
    Channel = Pool().get('helpdesk.chat.channel')
    be_present(*users)
    for each in users:
        user, context = desk.as_user(each)
        with user, context:
            Channel.join([Channel(channel.id)])


def begin(channel, count=1):
    "Return chats of so many visitors who have written"
    Chat = Pool().get('helpdesk.chat')
    chats = []
    for i in range(count):
        chat, _ = Chat.begin(channel, name=f"Visitor {i}")
        chat.say("Hello?")
        chats.append(Chat(chat.id))
    return chats


def make_agents(desk, count):
    "Return so many agents of the section"
    return [desk.agent] + [
        desk.make_user(f'agent{i}', [desk.section])
        for i in range(1, count)]


def as_rpc(desk, who, call):
    "Return what the call does for the user, as one of a client"
    user, context = desk.as_user(who)
    with user, context:
        return call()


def in_chat(desk, who, call):
    "Return what the call of Tryton's chat does, which checks by itself"
    user, context = desk.as_user(who)
    with user, context, without_check_access():
        return call()


def post(desk, who, chat, text, audience='public'):
    "Let the user write in the chat, and return the message"
    IrChannel = Pool().get('ir.chat.channel')
    return in_chat(desk, who, lambda: IrChannel.post(
            str(chat), text, audience=audience))


def get(desk, who, chat):
    "Return what the user sees who opens the chat"
    IrChannel = Pool().get('ir.chat.channel')
    return in_chat(desk, who, lambda: IrChannel.get(str(chat)))


def reread(chat):
    "Return the chat as it is now"
    return Pool().get('helpdesk.chat')(chat.id)


def bells(user):
    "Return what the notices of the user say, the oldest first"
    Notification = Pool().get('res.notification')
    return [n.label for n in Notification.search(
            [('user', '=', user.id)], order=[('id', 'ASC')])]


def handed(chat, ago):
    "Let it be so long that the operator was given the visitor"
    Chat = Pool().get('helpdesk.chat')
    chat = reread(chat)
    values = {
        name: getattr(chat, name) - ago
        for name in ['handed_at', 'notified_at', 'unread_since']
        if getattr(chat, name)}
    Chat.write([chat], values)
