# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Closed tickets that an answer of the customer opens again.
"""
import datetime as dt

from trytond.model import fields
from trytond.pool import PoolMeta
from trytond.transaction import Transaction, without_check_access


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    reopen_within = fields.TimeDelta("Reopen Within",
        domain=['OR',
            ('reopen_within', '=', None),
            ('reopen_within', '>=', dt.timedelta()),
            ],
        help="So long after a ticket was closed, counted around the clock, "
        "an answer of the customer opens it again. Later answers make a new "
        "ticket that follows it up.\n"
        "If empty all of them do.")


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    def is_reopened_by_answer(self):
        "Tell if the ticket is closed and an answer now opens it again."
        section = self.section
        return bool(
            self.state == 'closed' and section.active
            and section.reopen_within and self.closed_at
            and self.closed_at + section.reopen_within > dt.datetime.now())

    @classmethod
    @without_check_access
    def communicated(cls, conversations):
        super().communicated(conversations)
        # What an agent notes of a call opens nothing
        answered = {
            c.ticket for c in conversations
            if c.direction == 'in' and c.kind != 'phone'
            and not c.is_automatic()}
        reopened = [t for t in answered if t.is_reopened_by_answer()]
        if reopened:
            with Transaction().set_context(helpdesk_actor='customer'):
                cls.reopen(reopened)
