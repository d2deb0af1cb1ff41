# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from decimal import Decimal

import pytest
from lxml import etree
from trytond.model.exceptions import AccessButtonError, AccessError
from trytond.modules.account.tests import create_chart
from trytond.modules.company.tests import create_company
from trytond.modules.helpdesk.exceptions import MakeError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.sales import (
    make_party, make_product, make_sale, make_seller)
from tests.helpdesk.test_notice import bell
from tests.helpdesk.wizards import go_through
from tests.records import Helpdesk

WIZARD = 'helpdesk.ticket.create_sale'


def setup_module():
    activate_module('helpdesk')


def make_salable(desk, name="Printer", price='12.5'):
    "Return a product with the price and all that a sale needs of it"
    pool = Pool()
    Account = pool.get('account.account')
    Category = pool.get('product.category')
    with Transaction().set_context(desk.context):
        categories = Category.search([('accounting', '=', True)])
        if not categories:
            create_chart(desk.company)
            revenue, = Account.search([
                    ('type.revenue', '=', True),
                    ('closed', '!=', True),
                    ], limit=1)
            categories = Category.create([{
                        'name': "Accounts", 'accounting': True,
                        'account_revenue': revenue.id}])
        product = make_product(name)
        product.template.account_category, = categories
        product.template.list_price = Decimal(price) if price else None
        product.template.save()
    return product


def sales_of(desk, user, ticket):
    "Return the sales of the ticket that the user sees"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    user, context = desk.as_user(user)
    with user, context:
        values, = Ticket.read([ticket.id], ['sales'])
    return list(values['sales'])


def make_both(desk):
    "Return an agent of the section who may sell"
    return make_seller(desk, 'both', [desk.section])


def sold(desk, ticket, user):
    "Make a sale from the ticket and return it"
    pool = Pool()
    Made = pool.get('helpdesk.ticket-sale.sale')
    Sale = pool.get('sale.sale')
    go_through(desk, WIZARD, [ticket], 'create_', user)
    sale, *_ = Made.by_ticket([ticket.id])[ticket.id]
    return Sale(sale)


def change(desk, user, sale, state):
    "Have the state changed by the user, as the buttons of the sale do"
    pool = Pool()
    Sale = pool.get('sale.sale')
    user, context = desk.as_user(user)
    with user, context, Transaction().set_context(_check_access=False):
        Sale.write([Sale(sale.id)], {'state': state})


def notes(ticket):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    return [(c.author, c.body) for c in Conversation.search([
                ('ticket', '=', ticket.id),
                ('kind', '=', 'note'),
                ('direction', '=', 'internal'),
                ], order=[('id', 'ASC')])]


@with_transaction()
def test_sale():
    "X12: a sale made from a ticket has its customer, products and prices"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    both = make_both(desk)
    ada = make_party()
    printer, ink = make_salable(desk), make_salable(desk, "Ink", '3')
    unsold = make_salable(desk, "Stand")
    unsold.template.salable = False
    unsold.template.save()
    ticket = desk.make_ticket(
        party=ada, product=printer, products=[ink, unsold], state='open')

    sale = sold(desk, ticket, both)
    assert (sale.state, sale.party, sale.company, sale.reference) == (
        'draft', ada, desk.company, ticket.number)
    assert [
        (li.product, li.quantity, li.unit, li.unit_price)
        for li in sale.lines] == [
            (printer, 1, printer.sale_uom, Decimal('12.5')),
            (ink, 1, ink.sale_uom, Decimal('3'))]
    assert sale.total_amount == Decimal('15.5')
    ticket = Ticket(ticket.id)
    assert (ticket.state, ticket.sale) == ('open', sale)

    # What it is about already stays
    other = sold(desk, ticket, both)
    ticket = Ticket(ticket.id)
    assert ticket.sale == sale
    assert sales_of(desk, both, ticket) == [other.id, sale.id]


@with_transaction()
def test_chosen_lines():
    "X12: the quantity and the unit may be changed before the sale is made"
    pool = Pool()
    Made = pool.get('helpdesk.ticket-sale.sale')
    Sale = pool.get('sale.sale')
    Uom = pool.get('product.uom')
    desk = Helpdesk()
    both = make_both(desk)
    printer = make_salable(desk)
    dozen = Uom(name="Dozen", symbol='doz', factor=12, rate=1 / 12,
        category=printer.sale_uom.category, rounding=1, digits=0)
    dozen.rate = round(1 / 12, 12)
    dozen.save()
    ticket = desk.make_ticket(party=make_party())
    go_through(desk, WIZARD, [ticket], 'create_', both, lines=[{
                'product': printer.id, 'quantity': 2, 'unit': dozen.id}])
    id_, = Made.by_ticket([ticket.id])[ticket.id]
    line, = Sale(id_).lines
    assert (line.quantity, line.unit) == (2, dozen)
    assert line.amount == Decimal('300')


