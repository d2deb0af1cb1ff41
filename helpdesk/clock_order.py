# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Sorting and searching tickets by their clocks.

The database sums up the rows of the history for each ticket that the list
could show: an index tells those of a ticket, so a list of open tickets costs
little, and one of all tickets a look at each of them.
"""
import datetime as dt
from collections import defaultdict

from sql import Literal
from sql.aggregate import Min, Sum
from sql.conditionals import Case, Coalesce, Greatest, Least
from sql.operators import Exists
from trytond.model import fields
from trytond.pool import Pool, PoolMeta

from .opening import LONGEST, seconds


def _order(side, opening=False):
    "Return a method to sort by the time of a side."
    @classmethod
    def order(cls, tables):
        table, _ = tables[None]
        return [cls.clock_seconds(table, side, opening)]
    return order


def _domain(side, opening=False):
    "Return a method to search by the time of a side."
    @classmethod
    def domain(cls, domain, tables):
        table, _ = tables[None]
        _, operator, value = domain
        if operator in {'in', 'not in'}:
            value = [_seconds(v) for v in value]
        else:
            value = _seconds(value)
        return fields.SQL_OPERATORS[operator](
            cls.clock_seconds(table, side, opening), value)
    return domain


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    order_agent_time = _order('agent')
    order_agent_open_time = _order('agent', opening=True)
    order_customer_time = _order('customer')
    order_customer_open_time = _order('customer', opening=True)
    order_third_party_time = _order('third_party')
    order_third_party_open_time = _order('third_party', opening=True)

    domain_agent_time = _domain('agent')
    domain_agent_open_time = _domain('agent', opening=True)
    domain_customer_time = _domain('customer')
    domain_customer_open_time = _domain('customer', opening=True)
    domain_third_party_time = _domain('third_party')
    domain_third_party_open_time = _domain('third_party', opening=True)

    @classmethod
    def order_turn_since(cls, tables):
        pool = Pool()
        History = pool.get('helpdesk.history')
        table, _ = tables[None]
        row, later = History.__table__(), History.__table__()
        another = later.select(
            Literal(1),
            where=(later.ticket == row.ticket) & (later.side != row.side)
            & ((later.at > row.at)
                | ((later.at == row.at) & (later.id > row.id))))
        return [row.select(
                Min(row.at),
                where=(row.ticket == table.id) & (row.what == 'state')
                & ~Exists(another))]

    @classmethod
    def order_turn_time(cls, tables):
        since, = cls.order_turn_since(tables)
        return [-seconds(since)]

    @classmethod
    def clock_seconds(cls, table, side, opening=False):
        """
        Return the SQL expression of how long it was a side's turn, up to now.

        table is that of the ticket; the expression is in seconds, around the
        clock or in opening hours.
        """
        pool = Pool()
        Section = pool.get('helpdesk.section')
        now = cls.clock_now()
        real = cls._real_seconds(table, side, now)
        if not opening:
            return real
        sections = defaultdict(list)
        for section, calendar in Section.calendars().items():
            sections[calendar].append(section)
        always = sections.pop(None, [])
        if not sections:
            return real
        is_in = fields.SQL_OPERATORS['in']
        calendar = Case(*(
                (is_in(table.section, s), c) for c, s in sections.items()))
        opened = cls._open_seconds(table, side, now, calendar)
        if not always:
            return opened
        return Case((is_in(table.section, always), real), else_=opened)

    @classmethod
    def _real_seconds(cls, table, side, now):
        pool = Pool()
        History = pool.get('helpdesk.history')
        history = History.__table__()
        return Coalesce(history.select(
                Sum(seconds(Coalesce(history.until, now))
                    - seconds(history.at)),
                where=(history.ticket == table.id) & (history.side == side)),
            0)

    @classmethod
    def _open_seconds(cls, table, side, now, calendar):
        pool = Pool()
        History = pool.get('helpdesk.history')
        Opening = pool.get('helpdesk.work_calendar.opening')
        history, opening = History.__table__(), Opening.__table__()
        start = seconds(history.at)
        end = seconds(Coalesce(history.until, now))
        return Coalesce(history.join(opening,
                # No other interval can be open at start
                condition=(opening.start > start - LONGEST)
                & (opening.start < end)
                & (opening.end > start)
                ).select(
                Sum(Least(opening.end, end) - Greatest(opening.start, start)),
                where=(history.ticket == table.id) & (history.side == side)
                & (opening.calendar == calendar)),
            0)


def _seconds(value):
    return value.total_seconds() if isinstance(value, dt.timedelta) else value
