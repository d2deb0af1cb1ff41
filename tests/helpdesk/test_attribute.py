# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from decimal import Decimal

import pytest
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.records import Helpdesk

VALUES = {
    'boolean': True,
    'integer': 42,
    'char': "XK-12",
    'color': '#ff0000',
    'float': 1.5,
    'numeric': Decimal('12.34'),
    'date': dt.date(2026, 11, 2),
    'datetime': dt.datetime(2026, 11, 2, 10, 30),
    'selection': 'north',
    'multiselection': ('north', 'south'),
    }


def setup_module():
    activate_module('helpdesk')


def make_attribute(type_, name=None):
    pool = Pool()
    Attribute = pool.get('helpdesk.ticket.attribute')
    attribute, = Attribute.create([{
                'name': name or type_, 'string': (name or type_).title(),
                'type_': type_,
                'selection': "north:North\nsouth:South"
                if type_.endswith('selection') else None,
                }])
    return attribute


def make_set(name, *attributes):
    pool = Pool()
    Set = pool.get('helpdesk.ticket.attribute.set')
    set_, = Set.create([{
                'name': name,
                'attributes': [('add', [a.id for a in attributes])]}])
    return set_


@with_transaction()
def test_kinds():
    "C20: a custom field of every kind is kept and found again"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    Attribute = pool.get('helpdesk.ticket.attribute')
    assert set(VALUES) == {k for k, _ in Attribute.type_.selection}
    attributes = [make_attribute(t) for t in VALUES]
    desk = Helpdesk(attribute_set=make_set("All", *attributes))
    ticket = desk.make_ticket()
    desk.make_ticket()
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.write([Ticket(ticket.id)], {'attributes': VALUES})
        assert dict(Ticket(ticket.id).attributes) == VALUES
        for name in ['integer', 'char', 'selection', 'boolean']:
            clause = (f'attributes.{name}', '=', VALUES[name])
            assert list(Ticket.search([clause])) == [ticket]


@with_transaction()
def test_sets_of_section_and_type():
    "C20: the section and the type say what custom fields there are"
    pool = Pool()
    Type = pool.get('helpdesk.type')
    serial, room = make_attribute('char', 'serial'), make_attribute(
        'char', 'room')
    ours, incident = make_set("Ours", serial), make_set("Incident", room)
    type_, = Type.create([{'name': "Incident", 'attribute_set': incident.id}])
    desk = Helpdesk(attribute_set=ours)
    assert list(desk.make_ticket().attribute_sets) == [ours]
    ticket = desk.make_ticket(type=type_)
    assert list(ticket.attribute_sets) == [ours, incident]


@with_transaction()
def test_values_outlive_their_set():
    "C20: no value is lost when its set no longer fits"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Ticket = pool.get('helpdesk.ticket')
    serial = make_attribute('char', 'serial')
    desk = Helpdesk(attribute_set=make_set("Ours", serial))
    ticket = desk.make_ticket(attributes={'serial': "XK-12"})
    Section.write([desk.section], {'attribute_set': None})
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.write([Ticket(ticket.id)], {'subject': "Other"})
    ticket = Ticket(ticket.id)
    assert not ticket.attribute_sets
    assert dict(ticket.attributes) == {'serial': "XK-12"}
    # Clients save what they show
    assert list(ticket.used_attributes) == [serial]
    assert not desk.make_ticket().used_attributes


@with_transaction()
def test_names_are_unique():
    make_attribute('char', 'twice')
    with pytest.raises(UserError, match="custom field"):
        make_attribute('integer', 'twice')


@with_transaction()
def test_custom_fields_of_hidden_tickets():
    "SE12: nobody reads or finds custom fields of a hidden ticket"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    serial = make_attribute('char', 'serial')
    desk = Helpdesk(
        visibility='private', attribute_set=make_set("Ours", serial))
    ticket = desk.make_ticket(attributes={'serial': "XK-12"})
    user, context = desk.as_user(desk.make_user('other', []))
    with user, context:
        assert not Ticket.search([('attributes.serial', '=', "XK-12")])
        with pytest.raises(AccessError):
            Ticket.read([ticket.id], ['attributes'])
