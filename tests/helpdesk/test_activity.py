# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from trytond.model.exceptions import AccessButtonError, AccessError
from trytond.pool import Pool
from trytond.pyson import PYSONDecoder
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.records import Helpdesk

DAY = dt.timedelta(days=1)


def setup_module():
    activate_module('helpdesk')


def make(desk, ticket, what="Call back", days=0, **values):
    "Make an activity that is due in some days"
    pool = Pool()
    Activity = pool.get('helpdesk.activity')
    values.setdefault('employee', desk.agent.employee)
    activity = Activity(
        ticket=ticket, what=what, due=dt.date.today() + days * DAY, **values)
    activity.save()
    return activity


@with_transaction()
def test_planned_by_an_agent():
    "E7: an agent plans a step, and is responsible unless it says otherwise"
    pool = Pool()
    Activity = pool.get('helpdesk.activity')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    user, context = desk.as_user(desk.agent)
    with user, context:
        activity, = Activity.create([{
                    'ticket': ticket.id, 'what': "Call back",
                    'due': dt.date.today()}])

        assert activity.state == 'planned'
        assert activity.employee == desk.agent.employee
        assert activity.company == desk.company
        assert [a.id for a in ticket.activities] == [activity.id]


@with_transaction()
def test_done_and_planned_again():
    "E7: a step is done by one click, and a wrong click is taken back"
    pool = Pool()
    Activity = pool.get('helpdesk.activity')
    desk = Helpdesk()
    activity = make(desk, desk.make_ticket(), employee=None)
    user, context = desk.as_user(desk.agent)
    with user, context:
        Activity.do([Activity(activity.id)])
        activity = Activity(activity.id)

        assert activity.state == 'done'
        assert activity.done_by == desk.agent.employee
        assert activity.done_at

        with pytest.raises(AccessButtonError):
            Activity.do([activity])
        Activity.plan([activity])
        activity = Activity(activity.id)

        assert activity.state == 'planned'
        assert not activity.done_at and not activity.done_by


@with_transaction()
def test_done_by_its_button_only():
    "E7: nobody says when and by whom it was done but the button"
    pool = Pool()
    Activity = pool.get('helpdesk.activity')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    activity = make(desk, ticket)
    user, context = desk.as_user(desk.agent)
    with user, context:
        for values in [
                {'state': 'done'},
                {'done_at': dt.datetime(2026, 1, 1)},
                {'done_by': desk.manager.employee.id}]:
            with pytest.raises(AccessError):
                Activity.write([Activity(activity.id)], values)
            with pytest.raises(AccessError):
                Activity.create([{
                            'ticket': ticket.id, 'what': "Lie",
                            'due': dt.date.today(), **values}])
        Activity.write([Activity(activity.id)], {'what': "Write"})


@with_transaction()
def test_mine():
    "E7: My Activities has what is due today or before, later, and done"
    pool = Pool()
    Activity = pool.get('helpdesk.activity')
    Action = pool.get('ir.action.act_window')
    ModelData = pool.get('ir.model.data')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    for what, days in [("late", -1), ("today", 0), ("tomorrow", 1)]:
        make(desk, ticket, what, days)
    make(desk, ticket, "of others", employee=desk.manager.employee)
    Activity.do([make(desk, ticket, "old", -9)])
    action = Action(ModelData.get_id('helpdesk', 'act_activity_mine'))
    user, context = desk.as_user(desk.agent)
    with user, context:
        decoder = PYSONDecoder(Transaction().context)
        mine = decoder.decode(action.context_domain)
        found = {
            tab.name: [a.what for a in Activity.search(
                    [mine, decoder.decode(tab.domain)])]
            for tab in action.act_window_domains}

    assert found == {
        "Due": ["late", "today"], "Later": ["tomorrow"], "Done": ["old"]}


@with_transaction()
def test_overdue():
    "E7: what is late is marked, unless it is done"
    pool = Pool()
    Activity = pool.get('helpdesk.activity')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    late, today = make(desk, ticket, days=-1), make(desk, ticket)

    assert late.is_overdue and not today.is_overdue

    Activity.do([late])

    assert not Activity(late.id).is_overdue


@with_transaction()
def test_next_activity():
    "E7: the list of tickets shows the first planned step of each"
    pool = Pool()
    Activity = pool.get('helpdesk.activity')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    tickets = [desk.make_ticket() for _ in range(3)]
    make(desk, tickets[0], days=5)
    make(desk, tickets[0], days=3)
    Activity.do([
            make(desk, tickets[0], days=1), make(desk, tickets[1], days=2)])

    assert [t.next_activity for t in Ticket.browse(tickets)] == [
        dt.date.today() + 3 * DAY, None, None]


@with_transaction()
def test_hidden_with_the_ticket():
    "SE12: who does not see the ticket sees and does none of its activities"
    pool = Pool()
    Activity = pool.get('helpdesk.activity')
    desk = Helpdesk(visibility='private')
    other = desk.make_user('other', [])
    hidden = desk.make_ticket()
    # The ticket went to another section since
    activity = make(desk, hidden, employee=other.employee)
    with Transaction().set_context(desk.context):
        internal = desk.make_section("IT", visibility='internal')
    shown = make(desk, desk.make_ticket(section=internal),
        employee=other.employee)
    user, context = desk.as_user(other)
    with user, context:
        assert Activity.search(
            [('employee', '=', other.employee.id)]) == [shown]
        with pytest.raises(AccessError):
            Activity.read([activity.id], ['what'])
        with pytest.raises(AccessError):
            Activity.write([Activity(activity.id)], {'what': "mine"})
        with pytest.raises((AccessError, AccessButtonError)):
            Activity.do([Activity(activity.id)])
        with pytest.raises(AccessError):
            Activity.create([{
                        'ticket': hidden.id, 'what': "Look",
                        'due': dt.date.today()}])
        with pytest.raises(AccessError):
            Activity.write([Activity(shown.id)], {'ticket': hidden.id})


@with_transaction()
def test_opens_the_ticket():
    "E7: a double click on an activity leads to its ticket"
    pool = Pool()
    ActionKeyword = pool.get('ir.action.keyword')
    OpenTicket = pool.get('helpdesk.activity.open_ticket', type='wizard')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    activity = make(desk, ticket)
    user, context = desk.as_user(desk.agent)
    with user, context, Transaction().set_context(
            active_model='helpdesk.activity', active_id=activity.id,
            active_ids=[activity.id]):
        keyword, = ActionKeyword.get_keyword(
            'tree_open', ('helpdesk.activity', activity.id))
        session_id, start, _ = OpenTicket.create()
        (action, data), = OpenTicket.execute(session_id, {}, start)['actions']

    assert keyword['wiz_name'] == 'helpdesk.activity.open_ticket'
    assert (action['res_model'], data['res_id']) == (
        'helpdesk.ticket', [ticket.id])
    assert action['views'][0][1] == 'form'


@with_transaction()
def test_copy():
    "The copy of a ticket begins without activities"
    pool = Pool()
    Activity = pool.get('helpdesk.activity')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    activity = make(desk, ticket)
    Activity.do([activity])
    with Transaction().set_context(desk.context):
        copy, = Ticket.copy([ticket])
    again, = Activity.copy([activity])

    assert not copy.activities
    assert (again.state, again.done_at) == ('planned', None)
