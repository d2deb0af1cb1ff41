# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from contextlib import suppress

from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval, If
from trytond.transaction import Transaction, without_check_access

from .opening_time import UNITS
from .worktime import NeverOpen


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    ticket_employee = fields.Many2One(
        'company.employee', "Default Responsible",
        domain=[
            ('id', 'in', If(Bool(Eval('responsibles', [])),
                    Eval('responsibles', []), Eval('members', []))),
            ],
        help="Who is responsible for a new ticket "
        "for which nobody chose one.")
    ticket_deadline = fields.TimeDelta("Default Deadline", UNITS,
        domain=['OR',
            ('ticket_deadline', '=', None),
            ('ticket_deadline', '>=', dt.timedelta()),
            ],
        help="How long after it was made a new ticket has to be solved, "
        "if nobody chose a deadline.\n"
        "Only the opening hours of the section count: 24 hours are three "
        "days of eight.")

    def get_deadline(self, at):
        """
        Return the deadline of a ticket made at that time, or None.

        at and what is returned are naive UTC. There is none without a default
        in the section, nor where it would not be open so long in ten years.
        """
        if self.ticket_deadline is not None:
            with suppress(NeverOpen):
                return self.worktime.add(at, self.ticket_deadline)

    @property
    def proposed_employee(self):
        "Who is responsible for a new ticket where nobody chose."
        employee = self.ticket_employee
        return employee if employee and employee.active else None

    def ticket_defaults(self, at):
        """
        Return what a ticket made at that time gets where nobody chose.

        A dictionary of values to create a ticket with.
        """
        employee = self.proposed_employee
        return {
            'type': self.ticket_type.id if self.ticket_type else None,
            'priority': self.ticket_priority,
            'employee': employee.id if employee else None,
            'deadline': self.get_deadline(at),
            }


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def default_employee(cls):
        context = Transaction().context
        section = cls._default_section()
        if context.get('helpdesk_mine') and section:
            employee = context.get('employee')
            if employee in [e.id for e in section.assignable]:
                return employee

    @classmethod
    def create(cls, vlist):
        return super().create(cls._complete(vlist))

    @classmethod
    @without_check_access
    def _complete(cls, vlist):
        "Return the values with what their sections give where it is missing."
        pool = Pool()
        Section = pool.get('helpdesk.section')
        now = dt.datetime.now().replace(microsecond=0)
        default = None
        if any('section' not in v for v in vlist):
            default = cls.default_section()
        sections = {v.get('section', default) for v in vlist} - {None}
        defaults = {
            s.id: s.ticket_defaults(now)
            for s in Section.browse(sorted(sections))}
        return [
            {**defaults.get(v.get('section', default), {}), **v}
            for v in vlist]
