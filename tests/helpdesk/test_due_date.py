# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from trytond.modules.helpdesk.due_date import (
    NOTHING_DUE, Target, Turn, days, dues, turned, turns)
from trytond.modules.helpdesk.worktime import Always, Holiday, Span, Worktime

from tests.helpdesk.times import at

pytestmark = pytest.mark.once
HOUR = dt.timedelta(hours=1)
MADRID, BERLIN = 1, 2
# Nine to five on weekdays, in UTC; Wednesday is a holiday in the second
HOURS = {
    MADRID: Worktime([
            Span(d, dt.time(9), dt.time(17)) for d in range(5)]),
    BERLIN: Worktime(
        [Span(d, dt.time(8), dt.time(12)) for d in range(5)],
        [Holiday(dt.date(2026, 11, 4), "Festival")]),
    }


def told(target, moments, now, section=MADRID, **values):
    "Return what dues tells for moments like (day, time, side)"
    found = []
    for day, time, side in moments:
        found = turned(found, at(day, time), side, section)
    return {
        n: v for n, v in dues(target, found, HOURS, now, **values).items()
        if v is not None}


def test_nothing_promised():
    "Who promises nothing is due at the deadline only"
    open_ = [(0, '10:00', 'agent')]
    assert told(Target(), open_, at(0, '11:00')) == {}
    assert told(
        Target(), open_, at(0, '11:00'), deadline=at(3, '12:00')) == {
        'due': at(3, '12:00')}
    assert told(
        Target(), [*open_, (1, '10:00', 'nobody')], at(1, '11:00'),
        deadline=at(3, '12:00')) == {}


def test_first_answer():
    "X4: the first answer is due in opening hours, and not paused"
    target = Target(first_answer=4 * HOUR)
    friday = [(4, '15:00', 'agent')]
    assert told(target, friday, at(4, '15:00')) == {
        'first_answer_due': at(7, '11:00'), 'due': at(7, '11:00')}
    assert told(
        target, [*friday, (4, '16:00', 'customer')], at(4, '16:00')) == {
        'first_answer_due': at(7, '11:00'), 'due': at(7, '11:00')}


def test_first_answer_given():
    target = Target(first_answer=4 * HOUR)
    friday = [(4, '15:00', 'agent')]
    for answered, result in [
            (at(4, '16:00'), {'first_answer_met': 'met'}),
            (at(7, '11:00'), {'first_answer_met': 'met'}),
            (at(7, '12:30'), {
                    'first_answer_met': 'missed',
                    'first_answer_late': 1.5 * HOUR}),
            ]:
        assert told(
            target, friday, at(8, '12:00'),
            first_answer_at=answered) == result


def test_first_answer_never_given():
    "What is resolved without an answer was late, or nobody waited for one"
    target = Target(first_answer=4 * HOUR)
    assert told(
        target, [(4, '15:00', 'agent'), (4, '16:00', 'nobody')],
        at(7, '16:00')) == {}
    assert told(
        target, [(4, '15:00', 'agent'), (7, '12:00', 'nobody')],
        at(7, '16:00')) == {
        'first_answer_met': 'missed', 'first_answer_late': HOUR}


def test_answer_after_closing_time():
    "The time was up as it closed: in the night nothing is lost"
    target = Target(first_answer=8 * HOUR)
    assert told(
        target, [(0, '09:00', 'agent')], at(0, '22:00'),
        first_answer_at=at(0, '21:00')) == {'first_answer_met': 'met'}


def test_pause_over_weekend():
    "AG1: what the customer had over the weekend does not count"
    target = Target(solution=8 * HOUR)
    moments = [(4, '10:00', 'agent'), (4, '13:00', 'customer')]
    assert told(target, moments, at(5, '12:00')) == {
        'solution_left': 5 * HOUR}
    moments.append((7, '16:00', 'agent'))
    assert told(target, moments, at(7, '16:00')) == {
        'solution_due': at(8, '13:00'), 'due': at(8, '13:00')}


def test_pause_over_holiday():
    target = Target(solution=5 * HOUR)
    moments = [
        (1, '10:00', 'agent'), (1, '11:00', 'customer'),
        (2, '10:00', 'agent')]
    assert told(target, moments, at(2, '10:00'), section=BERLIN) == {
        'solution_due': at(3, '12:00'), 'due': at(3, '12:00')}


@pytest.mark.parametrize('pause,due', [(True, '12:00'), (False, '11:00')])
def test_third_party(pause, due):
    target = Target(solution=2 * HOUR, pause_third_party=pause)
    moments = [
        (0, '09:00', 'agent'), (0, '10:00', 'third_party'),
        (0, '11:00', 'agent')]
    assert told(target, moments, at(0, '11:00'))['due'] == at(0, due)


