# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from collections import defaultdict

from trytond import backend
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.tools import sqlite_apply_types
from trytond.transaction import Transaction

from .history import SIDES

_SIDES = ['agent', 'customer', 'third_party']


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    turn = fields.Function(fields.Selection('get_turns', "Turn", sort=False,
            help="Who has to do something now."),
        'on_change_with_turn', searcher='search_turn')
    turn_since = fields.Function(fields.DateTime("Since",
            help="Since when it is their turn."),
        'get_clocks')
    clocks = fields.Function(fields.Char("Clocks",
            help="How long it was whose turn, in hours and minutes. "
            "The arrow shows whose turn it is."),
        'get_clocks')
    agent_time = fields.Function(fields.TimeDelta("Agents' Time",
            help="How long it was the agents' turn, up to now."),
        'get_clocks')
    customer_time = fields.Function(fields.TimeDelta("Customer's Time",
            help="How long it was the customer's turn, up to now."),
        'get_clocks')
    third_party_time = fields.Function(fields.TimeDelta("Third Party's Time",
            help="How long it was a third party's turn, up to now."),
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
        """
        Tell how long the tickets were on each side.

        The rows of states in the history are the clock. One query for all
        tickets; the difference of times has no SQL common to all databases.
        """
        times, since = cls._sum_up([t.id for t in tickets])
        result = {
            'turn_since': {t.id: since.get(t.id) for t in tickets},
            'clocks': {t.id: t._show_clocks(times) for t in tickets},
            }
        for side in _SIDES:
            result[f'{side}_time'] = {
                t.id: times.get((t.id, side), dt.timedelta())
                for t in tickets}
        return {n: result[n] for n in names}

    @classmethod
    def _sum_up(cls, ids):
        """
        Return how long tickets were on each side, and since when on the last.

        The first by id and side, the second by id.
        """
        pool = Pool()
        History = pool.get('helpdesk.history')
        history = History.__table__()
        now = dt.datetime.now().replace(microsecond=0)
        times, since, last = defaultdict(dt.timedelta), {}, None
        cursor = Transaction().connection.cursor()
        query = history.select(
            history.ticket, history.side,
            history.at.as_('at'), history.until.as_('until'),
            where=(history.what == 'state')
            & fields.SQL_OPERATORS['in'](history.ticket, ids),
            order_by=[history.ticket, history.at, history.id])
        if backend.name == 'sqlite':
            sqlite_apply_types(query, [None, None, 'TIMESTAMP', 'TIMESTAMP'])
        cursor.execute(*query)
        for ticket, side, at, until in cursor:
            times[ticket, side] += (until or now) - at
            if (ticket, side) != last:
                since[ticket] = at
            last = ticket, side
        return times, since

    def _show_clocks(self, times):
        labels = dict(self.get_turns())
        shown = []
        for side in _SIDES:
            time = times.get((self.id, side))
            if time is None and side == 'third_party':
                continue
            minutes = int((time or dt.timedelta()).total_seconds()) // 60
            arrow = '▸ ' if side == self.turn else ''
            shown.append(
                f'{arrow}{labels[side]} {minutes // 60}:{minutes % 60:02}')
        return ' · '.join(shown)
