# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk import holiday_import
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk.test_work_calendar import make_office
from tests.records import Helpdesk

DIADA = dt.date(2026, 9, 11)


def setup_module():
    activate_module('helpdesk')


def today(*date):
    "Return what makes it this day for the import"
    at = dt.datetime(*date, 12)
    return patch.object(holiday_import, 'dt', SimpleNamespace(
            timedelta=dt.timedelta,
            datetime=SimpleNamespace(now=lambda: at),
            date=SimpleNamespace(today=at.date)))


def import_holidays(desk, calendar, user=None, without=(), **values):
    "Go through the wizard, return the names it showed and those it knew"
    pool = Pool()
    Import = pool.get('helpdesk.work_calendar.import_holidays', type='wizard')
    user, context = desk.as_user(user or desk.admin)
    with user, context, Transaction().set_context(
            active_model=calendar.__name__, active_id=calendar.id,
            active_ids=[calendar.id], _check_access=False):
        session, start, _ = Import.create()
        defaults = Import.execute(session, {}, start)['view']['defaults']
        filled = {k: v for k, v in defaults.items() if '.' not in k}
        filled.update(values)
        preview = Import.execute(
            session, {'start': filled}, 'preview')['view']['defaults']
        days = [
            {**d, 'selected': d['name'] not in without}
            for d in preview['days']]
        Import.execute(session, {
                'start': filled, 'preview': {**preview, 'days': days},
                }, 'import_')
        Import.delete(session)
    return [d['name'] for d in days], preview['known']


def make_desk():
    desk = Helpdesk()
    desk.admin = desk.make_user('admin2', [], 'group_helpdesk_admin')
    return desk


def names(calendar):
    return {
        h.date: h.name for h in calendar.__class__(calendar.id).holidays}


@with_transaction()
def test_import():
    "C11: holidays of a country and region come in the chosen language"
    pool = Pool()
    Language = pool.get('ir.lang')
    desk = make_desk()
    catalan, = Language.search([('code', '=', 'ca')])
    Language.write([catalan], {'translatable': True})
    calendar = make_office()
    with today(2026, 11, 22):
        shown, known = import_holidays(
            desk, calendar, country='ES', region='CT', language=catalan.id,
            without=["Sant Joan"])
    assert known == 0
    assert "Sant Joan" in shown
    holidays = names(calendar)
    assert holidays[DIADA] == "Diada Nacional de Catalunya"
    assert dt.date(2026, 6, 24) not in holidays
    assert {d.year for d in holidays} == {2026, 2027}
    calendar = calendar.__class__(calendar.id)
    assert (calendar.holiday_country, calendar.holiday_region) == ('ES', 'CT')
    assert (calendar.holiday_language, calendar.holiday_year) == (
        catalan, 2027)
    assert not calendar.worktime.is_open(dt.datetime(2026, 9, 11, 10))


@with_transaction()
def test_nothing_twice():
    "C11: what is in the calendar stays as it is"
    pool = Pool()
    Holiday = pool.get('helpdesk.work_calendar.holiday')
    desk = make_desk()
    calendar = make_office(holidays=[(DIADA, "La Diada")])
    Holiday.create([{
                'calendar': calendar.id, 'date': dt.date(2020, 12, 25),
                'name': "Nadal", 'yearly': True}])
    values = {
        'country': 'ES', 'region': 'CT', 'first_year': 2026,
        'last_year': 2026, 'every_year': False}
    shown, known = import_holidays(desk, calendar, **values)
    assert shown and known == 2
    before = names(calendar)
    assert before[DIADA] == "La Diada"
    assert dt.date(2026, 12, 25) not in before
    assert import_holidays(desk, calendar, **values) == (
        [], known + len(shown))
    assert names(calendar) == before
    assert calendar.__class__(calendar.id).holiday_country is None


