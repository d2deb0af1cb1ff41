# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from trytond.modules.helpdesk.telling import Occasion, Telling, plan
from trytond.modules.helpdesk.worktime import (
    Always, Holiday, NeverOpen, Span, Worktime)

HOUR = dt.timedelta(hours=1)
NONE = dt.timedelta()
# 2027-03-01 is a Monday; UTC+1, from 28 March on UTC+2
OFFICE = Worktime(
    [Span(d, dt.time(9), dt.time(17)) for d in range(5)],
    [Holiday(dt.date(2027, 3, 19), "Saint Joseph")], 'Europe/Madrid')
NIGHT = Worktime(
    [Span(d, dt.time(22), dt.time(6)) for d in range(7)],
    zone='America/New_York')


def at(day, hour, minute=0):
    return dt.datetime(2027, 3, day, hour, minute)


def warn(time, target='solution', **values):
    return Telling(0, target, True, time, **values)


def miss(time=NONE, target=None, id=1):
    return Telling(id, target, False, time)


def told(dues, tellings, now, before=(), hours=OFFICE):
    occasions, _ = plan(dues, tellings, before, hours, now)
    return [(o.event, o.target) for o in occasions]


def again(dues, tellings, now, before=(), hours=OFFICE):
    return plan(dues, tellings, before, hours, now)[1]


def test_subtract():
    "X4: a warning comes so much opening time before"
    for due, hours, expected in [
            # 12:00 in Madrid
            (at(1, 11), 2, at(1, 9)),
            # Friday for Monday, over a weekend
            (at(8, 9), 2, at(5, 15)),
            # Due in the night, or on Sunday
            (at(2, 3), 1, at(1, 15)),
            (at(7, 12), 8, at(5, 8)),
            # Thursday for Monday, over a holiday and a weekend
            (at(22, 9), 2, at(18, 15)),
            # Over the change of the clock
            (at(29, 8), 2, at(26, 15)),
            ]:
        found = OFFICE.subtract(due, hours * HOUR)
        assert found == expected, due
        assert OFFICE.between(found, due) == hours * HOUR
    assert OFFICE.subtract(at(7, 12), NONE) == at(7, 12)
    assert Always().subtract(at(7, 12), HOUR) == at(7, 11)


def test_subtract_is_add_backwards():
    "X4: what is counted back and forth is the same"
    for worktime in [OFFICE, NIGHT]:
        start = dt.datetime(2026, 12, 30)
        for step in range(400):
            due = start + step * dt.timedelta(hours=7, minutes=13)
            for time in [
                    dt.timedelta(seconds=1), 3 * HOUR, 8 * HOUR, 90 * HOUR]:
                before = worktime.subtract(due, time)
                assert worktime.between(before, due) == time
                # The last one: from there on it is open
                assert worktime.next_opening(before) == before


def test_never_open():
    "X4: who is never open is told nothing"
    never = Worktime([])
    with pytest.raises(NeverOpen):
        never.subtract(at(1, 12), HOUR)
    dues = {'solution': at(1, 12)}
    for telling in [warn(HOUR), miss(), miss(HOUR)]:
        assert plan(dues, [telling], (), never, at(2, 12)) == ([], None)


def test_warning():
    "X4: warned before it is missed, in opening time"
    dues = {'solution': at(8, 9)}
    tellings = [warn(2 * HOUR)]
    for now, expected in [
            (at(5, 14, 59), []),
            (at(5, 15), [('due', 'solution')]),
            # The action did not run in time
            (at(5, 15, 50), [('due', 'solution')]),
            (at(8, 8, 30), [('due', 'solution')]),
            ]:
        assert told(dues, tellings, now) == expected, now
    assert again(dues, tellings, at(1, 9)) == at(5, 15)
    assert again(dues, tellings, at(5, 15)) is None