@with_transaction()
def test_no_price():
    "X12: a product without a price does not keep the sale from being made"
    desk = Helpdesk()
    ticket = desk.make_ticket(
        party=make_party(), product=make_salable(desk, price=None))
    sale = sold(desk, ticket, make_both(desk))
    line, = sale.lines
    assert line.unit_price == 0


@with_transaction()
def test_currency():
    "X12: the sale is in the currency of the customer"
    pool = Pool()
    Currency = pool.get('currency.currency')
    desk = Helpdesk()
    franc = Currency(name="Franc", symbol="F", code='CHF')
    franc.save()
    ada = make_party()
    with Transaction().set_context(desk.context):
        ada.customer_currency = franc
        ada.save()
    sale = sold(desk, desk.make_ticket(party=ada), make_both(desk))
    assert sale.currency == franc


@with_transaction()
def test_refused():
    "X12: without a customer, or when closed, the user is told what to do"
    pool = Pool()
    Sale = pool.get('sale.sale')
    desk = Helpdesk()
    both = make_both(desk)
    with pytest.raises(MakeError, match="no customer"):
        sold(desk, desk.make_ticket(), both)
    with pytest.raises(MakeError, match="reopened"):
        sold(desk, desk.make_ticket(
                party=make_party(), state='closed'), both)
    assert not Sale.search([], count=True)


@with_transaction()
def test_rights():
    "X12: who may not make sales sees no button, and can't by other means"
    pool = Pool()
    Made = pool.get('helpdesk.ticket-sale.sale')
    Sale = pool.get('sale.sale')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(visibility='private')
    both, seller = make_both(desk), make_seller(desk)
    ada = make_party()
    ticket = desk.make_ticket(party=ada, sale=make_sale(desk, ada))
    for user in [desk.agent, desk.manager, seller]:
        with pytest.raises(AccessError):
            sold(desk, ticket, user)
        user, context = desk.as_user(user)
        with user, context, pytest.raises((AccessError, AccessButtonError)):
            Ticket.create_sale([Ticket(ticket.id)])
    assert Sale.search([], count=True) == 1

    made = sold(desk, ticket, both)
    for user in [both, desk.agent]:
        user, context = desk.as_user(user)
        with user, context, pytest.raises(AccessError):
            Made.delete(Made.search([('sale', '=', made.id)]))
    user, context = desk.as_user(both)
    with user, context, pytest.raises(AccessError):
        Made.create([{'ticket': ticket.id, 'sale': ticket.sale.id}])


@with_transaction()
def test_form():
    "X12, E7: an agent without sales opens the ticket, and no sale shows"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    both = make_both(desk)
    ticket = desk.make_ticket(party=make_party())
    sale = sold(desk, ticket, both)
    user, context = desk.as_user(desk.agent)
    with user, context:
        form = Ticket.fields_view_get(view_type='form')
        assert 'sales' not in form['fields']
        Ticket.read([ticket.id], list(form['fields']))
        button, = etree.fromstring(form['arch']).xpath(
            '//button[@name="create_sale"]')
        assert 'invisible' in button.get('states', '')
    user, context = desk.as_user(both)
    with user, context:
        form = Ticket.fields_view_get(view_type='form')
        assert 'sales' in form['fields']
    assert not sales_of(desk, desk.agent, ticket)
    assert sales_of(desk, both, ticket) == [sale.id]


@with_transaction()
def test_other_company():
    "X12: a sale that moved out of the user's companies does not show"
    pool = Pool()
    Made = pool.get('helpdesk.ticket-sale.sale')
    desk = Helpdesk()
    both = make_both(desk)
    other = create_company("Other")
    ada = make_party()
    ticket = desk.make_ticket(party=ada)
    sale = make_sale(desk, ada)
    sale.company = other
    sale.save()
    Made.link([(ticket.id, sale.id)])
    assert not sales_of(desk, both, ticket)


@with_transaction()
def test_from_the_sale():
    "X12, SE12: who works on the ticket goes to it from the sale"
    pool = Pool()
    Sale = pool.get('sale.sale')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(visibility='private')
    both, seller = make_both(desk), make_seller(desk)
    ticket = desk.make_ticket(party=make_party(), description="Secret")
    sale = sold(desk, ticket, both)
    user, context = desk.as_user(both)
    with user, context:
        form = Sale.fields_view_get(view_type='form')
        assert 'helpdesk_ticket' in form['fields']
        values, = Sale.read(
            [sale.id], ['helpdesk_ticket', 'helpdesk_ticket.rec_name'])
        assert values['helpdesk_ticket'] == ticket.id
    # The sales staff see it by its sale
    user, context = desk.as_user(seller)
    with user, context:
        assert Ticket.search([('sale', '=', sale.id)]) == [ticket]
        values, = Sale.read([sale.id], ['helpdesk_ticket'])
        assert values['helpdesk_ticket'] is None
        assert Sale.export_data(
            [Sale(sale.id)], ['helpdesk_ticket/conversations/body']) == [['']]
        with pytest.raises(NotImplementedError):
            Sale.search([
                    ('helpdesk_ticket.conversations.body', '=', "Drunk")])


