# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Watchers from outside, who go when a ticket leaves what customers see.
"""
from collections import defaultdict

from sql import Literal, Null
from sql.functions import Lower
from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction, without_check_access

from .exceptions import WatcherWarning


class Participant(metaclass=PoolMeta):
    __name__ = 'helpdesk.participant'

    @classmethod
    def outside_watchers(cls, tickets=None, sections=None):
        """
        Return the watchers who do not belong to the company.

        Of the tickets or of all tickets of the sections, which are ids. An
        address belongs to the company if one of its users or employees has
        it.
        """
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        table = cls.__table__()
        ticket = Ticket.__table__()
        inside = cls._inside_query()
        where = (table.role == 'watcher') & (inside.email == Null)
        if tickets is not None:
            where &= fields.SQL_OPERATORS['in'](ticket.id, list(tickets))
        if sections is not None:
            where &= fields.SQL_OPERATORS['in'](
                ticket.section, list(sections))
        cursor = Transaction().connection.cursor()
        cursor.execute(*table
            .join(ticket, condition=ticket.id == table.ticket)
            .join(inside, 'LEFT',
                condition=(inside.company == ticket.company)
                & (inside.email == table.email))
            .select(table.id, where=where, order_by=[table.id]))
        return list(cls.browse([id_ for id_, in cursor]))

    @classmethod
    def _inside_query(cls):
        "Return the query of the companies and the addresses of their people."
        pool = Pool()
        Date = pool.get('ir.date')
        Employee = pool.get('company.employee')
        Mechanism = pool.get('party.contact_mechanism')
        User = pool.get('res.user')
        UserCompany = pool.get('res.user-company.company')
        user = User.__table__()
        user_company = UserCompany.__table__()
        employee = Employee.__table__()
        mechanism = Mechanism.__table__()
        users = (user
            .join(user_company, condition=user_company.user == user.id)
            .select(user_company.company.as_('company'),
                Lower(user.email).as_('email'),
                where=(user.active == Literal(True))
                & (user.email != Null)))
        employees = (employee
            .join(mechanism, condition=mechanism.party == employee.party)
            .select(employee.company.as_('company'),
                Lower(mechanism.value).as_('email'),
                where=(mechanism.type == 'email')
                & (mechanism.active == Literal(True))
                & ((employee.end_date == Null)
                    | (employee.end_date >= Date.today()))))
        # An address may be that of a user and of an employee
        return users | employees

    @classmethod
    def warn_off(cls, name, records, watchers, message, **variables):
        "Warn the user that watchers will be taken off their tickets."
        pool = Pool()
        Warning = pool.get('res.user.warning')
        key = Warning.format(name, records)
        if watchers and Warning.check(key):
            raise WatcherWarning(key, gettext(message,
                    watchers=len({w.email for w in watchers}),
                    tickets=len({w.ticket for w in watchers}),
                    **variables))

    @classmethod
    @without_check_access
    def take_off(cls, watchers):
        "Take watchers off their tickets, and tell so in the history."
        pool = Pool()
        History = pool.get('helpdesk.history')
        addresses = defaultdict(list)
        for watcher in watchers:
            addresses[watcher.ticket.id].append(watcher.email)
        cls.delete(watchers)
        with Transaction().set_context(helpdesk_reason='visibility'):
            History.append([
                    (ticket, 'participants', ', '.join(emails), None)
                    for ticket, emails in addresses.items()])


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    @classmethod
    def on_write(cls, sections, values):
        pool = Pool()
        Participant = pool.get('helpdesk.participant')
        callables = super().on_write(sections, values)
        if values.get('visibility', 'public') != 'public':
            leaving = [s for s in sections if s.visibility == 'public']
            watchers = Participant.outside_watchers(
                sections=[s.id for s in leaving]) if leaving else []
            if watchers:
                Participant.warn_off(
                    'helpdesk_section_watchers', leaving, watchers,
                    'helpdesk.msg_section_watchers')
                callables.append(lambda: Participant.take_off(watchers))
        return callables


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def on_write(cls, tickets, values):
        pool = Pool()
        Participant = pool.get('helpdesk.participant')
        Section = pool.get('helpdesk.section')
        callables = super().on_write(tickets, values)
        if not values.get('section'):
            return callables
        section = Section(values['section'])
        if section.visibility != 'public':
            leaving = [t for t in tickets if t.section.visibility == 'public']
            watchers = Participant.outside_watchers(
                tickets=[t.id for t in leaving]) if leaving else []
            if watchers:
                Participant.warn_off(
                    f'helpdesk_ticket_watchers.{section.id}', leaving,
                    watchers, 'helpdesk.msg_ticket_watchers',
                    section=section.rec_name)
                callables.append(lambda: Participant.take_off(watchers))
        return callables
