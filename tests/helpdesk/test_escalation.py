# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import contextlib
import datetime as dt

import pytest
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk.escalating import clock  # noqa: F401
from tests.helpdesk.escalating import (
    HOUR, Clock, Office, at, make_office, next_warning, run, run_until, step,
    warnings)
from tests.helpdesk.test_notice import bell, commit, sink  # noqa: F401


def setup_module():
    activate_module('helpdesk')


@with_transaction(user=0)
def test_warned_and_escalated():
    "X4: warned before, then the manager, then who is chosen; each once"
    desk = Office()
    level = desk.make_level(
        step(),
        step(time=2 * HOUR, recipients=['managers'],
            employees=[('add', [desk.boss.employee.id])]),
        warn_before=HOUR)
    # Monday at 16:00 in Madrid
    ticket = desk.make_due(
        level, at(1, 15), employee=desk.agent.employee)

    run_until(at(1, 13, 45))
    assert not any(desk.bells().values())
    run_until(at(1, 14))
    assert desk.bells() == {
        'agent': [
            f"#{ticket.number}: Due soon · Solution · 03/01/2027 15:00"],
        'boss': [], 'manager': []}
    run_until(at(1, 14, 45))
    assert not any(desk.bells().values())
    run_until(at(1, 15, 30))
    missed = f"#{ticket.number}: Missed · Solution · 03/01/2027 15:00"
    assert desk.bells() == {
        'agent': [], 'boss': [f"{missed} · 0:00 late"], 'manager': []}
    # Two opening hours later is Tuesday
    run_until(at(2, 8, 45))
    assert not any(desk.bells().values())
    run_until(at(4, 12))
    assert desk.bells() == {
        'agent': [], 'boss': [f"{missed} · 2:00 late"],
        'manager': [f"{missed} · 2:00 late"]}
    assert warnings(ticket) == [
        ('due', 'solution', "Agent"),
        ('missed', 'solution', "Boss"),
        ('missed', 'solution', "Boss, Manager")]
    *_, last, _ = ticket.__class__(ticket.id).escalations
    assert (last.due, last.at, last.late) == (
        at(1, 15), at(1, 15), dt.timedelta())
    assert next_warning(ticket) is None


@with_transaction(user=0)
def test_nobody_is_woken_up():
    "AG2: what is missed on Friday evening is told on Monday morning"
    desk = Office()
    ticket = desk.make_due(
        desk.make_level(step()), at(5, 20), employee=desk.agent.employee)
    run(at(5, 21))
    run(at(6, 12))
    run(at(8, 7, 45))
    assert not any(desk.bells().values())
    assert next_warning(ticket) == at(8, 8)
    run(at(8, 8))
    assert len(desk.bells()['boss']) == 1


@with_transaction(user=0)
def test_two_zones():
    "AG2: each section is told when it is open"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    desk = Office()
    there = desk.make_section(
        "America", calendar=make_office('America/New_York'),
        manager=desk.manager.employee)
    Section.write([desk.section], {
            'calendar': make_office(holidays=[dt.date(2027, 3, 2)]).id})
    level = desk.make_level(step())
    desk.make_due(level, at(2, 9))
    desk.make_due(level, at(2, 9), section=there)
    # Nine in New York
    run(at(2, 13, 45))
    assert not any(desk.bells().values())
    run(at(2, 14))
    assert list(map(len, desk.bells().values())) == [0, 0, 1]
    run(at(2, 21))
    assert not any(desk.bells().values())
    # Nine in Madrid, after the holiday
    run(at(3, 8))
    assert list(map(len, desk.bells().values())) == [0, 1, 0]


@with_transaction(user=0)
def test_over():
    "X4: nobody is told of what was resolved or closed meanwhile"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Office()
    level = desk.make_level(step(target='deadline'))
    tickets = [
        desk.make_due(level, deadline=at(1, 10)) for _ in range(3)]
    run()
    Ticket.resolve(tickets[:1])
    Ticket.close(tickets[1:2])
    commit()
    desk.bells()
    run(at(1, 10))
    assert [len(warnings(t)) for t in tickets] == [0, 0, 1]
    assert len(desk.bells()['boss']) == 1
    # Reopened it is missed
    Ticket.open([Ticket(tickets[0].id)])
    commit()
    desk.bells()
    run()
    assert warnings(tickets[0]) == [('missed', 'deadline', "Boss")]