@with_transaction(user=0)
def test_followed():
    "X12: the ticket notes what becomes of the sale, and tells colleagues"
    pool = Pool()
    Address = pool.get('party.address')
    desk = Helpdesk()
    both, seller = make_both(desk), make_seller(desk)
    ticket = desk.make_ticket(
        party=make_party(), employee=desk.agent.employee, state='open')
    sale = sold(desk, ticket, both)
    bell(desk.agent)
    change(desk, seller, sale, 'quotation')
    assert not notes(ticket) and not bell(desk.agent)

    sale.number = '7'
    sale.invoice_address = sale.shipment_address = Address(party=sale.party)
    sale.invoice_address.save()
    sale.sale_date = dt.date(2026, 11, 2)
    sale.save()
    change(desk, seller, sale, 'confirmed')
    assert notes(ticket) == [("Seller", "Sale 7: Confirmed")]
    assert bell(desk.agent) == [(
            f"#{ticket.number}: News of a sale or complaint · Seller",
            ticket.subject)]
    change(desk, seller, sale, 'processing')
    change(desk, seller, sale, 'done')
    assert notes(ticket)[1:] == [("Seller", "Sale 7: Done")]
    # It is the customer's turn or not as before
    assert (ticket.state, ticket.unread, ticket.first_answer_at) == (
        'open', False, None)


@with_transaction(user=0)
def test_cancelled_by_nobody():
    "X12: a sale that is cancelled by a scheduled action is noted too"
    pool = Pool()
    Sale = pool.get('sale.sale')
    desk = Helpdesk()
    ticket = desk.make_ticket(party=make_party())
    sale = sold(desk, ticket, make_both(desk))
    other = make_sale(desk, ticket.party)
    with Transaction().set_user(0):
        Sale.cancel([Sale(sale.id), other])
    assert notes(ticket) == [(None, "Sale: Cancelled")]


@with_transaction()
def test_documents():
    "E7: the shipments and invoices of all its sales show in the ticket"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    both = make_both(desk)
    ada = make_party()
    tickets = [
        desk.make_ticket(party=ada, sale=make_sale(desk, ada))
        for _ in range(3)]
    made = [sold(desk, t, both) for t in tickets]
    assert Ticket._document_sales(tickets) == {
        t.id: [t.sale, s] for t, s in zip(tickets, made)}


@with_transaction()
def test_statements():
    "X12: the number of statements depends on no number of tickets and sales"
    pool = Pool()
    Sale = pool.get('sale.sale')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    both = make_both(desk)
    ada = make_party()
    tickets = [desk.make_ticket(party=ada) for _ in range(4)]
    sales = [sold(desk, t, both) for t in tickets for _ in range(2)]

    def count(Model, records, name):
        user, context = desk.as_user(both)
        with user, context:
            Model.read([r.id for r in records], [name])
            Transaction().counter += 1
            with Statements() as statements:
                Model.read([r.id for r in records], [name])
        return statements.count

    assert count(Ticket, tickets[:1], 'sales') == count(
        Ticket, tickets, 'sales')
    assert count(Sale, sales[:1], 'helpdesk_ticket') == count(
        Sale, sales, 'helpdesk_ticket')


@with_transaction()
def test_copy():
    "X12: a copy of the sale was not made from the ticket"
    pool = Pool()
    Sale = pool.get('sale.sale')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket(party=make_party())
    both = make_both(desk)
    sale = sold(desk, ticket, both)
    Sale.copy([sale])
    new, = Ticket.copy([ticket])
    assert sales_of(desk, both, ticket) == [sale.id]
    assert not sales_of(desk, both, new)


@with_transaction()
def test_delete():
    "X12: sales staff may delete a draft that was made from a ticket"
    pool = Pool()
    Sale = pool.get('sale.sale')
    desk = Helpdesk()
    both, seller = make_both(desk), make_seller(desk)
    ticket = desk.make_ticket(party=make_party())
    sale = sold(desk, ticket, both)
    user, context = desk.as_user(seller)
    with user, context:
        Sale.delete([Sale(sale.id)])
    assert not sales_of(desk, both, ticket)


@with_transaction()
def test_search():
    "SE12: the link leads nobody to what the ticket keeps from them"
    pool = Pool()
    Made = pool.get('helpdesk.ticket-sale.sale')
    desk = Helpdesk(visibility='private')
    with Transaction().set_context(desk.context):
        board = desk.make_section("Board", visibility='private')
    both, other = make_both(desk), make_seller(desk, 'other', [board])
    sale = sold(desk, desk.make_ticket(party=make_party()), both)
    made, = Made.search([('sale', '=', sale.id)])
    user, context = desk.as_user(other)
    with user, context:
        # The sale shows the ticket, but not what belongs to it
        for domain in [
                [('ticket.conversations.body', 'ilike', "%a%")],
                [('ticket', 'where', [('history.new', '=', 'open')])]]:
            with pytest.raises(AccessError):
                Made.search(domain)
        with pytest.raises(AccessError):
            Made.export_data(
                [Made(made.id)], ['ticket/conversations/body'])
