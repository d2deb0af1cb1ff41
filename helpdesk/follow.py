# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from collections import defaultdict

from sql import Cast, Null
from sql.operators import Concat, Like
from trytond.i18n import gettext
from trytond.model import ChatMixin, ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import (
    Transaction, check_access, inactive_records, without_check_access)


def join_followers(table, column, model):
    """
    Join the users who follow records of the model.

    column is the one of the SQL table that has the ids of the records.
    Return the join and the table of the followers, which has the column user.
    """
    pool = Pool()
    channel = pool.get('ir.chat.channel').__table__()
    follower = pool.get('ir.chat.follower').__table__()
    resource = Concat(f'{model},', Cast(column, 'VARCHAR'))
    return (table
        .join(channel, condition=channel.resource == resource)
        .join(follower,
            condition=(follower.channel == channel.id)
            & (follower.user != Null))), follower


class SeenMixin:
    "What users see, or do not, by their rights."
    __slots__ = ()

    @classmethod
    def seen_by(cls, user, ids):
        """
        Return the ids of those records that the user, an id, sees.

        As the user's rights are now: the context of who acts does not matter.
        """
        pool = Pool()
        ModelAccess = pool.get('ir.model.access')
        transaction = Transaction()
        with transaction.set_user(user), transaction.reset_context(), \
                check_access(), inactive_records():
            if not ModelAccess.check(cls.__name__, raise_exception=False):
                return set()
            return {r.id for r in cls.search([('id', 'in', ids)], order=[])}


class FollowMixin(SeenMixin, ChatMixin):
    "What users follow by Tryton's chat; nobody else ever does."
    __slots__ = ()

    following = fields.Function(
        fields.Boolean("Following",
            help="You get the notices and the chat of who follows it."),
        'get_following', searcher='search_following')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update(
            follow={
                'invisible': Eval('following', False),
                'icon': 'tryton-notification-on',
                'depends': ['following'],
                },
            unfollow={
                'invisible': ~Eval('following', False),
                'icon': 'tryton-notification-off',
                'depends': ['following'],
                },
            )

    @classmethod
    def get_following(cls, records, name):
        cursor = Transaction().connection.cursor()
        table = cls.__table__()
        join, follower = join_followers(table, table.id, cls.__name__)
        cursor.execute(*join.select(
                table.id,
                where=fields.SQL_OPERATORS['in'](
                    table.id, [r.id for r in records])
                & (follower.user == Transaction().user)))
        followed = {id_ for id_, in cursor}
        return {r.id: r.id in followed for r in records}

    @classmethod
    def search_following(cls, name, clause):
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        Follower = pool.get('ir.chat.follower')
        _, operator, value = clause
        channel, follower = Channel.__table__(), Follower.__table__()
        # From the few that the user follows, not from all that there are
        query = follower.join(
            channel, condition=channel.id == follower.channel).select(
                Channel.resource.sql_id(channel.resource, cls),
                where=(follower.user == Transaction().user)
                & Like(channel.resource, f'{cls.__name__},%'))
        following = (operator == '=') == bool(value)
        return [('id', 'in' if following else 'not in', query)]

    @classmethod
    @ModelView.button
    def follow(cls, records):
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        Channel.add_followers(
            {str(r): [Transaction().user] for r in records})

    @classmethod
    @ModelView.button
    def unfollow(cls, records):
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        Channel.remove_follower(records, Transaction().user)

    @classmethod
    def delete(cls, records):
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        resources = list(map(str, records))
        super().delete(records)
        Channel.remove(resources)

    @classmethod
    def discussed_by(cls, user, ids):
        """
        Return the ids of those records in whose chat the user takes part.

        user is an id. Only agents of the section do: who sees a ticket by
        its sale, or a section to hand tickets to it, is no colleague.
        """
        pool = Pool()
        User = pool.get('res.user')
        transaction = Transaction()
        with transaction.set_user(user), transaction.reset_context():
            sections = set(User.get_helpdesk_sections())
        with without_check_access():
            return {
                r.id for r in cls.browse(sorted(cls.seen_by(user, ids)))
                if r._discussed_in().id in sections}

    def _discussed_in(self):
        "Return the section whose agents talk about it."
        raise NotImplementedError

    def notice_name(self):
        "Return how a notice names it, for users who see it."
        return self.rec_name

    def chat_posted(self):
        "Tell the followers that somebody wrote in the chat."
        raise NotImplementedError


class Section(FollowMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    def _discussed_in(self):
        return self

    def chat_posted(self):
        pool = Pool()
        Follower = pool.get('ir.chat.follower')
        Notification = pool.get('res.notification')
        User = pool.get('res.user')
        sender = Transaction().user
        users = [f.user for f in Follower.search([
                    ('channel.resource', '=', str(self)),
                    ('user', '!=', None),
                    ])]
        bells = [
            Notification.about(self, user, gettext(
                    'helpdesk.msg_notice_section_chat',
                    *user.notice_language(),
                    who=User(sender).rec_name))
            for user in users
            if user.id != sender
            and user.helpdesk_notice_chat in {'bell', 'both'}
            and self.discussed_by(user.id, [self.id])]
        # Tryton cannot make none of them on PostgreSQL
        if bells:
            Notification.create(bells)


class Ticket(FollowMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    def _discussed_in(self):
        return self.section

    @classmethod
    def follow_sections(cls, tickets):
        """
        Let those who follow the sections of the tickets follow these too.

        tickets are ids. If nobody does, it is one statement.
        """
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        cursor = Transaction().connection.cursor()
        table = cls.__table__()
        join, follower = join_followers(
            table, table.section, 'helpdesk.section')
        cursor.execute(*join.select(
                table.id, follower.user,
                where=fields.SQL_OPERATORS['in'](table.id, tickets)))
        followers = defaultdict(list)
        for ticket, user in cursor:
            followers[f'{cls.__name__},{ticket}'].append(user)
        Channel.add_followers(followers)


class History(metaclass=PoolMeta):
    __name__ = 'helpdesk.history'

    @classmethod
    def append(cls, changes, first=False):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        super().append(changes, first=first)
        tickets = {
            ticket for ticket, what, *_ in changes
            if first or what == 'section'}
        if tickets:
            Ticket.follow_sections(sorted(tickets))
