# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Tickets whose customers did not get what was written to them.
"""
from sql import Literal
from sql.conditionals import Coalesce
from sql.operators import Exists
from trytond.model import Index, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction

NOT_DELIVERED = ['failed', 'bounced']


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t,
                (t.ticket, Index.Range()),
                where=t.delivery.in_(NOT_DELIVERED)))


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    not_delivered = fields.Function(fields.Boolean("Not Delivered",
            help="A mail was not sent or came back, "
            "and none has been sent since."),
        'get_not_delivered', searcher='search_not_delivered')

    @classmethod
    def get_not_delivered(cls, tickets, name):
        query, ticket = cls._query_not_delivered()
        query.where &= fields.SQL_OPERATORS['in'](
            ticket, [t.id for t in tickets])
        cursor = Transaction().connection.cursor()
        cursor.execute(*query)
        found = {id_ for id_, in cursor}
        return {t.id: t.id in found for t in tickets}

    @classmethod
    def search_not_delivered(cls, name, clause):
        _, operator, value = clause
        query, _ = cls._query_not_delivered()
        wanted = (operator == '=') == bool(value)
        return [('id', 'in' if wanted else 'not in', query)]

    @classmethod
    def _query_not_delivered(cls):
        """
        Return a query of the tickets, and its column.

        What went out later has made up for a mail that did not arrive.
        """
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        lost, later = Conversation.__table__(), Conversation.__table__()
        made_up_for = later.select(Literal(1),
            where=(later.ticket == lost.ticket)
            & (later.direction == 'out')
            & (later.delivery == 'sent')
            & (Coalesce(later.automatic, False) == Literal(False))
            & (later.at > lost.at))
        return lost.select(lost.ticket,
            where=lost.delivery.in_(NOT_DELIVERED)
            & ~Exists(made_up_for),
            group_by=[lost.ticket]), lost.ticket

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('//label[@id="not_delivered"]', 'states', {
                    'invisible': ~Eval('not_delivered', False),
                    }),
            ]
