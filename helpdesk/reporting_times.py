# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The times of tickets that the reports add up.

Opening hours cannot be worked out by the database. So these times are stored
when they are over: the one to the first answer when it is given, those to the
solution when the ticket is resolved, or closed without.
"""
from collections import defaultdict

from sql import Null
from trytond.i18n import gettext
from trytond.model import Index, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.transaction import (
    Transaction, inactive_records, without_check_access)

from . import changes
from .batch import in_batches
from .clock import Time
from .opening_time import UNITS
from .workflow import OVER_STATES

_SIDES = ['agent', 'customer', 'third_party']
_FIRST_ANSWER = ['first_answer_time', 'first_answer_open_time']
_SOLUTION = ['solved_at', 'solution_time', 'solution_open_time', *(
        f'{s}_solution_{t}' for s in _SIDES for t in ['time', 'open_time'])]
_TIMES = {*_FIRST_ANSWER, *_SOLUTION}


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    solved_at = fields.DateTime("Solved On", readonly=True,
        help="When the ticket was resolved, or closed without.")
    first_answer_time = fields.TimeDelta("Time to First Answer",
        readonly=True,
        help="How long the agents had the ticket before the first answer.")
    first_answer_open_time = fields.TimeDelta(
        "Time to First Answer in Opening Hours", UNITS, readonly=True,
        help="How long the agents had the ticket before the first answer, "
        "in the opening hours of the section.")
    solution_time = fields.TimeDelta("Time to Solution", readonly=True,
        help="How long it took until the ticket was solved.")
    solution_open_time = fields.TimeDelta(
        "Time to Solution in Opening Hours", UNITS, readonly=True,
        help="How long it took until the ticket was solved, "
        "in the opening hours of the section.")
    agent_solution_time = fields.TimeDelta(
        "Agents' Time to Solution", readonly=True,
        help="How long it was the agents' turn until the ticket was solved.")
    agent_solution_open_time = fields.TimeDelta(
        "Agents' Time to Solution in Opening Hours", UNITS, readonly=True,
        help="How long it was the agents' turn until the ticket was solved, "
        "in the opening hours of the section.")
    customer_solution_time = fields.TimeDelta(
        "Customer's Time to Solution", readonly=True,
        help="How long it was the customer's turn until the ticket was "
        "solved.")
    customer_solution_open_time = fields.TimeDelta(
        "Customer's Time to Solution in Opening Hours", UNITS, readonly=True,
        help="How long it was the customer's turn until the ticket was "
        "solved, in the opening hours of the section.")
    third_party_solution_time = fields.TimeDelta(
        "Third Party's Time to Solution", readonly=True,
        help="How long it was a third party's turn until the ticket was "
        "solved.")
    third_party_solution_open_time = fields.TimeDelta(
        "Third Party's Time to Solution in Opening Hours", UNITS,
        readonly=True,
        help="How long it was a third party's turn until the ticket was "
        "solved, in the opening hours of the section.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        # Those that have to be filled; afterwards there are none
        cls._sql_indexes.add(
            Index(t, (t.id, Index.Range()), where=cls._times_missing(t)))

    @staticmethod
    def _times_missing(table):
        "Return the SQL condition of tickets whose times are not stored yet."
        return ((table.state.in_(OVER_STATES) & (table.solved_at == Null))
            | ((table.first_answer_at != Null)
                & (table.first_answer_time == Null)))

    @classmethod
    def check_modification(cls, mode, tickets, values=None, external=False):
        super().check_modification(
            mode, tickets, values=values, external=external)
        if external and (
                (mode == 'write' and not _TIMES.isdisjoint(values))
                or (mode == 'create' and any(
                        getattr(t, n) is not None
                        for t in tickets for n in _TIMES))):
            raise AccessError(gettext('helpdesk.msg_ticket_kept'))

    @classmethod
    def _before_write(cls, *args):
        # As what is due: with it in the values of the user they were refused
        times = cls._times_by(args)
        ids, names, on_write, triggers, *args = super()._before_write(*args)
        if times:
            names.update(*times.values())
            args = changes.extend(args, lambda t, _: times.get(t.id, {}))
        return ids, names, on_write, triggers, *args

    @classmethod
    @without_check_access
    def _times_by(cls, args):
        """
        Return the times that change, by id, when tickets get values of args.

        One query, only if one of the tickets is answered first or solved.
        """
        answered, solved, result = {}, {}, defaultdict(dict)
        for tickets, values in zip(args[::2], args[1::2]):
            if 'first_answer_at' in values:
                answered.update(
                    (t.id, values['first_answer_at']) for t in tickets
                    if t.first_answer_at != values['first_answer_at'])
            if 'state' in values:
                over = values['state'] in OVER_STATES
                for ticket in tickets:
                    if over and ticket.state not in OVER_STATES:
                        solved[ticket.id] = ticket._over_at(values)
                    elif not over and ticket.solved_at:
                        result[ticket.id].update(dict.fromkeys(_SOLUTION))
        for id_, values in cls._times(answered, solved).items():
            result[id_].update(values)
        return result

    def _over_at(self, values=None):
        "Return when the ticket was solved, the values being written to it."
        at = {n: getattr(self, n) for n in ['resolved_at', 'closed_at']}
        at.update((n, v) for n, v in (values or {}).items() if n in at)
        return at['resolved_at'] or at['closed_at'] or self.clock_now()

    @classmethod
    def _times(cls, answered, solved):
        """
        Return the values of the times of tickets, by id, in one query.

        answered and solved are dictionaries of naive UTC times by id. For an
        answer that is None, as for one that is taken back, so is its time.
        """
        ends = [t for t in [*answered.values(), *solved.values()] if t]
        rows = cls._rows_by_ticket(
            sorted({*answered, *solved}), max(ends)) if ends else {}
        result = defaultdict(dict)
        for id_, at in answered.items():
            time = Time(None, None)
            if at:
                time = cls._passed(rows.get(id_, []), at, 'agent')
            result[id_].update(zip(_FIRST_ANSWER, time))
        for id_, at in solved.items():
            passed = rows.get(id_, [])
            times = [cls._passed(passed, at), *(
                    cls._passed(passed, at, s) for s in _SIDES)]
            result[id_].update(zip(
                    _SOLUTION, [at, *(t for time in times for t in time)]))
        return result

    @classmethod
    def _rows_by_ticket(cls, ids, until):
        "Return tuples of side, start, end and Worktime by ticket."
        pool = Pool()
        Section = pool.get('helpdesk.section')
        rows = cls._clock_rows(ids, until)
        worktimes = Section.worktimes(
            Section.browse(sorted({section for _, section, *_ in rows})))
        result = defaultdict(list)
        for ticket, section, side, start, end in rows:
            result[ticket].append((side, start, end, worktimes[section]))
        return result

    @staticmethod
    def _passed(rows, until, side=None):
        "Return the Time of a side, or of all, up to a naive UTC time."
        time = Time()
        for of, start, end, worktime in rows:
            end = min(end or until, until)
            if start < end and side in {None, of}:
                time = time.plus(
                    Time(end - start, worktime.between(start, end)))
        return time

    @classmethod
    @without_check_access
    def fill_times(cls):
        "Store the times of tickets that lack them (scheduled)."
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(
                table.id, where=cls._times_missing(table),
                order_by=[table.id]))
        in_batches([id_ for id_, in cursor], cls._fill_times)

    @classmethod
    def _fill_times(cls, ids):
        with inactive_records():
            tickets = list(cls.search([('id', 'in', ids)], order=[]))
        changes.keep(cls, cls._times(
                {t.id: t.first_answer_at for t in tickets
                    if t.first_answer_at and t.first_answer_time is None},
                {t.id: t._over_at() for t in tickets
                    if t.state in OVER_STATES and not t.solved_at}))

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        for name in _TIMES:
            default.setdefault(name)
        return super().copy(tickets, default=default)
