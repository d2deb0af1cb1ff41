# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
When a ticket is due by what was promised, without a database and a clock.

Decided here: which time of a ticket counts, when it is due, and whether a
promise was kept. All instants are naive datetimes in UTC, all times are
opening time as timedeltas.

A first answer is owed from the moment the ticket is there, whosever turn it
is: who lets a ticket wait without a word does not gain time. A solution is
owed while it is the agents' turn, and that of third parties unless they make
it pause. Nothing is owed while a ticket is resolved or closed; reopened, the
clock goes on where it stood. What a section took counts in its own hours,
also after the ticket has moved to another one.

A promise is kept if not more opening time than promised was used: who answers
in the night after the time was up in the evening keeps it.
"""
import datetime as dt
from collections import defaultdict
from typing import NamedTuple

from .worktime import NeverOpen

_NONE = dt.timedelta()
# Sides on which a ticket does not wait for a first answer
UNANSWERABLE = frozenset({'nobody'})
# What dues() tells
NOTHING_DUE = {
    'first_answer_due': None,
    'first_answer_met': None,
    'first_answer_late': None,
    'solution_due': None,
    'solution_left': None,
    'solution_met': None,
    'solution_late': None,
    'due': None,
    }


class Target(NamedTuple):
    "What was promised; None for nothing."
    first_answer: dt.timedelta | None = None
    solution: dt.timedelta | None = None
    pause_third_party: bool = False


class Turn(NamedTuple):
    """
    A time in which a ticket was on the same side and in the same section.

    side is agent, customer, third_party or nobody; section is a key of the
    hours. end is None for the turn that lasts.
    """
    start: dt.datetime
    end: dt.datetime | None
    side: str
    section: int


class Day(NamedTuple):
    """
    What counted of a date on the wall.

    counted and total are opening time, the latter since the first day; paused
    is that of the sides that do not count, by side. closed is the time in
    which it was closed, and holidays are the names of those that closed it.
    """
    date: dt.date
    counted: dt.timedelta
    total: dt.timedelta
    paused: dict
    closed: dt.timedelta
    holidays: tuple


def paused_sides(target):
    "Return the sides on which the clock of the solution stands still."
    if target.pause_third_party:
        return {'customer', 'third_party', 'nobody'}
    return {'customer', 'nobody'}


def used(turns, hours, until, paused):
    """
    Return the opening time that passed in turns until an instant.

    hours are worktime.Worktime or Always by section; what passes on the sides
    in paused does not count.
    """
    return sum((
            hours[t.section].between(
                t.start, until if t.end is None else min(t.end, until))
            for t in turns if t.side not in paused), _NONE)


def reached(turns, hours, time, paused):
    """
    Return when so much opening time has passed in the turns.

    None if it never does, or only when a ticket that pauses is resumed.
    """
    for turn in turns:
        if turn.side in paused:
            continue
        opening = hours[turn.section]
        if turn.end is not None:
            passed = opening.between(turn.start, turn.end)
            if passed < time:
                time -= passed
                continue
        try:
            return opening.add(turn.start, time)
        except NeverOpen:
            return


def dues(target, turns, hours, now, first_answer_at=None, deadline=None):
    """
    Return when a ticket is due, and what was kept of what was promised.

    target is a Target or what has its names, turns are of Turn, by their
    start, the last of which lasts. hours are worktime.Worktime or Always by
    section. Return a dictionary with the keys of NOTHING_DUE, which are
    fields of the ticket.
    """
    values = {
        **NOTHING_DUE,
        **_first_answer(target, turns, hours, now, first_answer_at),
        **_solution(target, turns, hours, now),
        }
    if turns[-1].side != 'nobody':
        values['due'] = earliest(
            deadline, values['first_answer_due'], values['solution_due'])
    return values


def earliest(*instants):
    "Return the first of the instants that are not None, or None."
    return min((i for i in instants if i is not None), default=None)


def _first_answer(target, turns, hours, now, answered_at):
    if target.first_answer is None:
        return {}
    over = turns[-1].side == 'nobody'
    if answered_at is None and not over:
        return {
            'first_answer_due': reached(
                turns, hours, target.first_answer, UNANSWERABLE),
            }
    late = used(
        turns, hours, answered_at or now, UNANSWERABLE) - target.first_answer
    result = _result('first_answer', late)
    if answered_at is None and late <= _NONE:
        # Nobody waited for one until it was too late
        result['first_answer_met'] = None
    return result


def _solution(target, turns, hours, now):
    if target.solution is None:
        return {}
    last = turns[-1]
    paused = paused_sides(target)
    if last.side not in paused:
        return {'solution_due': reached(turns, hours, target.solution, paused)}
    left = target.solution - used(turns, hours, now, paused)
    if last.side == 'nobody':
        return _result('solution', -left)
    return {'solution_left': left}


def _result(name, late):
    return {
        f'{name}_met': 'missed' if late > _NONE else 'met',
        f'{name}_late': late if late > _NONE else None,
        }


def turns(states, moves, section):
    """
    Return the turns of a ticket from its history.

    states are tuples (start, end, side), by their start, the last of which
    has no end; moves are tuples (instant, section) with the section that the
    ticket left, by their instant. section is the one it is in.
    """
    found = []
    for start, end, side in states:
        for at, left in moves:
            if at <= start:
                continue
            if end is not None and end <= at:
                found.append(Turn(start, end, side, left))
                break
            found.append(Turn(start, at, side, left))
            start = at
        else:
            found.append(Turn(start, end, side, section))
    return found


def turned(turns, now, side, section):
    "Return the turns when a ticket is on that side and in that section now."
    turn = Turn(now, None, side, section)
    if not turns:
        return [turn]
    last = turns[-1]
    if (last.side, last.section) == (side, section):
        return turns
    return [*turns[:-1], last._replace(end=now), turn]


def days(turns, hours, until, paused, zone):
    """
    Return what counted of each day until an instant, a list of Day.

    turns and hours are as for used, paused are the sides that do not count,
    zone is the tzinfo of the dates.
    """
    found, total = [], _NONE
    start = turns[0].start
    while start < until or not found:
        date, end = _midnight(start, zone)
        parts = [
            (turn, max(turn.start, start), min(turn.end or until, end, until))
            for turn in turns]
        counted, closed = _NONE, _NONE
        waited, holidays = defaultdict(dt.timedelta), []
        for turn, since, to in parts:
            if to <= since:
                continue
            passed = hours[turn.section].between(since, to)
            closed += to - since - passed
            holidays += [
                holiday.name for _, holiday
                in hours[turn.section].holidays_between(
                    since, to - dt.datetime.resolution)]
            if turn.side in paused:
                waited[turn.side] += passed
            else:
                counted += passed
        total += counted
        found.append(Day(
                date, counted, total, dict(waited), closed,
                tuple(dict.fromkeys(holidays))))
        start = end
    return found


def _midnight(at, zone):
    "Return the date on the wall at an instant, and when the next begins."
    date = at.replace(tzinfo=dt.timezone.utc).astimezone(zone).date()
    tomorrow = dt.datetime.combine(
        date + dt.timedelta(days=1), dt.time(), zone)
    return date, tomorrow.astimezone(dt.timezone.utc).replace(tzinfo=None)
