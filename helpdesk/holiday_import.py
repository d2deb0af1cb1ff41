# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import (
    Transaction, check_access, inactive_records, without_check_access)
from trytond.wizard import Button, StateTransition, StateView, Wizard

from . import public_holidays
from .batch import in_batches
from .exceptions import HolidayError

# So long before a year begins its holidays are imported
AHEAD = dt.timedelta(days=60)


class WorkCalendar(metaclass=PoolMeta):
    __name__ = 'helpdesk.work_calendar'

    holiday_country = fields.Selection('get_holiday_countries', "Country",
        help="The country whose holidays are imported every year.\n"
        "If empty none are.")
    holiday_region = fields.Selection(
        'get_holiday_regions', "Region",
        states={
            'invisible': ~Eval('holiday_country'),
            },
        help="The region whose holidays are imported every year.\n"
        "If empty only those of the whole country.")
    holiday_language = fields.Many2One('ir.lang', "Language of Holidays",
        domain=[
            ('translatable', '=', True),
            ],
        states={
            'invisible': ~Eval('holiday_country'),
            },
        help="The language of the names of the holidays, "
        "where they have one in it.")
    holiday_year = fields.Integer("Imported Until",
        states={
            'invisible': ~Eval('holiday_country'),
            },
        help="The last year whose holidays were imported. "
        "Those of the year after follow two months before it begins.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons['import_holidays'] = {
            'icon': 'tryton-download',
            }

    @classmethod
    @without_check_access
    def get_holiday_countries(cls):
        pool = Pool()
        Country = pool.get('country.country')
        names = public_holidays.countries().copy()
        with inactive_records():
            names.update(
                (c.code, c.name) for c in Country.search(
                    [('code', 'in', list(names))]))
        return [(None, ''), *names.items()]

    @fields.depends('holiday_country')
    def get_holiday_regions(self):
        return self.regions(self.holiday_country)

    @classmethod
    @without_check_access
    def regions(cls, country):
        "Return the regions of a country, a code or None, as a selection."
        pool = Pool()
        Subdivision = pool.get('country.subdivision')
        names = {}
        if country:
            names = public_holidays.regions(country)
            prefix = f'{country}-'
            with inactive_records():
                names.update(
                    (s.code.removeprefix(prefix), s.name)
                    for s in Subdivision.search([
                            ('code', 'in', [prefix + c for c in names])]))
        return [(None, ''), *names.items()]

    @fields.depends('holiday_country', 'holiday_region')
    def on_change_holiday_country(self):
        regions = dict(self.regions(self.holiday_country))
        if self.holiday_region not in regions:
            self.holiday_region = None

    @classmethod
    @ModelView.button_action('helpdesk.wizard_import_holidays')
    def import_holidays(cls, calendars):
        pass

    @classmethod
    def import_next(cls):
        "Import the holidays of the years that come (scheduled action)."
        calendars = cls.search(cls._without_next(), order=[('id', 'ASC')])
        in_batches([c.id for c in calendars], cls._import_next)

    @classmethod
    def _without_next(cls):
        return [
            ('holiday_country', '!=', None),
            ['OR',
                ('holiday_year', '=', None),
                ('holiday_year', '<', cls._next_year()),
                ],
            ]

    @classmethod
    def _next_year(cls):
        "Return the last year whose holidays should be there by now."
        return (dt.datetime.now() + AHEAD).year

    @classmethod
    def _import_next(cls, ids):
        pool = Pool()
        Holiday = pool.get('helpdesk.work_calendar.holiday')
        year = cls._next_year()
        calendars = cls.search([('id', 'in', ids), *cls._without_next()])
        holidays = []
        for calendar in calendars:
            first = max(
                dt.datetime.now().year, (calendar.holiday_year or 0) + 1)
            holidays.extend(
                {'calendar': calendar.id, 'date': date, 'name': name}
                for date, name in calendar.without_known(cls.public_holidays(
                        range(first, year + 1), calendar.holiday_country,
                        calendar.holiday_region, calendar.holiday_language)))
        Holiday.create(holidays)
        cls.write(list(calendars), {'holiday_year': year})

    @classmethod
    def public_holidays(cls, years, country, region, language):
        """
        Return the holidays of a country and one of its regions.

        country and region are codes, region may be None, language is an
        ir.lang or None. A list of tuples (date, name). Raise HolidayError.
        """
        try:
            return public_holidays.days(
                country, region, years,
                language.code if language else Transaction().language)
        except public_holidays.Unknown as error:
            raise HolidayError(gettext(
                    'helpdesk.msg_holiday_unknown',
                    country=dict(cls.get_holiday_countries()).get(
                        country, country),
                    region=region or '')) from error

    def without_known(self, days):
        "Return the tuples (date, name) whose date is no holiday already."
        dates = {h.date for h in self.holidays}
        yearly = {
            (h.date.month, h.date.day) for h in self.holidays if h.yearly}
        return [
            (date, name) for date, name in days
            if date not in dates and (date.month, date.day) not in yearly]


