# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Opening hours, against a slow count of the minutes on the wall.
"""
import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from trytond.modules.helpdesk.worktime import (
    Always, Explanation, Holiday, NeverOpen, Span, Worktime, worktime)

pytestmark = pytest.mark.once

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
NEVER = dt.datetime.max
# Some instant on a day on which the clocks of the zone are changed, or
# something else is odd
ODD = [
    ('UTC', dt.datetime(2026, 12, 31, 12)),
    ('Europe/Madrid', dt.datetime(2026, 3, 29)),
    ('Europe/Madrid', dt.datetime(2026, 10, 25)),
    ('Asia/Kathmandu', dt.datetime(1985, 12, 31, 18)),
    ('Asia/Kathmandu', dt.datetime(2024, 2, 28, 18)),
    ('Australia/Lord_Howe', dt.datetime(2026, 4, 4, 12)),
    ('Australia/Lord_Howe', dt.datetime(2026, 10, 3, 12)),
    ('Pacific/Chatham', dt.datetime(2026, 4, 4, 12)),
    ('Pacific/Chatham', dt.datetime(2026, 9, 26, 12)),
    # It put back its clocks a minute after midnight
    ('America/St_Johns', dt.datetime(2010, 11, 7)),
    ('America/St_Johns', dt.datetime(2026, 3, 8)),
    # Here a midnight there is not, and there it is twice
    ('Asia/Beirut', dt.datetime(2026, 3, 28, 20)),
    ('Asia/Beirut', dt.datetime(2026, 10, 24, 20)),
    ('America/Havana', dt.datetime(2026, 3, 8)),
    ('America/Havana', dt.datetime(2026, 11, 1)),
    # There was no 30 December, and one day twice on the other side
    ('Pacific/Apia', dt.datetime(2011, 12, 30)),
    ('Pacific/Kwajalein', dt.datetime(1993, 8, 21)),
    # The daylight saving of a month of fasting
    ('Africa/Casablanca', dt.datetime(2026, 2, 15)),
    ('Antarctica/Troll', dt.datetime(2026, 3, 29)),
    ('Etc/GMT-14', dt.datetime(2023, 12, 31, 12)),
    ('Europe/Dublin', dt.datetime(2024, 2, 29)),
    ]

# Days before and after the odd one that are counted
BEFORE, AFTER = 2, 8

times = st.one_of(
    st.sampled_from([dt.time(), dt.time(0, 30), dt.time(2, 30), dt.time(9),
            dt.time(14), dt.time(23, 59)]),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)))
spans = st.lists(
    st.builds(Span, st.integers(0, 6), times, times), max_size=9)


class Minutes:
    "Which minutes around an odd instant are open, by looking at the wall"

    def __init__(self, spans, holidays, zone, odd):
        self.start = odd - BEFORE * DAY
        week = [False] * 7 * 24 * 60
        for weekday, start, end in spans:
            minute = weekday * 24 * 60 + start.hour * 60 + start.minute
            while True:
                week[minute % len(week)] = True
                minute += 1
                if minute % (24 * 60) == end.hour * 60 + end.minute:
                    break
        self.open = [
            week[minute] and not any(
                date == h.date or h.yearly
                and (date.month, date.day) == (h.date.month, h.date.day)
                for h in holidays)
            for date, minute in on_the_wall(zone, odd)]

    def __getitem__(self, at):
        return self.open[self._number(at)]

    def count(self, start, end):
        return sum(self.open[self._number(start):self._number(end)]) * MINUTE

    def first(self, at, minutes):
        "Return the end of the minute when so many were open"
        number = self._number(at)
        while minutes and number < len(self.open):
            minutes -= self.open[number]
            number += 1
        if not minutes:
            return self.start + number * MINUTE

    def _number(self, at):
        return (at - self.start) // MINUTE


@lru_cache(None)
def on_the_wall(zone, odd):
    "Return the date and the minute of the week of each minute"
    tzinfo, dates, walls = ZoneInfo(zone), {}, []
    for number in range((BEFORE + AFTER) * 24 * 60):
        at = odd - BEFORE * DAY + number * MINUTE
        wall = at.replace(tzinfo=dt.timezone.utc).astimezone(tzinfo)
        date = dates.setdefault(wall.toordinal(), wall.date())
        walls.append((
                date, (wall.weekday() * 24 + wall.hour) * 60 + wall.minute))
    return walls


@st.composite
def cases(draw):
    "Return opening hours, what they are made of, and an odd instant"
    zone, odd = draw(st.sampled_from(ODD))
    dates = st.integers(-3, 5).map(lambda n: (odd + n * DAY).date())
    made_of = (
        tuple(draw(spans)),
        tuple(
            Holiday(date, str(date), yearly) for date, yearly in draw(
                st.dictionaries(dates, st.booleans(), max_size=3)).items()),
        zone)
    return Worktime(*made_of), Minutes(*made_of, odd), odd


def instants(odd, after=AFTER):
    return st.integers(-BEFORE * 24 * 60, after * 24 * 60 - 1).map(
        lambda n: odd + n * MINUTE)


def add(times, at, time):
    try:
        return times.add(at, time)
    except NeverOpen:
        return NEVER


def office(**values):
    values.setdefault('zone', 'Europe/Madrid')
    return Worktime([
            Span(d, dt.time(start), dt.time(end))
            for d in range(5) for start, end in [(9, 14), (16, 19)]],
        **values)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_between_counts_every_minute(data):
    "C10, C11: opening time is the minutes at which the clock says open"
    times, minutes, odd = data.draw(cases())
    start, end = sorted(data.draw(st.tuples(instants(odd), instants(odd))))
    expected = minutes.count(start, end)
    assert times.between(start, end) == expected
    if start != end:
        assert times.between(end, start) == dt.timedelta()
    days = times.days(start, end)
    assert sum((d.time for d in days), dt.timedelta()) == expected
    assert [d.date for d in days] == sorted({d.date for d in days})
    explanation = times.explain(start, end)
    assert explanation.open == expected
    assert explanation.closed == end - start - expected


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_is_open(data):
    "C11: it is open when the clock on the wall says so"
    times, minutes, odd = data.draw(cases())
    for at in data.draw(st.lists(instants(odd), min_size=5, max_size=20)):
        assert times.is_open(at) == minutes[at]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_next_opening_is_the_first(data):
    "C10: there is no minute before the next opening that is open"
    times, minutes, odd = data.draw(cases())
    at = data.draw(instants(odd, after=3))
    end = minutes.first(at, 1)
    assume(end)
    assert times.next_opening(at) == max(at, end - MINUTE)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_add_is_the_first_such_instant(data):
    "C10: a time is over in the minute in which enough minutes were open"
    times, minutes, odd = data.draw(cases())
    at = data.draw(instants(odd, after=3))
    number = data.draw(st.integers(0, 5000))
    end = minutes.first(at, number)
    assume(end)
    assert times.add(at, number * MINUTE) == end


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_laws(data):
    "C10: what is added is between, parts are the whole, and later is more"
    times, _, odd = data.draw(cases())
    second = st.integers(-10 ** 8, 10 ** 8).map(
        lambda n: odd + dt.timedelta(seconds=n))
    first, second, third = sorted(data.draw(
            st.tuples(second, second, second)))
    whole = times.between(first, third)
    assert whole == (
        times.between(first, second) + times.between(second, third))
    assert dt.timedelta() <= whole <= third - first

    lengths = st.timedeltas(dt.timedelta(), dt.timedelta(days=100))
    short, long = sorted(data.draw(st.tuples(lengths, lengths)))
    end = add(times, first, long)
    if end is NEVER:
        last = first.replace(year=first.year + 10, day=1)
        assert times.between(first, last) < long
        return
    assert times.between(first, end) == long
    assert times.add(first, short) <= end <= add(times, second, long)
    assert times.add(times.add(first, short), long - short) == end
    if long:
        opening = times.next_opening(first)
        assert first <= opening < end
        assert times.is_open(opening)
        assert times.between(first, opening) == dt.timedelta()
        assert times.is_open(end - dt.timedelta(microseconds=1))


@settings(max_examples=50, deadline=None)
@given(spans, spans)
@example([Span(0, dt.time(9), dt.time(12))], [Span(0, dt.time(12), dt.time())])
def test_order_and_repetition_of_spans(some, others):
    "C10: spans that overlap or touch count once, in any order"
    at, end = dt.datetime(2026, 3, 1), dt.datetime(2026, 4, 30)
    times = Worktime(some + others)
    assert times.between(at, end) == Worktime(
        others + some + some).between(at, end)
    assert times.between(at, end) >= Worktime(some).between(at, end)


def test_office_hours():
    "C10: a deadline of 24 hours is 24 opening hours"
    times = office()
    friday = dt.datetime(2026, 11, 20, 15)
    # 3 hours of Friday, 8 of Monday and of Tuesday, 5 of Wednesday morning
    end = dt.datetime(2026, 11, 25, 13)
    assert times.add(friday, 24 * HOUR) == end
    assert times.between(friday, end) == 24 * HOUR
    # Ends when it closes, not when it opens again
    assert times.add(friday, 3 * HOUR) == dt.datetime(2026, 11, 20, 18)
    assert times.next_opening(dt.datetime(2026, 11, 20, 18)) == (
        dt.datetime(2026, 11, 23, 8))
    saturday = dt.datetime(2026, 11, 21)
    assert times.add(saturday, dt.timedelta()) == saturday


def test_clocks_put_forward_and_back():
    "C11: a night has 23 or 25 hours, the office hours stay on the wall"
    around = Worktime(
        [Span(d, dt.time(), dt.time()) for d in range(7)],
        zone='Europe/Madrid')
    night = Worktime(
        [Span(5, dt.time(22), dt.time(6))], zone='Europe/Madrid')
    for saturday, hours in [
            (dt.datetime(2026, 3, 28, 12), 7),
            (dt.datetime(2026, 10, 24, 12), 9),
            (dt.datetime(2026, 11, 7, 12), 8)]:
        assert night.between(saturday, saturday + DAY) == hours * HOUR
        assert around.between(saturday, saturday + DAY) == DAY
    assert office().next_opening(dt.datetime(2026, 3, 28)) == (
        dt.datetime(2026, 3, 30, 7))
    assert office().next_opening(dt.datetime(2026, 10, 24)) == (
        dt.datetime(2026, 10, 26, 8))


def test_holidays():
    "C11: holidays don't count, and are named"
    new_year = Holiday(dt.date(2020, 1, 1), "New Year", True)
    epiphany = Holiday(dt.date(2026, 1, 6), "Epiphany")
    saturday = Holiday(dt.date(2026, 1, 3), "A Saturday")
    times = office(holidays=[new_year, epiphany, saturday])
    start = dt.datetime(2025, 12, 31, 17)
    end = times.add(start, 24 * HOUR)
    # An hour of Wednesday, Friday, Monday, and 7 hours of another Wednesday
    assert end == dt.datetime(2026, 1, 7, 17)
    holidays = [(dt.date(2026, 1, 1), new_year),
        (dt.date(2026, 1, 6), epiphany)]
    assert times.holidays_between(start, end) == holidays
    assert times.explain(start, end) == Explanation(
        24 * HOUR, end - start - 24 * HOUR, tuple(holidays),
        (dt.date(2026, 1, 3), dt.date(2026, 1, 4)))
    assert [d.time / HOUR for d in times.days(start, end)] == [
        1, 0, 8, 0, 0, 8, 0, 7]
    # Over before it would have opened, or closed already
    assert not times.holidays_between(start, dt.datetime(2026, 1, 1, 8))
    assert not times.holidays_between(
        dt.datetime(2026, 1, 1, 18), dt.datetime(2026, 1, 2, 12))


def test_leap_day_every_year():
    "C11: what is closed on 29 February every year is so when there is one"
    times = office(holidays=[Holiday(dt.date(2024, 2, 29), "Leap", True)])
    assert [d for d, _ in times.holidays_between(
                dt.datetime(2027, 6, 1), dt.datetime(2028, 5, 1))] == [
        dt.date(2028, 2, 29)]
    assert times.is_open(dt.datetime(2027, 3, 1, 9))


def test_holiday_ends_a_night():
    "C11: a holiday is closed from midnight on, also for the night before"
    times = Worktime(
        [Span(3, dt.time(22), dt.time(6))],
        [Holiday(dt.date(2026, 5, 1), "May Day")])
    assert times.between(
        dt.datetime(2026, 4, 30), dt.datetime(2026, 5, 3)) == 2 * HOUR


def test_one_holiday_a_day():
    "C11: a day that is closed for two reasons is named by its own"
    yearly = Holiday(dt.date(2020, 5, 1), "May Day", True)
    once = Holiday(dt.date(2026, 5, 1), "Moving")
    times = office(holidays=[once, yearly])
    assert times.holidays_between(
        dt.datetime(2026, 4, 30), dt.datetime(2026, 5, 3)) == [
        (dt.date(2026, 5, 1), once)]


def test_never_open():
    "C10: who never opens is found out, and does not hang"
    at = dt.datetime(2026, 11, 20)
    for times in [
            Worktime([]),
            Worktime(
                [Span(0, dt.time(9), dt.time(10))],
                [Holiday(at.date() + n * DAY) for n in range(-1, 4100)])]:
        assert not times.is_open(at)
        assert times.between(at, at + 4000 * DAY) == dt.timedelta()
        for method, args in [('add', [HOUR]), ('next_opening', [])]:
            with pytest.raises(NeverOpen):
                getattr(times, method)(at, *args)
        assert times.add(at, dt.timedelta()) == at
    with pytest.raises(NeverOpen):
        office().add(at, 100_000 * HOUR)


def test_wide_times():
    "AG1: a date that somebody mistyped takes neither long nor memory"
    times = office(holidays=[Holiday(dt.date(2020, 1, 1), "", True)])
    at = dt.datetime(2026, 11, 20)
    whole = times.between(at, dt.datetime.max)
    assert 0.23 < whole / (dt.datetime.max - at) < 0.24
    assert len(times.days(at, dt.datetime.max)) == 366
    assert len(times.days(at, dt.datetime.max, limit=10)) == 10
    assert times._year.cache_info().currsize <= 8
    with pytest.raises(NeverOpen):
        times.add(dt.datetime.max, HOUR)
    # Years that are alike are counted once
    slow = sum(
        (times.between(dt.datetime(y, 1, 1), dt.datetime(y, 12, 31, 23, 59))
            for y in range(2090, 2120)), dt.timedelta())
    assert times.between(
        dt.datetime(2090, 1, 1), dt.datetime(2120, 1, 1)) == slow


def test_always():
    "C10: who has no hours works around the clock"
    times = Always()
    at = dt.datetime(2026, 11, 20, 15)
    assert times.is_open(at)
    assert times.next_opening(at) == at
    assert times.add(at, 30 * HOUR) == at + 30 * HOUR
    assert times.between(at, at + 30 * HOUR) == 30 * HOUR
    assert times.between(at, at - HOUR) == dt.timedelta()
    assert times.holidays_between(at, at + 30 * HOUR) == []
    assert [d.time / HOUR for d in times.days(at, at + 30 * HOUR)] == [9, 21]
    assert times.explain(at, at + HOUR) == Explanation(HOUR, dt.timedelta())
    assert set(dir(Always)) >= {
        n for n in vars(Worktime) if not n.startswith('_')}


def test_always_ends():
    "C10: no calendar has a time so far away, which is no error of its own"
    times = Always()
    for work, at in [
            (times.add, dt.datetime.max), (times.subtract, dt.datetime.min)]:
        assert work(at, dt.timedelta()) == at
        with pytest.raises(NeverOpen):
            work(at, HOUR)


def test_the_same_hours_are_shared():
    "Design: what was worked out for some opening hours is there again"
    made_of = (Span(0, dt.time(9), dt.time(18)),), (), 'Europe/Madrid'
    assert worktime(*made_of) is worktime(*made_of)
