# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The time spent on tickets, as lines of Tryton's timesheets.

The work of a ticket comes with its first line. There is one line for each
employee, day and ticket; it knows its time before rounding, so that what is
added later is not rounded twice.
"""
import datetime as dt
from collections import defaultdict
from itertools import chain

from sql import Cast
from sql.aggregate import Sum
from sql.conditionals import Coalesce
from sql.operators import Concat
from trytond import backend
from trytond.i18n import gettext
from trytond.model import Index, ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.tools import sqlite_apply_types
from trytond.tools import timezone as tz
from trytond.transaction import Transaction, check_access, without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .exceptions import TicketDeleteError, WorkError
from .readable import readable, readable_ids
from .time_spent import local_date, rounded

_TICKET = 'helpdesk.ticket,'
_DAY = dt.timedelta(days=1)


def now():
    "Return the time it is, naive UTC."
    return dt.datetime.now().replace(microsecond=0)


def zone(company):
    "Return the time zone of the company, a tzinfo."
    return tz.get_tzinfo(company.timezone) if company.timezone else tz.UTC


def today(company):
    "Return the date it is where the company is."
    return local_date(now(), zone(company))


class Work(metaclass=PoolMeta):
    __name__ = 'timesheet.work'

    @classmethod
    def _get_origin(cls):
        return super()._get_origin() + ['helpdesk.ticket']

    def _validate_company(self):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        valid = super()._validate_company()
        if isinstance(self.origin, Ticket):
            valid &= self.origin.company == self.company
        return valid

    def get_rec_name(self, name):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        if isinstance(self.origin, Ticket):
            return self.origin.work_name()
        return super().get_rec_name(name)

    @classmethod
    def read(cls, ids, fields_names):
        """
        Leave out the tickets that the user does not see.

        Who sees works may not see their tickets, and a list with one of them
        would end in an error.
        """
        of_origin = [
            n for n in fields_names if n.partition('.')[0] == 'origin']
        hidden = set()
        if of_origin and Transaction().check_access:
            hidden = cls._with_hidden_ticket(ids)
        if not hidden:
            return super().read(ids, fields_names)
        rows = super().read([i for i in ids if i not in hidden], fields_names)
        others = [n for n in fields_names if n not in of_origin]
        empty = {n.replace('.rec_name', '.'): None for n in of_origin}
        return rows + [
            {**row, **empty}
            for row in super().read([i for i in ids if i in hidden], others)]

    @classmethod
    def _with_hidden_ticket(cls, ids):
        "Return the ids of the works whose tickets the user may not read."
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(table.id, table.origin,
                where=fields.SQL_OPERATORS['in'](table.id, list(ids))
                & table.origin.like(f'{_TICKET}%')))
        tickets = {
            id_: int(origin.partition(',')[2]) for id_, origin in cursor}
        seen = readable_ids(Ticket, tickets.values())
        return {id_ for id_, ticket in tickets.items() if ticket not in seen}


class Line(metaclass=PoolMeta):
    __name__ = 'timesheet.line'

    helpdesk_duration = fields.TimeDelta(
        "Time before Rounding", 'company_work_time', readonly=True,
        help="The time spent on the ticket as it was measured.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t,
                (t.work, Index.Range()), (t.date, Index.Range())))

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        if 'duration' in values:
            # What somebody puts down is what counts from then on
            values.setdefault('helpdesk_duration')
        return values

    @property
    def takes_helpdesk_time(self):
        """
        Whether more time of the day may be added to the line, a bool.

        Where it may not, as when it was billed, a new line is made.
        """
        return True

    def add_helpdesk_time(self, duration, description, rounding):
        """
        Add time that was spent on the ticket.

        duration is a timedelta, description a str or None, rounding the
        arguments of time_spent.rounded after the first.
        """
        before = getattr(self, 'helpdesk_duration', None)
        if before is None:
            before = getattr(self, 'duration', None) or dt.timedelta()
        self.helpdesk_duration = before + duration
        self.duration = rounded(self.helpdesk_duration, *rounding)
        known = getattr(self, 'description', None) or ''
        if description and description not in known.split('; '):
            self.description = '; '.join(filter(None, [known, description]))

    @classmethod
    def copy(cls, lines, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('helpdesk_duration')
        return super().copy(lines, default=default)


class Rule(metaclass=PoolMeta):
    __name__ = 'ir.rule'

    @classmethod
    def _get_context(cls, model_name):
        pool = Pool()
        User = pool.get('res.user')
        context = super()._get_context(model_name)
        if model_name == 'timesheet.work':
            context['employees'] = User.get_employees()
        return context

    @classmethod
    def _get_cache_key(cls, model_names):
        pool = Pool()
        User = pool.get('res.user')
        key = super()._get_cache_key(model_names)
        if 'timesheet.work' in model_names:
            key = (*key, User.get_employees())
        return key


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    time_spent = fields.Function(fields.TimeDelta(
            "Time Spent", 'company_work_time',
            help="How long all employees worked on the ticket, "
            "according to their timesheets."),
        'get_time')
    time_by_employee = fields.Function(fields.Char("Time by Employee",
            help="How long each employee worked on the ticket, in hours and "
            "minutes."),
        'get_time')
    timesheet_lines = fields.Function(fields.One2Many(
            'timesheet.line', None, "Time Spent",
            help="Who worked on the ticket, on which day and how long."),
        'get_timesheet_lines', setter='set_timesheet_lines')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons['add_time'] = {
            'icon': 'tryton-add',
            }

    @classmethod
    def get_time(cls, tickets, names):
        spent = defaultdict(dict)
        employees = set()
        for ticket, employee, duration in cls._time(tickets):
            spent[ticket][employee] = duration
            employees.add(employee)
        result = {}
        if 'time_spent' in names:
            result['time_spent'] = {
                t.id: sum(spent[t.id].values(), dt.timedelta())
                if t.id in spent else None
                for t in tickets}
        if 'time_by_employee' in names:
            result['time_by_employee'] = cls._show_time(
                tickets, spent, employees)
        return result

    @classmethod
    def _time(cls, tickets):
        """
        Return who worked how long on tickets.

        A list of tuples of ids of a ticket and an employee, and a timedelta.
        """
        pool = Pool()
        Line = pool.get('timesheet.line')
        Work = pool.get('timesheet.work')
        origins = {f'{_TICKET}{t.id}': t.id for t in cls._with_time(tickets)}
        if not origins:
            return []
        work, line = Work.__table__(), Line.__table__()
        query = work.join(line, condition=line.work == work.id).select(
            work.origin, line.employee, Sum(line.duration).as_('duration'),
            where=work.origin.in_(list(origins)),
            group_by=[work.origin, line.employee])
        if backend.name == 'sqlite':
            sqlite_apply_types(query, [None, None, 'INTERVAL'])
        cursor = Transaction().connection.cursor()
        cursor.execute(*query)
        return [(origins[o], e, d) for o, e, d in cursor]

    @classmethod
    def _with_time(cls, tickets):
        "Return the tickets whose time the user may know."
        pool = Pool()
        User = pool.get('res.user')
        if not User.reads_sales():
            # Who sees a ticket sees it as an agent of its section
            return tickets
        sections = set(User.get_helpdesk_sections())
        return [t for t in tickets if t.section.id in sections]

    @classmethod
    def _show_time(cls, tickets, spent, employees):
        pool = Pool()
        Employee = pool.get('company.employee')
        names = {e.id: e.rec_name for e in Employee.browse(sorted(employees))}
        shown = {}
        for ticket in tickets:
            times = sorted(
                (names[e], int(d.total_seconds()) // 60)
                for e, d in spent.get(ticket.id, {}).items())
            shown[ticket.id] = ' · '.join(
                f'{name} {minutes // 60}:{minutes % 60:02}'
                for name, minutes in times)
        return shown

    @classmethod
    def order_time_spent(cls, tables):
        pool = Pool()
        Line = pool.get('timesheet.line')
        User = pool.get('res.user')
        Work = pool.get('timesheet.work')
        table, _ = tables[None]
        work, line = Work.__table__(), Line.__table__()
        where = work.origin == Concat(_TICKET, Cast(table.id, 'VARCHAR'))
        if User.reads_sales():
            where &= fields.SQL_OPERATORS['in'](
                table.section, list(User.get_helpdesk_sections()))
        return [work.join(line, condition=line.work == work.id).select(
                Coalesce(Sum(line.duration), dt.timedelta()), where=where)]

    @classmethod
    def get_timesheet_lines(cls, tickets, name):
        pool = Pool()
        Line = pool.get('timesheet.line')
        Work = pool.get('timesheet.work')
        lines = {t.id: [] for t in tickets}
        origins = {f'{_TICKET}{t.id}': t.id for t in tickets}
        query = readable(Line, [('work.origin', 'in', list(origins))])
        if query is None:
            return lines
        work, line = Work.__table__(), Line.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*work.join(line, condition=line.work == work.id).select(
                work.origin, line.id,
                where=line.id.in_(query),
                order_by=[line.date.desc, line.id.desc]))
        for origin, id_ in cursor:
            lines[origins[origin]].append(id_)
        return lines

    @classmethod
    def set_timesheet_lines(cls, tickets, name, value):
        "Change and delete lines, with the rights that the user has on them."
        pool = Pool()
        Line = pool.get('timesheet.line')
        with check_access():
            for action, *args in value:
                if action == 'write':
                    Line.write(*chain(*(
                                (Line.browse(ids), values)
                                for ids, values in zip(
                                    args[::2], args[1::2]))))
                elif action == 'delete':
                    Line.delete(Line.browse(args[0]))

    def work_name(self):
        "Return what the ticket is called to who may not see it, a str."
        pool = Pool()
        User = pool.get('res.user')
        if (not Transaction().user
                or self.section.id in User.get_helpdesk_sections()):
            return self.rec_name
        return f'#{self.number}'

    @classmethod
    def check_modification(cls, mode, tickets, values=None, external=False):
        pool = Pool()
        Line = pool.get('timesheet.line')
        super().check_modification(
            mode, tickets, values=values, external=external)
        if mode == 'delete':
            for line in Line.search([
                        ('work.origin', 'in', [str(t) for t in tickets]),
                        ], limit=1):
                raise TicketDeleteError(gettext(
                        'helpdesk.msg_ticket_delete_time',
                        ticket=line.work.origin.rec_name))

    @classmethod
    def on_modification(cls, mode, tickets, field_names=None):
        pool = Pool()
        Work = pool.get('timesheet.work')
        super().on_modification(mode, tickets, field_names=field_names)
        if mode == 'delete':
            with without_check_access():
                Work.delete(list(Work.search([
                                ('origin', 'in', [str(t) for t in tickets]),
                                ], order=[])))

    @classmethod
    def write(cls, *args):
        closed, reopened, moved = [], [], []
        actions = iter(args)
        for tickets, values in zip(actions, actions):
            if 'company' in values:
                moved += [
                    t for t in tickets if t.company.id != values['company']]
            if 'state' in values:
                for ticket in tickets:
                    if values['state'] == 'closed':
                        closed.append(ticket)
                    elif ticket.state == 'closed':
                        reopened.append(ticket)
        if moved:
            # What was done for a company stays in its timesheets
            with without_check_access():
                cls.end_work(moved)
        super().write(*args)
        with without_check_access():
            if closed:
                cls.end_work(closed)
            if reopened:
                cls._resume_work(reopened)

    @classmethod
    def end_work(cls, tickets):
        "Take note that nobody works on the tickets any longer."
        pool = Pool()
        Work = pool.get('timesheet.work')
        ended = defaultdict(list)
        for work in cls._works(tickets):
            date = today(work.company)
            if not (work.timesheet_start_date
                    and work.timesheet_start_date > date):
                ended[date].append(work)
        if ended:
            Work.write(*chain(*(
                        (works, {'timesheet_end_date': date})
                        for date, works in ended.items())))

    @classmethod
    def _resume_work(cls, tickets):
        pool = Pool()
        Work = pool.get('timesheet.work')
        Work.write(cls._works(tickets), {'timesheet_end_date': None})

    @classmethod
    def _works(cls, tickets):
        """
        Return the works of the tickets, those that there are.

        Not those of companies that a ticket does not belong to any longer.
        """
        pool = Pool()
        Work = pool.get('timesheet.work')
        works = Work.search([
                ('origin', 'in', [str(t) for t in tickets]),
                ], order=[])
        return [w for w in works if w.company == w.origin.company]

    @classmethod
    @without_check_access
    def book_time(cls, entries):
        """
        Put down in timesheets that employees worked on tickets.

        entries are tuples of the ticket, the employee (records), the date,
        the duration (a timedelta) and a description (a str or None). It is
        added to what the employee did on the day on the ticket, and all of
        this is rounded.
        """
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        Line = pool.get('timesheet.line')
        configuration = Configuration(1)
        entries = [e for e in entries if e[3] > dt.timedelta()]
        works = cls._works_for(entries)
        lines = cls._lines_for(works, entries)
        changed = {}
        for ticket, employee, date, duration, description in entries:
            work = works[ticket.id]
            key = (work.id, employee.id, date)
            line = lines.get(key)
            if not line:
                line = lines[key] = Line(
                    company=work.company, employee=employee, date=date,
                    work=work)
            line.add_helpdesk_time(
                duration, description, configuration.rounding(work.company))
            changed[key] = line
        Line.save(list(changed.values()))

    @classmethod
    def _works_for(cls, entries):
        "Return the works to put time down for, by the ids of their tickets."
        pool = Pool()
        Work = pool.get('timesheet.work')
        last = {}
        for ticket, _, date, *_ in entries:
            last[ticket] = max(date, last.get(ticket, date))
        works = {w.origin.id: w for w in cls._works(last)}
        missing = [t for t in last if t.id not in works]
        if missing:
            # Two who begin at once must not make two
            cls.lock(missing)
            Work.save([Work(origin=t, company=t.company) for t in missing])
            works.update((w.origin.id, w) for w in cls._works(missing))
        late = []
        for ticket, date in last.items():
            work = works[ticket.id]
            if work.timesheet_end_date and work.timesheet_end_date < date:
                work.timesheet_end_date = date
                late.append(work)
        Work.save(late)
        return works

    @classmethod
    def _lines_for(cls, works, entries):
        "Return the lines there are by work, employee (their ids) and date."
        pool = Pool()
        Line = pool.get('timesheet.line')
        lines = {}
        if not entries:
            return lines
        for line in Line.search([
                    ('work', 'in', [w.id for w in works.values()]),
                    ('employee', 'in', list({e.id for _, e, *_ in entries})),
                    ('date', 'in', list({e[2] for e in entries})),
                    ], order=[('id', 'ASC')]):
            if line.takes_helpdesk_time:
                lines.setdefault(
                    (line.work.id, line.employee.id, line.date), line)
        return lines

    @classmethod
    @without_check_access
    def working_employees(cls):
        "Return the employees that the user is, of any company."
        pool = Pool()
        User = pool.get('res.user')
        user = User(Transaction().user)
        return list(dict.fromkeys(
                filter(None, [user.employee, *user.employees])))

    @classmethod
    @without_check_access
    def working_employee(cls, company):
        """
        Return the employee of the company as whom the user works.

        Raise WorkError if there is none.
        """
        for employee in cls.working_employees():
            if employee.company == company:
                return employee
        raise WorkError(gettext(
                'helpdesk.msg_work_employee', company=company.rec_name))

    @classmethod
    @ModelView.button_action('helpdesk.wizard_ticket_add_time')
    def add_time(cls, tickets):
        pass


class AddTimeStart(ModelView):
    __name__ = 'helpdesk.ticket.add_time.start'

    date = fields.Date("Date", required=True,
        help="The day on which you worked on the ticket.")
    duration = fields.TimeDelta(
        "Duration", 'company_work_time', required=True,
        help="How long you worked on the ticket, before rounding.")
    description = fields.Char("Description",
        help="What you did, for the timesheet.")


class AddTime(Wizard):
    __name__ = 'helpdesk.ticket.add_time'

    start = StateView(
        'helpdesk.ticket.add_time.start', 'helpdesk.add_time_start_view_form',
        [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Add", 'add', 'tryton-ok', default=True),
            ])
    add = StateTransition()

    def default_start(self, fields):
        self.model.check_workable(self.records)
        return {'date': today(self.record.company)}

    def transition_add(self):
        self.model.check_workable(self.records)
        ticket, start = self.record, self.start
        if not dt.timedelta() < start.duration <= _DAY:
            raise WorkError(gettext('helpdesk.msg_work_duration'))
        if start.date > today(ticket.company):
            raise WorkError(gettext('helpdesk.msg_work_future'))
        self.model.book_time([(
                    ticket, self.model.working_employee(ticket.company),
                    start.date, start.duration, start.description)])
        return 'end'

    def end(self):
        return 'reload'


class Erase(metaclass=PoolMeta):
    __name__ = 'party.erase'

    def _helpdesk_to_erase(self, party, tickets):
        pool = Pool()
        Line = pool.get('timesheet.line')
        return super()._helpdesk_to_erase(party, tickets) + [
            # The accounts need the time, not what was written about it
            (Line, [
                    ('work.origin', 'in', [
                            f'{_TICKET}{t}' for t in tickets]),
                    ], False,
                ['description'],
                [None]),
            ]
