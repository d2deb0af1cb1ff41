# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import PoolMeta


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def merge_moves(cls):
        return super().merge_moves() + [
            ('helpdesk.ticket-sale.complaint', 'ticket')]
