# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from sql import Literal, Null, Union
from sql.conditionals import Coalesce
from trytond.model import fields
from trytond.pool import Pool
from trytond.transaction import Transaction

from .follow import join_followers
from .workflow import OVER_STATES

# Whom an event of a ticket concerns
CONCERNED = {
    'assigned': ['responsible'],
    'answered': ['responsible', 'followers'],
    'granted': ['responsible', 'followers'],
    'denied': ['responsible', 'followers'],
    'undelivered': ['responsible', 'followers', 'members'],
    'badly_rated': ['responsible', 'followers'],
    'unassigned': ['members', 'section_followers'],
    'changed': ['responsible', 'followers'],
    'made': ['responsible', 'followers'],
    'chat': ['responsible', 'followers'],
    }
# Events that users are told in the way that they chose for another
TOLD_AS = {
    'granted': 'answered',
    'denied': 'answered',
    'undelivered': 'answered',
    'badly_rated': 'answered',
    'made': 'changed',
    }


class ConcernMixin:
    "Whom what happens to tickets concerns."
    __slots__ = ()

    @classmethod
    def interested(cls, event, tickets):
        """
        Return who wants to be told of an event, but not who acts.

        event is a key of CONCERNED, tickets are ids. Return tuples of a
        ticket and a user (ids), and the way the user wants to be told, in
        one statement. Who sees the ticket is not looked at.
        """
        pool = Pool()
        User = pool.get('res.user')
        user = User.__table__()
        way = getattr(
            user, f'helpdesk_notice_{TOLD_AS.get(event, event)}')
        concerned = Union(*(
                getattr(cls, f'_query_{who}')(tickets)
                for who in CONCERNED[event]))
        where = (user.active == Literal(True)) & (way != 'none')
        if actor := Transaction().user:
            actor = User(actor)
            where &= user.id != actor.id
            if actor.employee:
                # The same person as another user
                where &= Coalesce(user.employee, -1) != actor.employee.id
        cursor = Transaction().connection.cursor()
        cursor.execute(*concerned
            .join(user, condition=concerned.user == user.id)
            .select(concerned.ticket, user.id, way, where=where))
        return cursor.fetchall()

    @classmethod
    def _ticket(cls, tickets):
        pool = Pool()
        ticket = pool.get('helpdesk.ticket').__table__()
        return ticket, fields.SQL_OPERATORS['in'](ticket.id, list(tickets))

    @classmethod
    def _query_responsible(cls, tickets):
        pool = Pool()
        ticket, where = cls._ticket(tickets)
        employee = pool.get('res.user-company.employee').__table__()
        return (ticket
            .join(employee,
                condition=cls._acts_for(ticket.employee, employee.employee))
            .select(ticket.id.as_('ticket'), employee.user.as_('user'),
                where=where))

    @classmethod
    def _acts_for(cls, responsible, employee):
        """
        Return the condition for who is told what concerns a responsible.

        responsible and employee are columns with ids of employees.
        """
        return employee == responsible

    @classmethod
    def _query_followers(cls, tickets):
        ticket, where = cls._ticket(tickets)
        join, follower = join_followers(ticket, ticket.id, 'helpdesk.ticket')
        return join.select(
            ticket.id.as_('ticket'), follower.user.as_('user'), where=where)

    @classmethod
    def _query_members(cls, tickets):
        "Return the members where nobody is responsible."
        pool = Pool()
        ticket, where = cls._ticket(tickets)
        member = pool.get('helpdesk.section-company.employee').__table__()
        employee = pool.get('res.user-company.employee').__table__()
        return (ticket
            .join(member, condition=member.section == ticket.section)
            .join(employee, condition=employee.employee == member.employee)
            .select(ticket.id.as_('ticket'), employee.user.as_('user'),
                where=where & cls._is_unassigned(ticket)))

    @classmethod
    def _query_section_followers(cls, tickets):
        "Return who follows the section where nobody is responsible."
        ticket, where = cls._ticket(tickets)
        join, follower = join_followers(
            ticket, ticket.section, 'helpdesk.section')
        return join.select(
            ticket.id.as_('ticket'), follower.user.as_('user'),
            where=where & cls._is_unassigned(ticket))

    @staticmethod
    def _is_unassigned(ticket):
        return (ticket.employee == Null) & ~ticket.state.in_(OVER_STATES)
