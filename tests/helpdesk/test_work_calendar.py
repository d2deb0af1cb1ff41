# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from contextlib import contextmanager
from unittest.mock import patch

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.records import Helpdesk

HOUR = dt.timedelta(hours=1)
# A Monday
MONDAY = dt.datetime(2026, 4, 27)
SATURDAY = dt.datetime(2026, 5, 2)


def setup_module():
    activate_module('helpdesk')


def make_calendar(*spans, holidays=(), **values):
    "Make a calendar of weekdays, opening and closing times"
    pool = Pool()
    Day = pool.get('ir.calendar.day')
    WorkCalendar = pool.get('helpdesk.work_calendar')
    days = Day.search([])
    calendar, = WorkCalendar.create([{
                'name': "Office", 'timezone': 'Europe/Madrid',
                'spans': [('create', [{
                                'day': days[weekday].id,
                                'start': dt.time(start),
                                'end': dt.time(end),
                                } for weekday, start, end in spans])],
                'holidays': [('create', [{
                                'date': date, 'name': name,
                                } for date, name in holidays])],
                **values,
                }])
    return calendar


def make_office(**values):
    return make_calendar(*((d, 9, 18) for d in range(5)), **values)


def save(record, **values):
    record = record.__class__(record.id)
    for name, value in values.items():
        setattr(record, name, value)
    record.save()
    return record


@contextmanager
def changes():
    "Return what gives the sections that were told since it was called"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    told = []

    def hours_changed(sections):
        told.append(set(sections))

    def changed():
        sections = list(told)
        told.clear()
        return sections

    with patch.object(Section, 'hours_changed', hours_changed):
        yield changed


@with_transaction()
def test_sections_learn_of_other_hours():
    "AG1: what depends on opening hours is told when they change"
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    Day = pool.get('ir.calendar.day')
    Span = pool.get('helpdesk.work_calendar.span')
    desk = Helpdesk()
    office, other = make_office(), make_office(name="Other")
    with Transaction().set_context(desk.context):
        sales = desk.make_section("Sales")
        night = desk.make_section("Night", calendar=other)
    configuration = Configuration(1)
    assert sales.worktime.is_open(MONDAY)
    with changes() as changed, Transaction().set_context(desk.context):
        save(configuration, work_calendar=office)
        assert changed() == [{desk.section.id, sales.id}]
        assert not sales.worktime.is_open(MONDAY)
        save(desk.section, calendar=other)
        assert changed() == [{desk.section.id}]
        save(office, timezone='UTC')
        assert changed() == [{sales.id}]
        save(office, name="Office Hours")
        save(desk.section, name="Help")
        assert changed() == []
        save(other, spans=[*other.spans, Span(
                    day=Day.search([])[5],
                    start=dt.time(9), end=dt.time(12))])
        assert changed() == [{desk.section.id, night.id}]
        assert night.worktime.is_open(SATURDAY + 9 * HOUR)
        Span.delete([other.__class__(other.id).spans[-1]])
        assert changed() == [{desk.section.id, night.id}]
        assert not night.worktime.is_open(SATURDAY + 9 * HOUR)
        save(configuration, work_calendar=None)
        assert changed() == [{sales.id}]
        assert sales.worktime.is_open(MONDAY)


@with_transaction()
def test_hours_cost_nothing():
    "Design: once known, opening hours are there without a statement"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    desk = Helpdesk()
    save(desk.section, calendar=make_office())
    with Transaction().set_context(desk.context):
        sections = [desk.section, desk.make_section("Sales")]
    Section.worktimes(sections)
    with Statements() as statements:
        times = Section.worktimes(sections)
    assert statements.count == 0
    assert times[sections[0].id].add(
        MONDAY, HOUR) == MONDAY + 8 * HOUR
    assert times[sections[1].id].add(MONDAY, HOUR) == MONDAY + HOUR
