# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Tickets that were merged, as their customers see them.

Decided here: what they read of what goes on elsewhere. They keep what was said
in their own ticket, and see the other one only if they do so anyway.
"""
from sql import Column, Literal, Null, Union, With
from sql.conditionals import Coalesce
from sql.functions import Substring
from sql.operators import Like
from trytond.pool import Pool, PoolMeta

_CONVERSATION = 'helpdesk.conversation,'


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    def merge_target_for(self, visitor):
        """
        Return the ticket in which this one goes on, or None.

        visitor is a Visitor; it is None also if they may not see it.
        """
        target = self.merge_target
        if target != self and target.is_visible_to(visitor):
            return target

    @classmethod
    def going_on_in(cls, queries):
        """
        Return the With of the tickets that go on in others of the queries.

        queries are those of the ids of what a visitor sees.
        """
        table = cls.__table__()
        merged = With('id', recursive=True)
        merged.query = table.select(table.id,
            where=(table.merged_into != Null)
            & table.merged_into.in_(Union(*queries)))
        merged.query |= (table
            .join(merged, condition=table.merged_into == merged.id)
            .select(table.id))
        return merged


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    @classmethod
    def _said_in(cls, ticket):
        domain = super()._said_in(ticket)
        target = ticket.merge_target
        if target != ticket:
            return [
                ('ticket', '=', target.id),
                ('id', 'in', _moved(lambda merge: merge.ticket == ticket.id)),
                ]
        others = cls._merged_of_others(ticket)
        return [
            domain,
            ('id', 'not in', _moved(
                    lambda merge: (merge.target == ticket.id)
                    & merge.ticket.in_(others.select(others.id)))),
            ['OR',
                ('direction', '!=', 'in'),
                ('from_address', 'not in', others.select(
                        others.email, where=others.email != Null)),
                ],
            ]

    @staticmethod
    def _merged_of_others(ticket):
        """
        Return the query of those merged into the ticket that others asked.

        Not of its customer, nor of who takes part in it.
        """
        pool = Pool()
        Participant = pool.get('helpdesk.participant')
        Ticket = pool.get('helpdesk.ticket')
        table, participant = Ticket.__table__(), Participant.__table__()
        email = Coalesce(table.email, '')
        ours = (email == (ticket.email or '')) | email.in_(participant.select(
                participant.email, where=participant.ticket == ticket.id))
        if ticket.party:
            ours |= Coalesce(table.party, -1) == ticket.party.id
        return table.select(
            table.id, table.email,
            where=(table.merged_into == ticket.id) & ~ours)


def _moved(condition):
    "Return the query of the conversations that moved with the merges"
    pool = Pool()
    Merge = pool.get('helpdesk.merge')
    Line = pool.get('helpdesk.merge.line')
    Conversation = pool.get('helpdesk.conversation')
    merge, line = Merge.__table__(), Line.__table__()
    id_ = Conversation.id.sql_cast(
        Substring(line.record, Literal(len(_CONVERSATION) + 1)))
    return (merge
        .join(line, condition=Column(line, 'merge') == merge.id)
        .select(id_,
            where=(merge.undone_at == Null) & condition(merge)
            & Like(line.record, f'{_CONVERSATION}%')))
