# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The stopwatches with which employees measure their work on tickets.

Each employee has one. What it measured goes into the timesheet when it is
stopped, unless it has run so long that it was probably forgotten.
"""
import datetime as dt
from collections import defaultdict

from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, Unique, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.transaction import Transaction, without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from . import timesheet
from .exceptions import WorkError
from .time_spent import by_day, local_date

# Nobody works longer on a ticket at a stretch
LONG = dt.timedelta(hours=12)


class Stopwatch(ModelSQL):
    __name__ = 'helpdesk.stopwatch'

    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", required=True, ondelete='CASCADE',
        help="The ticket that the employee works on.")
    employee = fields.Many2One(
        'company.employee', "Employee", required=True, ondelete='CASCADE',
        help="Who works on it.")
    start = fields.DateTime("Start", required=True,
        help="Since when.")
    reminded = fields.Boolean("Reminded",
        help="The employee was told that it still runs.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints = [
            ('employee_unique', Unique(t, t.employee),
                'helpdesk.msg_stopwatch_unique'),
            ]
        cls._sql_indexes.add(Index(t, (t.ticket, Index.Range())))

    @classmethod
    def default_reminded(cls):
        return False

    @classmethod
    def mine(cls, domain=()):
        "Return the stopwatches of the user, one for each company at most."
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        return list(cls.search([
                    ('employee', 'in', [
                            e.id for e in Ticket.working_employees()]),
                    *domain,
                    ]))

    def is_forgotten(self):
        """
        Tell if what it measures is not to be booked without asking.

        That is when it runs very long, or since another day.
        """
        zone = timesheet.zone(self.ticket.company)
        now = timesheet.now()
        return (now - self.start > LONG
            or local_date(self.start, zone) != local_date(now, zone))

    def is_employed(self):
        "Tell if the employee is one today."
        date, employee = timesheet.today(self.ticket.company), self.employee
        return ((employee.start_date or date) <= date
            <= (employee.end_date or date))

    @classmethod
    @without_check_access
    def book(cls, watches, end=None, description=None):
        """
        Stop the watches and put their time down in the timesheets.

        end is when they were stopped, naive UTC, now if None.
        """
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        end = end or timesheet.now()
        Ticket.book_time([
                (w.ticket, w.employee, date, duration, description)
                for w in watches
                for date, duration in by_day(
                    w.start, end, timesheet.zone(w.ticket.company))])
        cls.delete(watches)

    @classmethod
    @without_check_access
    def remind(cls):
        "Tell employees that they forgot theirs (scheduled action)."
        pool = Pool()
        Notification = pool.get('res.notification')
        User = pool.get('res.user')
        now = timesheet.now()
        watches = list(cls.search([
                    ('start', '<', now - LONG),
                    ('reminded', '=', False),
                    ]))
        users = defaultdict(list)
        for user in User.search([
                    ('employees', 'in', [w.employee.id for w in watches]),
                    ]):
            for employee in user.employees:
                users[employee].append(user)
        Notification.create([
                Notification.about(watch.ticket, user, gettext(
                        'helpdesk.msg_stopwatch_forgotten',
                        *user.notice_language(),
                        number=watch.ticket.number,
                        hours=(now - watch.start) // dt.timedelta(hours=1)))
                for watch in watches for user in users[watch.employee]])
        cls.write(watches, {'reminded': True})


class Cron(metaclass=PoolMeta):
    __name__ = 'ir.cron'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.method.selection.append(
            ('helpdesk.stopwatch|remind',
                "Remind of Forgotten Helpdesk Stopwatches"))


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    working_since = fields.Function(fields.DateTime("Working Since",
            states={
                'invisible': ~Eval('working_since'),
                },
            help="Since when your stopwatch has been running."),
        'get_stopwatches')
    workers = fields.Function(fields.Char("Working on It",
            states={
                'invisible': ~Eval('workers'),
                },
            help="Whose stopwatches are running."),
        'get_stopwatches')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons['start_work'] = {
            'invisible': ((Eval('state') == 'closed')
                | Bool(Eval('working_since'))),
            'icon': 'tryton-helpdesk-start',
            'depends': ['state', 'working_since'],
            }
        cls._buttons['stop_work'] = {
            'invisible': ~Eval('working_since'),
            'icon': 'tryton-helpdesk-stop',
            'depends': ['working_since'],
            }

    @classmethod
    def get_stopwatches(cls, tickets, names):
        pool = Pool()
        Stopwatch = pool.get('helpdesk.stopwatch')
        since, workers = {}, defaultdict(list)
        watches = list(Stopwatch.search([
                    ('ticket', 'in', [t.id for t in cls._with_time(tickets)]),
                    ], order=[('start', 'ASC')]))
        mine = cls.working_employees() if watches else []
        for watch in watches:
            workers[watch.ticket.id].append(watch.employee.rec_name)
            if watch.employee in mine:
                since[watch.ticket.id] = watch.start
        result = {
            'working_since': {t.id: since.get(t.id) for t in tickets},
            'workers': {t.id: ', '.join(workers[t.id]) for t in tickets},
            }
        return {n: result[n] for n in names}

    @classmethod
    @ModelView.button
    def start_work(cls, tickets):
        """
        Start the user's stopwatch on the ticket.

        The time on another ticket is put down, unless it was forgotten: then
        return the id of the action that asks for it and starts afterwards.
        """
        pool = Pool()
        Stopwatch = pool.get('helpdesk.stopwatch')
        if len(tickets) != 1:
            raise WorkError(gettext('helpdesk.msg_stopwatch_one'))
        ticket, = tickets
        employee = cls.working_employee(ticket.company)
        running = Stopwatch.mine([('employee', '=', employee.id)])
        if any(w.ticket == ticket for w in running):
            return
        if any(w.is_forgotten() for w in running):
            return cls._ask_work()
        Stopwatch.book(running)
        ticket.start_stopwatch()

    def start_stopwatch(self):
        "Start the stopwatch of the user, who has none running."
        pool = Pool()
        Stopwatch = pool.get('helpdesk.stopwatch')
        with without_check_access():
            Stopwatch.create([{
                        'ticket': self.id,
                        'employee': self.working_employee(self.company).id,
                        'start': timesheet.now(),
                        }])

    @classmethod
    @ModelView.button
    def stop_work(cls, tickets):
        """
        Stop the user's stopwatch on the tickets and put the time down.

        Return the id of the action that asks for the time if it was
        forgotten.
        """
        pool = Pool()
        Stopwatch = pool.get('helpdesk.stopwatch')
        running = Stopwatch.mine([('ticket', 'in', [t.id for t in tickets])])
        if any(w.is_forgotten() for w in running):
            return cls._ask_work()
        Stopwatch.book(running)

    @classmethod
    def _ask_work(cls):
        pool = Pool()
        Action = pool.get('ir.action')
        ModelData = pool.get('ir.model.data')
        return Action.get_action_id(
            ModelData.get_id('helpdesk', 'wizard_ticket_stop_work'))

    @classmethod
    def end_work(cls, tickets):
        pool = Pool()
        Stopwatch = pool.get('helpdesk.stopwatch')
        # What was forgotten waits for its employee, closing does not fail
        Stopwatch.book([
                w for w in Stopwatch.search([
                        ('ticket', 'in', [t.id for t in tickets]),
                        ])
                if not w.is_forgotten() and w.is_employed()])
        super().end_work(tickets)


class StopWorkStart(ModelView):
    __name__ = 'helpdesk.ticket.stop_work.start'

    ticket = fields.Char("Ticket", readonly=True,
        help="The ticket that your stopwatch is running on.")
    started = fields.DateTime("Started", readonly=True,
        help="When you started it.")
    ended = fields.DateTime("Stopped", required=True,
        help="When you stopped working on the ticket.")
    description = fields.Char("Description",
        help="What you did, for the timesheet.")


class StopWork(Wizard):
    __name__ = 'helpdesk.ticket.stop_work'

    start = StateView(
        'helpdesk.ticket.stop_work.start',
        'helpdesk.stop_work_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Discard", 'discard', 'tryton-delete', validate=False),
            Button("Stop", 'stop', 'tryton-ok', default=True),
            ])
    discard = StateTransition()
    stop = StateTransition()

    def default_start(self, fields):
        watch = self._watch()
        now = timesheet.now()
        return {
            'ticket': watch.ticket.work_name(),
            'started': watch.start,
            # Nobody shall book a night by just pressing Enter
            'ended': now if now - watch.start <= LONG else None,
            }

    def transition_stop(self):
        pool = Pool()
        Stopwatch = pool.get('helpdesk.stopwatch')
        watch = self._watch()
        if not watch.start <= self.start.ended <= timesheet.now():
            raise WorkError(gettext('helpdesk.msg_stopwatch_end'))
        stopped = watch.ticket
        Stopwatch.book([watch], self.start.ended, self.start.description)
        return self._go_on(stopped)

    def transition_discard(self):
        pool = Pool()
        Stopwatch = pool.get('helpdesk.stopwatch')
        watch = self._watch()
        stopped = watch.ticket
        Stopwatch.delete([watch])
        return self._go_on(stopped)

    def end(self):
        return 'reload'

    def _ticket(self):
        "Return the ticket that the wizard was opened on, if any."
        if Transaction().context.get('active_model') == 'helpdesk.ticket':
            return self.record

    def _watch(self):
        "Return the user's stopwatch that the wizard is about."
        pool = Pool()
        Stopwatch = pool.get('helpdesk.stopwatch')
        ticket = self._ticket()
        watches = Stopwatch.mine(
            [('employee.company', '=', ticket.company.id)] if ticket else [])
        if not watches:
            raise WorkError(gettext('helpdesk.msg_stopwatch_none'))
        return min(watches, key=lambda w: (w.ticket != ticket, w.start))

    def _go_on(self, stopped):
        "Start on the ticket for whose sake work on another was stopped."
        ticket = self._ticket()
        if ticket and ticket != stopped and ticket.state != 'closed':
            self.model.check_workable([ticket])
            ticket.start_stopwatch()
        return 'end'
