# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import random

from sql import Literal
from trytond.i18n import gettext
from trytond.model import ChatMixin, Index, ModelSQL, ModelView, fields
from trytond.pool import Pool
from trytond.transaction import Transaction, without_check_access

from .secret_link import SecretLinkMixin


class Chat(SecretLinkMixin, ChatMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.chat'
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
        help="Who was logged in on the portal, if anybody.")
    language = fields.Many2One('ir.lang', "Language", readonly=True,
        ondelete='SET NULL',
        help="The language that the visitor reads.")
    page = fields.Char("Page", readonly=True,
        help="The web page that the visitor looked at.")
    operator = fields.Many2One('res.user', "Operator", readonly=True,
        ondelete='SET NULL',
        help="Who talks to the visitor.")
    started_at = fields.DateTime("Started On", required=True, readonly=True,
        help="When the visitor came in.")
    handed_at = fields.DateTime("Handed On", readonly=True,
        help="When the operator was given the visitor.")
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
                    where=t.state.in_(['waiting', 'active'])),
                })

    @classmethod
    def default_version(cls):
        return 1

    def chat_language(self, audience='internal'):
        if audience == 'public' and self.language:
            return self.language.code

    @classmethod
    def begin(
            cls, channel, name=None, email=None, language=None, page=None,
            web_user=None):
        """
        Begin the chat of a visitor of the channel, and hand it out.

        name, email and page are str or None, language an ir.lang, web_user a
        web.user. Return the chat and the token that proves to be its visitor.
        """
        token = cls.new_token()
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

        The first one has the chat handed out.
        """
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        self.visitor_at = dt.datetime.now().replace(microsecond=0)
        self.save()
        with Transaction().set_user(0):
            message = Channel.say(self, text, speaker='visitor')
        if self.state == 'waiting':
            self.hand_out([self.channel])
        return message

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
    def hand_out(cls, channels):
        "Give the visitors who wait in the channels to operators at random"
        pool = Pool()
        Channel = pool.get('helpdesk.chat.channel')
        present = Channel.present(channels)
        waiting = cls.search([
                ('channel', 'in', [c.id for c in channels]),
                ('state', '=', 'waiting'),
                ('visitor_at', '!=', None),
                ], order=[('started_at', 'ASC'), ('id', 'ASC')])
        for chat in waiting:
            free = present[chat.channel.id]
            if free:
                cls.give([chat], random.choice(free))

    @classmethod
    def give(cls, chats, user):
        "Let the user, an id, talk to the visitors, and tell about it"
        pool = Pool()
        Notification = pool.get('res.notification')
        User = pool.get('res.user')
        cls.touch(chats)
        cls.write(chats, {
                'state': 'active',
                'operator': user,
                'handed_at': dt.datetime.now().replace(microsecond=0),
                })
        user = User(user)
        Notification.create([
                Notification.about(chat, user, gettext(
                        'helpdesk_portal.msg_chat_given',
                        *user.notice_language(),
                        visitor=chat.visitor,
                        channel=chat.channel.rec_name))
                for chat in chats])

    @classmethod
    def end(cls, chats, by):
        "End the chats; by is a key of ended_by"
        cls.touch(chats)
        cls.write(chats, {
                'state': 'ended',
                'ended_at': dt.datetime.now().replace(microsecond=0),
                'ended_by': by,
                })
