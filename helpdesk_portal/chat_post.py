# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Tryton's chat, in which operators talk to visitors.

Its messages are those of Tryton; what is added is who speaks, since a visitor
is no user and need not have an address.
"""
import datetime as dt

from trytond.bus import Bus
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.rpc import RPC
from trytond.transaction import (
    Transaction, check_access, without_check_access)

# What clients take for a user that has no avatar
VISITOR = -1


class Channel(metaclass=PoolMeta):
    __name__ = 'ir.chat.channel'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        # Who gets the messages has read them
        cls.__rpc__['get'] = RPC(readonly=False, check_access=False)

    @classmethod
    def _visited(cls, resource):
        "Return the helpdesk.chat that the resource is, or None"
        pool = Pool()
        Chat = pool.get('helpdesk.chat')
        model, _, id_ = str(resource).partition(',')
        if model == Chat.__name__:
            return Chat(int(id_))

    @classmethod
    @check_access
    def check_access(cls, resource):
        pool = Pool()
        Rule = pool.get('ir.rule')
        super().check_access(resource)
        chat = cls._visited(resource)
        if chat and Transaction().check_access:
            Rule.check(chat.__name__, [chat.id])

    @classmethod
    def say(cls, chat, text, speaker='visitor', audience='public'):
        """
        Add a message to the helpdesk.chat, and return it.

        speaker is visitor, operator (the current user) or system. Access is
        not checked.
        """
        pool = Pool()
        Chat = pool.get('helpdesk.chat')
        Message = pool.get('ir.chat.message')
        with without_check_access():
            Chat.touch([chat])
            message, = Message.create([{
                        'channel': cls._get_channel(chat).id,
                        'user': (
                            Transaction().user if speaker == 'operator'
                            else 0),
                        'content': text,
                        'audience': audience,
                        'helpdesk_speaker': speaker,
                        }])
            cls.dispatch_message(message, lambda user: True)
        return message

    @classmethod
    def post(cls, resource, content, audience='internal'):
        chat = cls._visited(resource)
        if not chat:
            return super().post(resource, content, audience=audience)
        cls.check_access(resource)
        if Transaction().context.get('user', Transaction().user) == 0:
            return cls.say(chat, content, 'system', audience)
        return chat.answer(content, audience)

    @classmethod
    def dispatch_message(cls, message, is_sender):
        if cls._visited(message.channel.resource):
            # On the bus anybody may listen who is logged in
            Bus.publish(
                f'chat:{message.channel.resource}', {'type': 'message'})
        else:
            super().dispatch_message(message, is_sender)

    @classmethod
    def get(cls, resource, before=None, after=None):
        messages = super().get(resource, before=before, after=after)
        chat = cls._visited(resource)
        if chat:
            chat.was_read(messages)
        return messages


class Message(metaclass=PoolMeta):
    __name__ = 'ir.chat.message'

    helpdesk_speaker = fields.Selection([
            (None, ""),
            ('visitor', "Visitor"),
            ('operator', "Operator"),
            ('system', "Helpdesk"),
            ], "Speaker", readonly=True,
        help="Who said it in a live chat.")

    def as_dict(self):
        result = super().as_dict()
        if self.helpdesk_speaker == 'visitor':
            result.update(
                user=VISITOR, author=self.channel.resource.visitor,
                avatar_url=None)
        return result


class Chat(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat'

    def answer(self, text, audience='public'):
        """
        Post what the current user says, and return the message.

        audience is public for the visitor, internal for colleagues.
        """
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        message = Channel.say(self, text, 'operator', audience)
        if audience == 'public' and not self.answered_at:
            with without_check_access():
                self.__class__.write([self], {
                        'answered_at': (
                            dt.datetime.now().replace(microsecond=0)),
                        })
        return message

    def was_read(self, messages):
        """
        Note that the operator has the messages on the screen.

        messages are dictionaries as of ir.chat.channel.get.
        """
        last = max((m['id'] for m in messages), default=0)
        if (self.operator and self.operator.id == Transaction().user
                and last > (self.operator_read or 0)):
            with without_check_access():
                self.touch([self])
                self.__class__.write([self], {'operator_read': last})
