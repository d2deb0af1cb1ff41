# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Arithmetic of the time that is spent: rounding it, and telling its days.

Times are naive UTC. Which employee, which ticket and when is not known here.
"""
import datetime as dt

WAYS = ['none', 'up', 'nearest']
_UTC = dt.timezone.utc
_DAY = dt.timedelta(days=1)


def rounded(duration, way='none', step=None, least=None):
    """
    Return the duration, a timedelta, as it is put down.

    way is one of WAYS, step the timedelta of which it becomes a multiple; of
    two that are equally near it is the longer one. least is what any time at
    all counts for. No time stays none.
    """
    if duration <= dt.timedelta():
        return dt.timedelta()
    if step and way == 'up':
        duration = -(-duration // step) * step
    elif step and way == 'nearest':
        duration = (2 * duration + step) // (2 * step) * step
    return max(duration, least or dt.timedelta())


def local_date(at, zone):
    "Return the date that it is at a time on the clocks of a zone, a tzinfo."
    return at.replace(tzinfo=_UTC).astimezone(zone).date()


def by_day(start, end, zone):
    """
    Return how long of the time between two was on which day of a zone.

    A list of pairs of a date and a timedelta, in their order.
    """
    days = []
    while start < end:
        date = local_date(start, zone)
        midnight = dt.datetime.combine(date + _DAY, dt.time(), zone)
        until = min(midnight.astimezone(_UTC).replace(tzinfo=None), end)
        days.append((date, until - start))
        start = until
    return days