def test_missed_before_the_pause():
    "What was missed stays missed, at the time it was"
    target = Target(solution=HOUR)
    moments = [(0, '09:00', 'agent'), (0, '12:00', 'customer')]
    assert told(target, moments, at(0, '13:00')) == {
        'solution_left': -2 * HOUR}
    moments.append((0, '14:00', 'agent'))
    assert told(target, moments, at(0, '14:00')) == {
        'solution_due': at(0, '10:00'), 'due': at(0, '10:00')}


def test_reopened():
    "The clock of a reopened ticket goes on where it stood"
    target = Target(solution=8 * HOUR)
    moments = [(0, '09:00', 'agent'), (0, '12:00', 'nobody')]
    assert told(target, moments, at(2, '12:00')) == {'solution_met': 'met'}
    moments.append((3, '09:00', 'agent'))
    assert told(target, moments, at(3, '09:00')) == {
        'solution_due': at(3, '14:00'), 'due': at(3, '14:00')}
    moments.append((4, '10:00', 'nobody'))
    assert told(target, moments, at(4, '10:00')) == {
        'solution_met': 'missed', 'solution_late': 4 * HOUR}


def test_first_due():
    "What is due first is what lists show"
    target = Target(first_answer=HOUR, solution=2 * HOUR)
    monday = [(0, '09:00', 'agent')]
    for deadline, answered, due in [
            (None, None, '10:00'),
            (None, at(0, '09:30'), '11:00'),
            (at(0, '09:45'), None, '09:45'),
            (at(0, '12:00'), None, '10:00'),
            ]:
        assert told(
            target, monday, at(0, '09:30'), deadline=deadline,
            first_answer_at=answered)['due'] == at(0, due)


def test_never_open():
    "Where it never opens nothing is ever due"
    found = [Turn(at(0, '10:00'), None, 'agent', MADRID)]
    assert dues(
        Target(HOUR, HOUR), found, {MADRID: Worktime([])},
        at(0, '10:00')) == NOTHING_DUE


def test_moved():
    "What a section took counts in its hours, the rest in those of the next"
    states = [
        (at(0, '09:00'), at(0, '10:00'), 'agent'),
        (at(0, '10:00'), at(0, '15:00'), 'customer'),
        (at(0, '15:00'), None, 'agent')]
    for moves, expected in [
            ([], [MADRID] * 3),
            ([(at(0, '16:00'), BERLIN)], [BERLIN] * 3 + [MADRID]),
            ([(at(0, '10:00'), BERLIN)], [BERLIN, MADRID, MADRID]),
            ([(at(0, '09:30'), BERLIN), (at(0, '11:00'), MADRID)],
                [BERLIN, MADRID, MADRID, MADRID, MADRID]),
            ]:
        found = turns(states, moves, MADRID)
        assert [t.section for t in found] == expected, moves
        # Without gaps
        assert [t.end for t in found[:-1]] == [t.start for t in found[1:]]
        assert found[-1].end is None

    found = turns(states[:1] + [(at(0, '10:00'), None, 'agent')],
        [(at(0, '12:00'), MADRID)], BERLIN)
    assert dues(
        Target(solution=5 * HOUR), found, HOURS, at(0, '12:00'))[
        'solution_due'] == at(1, '10:00')


def test_days():
    "AG2: it tells what counted, waited, was closed, and why"
    found = [
        Turn(at(1, '10:00'), at(1, '11:00'), 'agent', BERLIN),
        Turn(at(1, '11:00'), at(3, '10:00'), 'customer', BERLIN),
        Turn(at(3, '10:00'), None, 'agent', BERLIN)]
    shown = days(
        found, HOURS, at(3, '11:00'), {'customer'}, ZoneInfo('UTC'))
    assert [(d.date.day, d.counted // HOUR, d.total // HOUR) for d in shown
        ] == [(3, 1, 1), (4, 0, 1), (5, 1, 2)]
    assert [d.paused for d in shown] == [
        {'customer': HOUR}, {'customer': 0 * HOUR}, {'customer': 2 * HOUR}]
    assert [d.holidays for d in shown] == [(), ("Festival",), ()]
    assert [d.closed for d in shown] == [12 * HOUR, 24 * HOUR, 8 * HOUR]


@pytest.mark.parametrize('zone', [
        'Asia/Kathmandu', 'America/Havana', 'Pacific/Apia'])
def test_days_of_any_zone(zone):
    "All the time there is belongs to a day, also when clocks are changed"
    start, end = dt.datetime(2026, 2, 1, 3), dt.datetime(2026, 12, 1, 22)
    shown = days(
        [Turn(start, None, 'agent', 1)], {1: Always()}, end, set(),
        ZoneInfo(zone))
    assert shown[-1].total == end - start
    dates = [d.date for d in shown]
    assert dates == sorted(set(dates))
