# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from lxml import etree
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.modules.company.tests import create_company, create_employee
from trytond.modules.helpdesk.exceptions import TicketDeleteError, WorkError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.test_erase import erase
from tests.helpdesk.timesheets import (
    DAY, HOUR, MINUTE, NOON, configure, lines, make_desk, press, seen,
    stop_wizard, with_clock, work)
from tests.helpdesk.wizards import go_through


def setup_module():
    activate_module(['helpdesk', 'timesheet'])


@with_clock
def test_stopwatch(clock):
    "C9, AG10: work measured from the ticket is a line of the timesheet"
    pool = Pool()
    Work = pool.get('timesheet.work')
    desk = make_desk()
    ticket = desk.make_ticket()
    assert not Work.search([])
    press(desk, desk.agent, 'start_work', ticket)
    assert seen(
        desk, desk.agent, ticket, 'working_since', 'workers') == [
            NOON, "Agent"]
    assert seen(
        desk, desk.manager, ticket, 'working_since', 'workers') == [
            None, "Agent"]
    clock.now += 10 * MINUTE
    press(desk, desk.agent, 'stop_work', ticket)
    assert seen(
        desk, desk.agent, ticket, 'working_since', 'workers') == [None, '']
    assert lines(ticket) == [("Agent", DAY, 10 * MINUTE)]
    record, = Work.search([])
    assert (record.origin, record.company) == (ticket, desk.company)


@with_clock
def test_one_line_a_day(clock):
    "AG10: there is a line for each employee, day and ticket"
    desk = make_desk()
    ticket, other = desk.make_ticket(), desk.make_ticket()
    work(desk, clock, desk.agent, ticket, 10 * MINUTE)
    work(desk, clock, desk.agent, other, MINUTE)
    work(desk, clock, desk.agent, ticket, 5 * MINUTE)
    work(desk, clock, desk.manager, ticket, 2 * MINUTE)
    clock.now += 24 * HOUR
    work(desk, clock, desk.agent, ticket, 3 * MINUTE)
    assert lines(ticket) == [
        ("Agent", DAY, 15 * MINUTE),
        ("Manager", DAY, 2 * MINUTE),
        ("Agent", DAY + dt.timedelta(days=1), 3 * MINUTE)]
    assert lines(other) == [("Agent", DAY, MINUTE)]
    assert seen(
        desk, desk.agent, ticket, 'time_spent', 'time_by_employee') == [
            20 * MINUTE, "Agent 0:18 · Manager 0:02"]
    assert seen(desk, desk.agent, other, 'time_spent') == [MINUTE]


@with_clock
def test_rounding_is_not_repeated(clock):
    "C9: what is rounded is the time of the day, not each part of it"
    desk = make_desk()
    configure(desk, time_rounding='up', time_rounding_minutes=15)
    ticket = desk.make_ticket()
    for expected in [15, 15, 30]:
        work(desk, clock, desk.agent, ticket, 7 * MINUTE)
        assert lines(ticket) == [("Agent", DAY, expected * MINUTE)]
    configure(desk, time_rounding='nearest', time_minimum_minutes=10)
    ticket = desk.make_ticket()
    for expected in [10, 15, 15]:
        work(desk, clock, desk.agent, ticket, 6 * MINUTE)
        assert lines(ticket) == [("Agent", DAY, expected * MINUTE)]


@with_clock
def test_corrected_line_counts(clock):
    "C9: more time is added to what somebody put down by hand"
    pool = Pool()
    Line = pool.get('timesheet.line')
    desk = make_desk()
    configure(desk, time_rounding='up', time_rounding_minutes=15)
    ticket = desk.make_ticket()
    work(desk, clock, desk.agent, ticket, 7 * MINUTE)
    line, = Line.search([])
    user, context = desk.as_user(desk.agent)
    with user, context:
        Line.write([Line(line.id)], {'duration': 30 * MINUTE})
    work(desk, clock, desk.agent, ticket, 7 * MINUTE)
    assert lines(ticket) == [("Agent", DAY, 45 * MINUTE)]


@with_clock
def test_other_ticket(clock):
    "AG10: who starts on another ticket stops on the one before"
    desk = make_desk()
    first, second = desk.make_ticket(), desk.make_ticket()
    press(desk, desk.agent, 'start_work', first)
    clock.now += 10 * MINUTE
    press(desk, desk.agent, 'start_work', second)
    assert lines(first) == [("Agent", DAY, 10 * MINUTE)]
    assert seen(desk, desk.agent, first, 'working_since') == [None]
    assert seen(desk, desk.agent, second, 'working_since') == [
        NOON + 10 * MINUTE]
    with pytest.raises(UserError):
        press(desk, desk.manager, 'start_work', first, second)


