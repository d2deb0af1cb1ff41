# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from types import SimpleNamespace

import pytest
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk.exceptions import ClosingWarning
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.test_closing import (
    DAY, FRIDAY, HOUR, again, office_hours, resolve, run)
from tests.helpdesk_mail.mailing import running_sink, send
from tests.helpdesk_mail.test_automatic import lang, set_template
from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter

ADA = 'ada@example.org'


def setup_module():
    activate_module('helpdesk_mail')


@pytest.fixture
def clock(monkeypatch):
    "The time that resolves and closes tickets; set clock.time"
    clock = SimpleNamespace(time=FRIDAY)

    class Datetime(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return clock.time

    times = SimpleNamespace(
        datetime=Datetime, timedelta=dt.timedelta, date=dt.date, time=dt.time,
        timezone=dt.timezone)
    for module in [
            'helpdesk.closing', 'helpdesk.conversation', 'helpdesk.history',
            'helpdesk.workflow', 'helpdesk_mail.automatic']:
        monkeypatch.setattr(f'trytond.modules.{module}.dt', times)
    return clock


def desk_that_tells(**values):
    return helpdesk(**{
            'acknowledge': False, 'close_after': 3 * DAY,
            'close_notice': DAY, **values})


def resolved(desk, **values):
    values = {'state': 'open', 'email': ADA, **values}
    return resolve(desk.make_ticket(**values))[0]


@with_transaction()
def test_told_once(clock):
    "E5: the customer is told once, in time, when the ticket closes"
    desk = desk_that_tells()
    ticket = resolved(desk)
    assert ticket.close_notice_at == FRIDAY + 2 * DAY
    assert ticket.closes_at == FRIDAY + 3 * DAY

    clock.time = FRIDAY + 2 * DAY - HOUR
    run()
    assert not sent(again(ticket))
    for _ in range(3):
        clock.time += HOUR
        run()
    ticket = again(ticket)
    notice, = sent(ticket)
    assert (ticket.close_notice_at, ticket.close_told_at) == (
        None, FRIDAY + 2 * DAY)
    assert ticket.closes_at == FRIDAY + 3 * DAY
    assert (ticket.state, ticket.unread) == ('resolved', False)
    assert notice.automatic
    assert notice.to_addresses == ADA
    assert f"#{ticket.number}" in notice.body
    assert "11/09/2026\xa010:00" in notice.body
    assert ticket.subject not in notice.subject + notice.body

    clock.time = FRIDAY + 3 * DAY
    run()
    ticket = again(ticket)
    assert (ticket.state, ticket.closed_by) == ('closed', 'system')
    assert sent(ticket) == [notice]


@with_transaction()
def test_letter(clock):
    "E5, PO5: the mail says that a machine wrote it (RFC 3834)"
    desk = desk_that_tells()
    ticket = resolved(desk)
    clock.time += 2 * DAY
    run()
    with running_sink() as sink:
        notice, = send(*sent(again(ticket)))
        mail, = sink.wait(1)
    assert notice.delivery == 'sent'
    assert mail['Auto-Submitted'].startswith('auto-')
    assert f'[#{ticket.number}]' in mail['Subject']


@with_transaction()
def test_no_notice(clock):
    "E5: no mail without a notice, an address, or to who never gets one"
    pool = Pool()
    Address = pool.get('helpdesk.mail.address')
    desk = desk_that_tells()
    silent = desk.make_section(
        "Silent", acknowledge=False, close_after=3 * DAY)
    Address.create([{'pattern': 'example.net', 'no_automatic': True}])
    tickets = [
        resolved(desk, section=silent), resolved(desk, email=None),
        resolved(desk, email='bob@example.net')]
    clock.time += 3 * DAY
    run()
    for ticket in map(again, tickets):
        assert ticket.state == 'closed'
        assert not sent(ticket)
        assert not ticket.close_told_at


@with_transaction()
def test_imported(clock):
    "E5: nobody gets a mail about a ticket that is brought in quietly"
    desk = desk_that_tells()
    with Transaction().set_context(helpdesk_acknowledge=False):
        ticket = desk.make_ticket(
            state='resolved', email=ADA, resolved_at=FRIDAY)
    clock.time += 3 * DAY
    run()
    assert again(ticket).state == 'closed'
    assert not sent(again(ticket))


@with_transaction()
def test_words(clock):
    "C19, PO9, E5: the section's own text, in the customer's language"
    desk = desk_that_tells()
    set_template(desk, 'close_notice_template',
        "${ticket.number} closes on ${ticket.closes}.")
    ticket = resolved(desk, language=lang('es'))
    clock.time += 2 * DAY
    run()
    notice, = sent(again(ticket))
    assert notice.body == f"{ticket.number} closes on 09/11/2026\xa010:00."


@with_transaction()
def test_opening_time(clock):
    "E5: the mail goes out while the section works, and not on a weekend"
    desk = desk_that_tells(
        close_after=14 * HOUR, close_notice=8 * HOUR,
        calendar=office_hours())
    # Six hours later it closes: the customer is told on Monday morning
    ticket = resolved(desk)
    monday = FRIDAY - 2 * HOUR + 3 * DAY
    assert ticket.close_notice_at == monday
    assert ticket.closes_at == monday + 8 * HOUR
    for hour in range(72 - 2):
        clock.time = FRIDAY + hour * HOUR
        run()
    assert not sent(again(ticket))
    clock.time = monday
    run()
    assert len(sent(again(ticket))) == 1


@with_transaction()
def test_scheduler_was_down(clock):
    "E5: told late, the customer gets all the time that was promised"
    desk = desk_that_tells()
    ticket = resolved(desk)
    clock.time = FRIDAY + 9 * DAY
    run()
    ticket = again(ticket)
    assert (ticket.state, len(sent(ticket))) == ('resolved', 1)
    assert ticket.closes_at == FRIDAY + 10 * DAY
    assert "11/16/2026\xa010:00" in sent(ticket)[0].body

    # It works again at night: nobody is told before morning
    desk.section.calendar = office_hours()
    desk.section.save()
    other = resolved(desk, email='bob@example.org')
    clock.time += 30 * DAY + 12 * HOUR
    run()
    assert (again(other).state, sent(again(other))) == ('resolved', [])
    clock.time += 12 * HOUR
    run()
    assert len(sent(again(other))) == 1


@with_transaction()
def test_answer_before(clock):
    "E4: an answer to the notice reopens the ticket; then all starts anew"
    desk = desk_that_tells()
    ticket = resolved(desk)
    clock.time += 2 * DAY
    run()
    notice, = sent(again(ticket))
    deliver(letter("Still broken", In_Reply_To=f'<{notice.message_id}>'))
    ticket = again(ticket)
    assert (ticket.state, ticket.closes_at) == ('open', None)
    assert (ticket.close_notice_at, ticket.close_told_at) == (None, None)
    clock.time += 5 * DAY
    run()
    assert again(ticket).state == 'open'

    ticket, = resolve(again(ticket))
    assert ticket.closes_at == clock.time + 3 * DAY
    clock.time += 2 * DAY
    run()
    assert len(sent(again(ticket))) == 2
    clock.time += DAY
    run()
    assert again(ticket).state == 'closed'


@with_transaction()
def test_answer_after(clock):
    "E5: an answer to what has closed by itself makes a follow-up ticket"
    desk = desk_that_tells()
    ticket = resolved(desk)
    clock.time += 2 * DAY
    run()
    notice, = sent(again(ticket))
    clock.time += DAY
    run()
    mail, = deliver(letter(
            "Still broken", In_Reply_To=f'<{notice.message_id}>'))
    assert again(ticket).state == 'closed'
    assert mail.ticket != ticket
    assert (mail.ticket.preceding, mail.ticket.state) == (ticket, 'open')


@with_transaction()
def test_answer_at_the_same_moment(clock):
    "E4, E5: of a letter and the scheduled action none undoes the other"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = desk_that_tells(close_notice=None)
    first, second = resolved(desk), resolved(desk)
    clock.time += 3 * DAY
    # What one process chose, another has changed before it begins
    deliver(letter("One", subject=f'[#{first.number}]'))
    Ticket._close_by_itself([first.id, second.id])
    mail, = deliver(letter("Two", subject=f'[#{second.number}]'))
    assert again(first).state == 'open'
    assert again(second).state == 'closed'
    assert mail.ticket.preceding == second

    third = resolved(desk_that_tells_of(desk))
    clock.time += 2 * DAY
    deliver(letter("Three", subject=f'[#{third.number}]'))
    Ticket._tell_closing([third.id])
    assert not sent(again(third))


def desk_that_tells_of(desk):
    desk.section.close_notice = DAY
    desk.section.save()
    return desk


@with_transaction()
def test_not_delivered(clock):
    "E5: a notice that cannot be sent is shown, and the ticket closes"
    desk = desk_that_tells()
    ticket = resolved(desk)
    clock.time += 2 * DAY
    run()
    notice, = sent(again(ticket))
    notice.delivery = 'failed'
    notice.delivery_error = "No such user"
    notice.save()
    notice.not_delivered([notice])
    ticket = again(ticket)
    assert (ticket.state, ticket.not_delivered) == ('resolved', True)
    assert notice in ticket.last_conversations
    clock.time += DAY
    run()
    assert again(ticket).state == 'closed'


@with_transaction()
def test_limit(clock):
    "PO5, E5: nobody gets many at once; those tickets close later"
    desk = desk_that_tells()
    tickets = [resolved(desk) for _ in range(7)]
    clock.time += 2 * DAY
    run()
    assert sum(len(sent(again(t))) for t in tickets) == 5
    clock.time += 2 * HOUR
    run()
    run()
    assert all(len(sent(again(t))) == 1 for t in tickets)
    assert {again(t).closes_at - FRIDAY for t in tickets} == {
        3 * DAY, 3 * DAY + 2 * HOUR}

    # Who cannot be told for a day is not waited for
    other = resolved(desk)
    desk.section.acknowledge = True
    desk.section.save()
    clock.time = other.close_notice_at + DAY
    for _ in range(5):
        desk.make_ticket(email=ADA)
    run()
    assert not [c for c in sent(again(other)) if "closed on" in c.body]
    assert again(other).close_notice_at is None


@with_transaction()
def test_turned_on(clock):
    """
    E5: where tickets begin to close by themselves, nobody gets a mail about
    one that was resolved long ago, and who turns it on is warned
    """
    pool = Pool()
    Warning = pool.get('res.user.warning')
    desk = desk_that_tells(close_after=None, close_notice=None)
    times = [9 * DAY, 3 * DAY, 2 * DAY + HOUR, DAY]
    old = [
        desk.make_ticket(
            state='resolved', email=f'{i}@example.org',
            resolved_at=FRIDAY - time)
        for i, time in enumerate(times)]
    desk.section.close_after = 3 * DAY
    desk.section.close_notice = DAY
    with pytest.raises(ClosingWarning, match="^2 tickets") as caught:
        desk.section.save()
    Warning.create([
            {'user': Transaction().user, 'name': caught.value.name}])
    desk.section.save()
    run()
    assert [again(t).state for t in old] == ['closed'] * 2 + ['resolved'] * 2
    assert [len(sent(again(t))) for t in old] == [0, 0, 1, 0]
    # Time to answer
    assert again(old[2]).closes_at == FRIDAY + DAY
    assert again(old[3]).closes_at == FRIDAY + 2 * DAY


@with_transaction()
def test_less_time(clock):
    "E5: with a shorter delay no ticket closes before its customer is told"
    desk = desk_that_tells()
    ticket, told = resolved(desk), resolved(desk, email='bob@example.org')
    told.__class__.write([told], {'close_notice_at': FRIDAY})
    run()
    assert len(sent(again(told))) == 1
    clock.time += 2 * DAY - HOUR
    desk.section.close_after = DAY + HOUR
    # Nobody is warned: none closes at once
    desk.section.save()
    run()
    ticket, told = again(ticket), again(told)
    assert (ticket.state, len(sent(ticket))) == ('resolved', 1)
    assert ticket.closes_at == clock.time + DAY
    # The mail had said so
    assert (told.state, told.closes_at) == ('resolved', FRIDAY + 3 * DAY)


@with_transaction()
def test_long_notice(clock):
    "E5: a notice of all the delay or more goes out at once"
    desk = desk_that_tells(close_notice=5 * DAY)
    ticket = resolved(desk)
    assert ticket.closes_at == FRIDAY + 5 * DAY
    run()
    assert len(sent(again(ticket))) == 1


@with_transaction()
def test_absurd_notice(clock):
    "E5: what nobody can be told so long before does not close by itself"
    desk = desk_that_tells(
        calendar=office_hours(), close_notice=9999 * DAY)
    ticket = resolved(desk)
    assert (ticket.state, ticket.closes_at, ticket.close_notice_at) == (
        'resolved', None, None)
    run()
    assert again(ticket).state == 'resolved'
    assert not sent(again(ticket))


@with_transaction()
def test_nobody_writes_it():
    "SE12: agents cannot say when customers are told"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = desk_that_tells()
    ticket = desk.make_ticket(state='open')
    user, context = desk.as_user(desk.agent)
    for name in ['close_notice_at', 'close_told_at']:
        with user, context:
            with pytest.raises(AccessError):
                Ticket.write([Ticket(ticket.id)], {name: FRIDAY})
        user, context = desk.as_user(desk.agent)


@with_transaction()
def test_copy(clock):
    "E5: nobody is told of a copy"
    desk = desk_that_tells()
    ticket = resolved(desk)
    copy, = ticket.__class__.copy([ticket])
    assert (copy.closes_at, copy.close_notice_at) == (None, None)


@with_transaction()
def test_cost(clock):
    "Design: many customers are told in as many statements as few"
    desk = desk_that_tells()

    def count(number):
        for i in range(number):
            resolved(desk, email=f'{i}@{number}.example')
        clock.time += 2 * DAY
        with Statements() as statements:
            run()
        return {
            k: n for k, n in statements.kinds().items()
            # Neither rows nor their ids
            if not k.startswith(('INSERT', 'SELECT nextval'))}

    # The second also closes what the first has told of
    count(1)
    count(1)
    assert count(3) == count(9)
