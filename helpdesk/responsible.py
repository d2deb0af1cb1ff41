# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Who may be responsible for a ticket, and who says so.

Decided here: who may be responsible in a section, who assigns its tickets,
and what becomes of the open tickets of those who leave. Not here: how tickets
are handed over (handover.py).
"""
from collections import defaultdict

from sql import Null
from sql.conditionals import Case
from trytond.i18n import gettext
from trytond.model import ModelSQL, Unique, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import (
    Transaction, inactive_records, without_check_access)

from . import batch
from .exceptions import ResponsibleError
from .workflow import OVER_STATES


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    responsibles = fields.Many2Many(
        'helpdesk.section-responsible', 'section', 'employee',
        "May Be Responsible",
        domain=[
            ('id', 'in', Eval('members', [])),
            ],
        help="The members who may be responsible for a ticket.\n"
        "Leave empty to allow all of them.")

    @fields.depends('members', 'responsibles', 'ticket_employee')
    def on_change_members(self):
        members = self.members or []
        self.responsibles = [
            r for r in self.responsibles or [] if r in members]
        if self.ticket_employee and self.ticket_employee not in members:
            self.ticket_employee = None

    @property
    def assignable(self):
        "The employees who may be responsible for a ticket of the section."
        return self.responsibles or self.members

    @classmethod
    @without_check_access
    def assignable_pairs(cls, pairs):
        """
        Return those pairs of which the employee may be responsible.

        pairs is a set of tuples (section id, employee id), so is the result.
        """
        if not pairs:
            return set()
        query = cls.assignable_query()
        cursor = Transaction().connection.cursor()
        cursor.execute(*query.select(
                query.section, query.employee,
                where=fields.SQL_OPERATORS['in'](
                    query.section, list({s for s, _ in pairs}))
                & fields.SQL_OPERATORS['in'](
                    query.employee, list({e for _, e in pairs}))))
        return pairs & {(section, employee) for section, employee in cursor}

    @classmethod
    def assignable_query(cls):
        "Return the query of the sections and who may be responsible there."
        pool = Pool()
        Date = pool.get('ir.date')
        Employee = pool.get('company.employee')
        Member = pool.get('helpdesk.section-company.employee')
        Responsible = pool.get('helpdesk.section-responsible')
        employee = Employee.__table__()
        member = Member.__table__()
        responsible = Responsible.__table__()
        chosen = Responsible.__table__()
        chosen = chosen.select(chosen.section, group_by=[chosen.section])
        return (member
            .join(employee, condition=(employee.id == member.employee)
                & ((employee.end_date == Null)
                    | (employee.end_date >= Date.today())))
            .join(chosen, 'LEFT', condition=chosen.section == member.section)
            .join(responsible, 'LEFT',
                condition=(responsible.section == member.section)
                & (responsible.employee == member.employee))
            .select(member.section, member.employee,
                where=(chosen.section == Null)
                | (responsible.employee != Null)))

    @classmethod
    @without_check_access
    def assigned_by_user(cls, sections):
        """
        Return those sections whose tickets the current user assigns.

        Their members, their manager and helpdesk managers do. sections and
        the result are sets of ids.
        """
        pool = Pool()
        User = pool.get('res.user')
        if User.is_helpdesk_manager():
            return sections
        employees = list(User.get_employees())
        with inactive_records():
            return {s.id for s in cls.search([
                        ('id', 'in', list(sections)),
                        ['OR',
                            ('members', 'in', employees),
                            ('manager', 'in', employees),
                            ],
                        ])}

    @classmethod
    @without_check_access
    def release(cls, sections=None, employees=None):
        """
        Take open tickets from those who may no longer be responsible.

        sections and employees are ids, None for all of them, as in the
        scheduled action, which does so in batches.
        """
        if sections is None and employees is None:
            tickets = [id_ for id_, _ in cls._not_assignable()]
            batch.in_batches(tickets, cls._release)
        else:
            cls._release(sections=sections, employees=employees)

    @classmethod
    def _release(
            cls, tickets=None, sections=None, employees=None, over=False):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        released = defaultdict(list)
        for id_, reason in cls._not_assignable(
                tickets, sections, employees, over):
            released[reason].append(id_)
        for reason, ids in released.items():
            with Transaction().set_context(helpdesk_reason=reason):
                Ticket.write(Ticket.browse(ids), {'employee': None})

    @classmethod
    def _not_assignable(
            cls, tickets=None, sections=None, employees=None, over=False):
        """
        Return the open tickets of those who may not be responsible.

        With over also those that are not open. The others are ids, None for
        all. The result are tuples of the id of a ticket and the reason.
        """
        pool = Pool()
        Date = pool.get('ir.date')
        Employee = pool.get('company.employee')
        Ticket = pool.get('helpdesk.ticket')
        ticket = Ticket.__table__()
        employee = Employee.__table__()
        query = cls.assignable_query()
        where = query.employee == Null
        if not over:
            where &= ~ticket.state.in_(OVER_STATES)
        for column, ids in [
                (ticket.id, tickets), (ticket.section, sections),
                (ticket.employee, employees)]:
            if ids is not None:
                where &= fields.SQL_OPERATORS['in'](column, list(ids))
        cursor = Transaction().connection.cursor()
        cursor.execute(*ticket
            .join(employee, condition=employee.id == ticket.employee)
            .join(query, 'LEFT',
                condition=(query.section == ticket.section)
                & (query.employee == ticket.employee))
            .select(ticket.id,
                Case((employee.end_date < Date.today(), 'left'),
                    else_='section'),
                where=where,
                order_by=[ticket.id]))
        return cursor.fetchall()

    @classmethod
    @without_check_access
    def dismiss(cls, members):
        """
        Let employees who are no longer members not be responsible either.

        members is a set of tuples (section id, employee id) of those who were
        members.
        """
        pool = Pool()
        Member = pool.get('helpdesk.section-company.employee')
        Responsible = pool.get('helpdesk.section-responsible')
        sections = list({s for s, _ in members})
        employees = list({e for _, e in members})
        members = members - {
            (m.section.id, m.employee.id) for m in Member.search([
                    ('section', 'in', sections),
                    ('employee', 'in', employees),
                    ])}
        Responsible.delete([r for r in Responsible.search([
                        ('section', 'in', sections),
                        ('employee', 'in', employees),
                        ])
                if (r.section.id, r.employee.id) in members])
        with inactive_records():
            proposing = [s for s in cls.search([
                        ('id', 'in', sections),
                        ('ticket_employee', 'in', employees),
                        ])
                if (s.id, s.ticket_employee.id) in members]
        if proposing:
            cls.write(proposing, {'ticket_employee': None})
        cls.release(sections)


class SectionMember(metaclass=PoolMeta):
    __name__ = 'helpdesk.section-company.employee'

    @classmethod
    def on_delete(cls, members):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        callables = super().on_delete(members)
        left = {(m.section.id, m.employee.id) for m in members}
        callables.append(lambda: Section.dismiss(left))
        return callables

    @classmethod
    def on_write(cls, members, values):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        callables = super().on_write(members, values)
        left = {(m.section.id, m.employee.id) for m in members}
        callables.append(lambda: Section.dismiss(left))
        return callables


class SectionResponsible(ModelSQL):
    __name__ = 'helpdesk.section-responsible'

    section = fields.Many2One(
        'helpdesk.section', "Section", ondelete='CASCADE', required=True)
    employee = fields.Many2One(
        'company.employee', "Employee", ondelete='CASCADE', required=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints = [
            ('section_employee_unique', Unique(t, t.section, t.employee),
                'helpdesk.msg_section_responsible_unique'),
            ]

    @classmethod
    def on_modification(cls, mode, responsibles, field_names=None):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        super().on_modification(mode, responsibles, field_names=field_names)
        if mode in {'create', 'write'}:
            Section.release({r.section.id for r in responsibles})

    @classmethod
    def on_delete(cls, responsibles):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        callables = super().on_delete(responsibles)
        sections = {r.section.id for r in responsibles}
        callables.append(lambda: Section.release(sections))
        return callables


class Employee(metaclass=PoolMeta):
    __name__ = 'company.employee'

    helpdesk_assignable = fields.Function(fields.Many2Many(
            'helpdesk.section', None, None, "Helpdesk Responsibilities",
            help="The helpdesk sections in which the employee "
            "may be responsible for tickets."),
        'get_helpdesk_assignable', searcher='search_helpdesk_assignable')

    @classmethod
    def get_helpdesk_assignable(cls, employees, name):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        sections = {e.id: [] for e in employees}
        query = Section.assignable_query()
        cursor = Transaction().connection.cursor()
        cursor.execute(*query.select(
                query.employee, query.section,
                where=fields.SQL_OPERATORS['in'](
                    query.employee, list(sections)),
                order_by=[query.section]))
        for employee, section in cursor:
            sections[employee].append(section)
        return sections

    @classmethod
    def search_helpdesk_assignable(cls, name, clause):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        # A ticket can go to a section that the user does not see
        with without_check_access(), inactive_records():
            sections = Section.search([
                    ('id' if '.' not in clause[0]
                        else clause[0].partition('.')[2], *clause[1:]),
                    ])
        query = Section.assignable_query()
        return [('id', 'in', query.select(query.employee,
                    where=fields.SQL_OPERATORS['in'](
                        query.section, [s.id for s in sections])))]

    @classmethod
    def on_modification(cls, mode, employees, field_names=None):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        super().on_modification(mode, employees, field_names=field_names)
        if mode == 'write' and 'end_date' in field_names:
            Section.release(employees=[e.id for e in employees])


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def _validate(cls, tickets, field_names=None):
        # Before the domain, which would not say who and where
        cls.check_responsible(tickets, field_names)
        super()._validate(tickets, field_names=field_names)

    @classmethod
    def check_responsible(cls, tickets, field_names=None):
        "Check that those responsible may be so; field_names changed, or all."
        pool = Pool()
        Section = pool.get('helpdesk.section')
        if field_names and {'section', 'employee'}.isdisjoint(field_names):
            return
        pairs = {
            (t.section.id, t.employee.id) for t in tickets if t.employee}
        allowed = Section.assignable_pairs(pairs)
        for ticket in tickets:
            if ticket.employee and (
                    ticket.section.id, ticket.employee.id) not in allowed:
                raise ResponsibleError(gettext(
                        'helpdesk.msg_ticket_responsible',
                        employee=ticket.employee.rec_name,
                        ticket=ticket.rec_name,
                        section=ticket.section.rec_name))

    @classmethod
    def check_modification(cls, mode, tickets, values=None, external=False):
        super().check_modification(
            mode, tickets, values=values, external=external)
        if not external:
            return
        if mode == 'create':
            # Anybody makes a ticket for who the section proposes
            cls.check_assign([
                    t for t in tickets
                    if t.employee
                    and t.employee not in {
                        t.section.ticket_employee,
                        t.section.proposed_employee}
                    and not cls.was_dealt(t.section.id, t.employee.id)])
        elif mode == 'write' and 'employee' in values:
            section = values.get('section')
            cls.check_assign([
                    t for t in tickets
                    if values['employee'] != (t.employee and t.employee.id)
                    and not cls.was_dealt(
                        section or t.section.id, values['employee'])
                    # Who moves it takes it off those of the old section
                    and (values['employee']
                        or section in {None, t.section.id})], section)

    @classmethod
    def check_assign(cls, tickets, section=None):
        """
        Check that the user may say who is responsible for the tickets.

        section is the id of the section that they go to, if they move: its
        members may say so too.
        """
        pool = Pool()
        Section = pool.get('helpdesk.section')
        if not tickets:
            return
        sections = {t.section.id for t in tickets}
        assigned = Section.assigned_by_user(sections | ({section} - {None}))
        if section in assigned:
            return
        for ticket in tickets:
            if ticket.section.id not in assigned:
                raise AccessError(gettext(
                        'helpdesk.msg_ticket_assign',
                        ticket=ticket.rec_name,
                        section=ticket.section.rec_name))

    @classmethod
    def _open(cls, tickets):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        over = [t.id for t in tickets if t.employee and t.state in OVER_STATES]
        if over:
            # Nobody took them from who left while there was nothing to do
            with without_check_access():
                Section._release(tickets=over, over=True)
        super()._open(tickets)

    @classmethod
    def copy(cls, tickets, default=None):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        default = default.copy() if default is not None else {}
        allowed = Section.assignable_pairs({
                (t.section.id, t.employee.id) for t in tickets if t.employee})
        if Transaction().check_access:
            # Who copies it may not be one who says who is responsible
            assigned = Section.assigned_by_user({s for s, _ in allowed})
            allowed = {(s, e) for s, e in allowed if s in assigned}
        default.setdefault('employee', lambda data: (
                data['employee']
                if (data['section'], data['employee']) in allowed else None))
        return super().copy(tickets, default=default)
