# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from sql import Literal, Null
from trytond.i18n import gettext
from trytond.model import ChatMixin, Index, ModelSQL, ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk.follow import SeenMixin
from trytond.modules.helpdesk.lookup import CheckedSearchMixin
from trytond.pool import Pool
from trytond.pyson import Bool, Eval
from trytond.transaction import Transaction, without_check_access

from .exceptions import ChatEndedError
from .secret_link import SecretLinkMixin


class Chat(
        CheckedSearchMixin, SeenMixin, SecretLinkMixin, ChatMixin,
        ModelSQL, ModelView):
    __name__ = 'helpdesk.chat'
    # What clients call the tab that the bell opens
    __string__ = "Live Chat"
    _rec_name = 'visitor'

    channel = fields.Many2One('helpdesk.chat.channel', "Channel",
        required=True, readonly=True, ondelete='RESTRICT',
        help="Where the visitor came in.")
    section = fields.Many2One('helpdesk.section', "Section",
        required=True, readonly=True, ondelete='RESTRICT',
        help="The team that answers.")
    company = fields.Many2One('company.company', "Company",
        required=True, readonly=True, ondelete='RESTRICT')
    state = fields.Selection([
            ('waiting', "Waiting"),
            ('active', "Active"),
            ('ended', "Ended"),
            ], "State", required=True, readonly=True, sort=False,
        help="Whether somebody talks to the visitor.")
    visitor = fields.Char("Visitor", readonly=True,
        help="What the visitor goes by.")
    email = fields.Char("E-Mail", readonly=True,
        help="The address that the visitor typed or logged in with.")
    web_user = fields.Many2One('web.user', "Web User", readonly=True,
        ondelete='SET NULL',
        states={
            'invisible': ~Bool(Eval('web_user')),
            },
        help="Who was logged in on the portal, if anybody.")
    language = fields.Many2One('ir.lang', "Language", readonly=True,
        ondelete='SET NULL',
        help="The language that the visitor reads.")
    page = fields.Char("Page", readonly=True,
        states={
            'invisible': ~Bool(Eval('page')),
            },
        help="The web page that the visitor looked at.")
    operator = fields.Many2One('res.user', "Operator", readonly=True,
        ondelete='SET NULL',
        help="Who talks to the visitor.")
    started_at = fields.DateTime("Started On", required=True, readonly=True,
        help="When the visitor came in.")
    handed_at = fields.DateTime("Handed On", readonly=True,
        help="When the operator was given the visitor.")
    joined_at = fields.DateTime("Operator Joined On", readonly=True,
        help="When the operator opened the chat.")
    operator_at = fields.DateTime("Operator's Last Message", readonly=True,
        help="When the operator wrote last, or took the visitor.")
    unread_since = fields.DateTime("Unread Since", readonly=True,
        help="Since when the operator has not read what the visitor wrote.")
    notified_at = fields.DateTime("Notified On", readonly=True,
        help="When the operator was last told that the visitor waits.")
    answered_at = fields.DateTime("Answered On", readonly=True,
        help="When an operator answered first.")
    ended_at = fields.DateTime("Ended On", readonly=True,
        help="When the chat was over.")
    ended_by = fields.Selection([
            (None, ""),
            ('visitor', "Visitor"),
            ('operator', "Operator"),
            ('system', "Helpdesk"),
            ], "Ended By", readonly=True, sort=False,
        help="Who ended the chat.")
    visitor_at = fields.DateTime("Visitor's Last Message", readonly=True,
        help="When the visitor wrote last.")
    visitor_seen_at = fields.DateTime("Visitor Last Seen", readonly=True,
        help="When the page of the visitor was last heard of.")
    typing_at = fields.DateTime("Visitor Types", readonly=True,
        help="When the visitor was last seen typing.")
    visitor_read = fields.Integer("Read by Visitor", readonly=True,
        help="The last message that the visitor has on the screen.")
    operator_read = fields.Integer("Read by Operator", readonly=True,
        help="The last message that the operator has on the screen.")
    ticket = fields.Many2One('helpdesk.ticket', "Ticket", readonly=True,
        ondelete='SET NULL',
        help="The ticket that the chat became.")
    version = fields.Integer("Version", required=True, readonly=True,
        help="Grows with all that the visitor's page shows.")
    token_hash = fields.Char("Token Hash", readonly=True, strip=False,
        loading='lazy',
        help="Recognises the visitor without storing the token.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('started_at', 'DESC'), ('id', 'DESC')]
        t = cls.__table__()
        cls._sql_indexes.update({
                Index(t, (t.token_hash, Index.Equality(cardinality='high'))),
                Index(t,
                    (t.channel, Index.Range()),
                    (t.started_at, Index.Range()),
                    where=t.state.in_(['waiting', 'active'])),
                Index(t,
                    (t.operator, Index.Equality()),
                    where=t.state == 'active'),
                Index(t,
                    (t.handed_at, Index.Range()),
                    where=(t.state == 'active')
                    & ((t.operator_at == Null) | (t.unread_since != Null))),
                Index(t,
                    (t.section, Index.Equality()),
                    (t.started_at, Index.Range(order='DESC')),
                    (t.id, Index.Range(order='DESC'))),
                })

    @classmethod
    def default_version(cls):
        return 1

    def chat_language(self, audience='internal'):
        if audience == 'public' and self.language:
            return self.language.code

    @classmethod
    def check_modification(cls, mode, chats, values=None, external=False):
        super().check_modification(
            mode, chats, values=values, external=external)
        # Also for who has the rights to write everything
        if external:
            raise AccessError(gettext('helpdesk_portal.msg_chat_kept'))

    def notice_name(self):
        "Return how a notice names it, for users who see it."
        return f'{self.visitor} · {self.channel.rec_name}'

    @classmethod
    def begin(
            cls, channel, name=None, email=None, language=None, page=None,
            web_user=None, token=None):
        """
        Begin the chat of a visitor of the channel.

        It is handed out when the visitor says something, see say.
        name, email and page are str or None, language an ir.lang, web_user a
        web.user. Return the chat and the token that proves to be its visitor:
        the one that is given, or a new one.
        """
        token = token or cls.new_token()
        now = dt.datetime.now().replace(microsecond=0)
        chat, = cls.create([{
                    'channel': channel.id,
                    'section': channel.section.id,
                    'company': channel.section.company.id,
                    'state': 'waiting',
                    'visitor': name or email or gettext(
                        'helpdesk_portal.msg_chat_visitor'),
                    'email': email,
                    'web_user': web_user.id if web_user else None,
                    'language': language.id if language else None,
                    'page': page,
                    'started_at': now,
                    'visitor_seen_at': now,
                    'token_hash': cls.hash(token),
                    }])
        return chat, token

    @classmethod
    def touch(cls, chats):
        """
        Let the pages that show the chats notice that something is new.

        Who does it first makes others wait who write in the same chat, so
        that the ids of its messages are committed in their order.
        """
        if not chats:
            return
        table = cls.__table__()
        Transaction().connection.cursor().execute(*table.update(
                [table.version], [table.version + Literal(1)],
                where=table.id.in_([c.id for c in chats])))

    @classmethod
    def versions(cls, ids):
        "Return the versions of the chats with the ids, see watch.Watch"
        cursor = Transaction().connection.cursor()
        table = cls.__table__()
        cursor.execute(*table.select(
                table.id, table.version, where=table.id.in_(list(ids))))
        return dict(cursor.fetchall())

    def say(self, text):
        """
        Post what the visitor says, a str, and return the message.

        The first one has the chat handed out. ChatEndedError is raised if
        the chat is over.
        """
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        self.visitor_said()
        with Transaction().set_user(0):
            message = Channel.say(self, text, speaker='visitor')
        self.visitor_waits()
        return message

    def visitor_said(self):
        "Note that the visitor posts something"
        self.touch([self])
        if self.state == 'ended':
            raise ChatEndedError(gettext(
                    'helpdesk_portal.msg_chat_begin_again',
                    *self.visitor_language()))
        now = dt.datetime.now().replace(microsecond=0)
        self.__class__.write([self], {
                'visitor_at': now,
                'unread_since': self.unread_since or now,
                'typing_at': None,
                })

    def visitor_waits(self):
        "See that somebody takes care of the visitor, who has posted"
        if self.state == 'waiting':
            self.hand_out([self.channel])
        else:
            self.rehand(chats=[self])

    def visitor_language(self):
        "Return the arguments that make gettext speak the visitor's language"
        return [self.language.code] if self.language else []

    def messages(self, after=0):
        "Return the messages that the visitor may see, with ids after that"
        pool = Pool()
        Message = pool.get('ir.chat.message')
        return list(Message.search([
                    ('channel.resource', '=', str(self)),
                    ('audience', '=', 'public'),
                    ('id', '>', after),
                    ], order=[('id', 'ASC')]))

    @classmethod
    @without_check_access
    def tell(cls, chats, message, **variables):
        """
        Tell the visitors something in their languages.

        message is the id of an ir.message of the module.
        """
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        Channel.say_all([{
                    'chat': chat,
                    'text': gettext(
                        f'helpdesk_portal.{message}',
                        *chat.visitor_language(), **variables),
                    } for chat in chats], 'system')

    @classmethod
    @without_check_access
    def end(cls, chats, by):
        """
        End the chats; by is a key of ended_by.

        The visitors are told, and who waits gets the operators.
        """
        cls.touch(chats)
        chats = [c for c in chats if c.state != 'ended']
        if not chats:
            return
        cls.tell(chats, 'msg_chat_ended')
        cls.write(chats, {
                'state': 'ended',
                'ended_at': dt.datetime.now().replace(microsecond=0),
                'ended_by': by,
                'unread_since': None,
                'typing_at': None,
                })
        cls.hand_out_to({c.operator.id for c in chats if c.operator})
