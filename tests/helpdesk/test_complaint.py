# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from decimal import Decimal

import pytest
from trytond.model.exceptions import AccessButtonError, AccessError
from trytond.modules.helpdesk.exceptions import MakeError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.sales import (
    make_party, make_product, make_sale, make_seller)
from tests.helpdesk.test_erase import erase
from tests.helpdesk.test_notice import bell
from tests.helpdesk.wizards import go_through
from tests.records import Helpdesk

WIZARD = 'helpdesk.ticket.create_complaint'


def setup_module():
    activate_module(['helpdesk', 'sale_complaint'])


class Case:
    "A ticket about a sale of two printers and three cartridges of ink"

    def __init__(self):
        pool = Pool()
        Address = pool.get('party.address')
        self.desk = desk = Helpdesk()
        self.both = make_seller(desk, 'both', [desk.section])
        self.ada = make_party()
        self.address = Address(party=self.ada)
        self.address.save()
        self.printer, self.ink = make_product(), make_product("Ink")
        self.sale = self.confirmed([self.printer, self.ink])
        self.printers, self.inks = self.sale.lines
        for line, quantity in [(self.printers, 2), (self.inks, 3)]:
            line.quantity = quantity
            line.save()
        self.ticket = desk.make_ticket(
            party=self.ada, sale=self.sale, product=self.printer,
            subject="It burns", description="All day", state='open',
            employee=desk.agent.employee)

    def confirmed(self, products, party=None):
        pool = Pool()
        Address = pool.get('party.address')
        address = self.address
        if party:
            address = Address(party=party)
            address.save()
        sale = make_sale(
            self.desk, address.party, products, invoice_address=address,
            shipment_address=address, sale_date=dt.date(2026, 11, 2))
        sale.state = 'confirmed'
        sale.save()
        return sale

    def make_type(self, model):
        pool = Pool()
        Model = pool.get('ir.model')
        Type = pool.get('sale.complaint.type')
        origin, = Model.search([('name', '=', model)])
        type_ = Type(name=model, origin=origin)
        type_.save()
        return type_

    def complain(self, type_, *quantities, user=None, ticket=None, **values):
        "Go through the wizard and return the new complaints"
        pool = Pool()
        Made = pool.get('helpdesk.ticket-sale.complaint')
        Complaint = pool.get('sale.complaint')
        ticket = ticket or self.ticket
        before = Made.by_ticket([ticket.id])[ticket.id]
        lines = [
            {'origin': str(li), 'quantity': q} for li, q in quantities]
        go_through(
            self.desk, WIZARD, [ticket], 'create_', user or self.both,
            type=type_.id, lines=lines, **values)
        after = Made.by_ticket([ticket.id])[ticket.id]
        return Complaint.browse(sorted(set(after) - set(before)))

    def defaults(self):
        "Return what the wizard offers"
        pool = Pool()
        Wizard = pool.get(WIZARD, type='wizard')
        user, context = self.desk.as_user(self.both)
        with user, context, Transaction().set_context(
                active_model='helpdesk.ticket', active_id=self.ticket.id,
                active_ids=[self.ticket.id], _check_access=False):
            session_id, start, _ = Wizard.create()
            result = Wizard.execute(session_id, {}, start)
            Wizard.delete(session_id)
        return result['view']['defaults']


def notes(ticket):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    return [c.body for c in Conversation.search([
                ('ticket', '=', ticket.id),
                ('kind', '=', 'note'),
                ('direction', '=', 'internal'),
                ], order=[('id', 'ASC')])]


