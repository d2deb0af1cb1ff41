# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from collections import defaultdict
from itertools import chain

from sql import Literal, Null
from sql.functions import CurrentTimestamp
from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, Unique, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.tools import timezone as tz
from trytond.transaction import Transaction, without_check_access

from .due import DUE_FIELDS
from .exceptions import HistoryModificationError
from .opening_time import UNITS
from .telling import Telling, plan
from .ticket import PRIORITIES
from .workflow import OVER_STATES

TARGETS = [
    ('first_answer', "First Answer"),
    ('solution', "Solution"),
    ('deadline', "Deadline"),
    ]
# What the warnings are told by that no step is needed for
WARNING = 0
_ORDER = [p for p, _ in PRIORITIES]


class ServiceLevel(metaclass=PoolMeta):
    __name__ = 'helpdesk.service_level'

    steps = fields.One2Many(
        'helpdesk.service_level.step', 'level', "Escalation",
        help="Who is told besides when something is due or was missed.")

    def tellings(self):
        "Return who is to be told of what and when, a list of Telling."
        tellings = [s.telling for s in self.steps]
        if self.warn_before is not None:
            tellings += [
                Telling(WARNING, target, True, self.warn_before,
                    ('responsible',))
                for target in ['first_answer', 'solution']]
        return tellings

    @classmethod
    def on_modification(cls, mode, levels, field_names=None):
        super().on_modification(mode, levels, field_names=field_names)
        if mode == 'write' and 'warn_before' in field_names:
            cls.__queue__.plan_warnings(levels)

    @classmethod
    def plan_warnings(cls, levels):
        "Look anew at the tickets of the levels, as a task of the queue."
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        Ticket.plan_warnings('service_level', [v.id for v in levels])


