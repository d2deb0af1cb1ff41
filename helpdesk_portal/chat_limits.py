# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What keeps visitors from taking more of the live chat than is theirs.

Each check refuses by the status 429, with a sentence for the visitor in the
description of the error and Retry-After. Why one may not begin is not told:
who is blocked is told the same as who has begun too often.
"""
import datetime as dt

from sql.aggregate import Count
from sql.conditionals import Case
from trytond.model import Index, fields
from trytond.pool import Pool, PoolMeta
from trytond.protocols.wrappers import exceptions
from trytond.transaction import Transaction, without_check_access

from . import forms, pages

WHAT = 'chat'
# After so many seconds it is worth another try
HOUR, MINUTE = 60 * 60, 60


@without_check_access
def check_begin(request, channel, email=None):
    """
    Refuse who may not begin a chat now, and note who does.

    channel is the helpdesk.chat.channel, email the address that was typed or
    logged in with, or None.
    """
    pool = Pool()
    Attempt = pool.get('helpdesk.portal.attempt')
    Block = pool.get('helpdesk.chat.block')
    Chat = pool.get('helpdesk.chat')
    Configuration = pool.get('helpdesk.configuration')
    configuration = Configuration(1)
    if (Attempt.is_over(WHAT, configuration.chat_per_network)
            or (email and Attempt.is_over(
                    WHAT, configuration.chat_per_address, email))
            or Chat.is_network_full(configuration.chat_open_per_network)
            or Block.is_blocked(channel.section, email)):
        refuse(pages.Page(request).lang, 'chat_refused', HOUR)
    Attempt.note(WHAT, email or '')


@without_check_access
def check_say(chat):
    "Refuse a message of the visitor if there are enough for now or at all"
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    configuration = Configuration(1)
    messages, lately = chat.count_said(dt.timedelta(seconds=MINUTE))
    if _reaches(messages, configuration.chat_messages):
        refuse(chat.refusal_language(), 'chat_too_long', HOUR)
    if _reaches(lately, configuration.chat_per_minute):
        refuse(chat.refusal_language(), 'chat_too_fast', MINUTE)


@without_check_access
def check_file(chat, size):
    """
    Refuse a file of so many bytes if the chat has no room, or count it.

    It is called in the transaction that keeps the file.
    """
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    limit = Configuration(1).chat_file_size
    total = (chat.file_bytes or 0) + size
    if limit is not None and total > limit * forms.MIB:
        refuse(chat.refusal_language(), 'chat_files_full', HOUR)
    chat.file_bytes = total
    chat.save()


def refuse(language, key, seconds):
    "Raise the error with the message of the key in the language, an ir.lang"
    raise exceptions.TooManyRequests(
        language.helpdesk_text(key), retry_after=seconds)


def _reaches(number, limit):
    return limit is not None and number >= limit


class Chat(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat'

    network = fields.Char("Network", readonly=True,
        help="The network that the visitor came from.")
    file_bytes = fields.Integer("Size of Files", readonly=True,
        help="How many bytes the files have that the visitor sent.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(
            Index(t,
                (t.network, Index.Equality()),
                where=t.state.in_(['waiting', 'active'])))

    @classmethod
    def default_network(cls):
        _, network = Transaction().remote_address()
        return str(network) if network else None

    @classmethod
    def is_network_full(cls, limit):
        """
        Tell whether so many chats from the network of the request are open.

        None is no limit.
        """
        network = cls.default_network()
        if limit is None or not network:
            return False
        return cls.search([
                ('network', '=', network),
                ('state', 'in', ['waiting', 'active']),
                ], count=True) >= limit

    def count_said(self, lately):
        """
        Return how many messages the visitor wrote, and how many lately.

        lately is a timedelta.
        """
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        Message = pool.get('ir.chat.message')
        channel, message = Channel.__table__(), Message.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*message
            .join(channel, condition=message.channel == channel.id)
            .select(
                Count(message.id),
                Count(Case((
                            message.create_date
                            >= dt.datetime.now() - lately, 1))),
                where=(channel.resource == str(self))
                & (message.helpdesk_speaker == 'visitor')))
        return cursor.fetchone()

    def refusal_language(self):
        "Return the ir.lang in which the visitor is refused something"
        pool = Pool()
        Lang = pool.get('ir.lang')
        return self.language or Lang.helpdesk_languages()['en']


def _limit(name):
    return ['OR', (name, '=', None), (name, '>', 0)]


class Configuration(metaclass=PoolMeta):
    __name__ = 'helpdesk.configuration'

    chat_per_network = fields.Integer("Chats per Network and Hour",
        domain=_limit('chat_per_network'),
        help="How many chats are begun from one network in an hour. "
        "All people of an office may share one.\n"
        "Leave empty for any number.")
    chat_per_address = fields.Integer("Chats per Address and Hour",
        domain=_limit('chat_per_address'),
        help="How many chats are begun with one e-mail address in an hour.\n"
        "Leave empty for any number.")
    chat_open_per_network = fields.Integer("Open Chats per Network",
        domain=_limit('chat_open_per_network'),
        help="How many chats from one network there are at once.\n"
        "Leave empty for any number.")
    chat_per_minute = fields.Integer("Messages per Minute",
        domain=_limit('chat_per_minute'),
        help="How many messages a visitor writes in a minute.\n"
        "Leave empty for any number.")
    chat_messages = fields.Integer("Messages per Chat",
        domain=_limit('chat_messages'),
        help="How many messages a visitor writes in a chat.\n"
        "Leave empty for any number.")
    chat_file_size = fields.Integer("Files per Chat",
        domain=_limit('chat_file_size'),
        help="How many MiB of files a visitor sends in a chat.\n"
        "Leave empty for any number.")

    @classmethod
    def default_chat_per_network(cls):
        return 30

    @classmethod
    def default_chat_per_address(cls):
        return 10

    @classmethod
    def default_chat_open_per_network(cls):
        return 10

    @classmethod
    def default_chat_per_minute(cls):
        return 20

    @classmethod
    def default_chat_messages(cls):
        return 500

    @classmethod
    def default_chat_file_size(cls):
        return 25
