# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Operators of live chats: who has joined a channel, and who is there.

Not here: who of them gets which visitor (chat_hand.py).
"""
from collections import defaultdict

from sql import Literal
from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, Unique, fields
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk.export import CheckedExportMixin
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access


class ChatOperator(CheckedExportMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.chat.operator'

    channel = fields.Many2One(
        'helpdesk.chat.channel', "Channel", required=True, ondelete='CASCADE',
        help="Whose visitors the operator gets.")
    user = fields.Many2One(
        'res.user', "Operator", required=True, ondelete='CASCADE',
        help="Who talks to visitors.")
    given = fields.Integer("Visitors Given", required=True,
        help="How often the operator was given a visitor.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('channel')
        t = cls.__table__()
        cls._sql_constraints.append(
            ('channel_user_unique', Unique(t, t.channel, t.user),
                'helpdesk_portal.msg_chat_operator_unique'))
        cls._sql_indexes.add(Index(t, (t.user, Index.Equality())))

    @classmethod
    def default_given(cls):
        return 0

    def get_rec_name(self, name):
        return self.user.rec_name

    @classmethod
    def hold(cls, users):
        """
        Let others wait who want to give visitors to the users, ids.

        Who does not see what is given here is rolled back by PostgreSQL, and
        begins again with the right number of chats.
        """
        if not users:
            return
        table = cls.__table__()
        Transaction().connection.cursor().execute(*table.update(
                [table.given], [table.given + Literal(1)],
                where=fields.SQL_OPERATORS['in'](table.user, list(users))))

    @classmethod
    def channels(cls, users):
        "Return the channels that any of the users, ids, has joined"
        return list({o.channel for o in cls.search([
                        ('user', 'in', list(users)),
                        ('channel.active', '=', True),
                        ], order=[])})


class ChatChannel(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat.channel'

    operators = fields.One2Many(
        'helpdesk.chat.operator', 'channel', "Operators", readonly=True,
        help="Who has joined the channel and gets its visitors.")
    joined = fields.Function(fields.Boolean("Joined",
            help="You get visitors of the channel."),
        'get_joined')
    shown_name = fields.Selection([
            ('first', "First Name"),
            ('full', "Full Name"),
            ('team', "Section"),
            ], "Operators Appear As", required=True, sort=False,
        help="What visitors call those who answer.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update(
            join={
                'invisible': Eval('joined', False),
                'icon': 'tryton-notification-on',
                'depends': ['joined'],
                },
            leave={
                'invisible': ~Eval('joined', False),
                'icon': 'tryton-notification-off',
                'depends': ['joined'],
                },
            )

    @classmethod
    def default_shown_name(cls):
        return 'first'

    @classmethod
    @without_check_access
    def get_joined(cls, channels, name):
        pool = Pool()
        Operator = pool.get('helpdesk.chat.operator')
        joined = {o.channel.id for o in Operator.search([
                    ('channel', 'in', [c.id for c in channels]),
                    ('user', '=', Transaction().user),
                    ], order=[])}
        return {c.id: c.id in joined for c in channels}

    @classmethod
    @ModelView.button
    @without_check_access
    def join(cls, channels):
        """
        Let the current user get visitors of the channels.

        AccessError is raised if the user is no agent of their sections.
        """
        pool = Pool()
        Chat = pool.get('helpdesk.chat')
        Operator = pool.get('helpdesk.chat.operator')
        cls._check_agent(channels)
        user = Transaction().user
        channels = cls.browse(channels)
        Operator.create([
                {'channel': c.id, 'user': user}
                for c in channels if not c.joined])
        Chat.write(Chat.search([
                    ('channel', 'in', [c.id for c in channels]),
                    ('state', '=', 'waiting'),
                    ('left_by', '=', user),
                    ]), {'left_by': None})
        Chat.hand_out(channels)

    @classmethod
    @ModelView.button
    @without_check_access
    def leave(cls, channels):
        """
        Let the current user get no more visitors of the channels.

        Who has not been answered yet is given to somebody else.
        """
        pool = Pool()
        Chat = pool.get('helpdesk.chat')
        Operator = pool.get('helpdesk.chat.operator')
        user = Transaction().user
        Operator.delete(Operator.search([
                    ('channel', 'in', [c.id for c in channels]),
                    ('user', '=', user),
                    ]))
        Chat.pass_on(Chat.search([
                    ('channel', 'in', [c.id for c in channels]),
                    ('state', '=', 'active'),
                    ('operator', '=', user),
                    ('operator_at', '=', None),
                    ]))

    @classmethod
    def _check_agent(cls, channels):
        pool = Pool()
        User = pool.get('res.user')
        sections = User.get_helpdesk_sections()
        for channel in cls.browse(channels):
            if channel.section.id not in sections:
                raise AccessError(gettext(
                        'helpdesk_portal.msg_chat_join',
                        channel=channel.rec_name))

    @property
    def is_staffed(self):
        "Whether somebody is there to be given visitors, now or soon"
        return bool(self.present([self])[self.id])

    @classmethod
    @without_check_access
    def present(cls, channels):
        """
        Return who can be given visitors, whatever they have to do already.

        Those who have joined, are at a client, not absent, and still agents
        of the section. A dictionary of the ids of the channels and sorted
        lists of ids of users.
        """
        pool = Pool()
        Absence = pool.get('helpdesk.absence')
        channels = cls.browse(channels)
        rows = cls._joined_users([c.id for c in channels])
        sections = {u: cls._sections_of(u) for u in {r[1] for r in rows}}
        away = Absence.away()
        section = {c.id: c.section for c in channels}
        there, absent = defaultdict(set), defaultdict(set)
        for channel, user, employee, company in rows:
            if section[channel].id in sections[user]:
                there[channel].add(user)
                if (employee in away
                        and company == section[channel].company.id):
                    absent[channel].add(user)
        return {
            c.id: sorted(there[c.id] - absent[c.id]) for c in channels}

    @classmethod
    def _joined_users(cls, channels):
        """
        Return who of those who have joined the channels is at a client.

        Tuples of ids of channel, user, employee and its company, of which
        the last two can be None.
        """
        pool = Pool()
        employee = pool.get('company.employee').__table__()
        operator = pool.get('helpdesk.chat.operator').__table__()
        user = pool.get('res.user').__table__()
        user_employee = pool.get('res.user-company.employee').__table__()
        Session = pool.get('ir.session')
        cursor = Transaction().connection.cursor()
        cursor.execute(*operator
            .join(user, condition=user.id == operator.user)
            .join(user_employee, 'LEFT',
                condition=user_employee.user == operator.user)
            .join(employee, 'LEFT',
                condition=employee.id == user_employee.employee)
            .select(
                operator.channel, operator.user, employee.id,
                employee.company,
                where=fields.SQL_OPERATORS['in'](operator.channel, channels)
                & (user.active == Literal(True))
                & operator.user.in_(Session.at_client())))
        return cursor.fetchall()

    @staticmethod
    def _sections_of(user):
        "Return the ids of the sections of the user, from a cache"
        pool = Pool()
        User = pool.get('res.user')
        with Transaction().set_user(user), Transaction().reset_context():
            return frozenset(User.get_helpdesk_sections())


class Chat(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat'

    def shown_name(self, user):
        """
        Return what the visitor calls the user, a res.user.

        The name of the employee, if there is one.
        """
        shown = self.channel.shown_name
        if shown == 'team':
            pool = Pool()
            Section = pool.get('helpdesk.section')
            with Transaction().set_context(
                    language=self.chat_language('public')
                    or Transaction().language):
                return Section(self.section.id).name
        name = next(
            (e.party.name for e in user.employees
                if e.company == self.company and e.party.name),
            user.name or '')
        if shown == 'first':
            name = name.partition(' ')[0]
        return name


class Message(metaclass=PoolMeta):
    __name__ = 'ir.chat.message'

    def shown_author(self):
        "Return the name that the visitor of the live chat sees, or None"
        chat = self.channel.resource
        if self.helpdesk_speaker == 'visitor':
            return chat.visitor
        elif self.helpdesk_speaker == 'operator':
            return chat.shown_name(self.user)
