# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
from unittest.mock import patch

import pytest
from trytond.exceptions import UserWarning
from trytond.model.exceptions import AccessError, ValidationError
from trytond.modules.company.tests import create_company
from trytond.modules.helpdesk import handover
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


def run(desk, agent, wizard, tickets, transition, **values):
    "Return what the client does after the user went through the wizard"
    pool = Pool()
    Wizard = pool.get(f'helpdesk.ticket.{wizard}', type='wizard')
    user, context = desk.as_user(agent)
    with user, context, Transaction().set_context(
            active_model='helpdesk.ticket', active_id=tickets[0].id,
            active_ids=[t.id for t in tickets],
            # The server leaves it to the wizard what is checked
            _check_access=False):
        session_id, start, _ = Wizard.create()
        view = Wizard.execute(session_id, {}, start)['view']
        defaults = {
            n: v for n, v in view['defaults'].items() if '.' not in n}
        Wizard.execute(
            session_id, {start: {**defaults, **values}}, transition)
    # Clients do not tell which records it was about
    user, context = desk.as_user(agent)
    with user, context:
        return Wizard.delete(session_id)


def selection(desk, user, name, **values):
    "Return the names that the user may choose from when moving a ticket"
    pool = Pool()
    Start = pool.get('helpdesk.ticket.move.start')
    user, context = desk.as_user(user)
    with user, context:
        start = Start(**values)
        return {name for _, name in getattr(start, name)()} - {""}


def fresh(ticket):
    return ticket.__class__(ticket.id)


@with_transaction()
def test_assign():
    "A5: a member assigns tickets to a colleague, with a note"
    desk = Helpdesk()
    other = desk.make_user('other', [desk.section])
    tickets = [desk.make_ticket(), desk.make_ticket()]
    action = run(desk, desk.agent, 'assign', tickets, 'assign',
        employee=other.employee.id, note="Knows printers")
    assert action == 'reload'
    for ticket in map(fresh, tickets):
        assert ticket.employee == other.employee
        note, = ticket.conversations
        assert (note.kind, note.direction, note.author, note.body) == (
            'note', 'internal', "Agent", "Knows printers")
        row = ticket.history[0]
        assert (row.what, row.new_name, row.who) == (
            'employee', "Other", "Agent")
    run(desk, desk.agent, 'assign', tickets, 'assign', employee=None)
    assert not fresh(tickets[0]).employee


@with_transaction()
def test_only_members_assign():
    "A5: who is no member of the section is refused, and a stranger chosen"
    desk = Helpdesk()
    other = desk.make_user('other', [])
    ticket = desk.make_ticket()
    with pytest.raises(AccessError, match="Support"):
        run(desk, other, 'assign', [ticket], 'assign')
    with pytest.raises(ValidationError, match="Other.*Support"):
        run(desk, desk.agent, 'assign', [ticket], 'assign',
            employee=other.employee.id)
    run(desk, desk.manager, 'assign', [ticket], 'assign',
        employee=desk.agent.employee.id)


@with_transaction()
def test_move():
    "A6: a ticket moves with a new responsible, and the history tells"
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        sales = desk.make_section("Sales", visibility='internal')
    seller = desk.make_user('seller', [sales])
    ticket = desk.make_ticket(employee=desk.agent.employee)
    action = run(desk, desk.agent, 'move', [ticket], 'move',
        section=str(sales.id), employee=str(seller.employee.id),
        note="They want to buy")
    assert action == 'reload'
    ticket = fresh(ticket)
    assert (ticket.section, ticket.employee) == (sales, seller.employee)
    assert ticket.conversations[0].body == "They want to buy"
    assert {(h.what, h.old_name, h.new_name) for h in ticket.history} >= {
        ('section', "Support", "Sales"),
        ('employee', "Agent", "Seller")}


@with_transaction()
def test_move_without_responsible():
    "A6: who is responsible stays so only if the new section allows it"
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        sales = desk.make_section("Sales", visibility='internal')
    both = desk.make_user('both', [desk.section, sales])
    stay, go, none = (desk.make_ticket(employee=e) for e in [
            both.employee, desk.agent.employee, None])
    run(desk, desk.agent, 'move', [stay, go, none], 'move',
        section=str(sales.id))
    assert {fresh(t).section for t in [stay, go, none]} == {sales}
    assert fresh(stay).employee == both.employee
    assert not fresh(go).employee and not fresh(none).employee
    assert {(h.what, h.reason) for h in fresh(go).history if h.old} == {
        ('section', None), ('employee', 'section')}


