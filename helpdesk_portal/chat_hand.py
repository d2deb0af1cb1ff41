# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Handing visitors of live chats to operators.

Decided here: who gets a visitor, and when another one does. Not here: who is
there to get any (chat_operator.py).
"""
import datetime as dt
import secrets
from collections import Counter, defaultdict
from itertools import chain

from sql.aggregate import Count
from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, check_access, without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .exceptions import ChatEndedError, ChatHandError, ChatTakeWarning

# The operator is told again of a visitor who was not read for so long
REMIND_AFTER = dt.timedelta(minutes=1)
# and once more after that
REMIND_EVERY = dt.timedelta(minutes=5)


class _Hand:
    "The operators of channels, while visitors are handed to them"

    def __init__(self, channels):
        pool = Pool()
        Channel = pool.get('helpdesk.chat.channel')
        Chat = pool.get('helpdesk.chat')
        self._present = Channel.present(channels)
        self._chats = Chat.count_active(
            set(chain.from_iterable(self._present.values())))

    def choose(self, channel, but=None):
        """
        Return who gets one more visitor of the channel, an id, or None.

        One of those who are there and have not enough yet, at random, but
        not the res.user but.
        """
        but = but.id if but else None
        free = [
            u for u in self._present[channel.id]
            if u != but and (
                channel.capacity is None
                or self._chats[u] < channel.capacity)]
        if free:
            user = secrets.choice(free)
            self._chats[user] += 1
            return user

    def is_present(self, chat):
        "Tell whether the operator of the chat could be given it"
        return bool(
            chat.operator
            and chat.operator.id in self._present[chat.channel.id])


class Chat(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat'

    is_mine = fields.Function(fields.Boolean("Mine",
            help="You talk to the visitor."),
        'get_is_mine')
    left_by = fields.Many2One('res.user', "Left By", readonly=True,
        ondelete='SET NULL',
        help="Who had the visitor and gave the visitor away.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update(
            take={
                'invisible': (
                    (Eval('state') == 'ended') | Eval('is_mine', False)),
                'icon': 'tryton-launch',
                'depends': ['state', 'is_mine'],
                },
            hand_over={
                'invisible': Eval('state') != 'active',
                'icon': 'tryton-switch',
                'depends': ['state'],
                },
            finish={
                'invisible': Eval('state') == 'ended',
                'icon': 'tryton-close',
                'depends': ['state'],
                },
            )

    @classmethod
    def get_is_mine(cls, chats, name):
        user = Transaction().user
        return {
            c.id: bool(c.operator and c.operator.id == user) for c in chats}

    @classmethod
    @without_check_access
    def hand_out(cls, channels):
        """
        Give the visitors who wait in the channels to operators at random.

        Who waits longest comes first.
        """
        waiting = cls.search([
                ('channel', 'in', [c.id for c in channels]),
                ('state', '=', 'waiting'),
                ('visitor_at', '!=', None),
                ], order=[('started_at', 'ASC'), ('id', 'ASC')])
        if not waiting:
            return
        hand = _Hand(list({c.channel for c in waiting}))
        chosen = [(c, hand.choose(c.channel, but=c.left_by)) for c in waiting]
        cls._give([(c, user) for c, user in chosen if user])

    @classmethod
    def hand_out_to(cls, users):
        "Hand out who waits where the users, ids, who have time now, joined"
        pool = Pool()
        Operator = pool.get('helpdesk.chat.operator')
        if users:
            cls.hand_out(Operator.channels(users))

    @classmethod
    def count_active(cls, users):
        "Return a Counter of the chats, in all channels, of the users, ids"
        if not users:
            return Counter()
        cursor = Transaction().connection.cursor()
        table = cls.__table__()
        cursor.execute(*table.select(
                table.operator, Count(table.id),
                where=(table.state == 'active')
                & fields.SQL_OPERATORS['in'](table.operator, list(users)),
                group_by=[table.operator]))
        return Counter(dict(cursor.fetchall()))

    @classmethod
    def give(cls, chats, user):
        "Let the user, an id, talk to the visitors, and tell about it"
        cls._give([(c, user) for c in chats])

    @classmethod
    @without_check_access
    def _give(cls, given):
        "Hand over visitors; given are pairs of a chat and the id of a user"
        pool = Pool()
        Notification = pool.get('res.notification')
        User = pool.get('res.user')
        if not given:
            return
        cls._assign(given)
        users = {u.id: u for u in User.browse(
                sorted({user for _, user in given}))}
        Notification.create([
                Notification.about(chat, users[user], gettext(
                        'helpdesk_portal.msg_chat_given',
                        *users[user].notice_language()))
                for chat, user in given])

    @classmethod
    def _assign(cls, given, **values):
        "Change the operators; given are pairs of a chat and an id or None"
        pool = Pool()
        Operator = pool.get('helpdesk.chat.operator')
        # Whoever gives the same visitor or to the same operator at the same
        # time has to begin again
        cls.touch([c for c, _ in given])
        Operator.hold({user for _, user in given if user})
        cls._tell_left([
                c for c, user in given
                if c.operator and c.operator.id != user])
        now = dt.datetime.now().replace(microsecond=0)
        chats = defaultdict(list)
        for chat, user in given:
            chats[user].append(chat)
        cls.write(*chain.from_iterable(
                (of_user, {
                        'state': 'active' if user else 'waiting',
                        'operator': user,
                        'handed_at': now if user else None,
                        'notified_at': now if user else None,
                        'joined_at': None,
                        'operator_at': None,
                        'operator_read': None,
                        'left_by': None,
                        **values})
                for user, of_user in chats.items()))

    @classmethod
    def _tell_left(cls, chats):
        "Tell the visitors whose operators had come that they leave"
        names = defaultdict(list)
        for chat in chats:
            if chat.joined_at:
                names[chat.shown_name(chat.operator)].append(chat)
        for name, named in names.items():
            cls.tell(named, 'msg_chat_left', name=name)

    @classmethod
    @without_check_access
    def pass_on(cls, chats):
        """
        Give the visitors to other operators, or let them wait for one.
        """
        if not chats:
            return
        hand = _Hand(list({c.channel for c in chats}))
        chosen = [
            (c, hand.choose(c.channel, but=c.operator)) for c in chats]
        # Who gives a visitor away does not want the same one back
        for chat, user in chosen:
            if not user:
                cls._assign([(chat, None)], left_by=chat.operator)
        cls._give([(c, user) for c, user in chosen if user])

    @classmethod
    @without_check_access
    def rehand(cls, now=None, chats=None):
        """
        See that no visitor waits for an operator who does not answer.

        Who was given a visitor and has not answered within the time of the
        channel loses the visitor to another one who is there, as does who
        has gone away without reading. Operators are reminded, and those who
        wait are handed out. now is a naive UTC datetime, chats are those to
        look after; None for now, and for all.
        """
        now = now or dt.datetime.now()
        domain = [('id', 'in', [c.id for c in chats])] if chats else []
        active = cls.search([
                domain,
                ('state', '=', 'active'),
                ['OR',
                    ('operator', '=', None),
                    ('operator_at', '=', None),
                    ('unread_since', '!=', None),
                    ],
                ], order=[('started_at', 'ASC'), ('id', 'ASC')])
        late = [c for c in active if c._is_late(now)]
        if late:
            cls._rehand(late)
        cls._remind([c for c in active if c not in late], now)
        waiting = cls.search([domain, ('state', '=', 'waiting')], order=[])
        if waiting:
            cls.hand_out(list({c.channel for c in waiting}))

    @classmethod
    def _rehand(cls, late):
        "Give the visitors who were not answered in time to others"
        hand = _Hand(list({c.channel for c in late}))
        given, waiting = [], []
        for chat in late:
            is_present = hand.is_present(chat)
            if chat.operator_at and is_present:
                # Slow, but there
                continue
            user = hand.choose(chat.channel, but=chat.operator)
            if user:
                given.append((chat, user))
            elif not is_present:
                waiting.append(chat)
        if waiting:
            cls._assign([(c, None) for c in waiting])
        cls._give(given)

    def _is_late(self, now):
        "Tell whether the visitor has waited too long for the operator"
        if not self.operator:
            return True
        since = self.unread_since if self.operator_at else self.handed_at
        limit = self.channel.answer_within
        return bool(limit and since and now - since >= limit)

    @classmethod
    def _remind(cls, chats, now):
        "Tell the operators again who have not read for a while"
        pool = Pool()
        Notification = pool.get('res.notification')
        forgotten = [c for c in chats if c._is_forgotten(now)]
        if forgotten:
            Notification.create([
                    Notification.about(chat, chat.operator, gettext(
                            'helpdesk_portal.msg_chat_unread',
                            *chat.operator.notice_language()))
                    for chat in forgotten])
            cls.write(forgotten, {'notified_at': now.replace(microsecond=0)})

    def _is_forgotten(self, now):
        since, last = self.unread_since, self.notified_at
        return bool(
            self.operator and since
            and now - max(since, self.handed_at) >= REMIND_AFTER
            and (not last or last <= max(since, self.handed_at)
                or now - last >= REMIND_EVERY))

    @classmethod
    @ModelView.button
    @without_check_access
    def take(cls, chats):
        """
        Let the current user talk to the visitors.

        ChatTakeWarning is raised if that takes them from a colleague.
        """
        pool = Pool()
        Warning = pool.get('res.user.warning')
        cls._check_going_on(chats)
        user = Transaction().user
        chats = [
            c for c in cls.browse(chats)
            if not c.operator or c.operator.id != user]
        taken = [c for c in chats if c.operator]
        if taken:
            name = Warning.format('helpdesk_chat_take', taken)
            if Warning.check(name):
                raise ChatTakeWarning(name, gettext(
                        'helpdesk_portal.msg_chat_take',
                        operator=taken[0].operator.rec_name,
                        visitor=taken[0].visitor))
        cls.take_over(chats)

    @classmethod
    @without_check_access
    def take_over(cls, chats):
        "Let the current user talk to the visitors; colleagues are told"
        pool = Pool()
        Notification = pool.get('res.notification')
        if not chats:
            return
        user = Transaction().user
        bells = [
            Notification.about(c, c.operator, gettext(
                    'helpdesk_portal.msg_chat_taken',
                    *c.operator.notice_language()))
            for c in chats if c.operator and c.operator.id != user]
        freed = {c.operator.id for c in chats if c.operator} - {user}
        now = dt.datetime.now().replace(microsecond=0)
        cls._assign(
            [(c, user) for c in chats], operator_at=now, joined_at=now)
        cls.tell_joined(chats)
        if bells:
            Notification.create(bells)
        cls.hand_out_to(freed)

    @classmethod
    def tell_joined(cls, chats):
        "Tell the visitors that their operators have come"
        names = defaultdict(list)
        for chat in chats:
            names[chat.shown_name(chat.operator)].append(chat)
        for name, named in names.items():
            cls.tell(named, 'msg_chat_joined', name=name)

    @classmethod
    @ModelView.button_action('helpdesk_portal.wizard_chat_hand_over')
    def hand_over(cls, chats):
        pass

    @classmethod
    @ModelView.button
    @without_check_access
    def finish(cls, chats):
        "End the chats for the operator"
        cls.end(chats, 'operator')

    @classmethod
    def _check_going_on(cls, chats):
        for chat in chats:
            if chat.state == 'ended':
                raise ChatEndedError(gettext(
                        'helpdesk_portal.msg_chat_over', visitor=chat.visitor))


class ChatHandOverStart(ModelView):
    __name__ = 'helpdesk.chat.hand_over.start'

    chat = fields.Many2One('helpdesk.chat', "Chat", readonly=True)
    operator = fields.Selection('get_operators', "Operator",
        translate=False,
        help="Who talks to the visitor from now on.\n"
        "Leave empty to give the visitor to anybody who is there.")
    note = fields.Text("Note",
        help="What the colleague has to know. Visitors never see it.")

    @fields.depends('chat')
    def get_operators(self):
        pool = Pool()
        Channel = pool.get('helpdesk.chat.channel')
        Chat = pool.get('helpdesk.chat')
        User = pool.get('res.user')
        if not self.chat or not Chat.seen_by(
                Transaction().user, [self.chat.id]):
            return [(None, "")]
        with without_check_access():
            chat = Chat(self.chat.id)
            present = Channel.present([chat.channel])[chat.channel.id]
            return [(None, ""), *sorted(
                    ((str(u.id), u.rec_name) for u in User.browse(present)
                        if u != chat.operator),
                    key=lambda choice: choice[1])]


class ChatHandOver(Wizard):
    __name__ = 'helpdesk.chat.hand_over'

    start = StateView(
        'helpdesk.chat.hand_over.start',
        'helpdesk_portal.chat_hand_over_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Hand Over", 'hand_over', 'tryton-ok', default=True),
            ])
    hand_over = StateTransition()

    @classmethod
    def check_access(cls):
        pool = Pool()
        Chat = pool.get('helpdesk.chat')
        context = Transaction().context
        ids = [*(context.get('active_ids') or [])]
        if context.get('active_id') is not None:
            ids.append(context['active_id'])
        # Nobody may write chats, but who sees one hands it over
        if ids and Transaction().user:
            with check_access():
                Chat.read(ids, ['id'])

    def default_start(self, fields):
        return {'chat': self.record.id}

    @without_check_access
    def transition_hand_over(self):
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        Chat = pool.get('helpdesk.chat')
        chat = Chat(self.record.id)
        Chat._check_going_on([chat])
        self.start.chat = chat
        before = chat.operator
        operator = self.start.operator
        if operator and operator not in dict(self.start.get_operators()):
            raise ChatHandError(gettext('helpdesk_portal.msg_chat_gone'))
        if self.start.note:
            Channel.say(chat, self.start.note, 'operator', 'internal')
        if operator:
            Chat.give([chat], int(operator))
        else:
            Chat.pass_on([chat])
        if before:
            Chat.hand_out_to([before.id])
        return 'end'

    def end(self):
        return 'reload'
