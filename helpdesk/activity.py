# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from sql.aggregate import Min
from trytond import backend
from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval, If
from trytond.tools import sqlite_apply_types
from trytond.transaction import Transaction
from trytond.wizard import StateAction, Wizard

# Fields that only the buttons change
KEPT_FIELDS = {'state', 'done_at', 'done_by'}


class Activity(ModelSQL, ModelView):
    __name__ = 'helpdesk.activity'
    _rec_name = 'what'

    _states = {
        'readonly': Eval('state') == 'done',
        }

    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", required=True, ondelete='CASCADE',
        states={
            'readonly': Eval('id', -1) >= 0,
            },
        help="The ticket it is a step of.")
    company = fields.Function(
        fields.Many2One('company.company', "Company"),
        'on_change_with_company')
    what = fields.Char("What", required=True, states=_states,
        help="What has to be done, in a few words.")
    due = fields.Date("Due Date", required=True, states=_states,
        help="The day on which it has to be done at the latest.")
    employee = fields.Many2One(
        'company.employee', "Responsible",
        domain=[
            ('company', '=', Eval('company', -1)),
            ],
        states=_states,
        help="Who does it, and finds it in My Activities.")
    note = fields.Text("Note", states=_states,
        help="What else has to be known.")
    state = fields.Selection([
            ('planned', "Planned"),
            ('done', "Done"),
            ], "State", required=True, readonly=True, sort=False,
        help="Whether it still has to be done.")
    done_at = fields.DateTime("Done On", readonly=True,
        states={
            'invisible': Eval('state') != 'done',
            },
        help="When it was marked as done.")
    done_by = fields.Many2One('company.employee', "Done By", readonly=True,
        states={
            'invisible': Eval('state') != 'done',
            },
        help="Who marked it as done.")
    is_overdue = fields.Function(
        fields.Boolean("Overdue"), 'on_change_with_is_overdue')

    del _states

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('ticket')
        # What is planned by its date, then what was done last
        cls._order = [
            ('done_at', 'DESC NULLS FIRST'), ('due', 'ASC'), ('id', 'ASC')]
        t = cls.__table__()
        cls._sql_indexes.update({
                Index(t, (t.ticket, Index.Range()), (t.due, Index.Range())),
                Index(t,
                    (t.employee, Index.Range()),
                    (t.due, Index.Range()),
                    where=t.state == 'planned'),
                })
        cls._buttons.update(
            do={
                'invisible': Eval('state') != 'planned',
                'icon': 'tryton-ok',
                'depends': ['state'],
                },
            plan={
                'invisible': Eval('state') != 'done',
                'icon': 'tryton-undo',
                'depends': ['state'],
                },
            )

    @classmethod
    def default_employee(cls):
        return Transaction().context.get('employee')

    @classmethod
    def default_state(cls):
        return 'planned'

    @fields.depends('ticket', '_parent_ticket.company')
    def on_change_with_company(self, name=None):
        return self.ticket.company if self.ticket else None

    @fields.depends('due', 'state')
    def on_change_with_is_overdue(self, name=None):
        pool = Pool()
        Date = pool.get('ir.date')
        return bool(
            self.due and self.state == 'planned' and self.due < Date.today())

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree', 'visual',
                If(Eval('is_overdue', False), 'danger',
                    If(Eval('state') == 'done', 'muted', ''))),
            ]

    @classmethod
    def check_modification(
            cls, mode, activities, values=None, external=False):
        super().check_modification(
            mode, activities, values=values, external=external)
        # Tryton 8.0 leaves it to the client to keep readonly fields
        if external and (
                (mode == 'write' and not KEPT_FIELDS.isdisjoint(values))
                or (mode == 'create' and any(
                        a.state != 'planned' or a.done_at or a.done_by
                        for a in activities))):
            raise AccessError(gettext('helpdesk.msg_activity_kept'))

    @classmethod
    def copy(cls, activities, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('state', 'planned')
        default.setdefault('done_at')
        default.setdefault('done_by')
        return super().copy(activities, default=default)

    @classmethod
    @ModelView.button
    def do(cls, activities):
        pool = Pool()
        User = pool.get('res.user')
        employee = User(Transaction().user).employee
        cls.write([a for a in activities if a.state == 'planned'], {
                'state': 'done',
                'done_at': dt.datetime.now().replace(microsecond=0),
                'done_by': employee.id if employee else None,
                })

    @classmethod
    @ModelView.button
    def plan(cls, activities):
        cls.write([a for a in activities if a.state == 'done'], {
                'state': 'planned',
                'done_at': None,
                'done_by': None,
                })


class OpenTicket(Wizard):
    __name__ = 'helpdesk.activity.open_ticket'

    start_state = 'open_'
    open_ = StateAction('helpdesk.act_activity_ticket')

    def do_open_(self, action):
        return action, {
            'res_id': list(dict.fromkeys(a.ticket.id for a in self.records)),
            }


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    activities = fields.One2Many(
        'helpdesk.activity', 'ticket', "Activities",
        help="The next steps, each with its date and who does it.")
    next_activity = fields.Function(fields.Date("Next Activity",
            help="The date of the first step that is planned."),
        'get_next_activity')

    @classmethod
    def get_next_activity(cls, tickets, name):
        pool = Pool()
        Activity = pool.get('helpdesk.activity')
        dates = dict.fromkeys(t.id for t in tickets)
        activity = Activity.__table__()
        query = activity.select(
            activity.ticket, Min(activity.due).as_('due'),
            where=fields.SQL_OPERATORS['in'](activity.ticket, list(dates))
            & (activity.state == 'planned'),
            group_by=[activity.ticket])
        if backend.name == 'sqlite':
            sqlite_apply_types(query, [None, 'DATE'])
        cursor = Transaction().connection.cursor()
        cursor.execute(*query)
        dates.update(cursor)
        return dates

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('activities')
        return super().copy(tickets, default=default)