@with_transaction()
def test_lines():
    "X12: each line of the order that is chosen is a complaint of its own"
    case = Case()
    complaints = case.complain(
        case.make_type('sale.line'), (case.printers, 1), (case.inks, 3))
    assert [
        (c.customer, c.company, c.origin, c.reference, c.state)
        for c in complaints] == [
            (case.ada, case.desk.company, case.printers, case.ticket.number,
                'draft'),
            (case.ada, case.desk.company, case.inks, case.ticket.number,
                'draft')]
    assert [
        (a.action, a.quantity, a.amount)
        for c in complaints for a in c.actions] == [
            ('sale_return', 1, Decimal('10')),
            ('sale_return', 3, Decimal('30'))]
    assert complaints[0].description == "It burns\n\nAll day"
    assert case.ticket.state == 'open'


@with_transaction()
def test_sale():
    "X12: a complaint about the sale says how much of its lines goes back"
    case = Case()
    type_ = case.make_type('sale.sale')
    complaint, = case.complain(type_, (case.printers, 2), (case.inks, None))
    assert complaint.origin == case.sale
    action, = complaint.actions
    assert action.action == 'sale_return'
    assert [(li.line, li.quantity) for li in action.sale_lines] == [
        (case.printers, 2)]
    assert complaint.helpdesk_amount == Decimal('20')
    # Nothing need go back
    complaint, = case.complain(type_)
    assert (complaint.origin, complaint.actions) == (case.sale, ())


@with_transaction()
def test_offered():
    "X12: the lines of the products of the ticket are offered at once"
    case = Case()
    type_ = case.make_type('sale.line')
    defaults = case.defaults()
    assert (defaults['type'], defaults['sale'], defaults['party']) == (
        type_.id, case.sale.id, case.ada.id)
    assert [
        (li['origin'], li['quantity'], li['unit'])
        for li in defaults['lines']] == [
            (str(case.printers), 2, case.printer.sale_uom.id),
            (str(case.inks), None, case.ink.sale_uom.id)]
    # The line that the ticket is about says more
    case.ticket.origin = case.inks
    case.ticket.save()
    assert [li['quantity'] for li in case.defaults()['lines']] == [None, 3]
    # Which of several types is for the user to say
    case.make_type('sale.sale')
    defaults = case.defaults()
    assert not defaults['type'] and not defaults['lines']


@with_transaction()
def test_type_changes_lines():
    "X12: what can be chosen follows the type and the sale"
    pool = Pool()
    Start = pool.get('helpdesk.ticket.create_complaint.start')
    case = Case()
    user, context = case.desk.as_user(case.both)
    start = Start(
        type=case.make_type('sale.line'), sale=case.sale, products=[])
    with user, context:
        start.on_change_type()
    assert [li.origin for li in start.lines] == [case.printers, case.inks]
    start.type = case.make_type('account.invoice.line')
    user, context = case.desk.as_user(case.both)
    with user, context:
        start.on_change_type()
    assert not start.lines
    # Who sees no sales learns nothing of them by the screen
    start.type = case.make_type('sale.line')
    user, context = case.desk.as_user(case.desk.agent)
    with user, context:
        start.on_change_sale()
    assert not start.lines


@with_transaction()
def test_refused():
    "X12: what is missing or wrong is said in plain words"
    case = Case()
    type_ = case.make_type('sale.line')
    for quantities, message in [
            ([], "at least one"),
            ([(case.printers, None)], "at least one"),
            ([(case.printers, 3)], "not more than 2"),
            ([(case.printers, 0)], "more than zero"),
            ]:
        with pytest.raises(MakeError, match=message):
            case.complain(type_, *quantities)
    bob = case.confirmed([case.ink], make_party("Bob"))
    # A line of another sale was not offered
    with pytest.raises(MakeError, match="at least one"):
        case.complain(type_, (bob.lines[0], 1))
    with pytest.raises(MakeError, match="about the sale"):
        case.complain(type_, (bob.lines[0], 1), sale=bob.id)
    case.sale.state = 'draft'
    case.sale.save()
    with pytest.raises(MakeError, match="about the sale"):
        case.complain(type_, (case.printers, 1), sale=case.sale.id)
    with pytest.raises(MakeError, match="no customer"):
        case.complain(type_, ticket=case.desk.make_ticket())
    with pytest.raises(MakeError, match="reopened"):
        case.complain(type_, ticket=case.desk.make_ticket(
                party=case.ada, state='closed'))


