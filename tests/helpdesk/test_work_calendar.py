# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
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
    days = list(Day.search([]))
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
                    day=Day.search([('index', '=', 5)])[0],
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


@with_transaction()
def test_section_that_is_news():
    "Design: a section that another process made has its opening hours"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    desk = Helpdesk()
    save(desk.section, calendar=make_office())
    Section._calendars_cache.set(None, {})
    assert not desk.section.worktime.is_open(MONDAY)


@with_transaction()
def test_new_calendar():
    "C10: a new calendar proposes office hours on the clocks of the company"
    pool = Pool()
    WorkCalendar = pool.get('helpdesk.work_calendar')
    desk = Helpdesk()
    desk.company.timezone = 'Atlantic/Canary'
    desk.company.save()
    with Transaction().set_context(desk.context):
        calendar, = WorkCalendar.create([{'name': "Office"}])
    assert calendar.timezone == 'Atlantic/Canary'
    assert calendar.summary == "Mon–Fri 09:00–18:00"
    # Two of them may be called the same
    copy, = WorkCalendar.copy([calendar])
    assert copy.worktime is calendar.worktime


@with_transaction()
def test_summary():
    "C10: the hours are shown in one line"
    Helpdesk()
    assert make_calendar(
        *((d, *hours) for d in range(4) for hours in [(9, 14), (16, 19)]),
        (4, 9, 15), (6, 22, 2),
        ).summary == (
        "Mon–Thu 09:00–14:00, 16:00–19:00; Fri 09:00–15:00; Sun 22:00–02:00")
    assert make_calendar().summary == "Never open"
    assert [t for t, _ in make_calendar().on_change_notify()] == ['warning']
    assert make_office().on_change_notify() == []


@with_transaction()
def test_hours_that_overlap():
    "C10: hours that overlap are refused, those that touch are not"
    Helpdesk()
    make_calendar((0, 9, 14), (0, 14, 18), (6, 22, 0), (0, 0, 2))
    for spans in [
            [(0, 9, 14), (0, 13, 18)],
            [(0, 9, 14), (0, 9, 14)],
            [(6, 22, 6), (0, 5, 9)],
            [(1, 9, 9), (2, 8, 9)]]:
        with pytest.raises(UserError, match="overlap"):
            make_calendar(*spans)


@with_transaction()
def test_calendar_in_use():
    "C10: the opening hours of a section cannot be deleted under it"
    pool = Pool()
    WorkCalendar = pool.get('helpdesk.work_calendar')
    desk = Helpdesk()
    office, other = make_office(), make_office(name="Other")
    desk.section.calendar = office
    desk.section.save()
    WorkCalendar.delete([other])
    with pytest.raises(UserError):
        WorkCalendar.delete([office])


@with_transaction()
def test_holiday_moves_to_another_calendar():
    "AG1: both calendars are told"
    pool = Pool()
    Holiday = pool.get('helpdesk.work_calendar.holiday')
    desk = Helpdesk()
    may = dt.date(2026, 5, 1)
    office = make_office(holidays=[(may, "May Day")])
    other = make_office(name="Other")
    with Transaction().set_context(desk.context):
        sales = desk.make_section("Sales", calendar=other)
    save(desk.section, calendar=office)
    noon = dt.datetime(2026, 5, 1, 10)
    assert not desk.section.worktime.is_open(noon)
    with changes() as changed:
        Holiday.write(list(office.holidays), {'calendar': other.id})
        assert set().union(*changed()) == {desk.section.id, sales.id}
    assert desk.section.worktime.is_open(noon)
    assert not sales.worktime.is_open(noon)


@with_transaction()
def test_access():
    "C10: agents see the opening hours, administrators change them"
    pool = Pool()
    desk = Helpdesk()
    admin = desk.make_user('admin2', [], 'group_helpdesk_admin')
    calendar = make_office(holidays=[(dt.date(2026, 5, 1), "May Day")])
    records = [calendar, calendar.spans[0], calendar.holidays[0]]
    for record in records:
        Model = pool.get(record.__name__)
        user, context = desk.as_user(desk.agent)
        with user, context:
            assert Model(record.id).rec_name
            with pytest.raises(AccessError):
                Model.write([Model(record.id)], {})
            with pytest.raises(AccessError):
                Model.delete([Model(record.id)])
            with pytest.raises(AccessError):
                Model.copy([Model(record.id)])
    user, context = desk.as_user(admin)
    with user, context:
        WorkCalendar = pool.get('helpdesk.work_calendar')
        calendar = WorkCalendar(calendar.id)
        calendar.name = "Open"
        calendar.spans = calendar.spans[:2]
        calendar.holidays = []
        calendar.save()
        assert calendar.summary == "Mon–Tue 09:00–18:00"
        WorkCalendar.delete([calendar])


@with_transaction()
def test_default_deadline():
    "C10: a default deadline of 24 hours is 24 opening hours, C11: no holidays"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    save(desk.section, ticket_deadline=24 * HOUR, calendar=make_office(
            holidays=[(dt.date(2026, 5, 1), "May Day")]))
    section = Section(desk.section.id)
    # 3 of Wednesday, 9 of Thursday, 9 of Monday and 3 of Tuesday
    wednesday = dt.datetime(2026, 4, 29, 13)
    due = dt.datetime(2026, 5, 5, 10)
    assert section.get_deadline(wednesday) == due

    now = dt.datetime.now().replace(microsecond=0)
    expected = {
        section.get_deadline(now + dt.timedelta(seconds=s))
        for s in range(60)}
    assert desk.make_ticket().deadline in expected
    user, context = desk.as_user(desk.agent)
    with user, context:
        ticket = Ticket(company=desk.company, section=desk.section)
        ticket.on_change_section()
    assert ticket.deadline in expected
    save(desk.section, calendar=make_calendar())
    assert desk.make_ticket().deadline is None


@with_transaction()
def test_deadline_costs_nothing():
    "Design: the opening hours cost no statement for each ticket"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()

    def count():
        with Transaction().set_context(desk.context):
            Ticket.create([{'subject': "Warm up"}])
            with Statements() as statements:
                Ticket.create([{'subject': "Count"}])
        return statements.count

    before = count()
    save(desk.section, ticket_deadline=24 * HOUR, calendar=make_office())
    assert count() == before