@with_clock
def test_forgotten(clock):
    "AG10: a forgotten stopwatch asks when one stopped"
    desk = make_desk()
    ticket, other = desk.make_ticket(), desk.make_ticket()
    press(desk, desk.agent, 'start_work', ticket)
    clock.now += 13 * HOUR
    assert press(desk, desk.agent, 'stop_work', ticket)
    assert press(desk, desk.agent, 'start_work', other)
    assert not lines(ticket)
    defaults = stop_wizard(desk, desk.agent, other)
    assert defaults['started'] == NOON
    assert defaults['ticket'] == ticket.rec_name
    assert defaults['ended'] is None
    for wrong in [NOON - MINUTE, clock.now + MINUTE]:
        with pytest.raises(WorkError):
            stop_wizard(desk, desk.agent, other, 'stop', ended=wrong)
    stop_wizard(
        desk, desk.agent, other, 'stop', ended=NOON + HOUR,
        description="Called back")
    assert lines(ticket) == [("Agent", DAY, HOUR)]
    # What was wanted is done
    assert seen(desk, desk.agent, other, 'working_since') == [clock.now]


@with_clock
def test_over_midnight(clock):
    "AG10: work over midnight is put down for each day, after asking"
    desk = make_desk()
    ticket = desk.make_ticket()
    # In Madrid it is midnight an hour before
    clock.now = dt.datetime(2026, 11, 2, 22, 15)
    press(desk, desk.agent, 'start_work', ticket)
    clock.now = dt.datetime(2026, 11, 3, 0, 0)
    assert press(desk, desk.agent, 'stop_work', ticket)
    # From the menu there is no ticket
    defaults = stop_wizard(desk, desk.agent, None, 'stop')
    assert defaults['ended'] == clock.now
    assert lines(ticket) == [
        ("Agent", DAY, 45 * MINUTE),
        ("Agent", DAY + dt.timedelta(days=1), HOUR)]
    with pytest.raises(WorkError):
        stop_wizard(desk, desk.agent, None)


@with_clock
def test_discard(clock):
    "AG10: what a forgotten stopwatch measured can be thrown away"
    pool = Pool()
    Stopwatch = pool.get('helpdesk.stopwatch')
    desk = make_desk()
    ticket = desk.make_ticket()
    press(desk, desk.agent, 'start_work', ticket)
    clock.now += 13 * HOUR
    stop_wizard(desk, desk.agent, ticket, 'discard')
    assert not lines(ticket)
    assert not Stopwatch.search([])


@with_clock
def test_remind(clock):
    "AG10: who forgot the stopwatch is told so, once"
    pool = Pool()
    Notification = pool.get('res.notification')
    Stopwatch = pool.get('helpdesk.stopwatch')
    desk = make_desk()
    ticket, other = desk.make_ticket(), desk.make_ticket()
    press(desk, desk.agent, 'start_work', ticket)
    clock.now += 13 * HOUR
    press(desk, desk.manager, 'start_work', other)
    before = len(Notification.search([]))
    for _ in range(2):
        with Transaction().set_user(0):
            Stopwatch.remind()
    *_, notification = Notification.search([], order=[('id', 'ASC')])
    assert len(Notification.search([])) == before + 1
    assert notification.user == desk.agent
    assert f'#{ticket.number}' in notification.label
    assert '13' in notification.label


@with_clock
def test_add_time(clock):
    "AG10: time can be put down by hand, for oneself"
    pool = Pool()
    Line = pool.get('timesheet.line')
    desk = make_desk()
    ticket = desk.make_ticket()
    yesterday = DAY - dt.timedelta(days=1)
    for duration, text in [
            (10 * MINUTE, "Called"), (5 * MINUTE, "Called"),
            (MINUTE, "Wrote")]:
        go_through(
            desk, 'helpdesk.ticket.add_time', [ticket], 'add',
            date=yesterday, duration=duration, description=text)
    assert lines(ticket) == [("Agent", yesterday, 16 * MINUTE)]
    line, = Line.search([])
    assert line.description == "Called; Wrote"
    for values in [
            {'duration': dt.timedelta()},
            {'duration': 25 * HOUR},
            {'duration': HOUR, 'date': DAY + dt.timedelta(days=1)}]:
        with pytest.raises(WorkError):
            go_through(
                desk, 'helpdesk.ticket.add_time', [ticket], 'add', **values)


