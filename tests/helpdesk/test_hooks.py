# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.pyson import PYSONDecoder
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.sales import (
    make_party, make_product, make_sale, make_seller)
from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


def create_ticket(desk, user, records, **values):
    "Go through the wizard; return its defaults, action and data"
    pool = Pool()
    Wizard = pool.get('helpdesk.sale.create_ticket', type='wizard')
    user, context = desk.as_user(user)
    with user, context, Transaction().set_context(
            active_model=records[0].__name__, active_id=records[0].id,
            active_ids=[r.id for r in records]):
        session_id, start, _ = Wizard.create()
        defaults = Wizard.execute(session_id, {}, start)['view']['defaults']
        result = Wizard.execute(session_id, {'start': {
                    **{k: v for k, v in defaults.items() if '.' not in k},
                    'subject': "Broken", **values}}, 'create_')
        Wizard.delete(session_id)
    (action, data), = result['actions']
    return defaults, action, data


@with_transaction()
def test_ticket_from_sale_line():
    "A9, C2: a ticket is made from the lines of a sale, with their products"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(visibility='private')
    customer = make_party(email='ada@example.org')
    printer, paper = make_product(), make_product("Paper")
    sale = make_sale(desk, customer, [printer, paper])
    seller = make_seller(desk)

    defaults, action, data = create_ticket(desk, seller, sale.lines[:1])
    assert defaults['section'] == desk.section.id
    assert defaults['email'] == 'ada@example.org'
    assert defaults['products'] == [printer.id]
    id_, = data['res_id']
    ticket = Ticket(id_)
    assert ticket.party == customer
    assert ticket.sale == sale
    assert ticket.origin == sale.lines[0]
    assert ticket.product == printer
    assert not ticket.products
    assert ticket.channel == 'application'
    assert ticket.section == desk.section
    assert PYSONDecoder({}).decode(action['pyson_domain']) == [
        ['id', '=', id_]]
    user, context = desk.as_user(seller)
    with user, context:
        values, = Ticket.read([id_], ['subject', 'sale', 'visible_origin'])
    assert values['subject'] == "Broken"
    assert values['visible_origin'] == str(sale.lines[0])

    _, _, data = create_ticket(desk, seller, sale.lines)
    ticket = Ticket(*data['res_id'])
    assert (ticket.product, list(ticket.products)) == (printer, [paper])
    assert ticket.origin == sale

    _, _, data = create_ticket(desk, seller, [sale])
    ticket = Ticket(*data['res_id'])
    assert ticket.origin == sale
    assert not ticket.product


@with_transaction()
def test_counts():
    "A9: parties and sales tell how many tickets they have, in one query"
    pool = Pool()
    Party = pool.get('party.party')
    desk = Helpdesk(visibility='private')
    with Transaction().set_context(desk.context):
        private = desk.make_section("Board", visibility='private')
    parties = [make_party(str(i)) for i in range(5)]
    sale = make_sale(desk, parties[0])
    desk.make_ticket(party=parties[0], sale=sale)
    desk.make_ticket(party=parties[0], state='closed')
    desk.make_ticket(party=parties[0], section=private)
    names = ['helpdesk_open_tickets', 'helpdesk_tickets']

    user, context = desk.as_user(desk.agent)
    with user, context:
        counts = {
            r['id']: [r[n] for n in names] for r in Party.read(
                [p.id for p in parties], names)}
        with Statements() as few:
            Party.read([parties[0].id], names)
        with Statements() as many:
            Party.read([p.id for p in parties], names)
    assert counts[parties[0].id] == [1, 2]
    assert counts[parties[1].id] == [0, 0]
    assert few.count == many.count
    user, context = desk.as_user(make_seller(desk))
    with user, context:
        assert sale.__class__(sale.id).helpdesk_open_tickets == 1
    stranger = desk.make_user('stranger', [])
    stranger.groups = []
    stranger.save()
    user, context = desk.as_user(stranger)
    with user, context:
        assert Party(parties[0].id).helpdesk_tickets is None


def related(xml_id, *records):
    "Return the tickets that an action opens from the records"
    pool = Pool()
    Action = pool.get('ir.action.act_window')
    ModelData = pool.get('ir.model.data')
    Ticket = pool.get('helpdesk.ticket')
    action = Action(ModelData.get_id('helpdesk', xml_id))
    ids = [r.id for r in records]
    return set(Ticket.search(PYSONDecoder({
                    'active_id': ids[0], 'active_ids': ids,
                    }).decode(action.pyson_domain)))


@with_transaction()
def test_relate():
    "A9, E7: from party, sale and product to their tickets"
    desk = Helpdesk()
    customer = make_party()
    printer, paper = make_product(), make_product("Paper")
    sale = make_sale(desk, customer)
    first = desk.make_ticket(party=customer, sale=sale, product=printer)
    second = desk.make_ticket(product=paper, products=[printer])
    desk.make_ticket()
    assert related('act_ticket_relate_party', customer) == {first}
    assert related('act_ticket_relate_sale', sale) == {first}
    assert related('act_ticket_relate_product', printer) == {first, second}
    assert related('act_ticket_relate_product', paper) == {second}
    assert related(
        'act_ticket_relate_template', printer.template) == {first, second}


@with_transaction()
def test_origin():
    "A9, TR6: a ticket can be about any document, seen by who may see it"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    sale = make_sale(desk, make_party())
    ticket = desk.make_ticket(origin=sale)
    models = [m for m, _ in Ticket.get_origin()]
    for model in [
            None, 'sale.sale', 'sale.line', 'helpdesk.ticket',
            'account.invoice', 'stock.shipment.out']:
        assert model in models
    assert 'purchase.purchase' not in models
    # An agent who may not read sales opens the form all the same
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert [m for m, _ in Ticket.get_origin()] == [None, 'helpdesk.ticket']
        values, = Ticket.read(
            [ticket.id], ['visible_origin', 'visible_origin.rec_name'])
        assert values['visible_origin'] is None
        # What the agent does not see stays
        Ticket.write([Ticket(ticket.id)], {'subject': "New"})
    assert Ticket(ticket.id).origin == sale
    other = desk.make_ticket()
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.write([Ticket(ticket.id)], {'visible_origin': str(other)})
        assert Ticket(ticket.id).visible_origin == other
    assert Ticket(ticket.id).origin == other


@with_transaction()
def test_replace():
    "TR7: merging two parties moves their tickets, also what they reported"
    pool = Pool()
    Replace = pool.get('party.replace', type='wizard')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    source, destination = make_party(), make_party()
    ticket = desk.make_ticket(
        party=source, contact=source, informant=source)
    session_id, _, _ = Replace.create()
    replace = Replace(session_id)
    replace.ask.source = source
    replace.ask.destination = destination
    replace.transition_replace()
    ticket = Ticket(ticket.id)
    assert (ticket.party, ticket.contact, ticket.informant) == (
        destination, destination, destination)


@with_transaction()
def test_people():
    "B2, E7: a ticket knows who reported it and the customer's company"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    neighbour = make_party("Neighbour")
    user, context = desk.as_user(desk.agent)
    with user, context:
        ticket, = Ticket.create([{
                    'subject': "Smoke", 'company': desk.company.id,
                    'section': desk.section.id, 'priority': 'normal',
                    'channel': 'phone', 'informant': neighbour.id,
                    'customer_company': "Ada Ltd."}])
        values = Ticket(ticket.id).follow_up_values()
    assert values['informant'] == neighbour.id
    assert values['customer_company'] == "Ada Ltd."
