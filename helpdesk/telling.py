# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
When colleagues are told that something is due, or was missed.

Decided here: at which moment, and whether it has been told already. Not here:
when something is due, who is told, and how. Times are naive, in UTC.
"""
import datetime as dt
from typing import NamedTuple

from .worktime import NeverOpen

# What has to be told since so much opening time is no news any longer
LATE = dt.timedelta(days=1)


class Telling(NamedTuple):
    """
    Who is to be told of what, and when.

    id is a number that tells it apart from others; target is what is due,
    None for all that can be; time is opening time, before or after it is
    due; recipients and employees are who is told, and priority is what the
    ticket gets.
    """
    id: int
    target: str
    before: bool
    time: dt.timedelta
    recipients: tuple = ()
    employees: tuple = ()
    priority: str = None

    def moment(self, hours, due):
        "Return when it is to be told, within the hours. Raise NeverOpen."
        move = hours.subtract if self.before else hours.add
        return hours.next_opening(move(due, self.time))


class Occasion(NamedTuple):
    """
    What is to be told of a ticket now.

    late is the opening time since it was due, None if it is not yet.
    """
    telling: Telling
    target: str
    due: dt.datetime
    late: dt.timedelta

    @property
    def event(self):
        return 'due' if self.late is None else 'missed'


def plan(dues, tellings, told, hours, now):
    """
    Return what is to be told now, and when to look again.

    dues are the times at which something is due by what it is, None for what
    is not; tellings are of Telling; told is what was told before, as tuples
    (id of the telling, target, due, when it was told); hours are a Worktime.
    Return a list of Occasion, and a time or None.
    """
    occasions, later = [], []
    for target, due in dues.items():
        if due is None:
            continue
        for telling in tellings:
            if telling.target not in {None, target}:
                continue
            try:
                moment = telling.moment(hours, due)
                if _is_told(telling, target, due, moment, told):
                    continue
                # What falls due at night is told when it opens
                at = hours.next_opening(max(moment, now))
            except NeverOpen:
                continue
            if at > now:
                later.append(at)
            elif not _is_old(moment, hours, now):
                late = hours.between(due, now) if due <= now else None
                occasions.append(Occasion(telling, target, due, late))
    return occasions, min(later, default=None)


def _is_told(telling, target, due, moment, told):
    """
    Tell if there is nothing new to tell.

    Who was told that something is due within an hour need not hear it again
    when it is due a bit later: only when it is due within an hour anew.
    """
    return any(
        (telling.id, target) == (id_, what)
        and (due == before or before < due and moment <= at)
        for id_, what, before, at in told)


def _is_old(moment, hours, now):
    return now - moment > LATE and hours.between(moment, now) > LATE
