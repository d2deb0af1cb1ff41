# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from functools import partial
from itertools import groupby
from operator import itemgetter

from trytond.cache import Cache
from trytond.i18n import gettext
from trytond.model import (
    DeactivableMixin, Index, ModelSQL, ModelView, Unique, fields)
from trytond.modules.company.model import CompanyValueMixin
from trytond.pool import Pool, PoolMeta
from trytond.tools import timezone as tz
from trytond.transaction import (
    Transaction, inactive_records, without_check_access)

from .exceptions import WorkCalendarError
from .worktime import Always, Holiday, Span, overlapping, worktime

TIMEZONES = [(z, z) for z in sorted(tz.available_timezones())]
# What a new calendar proposes
OPENS, CLOSES = dt.time(9), dt.time(18)
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
    summary = fields.Function(fields.Char("Hours",
            help="The opening hours in one line."),
        'on_change_with_summary')
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
    def default_spans(cls):
        pool = Pool()
        Day = pool.get('ir.calendar.day')
        days = Day.search([('index', '<', 5)])
        return [
            {'day': day.id, 'start': OPENS, 'end': CLOSES} for day in days]

    @fields.depends('spans')
    def on_change_with_summary(self, name=None):
        pool = Pool()
        Day = pool.get('ir.calendar.day')
        days = Day.locale(field='abbreviation')
        hours = [[] for _ in days]
        for start, end, day in sorted(
                (s.start, s.end, s.day.index) for s in self.spans or []
                if s.day and s.start is not None and s.end is not None):
            hours[day].append(f'{start:%H:%M}\N{EN DASH}{end:%H:%M}')
        if not any(hours):
            return gettext('helpdesk.msg_work_calendar_closed')
        texts = []
        for text, group in groupby(
                zip(days, map(', '.join, hours)), key=itemgetter(1)):
            first, *_, last = [*group] * 2
            if text:
                texts.append(' '.join([
                            first[0] if first == last
                            else f'{first[0]}\N{EN DASH}{last[0]}', text]))
        return '; '.join(texts)

    @fields.depends('spans')
    def on_change_notify(self):
        notifications = super().on_change_notify()
        if not self.spans:
            notifications.append(('warning', gettext(
                        'helpdesk.msg_work_calendar_never_open')))
        return notifications

    @classmethod
    def validate_fields(cls, calendars, field_names):
        super().validate_fields(calendars, field_names)
        cls.check_spans(calendars, field_names)

    @classmethod
    def check_spans(cls, calendars, field_names=None):
        """
        Check that the opening hours do not overlap.

        Raise WorkCalendarError.
        """
        if field_names and 'spans' not in field_names:
            return
        for calendar in calendars:
            pair = overlapping([s.span for s in calendar.spans])
            if pair:
                one, other = (calendar.spans[i].rec_name for i in pair)
                raise WorkCalendarError(gettext(
                        'helpdesk.msg_work_calendar_overlap',
                        calendar=calendar.rec_name,
                        one=one, other=other))

    @classmethod
    def worktimes(cls, ids):
        """
        Return the opening hours of calendars, by their ids.

        A dictionary of worktime.Worktime, which all work with naive UTC
        times; of Always, open around the clock, for None.
        """
        times = {}
        ids = set(ids)
        for id_ in ids:
            if id_ is None:
                times[id_] = _ALWAYS
            elif data := cls._data_cache.get(id_):
                times[id_] = worktime(*data)
        missing = ids - times.keys()
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
        if mode == 'write' and 'timezone' in field_names:
            cls.hours_changed([c.id for c in calendars])

    @classmethod
    def hours_changed(cls, calendars):
        "Tell the sections with these calendars, a list of ids."
        pool = Pool()
        Section = pool.get('helpdesk.section')
        cls._data_cache.clear()
        sections = [
            section for section, calendar in Section.calendars().items()
            if calendar in calendars]
        if sections:
            Section.hours_changed(sections)


class _Part(ModelSQL, ModelView):
    "What a calendar consists of."
    __slots__ = ()

    @classmethod
    def on_modification(cls, mode, parts, field_names=None):
        super().on_modification(mode, parts, field_names=field_names)
        if mode != 'delete':
            cls._changed(parts)()

    @classmethod
    def on_write(cls, parts, values):
        callbacks = super().on_write(parts, values)
        if 'calendar' in values:
            callbacks.append(cls._changed(parts))
        return callbacks

    @classmethod
    def on_delete(cls, parts):
        return [*super().on_delete(parts), cls._changed(parts)]

    @classmethod
    def _changed(cls, parts):
        "Return what tells of the change when it is done."
        pool = Pool()
        WorkCalendar = pool.get('helpdesk.work_calendar')
        return partial(
            WorkCalendar.hours_changed, sorted({p.calendar.id for p in parts}))


