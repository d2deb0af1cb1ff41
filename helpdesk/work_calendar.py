# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.cache import Cache
from trytond.model import (
    DeactivableMixin, Index, ModelSQL, ModelView, Unique, fields)
from trytond.modules.company.model import CompanyValueMixin
from trytond.pool import Pool, PoolMeta
from trytond.tools import timezone as tz
from trytond.transaction import Transaction, without_check_access

from .worktime import Always, Holiday, Span, worktime

TIMEZONES = [(z, z) for z in sorted(tz.available_timezones())]
_ALWAYS = Always()


class WorkCalendar(DeactivableMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.work_calendar'

    name = fields.Char("Name", required=True,
        help="What the opening hours are called.")
    timezone = fields.Selection(
        TIMEZONES, "Timezone", required=True, translate=False,
        help="On whose clocks the hours and days are.")
    spans = fields.One2Many(
        'helpdesk.work_calendar.span', 'calendar', "Opening Hours",
        help="When there is somebody to work on tickets, by weekday.")
    holidays = fields.One2Many(
        'helpdesk.work_calendar.holiday', 'calendar', "Holidays",
        help="The days on which it is closed all day.")
    _data_cache = Cache('helpdesk.work_calendar.data', context=False)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('name', 'ASC'), ('id', 'ASC')]

    @classmethod
    def default_timezone(cls):
        pool = Pool()
        Company = pool.get('company.company')
        company = Transaction().context.get('company')
        if company is not None and company >= 0:
            return Company(company).timezone or 'UTC'
        return 'UTC'

    @classmethod
    def worktimes(cls, ids):
        """
        Return the opening hours of calendars, by their ids.

        A dictionary of worktime.Worktime, which all work with naive UTC
        times; of Always, open around the clock, for None.
        """
        times = {}
        for id_ in set(ids):
            if id_ is None:
                times[id_] = _ALWAYS
            elif data := cls._data_cache.get(id_):
                times[id_] = worktime(*data)
        missing = set(ids) - set(times)
        if missing:
            with without_check_access():
                for calendar in cls.browse(sorted(missing)):
                    data = calendar._data()
                    cls._data_cache.set(calendar.id, data)
                    times[calendar.id] = worktime(*data)
        return times

    @property
    def worktime(self):
        "The opening hours, a worktime.Worktime."
        return self.worktimes([self.id])[self.id]

    def _data(self):
        "Return what a Worktime is made of."
        return (
            tuple(sorted(s.span for s in self.spans)),
            tuple(sorted(h.holiday for h in self.holidays)),
            self.timezone)

    @classmethod
    def on_modification(cls, mode, calendars, field_names=None):
        super().on_modification(mode, calendars, field_names=field_names)
        cls._data_cache.clear()


class _Part(ModelSQL, ModelView):
    "What a calendar consists of."
    __slots__ = ()

    @classmethod
    def on_modification(cls, mode, parts, field_names=None):
        pool = Pool()
        WorkCalendar = pool.get('helpdesk.work_calendar')
        super().on_modification(mode, parts, field_names=field_names)
        WorkCalendar._data_cache.clear()


class WorkCalendarSpan(_Part):
    __name__ = 'helpdesk.work_calendar.span'

    calendar = fields.Many2One(
        'helpdesk.work_calendar', "Calendar", ondelete='CASCADE',
        required=True,
        help="The calendar that the hours are part of.")
    day = fields.Many2One('ir.calendar.day', "Day", required=True,
        help="The day of the week on which the hours begin.")
    start = fields.Time("From", required=True, format='%H:%M',
        help="When it opens.")
    end = fields.Time("To", required=True, format='%H:%M',
        help="When it closes; on the next day if this is not later than "
        "when it opens.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t, (t.calendar, Index.Range())))
        cls._order = [('day', 'ASC'), ('start', 'ASC'), ('id', 'ASC')]

    @property
    def span(self):
        "The hours, a worktime.Span."
        return Span(self.day.index, self.start, self.end)


class WorkCalendarHoliday(_Part):
    __name__ = 'helpdesk.work_calendar.holiday'

    calendar = fields.Many2One(
        'helpdesk.work_calendar', "Calendar", ondelete='CASCADE',
        required=True,
        help="The calendar that the holiday is part of.")
    date = fields.Date("Date", required=True,
        help="The day that is closed; in the first year if it is so "
        "every year.")
    name = fields.Char("Name", required=True,
        help="What the holiday is called.")
    yearly = fields.Boolean("Every Year",
        help="The same day is closed every year.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints = [
            ('date_unique', Unique(t, t.calendar, t.date),
                'helpdesk.msg_holiday_unique'),
            ]
        cls._sql_indexes.add(Index(t, (t.calendar, Index.Range())))
        cls._order = [('date', 'DESC'), ('id', 'DESC')]

    @classmethod
    def default_yearly(cls):
        return False

    @property
    def holiday(self):
        "The date, a worktime.Holiday."
        return Holiday(self.date, self.name, self.yearly)


class Configuration(metaclass=PoolMeta):
    __name__ = 'helpdesk.configuration'

    work_calendar = fields.MultiValue(fields.Many2One(
            'helpdesk.work_calendar', "Opening Hours",
            help="When the sections work that have no opening hours of "
            "their own. If empty they work around the clock."))

    @classmethod
    def multivalue_model(cls, field):
        pool = Pool()
        if field == 'work_calendar':
            return pool.get('helpdesk.configuration.work_calendar')
        return super().multivalue_model(field)


class ConfigurationWorkCalendar(ModelSQL, CompanyValueMixin):
    __name__ = 'helpdesk.configuration.work_calendar'

    work_calendar = fields.Many2One(
        'helpdesk.work_calendar', "Opening Hours")


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    calendar = fields.Many2One(
        'helpdesk.work_calendar', "Opening Hours",
        help="When the section works. If empty, the hours that are set in "
        "the configuration, else around the clock.")

    @classmethod
    def hours_changed(cls, sections):
        """
        Do what has to be done when the opening hours of sections change.

        sections is a list of ids. The change is made, in this transaction.
        What takes long is better left to the queue.
        """

    @property
    def worktime(self):
        "The opening hours of the section, a worktime.Worktime or Always."
        return self.worktimes([self])[self.id]

    @classmethod
    @without_check_access
    def worktimes(cls, sections):
        """
        Return when sections work, by their ids.

        A dictionary of worktime.Worktime or Always.
        """
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        WorkCalendar = pool.get('helpdesk.work_calendar')
        configuration = Configuration(1)
        calendars, defaults = {}, {}
        for section in cls.browse(sections):
            calendar = section.calendar
            if not calendar:
                company = section.company.id
                if company not in defaults:
                    defaults[company] = configuration.get_multivalue(
                        'work_calendar', company=company)
                calendar = defaults[company]
            calendars[section.id] = calendar.id if calendar else None
        times = WorkCalendar.worktimes(calendars.values())
        return {s: times[c] for s, c in calendars.items()}
