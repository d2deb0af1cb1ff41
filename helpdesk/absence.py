# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Who is absent, and who stands in.

Decided here: who is absent on a day, who enters it, and that notices also go
to who stands in. Not here: who gets the tickets (assignment.py).
"""
import datetime as dt
from collections import namedtuple
from functools import reduce
from itertools import chain
from operator import or_

from sql.operators import NotEqual
from trytond.cache import Cache
from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.tools import timezone as tz
from trytond.transaction import (
    Transaction, check_access, inactive_records, without_check_access)

from .exceptions import AbsenceError, AbsenceWarning
from .switch import Part

# Who stands in for an absent employee, and the last day of the absence
Away = namedtuple('Away', ['substitute', 'until'])
DAY = dt.timedelta(days=1)


class Absence(ModelSQL, ModelView):
    __name__ = 'helpdesk.absence'

    employee = fields.Many2One(
        'company.employee', "Employee", required=True, ondelete='CASCADE',
        help="Who is absent.")
    company = fields.Function(
        fields.Many2One('company.company', "Company",
            help="The company the employee works for."),
        'on_change_with_company', searcher='search_company')
    start_date = fields.Date("From", required=True,
        help="The first day of the absence.")
    end_date = fields.Date("To", required=True,
        help="The last day of the absence.")
    # In a calendar the client changes the date at which its events end
    calendar_end = fields.Function(fields.Date("Until",
            help="The last day of the absence, in the calendar."),
        'on_change_with_calendar_end', searcher='search_calendar_end')
    substitute = fields.Many2One(
        'company.employee', "Substitute", ondelete='SET NULL',
        domain=[
            ('company', '=', Eval('company', -1)),
            ],
        help="Who stands in: is told what concerns the tickets of the "
        "employee, and gets those whose customers answer.\n"
        "Leave empty to have them go back to the section.")
    reason = fields.Char("Reason",
        help="Why the employee is absent. Colleagues can read it.")
    _near_cache = Cache('helpdesk.absence.near', context=False)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.update({
                Index(t,
                    (t.employee, Index.Range()),
                    (t.start_date, Index.Range())),
                Index(t, (t.end_date, Index.Range())),
                })
        cls._order = [('start_date', 'DESC'), ('id', 'DESC')]
        cls._buttons['hand_over'] = {
            'icon': 'tryton-switch',
            'readonly': Eval('id', -1) < 0,
            'depends': ['id'],
            }

    @classmethod
    def default_employee(cls):
        return Transaction().context.get('employee')

    @fields.depends('employee')
    def on_change_with_company(self, name=None):
        return self.employee.company if self.employee else None

    @classmethod
    def search_company(cls, name, clause):
        return [(f'employee.{clause[0]}', *clause[1:])]

    @fields.depends('start_date', 'end_date')
    def on_change_start_date(self):
        if (self.start_date
                and (not self.end_date or self.end_date < self.start_date)):
            self.end_date = self.start_date

    @fields.depends('end_date')
    def on_change_with_calendar_end(self, name=None):
        return self.end_date

    @classmethod
    def search_calendar_end(cls, name, clause):
        return [('end_date', *clause[1:])]

    def get_rec_name(self, name):
        return f'{self.employee.rec_name} {self._dates}'

    @classmethod
    def search_rec_name(cls, name, clause):
        return [('employee.rec_name', *clause[1:])]

    @property
    def _dates(self):
        "The first and the last day, for people."
        pool = Pool()
        lang = pool.get('ir.lang').get()
        return ' – '.join(
            lang.strftime(d) for d in [self.start_date, self.end_date])

    @classmethod
    def check_modification(cls, mode, absences, values=None, external=False):
        super().check_modification(
            mode, absences, values=values, external=external)
        if external:
            employees = {a.employee.id for a in absences}
            if mode == 'write' and values.get('employee'):
                employees.add(values['employee'])
            cls.check_enter(employees)
            if mode == 'create':
                cls.warn_substitutes(absences)

    @classmethod
    def write(cls, *args):
        super().write(*args)
        if Transaction().user and Transaction().check_access:
            cls.warn_substitutes(list(chain(*args[::2])))

    @classmethod
    @without_check_access
    def check_enter(cls, employees):
        """
        Check that the current user enters absences of employees.

        They do themselves, the managers of their sections and helpdesk
        managers. employees are ids.
        """
        pool = Pool()
        Employee = pool.get('company.employee')
        User = pool.get('res.user')
        if User.is_helpdesk_manager():
            return
        own = set(User.get_employees())
        others = set(employees) - own
        if others:
            with inactive_records():
                led = Employee.search([
                        ('id', 'in', list(others)),
                        ('helpdesk_sections.manager', 'in', list(own)),
                        ], order=[])
            others -= {e.id for e in led}
        for employee in Employee.browse(sorted(others)):
            raise AccessError(gettext(
                    'helpdesk.msg_absence_enter',
                    employee=employee.rec_name))

    @classmethod
    def _validate(cls, absences, field_names=None):
        # Before the domains, which would not say it in plain words
        cls.check_dates(absences)
        super()._validate(absences, field_names=field_names)

    @classmethod
    def check_dates(cls, absences):
        "Check that they end after they begin, each employee once at a time."
        for absence in absences:
            if (absence.start_date and absence.end_date
                    and absence.end_date < absence.start_date):
                raise AbsenceError(gettext(
                        'helpdesk.msg_absence_end',
                        employee=absence.employee.rec_name,
                        dates=absence._dates))
            if absence.substitute and absence.substitute == absence.employee:
                raise AbsenceError(gettext(
                        'helpdesk.msg_absence_substitute_self',
                        employee=absence.employee.rec_name))
        for absence, other in cls._meeting(absences, 'employee'):
            raise AbsenceError(gettext(
                    'helpdesk.msg_absence_overlap',
                    employee=absence.employee.rec_name,
                    dates=other._dates))

    @classmethod
    def warn_substitutes(cls, absences):
        "Warn of substitutes who are absent at the same time."
        pool = Pool()
        Warning = pool.get('res.user.warning')
        for absence, other in cls._meeting(absences, 'substitute'):
            # Not by id: a new absence has another one at the next try
            name = 'helpdesk_absence_substitute.{}.{}.{}.{}'.format(
                absence.employee.id, absence.substitute.id,
                absence.start_date, absence.end_date)
            if Warning.check(name):
                raise AbsenceWarning(name, gettext(
                        'helpdesk.msg_absence_substitute_absent',
                        substitute=absence.substitute.rec_name,
                        employee=absence.employee.rec_name,
                        dates=other._dates))

    @classmethod
    @without_check_access
    def _meeting(cls, absences, name):
        """
        Return pairs of absences on the same days.

        The first is one of absences, the second one of whom the field of
        the first with this name says.
        """
        absence, other = cls.__table__(), cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*absence
            .join(other,
                condition=(other.employee == getattr(absence, name))
                & NotEqual(other.id, absence.id)
                & (other.start_date <= absence.end_date)
                & (other.end_date >= absence.start_date))
            .select(absence.id, other.id,
                where=fields.SQL_OPERATORS['in'](
                    absence.id, [a.id for a in absences]),
                order_by=[absence.id, other.id]))
        return [(cls(first), cls(second)) for first, second in cursor]

    @classmethod
    def on_modification(cls, mode, absences, field_names=None):
        super().on_modification(mode, absences, field_names=field_names)
        cls._near_cache.clear()

    @classmethod
    @ModelView.button
    @without_check_access
    def hand_over(cls, absences):
        """
        Hand the open tickets over to the substitutes.

        Where they may not be responsible, or are absent as well when the
        absence begins, the tickets go back to the section.
        """
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        # Who asks by the network may name any
        with check_access():
            cls.read([a.id for a in absences], ['id'])
        cls.check_enter({a.employee.id for a in absences})
        for absence in absences:
            Ticket.hand_on([absence.employee.id], absence.start_date)

    @classmethod
    def away(cls, date=None):
        """
        Return who is absent, a dictionary of Away by the ids of employees.

        date is a day, None for today where each of them works. Costs no
        statement but the first time each day.
        """
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        if not Configuration.is_on('use_absences'):
            return {}
        now = dt.datetime.now(dt.timezone.utc)
        away = {}
        for employee, substitute, start, end, zone in cls._near(
                date or now.date()):
            day = date
            if day is None:
                day = now.astimezone(
                    tz.get_tzinfo(zone) if zone else tz.UTC).date()
            if start <= day <= end:
                away[employee] = Away(substitute, end)
        return away

    @classmethod
    @without_check_access
    def _near(cls, day):
        """
        Return the absences that hold on the day somewhere on earth.

        Tuples of employee, substitute (ids), first and last day and time
        zone.
        """
        near = cls._near_cache.get(day)
        if near is None:
            near = tuple(
                (a.employee.id, a.substitute.id if a.substitute else None,
                    a.start_date, a.end_date, a.employee.company.timezone)
                for a in cls.search([
                        ('start_date', '<=', day + DAY),
                        ('end_date', '>=', day - DAY),
                        ], order=[('id', 'ASC')]))
            cls._near_cache.set(day, near)
        return near

    @classmethod
    def absent(cls, employees, date=None):
        """
        Return the set of those of the employees who are absent.

        employees are ids; date is a day, None for today where each of them
        works.
        """
        return set(employees) & cls.away(date).keys()

    @classmethod
    def stand_ins(cls, date=None):
        """
        Return who stands in for those who are absent, as for away.

        A dictionary of ids of employees. Where the substitute is absent too,
        their substitute stands in, and so on; None if in the end there is
        nobody.
        """
        away = cls.away(date)
        stand_ins = {}
        for employee in away:
            seen, substitute = set(), employee
            while substitute in away and substitute not in seen:
                seen.add(substitute)
                substitute = away[substitute].substitute
            stand_ins[employee] = (
                None if substitute in away else substitute)
        return stand_ins

    @classmethod
    def with_substitutes(cls, employees, date=None):
        """
        Return the employees, with who stands in instead of who is absent.

        Who is absent without anybody to stand in stays. employees are ids,
        the result is a set of ids.
        """
        stand_ins = cls.stand_ins(date)
        return {stand_ins.get(e) or e for e in employees}

    @classmethod
    @without_check_access
    def hint(cls, employee):
        "Return a text that says that the employee is absent, or None."
        pool = Pool()
        Employee = pool.get('company.employee')
        Lang = pool.get('ir.lang')
        away = cls.away().get(employee.id)
        if not away:
            return None
        words = {
            'employee': Employee(employee.id).rec_name,
            'until': Lang.get().strftime(away.until),
            }
        if substitute := cls.stand_ins()[employee.id]:
            return gettext(
                'helpdesk.msg_absence_hint_substitute',
                substitute=Employee(substitute).rec_name, **words)
        return gettext('helpdesk.msg_absence_hint', **words)


class Configuration(metaclass=PoolMeta):
    __name__ = 'helpdesk.configuration'

    use_absences = fields.Boolean("Absences",
        help="Know who is absent and who stands in.")

    @classmethod
    def default_use_absences(cls):
        return True

    @classmethod
    def parts(cls):
        return {
            **super().parts(),
            'use_absences': Part(
                fields={'helpdesk.ticket': ['employee_absent']},
                menus=('menu_absence',)),
            }


class Notice(metaclass=PoolMeta):
    __name__ = 'helpdesk.notice'

    @classmethod
    def _acts_for(cls, responsible, employee):
        pool = Pool()
        Absence = pool.get('helpdesk.absence')
        return reduce(or_, (
                (responsible == absent) & (employee == substitute)
                for absent, substitute in Absence.stand_ins().items()
                if substitute),
            super()._acts_for(responsible, employee))


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    employee_absent = fields.Function(fields.Boolean("Responsible Absent",
            help="Who is responsible is absent today."),
        'get_employee_absent', searcher='search_employee_absent')

    @fields.depends('employee')
    def on_change_notify(self):
        return [*super().on_change_notify(), *_absent(self.employee)]

    @classmethod
    def get_employee_absent(cls, tickets, name):
        pool = Pool()
        Absence = pool.get('helpdesk.absence')
        away = Absence.away()
        return {
            t.id: bool(t.employee and t.employee.id in away) for t in tickets}

    @classmethod
    def search_employee_absent(cls, name, clause):
        pool = Pool()
        Absence = pool.get('helpdesk.absence')
        _, operator, value = clause
        away = list(Absence.away())
        if (operator == '=') == bool(value):
            return [('employee', 'in', away)]
        return ['OR', ('employee', '=', None), ('employee', 'not in', away)]


class AssignStart(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket.assign.start'

    @fields.depends('employee')
    def on_change_notify(self):
        return [*super().on_change_notify(), *_absent(self.employee)]


def _absent(employee):
    "Return the notification that the employee is absent, in a list."
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    hint = Absence.hint(employee) if employee else None
    return [('warning', hint)] if hint else []