class ImportHolidaysStart(ModelView):
    __name__ = 'helpdesk.work_calendar.import_holidays.start'

    country = fields.Selection(
        'get_countries', "Country", required=True,
        help="Whose holidays are imported.")
    region = fields.Selection(
        'get_regions', "Region",
        help="Whose holidays are imported as well.\n"
        "Leave empty for those of the whole country only.")
    language = fields.Many2One('ir.lang', "Language", required=True,
        domain=[
            ('translatable', '=', True),
            ],
        help="The language of the names, where there are names in it; "
        "else that of the country.")
    first_year = fields.Integer("First Year", required=True,
        domain=[
            ('first_year', '>=', public_holidays.FIRST_YEAR),
            ('first_year', '<=', public_holidays.LAST_YEAR),
            ],
        help="The first year whose holidays are imported.")
    last_year = fields.Integer("Last Year", required=True,
        domain=[
            ('last_year', '>=', Eval('first_year', 0)),
            ('last_year', '<=', public_holidays.LAST_YEAR),
            ],
        help="The last year whose holidays are imported.")
    every_year = fields.Boolean("Every Year",
        help="Import the holidays of each year two months before it begins.")

    @classmethod
    def default_first_year(cls):
        return dt.date.today().year

    @classmethod
    def default_last_year(cls):
        return dt.date.today().year + 1

    @classmethod
    def default_every_year(cls):
        return True

    @classmethod
    def default_language(cls):
        pool = Pool()
        Language = pool.get('ir.lang')
        for language in Language.search([
                    ('code', '=', Transaction().language),
                    ('translatable', '=', True),
                    ]):
            return language.id

    @classmethod
    def get_countries(cls):
        pool = Pool()
        WorkCalendar = pool.get('helpdesk.work_calendar')
        return WorkCalendar.get_holiday_countries()

    @fields.depends('country')
    def get_regions(self):
        pool = Pool()
        WorkCalendar = pool.get('helpdesk.work_calendar')
        return WorkCalendar.regions(self.country)

    @fields.depends('country', 'region')
    def on_change_country(self):
        if self.region not in dict(self.get_regions()):
            self.region = None


class ImportHolidaysPreview(ModelView):
    __name__ = 'helpdesk.work_calendar.import_holidays.preview'

    days = fields.One2Many(
        'helpdesk.work_calendar.import_holidays.day', None, "Holidays",
        help="The holidays that are not there yet. "
        "Take out those on which it is open.")
    known = fields.Integer("Already There", readonly=True,
        help="How many holidays are there already. "
        "They stay as they are.")


class ImportHolidaysDay(ModelView):
    __name__ = 'helpdesk.work_calendar.import_holidays.day'

    selected = fields.Boolean("Import",
        help="Whether the day is imported.")
    date = fields.Date("Date", readonly=True,
        help="The day that is closed.")
    weekday = fields.Char("Day", readonly=True,
        help="The day of the week of the date.")
    name = fields.Char("Name", required=True,
        help="What the holiday is called.")


class ImportHolidays(Wizard):
    __name__ = 'helpdesk.work_calendar.import_holidays'

    start = StateView(
        'helpdesk.work_calendar.import_holidays.start',
        'helpdesk.import_holidays_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Show", 'preview', 'tryton-forward', default=True),
            ])
    preview = StateView(
        'helpdesk.work_calendar.import_holidays.preview',
        'helpdesk.import_holidays_preview_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Back", 'start', 'tryton-back'),
            Button("Import", 'import_', 'tryton-ok', default=True),
            ])
    import_ = StateTransition()

    def default_start(self, fields):
        if getattr(self.start, 'country', None):
            # Back from the preview
            return self.start._default_values
        calendar = self.record
        values = {
            'country': calendar.holiday_country or self._own_country(),
            'region': calendar.holiday_region,
            }
        if calendar.holiday_language:
            values['language'] = calendar.holiday_language.id
        return values

    def default_preview(self, fields):
        pool = Pool()
        Day = pool.get('ir.calendar.day')
        start = self.start
        first = max(start.first_year, public_holidays.FIRST_YEAR)
        last = min(start.last_year, public_holidays.LAST_YEAR)
        days = self.record.public_holidays(
            range(first, last + 1), start.country, start.region,
            start.language)
        new = self.record.without_known(days)
        weekdays = Day.locale()
        return {
            'days': [{
                    'selected': True, 'date': date, 'name': name,
                    'weekday': weekdays[date.weekday()],
                    } for date, name in new],
            'known': len(days) - len(new),
            }

    @check_access
    def transition_import_(self):
        pool = Pool()
        Holiday = pool.get('helpdesk.work_calendar.holiday')
        calendar, start = self.record, self.start
        selected = [
            (d.date, d.name) for d in self.preview.days if d.selected]
        Holiday.create([
                {'calendar': calendar.id, 'date': date, 'name': name}
                for date, name in calendar.without_known(selected)])
        values = dict.fromkeys(['holiday_country', 'holiday_region'])
        if start.every_year:
            values = {
                'holiday_country': start.country,
                'holiday_region': start.region,
                'holiday_language': start.language.id,
                'holiday_year': start.last_year,
                }
        self.model.write([calendar], values)
        return 'end'

    def _own_country(self):
        "Return the code of the country of the company, or None."
        pool = Pool()
        Company = pool.get('company.company')
        company = Transaction().context.get('company')
        if company is None or company < 0:
            return
        with without_check_access():
            address = Company(company).party.address_get()
            country = address.country if address else None
            if country and country.code in public_holidays.countries():
                return country.code

    def end(self):
        return 'reload'