@with_transaction()
def test_ticket_gets_the_sale():
    "X12: a ticket about no sale is about that of its complaint"
    case = Case()
    ticket = case.desk.make_ticket(party=case.ada)
    case.complain(
        case.make_type('sale.line'), (case.inks, 1), ticket=ticket,
        sale=case.sale.id)
    assert ticket.__class__(ticket.id).sale == case.sale


@with_transaction()
def test_rights():
    "X12: who may not complain for customers can't by any means"
    pool = Pool()
    Complaint = pool.get('sale.complaint')
    Ticket = pool.get('helpdesk.ticket')
    case = Case()
    desk, type_ = case.desk, case.make_type('sale.line')
    seller = make_seller(desk)
    for user in [desk.agent, desk.manager, seller]:
        with pytest.raises(AccessError):
            case.complain(type_, (case.printers, 1), user=user)
        user, context = desk.as_user(user)
        with user, context, pytest.raises((AccessError, AccessButtonError)):
            Ticket.create_complaint([Ticket(case.ticket.id)])
    assert not Complaint.search([], count=True)


@with_transaction()
def test_shown():
    "X12, E7: complaints show to who may read them, and fail for nobody"
    pool = Pool()
    Complaint = pool.get('sale.complaint')
    Made = pool.get('helpdesk.ticket-sale.complaint')
    Ticket = pool.get('helpdesk.ticket')
    case = Case()
    desk = case.desk
    complaint, = case.complain(
        case.make_type('sale.line'), (case.printers, 1))
    user, context = desk.as_user(desk.agent)
    with user, context:
        form = Ticket.fields_view_get(view_type='form')
        assert 'complaints' not in form['fields']
        Ticket.read([case.ticket.id], list(form['fields']))
        values, = Ticket.read([case.ticket.id], ['complaints'])
        assert not values['complaints']
        with pytest.raises(AccessError):
            Made.delete(Made.search([]))
    user, context = desk.as_user(case.both)
    with user, context:
        form = Ticket.fields_view_get(view_type='form')
        assert 'complaints' in form['fields']
        values, = Ticket.read([case.ticket.id], ['complaints'])
        assert list(values['complaints']) == [complaint.id]
        values, = Complaint.read([complaint.id], ['helpdesk_ticket'])
        assert values['helpdesk_ticket'] == case.ticket.id


@with_transaction()
def test_sales_staff():
    "X12: sales staff see the complaint, and the ticket by its sale"
    pool = Pool()
    Complaint = pool.get('sale.complaint')
    Made = pool.get('helpdesk.ticket-sale.complaint')
    ModelData = pool.get('ir.model.data')
    Ticket = pool.get('helpdesk.ticket')
    case = Case()
    complaint, = case.complain(
        case.make_type('sale.line'), (case.printers, 1))
    user, context = case.desk.as_user(make_seller(case.desk))
    with user, context:
        values, = Complaint.read([complaint.id], ['helpdesk_ticket'])
        assert values['helpdesk_ticket'] is None
        form = Ticket.fields_view_get(view_type='form')
        values, = Ticket.read([case.ticket.id], list(form['fields']))
        assert list(values['complaints']) == [complaint.id]
        view = Complaint.fields_view_get(
            view_id=ModelData.get_id('helpdesk', 'complaint_view_list'))
        Complaint.read([complaint.id], list(view['fields']))
        # A draft may go as any other
        Complaint.delete([Complaint(complaint.id)])
    assert not Made.search([], count=True)


