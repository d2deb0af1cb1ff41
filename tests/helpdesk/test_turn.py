# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from trytond.modules.helpdesk.turn import Member, Turns

IDS = range(1, 6)
# How many tickets come while who is there, and how many are closed of whom
DAYS = st.lists(
    st.tuples(
        st.sets(st.sampled_from(IDS)),
        st.integers(0, 12),
        st.dictionaries(st.sampled_from(IDS), st.integers(0, 5))),
    max_size=12)


def play(days, **options):
    "Yield for each day who is there, and who got tickets"
    turns, last, open_ = Counter(), 0, Counter()
    for present, tickets, closed in days:
        open_.subtract(closed)
        open_ = +open_
        members = [
            Member(i, i, turns[i], open_[i]) for i in sorted(present)]
        dealer = Turns(members, last, **options)
        got = [dealer.next() for _ in range(tickets)]
        turns.update({m.id: m.turn - turns[m.id] for m in dealer.dealt})
        last = dealer.last
        before = open_.copy()
        open_.update(e for e in got if e)
        yield present, got, before


@given(DAYS)
def test_equal(days):
    "D6: who are there at the same time get the same number, give or take one"
    counts = {
        (a, b): [0, 0] for a in IDS for b in IDS if a < b}
    for present, got, _ in play(days):
        assert (None in got) == bool(not present and got)
        for (a, b), count in counts.items():
            if not {a, b} <= present:
                # Whoever was away does not catch up
                count[:] = [0, 0]
        for employee in got:
            for pair, count in counts.items():
                if employee in pair and set(pair) <= present:
                    count[pair.index(employee)] += 1
                    assert abs(count[0] - count[1]) <= 1


@given(DAYS)
def test_balanced(days):
    "D6: who has the fewest open tickets is always next"
    for present, got, open_ in play(days, balanced=True):
        for employee in filter(None, got):
            assert open_[employee] == min(open_[e] for e in present)
            open_[employee] += 1


@given(DAYS, st.booleans(), st.integers(1, 4))
def test_limit(days, balanced, limit):
    "D6: who has as many open tickets as allowed gets no more"
    for present, got, open_ in play(days, balanced=balanced, limit=limit):
        for employee in got:
            if employee:
                assert open_[employee] < limit
                open_[employee] += 1
            else:
                assert all(open_[e] >= limit for e in present)


def test_without():
    "D6: who gave a ticket back does not get it again"
    turns = Turns([Member(1, 1)])
    assert turns.next(without=1) is None
    assert turns.next(without=2) == 1


def test_newcomer():
    "D6: who is new is next, and then waits like the others"
    turns = Turns([Member(1, 1, 7), Member(2, 2, 8), Member(3, 3)], last=8)
    assert [turns.next() for _ in range(4)] == [3, 1, 2, 3]
