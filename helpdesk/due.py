# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from sql import Literal
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction, without_check_access

# What was due before nobody needs to be told of
LATE = dt.timedelta(days=1)


class Configuration(metaclass=PoolMeta):
    __name__ = 'helpdesk.configuration'

    due_soon = fields.TimeDelta("Due Soon",
        help="So long before colleagues are told that a ticket is due. "
        "If empty nobody is.")

    @classmethod
    def default_due_soon(cls):
        return dt.timedelta(hours=4)


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    due_told = fields.Boolean("Told That It Is Due", readonly=True,
        help="The colleagues have been told that the ticket is due soon.")

    @classmethod
    def default_due_told(cls):
        return False

    @classmethod
    def told_with(cls, changes):
        also = super().told_with(changes)
        if 'due' in changes:
            also['due_told'] = False
        return also

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('due_told', False)
        return super().copy(tickets, default=default)

    @classmethod
    @without_check_access
    def notify_due(cls):
        "Tell of the tickets that are due soon (scheduled action)."
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        Notice = pool.get('helpdesk.notice')
        due_soon = Configuration(1).due_soon
        if due_soon is None:
            return
        now = dt.datetime.now()
        tickets = [t.id for t in cls.search([
                    ('due', '>', now - LATE),
                    ('due', '<=', now + due_soon),
                    ('due_told', '=', False),
                    ], order=[])]
        if tickets:
            Notice.tell([('due', tickets)])
            # Written by write, nobody could save who has one of them open
            table = cls.__table__()
            Transaction().connection.cursor().execute(*table.update(
                    [table.due_told], [Literal(True)],
                    where=fields.SQL_OPERATORS['in'](table.id, tickets)))