@with_transaction()
def test_next_year():
    "C11: the holidays of the year to come are imported, and only once"
    pool = Pool()
    WorkCalendar = pool.get('helpdesk.work_calendar')
    Holiday = pool.get('helpdesk.work_calendar.holiday')
    Helpdesk()
    calendar = make_office(
        holiday_country='ES', holiday_region='MD', holiday_year=2026)
    other = make_office()
    # Known to a version of the library, and then no longer
    gone = make_office(holiday_country='ES', holiday_region='AN')
    table = WorkCalendar.__table__()
    Transaction().connection.cursor().execute(*table.update(
            [table.holiday_region], ['XX'], where=table.id == gone.id))
    fresh = make_office(holiday_country='FR')
    with today(2026, 10, 1), Transaction().set_user(0):
        WorkCalendar.import_next()
    assert names(calendar) == {}
    assert {d.year for d in names(fresh)} == {2026}
    with today(2026, 11, 22), Transaction().set_user(0):
        WorkCalendar.import_next()
        assert {d.year for d in names(calendar)} == {2027}
        # Somebody works on that day
        Holiday.delete(Holiday.search([
                    ('calendar', '=', calendar.id),
                    ('date', '=', dt.date(2027, 1, 6))]))
        WorkCalendar.import_next()
    assert dt.date(2027, 1, 6) not in names(calendar)
    assert dt.date(2027, 1, 1) in names(calendar)
    assert {d.year for d in names(fresh)} == {2026, 2027}
    assert not names(other) and not names(gone)


@with_transaction()
def test_countries():
    "C11: countries and regions have the names that Tryton has for them"
    pool = Pool()
    Country = pool.get('country.country')
    WorkCalendar = pool.get('helpdesk.work_calendar')
    Country.create([{
                'name': "Kingdom of Spain", 'code': 'ES',
                'subdivisions': [('create', [{
                                'name': "Catalonia", 'code': 'ES-CT',
                                'type': 'autonomous communities'}])],
                }])
    countries = dict(WorkCalendar.get_holiday_countries())
    assert countries['ES'] == "Kingdom of Spain"
    assert countries['FR'] == "France"
    regions = dict(WorkCalendar.regions('ES'))
    assert (regions['CT'], regions['MD']) == ("Catalonia", "Madrid")
    assert WorkCalendar.regions(None) == [(None, '')]
    calendar = WorkCalendar(holiday_country='FR', holiday_region='CT')
    calendar.on_change_holiday_country()
    assert calendar.holiday_region is None


@with_transaction()
def test_own_country():
    "C11: the country of the company is proposed, and what was chosen before"
    pool = Pool()
    Country = pool.get('country.country')
    Import = pool.get('helpdesk.work_calendar.import_holidays', type='wizard')
    desk = make_desk()
    calendar = make_office()

    def proposed():
        user, context = desk.as_user(desk.admin)
        with user, context, Transaction().set_context(
                active_model=calendar.__name__, active_id=calendar.id,
                active_ids=[calendar.id], _check_access=False):
            session, start, _ = Import.create()
            values = Import.execute(session, {}, start)['view']['defaults']
        return values['country'], values['region']

    assert proposed() == (None, None)
    spain, = Country.create([{'name': "Spain", 'code': 'ES'}])
    desk.company.party.addresses = [{'country': spain.id}]
    desk.company.party.save()
    assert proposed() == ('ES', None)
    calendar.holiday_country, calendar.holiday_region = 'FR', '971'
    calendar.save()
    assert proposed() == ('FR', '971')


@with_transaction()
def test_unknown_country():
    "C11: what the library does not know is said in plain words"
    desk = make_desk()
    with pytest.raises(UserError, match="No holidays are known"):
        import_holidays(desk, make_office(), country='XX')


@with_transaction()
def test_access():
    "C11: administrators of the helpdesk import holidays, agents don't"
    desk = make_desk()
    calendar = make_office()
    with pytest.raises(AccessError):
        import_holidays(desk, calendar, desk.agent, country='ES')
    assert not names(calendar)


@with_transaction()
def test_runs_once():
    "The scheduled action runs once, not once for each company"
    pool = Pool()
    Cron = pool.get('ir.cron')
    cron, = Cron.search([
            ('method', '=', 'helpdesk.work_calendar|import_next')])
    assert not getattr(cron, 'companies', None)
