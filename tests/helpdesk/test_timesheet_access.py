# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.model.exceptions import AccessButtonError, AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module

from tests.helpdesk.sales import make_party, make_sale, make_seller
from tests.helpdesk.timesheets import (
    DAY, HOUR, lines, make_desk, press, seen, with_clock, work)


def setup_module():
    activate_module(['helpdesk', 'timesheet'])


@with_clock
def test_own_time_only(clock):
    "SE12: agents put down and change their own time only"
    pool = Pool()
    Line = pool.get('timesheet.line')
    Stopwatch = pool.get('helpdesk.stopwatch')
    Ticket = pool.get('helpdesk.ticket')
    Work = pool.get('timesheet.work')
    desk = make_desk(visibility='private')
    ticket = desk.make_ticket()
    colleague = desk.make_user('colleague', [desk.section])
    work(desk, clock, desk.agent, ticket, HOUR)
    press(desk, desk.agent, 'start_work', ticket)
    (line,), (record,), (watch,) = (
        Model.search([]) for Model in [Line, Work, Stopwatch])
    user, context = desk.as_user(colleague)
    with user, context:
        found, = Ticket(ticket.id).timesheet_lines
        assert found == line and Line.read([line.id], ['work.rec_name'])
        for do in [
                lambda: Line.write([Line(line.id)], {'duration': HOUR}),
                lambda: Line.delete([Line(line.id)]),
                lambda: Ticket.write([Ticket(ticket.id)], {
                        'timesheet_lines': [
                            ('write', [line.id], {'duration': HOUR})]}),
                lambda: Work.write([Work(record.id)], {'name': "Mine"}),
                lambda: Stopwatch.read([watch.id], ['start']),
                lambda: Stopwatch.delete([Stopwatch(watch.id)]),
                lambda: Ticket.stop_work([Ticket(ticket.id)]),
                ]:
            with pytest.raises((AccessError, AccessButtonError)):
                do()
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.write([Ticket(ticket.id)], {
                'timesheet_lines': [
                    ('write', [line.id], {'duration': 2 * HOUR})]})
    assert lines(ticket) == [("Agent", DAY, 2 * HOUR)]


@with_clock
def test_no_time_for_others(clock):
    "SE12: agents put down no time for others"
    pool = Pool()
    Line = pool.get('timesheet.line')
    Work = pool.get('timesheet.work')
    desk = make_desk(visibility='private')
    colleague = desk.make_user('colleague', [desk.section])
    work(desk, clock, desk.agent, desk.make_ticket(), HOUR)
    record, = Work.search([])

    user, context = desk.as_user(colleague)
    with user, context:
        with pytest.raises(AccessError):
            Line.create([{
                        'company': desk.company.id, 'date': DAY,
                        'employee': desk.agent.employee.id,
                        'work': record.id, 'duration': HOUR}])


@with_clock
def test_hidden_ticket(clock):
    "SE12: who does not see the section learns nothing of the time"
    pool = Pool()
    Line = pool.get('timesheet.line')
    Ticket = pool.get('helpdesk.ticket')
    Work = pool.get('timesheet.work')
    desk = make_desk(visibility='private')
    ticket = desk.make_ticket()
    work(desk, clock, desk.agent, ticket, HOUR)
    line, = Line.search([])
    record, = Work.search([])
    stranger = desk.make_user('stranger', [])
    user, context = desk.as_user(stranger)
    with user, context:
        assert not Line.search([])
        assert not Work.search([])
        for Model, id_ in [(Line, line.id), (Work, record.id)]:
            with pytest.raises(AccessError):
                Model.read([id_], ['rec_name'])
        with pytest.raises((AccessError, AccessButtonError)):
            Ticket.start_work([Ticket(ticket.id)])


@with_clock
def test_timesheet_administrator(clock):
    "C9, SE12: who does the accounts sees all time, but not all tickets"
    pool = Pool()
    Group = pool.get('res.group')
    Line = pool.get('timesheet.line')
    ModelData = pool.get('ir.model.data')
    Work = pool.get('timesheet.work')
    desk = make_desk(visibility='private')
    ticket = desk.make_ticket()
    work(desk, clock, desk.agent, ticket, HOUR)
    accountant = desk.make_user('accountant', [])
    accountant.groups = [Group(
            ModelData.get_id('timesheet', 'group_timesheet_admin'))]
    accountant.save()
    user, context = desk.as_user(accountant)
    with user, context:
        line, = Line.search([])
        record, = Work.search([])
        assert Line.read([line.id], ['work.rec_name'])[0]['work.'][
            'rec_name'] == f'#{ticket.number}'
        values, = Work.read(
            [record.id], ['rec_name', 'duration', 'origin',
                'origin.rec_name'])
        assert values['duration'] == HOUR
        assert values['rec_name'] == f'#{ticket.number}'
        assert values['origin'] is values['origin.'] is None


@with_clock
def test_sales_staff(clock):
    "SE12: who reads a ticket by its sale learns nothing of the time"
    desk = make_desk(visibility='private')
    seller = make_seller(desk)
    customer = make_party()
    ticket = desk.make_ticket(party=customer, sale=make_sale(desk, customer))
    work(desk, clock, desk.agent, ticket, HOUR)
    press(desk, desk.agent, 'start_work', ticket)
    assert seen(
        desk, seller, ticket, 'time_spent', 'time_by_employee',
        'timesheet_lines', 'working_since', 'workers') == [
            None, '', [], None, '']
    for button in ['start_work', 'add_time']:
        with pytest.raises((AccessError, AccessButtonError)):
            press(desk, seller, button, ticket)
