# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Finding the tickets that a customer looks for.
"""
from sql import Column, Union, With
from sql.conditionals import Coalesce
from trytond.model import fields
from trytond.modules.helpdesk.words import Words
from trytond.modules.helpdesk.workflow import OVER_STATES
from trytond.pool import Pool, PoolMeta
from trytond.tools import escape_wildcard
from trytond.transaction import Transaction, inactive_records

# The states that each choice of ticket_filter.STATES has
STATES = {
    'all': [],
    'waiting': [('state', 'in', ['pending', 'authorization'])],
    'open': [('state', 'not in', OVER_STATES)],
    'over': [('state', 'in', OVER_STATES)],
    }


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def list_on_portal(cls, visitor, wanted, count):
        """
        Return the tickets that a customer wants to have listed.

        visitor is a Visitor who is logged in, wanted a ticket_filter.Filter,
        count how many a page has. Return pairs of an id and whether the
        ticket is one of the visitor's own, in one statement: those where
        something happened last come first. There is one more than count if
        there is a page behind.
        """
        queries = cls._queries_listed(visitor, wanted)
        end = count * wanted.page + 1
        # What goes on in another one is listed as that
        merged = cls.going_on_in(cls._queries_listed(visitor, wanted))
        for query in queries:
            id_, = query.columns
            query.where &= ~id_.in_(merged.select(merged.id))
        with inactive_records():
            found = With(query=Union(*(
                        cls._newest(q, wanted, end) for q in queries)))
            _, condition = cls.search_domain([
                    STATES[wanted.state],
                    cls.found_on_portal(found.select(found.id), wanted),
                    ], tables={None: (found, None)})
            mine = cls.search(cls.mine_of(visitor), order=[], query=True)
        cursor = Transaction().connection.cursor()
        cursor.execute(*found.select(
                found.id, found.id.in_(mine).as_('mine'),
                where=condition,
                order_by=[found.last.desc, found.id.desc],
                limit=count + 1, offset=count * (wanted.page - 1),
                with_=[merged, found]))
        return [(id_, bool(own)) for id_, own in cursor]

    @classmethod
    def _queries_listed(cls, visitor, wanted):
        queries = cls._queries_own(visitor) + cls._queries_watched(visitor)
        if wanted.scope != 'mine':
            queries += cls._queries_shared(visitor)
        return queries

    @classmethod
    def _newest(cls, query, wanted, end):
        """
        Return the query with what the list shows, of no more than it needs.

        end is up to which ticket it is listed. Words are looked for in all.
        """
        # Of an organisation they are many: each is fetched once only
        id_, = query.columns
        table = id_.table
        last = Coalesce(table.last_communication_at, table.create_date)
        query.columns = [
            id_, table.number, table.subject, table.state, last.as_('last')]
        if wanted.words:
            return query
        _, condition = cls.search_domain(
            STATES[wanted.state], tables={None: (table, None)})
        query.where &= condition
        query.order_by = [last.desc, id_.desc]
        query.limit = end
        # A part of a union cannot have an order
        return query.select(*(
                Column(query, n)
                for n in ['id', 'number', 'subject', 'state', 'last']))

    @classmethod
    def found_on_portal(cls, visible, wanted):
        """
        Return the domain of the tickets with the words of the Filter.

        visible is the query of those that are looked through. Nothing is
        found by what the visitor can't read, which could be guessed word by
        word otherwise (SE11): neither by internal notes nor by the
        description, which is for agents.
        """
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        if not wanted.words:
            return []
        return ['OR',
            ('number', '=', wanted.text.removeprefix('#')),
            [('subject', 'ilike', f'%{escape_wildcard(w)}%')
                for w in wanted.words],
            ('id', 'in', Conversation.query_said_on_portal(
                    visible, ' '.join(wanted.words))),
            ]


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    @classmethod
    def query_said_on_portal(cls, tickets, text):
        """
        Return the query of the tickets where customers read the words.

        tickets is the query of those that are looked at, text a str.
        """
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        table, ticket = cls.__table__(), Ticket.__table__()
        return (table
            .join(ticket, condition=ticket.id == table.ticket)
            .select(table.ticket,
                where=fields.SQL_OPERATORS['in'](table.ticket, tickets)
                & Words.matches(table.words, text)
                & cls.is_on_portal(table, ticket)))
