# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.pyson import PYSONDecoder
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.test_stage import make_stages
from tests.helpdesk.test_statements import clear_caches, make, open_view
from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


def open_by_stage(desk, user, sections=None):
    "Return the action and its data, as the client gets them"
    pool = Pool()
    ModelData = pool.get('ir.model.data')
    OpenByStage = pool.get('helpdesk.ticket.open_by_stage', type='wizard')
    if sections is None:
        menu = ModelData.get_id('helpdesk', 'menu_ticket_by_stage')
        active = {'active_model': 'ir.ui.menu', 'active_id': menu,
            'active_ids': [menu]}
    else:
        active = {'active_model': 'helpdesk.section',
            'active_id': sections[0].id,
            'active_ids': [s.id for s in sections]}
    user, context = desk.as_user(user)
    with user, context, Transaction().set_context(active):
        session_id, start, _ = OpenByStage.create()
        # As RPC does: the wizard has to check itself
        with Transaction().set_context(_check_access=False):
            (action, data), = OpenByStage.execute(
                session_id, {}, start)['actions']
    return action, data


def found(desk, user, action, data):
    "Return the subjects of the tickets in each tab, and if it is counted"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    user, context = desk.as_user(user)
    with user, context:
        return [
            (name, {t.subject for t in Ticket.search([
                            PYSONDecoder().decode(domain),
                            ('section', 'in', data['ids']),
                            ])},
                count)
            for name, domain, count in action['domains']]


@with_transaction()
def test_tabs():
    "C18: a tab for each stage in their order, closed last without a count"
    desk = Helpdesk()
    stages = make_stages(
        ("New", 'draft'), ("Done", 'closed'), ("Repair", 'open'))
    for stage in stages:
        desk.make_ticket(
            subject=stage.name, state=stage.state, stage=stage)
    action, data = open_by_stage(desk, desk.agent, [desk.section])

    assert found(desk, desk.agent, action, data) == [
        ("New", {"New"}, True),
        ("Repair", {"Repair"}, True),
        ("Done", {"Done"}, False),
        ("All", {"New", "Repair", "Done"}, False)]
    assert action['name'] == "Tickets by Stage (Support)"
    assert [v[1] for v in action['views']] == ['tree', 'list-form', 'form']


@with_transaction()
def test_states():
    "C18: without stages there is a tab for each state"
    desk = Helpdesk()
    desk.make_ticket(subject="Mine", state='pending')
    action, data = open_by_stage(desk, desk.agent, [desk.section])
    tabs = found(desk, desk.agent, action, data)

    assert [name for name, _, _ in tabs] == [
        "Draft", "In Process", "Waiting for Customer",
        "Waiting for Authorization", "Waiting for Third Party", "Resolved",
        "Closed", "All"]
    assert [n for n, subjects, _ in tabs if subjects] == [
        "Waiting for Customer", "All"]
    assert [n for n, _, count in tabs if not count] == ["Closed", "All"]


@with_transaction()
def test_beside():
    "C18: no open ticket is missing that is in none of the stages"
    desk = Helpdesk()
    desk.make_ticket(subject="Before", state='open')
    gone, _ = make_stages(("Gone", 'pending'), ("Repair", 'open'))
    desk.make_ticket(subject="Left", state='pending', stage=gone)
    gone.active = False
    gone.save()
    action, data = open_by_stage(desk, desk.agent, [desk.section])

    assert found(desk, desk.agent, action, data) == [
        ("Repair", set(), True),
        ("In Process", {"Before"}, True),
        ("Waiting for Customer", {"Left"}, True),
        ("All", {"Before", "Left"}, False)]


@with_transaction()
def test_sections():
    "C18: the stages are those of the sections, the same name is one tab"
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        other = desk.make_section("Sales")
    make_stages(
        ("Theirs", 'open', other), ("Check", 'open', other),
        ("Check", 'open', desk.section))
    for sections, names in [
            ([desk.section], ["Check", "All"]),
            ([other], ["Theirs", "Check", "All"]),
            ([desk.section, other], ["Theirs", "Check", "All"])]:
        action, data = open_by_stage(desk, desk.agent, sections)
        assert [n for n, _, _ in action['domains']] == names
        assert data['ids'] == [s.id for s in sections]


@with_transaction()
def test_mixed():
    "C18: what is closed in a section without stages has its tab"
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        other = desk.make_section("Sales")
    make_stages(("Theirs", 'open', other))
    desk.make_ticket(subject="Over", state='closed')
    action, data = open_by_stage(desk, desk.agent, [desk.section, other])
    assert found(desk, desk.agent, action, data) == [
        ("Theirs", set(), True),
        ("Closed", {"Over"}, False),
        ("All", {"Over"}, False)]


@with_transaction()
def test_menu():
    "C18: the menu is for the sections one belongs to, for others for all"
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        other = desk.make_section("Sales")
        desk.make_section("Board", visibility='private')
    make_stages(("Theirs", 'open', other), ("Ours", 'open', desk.section))
    action, data = open_by_stage(desk, desk.agent)
    assert data['ids'] == [desk.section.id]
    assert data['id'] == desk.section.id
    assert [n for n, _, _ in action['domains']] == ["Ours", "All"]

    guest = desk.make_user('guest', [])
    _, data = open_by_stage(desk, guest)
    assert set(data['ids']) == {desk.section.id, other.id}
    assert data['id'] is None
    _, data = open_by_stage(desk, desk.manager)
    assert len(data['ids']) == 3


@with_transaction()
def test_access():
    "A5: nobody opens a section that he does not see, nor who is no agent"
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        private = desk.make_section("Board", visibility='private')
    with pytest.raises(AccessError):
        open_by_stage(desk, desk.agent, [desk.section, private])
    assert open_by_stage(desk, desk.manager, [private])

    stranger = desk.make_user('stranger', [])
    stranger.groups = []
    stranger.save()
    with pytest.raises(AccessError):
        open_by_stage(desk, stranger, [desk.section])


@with_transaction()
def test_statements():
    "X11: many stages and sections take as many statements as few"
    desk = Helpdesk()
    counts = []
    for count in [2, 20]:
        make(desk, count)
        open_by_stage(desk, desk.manager)
        clear_caches()
        with Statements() as statements:
            open_by_stage(desk, desk.manager)
        counts.append(statements.count)
    assert counts[1] <= counts[0] + 2


@with_transaction()
def test_cards():
    "X11: many cards take as many statements as few"
    desk = Helpdesk()
    counts = []
    for count in [5, 50]:
        ids = make(desk, count)
        counts.append(open_view(
                desk, 'helpdesk.ticket', 'list_form', [('id', 'in', ids)]))
    assert counts[1] <= min(counts[0] + 2, 14)


@with_transaction()
def test_card():
    "C18: a card tells what the list tells"
    desk = Helpdesk()
    stage, = make_stages(("Repair", 'open'))
    ticket = desk.make_ticket(
        state='open', stage=stage, employee=desk.agent.employee,
        priority='high', unread=True)
    assert ticket.card_line == "Repair · Agent"
    assert ticket.card_priority == "High"
    assert ticket.card_marks == "Unread"
    assert ticket.card_color == '#f0ad4e'
    closed = desk.make_ticket(state='closed')
    assert closed.card_line == "Closed"
    assert closed.card_color == '#999999'
