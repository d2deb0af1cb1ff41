# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Tickets that close by themselves.

Decided here: when a resolved ticket closes, and that it does. Not here: what
the customer is told before (helpdesk_mail).
"""
import datetime as dt
from collections import defaultdict
from contextlib import suppress
from itertools import chain

from sql import Null
from trytond.i18n import gettext
from trytond.model import Index, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import (
    Transaction, inactive_records, without_check_access)

from . import batch, changes
from .exceptions import ClosingWarning
from .opening_time import UNITS
from .worktime import NeverOpen


def now():
    return dt.datetime.now().replace(microsecond=0)


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    close_after = fields.TimeDelta("Close After", UNITS,
        domain=['OR',
            ('close_after', '=', None),
            ('close_after', '>=', dt.timedelta()),
            ],
        help="So long after it was resolved a ticket closes by itself. "
        "Only opening hours count: 40 hours are five days of eight.\n"
        "Leave empty to close tickets by hand only.")
    close_reason_system = fields.Many2One(
        'helpdesk.close_reason', "Reason When Closed by Itself",
        ondelete='RESTRICT',
        help="The closing reason of tickets that close by themselves.")
    closing_changed_at = fields.Timestamp("Closing Changed On", readonly=True,
        help="When that changed which tickets close by, as long as it is not "
        "worked out anew for them.")

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        if mode == 'write' and not cls._closing_fields().isdisjoint(values):
            values['closing_changed_at'] = dt.datetime.now()
        return values

    @classmethod
    def _closing_fields(cls):
        "Return the names of the fields that say when tickets close."
        return {'close_after', 'calendar'}

    @classmethod
    def hours_changed(cls, sections):
        super().hours_changed(sections)
        # Written by write, nobody could save who has one of them open
        table = cls.__table__()
        Transaction().connection.cursor().execute(*table.update(
                [table.closing_changed_at], [dt.datetime.now()],
                where=fields.SQL_OPERATORS['in'](table.id, list(sections))
                & (table.close_after != Null)))

    @classmethod
    def on_write(cls, sections, values):
        pool = Pool()
        Warning = pool.get('res.user.warning')
        callables = super().on_write(sections, values)
        after = values.get('close_after')
        for section in sections if after is not None else []:
            if after == section.close_after:
                continue
            tickets = section._count_closing(after, values)
            name = Warning.format(
                f'helpdesk_section_closing.{after.total_seconds()}',
                [section])
            if tickets and Warning.check(name):
                raise ClosingWarning(name, gettext(
                        'helpdesk.msg_section_closing',
                        tickets=tickets, section=section.rec_name))
        return callables

    @without_check_access
    def _count_closing(self, after, values):
        """
        Count the tickets that close at once with another delay.

        values are all that is being written.
        """
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        resolved_at = last_over(self.worktime, after, now())
        if resolved_at is None:
            return 0
        return Ticket.search([
                ('section', '=', self.id),
                ('state', '=', 'resolved'),
                ('resolved_at', '<=', resolved_at),
                *self._closing_at_once(values),
                ], count=True)

    def _closing_at_once(self, values):
        "Return the domain of tickets that would not close at once already."
        return [['OR', ('closes_at', '=', None), ('closes_at', '>', now())]]

    @classmethod
    @without_check_access
    def reschedule_closing(cls):
        "Work out anew when tickets close of sections where that changed."
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        table = cls.__table__()
        with inactive_records():
            changed = {s.id: s.closing_changed_at for s in cls.search(
                    [('closing_changed_at', '!=', None)], order=[])}

        def done(ids):
            # Meanwhile it may have changed once more
            Transaction().connection.cursor().execute(*table.update(
                    [table.closing_changed_at], [Null],
                    where=table.id.in_(ids)
                    & (table.closing_changed_at == changed[ids[0]])))

        for section in changed:
            tickets = batch.find(Ticket, [
                    ('section', '=', section), ('state', '=', 'resolved')])
            if not batch.in_batches(tickets, Ticket.reschedule_closing):
                batch.in_batches([section], done)


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    closes_at = fields.DateTime("Closes On", readonly=True,
        states={
            'invisible': ~Eval('closes_at'),
            },
        help="When the ticket closes by itself, unless the customer answers.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t,
                (t.closes_at, Index.Range()),
                where=t.closes_at != Null))

    @classmethod
    def create(cls, vlist):
        tickets = super().create(vlist)
        changes.keep(cls, cls._closing_changes(
                [t for t in tickets if t.state == 'resolved']))
        return tickets

    @classmethod
    def write(cls, *args):
        super().write(*cls._with_closing(args))

    @classmethod
    def _with_closing(cls, args):
        "Add when the tickets close to what resolves them."
        closing = {}
        for tickets, values in zip(args[::2], args[1::2]):
            if values.get('state') == 'resolved':
                closing.update(cls._closing_changes(
                        [t for t in tickets if t.state != 'resolved'],
                        values.get('section')))

        def closes(ticket, values):
            if values.get('state') == 'resolved':
                return closing.get(ticket.id, {})
            return {}
        return changes.extend(args, closes) if closing else args

    @classmethod
    def on_write(cls, tickets, values):
        callables = super().on_write(tickets, values)
        if values.get('section') and 'state' not in values:
            changes.keep(cls, cls._closing_changes([
                        t for t in tickets if t.state == 'resolved'
                        and t.section.id != values['section']],
                    values['section']))
        return callables

    def _consequences(self, values):
        consequences = super()._consequences(values)
        if values.get('state', 'resolved') != 'resolved':
            consequences.update(self._not_closing())
        return consequences

    def _not_closing(self):
        "Return the values that change when it is resolved no more."
        return {'closes_at': None} if self.closes_at else {}

    @classmethod
    @without_check_access
    def _closing_changes(cls, tickets, section=None):
        """
        Work out when resolved tickets close.

        section is the id of that which they are moved to, if any. Return the
        values that change by the ids of the tickets.
        """
        pool = Pool()
        Section = pool.get('helpdesk.section')
        if not tickets:
            return {}
        at, closing = now(), {}
        tickets = cls.browse(tickets)
        sections = {t.id: Section(section or t.section.id) for t in tickets}
        times = Section.worktimes(
            {s for s in sections.values() if s.close_after is not None})
        for ticket in tickets:
            section = sections[ticket.id]
            values = ticket._closing(section, times.get(section.id), at)
            closing[ticket.id] = {
                n: v for n, v in values.items() if v != getattr(ticket, n)}
        return closing

    def _closing(self, section, times, at):
        """
        Return the values that tell when the resolved ticket closes.

        section is where it is, times are its opening hours, a
        worktime.Worktime, or None if its tickets do not close by themselves;
        at is the naive UTC time of now.
        """
        closes_at = None
        if times:
            try:
                closes_at = times.add(
                    self.resolved_at or at, section.close_after)
            except NeverOpen:
                pass
        return {'closes_at': closes_at}

    @classmethod
    def reschedule_closing(cls, ids):
        "Work out anew when tickets close."
        changes.keep(cls, cls._closing_changes(list(cls.search([
                            ('id', 'in', ids),
                            ('state', '=', 'resolved'),
                            ], order=[]))))

    @classmethod
    @without_check_access
    def close_due(cls):
        "Close the tickets for which it is time (scheduled action)."
        cls.prepare_closing()
        batch.in_batches(
            batch.find(cls, cls._due_to_close(), [('closes_at', 'ASC')]),
            cls._close_by_itself)

    @classmethod
    def prepare_closing(cls):
        "Do what is to be done before tickets close."
        pool = Pool()
        Section = pool.get('helpdesk.section')
        Section.reschedule_closing()

    @classmethod
    def _due_to_close(cls):
        "Return the domain of the tickets to close now."
        return [
            ('state', '=', 'resolved'),
            ('closes_at', '<=', now()),
            ]

    @classmethod
    def _close_by_itself(cls, ids):
        # The customer, or another process, may have been faster
        tickets = list(cls.search(
                [('id', 'in', ids), *cls._due_to_close()], order=[]))
        # Nobody has to do anything about it
        with Transaction().set_context(
                helpdesk_actor='system', helpdesk_notify=False):
            cls._give_close_reason(tickets)
            cls.close(tickets)

    @classmethod
    def _give_close_reason(cls, tickets):
        reasons = defaultdict(list)
        for ticket in tickets:
            reason = ticket.section.close_reason_system
            if reason and not ticket.close_reason:
                reasons[reason.id].append(ticket)
        if reasons:
            cls.write(*chain.from_iterable(
                    (tickets, {'close_reason': reason})
                    for reason, tickets in reasons.items()))

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('closes_at')
        return super().copy(tickets, default=default)


def last_over(times, time, at):
    """
    Return the last moment after which so much opening time has passed.

    times are opening hours, a worktime.Worktime, time is a timedelta and at
    a naive UTC time, until when it has. Return None if there was not so much
    within ten years.
    """
    with suppress(NeverOpen):
        return times.subtract(at, time)
