# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trytond.modules.helpdesk.time_spent import WAYS, by_day, rounded

MINUTE = dt.timedelta(minutes=1)
ZERO = dt.timedelta()
# Both changes of the clock, at midnight too; odd offsets; a day left out
ZONES = [
    'UTC', 'Europe/Madrid', 'America/Havana', 'America/Asuncion',
    'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia']
durations = st.timedeltas(
    min_value=ZERO, max_value=dt.timedelta(days=3)).map(
    lambda d: d - dt.timedelta(microseconds=d.microseconds))
steps = st.integers(1, 24 * 60).map(lambda m: m * MINUTE)


@pytest.mark.parametrize('minutes, way, step, least, expected', [
        (0, 'up', 15, 30, 0),
        (7, 'none', 15, 0, 7),
        (1, 'up', 15, 0, 15),
        (15, 'up', 15, 0, 15),
        (16, 'up', 15, 0, 30),
        (7, 'nearest', 15, 0, 0),
        (7.5, 'nearest', 15, 0, 15),
        (22, 'nearest', 15, 0, 15),
        (7, 'nearest', 15, 10, 10),
        (7, 'none', 15, 10, 10),
        (40, 'up', 15, 10, 45),
        (7, 'up', 0, 0, 7),
        ])
def test_rounded(minutes, way, step, least, expected):
    "C9: time is rounded as configured"
    assert rounded(
        minutes * MINUTE, way, step * MINUTE, least * MINUTE) == (
        expected * MINUTE)


@given(durations, steps)
def test_rounded_up(duration, step):
    "C9: rounded up it is the shortest multiple that is long enough"
    result = rounded(duration, 'up', step)
    assert not result % step
    assert duration <= result < duration + step


@given(durations, steps)
def test_rounded_to_the_nearest(duration, step):
    "C9: rounded to the nearest it is at most half a step away"
    result = rounded(duration, 'nearest', step)
    assert not result % step
    assert -step < 2 * (duration - result) < step or (
        2 * (result - duration) == step)


@given(durations, durations, st.sampled_from(WAYS), steps, durations)
def test_rounded_in_order(duration, more, way, step, least):
    "C9: longer work never counts for less, and rounding once is enough"
    result = rounded(duration, way, step, least)
    assert result <= rounded(duration + more, way, step, least)
    if result > least:
        assert rounded(result, way, step, least) == result


@given(
    st.datetimes(dt.datetime(2011, 12, 1), dt.datetime(2027, 1, 1)),
    st.integers(0, 3 * 24 * 60), st.sampled_from(ZONES))
def test_by_day(start, minutes, zone):
    "C9: each minute counts for the day that it was in the zone"
    start = start.replace(second=0, microsecond=0)
    zone = ZoneInfo(zone)
    expected = {}
    for minute in range(minutes):
        at = start + minute * MINUTE
        date = at.replace(tzinfo=dt.timezone.utc).astimezone(zone).date()
        expected[date] = expected.get(date, ZERO) + MINUTE
    assert by_day(start, start + minutes * MINUTE, zone) == sorted(
        expected.items())


@pytest.mark.parametrize('date, hours', [
        (dt.date(2026, 3, 29), 23),
        (dt.date(2026, 3, 30), 24),
        (dt.date(2026, 10, 25), 25),
        ])
def test_changed_clocks(date, hours):
    "C9: a day on which the clocks change has 23 or 25 hours"
    zone = ZoneInfo('Europe/Madrid')
    start, end = (
        dt.datetime.combine(d, dt.time(12)) for d in [
            date - dt.timedelta(days=1), date + dt.timedelta(days=1)])
    days = dict(by_day(start, end, zone))
    assert days[date] == dt.timedelta(hours=hours)
