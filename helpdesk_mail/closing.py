# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Telling customers that their resolved tickets will close.

Decided here: when and to whom the one mail goes out, and that no ticket
closes before the customer has had the time it promises. Not here: when
tickets close without it (helpdesk).
"""
import datetime as dt

from sql import Null
from trytond.i18n import gettext
from trytond.model import Index, fields
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk import batch, changes
from trytond.modules.helpdesk.closing import now
from trytond.modules.helpdesk.opening_time import UNITS
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access

# For so long it is tried to tell who has got many automatic mails
GIVEN_UP = dt.timedelta(days=1)
_KEPT = {'close_notice_at', 'close_told_at'}


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    close_notice = fields.TimeDelta("Tell Before It Closes", UNITS,
        domain=['OR',
            ('close_notice', '=', None),
            ('close_notice', '>', dt.timedelta()),
            ],
        states={
            'invisible': ~Eval('close_after'),
            },
        help="So long before a ticket closes by itself the customer is told "
        "by mail. Only opening hours count.\n"
        "Leave empty to send no mail.")
    close_notice_template = fields.Many2One(
        'helpdesk.reply_template', "Text Before It Closes",
        ondelete='RESTRICT',
        domain=[
            ['OR',
                ('sections', '=', None),
                ('sections', '=', Eval('id', -1)),
                ],
            ],
        states={
            'invisible': ~Eval('close_after') | ~Eval('close_notice'),
            },
        help="The canned answer that tells the customer.\n"
        "Leave empty to use the standard text.")

    @classmethod
    def automatic_templates(cls):
        return super().automatic_templates() + ['close_notice_template']

    @classmethod
    def _closing_fields(cls):
        return super()._closing_fields() | {'close_notice'}

    def _closing_at_once(self, values):
        if values.get('close_notice', self.close_notice) is None:
            return super()._closing_at_once(values)
        # The customers of the others are told first
        return [('closes_at', '=', None)]


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    close_notice_at = fields.DateTime("Customer Told on Closing On",
        readonly=True,
        help="When the customer will be told that the ticket closes.")
    close_told_at = fields.DateTime("Told That It Closes", readonly=True,
        states={
            'invisible': ~Eval('close_told_at'),
            },
        help="When the customer was told that the ticket closes by itself.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t,
                (t.close_notice_at, Index.Range()),
                where=t.close_notice_at != Null))

    @classmethod
    def check_modification(cls, mode, tickets, values=None, external=False):
        super().check_modification(
            mode, tickets, values=values, external=external)
        # Tryton 8.0 leaves it to the client to keep readonly fields
        if external and (
                (mode == 'write' and not _KEPT.isdisjoint(values))
                or (mode == 'create' and any(
                        getattr(t, n) for t in tickets for n in _KEPT))):
            raise AccessError(gettext('helpdesk.msg_ticket_kept'))

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        for name in _KEPT:
            default.setdefault(name)
        return super().copy(tickets, default=default)

    def _not_closing(self):
        return {
            **super()._not_closing(),
            **{n: None for n in sorted(_KEPT) if getattr(self, n)},
            }

    def _closing(self, section, times, at):
        values = super()._closing(section, times, at)
        closes_at, notice_at = values['closes_at'], None
        latest = max(filter(None, [closes_at, self.closes_at]), default=None)
        if closes_at and self.close_told_at:
            # Not before the day that the customer was told
            closes_at = latest
        elif (closes_at and self._is_told_of_closing(section)
                # Nobody is told of what was resolved long ago, when tickets
                # begin to close by themselves
                and (latest > at or self.close_notice_at)):
            notice = section.close_notice
            notice_at = times.next_opening(max(at, times.add(
                        self.resolved_at or at,
                        section.close_after - notice)))
            closes_at = max(closes_at, times.add(notice_at, notice))
        return {
            **values, 'closes_at': closes_at, 'close_notice_at': notice_at}

    def _is_told_of_closing(self, section):
        return bool(
            self.email and section.close_notice is not None
            and Transaction().context.get('helpdesk_acknowledge', True))

    @classmethod
    def _due_to_close(cls):
        # Who is still to be told gets the time to answer
        return [*super()._due_to_close(), ('close_notice_at', '=', None)]

    @classmethod
    def prepare_closing(cls):
        super().prepare_closing()
        batch.in_batches(
            batch.find(
                cls, cls._due_to_be_told(), [('close_notice_at', 'ASC')]),
            cls._tell_closing)

    @classmethod
    def _due_to_be_told(cls):
        "Return the domain of the tickets whose customers are to be told."
        return [('state', '=', 'resolved'), ('close_notice_at', '<=', now())]

    @classmethod
    @without_check_access
    def _tell_closing(cls, ids):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        Section = pool.get('helpdesk.section')
        at = now()
        # The customer, or another process, may have been faster
        tickets = list(cls.search(
                [('id', 'in', ids), *cls._due_to_be_told()],
                order=[('close_notice_at', 'ASC')]))
        times = Section.worktimes({t.section for t in tickets})
        # The scheduled action may have been stopped until now
        tickets = [t for t in tickets if times[t.section.id].is_open(at)]
        wanted = Conversation.may_tell_closing(tickets)
        told = Conversation.within_limit(wanted)
        told_closing, mails = {}, []
        for ticket in tickets:
            values = {'close_notice_at': None}
            if ticket in told:
                notice = ticket.section.close_notice or dt.timedelta()
                closes_at = max(
                    ticket.closes_at,
                    times[ticket.section.id].add(at, notice))
                values.update(close_told_at=at, closes_at=closes_at)
                mails.append((ticket, closes_at))
            elif ticket in wanted and ticket.close_notice_at > at - GIVEN_UP:
                continue
            told_closing[ticket.id] = values
        changes.keep(cls, told_closing)
        Conversation.tell_closing(mails)


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    @classmethod
    def may_tell_closing(cls, tickets):
        "Return those of the tickets whose customers get automatic mails."
        pool = Pool()
        Address = pool.get('helpdesk.mail.address')
        found = Address.correspondents({t.email for t in tickets if t.email})
        may = []
        for ticket in tickets:
            holds = found.get(ticket.company.id, found[None])
            if (ticket.email and holds.gets_automatic(ticket.email)
                    and not holds.is_blocked(ticket.email)):
                may.append(ticket)
        return may

    @classmethod
    @without_check_access
    def tell_closing(cls, tickets):
        """
        Tell the customers that their tickets will close.

        tickets are tuples of a ticket and the naive UTC time when it closes.
        """
        return cls.create([cls._closing_notice(*t) for t in tickets])

    @classmethod
    def _closing_notice(cls, ticket, closes_at):
        pool = Pool()
        Lang = pool.get('ir.lang')
        ReplyTemplate = pool.get('helpdesk.reply_template')
        date = ReplyTemplate._format(
            closes_at, Lang.get(ticket.mail_language()), ticket.company)
        return cls._filled(
            cls._automatic(ticket, ticket.email, 'closing', date=date),
            ticket, ticket.section.close_notice_template)
