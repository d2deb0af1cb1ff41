# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from collections import defaultdict
from typing import NamedTuple

from trytond import backend
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.tools import sqlite_apply_types
from trytond.transaction import Transaction

from .history import SIDES
from .opening_time import UNITS

_SIDES = ['agent', 'customer', 'third_party']
_NONE = dt.timedelta()


class Time(NamedTuple):
    "A duration, around the clock and in opening hours."
    real: dt.timedelta = _NONE
    open: dt.timedelta = _NONE

    def plus(self, other):
        return Time(self.real + other.real, self.open + other.open)


class Clock:
    """
    How long it was whose turn.

    sides are of Time, by the side; turn is that of the last side, which has
    it since then.
    """
    __slots__ = ('sides', 'side', 'since', 'turn')

    def __init__(self):
        self.sides = {}
        self.side = self.since = None
        self.turn = Time()

    def add(self, side, start, time):
        "Let time pass from a start on, which is not before the last one."
        if side != self.side:
            self.side, self.since, self.turn = side, start, Time()
        self.turn = self.turn.plus(time)
        self.sides[side] = self.of(side).plus(time)

    def of(self, side):
        "Return the Time of a side."
        return self.sides.get(side, Time())


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    turn = fields.Function(fields.Selection('get_turns', "Turn", sort=False,
            help="Who has to do something now."),
        'on_change_with_turn', searcher='search_turn')
    turn_since = fields.Function(fields.DateTime("Since",
            help="Since when it is their turn."),
        'get_clocks')
    turn_time = fields.Function(fields.TimeDelta("This Turn",
            help="How long it has been their turn, up to now."),
        'get_clocks')
    turn_open_time = fields.Function(fields.TimeDelta(
            "This Turn in Opening Hours", UNITS,
            help="How long it has been their turn, up to now, "
            "in the opening hours of the section."),
        'get_clocks')
    clocks = fields.Function(fields.Char("Clocks",
            help="How long it was whose turn, in hours and minutes "
            "of the opening hours of the section.\n"
            "The arrow shows whose turn it is. "
            "The page History tells it around the clock, too."),
        'get_clocks')
    agent_time = fields.Function(fields.TimeDelta("Agents' Time",
            help="How long it was the agents' turn, up to now."),
        'get_clocks')
    agent_open_time = fields.Function(fields.TimeDelta(
            "Agents' Time in Opening Hours", UNITS,
            help="How long it was the agents' turn, up to now, "
            "in the opening hours of the section."),
        'get_clocks')
    customer_time = fields.Function(fields.TimeDelta("Customer's Time",
            help="How long it was the customer's turn, up to now."),
        'get_clocks')
    customer_open_time = fields.Function(fields.TimeDelta(
            "Customer's Time in Opening Hours", UNITS,
            help="How long it was the customer's turn, up to now, "
            "in the opening hours of the section."),
        'get_clocks')
    third_party_time = fields.Function(fields.TimeDelta("Third Party's Time",
            help="How long it was a third party's turn, up to now."),
        'get_clocks')
    third_party_open_time = fields.Function(fields.TimeDelta(
            "Third Party's Time in Opening Hours", UNITS,
            help="How long it was a third party's turn, up to now, "
            "in the opening hours of the section."),
        'get_clocks')

    @classmethod
    def get_turns(cls):
        pool = Pool()
        History = pool.get('helpdesk.history')
        return History.fields_get(['side'])['side']['selection']

    @fields.depends('state')
    def on_change_with_turn(self, name=None):
        return SIDES.get(self.state)

    @classmethod
    def search_turn(cls, name, clause):
        _, operator, value = clause
        if operator in {'=', '!='}:
            value = [value]
            operator = 'in' if operator == '=' else 'not in'
        return [
            ('state', operator, [s for s, t in SIDES.items() if t in value])]

    @classmethod
    def get_clocks(cls, tickets, names):
        clocks = cls._clocks([t.id for t in tickets])
        result = defaultdict(dict)
        for ticket in tickets:
            clock = clocks[ticket.id]
            result['turn_since'][ticket.id] = clock.since
            result['turn_time'][ticket.id] = clock.turn.real
            result['turn_open_time'][ticket.id] = clock.turn.open
            result['clocks'][ticket.id] = ticket._show_clocks(clock)
            for side in _SIDES:
                time = clock.of(side)
                result[f'{side}_time'][ticket.id] = time.real
                result[f'{side}_open_time'][ticket.id] = time.open
        return {n: result[n] for n in names}

    @classmethod
    def used_times(cls, tickets, until=None):
        """
        Return how long it was whose turn, for any number of tickets.

        tickets are tickets or their ids. A dictionary from the ids to one
        from each side, agent, customer and third_party, to a tuple of two
        timedeltas: around the clock, and in the opening hours of the section
        that has the ticket now. What happened after until, a naive UTC time,
        does not count; without it, all up to now does.
        """
        ids = [int(t) for t in tickets]
        clocks = cls._clocks(ids, until)
        return {
            i: {s: tuple(clocks[i].of(s)) for s in _SIDES} for i in ids}

    @classmethod
    def clock_now(cls):
        "Return up to when the clocks count, a naive UTC time."
        return dt.datetime.now().replace(microsecond=0)

    @classmethod
    def _clocks(cls, ids, until=None):
        """
        Return the clocks of tickets, by their ids.

        The rows of states in the history are the clock. One query for all
        tickets; the opening hours come out of a cache.
        """
        pool = Pool()
        Section = pool.get('helpdesk.section')
        now = until or cls.clock_now()
        rows = cls._clock_rows(ids, now)
        worktimes = Section.worktimes(
            Section.browse(sorted({section for _, section, *_ in rows})))
        clocks = defaultdict(Clock)
        for ticket, section, side, start, end in rows:
            end = min(end or now, now)
            clocks[ticket].add(side, start, Time(
                    end - start, worktimes[section].between(start, end)))
        return clocks

    @classmethod
    def _clock_rows(cls, ids, until):
        "Return the rows of states that began until then, by ticket and time."
        pool = Pool()
        History = pool.get('helpdesk.history')
        history = History.__table__()
        ticket = cls.__table__()
        query = history.join(
            ticket, condition=history.ticket == ticket.id
            ).select(
                history.ticket, ticket.section, history.side,
                history.at.as_('at'), history.until.as_('until'),
                where=(history.what == 'state') & (history.at <= until)
                & fields.SQL_OPERATORS['in'](history.ticket, ids),
                order_by=[history.ticket, history.at, history.id])
        if backend.name == 'sqlite':
            sqlite_apply_types(
                query, [None, None, None, 'TIMESTAMP', 'TIMESTAMP'])
        cursor = Transaction().connection.cursor()
        cursor.execute(*query)
        return cursor.fetchall()

    def _show_clocks(self, clock):
        labels = dict(self.get_turns())
        shown = []
        for side in _SIDES:
            if side == 'third_party' and side not in clock.sides:
                continue
            minutes = int(clock.of(side).open.total_seconds()) // 60
            arrow = '▸ ' if side == self.turn else ''
            shown.append(
                f'{arrow}{labels[side]} {minutes // 60}:{minutes % 60:02}')
        return ' · '.join(shown)
