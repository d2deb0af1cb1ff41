# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Tickets that were merged, as letters find them.
"""
from sql import Null, With
from trytond.model import fields
from trytond.pool import PoolMeta
from trytond.transaction import Transaction


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def merge_moves(cls):
        return super().merge_moves() + [('helpdesk.mail', 'ticket')]

    @classmethod
    def merge_families(cls, ids):
        """
        Return the tickets that what is written about those goes on in.

        A dictionary from the ids of tickets to those of the ones they were
        merged into in the end. It has the tickets of the ids, a list, and all
        that were merged into the same ones.
        """
        table = cls.__table__()
        up = With('id', 'into', recursive=True)
        up.query = table.select(
            table.id, table.merged_into,
            where=fields.SQL_OPERATORS['in'](table.id, ids))
        up.query |= (table
            .join(up, condition=up.into == table.id)
            .select(table.id, table.merged_into))
        down = With('id', 'target', recursive=True)
        down.query = up.select(up.id, up.id, where=up.into == Null)
        down.query |= (table
            .join(down, condition=table.merged_into == down.id)
            .select(table.id, down.target))
        cursor = Transaction().connection.cursor()
        cursor.execute(*down.select(
                down.id, down.target, with_=[up, down]))
        return dict(cursor.fetchall())
