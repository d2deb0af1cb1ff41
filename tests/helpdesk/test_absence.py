# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from trytond.exceptions import UserError, UserWarning
from trytond.model.exceptions import AccessError
from trytond.modules.company.tests import create_company, create_employee
from trytond.modules.helpdesk import absence
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.wizards import go_through
from tests.records import Helpdesk

MONDAY = dt.date(2026, 12, 7)
FRIDAY = dt.date(2026, 12, 11)


def setup_module():
    activate_module('helpdesk')


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    "Set what time it is, in UTC"
    class Now(dt.datetime):
        at = dt.datetime(2026, 12, 9, 12, tzinfo=dt.timezone.utc)

        @classmethod
        def now(cls, zone=None):
            return cls.at.astimezone(zone)

    class Clock:
        datetime = Now
        timezone, timedelta = dt.timezone, dt.timedelta

    monkeypatch.setattr(absence, 'dt', Clock)
    return Now


def enter(user, substitute=None, start=MONDAY, end=FRIDAY, **values):
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    record, = Absence.create([{
                'employee': user.employee.id,
                'substitute': substitute.employee.id if substitute else None,
                'start_date': start,
                'end_date': end,
                **values,
                }])
    return record


def make_users(desk, *logins):
    return [desk.make_user(login, [desk.section]) for login in logins]


@with_transaction()
def test_absent():
    "D6: one is absent from the first to the last day, both included"
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    desk = Helpdesk()
    enter(desk.agent)
    employees = [desk.agent.employee.id, desk.manager.employee.id]
    for day, is_absent in [
            (MONDAY - dt.timedelta(1), False),
            (MONDAY, True),
            (FRIDAY, True),
            (FRIDAY + dt.timedelta(1), False)]:
        assert Absence.absent(employees, day) == (
            {desk.agent.employee.id} if is_absent else set())
    assert Absence.absent(employees) == {desk.agent.employee.id}


@with_transaction()
def test_today_in_the_zone_of_the_company(clock):
    "D6: the day begins where the employee works"
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    desk = Helpdesk()
    enter(desk.agent)
    for zone, at, is_absent in [
            ('Pacific/Kiritimati', dt.datetime(2026, 12, 6, 9, 59), False),
            ('Pacific/Kiritimati', dt.datetime(2026, 12, 6, 10), True),
            ('Pacific/Kiritimati', dt.datetime(2026, 12, 11, 10), False),
            ('Pacific/Pago_Pago', dt.datetime(2026, 12, 7, 10, 59), False),
            ('Pacific/Pago_Pago', dt.datetime(2026, 12, 7, 11), True),
            ('Pacific/Pago_Pago', dt.datetime(2026, 12, 12, 10, 59), True)]:
        desk.company.timezone = zone
        desk.company.save()
        clock.at = at.replace(tzinfo=dt.timezone.utc)
        Absence._near_cache.clear()
        assert bool(Absence.away()) == is_absent, (zone, at)


@with_transaction()
def test_substitutes():
    "AG5: chains of substitutes are followed, and loops end"
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    desk = Helpdesk()
    a, b, c, d, e, f = users = make_users(desk, *'abcdef')
    ids = [u.employee.id for u in users]
    # a -> b -> c, who is there; d and e stand in for each other; f has nobody
    for user, substitute in [(a, b), (b, c), (d, e), (e, d), (f, None)]:
        enter(user, substitute)
    assert Absence.stand_ins() == dict(zip(
            [ids[i] for i in [0, 1, 3, 4, 5]],
            [ids[2], ids[2], None, None, None]))
    assert Absence.with_substitutes(ids[:2]) == {ids[2]}
    assert Absence.with_substitutes(ids[2:]) == set(ids[2:])
    assert Absence.with_substitutes(ids, FRIDAY + dt.timedelta(7)) == set(ids)


