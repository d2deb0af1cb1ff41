# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Letters that belong to another ticket than the one they are on, or to one.
"""
from collections import defaultdict

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.transaction import Transaction, check_access, without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .exceptions import LetterClosedWarning, LetterError
from .make_ticket import UNFILED


class Mail(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail'

    wanted_ticket = fields.Many2One('helpdesk.ticket', "Wanted Ticket",
        readonly=True, ondelete='SET NULL',
        help="The ticket that a person chose for it.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update(
            move={
                'invisible': ((Eval('state') == 'received')
                    | (Bool(Eval('raw_removed_at'))
                        & (Eval('state') != 'filed'))),
                'icon': 'tryton-switch',
                'depends': ['state', 'raw_removed_at'],
                },
            )

    @classmethod
    @ModelView.button_action('helpdesk_mail.wizard_mail_move')
    def move(cls, mails):
        pass

    def is_wanted(self, letter):
        return bool(self.wanted_ticket) or super().is_wanted(letter)

    @classmethod
    def move_to(cls, mails, ticket):
        """
        Make the letters part of a ticket that is not closed.

        What became of them moves there from the tickets they are on, with
        the files; a note tells of it in both. A ticket that is left with
        nothing of its own is closed. The others are judged again.
        """
        with without_check_access():
            mails = cls.browse(mails)
            filed = [m for m in mails
                if m.state == 'filed' and m.conversation
                and m.ticket != ticket]
            unfiled = [m for m in mails if m.state in UNFILED]
            if filed:
                cls._move_filed(filed, ticket)
            if unfiled:
                cls.check_raw(unfiled)
                cls.want(unfiled, wanted_ticket=ticket.id)

    @classmethod
    def _move_filed(cls, mails, ticket):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        Ticket = pool.get('helpdesk.ticket')
        conversations = [m.conversation for m in mails]
        left = cls._left_empty(mails)
        notes = cls._moved_notes(mails, ticket)
        Conversation.write(conversations, {'ticket': ticket.id})
        Ticket.let_write([
                (ticket, m.conversation.from_address, m.conversation.author)
                for m in mails])
        cls.write(mails, {
                'ticket': ticket.id,
                'section': ticket.section.id,
                'new_ticket': False,
                })
        Conversation.create(notes)
        Ticket.communicated(Conversation.browse(conversations))
        # Who wrote the letter is not told of an end: it goes on elsewhere
        with Transaction().set_context(helpdesk_acknowledge=False):
            Ticket.close(left)

    @classmethod
    def _left_empty(cls, mails):
        "Return the tickets that the letters made, and nothing else is on."
        pool = Pool()
        Activity = pool.get('helpdesk.activity')
        Conversation = pool.get('helpdesk.conversation')
        tickets = {
            m.ticket for m in mails
            if m.new_ticket and m.ticket.state != 'closed'}
        ids = [t.id for t in tickets]
        used = {c.ticket for c in Conversation.search([
                    ('ticket', 'in', ids),
                    ('id', 'not in', [m.conversation.id for m in mails]),
                    ('automatic', '!=', True),
                    ], order=[])}
        used |= {a.ticket for a in Activity.search(
                [('ticket', 'in', ids)], order=[])}
        return sorted(tickets - used)

    @classmethod
    def _moved_notes(cls, mails, ticket):
        "Return the values of the notes on the tickets from and to."
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        moved = defaultdict(list)
        for mail in mails:
            moved[mail.ticket].append(mail)
        notes = []
        for source, letters in moved.items():
            names = ', '.join(f'"{m.rec_name}"' for m in letters)
            notes += Conversation.notes([source], gettext(
                    'helpdesk_mail.msg_mail_moved_to',
                    letters=names, number=ticket.number))
            notes += Conversation.notes([ticket], gettext(
                    'helpdesk_mail.msg_mail_moved_from',
                    letters=names, number=source.number))
        return notes


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def let_write(cls, senders):
        """
        Let the senders of letters take part in the tickets, as if in copy.

        senders are tuples of a ticket, an address and a name. Otherwise the
        next letter of theirs would not join it.
        """
        pool = Pool()
        Participant = pool.get('helpdesk.participant')
        new = {
            (t.id, email): name for t, email, name in senders
            if email and email != t.email}
        if not new:
            return
        for participant in Participant.search([
                    ('ticket', 'in', list({t for t, _ in new})),
                    ('email', 'in', list({e for _, e in new})),
                    ], order=[]):
            new.pop((participant.ticket.id, participant.email), None)
        Participant.create([{
                    'ticket': ticket,
                    'email': email,
                    'name': name,
                    'role': 'cc',
                    } for (ticket, email), name in new.items()])


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update(
            move={
                'invisible': ((Eval('kind') != 'email')
                    | (Eval('direction') != 'in')),
                'icon': 'tryton-switch',
                'depends': ['kind', 'direction'],
                },
            )

    @classmethod
    @ModelView.button_action('helpdesk_mail.wizard_conversation_move')
    def move(cls, conversations):
        pass


class MoveStart(ModelView):
    __name__ = 'helpdesk.mail.move.start'

    ticket = fields.Many2One('helpdesk.ticket', "Ticket", required=True,
        help="The ticket that the letters belong to. Their senders can "
        "write to it from now on.")


class Move(Wizard):
    __name__ = 'helpdesk.mail.move'

    start = StateView(
        'helpdesk.mail.move.start',
        'helpdesk_mail.move_letter_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Move", 'move', 'tryton-ok', default=True),
            ])
    move = StateTransition()

    @classmethod
    def check_access(cls):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        context = Transaction().context
        if (Transaction().user
                and context.get('active_model') == Conversation.__name__):
            # Nobody may write those; who may move them is checked below
            with check_access():
                Conversation.read(context.get('active_ids') or [], ['id'])
        else:
            super().check_access()

    def default_start(self, fields):
        self._mails()
        return {}

    def _mails(self):
        "Return the letters, if the user may decide on them."
        pool = Pool()
        Mail = pool.get('helpdesk.mail')
        Ticket = pool.get('helpdesk.ticket')
        if self.model == Mail:
            Mail.check_decide(self.records)
            mails = list(self.records)
        else:
            # Those of a ticket are for who works on it
            with without_check_access():
                tickets = {
                    c.ticket for c in self.model.browse(self.records)}
                mails = list(Mail.search([
                            ('conversation', 'in', [
                                    c.id for c in self.records]),
                            ('state', '=', 'filed'),
                            ]))
            Ticket.check_workable(list(tickets))
            if not mails:
                raise LetterError(gettext('helpdesk_mail.msg_mail_none'))
        with without_check_access():
            sources = list({
                    m.ticket for m in mails
                    if m.state == 'filed' and m.ticket})
        if sources:
            Ticket.check_workable(sources)
        return mails

    def transition_move(self):
        pool = Pool()
        Mail = pool.get('helpdesk.mail')
        Ticket = pool.get('helpdesk.ticket')
        mails, ticket = self._mails(), self.start.ticket
        Ticket.check_workable([ticket])
        with without_check_access():
            ticket = self._open_one(Ticket(ticket.id))
            Mail.move_to(mails, ticket)
        return 'end'

    def _open_one(self, ticket):
        "Return the ticket, or the one that follows it up if it is closed."
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        Warning = pool.get('res.user.warning')
        if ticket.state != 'closed':
            return ticket
        name = Warning.format('helpdesk_mail_move_closed', [ticket])
        if Warning.check(name):
            raise LetterClosedWarning(name, gettext(
                    'helpdesk_mail.msg_mail_move_closed',
                    ticket=ticket.rec_name))
        with Transaction().set_context(helpdesk_acknowledge=False):
            ticket, = Ticket.create([{
                        **ticket.follow_up_values(),
                        'channel': 'email',
                        'state': 'open',
                        }])
        return ticket

    def end(self):
        return 'reload'
