# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.exceptions import UserError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk.test_close_reason import make_reason
from tests.helpdesk.test_stage import make_stages
from tests.helpdesk.wizards import go_through
from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


def change(desk, tickets, user=None, **values):
    return go_through(
        desk, 'helpdesk.ticket.change', tickets, 'change', user, **values)


def make_sales(desk, **values):
    with Transaction().set_context(desk.context):
        return desk.make_section("Sales", **values)


@with_transaction()
def test_only_what_is_filled_in_changes():
    "Mass actions: an empty form changes nothing"
    desk = Helpdesk()
    tickets = [
        desk.make_ticket(employee=desk.agent.employee), desk.make_ticket()]
    before = [t.write_date for t in tickets]
    tickets = change(desk, tickets)
    assert [t.write_date for t in tickets] == before
    assert [t.employee for t in tickets] == [desk.agent.employee, None]


@with_transaction()
def test_assign_and_unassign():
    "Mass actions: give tickets of several sections to a member of both"
    desk = Helpdesk()
    sales = make_sales(desk)
    sales.members = [desk.agent.employee]
    sales.save()
    tickets = [desk.make_ticket(), desk.make_ticket(section=sales)]
    tickets = change(desk, tickets, employee=desk.agent.employee.id)
    assert {t.employee for t in tickets} == {desk.agent.employee}
    tickets = change(desk, tickets, unassign=True)
    assert {t.employee for t in tickets} == {None}


@with_transaction()
def test_only_members_become_responsible():
    "A5: the error names the ticket in whose section one is no member"
    desk = Helpdesk()
    tickets = [
        desk.make_ticket(),
        desk.make_ticket(section=make_sales(desk), subject="Offer")]
    with pytest.raises(UserError, match="Offer"):
        change(desk, tickets, employee=desk.agent.employee.id)
    assert not any(t.__class__(t.id).employee for t in tickets)


@with_transaction()
def test_section():
    "Mass actions: who is no member of the new section is let go"
    desk = Helpdesk()
    sales = make_sales(desk)
    tickets = [
        desk.make_ticket(employee=desk.agent.employee), desk.make_ticket()]
    tickets = change(desk, tickets, section=sales.id)
    assert {(t.section, t.employee) for t in tickets} == {(sales, None)}


@with_transaction()
def test_section_of_responsibles():
    "A5, A6: who may not be responsible there is let go, and it is told why"
    desk = Helpdesk()
    sales = make_sales(desk)
    both = desk.make_user('both', [desk.section, sales])
    desk.make_user('chosen', [sales])
    sales.responsibles = [sales.members[-1]]
    sales.save()
    ticket = desk.make_ticket(employee=both.employee)
    ticket, = change(desk, [ticket], section=sales.id)
    assert (ticket.section, ticket.employee) == (sales, None)
    assert {
        (h.what, h.reason) for h in ticket.history if h.old
        } == {('section', None), ('employee', 'section')}
    with pytest.raises(UserError, match="responsible"):
        change(
            desk, [ticket], user=desk.manager, employee=both.employee.id)
    ticket, = change(
        desk, [ticket], user=desk.manager,
        employee=sales.responsibles[0].id)
    ticket, = change(desk, [ticket], user=desk.manager, unassign=True)
    assert not any(h.reason for h in ticket.history if h.what == 'employee'
        and h.old == str(sales.responsibles[0].id))


@with_transaction()
def test_stage():
    "D2: a stage is chosen for many, with its transition"
    desk = Helpdesk()
    sales = make_sales(desk)
    _, ours, theirs = make_stages(
        ("New", 'draft'), ("Ours", 'open', desk.section),
        ("Theirs", 'open', sales))
    tickets = [desk.make_ticket(), desk.make_ticket(state='pending')]
    tickets = change(desk, tickets, stage=ours.id)
    assert {(t.state, t.stage) for t in tickets} == {('open', ours)}
    with pytest.raises(UserError, match="Theirs"):
        change(desk, tickets, stage=theirs.id)
    tickets = change(desk, tickets, section=sales.id, stage=theirs.id)
    assert {(t.state, t.stage) for t in tickets} == {('open', theirs)}


@with_transaction()
def test_close():
    "C17: many are closed with one reason, and not without a required one"
    desk = Helpdesk(close_reason_required=True)
    reason = make_reason()
    tickets = [desk.make_ticket(), desk.make_ticket(state='open')]
    with pytest.raises(UserError, match="why"):
        change(desk, tickets, close=True)
    tickets = change(desk, tickets, close=True, close_reason=reason.id)
    assert {(t.state, t.close_reason) for t in tickets} == {
        ('closed', reason)}


@with_transaction()
def test_tags():
    "C17: tags are added to many and removed from many"
    pool = Pool()
    Tag = pool.get('helpdesk.tag')
    desk = Helpdesk()
    old, new = Tag.create([{'name': "old"}, {'name': "new"}])
    tickets = [desk.make_ticket(tags=[old, new]), desk.make_ticket()]
    tickets = change(
        desk, tickets, add_tags=[new.id], remove_tags=[old.id])
    assert {t.tag_names for t in tickets} == {"new"}


@with_transaction()
def test_closed_tickets():
    "The error names the closed ticket that cannot be changed"
    desk = Helpdesk()
    tickets = [
        desk.make_ticket(employee=desk.agent.employee),
        desk.make_ticket(subject="Over", state='closed',
            employee=desk.agent.employee)]
    with pytest.raises(UserError, match="Over"):
        change(desk, tickets, unassign=True)


@with_transaction()
def test_hidden_tickets():
    "SE12: nobody changes what they do not see"
    desk = Helpdesk(visibility='private')
    ticket = desk.make_ticket()
    with pytest.raises(UserError):
        change(desk, [ticket], desk.make_user('other', []), close=True)
    assert ticket.__class__(ticket.id).state == 'draft'


@with_transaction()
def test_section_of_others():
    "SE12: nobody moves tickets to a section that they do not see"
    desk = Helpdesk()
    board = make_sales(desk, visibility='private')
    ticket = desk.make_ticket()
    with pytest.raises(UserError):
        change(desk, [ticket], section=board.id)
