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

Inside, instants and times are whole microseconds, the former since the first
of January of the year 1, which was a Monday. A year of UTC is worked out once,
as when it opens and how much opening time has passed until then; with these
sums what is asked costs as much for two years as for an hour.
"""
import datetime as dt
from array import array
from bisect import bisect, bisect_left
from calendar import isleap
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

_MICROSECOND = dt.timedelta(microseconds=1)
_NONE = dt.timedelta()
_DAY = dt.timedelta(days=1) // _MICROSECOND
# Who is closed for so many years does not open again
HORIZON = 10
# How many days are told apart when a time is explained
EXPLAINED = 366
# Opening hours that are remembered, and years of each: about 12 kB a year
_REMEMBERED, _YEARS = 128, 8
# Outside these years the date on the wall may not exist
_FIRST, _LAST = dt.MINYEAR + 1, dt.MAXYEAR - 1
# Only in these years zones have rules for a single year
_IRREGULAR = range(1800, 2100)


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


class Day(NamedTuple):
    """
    What there was of a day.

    date is that on the wall, time the opening time that counted, and holiday
    the Holiday that kept it closed, or None.
    """
    date: dt.date
    time: dt.timedelta
    holiday: Holiday | None = None


class Explanation(NamedTuple):
    """
    Why some opening time takes as long as it does.

    open is what counted and closed what did not. holidays are tuples (date,
    Holiday) of the days that would have been open, and free the dates that
    never are, as of a weekend.
    """
    open: dt.timedelta
    closed: dt.timedelta
    holidays: tuple = ()
    free: tuple = ()


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
        # Of UTC, which may begin on another day than on the wall
        self._single = {
            d.year + i for d in self._dates for i in [-1, 0, 1]}
        self._totals = {}
        self._year = lru_cache(_YEARS)(self._sums)

    def is_open(self, at):
        "Tell if it is open at that instant."
        starts, passed = self._year(at.year)
        at = _number(at)
        i = bisect(starts, at) - 1
        return i >= 0 and at - starts[i] < passed[i + 1] - passed[i]

    def next_opening(self, at):
        """
        Return when it is open from that instant on: then, or later.

        Raise NeverOpen.
        """
        # The first microsecond that counts begins there
        return self.add(at, _MICROSECOND) - _MICROSECOND

    def add(self, at, time):
        """
        Return the instant when so much opening time has passed.

        time is a timedelta, not negative. The first such instant: what ends
        when it closes does not end when it opens again; without any time it
        is at. Raise NeverOpen.
        """
        if time <= _NONE:
            return at
        missing = self._passed(at) + time // _MICROSECOND
        for year in range(at.year, at.year + HORIZON + 1):
            starts, passed = self._year(year)
            if missing <= passed[-1]:
                i = bisect_left(passed, missing) - 1
                return _instant(starts[i] + missing - passed[i])
            missing -= passed[-1]
        raise NeverOpen("Not enough opening time in ten years")

    def subtract(self, at, time):
        """
        Return the instant from which so much opening time passes until at.

        time is a timedelta, not negative. The last such instant: what begins
        when it opens does not begin when it closed before; without any time
        it is at. Raise NeverOpen.
        """
        if time <= _NONE:
            return at
        before = self._passed(at) - time // _MICROSECOND
        for year in range(at.year, at.year - HORIZON - 1, -1):
            starts, passed = self._year(year)
            if year != at.year:
                before += passed[-1]
            if before >= 0:
                i = bisect(passed, before) - 1
                return _instant(starts[i] + before - passed[i])
        raise NeverOpen("Not enough opening time in ten years")

    def between(self, start, end):
        "Return the opening time between two instants, none if start is later."
        if end <= start:
            return _NONE
        time = self._passed(end) - self._passed(start)
        for year in range(start.year, end.year):
            time += self._total(year)
        return time * _MICROSECOND

    def days(self, start, end, limit=EXPLAINED):
        """
        Return what there was of each day between two instants.

        A list of Day, by date, also of the dates on the wall that were
        closed; of the first ones if there are more than the limit.
        """
        if end <= start:
            return []
        start = _number(start)
        end = min(_number(end), start + (limit + 1) * _DAY)
        first, last = (
            (at + self._offset(at)) // _DAY for at in [start, end - 1])
        times = dict.fromkeys(range(first, last + 1), 0)
        holidays = {}
        for day, opened, closed in self._usual(start, end):
            if holiday := self._holiday(_date(day)):
                holidays[day] = holiday
            else:
                times[day] = times.get(day, 0) + closed - opened
        return [
            Day(_date(day), time * _MICROSECOND, holidays.get(day))
            for day, time in sorted(times.items())][:limit]

    def holidays_between(self, start, end, limit=EXPLAINED):
        """
        Return the holidays that kept it closed between two instants.

        A list of tuples (date, Holiday), by date: those of the first days, at
        most limit, which would have had opening hours.
        """
        return [
            (day.date, day.holiday) for day in self.days(start, end, limit)
            if day.holiday]

    def explain(self, start, end, limit=EXPLAINED):
        """
        Return why there was no more opening time between two instants.

        An Explanation; its dates are of the first days, at most limit.
        """
        time = self.between(start, end)
        days = self.days(start, end, limit)
        return Explanation(
            time, max(end - start, _NONE) - time,
            tuple((d.date, d.holiday) for d in days if d.holiday),
            # The first and the last day are there in part only
            tuple(
                d.date for d in days[1:-1] if not d.time and not d.holiday))

    def _passed(self, at):
        "Return the opening time in the year until that instant."
        starts, passed = self._year(at.year)
        at = _number(at)
        i = bisect(starts, at) - 1
        return min(passed[i + 1], passed[i] + at - starts[i]) if i >= 0 else 0

    def _total(self, year):
        "Return the opening time of a year."
        # The others that begin on the same weekday are alike
        key = year
        if (_FIRST <= year <= _LAST
                and year not in _IRREGULAR and year not in self._single):
            key = (
                year in range(_IRREGULAR.start), isleap(year),
                dt.date(year, 1, 1).weekday())
        if key not in self._totals:
            _, passed = self._year(year)
            self._totals[key] = passed[-1]
        return self._totals[key]

    def _sums(self, year):
        """
        Return when it opens in a year of UTC, and the opening time until then.

        The latter has one item more, the opening time of the whole year.
        """
        starts, passed = array('q'), array('q', [0])
        if not _FIRST <= year <= _LAST:
            return starts, passed
        until = None
        for day, opened, closed in self._usual(
                _number(dt.datetime(year, 1, 1)),
                _number(dt.datetime(year + 1, 1, 1))):
            if self._holiday(_date(day)):
                continue
            if opened != until:
                starts.append(opened)
                passed.append(passed[-1])
            passed[-1] += closed - opened
            until = closed
        return starts, passed

    def _usual(self, start, end):
        """
        Yield what would be open between two instants if nobody had holidays.

        Tuples of the day on the wall and two instants, in their order.
        """
        for since, until, offset in self._segments(start, end):
            # Between changes of the clock both times run alike
            first, last = since + offset, until + offset
            for day in range(first // _DAY, (last - 1) // _DAY + 1):
                midnight = day * _DAY - offset
                for opens, closes in self._week[day % 7]:
                    opened = max(midnight + opens, since)
                    closed = min(midnight + closes, until)
                    if opened < closed:
                        yield day, opened, closed

    def _segments(self, start, end):
        "Yield the parts of an interval in which no clock is changed."
        since, offset = start, self._offset(start)
        for day in range(start, end, _DAY):
            tomorrow = min(day + _DAY, end)
            new = self._offset(tomorrow)
            if new != offset:
                change = day + bisect_left(
                    range(day, tomorrow), True,
                    key=lambda at: self._offset(at) != offset)
                yield since, change, offset
                since, offset = change, new
        yield since, end, offset

    def _offset(self, at):
        "Return how much the clock on the wall is ahead of UTC."
        at = _instant(at).replace(tzinfo=dt.timezone.utc)
        return at.astimezone(self.zone).utcoffset() // _MICROSECOND

    def _holiday(self, date):
        return self._dates.get(date) or self._yearly.get(
            (date.month, date.day))


class Always:
    """
    Open around the clock, with the methods of Worktime.

    Who is asked for a time that no calendar has raises NeverOpen.
    """

    zone = ZoneInfo('UTC')

    def is_open(self, at):
        return True

    def next_opening(self, at):
        return at

    def add(self, at, time):
        try:
            return at + max(time, _NONE)
        except OverflowError as error:
            raise NeverOpen("Not before the year 10000") from error

    def subtract(self, at, time):
        try:
            return at - max(time, _NONE)
        except OverflowError as error:
            raise NeverOpen("Not since the year 1") from error

    def between(self, start, end):
        return max(end - start, _NONE)

    def days(self, start, end, limit=EXPLAINED):
        return _around_the_clock().days(start, end, limit)

    def holidays_between(self, start, end, limit=EXPLAINED):
        return []

    def explain(self, start, end, limit=EXPLAINED):
        return Explanation(self.between(start, end), _NONE)


def overlapping(spans):
    """
    Return the positions of two spans that overlap, or None.

    Those that touch do not.
    """
    week = [
        (since + weekday * _DAY, until + weekday * _DAY, i)
        for i, span in enumerate(spans)
        for weekday, since, until in _within_days(span)]
    week.sort()
    for (_, until, one), (since, _, other) in zip(week, week[1:]):
        if since < until:
            return one, other


@lru_cache(_REMEMBERED)
def worktime(spans, holidays=(), zone='UTC'):
    """
    Return the Worktime of tuples of Span and Holiday, and a zone.

    What is asked for again is the same, with the days it has worked out.
    """
    return Worktime(spans, holidays, zone)


def _around_the_clock():
    return worktime(tuple(
            Span(d, dt.time(), dt.time()) for d in range(7)))


def _number(at):
    return (at - dt.datetime.min) // _MICROSECOND


def _instant(number):
    return dt.datetime.min + number * _MICROSECOND


def _date(day):
    return dt.date.fromordinal(day + 1)


def _week(spans):
    "Return what is open on each weekday, as sorted times since midnight."
    week = [[] for _ in range(7)]
    for span in spans:
        for weekday, since, until in _within_days(span):
            week[weekday].append((since, until))
    return [_merged(day) for day in week]


def _within_days(span):
    "Yield the parts of a span as weekday and times since midnight."
    weekday, start, end = span
    since, until = _since_midnight(start), _since_midnight(end)
    if since < until:
        yield weekday, since, until
    else:
        yield weekday, since, _DAY
        if until:
            yield (weekday + 1) % 7, 0, until


def _merged(intervals):
    "Return intervals that neither overlap nor touch."
    merged = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _since_midnight(time):
    return _number(dt.datetime.combine(dt.date.min, time))
