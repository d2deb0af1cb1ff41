# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The days, weeks, months and years of a report, without a database.

Dates are on the wall of a time zone, instants are naive datetimes in UTC. A
period begins with the first moment of its first day and ends with that of the
day after its last one, which comes 23 or 25 hours after the one before when
the clocks change.
"""
import datetime as dt
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

_LENGTHS = {
    'day': relativedelta(days=1),
    'week': relativedelta(weeks=1),
    'month': relativedelta(months=1),
    'year': relativedelta(years=1),
    }
# Later there is no day after
_LAST = dt.date(9998, 12, 31)


class Period(NamedTuple):
    """
    A part of the time of a report.

    date is its first day as in the calendar, also when the report begins
    later; last is its last one in the report. What happened at start belongs
    to it, what happened at end does not.
    """
    date: dt.date
    last: dt.date
    start: dt.datetime
    end: dt.datetime


def whole(from_date, to_date, zone):
    "Return the Period between two dates, both of them included."
    to_date = min(to_date, _LAST)
    return Period(
        from_date, to_date,
        midnight(from_date, zone),
        midnight(to_date + dt.timedelta(days=1), zone))


def periods(from_date, to_date, length, zone, limit):
    """
    Return the list of the Periods between two dates, both of them included.

    length is day, week, month or year, zone is a tzinfo. Weeks begin on
    Monday. Return no more than limit + 1: who gets so many got too many.
    """
    found = []
    date, to_date = first_day(from_date, length), min(to_date, _LAST)
    while date <= to_date and len(found) <= limit:
        following = date + _LENGTHS[length]
        part = whole(
            max(date, from_date),
            min(following - dt.timedelta(days=1), to_date), zone)
        found.append(part._replace(date=date))
        date = following
    return found


def first_day(date, length):
    "Return the first day of the day, week, month or year of a date."
    if length == 'week':
        return date - dt.timedelta(days=date.weekday())
    if length == 'month':
        return date.replace(day=1)
    if length == 'year':
        return date.replace(month=1, day=1)
    return date


def midnight(date, zone):
    "Return the first moment of a date in a time zone, naive, in UTC."
    # Where the clocks go forward at midnight this is when they do
    return dt.datetime.combine(date, dt.time(), zone).astimezone(
        dt.timezone.utc).replace(tzinfo=None)
