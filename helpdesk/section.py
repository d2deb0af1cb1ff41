# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from sql import Literal, Null
from sql.aggregate import Count
from sql.conditionals import Case
from trytond.i18n import gettext
from trytond.model import (
    DeactivableMixin, Index, ModelSQL, ModelView, Unique, fields,
    sequence_ordered)
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access

from .exceptions import SectionActiveError
from .ticket import PRIORITIES
from .workflow import OVER_STATES


class Section(sequence_ordered(), DeactivableMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.section'

    name = fields.Char("Name", required=True, translate=True,
        help="The name of the team, as colleagues and customers know it.")
    company = fields.Many2One(
        'company.company', "Company", required=True,
        help="The company whose tickets the section works on.")
    manager = fields.Many2One(
        'company.employee', "Manager",
        domain=[
            ('company', '=', Eval('company', -1)),
            ],
        help="Leads the section: sees and assigns its tickets "
        "as its members do.")
    members = fields.Many2Many(
        'helpdesk.section-company.employee', 'section', 'employee', "Members",
        domain=[
            ('company', '=', Eval('company', -1)),
            ],
        help="The employees who work on the tickets of the section.")
    visibility = fields.Selection([
            ('private', "Members Only"),
            ('internal', "All Agents"),
            ('public', "All Agents and Invited Customers"),
            ], "Visibility", required=True, sort=False,
        help="Who sees the tickets of the section. "
        "Managers see the tickets of every section.")
    description = fields.Text("Description", translate=True,
        help="What customers read about the section.")
    ticket_type = fields.Many2One('helpdesk.type', "Default Type",
        domain=[
            ['OR',
                ('sections', '=', None),
                ('sections', '=', Eval('id', -1)),
                ],
            ],
        help="The type of a new ticket for which nobody chose one.")
    ticket_priority = fields.Selection(
        PRIORITIES, "Default Priority", required=True, sort=False,
        help="The priority of a new ticket for which nobody chose one.")
    open_tickets = fields.Function(fields.Integer("Open",
            help="Tickets that are neither resolved nor closed, "
            "also while they wait for somebody."),
        'get_figures')
    unassigned_tickets = fields.Function(fields.Integer("Unassigned",
            help="Open tickets for which nobody is responsible."),
        'get_figures')
    unread_tickets = fields.Function(fields.Integer("Unread",
            help="Tickets with an answer from the customer "
            "that nobody has taken note of."),
        'get_figures')
    overdue_tickets = fields.Function(fields.Integer("Overdue",
            help="Open tickets that should have been answered or solved."),
        'get_figures')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t, (t.company, Index.Range())))

    @classmethod
    def default_company(cls):
        return Transaction().context.get('company')

    @classmethod
    def default_visibility(cls):
        return 'internal'

    @classmethod
    def default_ticket_priority(cls):
        return 'normal'

    @classmethod
    def get_figures(cls, sections, names):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        ticket = Ticket.__table__()
        is_open = ~ticket.state.in_(OVER_STATES)
        conditions = {
            'open_tickets': is_open,
            'unassigned_tickets': is_open & (ticket.employee == Null),
            'unread_tickets': ticket.unread == Literal(True),
            'overdue_tickets':
                is_open & (ticket.due < dt.datetime.now()),
            }
        figures = {n: {s.id: 0 for s in sections} for n in names}
        cursor = Transaction().connection.cursor()
        cursor.execute(*ticket.select(
                ticket.section,
                *(Count(Case((conditions[n], 1), else_=Null)) for n in names),
                where=fields.SQL_OPERATORS['in'](
                    ticket.section, [s.id for s in sections])
                & (is_open | (ticket.unread == Literal(True))),
                group_by=[ticket.section]))
        for section, *counts in cursor:
            for name, count in zip(names, counts):
                figures[name][section] = count
        return figures

    @classmethod
    def on_modification(cls, mode, sections, field_names=None):
        pool = Pool()
        User = pool.get('res.user')
        super().on_modification(mode, sections, field_names=field_names)
        User.clear_helpdesk_sections()

    @classmethod
    def check_modification(cls, mode, sections, values=None, external=False):
        super().check_modification(
            mode, sections, values=values, external=external)
        if mode == 'write' and not values.get('active', True):
            for section in cls.browse(sections):
                if section.open_tickets:
                    raise SectionActiveError(gettext(
                            'helpdesk.msg_section_active',
                            section=section.rec_name,
                            tickets=section.open_tickets))

    @classmethod
    @without_check_access
    def visible(cls, companies, employees, every=False):
        """
        Return the sections of the companies whose tickets the employees see.

        companies and employees are ids; every ignores the visibility, as
        helpdesk managers do. Return a sorted tuple of ids.
        """
        domain = [
            ('active', 'in', [True, False]),
            ('company', 'in', list(companies)),
            ]
        if not every:
            domain.append(['OR',
                    ('visibility', '!=', 'private'),
                    ('members', 'in', list(employees)),
                    ('manager', 'in', list(employees)),
                    ])
        return tuple(sorted(s.id for s in cls.search(domain)))


class SectionMember(ModelSQL):
    __name__ = 'helpdesk.section-company.employee'

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
                'helpdesk.msg_section_member_unique'),
            ]

    @classmethod
    def on_modification(cls, mode, members, field_names=None):
        pool = Pool()
        User = pool.get('res.user')
        super().on_modification(mode, members, field_names=field_names)
        User.clear_helpdesk_sections()