@with_transaction()
def test_cost():
    "X11: who is absent costs a statement once, however many there are"
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    desk = Helpdesk()
    for user in make_users(desk, *'abcdef'):
        enter(user, desk.agent)
    Absence.stand_ins()
    with Statements() as statements:
        assert len(Absence.stand_ins()) == 6
        Absence.with_substitutes([desk.agent.employee.id])
    assert not statements.count


@with_transaction()
def test_dates_and_substitute_are_checked():
    "D6: what cannot be is refused in plain words"
    desk = Helpdesk()
    other, = make_users(desk, 'ben')
    enter(desk.agent)
    enter(desk.agent, start=FRIDAY + dt.timedelta(1),
        end=FRIDAY + dt.timedelta(1))
    with pytest.raises(UserError, match="before it begins"):
        enter(other, start=FRIDAY, end=MONDAY)
    with pytest.raises(UserError, match="for themselves"):
        enter(other, other)
    with pytest.raises(UserError, match="already entered as absent"):
        enter(desk.agent, start=FRIDAY, end=FRIDAY)
    with pytest.raises(UserError, match="already entered as absent"):
        enter(desk.agent, start=MONDAY - dt.timedelta(3),
            end=FRIDAY + dt.timedelta(3))


@with_transaction()
def test_calendar():
    "AG5: the calendar finds absences by when they end, and changes none"
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    desk = Helpdesk()
    absence, = Absence.create([{
                'employee': desk.agent.employee.id,
                'start_date': dt.date(2026, 11, 2),
                'end_date': dt.date(2026, 11, 6),
                }])
    assert absence.calendar_end == absence.end_date
    for end, found in [(6, [absence]), (7, [])]:
        assert Absence.search([
                ('calendar_end', '>=', dt.date(2026, 11, end)),
                ]) == found
    fields = Absence.fields_get(['calendar_end'])
    assert fields['calendar_end']['readonly']


@with_transaction()
def test_absent_substitute_warns():
    "AG5: whoever chooses a substitute who is absent as well is told so"
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    desk = Helpdesk()
    other, = make_users(desk, 'ben')
    later = {'start': dt.date(2027, 1, 4), 'end': dt.date(2027, 1, 8)}
    enter(other, start=FRIDAY, end=dt.date(2027, 1, 4))
    own = enter(desk.agent, start=FRIDAY)
    user, context = desk.as_user(desk.agent)
    with user, context:
        enter(desk.agent, other, start=MONDAY, end=MONDAY)
        with pytest.raises(UserWarning, match="absent on some") as warning:
            enter(desk.agent, other, **later)
        name = warning.value.name
        # It does not name the absence, which is a new one the next time
        assert str(desk.agent.employee.id) in name
        assert str(later['start']) in name
        with pytest.raises(UserWarning):
            Absence.write([own], {'substitute': other.employee.id})
    # Nobody is asked where nobody could answer
    enter(desk.manager, other)


@with_transaction()
def test_who_enters_absences():
    "D6: agents enter their own absences, managers those of others"
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    Section = pool.get('helpdesk.section')
    desk = Helpdesk()
    other, leader = make_users(desk, 'ben', 'lea')
    theirs = enter(other)
    user, context = desk.as_user(desk.agent)
    with user, context:
        own = enter(desk.agent)
        own.reason = "Holidays"
        own.save()
        assert theirs in Absence.search([])
        with pytest.raises(AccessError, match="Ben"):
            enter(other, start=dt.date(2027, 1, 1), end=dt.date(2027, 1, 1))
        with pytest.raises(AccessError, match="Ben"):
            Absence.write([theirs], {'reason': "Lazy"})
        with pytest.raises(AccessError, match="Ben"):
            Absence.write([own], {'employee': other.employee.id})
        with pytest.raises(AccessError, match="Ben"):
            Absence.delete([theirs])
        with pytest.raises(AccessError, match="Ben"):
            Absence.hand_over([theirs])
    user, context = desk.as_user(leader)
    with user, context:
        with pytest.raises(AccessError, match="Ben"):
            Absence.write([theirs], {'reason': "Holidays"})
    desk.section.manager = leader.employee
    Section.save([desk.section])
    for someone in [leader, desk.manager]:
        user, context = desk.as_user(someone)
        with user, context:
            Absence.write([theirs], {'reason': "Holidays"})