@with_transaction(user=0)
def test_followed():
    "X12: the ticket notes what becomes of the complaint"
    pool = Pool()
    Complaint = pool.get('sale.complaint')
    case = Case()
    complaint, other = case.complain(
        case.make_type('sale.line'), (case.printers, 1), (case.inks, 1))
    bell(case.desk.agent)
    Complaint.wait([complaint])
    Complaint.reject([complaint])
    Complaint.cancel([other])
    words = [n.rpartition('Complaint ')[2] for n in notes(case.ticket)]
    assert words == [
        f"{complaint.number}: Waiting",
        f"{complaint.number}: Rejected",
        f"{other.number}: Cancelled"]
    assert bell(case.desk.agent)
    # Back to draft is nothing that the ticket has to know
    Complaint.draft([complaint])
    assert len(notes(case.ticket)) == 3


@with_transaction(user=0)
def test_return():
    "X12: the return is among the sales of the ticket, which follows it too"
    pool = Pool()
    Complaint = pool.get('sale.complaint')
    Ticket = pool.get('helpdesk.ticket')
    Sale = pool.get('sale.sale')
    case = Case()
    complaint, = case.complain(
        case.make_type('sale.line'), (case.printers, 1))
    Complaint.wait([complaint])
    complaint.state = 'approved'
    complaint.save()
    Complaint.process([complaint])
    action, = Complaint(complaint.id).actions
    returned = action.result
    assert returned.lines[0].quantity == -1
    user, context = case.desk.as_user(case.both)
    with user, context:
        values, = Ticket.read([case.ticket.id], ['sales'])
        assert list(values['sales']) == [returned.id]
    assert notes(case.ticket)[-1].endswith(
        f"{complaint.number}: Done (Sale)")
    Sale.cancel([returned])
    assert notes(case.ticket)[-1] == "Sale: Cancelled"
    # Processed once more
    Complaint.draft([Complaint(complaint.id)])
    Complaint.wait([Complaint(complaint.id)])
    complaint = Complaint(complaint.id)
    complaint.state = 'approved'
    complaint.save()
    Complaint.process([Complaint(complaint.id)])
    assert notes(case.ticket)[-1].endswith("Done (Sale)")


@with_transaction()
def test_erase():
    "X10, X12: the words of the customer are erased from the complaint too"
    pool = Pool()
    Complaint = pool.get('sale.complaint')
    case = Case()
    type_ = case.make_type('sale.line')
    complaint, = case.complain(type_, (case.printers, 1))
    own = Complaint(
        customer=case.ada, company=case.desk.company, type=type_,
        origin=case.inks, description="By hand")
    own.save()
    case.sale.state = 'cancelled'
    case.sale.save()
    case.ticket.state = 'closed'
    case.ticket.save()
    erase(case.ada)
    assert Complaint(complaint.id).description is None
    assert Complaint(own.id).description == "By hand"


@with_transaction()
def test_statements():
    "X12: the number of statements depends on no number of complaints"
    pool = Pool()
    Complaint = pool.get('sale.complaint')
    Ticket = pool.get('helpdesk.ticket')
    case = Case()
    type_ = case.make_type('sale.line')
    tickets = [
        case.desk.make_ticket(party=case.ada, sale=case.sale)
        for _ in range(3)]
    complaints = [
        c for t in tickets for c in case.complain(
            type_, (case.printers, 1), (case.inks, 1), ticket=t)]

    def count(Model, records, names):
        user, context = case.desk.as_user(case.both)
        with user, context:
            Model.read([r.id for r in records], names)
            Transaction().counter += 1
            with Statements() as statements:
                Model.read([r.id for r in records], names)
        return statements.count

    for Model, records, names in [
            (Ticket, tickets, ['complaints']),
            (Ticket, tickets, ['sale_invoices']),
            (Complaint, complaints, ['helpdesk_ticket']),
            (Complaint, complaints,
                ['helpdesk_amount', 'helpdesk_currency'])]:
        assert count(Model, records[:1], names) == count(
            Model, records, names), names
