# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from trytond.exceptions import UserError
from trytond.modules.helpdesk import waiting
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.test_work_calendar import make_calendar
from tests.helpdesk.wizards import go_through
from tests.records import Helpdesk

WAITING = ['pending', 'authorization', 'third_party']
HOUR = dt.timedelta(hours=1)


def setup_module():
    activate_module('helpdesk')


def now():
    return dt.datetime.now().replace(microsecond=0)


@with_transaction()
def test_wake():
    "AG9: a ticket that waits until a date comes back by itself"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    due = [
        desk.make_ticket(state=s, waiting_until=now() - HOUR)
        for s in WAITING]
    later = desk.make_ticket(state='pending', waiting_until=now() + HOUR)
    forever = desk.make_ticket(state='pending')
    over = desk.make_ticket(state='closed', waiting_until=now() - HOUR)
    with Transaction().set_user(0):
        Ticket.wake()

    for ticket in map(Ticket, due):
        assert (ticket.state, ticket.waiting_until) == ('open', None)
        assert not ticket.unread
        row = next(h for h in ticket.history if h.what == 'state')
        assert (row.actor, row.new) == ('system', 'open')
    assert Ticket(later.id).state == Ticket(forever.id).state == 'pending'
    assert Ticket(over.id).state == 'closed'


@with_transaction()
def test_any_way_out_ends_waiting():
    "AG9: who waits no longer is not woken up"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    for button in [
            Ticket.open, Ticket.wait_third_party, Ticket.resolve,
            Ticket.close]:
        ticket = desk.make_ticket(
            state='pending', waiting_until=now() + HOUR)
        button([ticket])
        assert Ticket(ticket.id).waiting_until is None


@with_transaction()
def test_wait_until():
    "AG9: from our turn to waiting until a date in one step"
    desk = Helpdesk()
    until = now() + 24 * HOUR
    ticket, = go_through(
        desk, 'helpdesk.ticket.wait_until', [desk.make_ticket(state='open')],
        'wait', state='third_party', choice='date', until=until)
    assert (ticket.state, ticket.waiting_until) == ('third_party', until)
    # Later again, for the same
    ticket, = go_through(
        desk, 'helpdesk.ticket.wait_until', [ticket],
        'wait', choice='date', until=until + HOUR)
    assert (ticket.state, ticket.waiting_until) == (
        'third_party', until + HOUR)


@with_transaction()
def test_wait_for_what_cannot_be():
    "AG9: not in the past, and not where no transition leads"
    desk = Helpdesk()
    ticket = desk.make_ticket(state='open')
    with pytest.raises(UserError, match="date"):
        go_through(
            desk, 'helpdesk.ticket.wait_until', [ticket], 'wait',
            choice='date', until=now() - HOUR)
    ticket = desk.make_ticket(state='authorization')
    with pytest.raises(UserError, match="cannot go"):
        go_through(
            desk, 'helpdesk.ticket.wait_until', [ticket], 'wait',
            state='third_party', choice='date', until=now() + HOUR)


@with_transaction()
def test_relative_dates():
    "AG9: tomorrow, in three days and on Monday, in the morning there"
    pool = Pool()
    Start = pool.get('helpdesk.ticket.wait_until.start')
    for choice, days in [('tomorrow', {1}), ('three_days', {3}),
            ('next_week', set(range(1, 8)))]:
        start = Start(choice=choice, timezone='Europe/Madrid', until=None)
        start.on_change_choice()
        local = start.until.replace(tzinfo=dt.timezone.utc).astimezone(
            start._zone)
        assert local.time() == dt.time(8)
        today = dt.datetime.now(start._zone).date()
        assert (local.date() - today).days in days
        if choice == 'next_week':
            assert local.weekday() == 0
    start = Start(choice='date', timezone=None, until=now())
    before = start.until
    start.on_change_choice()
    assert start.until == before


@with_transaction()
def test_cost_does_not_grow():
    "Design: many tickets wake up in as many statements as few"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()

    def count(number):
        for _ in range(number):
            desk.make_ticket(state='pending', waiting_until=now() - HOUR)
        with Statements() as statements:
            Ticket.wake()
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
    cron, = Cron.search([('method', '=', 'helpdesk.ticket|wake')])
    assert not getattr(cron, 'companies', None)


@with_transaction()
def test_back_when_it_opens():
    "AG9, C10: on the day that was chosen the ticket is back when it opens"
    pool = Pool()
    Start = pool.get('helpdesk.ticket.wait_until.start')
    desk = Helpdesk()
    desk.company.timezone = 'Europe/Madrid'
    desk.company.save()
    desk.section.calendar = make_calendar(
        (0, 10, 14), (0, 16, 19), holidays=[
            (dt.date(2026, 5, 4), "A Monday")])
    desk.section.save()

    def until(choice, *at, section=desk.section):
        with patch.object(waiting, 'dt', frozen(*at)):
            start = Start(
                choice=choice, section=section, timezone='Europe/Madrid')
            start.on_change_choice()
        return start.until

    sunday = 2026, 4, 26, 12
    # Two hours ahead of UTC
    assert until('tomorrow', *sunday) == dt.datetime(2026, 4, 27, 8)
    assert until('next_week', *sunday) == dt.datetime(2026, 4, 27, 8)
    # Closed on Wednesday, and on the first Monday of May
    assert until('three_days', *sunday) == dt.datetime(2026, 4, 29, 6)
    assert until('next_week', 2026, 4, 28, 12) == dt.datetime(2026, 5, 4, 6)
    with Transaction().set_context(desk.context):
        always = desk.make_section("Always")
    for section in [always, None]:
        assert until('tomorrow', *sunday, section=section) == (
            dt.datetime(2026, 4, 27, 6))


def frozen(*now):
    "Return datetime for a module, at this time"
    at = dt.datetime(*now, tzinfo=dt.timezone.utc)

    class Frozen(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return at.astimezone(tz) if tz else at.replace(tzinfo=None)

    return SimpleNamespace(
        datetime=Frozen, time=dt.time, timedelta=dt.timedelta)