class ServiceLevelStep(ModelSQL, ModelView):
    __name__ = 'helpdesk.service_level.step'

    level = fields.Many2One(
        'helpdesk.service_level', "Service Level", required=True,
        ondelete='CASCADE',
        help="The service level that the step is part of.")
    target = fields.Selection([
            (None, "Whatever Is Due"),
            *TARGETS,
            ], "Target", sort=False,
        help="What is due.")
    when = fields.Selection([
            ('before', "Before"),
            ('after', "After"),
            ], "When", required=True, sort=False,
        help="Whether it is told before something is due, or after it was "
        "missed.")
    time = fields.TimeDelta("Time", UNITS, required=True,
        domain=[
            ('time', '>=', dt.timedelta()),
            ],
        help="How much opening time before or after.")
    recipients = fields.MultiSelection([
            ('responsible', "Responsible"),
            ('manager', "Manager of the Section"),
            ('members', "Members of the Section"),
            ('managers', "Helpdesk Managers"),
            ], "Tell", sort=False,
        help="Who is told, if they see the ticket. Where nobody is "
        "responsible, the members of the section are told.")
    employees = fields.Many2Many(
        'helpdesk.service_level.step-employee', 'step', 'employee',
        "Tell Also",
        domain=[
            ('company', '=', Eval('_parent_level', {}).get('company', -1)),
            ],
        help="Other employees who are told, if they see the ticket.")
    priority = fields.Selection([
            (None, ""),
            *PRIORITIES,
            ], "Raise Priority", sort=False,
        help="The priority that the ticket gets, unless it has a higher one.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('level')
        t = cls.__table__()
        cls._sql_indexes.add(Index(t, (t.level, Index.Range())))
        cls._order = [
            ('when', 'DESC'), ('target', 'ASC'), ('time', 'ASC'),
            ('id', 'ASC')]

    @classmethod
    def default_when(cls):
        return 'after'

    @classmethod
    def default_time(cls):
        return dt.timedelta()

    @classmethod
    def default_recipients(cls):
        return ['responsible', 'manager']

    @property
    def telling(self):
        "Who is to be told of what and when, a Telling."
        return Telling(
            self.id, self.target, self.when == 'before', self.time,
            tuple(self.recipients or ()),
            tuple(e.id for e in self.employees), self.priority)

    @classmethod
    def on_modification(cls, mode, steps, field_names=None):
        pool = Pool()
        ServiceLevel = pool.get('helpdesk.service_level')
        super().on_modification(mode, steps, field_names=field_names)
        ServiceLevel.__queue__.plan_warnings(
            sorted({s.level.id for s in steps}))


class ServiceLevelStepEmployee(ModelSQL):
    __name__ = 'helpdesk.service_level.step-employee'

    step = fields.Many2One(
        'helpdesk.service_level.step', "Step", required=True,
        ondelete='CASCADE')
    employee = fields.Many2One(
        'company.employee', "Employee", required=True, ondelete='CASCADE')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('step')


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    escalations = fields.One2Many(
        'helpdesk.escalation', 'ticket', "Warnings", readonly=True,
        help="Who was told when that something is due or was missed.")

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('escalations')
        return super().copy(tickets, default=default)


class Escalation(ModelSQL, ModelView):
    __name__ = 'helpdesk.escalation'

    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", required=True, readonly=True,
        ondelete='CASCADE',
        help="The ticket that it was told of.")
    # No Many2One: it is told once, also if the step is removed
    step = fields.Integer("Step", required=True, readonly=True)
    target = fields.Selection(
        TARGETS, "Target", required=True, readonly=True, sort=False,
        help="What is due.")
    due = fields.DateTime("Due", required=True, readonly=True,
        help="When it is due.")
    event = fields.Selection([
            ('due', "Due Soon"),
            ('missed', "Missed"),
            ], "Event", required=True, readonly=True, sort=False,
        help="What was told.")
    at = fields.DateTime("Date", required=True, readonly=True,
        help="When it was told.")
    late = fields.TimeDelta("Late", UNITS, readonly=True,
        help="How much opening time had passed since it was due.")
    told = fields.Char("Told", readonly=True,
        help="Who was told.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('ticket')
        cls._order = [('at', 'DESC'), ('id', 'DESC')]
        t = cls.__table__()
        cls._sql_constraints = [
            ('once', Unique(t, t.ticket, t.step, t.target, t.due),
                'helpdesk.msg_escalation_once'),
            ]

    @classmethod
    def __register__(cls, module):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        super().__register__(module)
        handler = Ticket.__table_handler__(module)
        if handler.column_exist('due_told'):
            # It was all that was known before there were these records
            cls._keep_told()
            handler.drop_column('due_told')

    @classmethod
    def _keep_told(cls):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        table, ticket = cls.__table__(), Ticket.__table__()
        Transaction().connection.cursor().execute(*table.insert(
                [table.ticket, table.step, table.target, table.due,
                    table.event, table.at],
                ticket.select(
                    ticket.id, Literal(WARNING), Literal('deadline'),
                    ticket.deadline, Literal('due'), CurrentTimestamp(),
                    where=(ticket.due_told == Literal(True))
                    & (ticket.deadline != Null))))

    @classmethod
    def check_modification(cls, mode, records, values=None, external=False):
        super().check_modification(
            mode, records, values=values, external=external)
        # The access to the ticket would allow it
        if external:
            raise HistoryModificationError(
                gettext('helpdesk.msg_history_append_only'))

    @classmethod
    def plan(cls, tickets, at):
        """
        Return what is to be told of the tickets, and when to look again.

        at is the time it is, naive, in UTC. Return a list of tuples (ticket,
        telling.Occasion), and the times by the ids of the tickets, None for
        never.
        """
        pool = Pool()
        Section = pool.get('helpdesk.section')
        hours = Section.worktimes(list({t.section for t in tickets}))
        tellings, told = cls._tellings(tickets), cls._told(tickets)
        occasions, moments = [], {}
        for ticket in tickets:
            dues = {} if ticket.state in OVER_STATES else {
                target: getattr(ticket, name)
                for target, name in DUE_FIELDS.items()}
            found, moments[ticket.id] = plan(
                dues, tellings[ticket.service_level], told[ticket.id],
                hours[ticket.section.id], at)
            occasions += [(ticket, o) for o in found]
        return occasions, moments

    @classmethod
    def _tellings(cls, tickets):
        "Return what there is to tell, by service level."
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        due_soon = Configuration(1).due_soon
        always = [] if due_soon is None else [
            Telling(WARNING, 'deadline', True, due_soon, ('responsible',))]
        tellings = {None: always}
        for level in {t.service_level for t in tickets} - {None}:
            tellings[level] = always + level.tellings()
        return tellings

    @classmethod
    def _told(cls, tickets):
        "Return what was told, by the ids of the tickets."
        told = defaultdict(list)
        for record in cls.search([
                    ('ticket', 'in', [t.id for t in tickets]),
                    ], order=[]):
            told[record.ticket.id].append(
                (record.step, record.target, record.due, record.at))
        return told

    @classmethod
    def escalate(cls, occasions, at):
        """
        Tell people, note that they were told, and raise priorities.

        occasions are as those of plan, at is the time it is.
        """
        pool = Pool()
        Notice = pool.get('helpdesk.notice')
        if not occasions:
            return
        # Of several a user is told the gravest
        occasions = sorted(
            occasions, key=lambda o: (o[1].late is None, o[1].due))
        told = cls._recipients(occasions)
        records = cls.create([
                cls._row(ticket, occasion, users, at)
                for (ticket, occasion), users in zip(occasions, told)])
        notices = {}
        for record, users in zip(records, told):
            for user, _, way in users:
                notices.setdefault((record.ticket.id, user), [
                        record.ticket.id, user, record.event, way, record.id])
        Notice.give_later(list(notices.values()))
        cls._raise_priorities(occasions)

    @classmethod
    def _row(cls, ticket, occasion, users, at):
        return {
            'ticket': ticket.id,
            'step': occasion.telling.id,
            'target': occasion.target,
            'due': occasion.due,
            'event': occasion.event,
            'at': at,
            'late': occasion.late,
            'told': ', '.join(sorted({name for _, name, _ in users})),
            }

    @classmethod
    def _recipients(cls, occasions):
        """
        Return who is told of each, as sets of the id of a user, the name and
        the way.

        Who does not see the ticket or does not want to know is left out.
        """
        employees = [_employees(*o) for o in occasions]
        users = cls._users(
            set().union(*employees),
            any('managers' in o.telling.recipients for _, o in occasions))
        found, tickets = [], defaultdict(set)
        for (ticket, occasion), whom in zip(occasions, employees):
            if 'managers' in occasion.telling.recipients:
                whom = whom | {'managers'}
            found.append({
                    (user, name, ways[occasion.event])
                    for user, name, ways in chain(*(users[e] for e in whom))
                    if ways[occasion.event] != 'none'})
            for user, *_ in found[-1]:
                tickets[user].add(ticket.id)
        return cls._who_see(occasions, found, tickets)

    @classmethod
    def _who_see(cls, occasions, found, tickets):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        seen = {
            user: Ticket.seen_by(user, sorted(ids))
            for user, ids in tickets.items()}
        return [
            {u for u in users if ticket.id in seen[u[0]]}
            for (ticket, _), users in zip(occasions, found)]

    @classmethod
    def _users(cls, employees, managers):
        """
        Return the users of employees, who are given by their ids.

        Tuples of the id, the name and the ways they want to be told in, by
        employee; those of the helpdesk managers by 'managers', if asked for.
        For who is away there is also the substitute.
        """
        pool = Pool()
        Absence = pool.get('helpdesk.absence')
        User = pool.get('res.user')
        UserEmployee = pool.get('res.user-company.employee')
        instead = {
            e: {e, *Absence.with_substitutes({e})} for e in employees}
        user, link = User.__table__(), UserEmployee.__table__()
        users = cls._query_users(
            user.join(link, condition=link.user == user.id), user,
            link.employee, list(set().union(*instead.values())))
        users = defaultdict(list, {
                e: list(chain(*(users[i] for i in instead[e])))
                for e in employees})
        if managers:
            users['managers'] = cls._managers()
        return users

    @classmethod
    def _managers(cls):
        pool = Pool()
        ModelData = pool.get('ir.model.data')
        User = pool.get('res.user')
        UserGroup = pool.get('res.user-res.group')
        group = ModelData.get_id('helpdesk', 'group_helpdesk_manager')
        user, link = User.__table__(), UserGroup.user_group_all_table()
        return cls._query_users(
            user.join(link, condition=link.user == user.id), user,
            link.group, [group])[group]

    @classmethod
    def _query_users(cls, join, user, column, ids):
        "Return the users of a join by the values of the column."
        users = defaultdict(list)
        cursor = Transaction().connection.cursor()
        cursor.execute(*join.select(
                column, user.id, user.name,
                user.helpdesk_notice_due, user.helpdesk_notice_missed,
                where=(user.active == Literal(True))
                & fields.SQL_OPERATORS['in'](column, ids)))
        for key, id_, name, due, missed in cursor:
            users[key].append((id_, name, {'due': due, 'missed': missed}))
        return users

    @classmethod
    def _raise_priorities(cls, occasions):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        priorities = {}
        for ticket, occasion in occasions:
            priorities[ticket] = max(
                priorities.get(ticket, ticket.priority),
                occasion.telling.priority or ticket.priority,
                key=_ORDER.index)
        raised = defaultdict(list)
        for ticket, priority in priorities.items():
            if priority != ticket.priority:
                raised[priority].append(ticket)
        if raised:
            with Transaction().set_context(
                    helpdesk_actor='system', helpdesk_reason='escalation'):
                Ticket.write(*chain(*(
                            (tickets, {'priority': priority})
                            for priority, tickets in raised.items())))

    @without_check_access
    def notice_words(self, user):
        """
        Return the words for the placeholders of a notice by their names.

        user is a record; they are in that user's language and time zone.
        """
        pool = Pool()
        Lang = pool.get('ir.lang')
        language = user.notice_language()
        with Transaction().set_context(dict(zip(['language'], language))):
            targets = dict(self.fields_get(['target'])['target']['selection'])
        lang = Lang.get(*language)
        company = user.company or self.ticket.company
        due = self.due
        if company.timezone:
            due = due.replace(tzinfo=tz.UTC).astimezone(
                tz.get_tzinfo(company.timezone))
        minutes = int((self.late or dt.timedelta()).total_seconds()) // 60
        return {
            'target': targets[self.target],
            'due': lang.strftime(due, f'{lang.date} %H:%M'),
            'late': f'{minutes // 60}:{minutes % 60:02}',
            }


def _employees(ticket, occasion):
    "Return the ids of the employees who are to be told."
    telling, section = occasion.telling, ticket.section
    employees = set(telling.employees)
    members = 'members' in telling.recipients
    if 'responsible' in telling.recipients:
        if ticket.employee:
            employees.add(ticket.employee.id)
        else:
            members = True
    if 'manager' in telling.recipients and section.manager:
        employees.add(section.manager.id)
    if members:
        employees.update(m.id for m in section.members)
    return employees
