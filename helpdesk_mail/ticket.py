# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction, without_check_access


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def create(cls, vlist):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        tickets = super().create(vlist)
        if Transaction().context.get('helpdesk_acknowledge', True):
            with without_check_access():
                Conversation.acknowledge(
                    [t for t in tickets if t.acknowledge_by_hand()])
        return tickets

    def watchers(self):
        "Return the addresses that get the answers in copy."
        return [p.email for p in self.participants if p.role == 'watcher']

    def acknowledge_by_hand(self):
        "Tell if the customer is to be told of a ticket made by an agent."
        return bool(self.email and self.section.acknowledge
            and self.channel in {'application', 'phone'})