@with_transaction()
def test_other_companies():
    "SE12: nobody sees or changes absences of other companies"
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    desk = Helpdesk()
    stranger = create_employee(create_company("Other"))
    theirs, = Absence.create([{
                'employee': stranger.id,
                'start_date': MONDAY,
                'end_date': FRIDAY,
                }])
    user, context = desk.as_user(desk.manager)
    with user, context:
        assert not Absence.search([])
        with pytest.raises(AccessError):
            Absence.write([theirs], {'reason': "Lazy"})
        with pytest.raises(AccessError):
            Absence.hand_over([theirs])
        with pytest.raises(AccessError):
            Absence.create([{
                        'employee': stranger.id,
                        'start_date': dt.date(2027, 1, 1),
                        'end_date': dt.date(2027, 1, 1),
                        }])


@with_transaction()
def test_others_see_nothing():
    "SE12: who is no agent sees no absences"
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    User = pool.get('res.user')
    desk = Helpdesk()
    absence = enter(desk.agent)
    nobody = User(name="Nobody", login='nobody')
    nobody.companies = [desk.company]
    nobody.company = desk.company
    nobody.save()
    with Transaction().set_user(nobody.id), Transaction().set_context(
            company=desk.company.id, _check_access=True):
        with pytest.raises(AccessError):
            Absence.read([absence.id], ['employee'])


@with_transaction()
def test_hint():
    "AG5: who chooses somebody absent is told so, and who stands in"
    pool = Pool()
    AssignStart = pool.get('helpdesk.ticket.assign.start')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    other, = make_users(desk, 'ben')
    enter(desk.agent, other)
    for Model in [AssignStart, Ticket]:
        (kind, text), = Model(
            employee=desk.agent.employee).on_change_notify()
        assert kind == 'warning'
        assert text == (
            "Agent is absent until 12/11/2026. Ben stands in.")
        assert not Model(employee=other.employee).on_change_notify()
        assert not Model(employee=None).on_change_notify()
    # It is no more than a hint
    ticket, = go_through(
        desk, 'helpdesk.ticket.assign', [desk.make_ticket()], 'assign',
        employee=desk.agent.employee.id)
    assert ticket.employee == desk.agent.employee


@with_transaction()
def test_tickets_of_absent():
    "AG5: managers find the tickets whose responsible is absent"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    other, = make_users(desk, 'ben')
    enter(desk.agent)
    tickets = absent, present, nobodys = [
        desk.make_ticket(employee=e)
        for e in [desk.agent.employee, other.employee, None]]
    for is_absent, found in [(True, {absent}), (False, {present, nobodys})]:
        for clause in [
                ('employee_absent', '=', is_absent),
                ('employee_absent', '!=', not is_absent)]:
            assert set(Ticket.search([clause])) == found
    assert [t.employee_absent for t in tickets] == [True, False, False]


@with_transaction()
def test_notices_go_to_the_substitute():
    "AG5: who stands in is told what concerns the tickets of the other one"
    pool = Pool()
    Notice = pool.get('helpdesk.notice')
    desk = Helpdesk()
    first, second = make_users(desk, 'ben', 'cleo')
    ticket = desk.make_ticket(employee=desk.agent.employee)

    def told():
        return {u for _, u, _ in Notice.interested('answered', [ticket.id])}

    assert told() == {desk.agent.id}
    enter(desk.agent, first)
    enter(first, second)
    assert told() == {desk.agent.id, second.id}


@with_transaction()
def test_switched_off():
    "C1: without the part nobody counts as absent"
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    Configuration = pool.get('helpdesk.configuration')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    enter(desk.agent)
    assert Absence.away()
    configuration = Configuration(1)
    configuration.use_absences = False
    configuration.save()
    assert not Absence.away()
    view = Ticket.fields_view_get(view_type='form')
    assert 'employee_absent' not in view['fields']
