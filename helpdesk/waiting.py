# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from contextlib import suppress

from sql import Null
from trytond.i18n import gettext
from trytond.model import Index, ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.tools import timezone as tz
from trytond.transaction import Transaction, check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .batch import in_batches
from .exceptions import WaitingError
from .workflow import STATES
from .worktime import NeverOpen

# States in which somebody else has to do something
PAUSED_STATES = ['pending', 'authorization', 'third_party']
# When the ticket is back on the day that was chosen, where it is not open
MORNING = dt.time(8)


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    waiting_until = fields.DateTime("Waiting Until",
        states={
            'invisible': ~Eval('state').in_(PAUSED_STATES),
            },
        help="When the ticket comes back to In Process by itself.\n"
        "Leave empty to wait for an answer.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t,
                (t.waiting_until, Index.Range()),
                where=t.waiting_until != Null))
        cls._buttons['wait_until'] = {
            'invisible': ~Eval('state').in_(['open', *PAUSED_STATES]),
            'icon': 'tryton-date',
            'depends': ['state'],
            }

    @classmethod
    @ModelView.button_action('helpdesk.wizard_ticket_wait_until')
    def wait_until(cls, tickets):
        pass

    @classmethod
    def wake(cls):
        "Bring back the tickets whose time of waiting is over (scheduled)."
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(table.id,
                where=(table.waiting_until <= dt.datetime.now())
                & table.state.in_(PAUSED_STATES),
                order_by=[table.id]))
        in_batches([id_ for id_, in cursor], cls._wake)

    @classmethod
    def _wake(cls, tickets):
        with Transaction().set_context(helpdesk_actor='system'):
            cls.open(list(cls.search([
                            ('id', 'in', tickets),
                            ('waiting_until', '<=', dt.datetime.now()),
                            ('state', 'in', PAUSED_STATES),
                            ], order=[])))

    def _consequences(self, values):
        consequences = super()._consequences(values)
        if ('state' in values and 'waiting_until' not in values
                and self.waiting_until):
            consequences['waiting_until'] = None
        return consequences

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('waiting_until')
        return super().copy(tickets, default=default)


class WaitUntilStart(ModelView):
    __name__ = 'helpdesk.ticket.wait_until.start'

    timezone = fields.Char("Timezone", readonly=True)
    section = fields.Many2One('helpdesk.section', "Section", readonly=True)
    state = fields.Selection(
        [s for s in STATES if s[0] in PAUSED_STATES], "State",
        required=True, sort=False,
        help="Whom the ticket waits for.")
    choice = fields.Selection([
            ('tomorrow', "Tomorrow"),
            ('three_days', "In 3 Days"),
            ('next_week', "Next Monday"),
            ('date', "On a Date"),
            ], "When", required=True, sort=False,
        help="When the ticket shall come back.")
    until = fields.DateTime("Waiting Until", required=True,
        states={
            'readonly': Eval('choice') != 'date',
            },
        help="When the ticket comes back to In Process by itself.")

    @fields.depends('choice', 'section', 'timezone', 'until')
    def on_change_choice(self):
        today = dt.datetime.now(self._zone).date()
        days = {
            'tomorrow': 1,
            'three_days': 3,
            'next_week': 7 - today.weekday(),
            }.get(self.choice)
        if days:
            self.until = self._morning(today + dt.timedelta(days=days))

    @property
    def _zone(self):
        return tz.get_tzinfo(self.timezone) if self.timezone else tz.UTC

    def _morning(self, day):
        """
        Return the naive UTC time when the section opens on the day.

        Where it does not, or always is open, that of the morning.
        """
        start, morning, end = (
            at.astimezone(tz.UTC).replace(tzinfo=None) for at in [
                dt.datetime.combine(day, dt.time(), self._zone),
                dt.datetime.combine(day, MORNING, self._zone),
                dt.datetime.combine(
                    day + dt.timedelta(days=1), dt.time(), self._zone)])
        if self.section:
            with suppress(NeverOpen):
                opening = self.section.worktime.next_opening(start)
                if start < opening < end:
                    return opening
        return morning


class WaitUntil(Wizard):
    __name__ = 'helpdesk.ticket.wait_until'

    start = StateView(
        'helpdesk.ticket.wait_until.start',
        'helpdesk.wait_until_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Wait", 'wait', 'tryton-ok', default=True),
            ])
    wait = StateTransition()

    def default_start(self, fields):
        pool = Pool()
        Start = pool.get('helpdesk.ticket.wait_until.start')
        state = self.record.state
        start = Start(
            timezone=self.record.company.timezone,
            section=self.record.section, choice='tomorrow')
        start.on_change_choice()
        return {
            'timezone': start.timezone,
            'section': start.section.id,
            'state': state if state in PAUSED_STATES else 'pending',
            'choice': start.choice,
            'until': start.until,
            }

    @check_access
    def transition_wait(self):
        if self.start.until <= dt.datetime.now():
            raise WaitingError(gettext('helpdesk.msg_waiting_past'))
        tickets = list(self.records)
        self.model.bring_to(tickets, self.start.state)
        self.model.write(tickets, {'waiting_until': self.start.until})
        return 'end'

    def end(self):
        return 'reload'
