# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What a visitor of the portal may see.

Every query of the portal goes through here: ``Ticket.visible_to`` for tickets
and ``Conversation.on_portal`` for what was said on them.
"""
from dataclasses import dataclass

from sql import Column, Literal, Null, Union
from sql.conditionals import Coalesce
from trytond.model import Index
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction, inactive_records


@dataclass(frozen=True)
class Visitor:
    """
    Who looks at the portal: somebody logged in, or who holds a guest link.

    A stranger is no Visitor but None. token is the secret in the cookie,
    email the proven address; user is the id of the web.user and None for the
    holder of a link, ticket the id of the link's ticket and None for who is
    logged in. is_unproved means that the address was only typed, in a chat.
    """
    token: str
    email: str
    user: int | None = None
    ticket: int | None = None
    is_unproved: bool = False

    @classmethod
    def of_link(cls, link, token):
        return cls(
            token, link.email, ticket=link.ticket.id,
            is_unproved=bool(link.chat))

    def wrote(self, conversation):
        "Tell whether the visitor wrote the conversation"
        return bool(
            conversation.from_address
            and conversation.from_address.lower() == self.email.lower())


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(
            Index(t, (t.contact, Index.Range()), where=t.contact != Null))

    @classmethod
    def visible_to(cls, visitor, ticket=None):
        """
        Return the domain of the tickets that the visitor may see.

        visitor is a Visitor, or None for a stranger, who sees nothing.
        ticket is the only one that is looked for, or None: among many
        tickets it is found sooner.
        """
        if visitor is None:
            return [('id', 'in', [])]
        if visitor.user:
            return cls._visible_to_account(visitor, ticket)
        return [
            ('id', '=', visitor.ticket),
            # Who no longer is the ticket's customer loses sight of it
            ('email', '=', visitor.email),
            ]

    @classmethod
    def mine_of(cls, visitor):
        """
        Return the domain of the tickets that concern the visitor personally.

        Those they asked and those they watch. visitor is a Visitor who is
        logged in.
        """
        return cls._in_any(
            cls._queries_own(visitor) + cls._queries_watched(visitor))

    @classmethod
    def decided_by(cls, visitor, ticket=None):
        """
        Return the domain of the tickets whose customer the visitor acts for.

        They may close them and say who is in copy; who only watches a ticket
        may not. What its customer is asked to authorize is for the customer
        alone: see may_decide_on_portal. visitor and ticket are as for
        visible_to.
        """
        if visitor is None or not visitor.user:
            return cls.visible_to(visitor)
        return cls._in_any(
            cls._queries_own(visitor) + cls._queries_shared(visitor), ticket)

    def is_decided_by(self, visitor):
        """
        Tell whether the visitor acts for the ticket's customer.

        visitor is a Visitor who sees the ticket. See decided_by.
        """
        return self._is_in(visitor, self.decided_by)

    def is_visible_to(self, visitor):
        """
        Tell whether the visitor, a Visitor, may see the ticket.

        It is what visible_to says, with little work for one ticket.
        """
        return self._is_in(visitor, self.visible_to)

    def _is_in(self, visitor, domain_of):
        if not visitor.user:
            return self.id == visitor.ticket and self.email == visitor.email
        # The first of what _queries_own says
        if self.email == visitor.email:
            return True
        # What goes on elsewhere stays in sight
        with inactive_records():
            return bool(self.search([
                        ('id', '=', self.id),
                        domain_of(visitor, ticket=self),
                        ], order=[], limit=1))

    @classmethod
    def _visible_to_account(cls, visitor, ticket=None):
        return cls._in_any(
            cls._queries_own(visitor)
            + cls._queries_watched(visitor)
            + cls._queries_shared(visitor), ticket)

    @staticmethod
    def _in_any(queries, ticket=None):
        # A union uses the index of each query, OR would use none
        if ticket:
            # It would find all tickets of the queries first
            for query in queries:
                id_, = query.columns
                query.where &= id_ == ticket.id
        return [('id', 'in', Union(*queries))]

    @classmethod
    def _queries_own(cls, visitor):
        """
        Return the queries of the tickets that the account itself asked.

        The account's party may be its whole organisation, whose address it
        has, so being the ticket's customer is not enough: what colleagues
        wrote is shared or not by _queries_shared. The party is the person
        if an agent made it the contact of another customer, or if the
        ticket has no address that tells who asked. Nor is a party that two
        accounts have one person. Any agent can give a party an address, so
        that opens nothing of the sections that only their members see.
        """
        pool = Pool()
        Section = pool.get('helpdesk.section')
        User = pool.get('web.user')
        table, section, user, other = (
            cls.__table__(), Section.__table__(), User.__table__(),
            User.__table__())
        for_members = table.section.in_(section.select(
                section.id, where=section.visibility == 'private'))
        person = user.select(user.party,
            where=(user.id == visitor.user)
            & (user.party != Null)
            & ~user.party.in_(other.select(other.party,
                    where=(other.party == user.party)
                    & (other.id != visitor.user))))
        no_email = Coalesce(table.email, '') == ''
        return [
            table.select(table.id,
                where=Coalesce(table.email, '') == visitor.email),
            table.select(table.id,
                where=table.contact.in_(person) & ~for_members
                & (no_email | (table.party != table.contact))),
            table.select(table.id,
                where=table.party.in_(person) & ~for_members
                & (table.contact == Null) & no_email),
            ]

    @classmethod
    def _queries_watched(cls, visitor):
        "Return the queries of the tickets that the account watches"
        pool = Pool()
        Participant = pool.get('helpdesk.participant')
        Section = pool.get('helpdesk.section')
        table, participant, section = (
            cls.__table__(), Participant.__table__(), Section.__table__())
        return [participant
            .join(table, condition=table.id == participant.ticket)
            .join(section, condition=section.id == table.section)
            .select(table.id,
                where=(participant.email == visitor.email)
                & (participant.role == 'watcher')
                & (section.visibility == 'public')),
            ]

    @classmethod
    def _queries_shared(cls, visitor):
        "Return the queries of others' tickets that the account may see"
        return []


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    @classmethod
    def on_portal(cls, ticket):
        """
        Return the domain of the ticket's conversations shown to customers.

        Internal ones never are (SE11). Neither is what another machine wrote
        into the ticket: it may be the confirmation of a service somewhere
        that somebody registered at with the ticket's address (SE9). For the
        same reason mails of others than the customer only show if an agent
        made them watchers.
        """
        pool = Pool()
        Participant = pool.get('helpdesk.participant')
        parties = [p.id for p in [ticket.party, ticket.contact] if p]
        participant = Participant.__table__()
        watchers = participant.select(
            participant.email,
            where=(participant.ticket == ticket.id)
            & (participant.role == 'watcher'))
        return [
            cls._said_in(ticket),
            ('direction', 'in', ['in', 'out']),
            ('kind', '!=', 'note'),
            ['OR',
                ('direction', '=', 'out'),
                [
                    ('automatic', '!=', True),
                    ['OR',
                        ('kind', '!=', 'email'),
                        ('from_address', '=', ticket.email),
                        ('from_address', 'in', watchers),
                        ('party', 'in', parties),
                        ],
                    ],
                ],
            ]

    @classmethod
    def _said_in(cls, ticket):
        "Return the domain of what customers may read as said in the ticket"
        return [('ticket', '=', ticket.id)]

    @classmethod
    def is_on_portal(cls, table, ticket):
        """
        Return the SQL condition that is the same as on_portal for any ticket.

        table has conversations, ticket the tickets they belong to.
        """
        pool = Pool()
        Participant = pool.get('helpdesk.participant')
        participant = Participant.__table__()
        watchers = participant.select(
            participant.email,
            where=(participant.ticket == ticket.id)
            & (participant.role == 'watcher'))
        wanted = (
            (table.kind != 'email')
            | (Coalesce(table.from_address, '') == Coalesce(ticket.email, ''))
            | table.from_address.in_(watchers)
            | (table.party == ticket.party)
            | (table.party == ticket.contact))
        return table.direction.in_(['in', 'out']) & (table.kind != 'note') & (
            (table.direction == 'out')
            | ((Coalesce(table.automatic, Literal(False)) == Literal(False))
                & wanted))

    @classmethod
    def page_on_portal(cls, ticket, before, count):
        """
        Return what a page shows of the ticket's conversation, newest first.

        before is the conversation whose predecessors are wanted, or None;
        count how many. They are to be read only: they have no more than
        page_fields.
        """
        found = cls.search([
                cls.on_portal(ticket),
                cls.earlier_than(before),
                ],
            order=[('at', 'DESC'), ('id', 'DESC')], limit=count, query=True)
        names = cls.page_fields()
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        # A record would be read with all its columns, many of them long
        cursor.execute(*table.select(
                table.id, *(Column(table, n) for n in names),
                where=table.id.in_(found),
                order_by=[table.at.desc, table.id.desc]))
        return [
            cls(id_, **dict(zip(names, values)))
            for id_, *values in cursor.fetchall()]

    @staticmethod
    def page_fields():
        "Return the names of the fields that the page of a ticket shows"
        return [
            'at', 'author', 'body', 'direction', 'from_address', 'protection',
            'quoted']

    @classmethod
    def earlier_than(cls, conversation):
        "Return the domain of what comes after it with the newest first"
        if not conversation:
            return []
        return ['OR',
            ('at', '<', conversation.at),
            [
                ('at', '=', conversation.at),
                ('id', '<', conversation.id),
                ],
            ]
