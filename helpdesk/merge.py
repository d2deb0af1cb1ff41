# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from sql import Null
from trytond.model import Index, fields
from trytond.pool import PoolMeta


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    merged_into = fields.Many2One('helpdesk.ticket', "Merged Into",
        readonly=True, ondelete='RESTRICT',
        help="The ticket that this one goes on in.")
    merged = fields.One2Many(
        'helpdesk.ticket', 'merged_into', "Merged Tickets", readonly=True,
        help="The tickets that go on in this one.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(
            Index(t,
                (t.merged_into, Index.Range()),
                where=t.merged_into != Null))
