# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What the page of a visitor asks of a chat.

Access is decided by chat_routes: who has the token of the chat.
"""
import datetime as dt
import hmac

from sql import Null
from sql.aggregate import Count
from trytond.model import Unique, fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction

# Seconds after which it is noted again that the page is open
SEEN = 5


class Chat(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat'

    @staticmethod
    def token_for(channel, nonce):
        """
        Return the token of the chat that was begun with the nonce.

        The nonce is a secret of the browser: who begins again since no answer
        came gets the same chat.
        """
        pool = Pool()
        Section = pool.get('helpdesk.section')
        return hmac.new(
            Section.web_form_secret(),
            f'helpdesk chat {channel.id} {nonce}'.encode(),
            'sha256').hexdigest()

    def posted(self, nonce):
        "Return the message that was sent with the nonce, or None"
        pool = Pool()
        Message = pool.get('ir.chat.message')
        for message in Message.search([
                    ('channel.resource', '=', str(self)),
                    ('helpdesk_nonce', '=', nonce),
                    ]):
            return message

    def say_once(self, nonce, text):
        """
        Post what the visitor says, unless that was done with the nonce.

        Return the message. What is sent twice at the same time waits for the
        first, see touch, and is begun again by the database.
        """
        message = self.posted(nonce)
        if not message:
            message = self.say(text)
            message.helpdesk_nonce = nonce
            message.save()
        return message

    def say_file_once(self, nonce, file):
        """
        Post a file of the visitor, a forms.File, as say_once does a text.

        Return the message.
        """
        message = self.posted(nonce)
        if not message:
            message, = self.say_files([(file.name, file.data)])
            message.helpdesk_nonce = nonce
            message.save()
        return message

    def shown_file(self, id):
        "Return the attachment with the id that the visitor sees, or None"
        pool = Pool()
        Message = pool.get('ir.chat.message')
        for message in Message.search([
                    ('channel.resource', '=', str(self)),
                    ('audience', '=', 'public'),
                    ('helpdesk_file', '=', id),
                    ], limit=1):
            return message.helpdesk_file

    def seen(self, read=0, typing=False):
        """
        Note that the visitor's page is open.

        read is the id of the last message on the screen, typing tells whether
        the visitor types. An operator who has not read what the visitor said
        last is told once more.
        """
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        now = dt.datetime.now().replace(microsecond=0)
        values = {}
        if read > (self.visitor_read or 0):
            values['visitor_read'] = read
        if typing:
            values['typing_at'] = now
        last = self.visitor_seen_at
        is_due = not last or (now - last).total_seconds() >= SEEN
        if values or is_due:
            self.__class__.write([self], {'visitor_seen_at': now, **values})
        if is_due and self.operator and self.unread_since:
            # The bus forgets what it told while a client was not connected
            Channel.refresh([self])

    def set_email(self, email):
        "Remember the address that the visitor typed"
        self.touch([self])
        self.email = email
        self.save()

    @property
    def queue(self):
        "How many visitors wait in the channel before this one"
        if self.state != 'waiting':
            return 0
        cursor = Transaction().connection.cursor()
        table = self.__table__()
        cursor.execute(*table.select(Count(table.id),
                where=(table.channel == self.channel.id)
                & (table.state == 'waiting')
                & (table.visitor_at != Null)
                & ((table.started_at < self.started_at)
                    | ((table.started_at == self.started_at)
                        & (table.id < self.id)))))
        count, = cursor.fetchone()
        return count

    def patience_left(self):
        """
        Return the seconds until the visitor has waited too long.

        0 if that is so, or nobody comes at all; None if nobody is awaited.
        """
        if self.state != 'waiting':
            return
        there = self.channel.availability(self.channel)
        if not there.open or not there.staffed:
            return 0
        waited = dt.datetime.now() - self.started_at
        return max((self.channel.patience - waited).total_seconds(), 0)

    @property
    def is_late(self):
        "Whether the visitor has waited too long"
        left = self.patience_left()
        return left is not None and left <= 0

    @property
    def asks_email(self):
        "Whether the visitor is asked for an address, to be answered later"
        return not self.email and (
            self.email_asked
            or self.channel.identity != 'none' and self.is_late)


class Message(metaclass=PoolMeta):
    __name__ = 'ir.chat.message'

    helpdesk_nonce = fields.Char("Nonce", readonly=True, strip=False,
        help="Keeps a visitor's message from being posted twice.")

    @classmethod
    def __setup__(cls):
        cls.helpdesk_nonce.search_unaccented = False
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints.append(
            ('helpdesk_nonce_unique',
                Unique(t, t.channel, t.helpdesk_nonce),
                'helpdesk_portal.msg_chat_nonce_unique'))
