# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from types import SimpleNamespace

import pytest
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk import batch, closing
from trytond.modules.helpdesk.exceptions import ClosingWarning
from trytond.modules.helpdesk.worktime import Always, Span, Worktime
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.wizards import go_through
from tests.records import Helpdesk

HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR
# A Friday, at eleven o'clock in Madrid
FRIDAY = dt.datetime(2026, 11, 6, 10)


def setup_module():
    activate_module('helpdesk')


@pytest.fixture
def clock(monkeypatch):
    "The time that resolves and closes tickets; set clock.time"
    clock = SimpleNamespace(time=FRIDAY)

    class Datetime(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return clock.time

    times = SimpleNamespace(
        datetime=Datetime, timedelta=dt.timedelta, date=dt.date, time=dt.time)
    for module in ['closing', 'workflow', 'history']:
        monkeypatch.setattr(f'trytond.modules.helpdesk.{module}.dt', times)
    return clock


def office_hours():
    "From nine to five on the five days of work, in Madrid"
    pool = Pool()
    Day = pool.get('ir.calendar.day')
    WorkCalendar = pool.get('helpdesk.work_calendar')
    calendar = WorkCalendar(name="Office", timezone='Europe/Madrid')
    calendar.spans = [
        {'day': d.id, 'start': dt.time(9), 'end': dt.time(17)}
        for d in Day.search([('index', '<', 5)])]
    calendar.save()
    return calendar


def resolve(*tickets):
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    Ticket.resolve(list(tickets))
    return [Ticket(t.id) for t in tickets]


def run():
    "What the scheduled action does"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    with Transaction().set_user(0):
        Ticket.close_due()
    # As in the next transaction
    Transaction().cache.clear()


def again(record):
    return record.__class__(record.id)


@with_transaction()
def test_opening_time(clock):
    "E5: a ticket closes after so much opening time, not on the weekend"
    desk = Helpdesk(close_after=16 * HOUR, calendar=office_hours())
    ticket, = resolve(desk.make_ticket(state='open'))
    # Six hours on Friday, eight on Monday, two on Tuesday
    assert ticket.closes_at == FRIDAY + 4 * DAY

    clock.time = FRIDAY + 4 * DAY - HOUR
    run()
    assert again(ticket).state == 'resolved'
    clock.time += HOUR
    run()
    ticket = again(ticket)
    assert (ticket.state, ticket.closed_by) == ('closed', 'system')
    assert (ticket.closes_at, ticket.closed_at) == (None, clock.time)
    assert (ticket.history[0].new, ticket.history[0].actor) == (
        'closed', 'system')


@with_transaction()
def test_around_the_clock(clock):
    "E5: without opening hours all time counts; without a delay none closes"
    desk = Helpdesk(close_after=DAY)
    ticket, = resolve(desk.make_ticket(state='open'))
    assert ticket.closes_at == FRIDAY + DAY

    by_hand = desk.make_section("By Hand")
    kept, = resolve(desk.make_ticket(state='open', section=by_hand))
    assert kept.closes_at is None
    clock.time = FRIDAY + 999 * DAY
    run()
    assert again(ticket).state == 'closed'
    assert again(kept).state == 'resolved'


@with_transaction()
def test_never_open(clock):
    "E5: where nobody ever works nothing closes by itself"
    pool = Pool()
    WorkCalendar = pool.get('helpdesk.work_calendar')
    calendar = WorkCalendar(name="Never", timezone='UTC', spans=[])
    calendar.save()
    desk = Helpdesk(close_after=DAY, calendar=calendar)
    ticket, = resolve(desk.make_ticket(state='open'))
    assert (ticket.state, ticket.closes_at) == ('resolved', None)


@with_transaction()
def test_any_way_out(clock):
    "E4: what is resolved no more does not close; the time then starts anew"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(close_after=DAY)
    opened, closed = resolve(
        desk.make_ticket(state='open'), desk.make_ticket(state='open'))
    Ticket.open([opened])
    Ticket.close([closed])
    assert again(opened).closes_at is None
    assert again(closed).closes_at is None

    clock.time += 5 * DAY
    run()
    assert again(opened).state == 'open'
    opened, = resolve(again(opened))
    assert opened.closes_at == clock.time + DAY


@with_transaction()
def test_customer_is_faster(clock, monkeypatch):
    "E4, E5: an answer that comes while tickets are closed reopens its one"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(close_after=DAY)
    ticket, other = resolve(
        desk.make_ticket(state='open'), desk.make_ticket(state='open'))
    clock.time += DAY

    def in_batches(ids, work):
        if ticket.id in ids:
            Conversation.create([{
                        'ticket': ticket.id, 'kind': 'phone',
                        'direction': 'in', 'body': "Still broken"}])
        return before(ids, work)

    before = batch.in_batches
    monkeypatch.setattr(batch, 'in_batches', in_batches)
    run()
    ticket = Ticket(ticket.id)
    assert (ticket.state, ticket.unread) == ('open', True)
    assert again(other).state == 'closed'


@with_transaction()
def test_twice(clock):
    "E5: to run again changes nothing"
    desk = Helpdesk(close_after=DAY)
    ticket, = resolve(desk.make_ticket(state='open'))
    clock.time += DAY
    run()
    before = len(again(ticket).history)
    clock.time += DAY
    run()
    ticket = again(ticket)
    assert len(ticket.history) == before
    assert ticket.closed_at == clock.time - DAY


@with_transaction()
def test_reason(clock):
    "C17, E5: what closes by itself needs no reason, but may get one"
    pool = Pool()
    CloseReason = pool.get('helpdesk.close_reason')
    reason, other = CloseReason.create(
        [{'name': "No answer"}, {'name': "Done"}])
    desk = Helpdesk(close_after=DAY, close_reason_required=True)
    tickets = resolve(*(
            desk.make_ticket(state='open', close_reason=r)
            for r in [None, other]))
    clock.time += DAY
    run()
    assert [again(t).close_reason for t in tickets] == [None, other]

    desk.section.close_reason_system = reason
    desk.section.save()
    tickets = resolve(*(
            desk.make_ticket(state='open', close_reason=r)
            for r in [None, other]))
    clock.time += DAY
    run()
    assert [again(t).close_reason for t in tickets] == [reason, other]


@with_transaction()
def test_section_changes(clock):
    "E5: another delay holds for what is resolved already"
    desk = Helpdesk(close_after=DAY)
    ticket, = resolve(desk.make_ticket(state='open'))
    desk.section.close_after = 5 * DAY
    desk.section.save()
    run()
    assert again(ticket).closes_at == FRIDAY + 5 * DAY
    assert again(desk.section).closing_changed_at is None

    desk.section.calendar = office_hours()
    desk.section.close_after = 16 * HOUR
    desk.section.save()
    run()
    assert again(ticket).closes_at == FRIDAY + 4 * DAY

    desk.section.close_after = None
    desk.section.save()
    run()
    assert again(ticket).closes_at is None


@with_transaction()
def test_hours_change(clock):
    "E5: other opening hours hold for what is resolved already"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    calendar = office_hours()
    desk = Helpdesk(close_after=16 * HOUR, calendar=calendar)
    ticket, = resolve(desk.make_ticket(state='open'))
    other = desk.make_section("Other")
    calendar.holidays = [
        {'name': "Away", 'date': FRIDAY.date() + 3 * DAY}]
    calendar.save()
    Section.hours_changed([desk.section.id, other.id])
    Transaction().cache.clear()
    assert again(desk.section).closing_changed_at
    assert not again(other).closing_changed_at
    run()
    assert again(ticket).closes_at == FRIDAY + 5 * DAY
    assert not again(desk.section).closing_changed_at


@with_transaction()
def test_change_while_it_is_worked_out(clock, monkeypatch):
    "E5: what changes while tickets are gone through is not forgotten"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    desk = Helpdesk(close_after=DAY)
    ticket, = resolve(desk.make_ticket(state='open'))
    Section.hours_changed([desk.section.id])
    Transaction().cache.clear()
    clock.time += HOUR

    def in_batches(ids, work):
        left = before(ids, work)
        if work == ticket.__class__.reschedule_closing:
            Section.hours_changed([desk.section.id])
        return left

    before = batch.in_batches
    monkeypatch.setattr(batch, 'in_batches', in_batches)
    run()
    assert again(desk.section).closing_changed_at


@with_transaction()
def test_move(clock):
    "A6, E5: the delay is that of the section where the ticket is"
    desk = Helpdesk(close_after=DAY)
    quick = desk.make_section("Quick", close_after=HOUR)
    by_hand = desk.make_section("By Hand")
    ticket, = resolve(desk.make_ticket(state='open'))
    for section, time in [(quick, HOUR), (by_hand, None), (quick, HOUR)]:
        ticket, = go_through(
            desk, 'helpdesk.ticket.move', [again(ticket)], 'move',
            user=desk.manager, section=str(section.id))
        Transaction().cache.clear()
        ticket = again(ticket)
        assert ticket.closes_at == (time and FRIDAY + time)
        assert ticket.state == 'resolved'


@with_transaction()
def test_brought_in(clock):
    "E5: a ticket that is made as resolved closes too"
    desk = Helpdesk(close_after=DAY)
    ticket = desk.make_ticket(state='resolved', resolved_at=FRIDAY - HOUR)
    Transaction().cache.clear()
    assert again(ticket).closes_at == FRIDAY + DAY - HOUR


@with_transaction()
def test_warning(clock):
    "E5: who sets a delay is told how many tickets close at once by it"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Warning = pool.get('res.user.warning')
    desk = Helpdesk()
    old = [
        desk.make_ticket(state='resolved', resolved_at=FRIDAY - i * DAY)
        for i in range(10)]
    section = Section(desk.section.id)
    with pytest.raises(ClosingWarning, match="^7 tickets") as caught:
        section.close_after = 3 * DAY
        section.save()
    Warning.create([
            {'user': Transaction().user, 'name': caught.value.name}])
    section.save()
    run()
    assert [again(t).state for t in old] == (
        ['resolved'] * 3 + ['closed'] * 7)

    # Nobody is warned of what closes anyway, or later
    section = Section(desk.section.id)
    section.close_after = 10 * DAY
    section.save()


@with_transaction()
def test_last_over(clock):
    "E5: what has been resolved for so much opening time is found at once"
    hours = Worktime(
        [Span(d, dt.time(9), dt.time(17)) for d in range(5)],
        zone='Europe/Madrid')
    for time in [HOUR, 8 * HOUR, 40 * HOUR, 160 * HOUR, 2000 * HOUR]:
        last = closing.last_over(hours, time, FRIDAY)
        assert hours.add(last, time) <= FRIDAY
        assert hours.add(last + dt.timedelta(seconds=1), time) > FRIDAY
    assert closing.last_over(Always(), DAY, FRIDAY) == FRIDAY - DAY
    assert closing.last_over(Worktime([]), DAY, FRIDAY) is None


@with_transaction()
def test_nobody_writes_it():
    "SE12: agents cannot say when a ticket closes, nor make one that does"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(close_after=DAY)
    ticket = desk.make_ticket(state='open')
    user, context = desk.as_user(desk.agent)
    with user, context:
        with pytest.raises(AccessError):
            Ticket.write([Ticket(ticket.id)], {'closes_at': FRIDAY})
        # What follows from their buttons is no matter of access
        Ticket.resolve([Ticket(ticket.id)])
    assert again(ticket).closes_at


@with_transaction()
def test_copy(clock):
    "E5: a copy is not resolved, so it does not close"
    desk = Helpdesk(close_after=DAY)
    ticket, = resolve(desk.make_ticket(state='open'))
    copy, = ticket.__class__.copy([ticket])
    assert (copy.state, copy.closes_at) == ('draft', None)


@with_transaction()
def test_cost(clock):
    "Design: many tickets close in as many statements as few"
    desk = Helpdesk(close_after=DAY)

    def count(number):
        resolve(*(desk.make_ticket(state='open') for _ in range(number)))
        clock.time += DAY
        with Statements() as statements:
            run()
        return {
            k: n for k, n in statements.kinds().items()
            if not k.startswith('INSERT')}

    count(1)
    assert count(3) == count(9)


@with_transaction()
def test_runs_once():
    "The scheduled action runs once, not once for each company"
    pool = Pool()
    Cron = pool.get('ir.cron')
    cron, = Cron.search([('method', '=', 'helpdesk.ticket|close_due')])
    assert not getattr(cron, 'companies', None)
