# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Records of live chats that several tests begin with.
"""
from trytond.pool import Pool
from trytond.transaction import Transaction


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
