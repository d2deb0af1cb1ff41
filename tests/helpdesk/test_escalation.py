# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import contextlib
import datetime as dt

import pytest
from sql import Column, Literal
from trytond import backend
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk import due
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.test_notice import bell, commit, sink  # noqa: F401
from tests.records import Helpdesk

HOUR = dt.timedelta(hours=1)
QUARTER = dt.timedelta(minutes=15)


def setup_module():
    activate_module('helpdesk')


def at(day, hour, minute=0):
    "A time in March 2027, UTC: the first is a Monday, Madrid has an hour more"
    return dt.datetime(2027, 3, day, hour, minute)


class Clock:
    time = at(1, 8)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(Clock, 'time', at(1, 8))
    monkeypatch.setattr(due, 'now', lambda: Clock.time)


def run(time=None):
    "Let the scheduled action run, now or at a later time"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    commit()
    if time is not None:
        Clock.time = time
    with Transaction().set_user(0):
        return Ticket.notify_due()


def run_until(time):
    "Let the scheduled action run every quarter of an hour"
    while Clock.time + QUARTER <= time:
        run(Clock.time + QUARTER)


def make_office(zone='Europe/Madrid', holidays=()):
    "Make a calendar of an office that is open from 9 to 17 on weekdays"
    pool = Pool()
    Day = pool.get('ir.calendar.day')
    WorkCalendar = pool.get('helpdesk.work_calendar')
    calendar, = WorkCalendar.create([{
                'name': "Office", 'timezone': zone,
                'spans': [('create', [{
                                'day': day.id,
                                'start': dt.time(9), 'end': dt.time(17),
                                }
                            for day in Day.search([('index', '<', 5)])])],
                'holidays': [('create', [{
                                'date': date, 'name': "Holiday",
                                } for date in holidays])],
                }])
    return calendar


class Office(Helpdesk):
    "A helpdesk in Madrid that tells its people by the bell of what is due"

    def __init__(self):
        super().__init__()
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        Section = pool.get('helpdesk.section')
        self.boss = self.make_user('boss', [])
        Section.write([self.section], {
                'calendar': make_office().id,
                'manager': self.boss.employee.id,
                })
        configuration = Configuration(1)
        configuration.due_soon = None
        configuration.save()

    def make_level(self, *steps, **values):
        pool = Pool()
        ServiceLevel = pool.get('helpdesk.service_level')
        level, = ServiceLevel.create([{
                    'name': "Gold", 'company': self.company.id,
                    'steps': [('create', steps)], **values}])
        commit()
        return level

    def make_due(self, level, solution_due=None, **values):
        "Make a ticket that has to be solved at that time"
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        with Transaction().set_context(helpdesk_notify=False):
            ticket = self.make_ticket(**{'state': 'open', **values})
            Ticket.write([ticket], {
                    'service_level': level and level.id,
                    'solution_due': solution_due})
        return Ticket(ticket.id)

    def bells(self):
        return {
            # Dates have spaces that do not break
            user.login: [label.replace('\xa0', ' ') for label, _ in bell(user)]
            for user in [self.agent, self.boss, self.manager]}


def step(**values):
    return {
        'when': 'after', 'time': dt.timedelta(), 'recipients': ['manager'],
        **values}


def warnings(ticket):
    "Return who was told what of the ticket, the first on top"
    return [
        (e.event, e.target, e.told)
        for e in reversed(ticket.__class__(ticket.id).escalations)]


def next_warning(ticket):
    "Return when the ticket is looked at again, as it is in the database"
    row, = ticket.__class__.read([ticket.id], ['next_warning'])
    return row['next_warning']


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
def test_twice():
    "X4: to run the action twice tells nothing twice"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Office()
    ticket = desk.make_due(desk.make_level(step()), at(1, 10))
    run(at(1, 10))
    # As if another process had not seen that it is done
    Ticket._set_next_warning({ticket.id: at(1, 10)})
    run()
    assert len(desk.bells()['boss']) == 1
    assert len(warnings(ticket)) == 1
    copy, = Ticket.copy([Ticket(ticket.id)])
    assert not copy.escalations


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


@with_transaction(user=0)
def test_cost_does_not_grow():
    "Design: many tickets are told of in as many statements as few"
    desk = Office()
    level = desk.make_level(
        step(priority='urgent', target='deadline'), step(), warn_before=HOUR)

    def count(number):
        for i in range(number):
            desk.make_due(
                level, at(1, 15) + i * dt.timedelta(minutes=1),
                deadline=at(1, 10), employee=desk.agent.employee)
        commit()
        with Statements() as statements:
            run(at(1, 10))
        return {
            k: n for k, n in statements.kinds().items()
            if not k.startswith('INSERT')}

    count(1)
    assert count(3) == count(9)


@with_transaction(user=0)
def test_runs_once():
    "The scheduled action runs once, not once for each company"
    pool = Pool()
    Cron = pool.get('ir.cron')
    cron, = Cron.search([('method', '=', 'helpdesk.ticket|notify_due')])
    assert not getattr(cron, 'companies', None)


@pytest.mark.skipif(backend.name == 'sqlite',
    reason="it cannot drop a column that an index is on")
@with_transaction()
def test_upgrade():
    "X4: in databases in use deadlines are told of, and none of them again"
    pool = Pool()
    Escalation = pool.get('helpdesk.escalation')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    told, untold, _ = [
        desk.make_ticket(deadline=at(1, 9), state=state)
        for state in ['open', 'open', 'resolved']]
    desk.make_ticket()
    cursor = Transaction().connection.cursor()
    for change in ['DROP COLUMN next_warning', 'ADD COLUMN due_told BOOLEAN']:
        cursor.execute(f'ALTER TABLE helpdesk_ticket {change}')
    table = Ticket.__table__()
    cursor.execute(*table.update(
            [Column(table, 'due_told')], [Literal(True)],
            where=table.id == told.id))
    for Model in [Ticket, Escalation]:
        # Also the second time
        Model.__register__('helpdesk')
        Model.__register__('helpdesk')
    assert not Ticket.__table_handler__('helpdesk').column_exist('due_told')
    assert set(Ticket.search([('next_warning', '!=', None)])) == {told, untold}
    run(at(1, 8))
    assert [e.ticket for e in Escalation.search([])] == [untold, told]