@with_clock
def test_closing_stops(clock):
    "AG10: closing a ticket stops the work on it and never fails"
    pool = Pool()
    Stopwatch = pool.get('helpdesk.stopwatch')
    Ticket = pool.get('helpdesk.ticket')
    Work = pool.get('timesheet.work')
    desk = make_desk()
    ticket = desk.make_ticket(state='open')
    clock.now -= 24 * HOUR
    yesterday = clock.now
    press(desk, desk.manager, 'start_work', ticket)
    clock.now = NOON
    press(desk, desk.agent, 'start_work', ticket)
    clock.now += HOUR
    press(desk, desk.agent, 'close', ticket)
    # What was forgotten still waits for its employee
    assert lines(ticket) == [("Agent", DAY, HOUR)]
    watch, = Stopwatch.search([])
    assert watch.employee == desk.manager.employee
    record, = Work.search([])
    assert record.timesheet_end_date == clock.now.date()
    stop_wizard(desk, desk.manager, ticket, 'stop', ended=yesterday + HOUR)
    assert ("Manager", yesterday.date(), HOUR) in lines(ticket)
    # Afterwards time can be added all the same
    clock.now += 48 * HOUR
    go_through(
        desk, 'helpdesk.ticket.add_time', [ticket], 'add', duration=MINUTE)
    assert ("Agent", clock.now.date(), MINUTE) in lines(ticket)
    Ticket.reopen([Ticket(ticket.id)])
    assert Work(record.id).timesheet_end_date is None


@with_clock
def test_closing_in_spite_of_who_left(clock):
    "AG10: a ticket can be closed whose worker has left the company"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    ticket = desk.make_ticket(state='open')
    press(desk, desk.agent, 'start_work', ticket)
    employee = desk.agent.employee
    employee.start_date = DAY - dt.timedelta(days=9)
    employee.end_date = DAY - dt.timedelta(days=1)
    employee.save()
    Ticket.close([Ticket(ticket.id)])
    assert Ticket(ticket.id).state == 'closed'
    assert not lines(ticket)


@with_clock
def test_closing_in_spite_of_who_is_to_begin(clock):
    "AG10: a ticket can be closed whose worker is no employee yet"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    ticket = desk.make_ticket(state='open')
    press(desk, desk.agent, 'start_work', ticket)
    clock.now += HOUR
    employee = desk.agent.employee
    employee.start_date = DAY + dt.timedelta(days=1)
    employee.save()
    Ticket.close([Ticket(ticket.id)])
    assert Ticket(ticket.id).state == 'closed'
    assert not lines(ticket)


@with_clock
def test_other_company(clock):
    "C9: what was done for a company stays in its timesheets"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Ticket = pool.get('helpdesk.ticket')
    Work = pool.get('timesheet.work')
    desk = make_desk()
    ticket = desk.make_ticket(state='open')
    work(desk, clock, desk.agent, ticket, HOUR)
    press(desk, desk.agent, 'start_work', ticket)
    clock.now += HOUR
    other = create_company(name="Other")
    section, = Section.create([{'name': "Other", 'company': other.id}])
    Ticket.write([ticket], {'company': other.id, 'section': section.id})
    assert lines(ticket) == [("Agent", DAY, 2 * HOUR)]
    ours, = Work.search([])
    employee = create_employee(other, name="Other Agent")
    Ticket.book_time([(Ticket(ticket.id), employee, DAY, HOUR, None)])
    theirs, = Work.search([('id', '!=', ours.id)])
    assert theirs.company == other
    Ticket.close([Ticket(ticket.id)])
    Ticket.reopen([Ticket(ticket.id)])
    assert Work(ours.id).timesheet_end_date == DAY
    assert Work(theirs.id).timesheet_end_date is None
    assert lines(ticket) == [
        ("Agent", DAY, 2 * HOUR), ("Other Agent", DAY, HOUR)]


@with_clock
def test_handed_over(clock):
    "AG10: the stopwatch runs on when the ticket is handed over"
    pool = Pool()
    Work = pool.get('timesheet.work')
    desk = make_desk(visibility='private')
    with Transaction().set_context(desk.context):
        other = desk.make_section("Other", visibility='private')
    ticket, next_ = desk.make_ticket(), desk.make_ticket()
    press(desk, desk.agent, 'start_work', ticket)
    ticket.employee = None
    ticket.section = other
    ticket.save()
    clock.now += HOUR
    # The agent no longer sees it, not even what it is called
    assert stop_wizard(desk, desk.agent, next_)['ticket'] == (
        f'#{ticket.number}')
    press(desk, desk.agent, 'start_work', next_)
    assert lines(ticket) == [("Agent", DAY, HOUR)]
    record, = Work.search([])
    user, context = desk.as_user(desk.agent)
    with user, context:
        values, = Work.read([record.id], ['rec_name', 'origin.rec_name'])
        assert values['rec_name'] == f'#{ticket.number}'
        assert values['origin.'] is None
        with pytest.raises(AccessError):
            Work.search([
                    ('origin.subject', 'like', '%fire%', 'helpdesk.ticket')])


