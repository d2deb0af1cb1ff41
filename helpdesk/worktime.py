# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Arithmetic of opening hours, without a database and without a clock.

All instants are naive datetimes in UTC, as Tryton stores them. Spans and
holidays are on the clocks and calendars of a time zone: an instant is open
when the clock on the wall shows a time within a span and the date on the
wall is no holiday. So where clocks are put back, an hour within a span
counts twice, and where they are put forward, not at all.

Nothing here knows the hours of daylight saving: they are what zoneinfo says
(IANA time zone database).
"""
import datetime as dt
from bisect import bisect
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

_DAY = dt.timedelta(days=1)
_NONE = dt.timedelta()
# Who is closed for so long does not open again
HORIZON = 3660


class Span(NamedTuple):
    """
    When it is open on a day of the week.

    weekday is 0 for Monday. end is the first moment that is no longer open;
    not later than start it is one of the day after, midnight included.
    """
    weekday: int
    start: dt.time
    end: dt.time


class Holiday(NamedTuple):
    "A date that is closed from midnight to midnight, maybe every year."
    date: dt.date
    name: str = ''
    yearly: bool = False


class NeverOpen(ValueError):
    "There is not enough opening time within ten years."


class Worktime:
    """
    The opening hours of somebody.

    spans are of Span, holidays of Holiday, zone is a name of the IANA time
    zone database.
    """

    def __init__(self, spans, holidays=(), zone='UTC'):
        self.zone = ZoneInfo(zone)
        self._week = _week(spans)
        self._dates = {h.date: h for h in holidays if not h.yearly}
        self._yearly = {
            (h.date.month, h.date.day): h for h in holidays if h.yearly}
        self._cache = {}

    def is_open(self, at):
        "Tell if it is open at that instant."
        return any(start <= at < end for start, end in self._day(at.date()))

    def next_opening(self, at):
        """
        Return when it is open from that instant on: then, or later.

        Raise NeverOpen.
        """
        for start, end in self._opening(at):
            return start

    def add(self, at, time):
        """
        Return the instant when so much opening time has passed.

        time is a timedelta, not negative. The first such instant: what ends
        when it closes does not end when it opens again; without any time it
        is at. Raise NeverOpen.
        """
        if time <= _NONE:
            return at
        for start, end in self._opening(at):
            if time <= end - start:
                return start + time
            time -= end - start

    def between(self, start, end):
        "Return the opening time between two instants, none if start is later."
        time = _NONE
        day = start.date()
        while day <= end.date():
            for opened, closed in self._day(day):
                opened, closed = max(opened, start), min(closed, end)
                if opened < closed:
                    time += closed - opened
            day += _DAY
        return time

    def holidays_between(self, start, end):
        """
        Return the holidays that kept it closed between two instants.

        A list of tuples (date, Holiday), by date: those of the dates on the
        wall from start to end which would have had opening hours.
        """
        found = []
        day, last = self._local(start).date(), self._local(end).date()
        while day <= last:
            holiday = self._holiday(day)
            if holiday and self._week[day.weekday()]:
                found.append((day, holiday))
            day += _DAY
        return found

    def _opening(self, at):
        "Yield the intervals that are open from that instant on."
        day = at.date()
        for _ in range(HORIZON):
            for start, end in self._day(day):
                if end > at:
                    yield max(start, at), end
            day += _DAY
        raise NeverOpen("Not open for ten years")

    def _day(self, day):
        "Return the intervals that are open on a day of UTC, a sorted tuple."
        intervals = self._cache.get(day)
        if intervals is None:
            intervals = self._cache[day] = tuple(self._intervals(day))
        return intervals

    def _intervals(self, day):
        start = dt.datetime.combine(day, dt.time())
        last = None
        for since, until in self._segments(start, start + _DAY):
            # Between changes of the clock both times run alike
            offset = self._offset(since)
            for opened, closed in self._on_the_wall(
                    since + offset, until + offset):
                opened, closed = opened - offset, closed - offset
                if last and last[1] == opened:
                    last = last[0], closed
                    continue
                if last:
                    yield last
                last = opened, closed
        if last:
            yield last

    def _segments(self, start, end):
        "Yield the parts of an interval in which no clock is changed."
        change = self._change(start, end)
        if change:
            yield start, change
            yield change, end
        else:
            yield start, end

    def _change(self, start, end):
        "Return when clocks are changed between two instants, None if not."
        before = self._offset(start)
        if self._offset(end - dt.timedelta(seconds=1)) == before:
            return
        seconds = range(1, int((end - start).total_seconds()))
        return start + dt.timedelta(seconds=1 + bisect(
                seconds, False, key=lambda s: self._offset(
                    start + dt.timedelta(seconds=s)) != before))

    def _offset(self, at):
        return self._local(at).utcoffset()

    def _local(self, at):
        return at.replace(tzinfo=dt.timezone.utc).astimezone(self.zone)

    def _on_the_wall(self, start, end):
        "Yield what is open between two times on the wall."
        day = start.date()
        while day <= end.date():
            if not self._holiday(day):
                midnight = dt.datetime.combine(day, dt.time())
                for since, until in self._week[day.weekday()]:
                    opened = max(midnight + since, start)
                    closed = min(midnight + until, end)
                    if opened < closed:
                        yield opened, closed
            day += _DAY

    def _holiday(self, day):
        return self._dates.get(day) or self._yearly.get((day.month, day.day))


class Always:
    "Open around the clock, with the methods of Worktime."

    zone = ZoneInfo('UTC')

    def is_open(self, at):
        return True

    def next_opening(self, at):
        return at

    def add(self, at, time):
        return at + max(time, _NONE)

    def between(self, start, end):
        return max(end - start, _NONE)

    def holidays_between(self, start, end):
        return []


@lru_cache(maxsize=256)
def worktime(spans, holidays=(), zone='UTC'):
    """
    Return the Worktime of tuples of Span and Holiday, and a zone.

    What is asked for again is the same, with the days it has worked out.
    """
    return Worktime(spans, holidays, zone)


def _week(spans):
    "Return what is open on each weekday, as sorted times since midnight."
    week = [[] for _ in range(7)]
    for weekday, start, end in spans:
        since, until = _since_midnight(start), _since_midnight(end)
        if since < until:
            week[weekday].append((since, until))
        else:
            week[weekday].append((since, _DAY))
            week[(weekday + 1) % 7].append((_NONE, until))
    return [_merged(day) for day in week]


def _merged(intervals):
    "Return intervals that neither overlap nor touch nor are empty."
    merged = []
    for start, end in sorted(intervals):
        if start == end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _since_midnight(time):
    return dt.datetime.combine(dt.date.min, time) - dt.datetime.combine(
        dt.date.min, dt.time())