@with_transaction(user=0)
def test_recomputed():
    "X4: what is due anew is told anew, what is due as before is not"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Office()
    ticket = desk.make_due(desk.make_level(step()), at(1, 10))
    run(at(1, 10))
    assert len(desk.bells()['boss']) == 1
    # Paused, and the same again
    for time in [None, at(1, 10)]:
        Ticket.write([ticket], {'solution_due': time})
        run(at(1, 10, 15))
        assert not any(desk.bells().values())
    Ticket.write([ticket], {'solution_due': at(2, 10)})
    run(at(1, 10, 30))
    assert not any(desk.bells().values())
    run(at(2, 10))
    assert len(desk.bells()['boss']) == 1


@with_transaction(user=0)
def test_other_level():
    "X4: with another service level its people are told"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Office()
    silver = desk.make_level(step(), warn_before=HOUR, sequence=10)
    gold = desk.make_level(
        step(recipients=['managers']), warn_before=2 * HOUR, sequence=20)
    ticket = desk.make_due(
        silver, at(1, 10), employee=desk.agent.employee)
    run(at(1, 9))
    assert list(map(len, desk.bells().values())) == [1, 0, 0]
    Ticket.write([ticket], {'service_level': gold.id})
    run()
    # The responsible knows when it is due
    assert not any(desk.bells().values())
    run(at(1, 10))
    assert list(map(len, desk.bells().values())) == [0, 0, 1]


@with_transaction(user=0)
def test_level_changed():
    "X4: a change of the level holds for the tickets that have it"
    pool = Pool()
    ServiceLevel = pool.get('helpdesk.service_level')
    Step = pool.get('helpdesk.service_level.step')
    desk = Office()
    level = desk.make_level()
    ticket = desk.make_due(level, at(1, 15), employee=desk.agent.employee)
    run()
    assert next_warning(ticket) is None
    ServiceLevel.write([level], {'warn_before': HOUR})
    run(at(1, 14))
    assert warnings(ticket) == [('due', 'solution', "Agent")]
    Step.create([{'level': level.id, **step()}])
    run(at(1, 15))
    assert warnings(ticket)[1:] == [('missed', 'solution', "Boss")]
    # What was told stays when the step is gone
    Step.delete(Step.search([('level', '=', level.id)]))
    run(at(1, 15, 15))
    assert len(warnings(ticket)) == 2


@with_transaction(user=0)
def test_deadline():
    "D5: a ticket that is due soon is told once for each deadline"
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    Ticket = pool.get('helpdesk.ticket')
    desk = Office()
    mine = desk.make_due(
        None, deadline=at(1, 15), employee=desk.agent.employee)
    free = desk.make_due(None, deadline=at(2, 8))
    later = desk.make_due(
        None, deadline=at(5, 15), employee=desk.agent.employee)
    old = desk.make_due(None, deadline=dt.datetime(2027, 1, 1))
    run(at(1, 15))
    assert not any(desk.bells().values())
    configuration = Configuration(1)
    configuration.due_soon = 4 * HOUR
    configuration.save()
    run()
    # Four opening hours before Tuesday morning is Monday noon
    assert sorted(desk.bells()['agent']) == [
        f"#{mine.number}: Missed · Deadline · 03/01/2027 15:00 · 0:00 late",
        f"#{free.number}: Due soon · Deadline · 03/02/2027 08:00"]
    run(at(1, 15, 30))
    assert not any(desk.bells().values())
    assert not warnings(old)
    Ticket.write([later], {'deadline': at(1, 15, 45)})
    run()
    assert len(desk.bells()['agent']) == 1
    Ticket.write([later], {'deadline': None})
    run()
    assert next_warning(later) is None