@with_clock
def test_company(clock):
    "C9: who works for several companies does so as an employee of each"
    desk = make_desk()
    ticket = desk.make_ticket()
    other = create_company(name="Other")
    user = desk.agent
    employee = create_employee(other, name="Other Agent")
    ours = user.employee
    user.companies = [desk.company, other]
    user.employees = [ours, employee]
    user.company, user.employee = other, employee
    user.save()
    work(desk, clock, user, ticket, HOUR)
    assert [e for e, *_ in lines(ticket)] == [ours.rec_name]
    user.company, user.employee = other, employee
    user.employees = [employee]
    user.save()
    with pytest.raises(WorkError):
        press(desk, user, 'start_work', ticket)


@with_clock
def test_erased_customer(clock):
    "C9, X10: who is erased is not named in timesheets; their time stays"
    pool = Pool()
    Line = pool.get('timesheet.line')
    Party = pool.get('party.party')
    desk = make_desk()
    ada, bob = Party.create([{'name': "Ada"}, {'name': "Bob"}])
    own, other = [
        desk.make_ticket(state='open', party=p) for p in [ada, bob]]
    employee = desk.agent.employee
    for ticket in [own, other]:
        Ticket = ticket.__class__
        Ticket.book_time([(ticket, employee, DAY, HOUR, "Called Ada")])
        Ticket.close([ticket])
    erase(ada)
    assert [
        (li.work.origin, li.description, li.duration)
        for li in Line.search([], order=[('id', 'ASC')])] == [
            (own, None, HOUR), (other, "Called Ada", HOUR)]


@with_clock
def test_delete(clock):
    "A ticket on which time was spent is kept"
    pool = Pool()
    Line = pool.get('timesheet.line')
    Ticket = pool.get('helpdesk.ticket')
    Work = pool.get('timesheet.work')
    desk = make_desk()
    ticket = desk.make_ticket()
    work(desk, clock, desk.agent, ticket, HOUR)
    with pytest.raises(TicketDeleteError):
        Ticket.delete([ticket])
    Line.delete(Line.search([]))
    press(desk, desk.agent, 'start_work', ticket)
    Ticket.delete([Ticket(ticket.id)])
    assert not Work.search([])


@with_clock
def test_order_and_cost(clock):
    "C9: tickets are sorted by their time, which costs one statement"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    tickets = [desk.make_ticket() for _ in range(3)]
    for ticket, time in zip(tickets, [2, 0, 3]):
        work(desk, clock, desk.agent, ticket, time * MINUTE)
    user, context = desk.as_user(desk.agent)
    with user, context:
        found = list(Ticket.search([], order=[('time_spent', 'DESC')]))
    assert found == [tickets[2], tickets[0], tickets[1]]
    with Transaction().set_user(desk.agent.id):
        Ticket.get_time(found, ['time_spent'])
        Ticket.get_stopwatches(found, ['workers'])
        with Statements() as statements:
            times = Ticket.get_time(found, ['time_spent'])['time_spent']
        assert statements.count == 1
        assert list(times.values()) == [3 * MINUTE, 2 * MINUTE, None]
        with Statements() as statements:
            Ticket.get_stopwatches(found, ['working_since', 'workers'])
        assert statements.count == 1


@with_clock
def test_switch(clock):
    "C1: time is one of the parts that can be switched off"
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    Menu = pool.get('ir.ui.menu')
    ModelData = pool.get('ir.model.data')
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    names = {
        'form': ['time_spent', 'working_since', 'start_work', 'stop_work',
            'add_time', 'timesheet_lines'],
        'tree': ['time_spent'],
        }
    menu = ModelData.get_id('helpdesk', 'menu_stopwatch')
    assert Configuration(1).use_timesheet
    for shown in [True, False]:
        configure(desk, use_timesheet=shown)
        for type_, expected in names.items():
            view = etree.fromstring(
                Ticket.fields_view_get(view_type=type_)['arch'])
            found = {e.get('name') for e in view.iter('field', 'button')}
            assert bool(found & set(expected)) == shown
            assert not shown or found >= set(expected)
        assert bool(Menu.search([('id', '=', menu)])) == shown
