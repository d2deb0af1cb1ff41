# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.exceptions import UserError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


def make(model, name, *sections, **values):
    pool = Pool()
    Model = pool.get(f'helpdesk.{model}')
    record, = Model.create([{
                'name': name,
                'sections': [('add', [s.id for s in sections])],
                **values}])
    return record


def make_desk():
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        return desk, desk.make_section("Sales")


@pytest.mark.parametrize('model', ['type', 'category'])
def test_values_of_sections(model):
    "C17: a type or category is for all sections, or only for some"
    _test_values_of_sections(model)


@with_transaction()
def _test_values_of_sections(model):
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk, sales = make_desk()
    common = make(model, "Common")
    ours = make(model, "Ours", desk.section)
    theirs = make(model, "Theirs", sales)
    for value in [common, ours]:
        assert getattr(desk.make_ticket(**{model: value}), model) == value
    ticket = desk.make_ticket(**{model: ours})
    user, context = desk.as_user(desk.agent)
    with user, context:
        with pytest.raises(UserError):
            Ticket.write([Ticket(ticket.id)], {model: theirs.id})
    ticket = desk.make_ticket(**{model: ours})
    # What does not fit the new section does not go along
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.write([Ticket(ticket.id)], {'section': sales.id})
    assert getattr(Ticket(ticket.id), model) is None
    kept = desk.make_ticket(**{model: common})
    Ticket.write([kept], {'section': sales.id})
    assert getattr(kept, model) == common


@with_transaction()
def test_client_leaves_out_what_does_not_fit():
    "C17: choosing a section takes away what it does not have"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk, sales = make_desk()
    ticket = Ticket(
        desk.make_ticket(
            type=make('type', "Ours", desk.section),
            category=make('category', "Common")).id)
    ticket.section = sales
    ticket.on_change_section()
    assert ticket.type is None
    assert ticket.category.name == "Common"


@with_transaction()
def test_follow_up_leaves_out_what_does_not_fit():
    "What follows up a ticket is never refused for an old value"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    Category = pool.get('helpdesk.category')
    desk, sales = make_desk()
    category = make('category', "Any")
    ticket = desk.make_ticket(category=category)
    Category.write([category], {'sections': [('add', [sales.id])]})
    with Transaction().set_context(desk.context):
        follow_up, = Ticket.create([Ticket(ticket.id).follow_up_values()])
    assert follow_up.category is None


@with_transaction()
def test_default_type_stays_for_its_section():
    "Letters get the default type of their section, so it has to fit"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Type = pool.get('helpdesk.type')
    desk, sales = make_desk()
    type_ = make('type', "Question")
    Section.write([desk.section], {'ticket_type': type_.id})
    with pytest.raises(UserError, match="Support"):
        Type.write([type_], {'sections': [('add', [sales.id])]})
    theirs = make('type', "Theirs", sales)
    with pytest.raises(UserError):
        Section.write([desk.section], {'ticket_type': theirs.id})


@with_transaction()
def test_default_type_of_another_section():
    "The default type is not forced on a section that does not have it"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Ticket = pool.get('helpdesk.ticket')
    desk, sales = make_desk()
    ours = make('type', "Ours", desk.section)
    Section.write([desk.section], {'ticket_type': ours.id})
    with Transaction().set_context(desk.context):
        ticket, = Ticket.create([{
                    'subject': "Hello", 'section': sales.id}])
    assert ticket.type is None
    assert desk.make_ticket().type == ours


@with_transaction()
def test_categories_are_a_tree():
    "C17: a category tells those that it is part of"
    pool = Pool()
    Category = pool.get('helpdesk.category')
    hardware = make('category', "Hardware")
    printers = make('category', "Printers", parent=hardware.id)
    assert printers.rec_name == "Hardware / Printers"
    assert Category.search([('rec_name', '=', printers.rec_name)]) == [
        printers]
    with pytest.raises(UserError):
        Category.write([hardware], {'parent': printers.id})


@with_transaction()
def test_cost_of_a_list_does_not_grow():
    "Design: the names of categories cost a list as much for many as for few"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()

    def count(number):
        tickets = []
        for i in range(number):
            parent = make('category', f"{number} Parent {i}")
            tickets.append(desk.make_ticket(category=make(
                        'category', f"{number} Child {i}",
                        parent=parent.id)))
        ids = [t.id for t in tickets]
        with Statements() as statements:
            Ticket.read(ids, ['subject', 'category.rec_name', 'tag_names'])
        return statements.count

    count(1)
    assert count(4) == count(12)
