# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What happened to a ticket, as its customer may know it.
"""
from dataclasses import dataclass

from trytond.pool import Pool
from trytond.transaction import Transaction

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
        table = History.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(
                table.at, table.old, table.new, table.actor,
                where=(table.ticket == ticket.id) & (table.what == 'state'),
                order_by=[table.at.desc, table.id.desc],
                limit=self.events_shown))
        happened = [
            (at, self._key(*row)) for at, *row in reversed(cursor.fetchall())]
        if ticket.first_answer_at:
            happened.append((ticket.first_answer_at, 'answered'))
        # What happened at the same time stays in its order
        happened.sort(key=lambda event: event[0])
        return [
            Event(self.page.text(f'timeline_{key}'), self.page.moment(at))
            for at, key in happened]

    @staticmethod
    def _key(old, new, actor):
        "Return the key of the message for the change by the actor"
        if old is None:
            return 'opened'
        if new in STATES:
            return new
        if new == 'closed':
            return f'closed_{actor}'
        if old in OVER:
            return f'reopened_{actor}'
        return 'begun' if old == 'draft' else 'open'