@with_transaction(user=0)
def test_deadline_out_of_reach():
    "One ticket with a strange deadline keeps nobody else's warnings back"
    desk = Office()
    # Around the clock
    desk.section.calendar = None
    desk.section.save()
    level = desk.make_level(
        step(time=HOUR), step(when='before', time=HOUR))
    for deadline in [dt.datetime.max, dt.datetime.min]:
        desk.make_due(level, deadline=deadline.replace(microsecond=0))
    mine = desk.make_due(level, deadline=at(1, 15))
    run(at(1, 16))
    assert ('missed', 'deadline', "Boss") in warnings(mine)


@with_transaction(user=0)
def test_hours_changed():
    "AG2: with other opening hours it is told at another time"
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    Section = pool.get('helpdesk.section')
    desk = Office()
    configuration = Configuration(1)
    configuration.due_soon = HOUR
    configuration.save()
    ticket = desk.make_due(None, deadline=at(2, 9))
    run()
    assert next_warning(ticket) == at(2, 8)
    Section.write([desk.section], {
            'calendar': make_office(holidays=[dt.date(2027, 3, 2)]).id})
    run()
    assert next_warning(ticket) == at(1, 15)


@with_transaction(user=0)
def test_does_not_disturb():
    "Who has the ticket open can save it after others were told it is due"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Office()
    ticket = desk.make_due(
        desk.make_level(warn_before=HOUR), at(1, 10))
    written = Ticket.read([ticket.id], ['write_date', '_timestamp'])
    run(at(1, 9))
    assert warnings(ticket)
    assert Ticket.read([ticket.id], ['write_date', '_timestamp']) == written


@with_transaction(user=0)
def test_nobody_responsible():
    "X4: where nobody is responsible the members are warned"
    desk = Office()
    colleague = desk.make_user('colleague', [desk.section])
    ticket = desk.make_due(desk.make_level(warn_before=HOUR), at(1, 10))
    run(at(1, 9))
    assert warnings(ticket) == [('due', 'solution', "Agent, Colleague")]
    assert len(bell(colleague)) == 1


@with_transaction(user=0)
def test_substitute():
    "AG5: who stands in gets what the absent would get"
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    desk = Office()
    today = dt.date.today()
    Absence.create([{
                'employee': desk.agent.employee.id,
                'start_date': today - dt.timedelta(days=1),
                'end_date': today + dt.timedelta(days=1),
                'substitute': desk.boss.employee.id,
                }])
    ticket = desk.make_due(
        desk.make_level(warn_before=HOUR), at(1, 10),
        employee=desk.agent.employee)
    run(at(1, 9))
    assert warnings(ticket) == [('due', 'solution', "Agent, Boss")]
    assert list(map(len, desk.bells().values())) == [1, 1, 0]


@with_transaction(user=0)
def test_preferences():
    "D5: who does not want to know is not told"
    pool = Pool()
    User = pool.get('res.user')
    desk = Office()
    User.write([desk.agent], {'helpdesk_notice_missed': 'none'})
    User.write([desk.boss], {'helpdesk_notice_due': 'none'})
    ticket = desk.make_due(
        desk.make_level(
            step(recipients=['members', 'manager']),
            step(when='before', time=HOUR, recipients=['members', 'manager'])),
        at(1, 10))
    run(at(1, 9))
    run(at(1, 10))
    assert warnings(ticket) == [
        ('due', 'solution', "Agent"), ('missed', 'solution', "Boss")]


@with_transaction(user=0)
def test_secret():
    "SE12: who does not see the ticket is told nothing of it"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    desk = Office()
    Section.write([desk.section], {'visibility': 'private'})
    stranger = desk.make_user('stranger', [])
    ticket = desk.make_due(
        desk.make_level(
            step(employees=[('add', [stranger.employee.id])])), at(1, 10))
    run(at(1, 10))
    assert warnings(ticket) == [('missed', 'solution', "Boss")]
    assert not bell(stranger)


