# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Tryton's chat, in which operators talk to visitors.

Its messages are those of Tryton; what is added is who speaks, since a visitor
is no user and need not have an address.
"""
import datetime as dt
import re

from trytond.bus import Bus
from trytond.i18n import gettext
from trytond.model import Index, fields
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk.exceptions import FollowerError
from trytond.pool import Pool, PoolMeta
from trytond.rpc import RPC
from trytond.transaction import Transaction, check_access, without_check_access

from .exceptions import ChatEndedError

# What clients take for a user that has no avatar
VISITOR = -1
# No message has it
HINT = 0
# Longer words would make the chat of the web client wider than its window
_LONG_WORD = re.compile(r'\S{30}(?=\S)')
# For so long who was seen typing is taken to go on
TYPING = dt.timedelta(seconds=10)


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
    def subscribe(cls, resource, username=None):
        pool = Pool()
        Notification = pool.get('res.notification')
        User = pool.get('res.user')
        chat = cls._visited(resource)
        if not chat or username is None:
            return super().subscribe(resource, username=username)
        cls.check_access(resource)
        user, = User.search([('login', '=', username)])
        if not chat.seen_by(user.id, [chat.id]):
            raise FollowerError(gettext(
                    'helpdesk.msg_follower_blind', user=user.rec_name))
        super().subscribe(resource, username=username)
        if user.id != Transaction().user:
            with without_check_access():
                Notification.create([Notification.about(chat, user, gettext(
                                'helpdesk_portal.msg_chat_look',
                                *user.notice_language()))])

    @classmethod
    def subscribe_email(cls, resource, email):
        if cls._visited(resource):
            raise FollowerError(gettext('helpdesk.msg_follower_email'))
        super().subscribe_email(resource, email)

    @classmethod
    def say(cls, chat, text, speaker='visitor', audience='public'):
        """
        Add a message to the helpdesk.chat, and return it.

        speaker is visitor, operator (the current user) or system. Access is
        not checked.
        """
        message, = cls.say_all(
            [{'chat': chat, 'text': text}], speaker, audience)
        return message

    @classmethod
    @without_check_access
    def say_all(cls, said, speaker='visitor', audience='public'):
        """
        Add messages to chats, and return them.

        said are dictionaries of chat, a helpdesk.chat, text, a str, and file,
        the id of an ir.attachment, if any; speaker and audience are as for
        say.
        """
        pool = Pool()
        Chat = pool.get('helpdesk.chat')
        Message = pool.get('ir.chat.message')
        chats = list({s['chat'] for s in said})
        Chat.touch(chats)
        channels = cls._channels_of(chats)
        messages = list(Message.create([{
                        'channel': channels[str(s['chat'])],
                        'user': (
                            Transaction().user if speaker == 'operator'
                            else 0),
                        'content': s['text'],
                        'audience': audience,
                        'helpdesk_speaker': speaker,
                        'helpdesk_file': s.get('file'),
                        } for s in said]))
        cls.refresh(chats)
        return messages

    @classmethod
    def _channels_of(cls, chats):
        "Return the ids of the channels by the references of the chats"
        channels = {str(c.resource): c.id for c in cls.search([
                    ('resource', 'in', [str(c) for c in chats]),
                    ], order=[])}
        missing = [c for c in map(str, chats) if c not in channels]
        if missing:
            channels.update(
                (str(c.resource), c.id)
                for c in cls.create([{'resource': r} for r in missing]))
        return channels

    @staticmethod
    def refresh(chats):
        "Let the clients that show the chats get the messages again"
        for chat in chats:
            # On the bus anybody may listen who is logged in
            Bus.publish(f'chat:{chat}', {'type': 'message'})

    @classmethod
    def post(cls, resource, content, audience='internal'):
        chat = cls._visited(resource)
        if not chat:
            return super().post(resource, content, audience=audience)
        cls.check_access(resource)
        if Transaction().context.get('user', Transaction().user) == 0:
            return cls.say(chat, content, 'system', 'internal')
        return chat.answer(content, audience)

    @classmethod
    def dispatch_message(cls, message, is_sender):
        chat = cls._visited(message.channel.resource)
        if chat:
            cls.refresh([chat])
        else:
            super().dispatch_message(message, is_sender)

    @classmethod
    def get(cls, resource, before=None, after=None):
        chat = cls._visited(resource)
        if not chat:
            return super().get(resource, before=before, after=after)
        cls.check_access(resource)
        with without_check_access():
            chat.was_opened()
            messages = super().get(resource, before=before, after=after)
            chat.was_read(messages)
            if before is None:
                messages += chat.hints(messages)
        return [{**m, 'content': _broken(m['content'])} for m in messages]


class Message(metaclass=PoolMeta):
    __name__ = 'ir.chat.message'

    helpdesk_speaker = fields.Selection([
            (None, ""),
            ('visitor', "Visitor"),
            ('operator', "Operator"),
            ('system', "Helpdesk"),
            ], "Speaker", readonly=True,
        help="Who said it in a live chat.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(
            Index(t,
                (t.channel, Index.Equality(cardinality='high')),
                (t.id, Index.Range())))

    @classmethod
    def check_modification(cls, mode, messages, values=None, external=False):
        super().check_modification(
            mode, messages, values=values, external=external)
        # What was said is evidence for both sides, also for administrators
        if external and any(
                cls._is_visited(m.channel.resource) for m in messages):
            raise AccessError(gettext('helpdesk_portal.msg_chat_kept'))

    @staticmethod
    def _is_visited(resource):
        pool = Pool()
        return isinstance(resource, pool.get('helpdesk.chat'))

    def as_dict(self):
        result = super().as_dict()
        if self.helpdesk_speaker == 'visitor':
            result.update(
                user=VISITOR, author=self.channel.resource.visitor,
                avatar_url=None)
        return result


class Chat(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat'

    @classmethod
    def write(cls, *args):
        hinted = [
            (c, v) for chats, v in zip(args[::2], args[1::2])
            if v.keys() & {'typing_at', 'visitor_read', 'visitor_seen_at'}
            for c in chats]
        now = dt.datetime.now()
        changed = [c for c, v in hinted if c._changes_hint(v, now)]
        stale = [
            c for c in changed if c.typing_at and not c._is_typing(now)]
        super().write(*args)
        if changed:
            pool = Pool()
            Channel = pool.get('ir.chat.channel')
            Channel.refresh(changed)
        stale = [c for c in stale if not c._is_typing(now)]
        if stale:
            super().write(stale, {'typing_at': None})

    def _is_typing(self, now):
        return bool(self.typing_at and now - self.typing_at < TYPING)

    def _changes_hint(self, values, now):
        "Tell whether the values change what operators see of the visitor"
        typed = self._is_typing(now)
        types = bool(values['typing_at']) if 'typing_at' in values else typed
        if types != typed or (self.typing_at and not types):
            return True
        before, read = self.visitor_read or 0, values.get('visitor_read') or 0
        return read > before and before < self.last_answer <= read

    @property
    def last_answer(self):
        "The id of the message if it is the operator who spoke last, or 0"
        pool = Pool()
        Message = pool.get('ir.chat.message')
        with without_check_access():
            for message in Message.search([
                        ('channel.resource', '=', str(self)),
                        ('audience', '=', 'public'),
                        ], order=[('id', 'DESC')], limit=1):
                if message.helpdesk_speaker == 'operator':
                    return message.id
        return 0

    def hints(self, messages):
        """
        Return what clients show below the messages, which is not stored.

        messages are dictionaries as of ir.chat.channel.get, and so are those
        returned: that the visitor is writing, or has read the last answer.
        """
        now = dt.datetime.now()
        last = next(
            (m for m in reversed(messages) if m['audience'] == 'public'), None)
        if self.state != 'ended' and self._is_typing(now):
            text = gettext('helpdesk_portal.msg_chat_typing',
                visitor=self.visitor)
        elif (last and last['user'] and last['user'] != VISITOR
                and (self.visitor_read or 0) >= last['id']):
            text = gettext('helpdesk_portal.msg_chat_read')
        else:
            return []
        return [{
                'id': HINT,
                'timestamp': now,
                'user': None,
                'author': None,
                'avatar_url': None,
                'content': text,
                'audience': 'internal',
                }]

    def answer(self, text, audience='public'):
        """
        Post what the current user says, and return the message.

        audience is public for the visitor, internal for colleagues.
        ChatEndedError is raised if the visitor is gone.
        """
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        if audience == 'public':
            self.check_answer()
            self.answers()
        return Channel.say(self, text, 'operator', audience)

    def check_answer(self):
        """
        Check that the visitor can be answered.

        If not, ChatEndedError says how the visitor is reached.
        """
        if self.state != 'ended':
            return
        if self.ticket:
            raise ChatEndedError(gettext(
                    'helpdesk_portal.msg_chat_ended_ticket',
                    visitor=self.visitor, ticket=self.ticket.rec_name))
        elif self.email:
            raise ChatEndedError(gettext(
                    'helpdesk_portal.msg_chat_ended_email',
                    visitor=self.visitor, email=self.email))
        raise ChatEndedError(gettext(
                'helpdesk_portal.msg_chat_over', visitor=self.visitor))

    @without_check_access
    def answers(self):
        """
        Note that the current user answers the visitor.

        If nobody has, the visitor is the user's from now on.
        """
        user = Transaction().user
        now = dt.datetime.now().replace(microsecond=0)
        self.touch([self])
        values = {}
        if not self.operator or (
                self.operator.id != user and not self.operator_at):
            self.take_over([self])
        if self.operator.id == user:
            self.was_opened()
            values.update(operator_at=now, unread_since=None)
        if not self.answered_at:
            values['answered_at'] = now
        if values:
            self.__class__.write([self], values)

    def _is_mine(self):
        return (self.state == 'active'
            and self.operator and self.operator.id == Transaction().user)

    def was_opened(self):
        "Note that the current user has the chat on the screen"
        if self._is_mine() and not self.joined_at:
            with without_check_access():
                self.touch([self])
                self.__class__.write([self], {
                        'joined_at': dt.datetime.now().replace(microsecond=0),
                        })
                self.tell_joined([self])

    def was_read(self, messages):
        """
        Note that the operator has the messages on the screen.

        messages are dictionaries as of ir.chat.channel.get.
        """
        last = max((m['id'] for m in messages), default=0)
        if self._is_mine() and last > (self.operator_read or 0):
            with without_check_access():
                self.touch([self])
                self.__class__.write([self], {
                        'operator_read': last,
                        'unread_since': None,
                        })


class Notification(metaclass=PoolMeta):
    __name__ = 'res.notification'

    @classmethod
    def _described(cls):
        return [*super()._described(), 'helpdesk.chat']


def _broken(text):
    """
    Return the text with long words over several lines.

    Addresses are still right when copied: browsers take line breaks out.
    """
    return _LONG_WORD.sub(r'\g<0>\n', text or '')
