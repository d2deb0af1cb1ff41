# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Whose turn it is to get a ticket.

Decided here: which of the members who are there gets the next ticket, so
that each gets as many as the others, or has as many open ones. Not here: who
is there, and what tickets there are.
"""
from dataclasses import dataclass


@dataclass
class Member:
    """
    Somebody who may get tickets.

    id identifies the membership, employee the person. turn is the number of
    the turn in which the last ticket came, 0 if none ever did; open counts
    the open tickets.
    """
    id: int
    employee: int
    turn: int = 0
    open: int = 0


class Turns:
    """
    Deals tickets out to the members of one section.

    members are those who are there; last is the greatest number of a turn
    that was given in the section, to whomever. Who comes back, or is new,
    does not get what the others got in the meantime. With balanced the one
    with the fewest open tickets is next, else, and of several, the one whose
    last turn is the longest ago. Who has limit open tickets gets no more;
    None is no limit.
    """

    def __init__(self, members, last=0, balanced=False, limit=None):
        self.members = list(members)
        self.last = last
        self.balanced = balanced
        self.limit = limit
        # The members who got tickets
        self.dealt = []

    def next(self, without=None):
        """
        Return the employee who gets the next ticket, None if there is none.

        without is an employee who shall not get it.
        """
        free = [
            m for m in self.members
            if m.employee != without
            and (self.limit is None or m.open < self.limit)]
        if not free:
            return None
        member = min(free, key=self._rank)
        self.last += 1
        member.turn = self.last
        member.open += 1
        if member not in self.dealt:
            self.dealt.append(member)
        return member.employee

    def _rank(self, member):
        return (member.open if self.balanced else 0, member.turn, member.id)