def test_only_when_open():
    "AG2: nothing is told at night, on weekends and on holidays"
    tellings = [miss()]
    for due, now, opening in [
            # When it closes
            (at(1, 16), at(1, 16), at(2, 8)),
            # At night
            (at(2, 1), at(2, 1), at(2, 8)),
            # On a Friday evening, and a Saturday
            (at(5, 20), at(6, 12), at(8, 8)),
            # On a holiday before a weekend
            (at(19, 10), at(19, 10, 5), at(22, 8)),
            # The clock is put forward
            (at(26, 20), at(28, 12), at(29, 7)),
            ]:
        dues = {'solution': due}
        assert told(dues, tellings, now) == []
        assert again(dues, tellings, now) == opening
        assert told(dues, tellings, opening) == [('missed', 'solution')]


def test_two_zones():
    "AG2: what is told at once here waits for the night shift there"
    dues = {'solution': at(2, 10)}
    assert told(dues, [miss()], at(2, 10)) == [('missed', 'solution')]
    assert told(dues, [miss()], at(2, 12), hours=NIGHT) == []
    # 22:00 in New York
    assert again(dues, [miss()], at(2, 12), hours=NIGHT) == at(3, 3)


def test_steps():
    "X4: after two more opening hours the next one is told"
    dues = {'solution': at(1, 15)}
    tellings = [miss(), miss(2 * HOUR, id=2)]
    before = []
    for now, expected in [
            (at(1, 14), []), (at(1, 15), [1]), (at(1, 16, 30), []),
            # Two opening hours later is on the next day
            (at(2, 8, 30), []), (at(2, 9), [2]), (at(3, 9), [])]:
        occasions, _ = plan(dues, tellings, before, OFFICE, now)
        assert [o.telling.id for o in occasions] == expected, now
        before += [(o.telling.id, o.target, o.due, now) for o in occasions]


def test_targets():
    "X4: each target has its own warnings"
    dues = {
        'first_answer': at(1, 10), 'solution': at(1, 15), 'deadline': None}
    assert told(dues, [miss()], at(1, 15)) == [
        ('missed', 'first_answer'), ('missed', 'solution')]
    assert told(dues, [miss(target='solution')], at(1, 12)) == []
    assert told(dues, [warn(HOUR, 'deadline')], at(1, 15)) == []


def test_late():
    "X4: how late it is counts in opening time"
    occasions, _ = plan(
        {'solution': at(1, 15)}, [miss()], (), OFFICE, at(2, 9))
    assert occasions == [Occasion(miss(), 'solution', at(1, 15), 2 * HOUR)]


def test_once():
    "X4: each thing is told once"
    dues = {'solution': at(1, 15)}
    before = [(1, 'solution', at(1, 15), at(1, 15, 5))]
    assert told(dues, [miss()], at(1, 16), before) == []
    # Not that of another step or target
    for other in [(2, 'solution'), (1, 'first_answer')]:
        before = [(*other, at(1, 15), at(1, 15, 5))]
        assert told(dues, [miss()], at(1, 15, 30), before) == [
            ('missed', 'solution')]


def test_due_anew():
    "X4: what is due anew is told anew, what is due a bit later is not"
    warned_at = at(1, 14)
    before = [(0, 'solution', at(1, 15), warned_at)]
    # Still due within the hour when it was told
    assert told({'solution': at(1, 15)}, [warn(HOUR)], at(1, 14), before) == []
    assert again(
        {'solution': at(1, 14, 50)}, [warn(HOUR)], at(1, 13), before
        ) == at(1, 13, 50)
    # Sooner
    assert told(
        {'solution': at(1, 14, 30)}, [warn(HOUR)], at(1, 14, 5), before)
    # Much later: an hour before
    later = {'solution': at(3, 12)}
    assert again(later, [warn(HOUR)], at(1, 14, 5), before) == at(3, 11)
    assert told(later, [warn(HOUR)], at(3, 11), before)
    # A bit later: who was told within the hour before is not told again
    before = [(0, 'solution', at(1, 15), at(1, 14, 20))]
    bit_later = {'solution': at(1, 15, 15)}
    assert told(bit_later, [warn(HOUR)], at(1, 14, 30), before) == []


def test_old():
    "X4: what was missed long ago is not told"
    # Twenty-four opening hours are three days
    dues = {'solution': at(1, 10)}
    assert told(dues, [miss()], at(4, 9), hours=OFFICE)
    assert not told(dues, [miss()], at(4, 11), hours=OFFICE)
    assert not told(dues, [miss()], at(2, 11), hours=Always())