@with_transaction()
def test_move_out_of_sight():
    "A6: a ticket can go to a private team; one is warned and sees it no more"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    Warning = pool.get('res.user.warning')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        board = desk.make_section("Board", visibility='private')
    chair = desk.make_user('chair', [board])
    ticket = desk.make_ticket()
    values = {'section': str(board.id), 'employee': str(chair.employee.id)}
    assert "Board" in selection(
        desk, desk.agent, 'get_sections', company=desk.company)
    assert selection(desk, desk.agent, 'get_employees',
        company=desk.company, section=str(board.id)) == {"Chair"}
    with pytest.raises(UserWarning, match="Board") as info:
        run(desk, desk.agent, 'move', [ticket], 'move', **values)
    with Transaction().set_user(desk.agent.id):
        Warning.skip(info.value.name, False)
    run(desk, desk.agent, 'move', [ticket], 'move', **values)
    assert fresh(ticket).employee == chair.employee
    names = ['section.rec_name', 'conversations']
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert not Ticket.search([('id', '=', ticket.id)])
        # As the client does at once
        read, = Ticket.read([ticket.id], names)
        assert read['section.']['rec_name'] == "Board"
        assert read['conversations'] == []
        assert Ticket.read(
            [ticket.id], ['section.members', 'create_uid.login']) == [
                {'id': ticket.id}]
        with patch.object(handover, 'RELOAD', -handover.RELOAD), \
                pytest.raises(AccessError):
            Ticket.read([ticket.id], names)
    other = desk.make_user('other', [desk.section])
    user, context = desk.as_user(other)
    with user, context, pytest.raises(AccessError):
        Ticket.read([ticket.id], names)


@with_transaction()
def test_move_names():
    "SE12: names of sections are shown to agents of the company only"
    desk = Helpdesk()
    company = create_company(name="Elsewhere")
    with Transaction().set_context(company=company.id):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        theirs = Section(name="Theirs", company=company)
        theirs.save()
        retired = desk.make_section("Retired", active=False)
    assert not selection(
        desk, desk.agent, 'get_sections', company=company)
    assert selection(
        desk, desk.agent, 'get_sections', company=desk.company) == {"Support"}
    stranger = desk.make_user('stranger', [])
    stranger.groups = []
    stranger.save()
    with pytest.raises(AccessError):
        selection(desk, stranger, 'get_sections', company=desk.company)
    ticket = desk.make_ticket()
    for section in [theirs, retired]:
        with pytest.raises(ValidationError):
            run(desk, desk.agent, 'move', [ticket], 'move',
                section=str(section.id))


@with_transaction()
def test_move_needs_sight():
    "SE12: nobody moves or assigns a ticket that they do not see"
    desk = Helpdesk(visibility='private')
    other = desk.make_user('other', [])
    ticket = desk.make_ticket()
    for wizard in ['move', 'assign']:
        with pytest.raises(AccessError):
            run(desk, other, wizard, [ticket], wizard,
                section=str(desk.section.id))


@with_transaction()
def test_outsider_moves_but_does_not_choose():
    "A5, A6: who is in neither section moves a ticket, but assigns it not"
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        sales = desk.make_section("Sales", visibility='internal')
    seller = desk.make_user('seller', [sales])
    other = desk.make_user('other', [])
    ticket = desk.make_ticket(employee=desk.agent.employee)
    with pytest.raises(AccessError):
        run(desk, other, 'move', [ticket], 'move', section=str(sales.id),
            employee=str(seller.employee.id))
    run(desk, other, 'move', [ticket], 'move', section=str(sales.id))
    assert fresh(ticket).section == sales
    assert not fresh(ticket).employee


@with_transaction()
def test_closed_tickets_stay():
    desk = Helpdesk()
    ticket = desk.make_ticket(state='closed')
    for wizard in ['move', 'assign']:
        with pytest.raises(ValidationError, match="closed"):
            run(desk, desk.agent, wizard, [ticket], wizard)


@with_transaction()
def test_copy():
    "A5: who is responsible goes over to the copy if the user could say so"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    other = desk.make_user('other', [])
    ticket = desk.make_ticket(employee=desk.agent.employee)
    for user, employee in [
            (desk.agent, desk.agent.employee), (other, None)]:
        user, context = desk.as_user(user)
        with user, context:
            copy, = Ticket.copy([Ticket(ticket.id)])
        assert fresh(copy).employee == employee
