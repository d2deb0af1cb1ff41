# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Why a ticket is due when it is: what counted, day by day.
"""
import datetime as dt

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.tools import timezone as tz
from trytond.transaction import Transaction
from trytond.wizard import Button, StateView, Wizard

from . import due_date
from .opening_time import UNITS
from .worktime import Always

_NONE = dt.timedelta()


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons['tell_due_reason'] = {
            'invisible': ~Eval('service_level'),
            'icon': 'tryton-info',
            'depends': ['service_level'],
            }

    @classmethod
    @ModelView.button_action('helpdesk.wizard_ticket_due_reason')
    def tell_due_reason(cls, tickets):
        pass

    def due_reason(self):
        """
        Tell why the ticket is due when it is, in the language of the user.

        Return a dictionary of the values of helpdesk.ticket.due_reason.
        """
        pool = Pool()
        Section = pool.get('helpdesk.section')
        turns = self.turns([self])[self.id]
        hours = Section.worktimes(
            Section.browse(sorted({t.section for t in turns})))
        zone = hours[self.section.id].zone
        if isinstance(hours[self.section.id], Always):
            # It has no clocks of its own
            zone = tz.get_tzinfo(self.company.timezone or 'UTC')
        values = {
            'service_level': self.service_level.rec_name,
            'service_level_reason': self.service_level_reason,
            'timezone': zone.key,
            'deadline': _local(self.deadline, zone) if self.deadline else None,
            }
        for name, until, paused in [
                ('first_answer', self.first_answer_at, due_date.UNANSWERABLE),
                ('solution', None, due_date.paused_sides(self.service_level)),
                ]:
            if getattr(self.service_level, name) is not None:
                values.update(
                    self._reason(name, turns, hours, until, paused, zone))
        return values

    def _reason(self, name, turns, hours, until, paused, zone):
        "Return the values that explain one of the promises."
        due = getattr(self, f'{name}_due')
        if until is None:
            until = due
        if until is None and turns[-1].side == 'nobody':
            until = turns[-1].start
        if until is None:
            until = dt.datetime.now().replace(microsecond=0)
        days = due_date.days(turns, hours, until, paused, zone)
        return {
            name: self._sum_of_reason(name, days, zone),
            f'{name}_days': [
                {
                    'date': day.date,
                    'counted': day.counted,
                    'total': day.total,
                    'closed': day.closed,
                    'note': self._note(day),
                    } for day in days],
            }

    def _sum_of_reason(self, name, days, zone):
        promised = getattr(self.service_level, name)
        due = getattr(self, f'{name}_due')
        met = getattr(self, f'{name}_met')
        used = days[-1].total
        values = {'promised': _hours(promised), 'used': _hours(used)}
        if due is not None:
            return gettext(
                'helpdesk.msg_due_reason_due',
                due=_local(due, zone), **values)
        elif met == 'met':
            return gettext('helpdesk.msg_due_reason_met', **values)
        elif met == 'missed':
            return gettext('helpdesk.msg_due_reason_missed',
                late=_hours(getattr(self, f'{name}_late')), **values)
        elif self.turn == 'nobody':
            return gettext('helpdesk.msg_due_reason_over', **values)
        elif name == 'solution' and self.solution_left is not None:
            return gettext('helpdesk.msg_due_reason_paused',
                left=_hours(self.solution_left), **values)
        return gettext('helpdesk.msg_due_reason_never', **values)

    def _note(self, day):
        "Return what there is to say of a due_date.Day."
        sides = dict(self.get_turns())
        notes = [
            gettext('helpdesk.msg_due_reason_holiday', name=name)
            for name in day.holidays]
        notes += [
            gettext('helpdesk.msg_due_reason_pause',
                side=sides[side], time=_hours(time))
            for side, time in day.paused.items() if time]
        if not notes and not day.counted:
            notes.append(gettext('helpdesk.msg_due_reason_closed'))
        return ' · '.join(notes)


class DueReason(ModelView):
    __name__ = 'helpdesk.ticket.due_reason'

    service_level = fields.Char("Service Level", readonly=True,
        help="What was promised to the customer.")
    service_level_reason = fields.Text("Why", readonly=True,
        help="Why the service level fits better than others.")
    timezone = fields.Char("Timezone", readonly=True,
        help="On whose clocks the days and hours are.")
    deadline = fields.Char("Deadline", readonly=True,
        states={
            'invisible': ~Eval('deadline'),
            },
        help="What people or the section chose, whatever was promised.")
    first_answer = fields.Char("First Answer", readonly=True,
        help="What was promised, and how much of it is used.")
    first_answer_days = fields.One2Many(
        'helpdesk.ticket.due_reason.day', None, "First Answer", readonly=True,
        help="What counted until the first answer, day by day.")
    solution = fields.Char("Solution", readonly=True,
        help="What was promised, and how much of it is used.")
    solution_days = fields.One2Many(
        'helpdesk.ticket.due_reason.day', None, "Solution", readonly=True,
        help="What counted until the solution, day by day.")

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            (f'//page[@name="{name}_days"]', 'states',
                {'invisible': ~Eval(name)}, [name])
            for name in ['first_answer', 'solution']]


class DueReasonDay(ModelView):
    __name__ = 'helpdesk.ticket.due_reason.day'

    date = fields.Date("Date", readonly=True,
        help="The day, where the section works.")
    counted = fields.TimeDelta("Counted", UNITS, readonly=True,
        help="The opening time of the day that counted.")
    total = fields.TimeDelta("Total", UNITS, readonly=True,
        help="What has counted so far.")
    closed = fields.TimeDelta("Closed", UNITS, readonly=True,
        help="How long the section was closed.")
    note = fields.Char("Note", readonly=True,
        help="Holidays, and whose turn it was while the clock stood still.")


class TellDueReason(Wizard):
    __name__ = 'helpdesk.ticket.due_reason'

    start_state = 'reason'
    reason = StateView(
        'helpdesk.ticket.due_reason',
        'helpdesk.due_reason_view_form', [
            Button("Close", 'end', 'tryton-close', default=True),
            ])

    def default_reason(self, fields):
        return self.record.due_reason() if self.record.service_level else {}


def _hours(time):
    "Return a timedelta in hours and minutes."
    minutes = abs(time) // dt.timedelta(minutes=1)
    sign = '-' if time < _NONE else ''
    return f'{sign}{minutes // 60}:{minutes % 60:02}'


def _local(at, zone):
    "Return an instant on the clocks of a zone, as the user writes it."
    pool = Pool()
    Lang = pool.get('ir.lang')
    at = at.replace(tzinfo=dt.timezone.utc).astimezone(zone)
    lang = Lang.get(Transaction().language)
    return lang.strftime(at, f'{lang.date} %H:%M')