@with_transaction(user=0)
def test_kept():
    "SE12: what was told is not changed, and read by who sees the ticket"
    pool = Pool()
    Escalation = pool.get('helpdesk.escalation')
    Section = pool.get('helpdesk.section')
    Ticket = pool.get('helpdesk.ticket')
    desk = Office()
    stranger = desk.make_user('stranger', [])
    ticket = desk.make_due(desk.make_level(step()), at(1, 10))
    run(at(1, 10))
    record, = Ticket(ticket.id).escalations
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert Escalation.read([record.id], ['told']) == [
            {'id': record.id, 'told': "Boss"}]
        for forbidden in [
                lambda: Escalation.write([record], {'told': "Me"}),
                lambda: Escalation.delete([record]),
                lambda: Ticket.write([ticket], {
                        'escalations': [('delete', [record.id])]})]:
            with pytest.raises(AccessError):
                forbidden()
        # Nor what comes next
        Ticket.write([Ticket(ticket.id)], {'deadline': at(2, 10)})
        assert next_warning(ticket) == Clock.time
        for values in [{}, {'deadline': at(2, 11)}]:
            # Tryton 8.2 refuses it
            with contextlib.suppress(AccessError):
                Ticket.write(
                    [Ticket(ticket.id)], {'next_warning': None, **values})
            assert next_warning(ticket) == Clock.time
    Section.write([desk.section], {'visibility': 'private'})
    user, context = desk.as_user(stranger)
    with user, context, pytest.raises(AccessError):
        Escalation.read([record.id], ['told'])


@with_transaction(user=0)
def test_priority():
    "X4: what was missed gets a higher priority, never a lower one"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Office()
    level = desk.make_level(
        step(target='deadline', priority='high'),
        step(target='deadline', priority='normal'))
    tickets = [
        desk.make_due(level, deadline=at(1, 10), priority=p)
        for p in ['low', 'high', 'urgent']]
    run(at(1, 10))
    assert [Ticket(t.id).priority for t in tickets] == [
        'high', 'high', 'urgent']
    row, = [
        h for h in Ticket(tickets[0].id).history if h.what == 'priority']
    assert (row.old, row.new, row.actor, row.reason) == (
        'low', 'high', 'system', 'escalation')
    run(at(1, 11))
    assert len(warnings(tickets[0])) == 2


@with_transaction(user=0)
def test_gravest():
    "X4: who is to be told several things of a ticket is told the gravest"
    desk = Office()
    level = desk.make_level(
        step(recipients=['responsible']), warn_before=HOUR)
    ticket = desk.make_due(
        level, at(1, 10), deadline=at(1, 9), employee=desk.agent.employee)
    run(at(1, 9))
    assert desk.bells()['agent'] == [
        f"#{ticket.number}: Missed · Deadline · 03/01/2027 09:00 · 0:00 late"]
    assert warnings(ticket) == [
        ('missed', 'deadline', "Agent"), ('due', 'solution', "Agent")]


def test_mail(sink):  # noqa: F811
    "X4: the mail says what is due and when, in the reader's words and zone"
    _test_mail(sink)


@with_transaction(user=0)
def _test_mail(sink):  # noqa: F811
    pool = Pool()
    Company = pool.get('company.company')
    User = pool.get('res.user')
    desk = Office()
    Company.write([desk.company], {'timezone': 'Europe/Madrid'})
    User.write([desk.agent], {
            'email': 'agent@example.com', 'helpdesk_notice_missed': 'mail'})
    desk.make_due(
        desk.make_level(step(recipients=['responsible'])), at(1, 10),
        subject="Fire", email='ada@example.org',
        employee=desk.agent.employee)
    run(at(1, 11, 30))
    assert not bell(desk.agent)
    message, = sink.messages
    assert message['To'] == 'agent@example.com'
    assert "Missed · Solution · 03/01/2027 11:00 · 1:30 late" in (
        message.get_content().replace('\xa0', ' '))
    # Nobody says anything to the customer
    assert len(sink.envelopes) == 1
