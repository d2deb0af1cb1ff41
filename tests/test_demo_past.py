# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from collections import Counter

import pytest
from trytond.modules.helpdesk.worktime import Span, Worktime

from demo.fill import past

NOW = dt.datetime(2026, 3, 4, 10)
OFFICE = Worktime(
    [Span(day, dt.time(9), dt.time(18)) for day in range(5)],
    zone='Europe/Madrid')

pytestmark = pytest.mark.once


def test_same():
    "The demo tells the same each time"
    assert past.tell(NOW, OFFICE) == past.tell(NOW, OFFICE)


def test_order():
    "What happened to a ticket happened one after another, and not later"
    for story in past.tell(NOW, OFFICE):
        assert story.states[0] == ('draft', story.created)
        moments = [at for _, at in story.states]
        assert moments == sorted(moments)
        assert moments[-1] <= NOW
        if story.answered:
            assert story.created < story.answered <= NOW
        if story.resolved:
            assert story.answered < story.resolved
            assert ('resolved', story.resolved) in story.states
        assert bool(story.closed) == (story.state == 'closed')
        assert bool(story.resolved) == (
            story.state in {'resolved', 'closed'})
        if story.rated:
            assert story.resolved < story.rated < NOW
            assert 1 <= story.score <= 5


def test_plausible():
    "There is something of everything, and most is closed"
    stories = past.tell(NOW, OFFICE)

    assert len(stories) == past.TICKETS
    assert {s.section for s in stories} == set(past.SECTIONS)
    assert {s.channel for s in stories} == set(past.CHANNELS)
    assert {s.customer for s in stories} == set(past.CUSTOMERS)
    assert {s.score for s in stories} == {None, 1, 2, 3, 4, 5}
    months = {(s.created.year, s.created.month) for s in stories}
    assert len(months) >= 13
    states = Counter(s.state for s in stories)
    assert states['closed'] > .9 * len(stories)
    assert 5 <= sum(
        n for s, n in states.items() if s not in {'resolved', 'closed'}) <= 40
    reopened = [
        s for s in stories
        if [state for state, _ in s.states].count('resolved') > 1]
    assert .03 < len(reopened) / len(stories) < .2
