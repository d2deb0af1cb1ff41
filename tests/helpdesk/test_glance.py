# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.sales import make_party, make_sale, make_seller
from tests.records import Helpdesk

NAMES = [
    'customer_tickets', 'customer_sales', 'customer_shipments',
    'customer_invoices']


def setup_module():
    activate_module('helpdesk')


def make_shipments(desk, party, count):
    pool = Pool()
    Address = pool.get('party.address')
    Location = pool.get('stock.location')
    Shipment = pool.get('stock.shipment.out')
    address = Address(party=party)
    address.save()
    warehouse, = Location.search([('type', '=', 'warehouse')])
    with Transaction().set_context(desk.context):
        return Shipment.create([{
                    'customer': party.id, 'delivery_address': address.id,
                    'warehouse': warehouse.id,
                    'warehouse_output': warehouse.output_location.id,
                    'warehouse_storage': warehouse.storage_location.id,
                    'company': desk.company.id,
                    }] * count)


@with_transaction()
def test_glance():
    "X11: the agent sees the newest of the customer beside the ticket"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(visibility='private')
    with Transaction().set_context(desk.context):
        private = desk.make_section("Board", visibility='private')
    ada, bob = make_party(), make_party("Bob")
    sales = [make_sale(desk, ada) for _ in range(6)]
    make_sale(desk, bob)
    shipments = make_shipments(desk, ada, 6)
    tickets = [desk.make_ticket(party=ada) for _ in range(3)]
    desk.make_ticket(party=ada, state='closed')
    desk.make_ticket(party=ada, section=private)
    desk.make_ticket(party=bob)
    desk.make_ticket()

    both = make_seller(
        desk, 'both', [desk.section], [('stock', 'group_stock')])
    user, context = desk.as_user(both)
    with user, context:
        ticket = Ticket(tickets[0].id)
        assert list(ticket.customer_sales) == sales[:0:-1]
        assert list(ticket.customer_shipments) == list(shipments)[:0:-1]
        assert list(ticket.customer_tickets) == tickets[:0:-1]
        assert not ticket.customer_invoices


@with_transaction()
def test_rights():
    "X11: who may not read sales sees the ticket, and no sale"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ada = make_party()
    ticket = desk.make_ticket(party=ada, sale=make_sale(desk, ada))
    user, context = desk.as_user(desk.agent)
    with user, context:
        form = Ticket.fields_view_get(view_type='form')
        assert 'customer_tickets' in form['fields']
        for name in [
                'sale', 'customer_sales', 'customer_shipments',
                'customer_invoices', 'sale_shipments', 'sale_invoices']:
            assert name not in form['fields']
        # Asked for all the same
        values, = Ticket.read([ticket.id], [
                *NAMES, 'sale_shipments', 'sale_shipment_returns',
                'sale_invoices'])
    assert not any(v for n, v in values.items() if n != 'id')


@with_transaction()
def test_statements():
    "X11: the number of statements depends on no number of records"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    both = make_seller(
        desk, 'both', [desk.section], [('stock', 'group_stock')])

    def count(tickets, names):
        user, context = desk.as_user(both)
        with user, context:
            Ticket.read([t.id for t in tickets], names)
            # The cache would answer what was read before
            Transaction().counter += 1
            with Statements() as statements:
                Ticket.read([t.id for t in tickets], names)
        return statements.count

    def make(customers, sales):
        tickets = []
        for i in range(customers):
            party = make_party(str(i))
            for _ in range(sales):
                sale = make_sale(desk, party)
            tickets.append(desk.make_ticket(party=party, sale=sale))
        return tickets

    one, many = make(1, 1), make(5, 4)
    for names in [NAMES, [
                'sale_shipments', 'sale_shipment_returns', 'sale_invoices']]:
        assert count(one, names) == count(many, names)