class WorkCalendarSpan(_Part):
    __name__ = 'helpdesk.work_calendar.span'

    calendar = fields.Many2One(
        'helpdesk.work_calendar', "Opening Hours", ondelete='CASCADE',
        required=True,
        help="The opening hours that these are part of.")
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

    def get_rec_name(self, name):
        return (
            f'{self.day.rec_name} {self.start:%H:%M}\N{EN DASH}'
            f'{self.end:%H:%M}')

    @property
    def span(self):
        "The hours, a worktime.Span."
        return Span(self.day.index, self.start, self.end)


class WorkCalendarHoliday(_Part):
    __name__ = 'helpdesk.work_calendar.holiday'

    calendar = fields.Many2One(
        'helpdesk.work_calendar', "Opening Hours", ondelete='CASCADE',
        required=True,
        help="The opening hours that the holiday is part of.")
    date = fields.Date("Date", required=True,
        help="The day that is closed; that of any year if it is so "
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
        'helpdesk.work_calendar', "Opening Hours", ondelete='RESTRICT')

    @classmethod
    def on_modification(cls, mode, records, field_names=None):
        super().on_modification(mode, records, field_names=field_names)
        if mode != 'delete':
            cls._changed(records)()

    @classmethod
    def on_delete(cls, records):
        return [*super().on_delete(records), cls._changed(records)]

    @classmethod
    def _changed(cls, records):
        "Return what tells of the change when it is done."
        pool = Pool()
        Section = pool.get('helpdesk.section')
        companies = {r.company.id if r.company else None for r in records}
        return partial(Section.company_hours_changed, companies)


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    calendar = fields.Many2One(
        'helpdesk.work_calendar', "Opening Hours", ondelete='RESTRICT',
        help="When the section works. If empty, the hours that are set in "
        "the configuration, else around the clock.")
    _calendars_cache = Cache('helpdesk.section.calendars', context=False)

    @classmethod
    def on_modification(cls, mode, sections, field_names=None):
        super().on_modification(mode, sections, field_names=field_names)
        cls._calendars_cache.clear()
        if mode == 'write' and field_names & {'calendar', 'company'}:
            cls.hours_changed([s.id for s in sections])

    @classmethod
    def hours_changed(cls, sections):
        """
        Do what has to be done when the opening hours of sections change.

        sections is a list of ids. The change is made, in this transaction.
        What takes long is better left to the queue.
        """

    @classmethod
    def company_hours_changed(cls, companies):
        "Tell the sections that work as companies, a set of ids, do."
        cls._calendars_cache.clear()
        domain = [('calendar', '=', None)]
        if None not in companies:
            domain.append(('company', 'in', list(companies)))
        with inactive_records():
            sections = cls.search(domain, order=[])
        if sections:
            cls.hours_changed([s.id for s in sections])

    @property
    def worktime(self):
        "The opening hours of the section, a worktime.Worktime or Always."
        return self.worktimes([self])[self.id]

    @classmethod
    def worktimes(cls, sections):
        """
        Return when sections work, by their ids.

        A dictionary of worktime.Worktime or Always. Costs no statement, but
        the first time.
        """
        pool = Pool()
        WorkCalendar = pool.get('helpdesk.work_calendar')
        calendars = cls.calendars()
        if any(s.id not in calendars for s in sections):
            # Another process made it a moment ago
            cls._calendars_cache.clear()
            calendars = cls.calendars()
        times = WorkCalendar.worktimes(calendars[s.id] for s in sections)
        return {s.id: times[calendars[s.id]] for s in sections}

    @classmethod
    @without_check_access
    def calendars(cls):
        """
        Return the ids of the calendars of all sections, by their ids.

        None for those that work around the clock. Costs no statement, but the
        first time.
        """
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        calendars = cls._calendars_cache.get(None)
        if calendars is None:
            configuration = Configuration(1)
            calendars, defaults = {}, {}
            with inactive_records():
                sections = cls.search([], order=[])
            for section in sections:
                calendar = section.calendar
                if not calendar:
                    company = section.company.id
                    if company not in defaults:
                        defaults[company] = configuration.get_multivalue(
                            'work_calendar', company=company)
                    calendar = defaults[company]
                calendars[section.id] = calendar.id if calendar else None
            cls._calendars_cache.set(None, calendars)
        return calendars
