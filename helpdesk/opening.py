# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
When calendars are open, as rows that SQL can count.

Lists of tickets are sorted and searched by opening time, and the database
knows neither time zones nor holidays as the calendars do.
"""
import datetime as dt
from bisect import bisect

from sql import Cast
from sql.aggregate import Min
from sql.functions import Extract
from trytond.model import Index, ModelSQL, Unique, fields
from trytond.pool import Pool, PoolMeta
from trytond.tools import grouped_slice
from trytond.transaction import (
    Transaction, inactive_records, without_check_access)

from .worktime import NeverOpen

# So many seconds an interval lasts at most
LONGEST = 24 * 60 * 60
# How far ahead they are worked out, in case the scheduled action is late
AHEAD = dt.timedelta(days=400)
# Seconds since 1970 would be too many for an integer in 2038
ORIGIN = dt.datetime(2000, 1, 1)
_EPOCH = dt.datetime(1970, 1, 1)
_SECOND = dt.timedelta(seconds=1)
_NONE = dt.timedelta()


class Opening(ModelSQL):
    __name__ = 'helpdesk.work_calendar.opening'

    calendar = fields.Many2One(
        'helpdesk.work_calendar', "Opening Hours", ondelete='CASCADE',
        required=True,
        help="The opening hours that it is worked out from.")
    start = fields.Integer("From", required=True,
        help="When it opens, in seconds since 2000 in UTC.")
    end = fields.Integer("To", required=True,
        help="When it closes, in seconds since 2000 in UTC.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints = [
            ('start_unique', Unique(t, t.calendar, t.start),
                'helpdesk.msg_opening_unique'),
            ]
        cls._sql_indexes.add(
            Index(t, (t.calendar, Index.Range()), (t.start, Index.Range())))

    @classmethod
    @without_check_access
    def work_out(cls, calendars):
        """
        Work out anew when calendars are open.

        calendars is a list of ids; what is no longer there is left alone.
        """
        pool = Pool()
        WorkCalendar = pool.get('helpdesk.work_calendar')
        table = cls.__table__()
        with inactive_records():
            calendars = [c.id for c in WorkCalendar.search(
                    [('id', 'in', calendars)], order=[])]
        if not calendars:
            return
        worktimes = WorkCalendar.worktimes(calendars)
        start, end = cls._period()
        rows = [
            [calendar, (opened - ORIGIN) // _SECOND,
                (closed - ORIGIN) // _SECOND]
            for calendar in calendars
            for opened, closed in openings(worktimes[calendar], start, end)]
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.delete(
                where=fields.SQL_OPERATORS['in'](table.calendar, calendars)))
        for some in grouped_slice(rows, 1000):
            cursor.execute(*table.insert(
                    [table.calendar, table.start, table.end], list(some)))

    @classmethod
    def _period(cls):
        "Return the first and the last time that lists can ask for."
        pool = Pool()
        History = pool.get('helpdesk.history')
        history = History.__table__()
        now = dt.datetime.now()
        cursor = Transaction().connection.cursor()
        cursor.execute(*history.select(seconds(Min(history.at))))
        first, = cursor.fetchone()
        start = now if first is None else ORIGIN + first * _SECOND
        return dt.datetime(min(start, now).year, 1, 1), now + AHEAD


def seconds(expression):
    "Return the SQL expression of a time, in the seconds of openings."
    return (Cast(Extract('EPOCH', expression), 'BIGINT')
        - (ORIGIN - _EPOCH) // _SECOND)


def openings(worktime, start, end):
    """
    Yield when it is open between two instants, in parts of at most a day.

    worktime is a worktime.Worktime, start and end are naive UTC times.
    """
    while True:
        try:
            opened = worktime.next_opening(start)
        except NeverOpen:
            return
        if opened >= end:
            return
        # As long as all the time that passes is opening time
        passed = bisect(
            range(1, LONGEST + 1), _NONE,
            key=lambda s: s * _SECOND
            - worktime.between(opened, opened + s * _SECOND))
        # Nobody opens for less than a second
        start = opened + max(passed, 1) * _SECOND
        yield opened, min(start, end)


class WorkCalendar(metaclass=PoolMeta):
    __name__ = 'helpdesk.work_calendar'

    @classmethod
    def hours_changed(cls, calendars):
        super().hours_changed(calendars)
        cls._work_out(calendars)

    @classmethod
    def open_ahead(cls):
        "Work out when all calendars are open (scheduled action)."
        with inactive_records():
            cls._work_out([c.id for c in cls.search([], order=[])])

    @classmethod
    def _work_out(cls, calendars):
        pool = Pool()
        Opening = pool.get('helpdesk.work_calendar.opening')
        Opening.work_out(calendars)
