# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import PoolMeta
from trytond.transaction import Transaction


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def reopen_on_portal(cls, ticket, visitor, answer):
        """
        Open a resolved ticket again, and file what the visitor wrote if any.

        answer is a valid forms.Answer, or one with nothing in it. Return the
        ticket that it is filed with, or None if there is nothing to do or to
        file any more: somebody else was faster.
        """
        if answer.text:
            # That opens it too
            return cls.answer_on_portal(ticket, visitor, answer)
        with Transaction().set_context(helpdesk_actor='customer'):
            cls.lock([ticket])
            if ticket.state != 'resolved':
                return None
            cls.open([ticket])
            # Nothing was said that would have told the agents
            cls.write([ticket], {'unread': True})
        return ticket
