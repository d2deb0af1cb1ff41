# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What happened to a ticket, as its customer may know it.
"""
from dataclasses import dataclass

from trytond.pool import Pool

from .pages import Moment

# What is told of a ticket that comes into a state, if it does not depend
STATES = {
    'pending', 'authorization', 'third_party', 'resolved'}
OVER = {'resolved', 'closed'}


@dataclass(frozen=True)
class Event:
    text: str
    at: Moment


class TimelinePart:
    """
    The states of a ticket and the first answer, the oldest first.

    Neither who of the agents did it, nor what else the history has.
    """
    events_shown = 200

    def __init__(self, page):
        "page is the TicketPage"
        self.page = page
        self.events = self._events()

    def _events(self):
        pool = Pool()
        History = pool.get('helpdesk.history')
        ticket = self.page.ticket
        rows = History.search([
                ('ticket', '=', ticket.id),
                ('what', '=', 'state'),
                ], order=[('at', 'DESC'), ('id', 'DESC')],
            limit=self.events_shown)
        happened = [(r.at, self._key(r)) for r in reversed(list(rows))]
        if ticket.first_answer_at:
            happened.append((ticket.first_answer_at, 'answered'))
        # What happened at the same time stays in its order
        happened.sort(key=lambda event: event[0])
        return [
            Event(self.page.text(f'timeline_{key}'), self.page.moment(at))
            for at, key in happened]

    @staticmethod
    def _key(row):
        "Return the key of the message for the row of the history"
        if row.old is None:
            return 'opened'
        if row.new in STATES:
            return row.new
        if row.new == 'closed':
            return f'closed_{row.actor}'
        if row.old in OVER:
            return f'reopened_{row.actor}'
        return 'begun' if row.old == 'draft' else 'open'
