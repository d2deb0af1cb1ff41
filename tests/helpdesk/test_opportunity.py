# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from decimal import Decimal

import pytest
from lxml import etree
from trytond.model.exceptions import AccessButtonError, AccessError
from trytond.modules.helpdesk.exceptions import ConvertError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction, inactive_records

from tests.benchmarks.statements import Statements
from tests.helpdesk.sales import make_party, make_seller
from tests.helpdesk.test_erase import erase
from tests.helpdesk.wizards import go_through
from tests.records import Helpdesk

REFUSED = (AccessError, AccessButtonError)
WIZARD = 'helpdesk.ticket.convert_opportunity'
OPPORTUNITY = ('sale_opportunity', 'group_opportunity')


def setup_module():
    activate_module(['helpdesk', 'sale_opportunity'])


def make_both(desk, login='both'):
    "Return an agent of the section who works on opportunities"
    return make_seller(desk, login, [desk.section], [OPPORTUNITY])


def make_request(desk, **values):
    "Return a ticket of somebody unknown who wants to buy something"
    return desk.make_ticket(**{
            'subject': "A hundred printers",
            'description': "What do they cost?",
            'contact_name': "Ada", 'customer_company': "Ada Ltd.",
            'email': 'ada@example.org', 'phone': '+34 93 000 00 00',
            'state': 'open', **values})


def defaults(desk, user, ticket):
    "Return what the wizard proposes"
    pool = Pool()
    Wizard = pool.get(WIZARD, type='wizard')
    user, context = desk.as_user(user)
    with user, context, Transaction().set_context(
            active_model='helpdesk.ticket', active_id=ticket.id,
            active_ids=[ticket.id], _check_access=False):
        session_id, start, _ = Wizard.create()
        values = Wizard.execute(session_id, {}, start)['view']['defaults']
        Wizard.delete(session_id)
    return values


def converted(desk, ticket, user=None, **values):
    "Convert the ticket and return its opportunity"
    ticket, = go_through(
        desk, WIZARD, [ticket], 'convert', user or make_both(desk), **values)
    return ticket.opportunity


def seen(desk, user, record, *names):
    "Return the values that the user reads"
    user, context = desk.as_user(user)
    with user, context:
        values, = record.__class__.read([record.id], list(names))
    return [values[n] for n in names]


def listed(desk, user):
    "Return the tickets that the user finds in a list"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    user, context = desk.as_user(user)
    with user, context:
        return list(Ticket.search([]))


def keep_to_own():
    "Have a rule by which nobody reads any of the opportunities there are"
    pool = Pool()
    RuleGroup = pool.get('ir.rule.group')
    RuleGroup.create([{
                'name': "Own", 'model': 'sale.opportunity', 'global_p': True,
                'rules': [('create', [{
                                'domain': '[["reference", "=", "mine"]]'}])],
                }])


@with_transaction()
def test_create_customer():
    "D8, X12: an opportunity with a new customer comes of a ticket as proposed"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk = Helpdesk()
    both = make_both(desk)
    ticket = make_request(desk)
    Conversation.create([{
                'ticket': ticket.id, 'kind': 'note', 'direction': 'internal',
                'body': "Rich"}, {
                'ticket': ticket.id, 'kind': 'phone', 'direction': 'in',
                'body': "By Christmas"}, {
                'ticket': ticket.id, 'kind': 'phone', 'direction': 'out',
                'body': "Of course"}])
    opportunity = converted(desk, ticket, both)
    assert opportunity.state == 'lead'
    assert opportunity.company == desk.company
    assert opportunity.employee == both.employee
    assert opportunity.description == "A hundred printers"
    assert opportunity.comment == (
        "Ada, Ada Ltd., ada@example.org, +34 93 000 00 00\n\n"
        "What do they cost?\n\nBy Christmas")
    assert opportunity.amount is None
    party = opportunity.party
    assert party.name == "Ada"
    assert [(m.type, m.value) for m in party.contact_mechanisms] == [
        ('email', 'ada@example.org'), ('phone', '+34 93 000 00 00')]
    assert opportunity.contact.value == 'ada@example.org'
    ticket = ticket.__class__(ticket.id)
    assert (ticket.state, ticket.closed_by) == ('closed', 'team')
    assert not ticket.active
    assert ticket.party == party
    assert ticket not in listed(desk, desk.agent)
    assert seen(desk, both, ticket, 'visible_opportunity') == [opportunity.id]
    assert seen(desk, both, opportunity, 'helpdesk_ticket') == [ticket.id]


@with_transaction()
def test_link_customer():
    "D8: customers with the address of the ticket are proposed"
    desk = Helpdesk()
    both = make_both(desk)
    bob = make_party("Bob", 'a_a@example.org')
    make_party("Eve", 'aba@example.org')
    ada = make_party("Ada", 'A_a@Example.org')
    gone = make_party("Gone", 'a_a@example.org')
    gone.active = False
    gone.save()
    ticket = make_request(desk, email='a_a@example.org')
    values = defaults(desk, both, ticket)
    assert values['customer'] == 'link'
    assert values['party'] == bob.id
    assert list(values['proposed']) == [bob.id, ada.id]
    opportunity = converted(
        desk, ticket, both, party=ada.id, amount=Decimal('5'),
        employee=None)
    assert opportunity.party == ada
    assert opportunity.contact.value == 'A_a@Example.org'
    assert opportunity.amount == Decimal('5')
    assert opportunity.employee is None
    # The customer of a ticket comes first
    ticket = make_request(desk, email='a_a@example.org', party=ada)
    assert defaults(desk, both, ticket)['party'] == ada.id


@with_transaction()
def test_leave_out_customer():
    "D8: an opportunity needs no customer"
    pool = Pool()
    Party = pool.get('party.party')
    desk = Helpdesk()
    both = make_both(desk)
    parties = Party.search([], count=True)
    ticket = make_request(desk)
    opportunity = converted(desk, ticket, both, customer='none')
    assert opportunity.party is None and opportunity.contact is None
    assert ticket.__class__(ticket.id).party is None
    ticket = desk.make_ticket()
    assert defaults(desk, both, ticket)['customer'] == 'none'
    opportunity = converted(desk, ticket, both)
    assert opportunity.party is None and not opportunity.comment
    assert Party.search([], count=True) == parties


@with_transaction()
def test_history():
    "D8: the history tells that a ticket was converted, and into what"
    pool = Pool()
    History = pool.get('helpdesk.history')
    desk = Helpdesk()
    both = make_both(desk)
    ticket = make_request(desk)
    opportunity = converted(desk, ticket, both)
    user, context = desk.as_user(desk.agent)
    with user, context:
        row, = History.search([
                ('ticket', '=', ticket.id), ('what', '=', 'opportunity')])
        assert row.new_name == opportunity.number
        assert row.who == "Both"
        state, = History.search([
                ('ticket', '=', ticket.id), ('what', '=', 'state'),
                ('until', '=', None)])
        assert (state.new, state.side) == ('closed', 'nobody')


@with_transaction()
def test_close_reason():
    "D8: a ticket is converted without a closing reason"
    desk = Helpdesk(close_reason_required=True)
    assert converted(desk, make_request(desk))


@with_transaction()
def test_reopen():
    "D8: a manager brings a converted ticket back, and the link stays"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    both = make_both(desk)
    ticket = make_request(desk)
    opportunity = converted(desk, ticket, both)
    for user, error in [(desk.agent, REFUSED), (desk.manager, None)]:
        user, context = desk.as_user(user)
        with user, context:
            if error:
                with pytest.raises(error):
                    Ticket.reopen([Ticket(ticket.id)])
            else:
                Ticket.reopen([Ticket(ticket.id)])
    ticket = Ticket(ticket.id)
    assert ticket.active and ticket.state == 'open'
    assert ticket.opportunity == opportunity
    assert ticket in listed(desk, desk.agent)
    with pytest.raises(ConvertError):
        defaults(desk, both, ticket)


@with_transaction()
def test_one_at_a_time():
    "D8: several tickets and closed ones are refused in plain words"
    pool = Pool()
    Opportunity = pool.get('sale.opportunity')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    both = make_both(desk)
    tickets = [make_request(desk), make_request(desk)]
    with pytest.raises(ConvertError):
        go_through(desk, WIZARD, tickets, 'convert', both)
    Ticket.close(tickets[:1])
    with pytest.raises(ConvertError):
        go_through(desk, WIZARD, tickets[:1], 'convert', both)
    assert not Opportunity.search([])


@with_transaction()
def test_rights():
    "D8, SE12: who has no rights to both converts no ticket"
    pool = Pool()
    Opportunity = pool.get('sale.opportunity')
    Party = pool.get('party.party')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(visibility='private')
    ticket = make_request(desk)
    sellers = [
        make_seller(desk, 'seller', groups=[OPPORTUNITY]),
        make_seller(desk, 'reader', [desk.section])]
    parties = Party.search([], count=True)
    start = {
        'customer': 'create', 'name': "Ada", 'description': "Printers",
        'comment': None, 'employee': None, 'amount': None, 'email': None,
        'phone': None}
    for user in [desk.agent, *sellers]:
        user, context = desk.as_user(user)
        with user, context:
            with pytest.raises(REFUSED):
                Ticket.convert_opportunity([Ticket(ticket.id)])
            with Transaction().set_context(
                    active_model='helpdesk.ticket', active_id=ticket.id,
                    active_ids=[ticket.id], _check_access=False):
                Wizard = pool.get(WIZARD, type='wizard')
                with pytest.raises(AccessError):
                    session_id, _, _ = Wizard.create()
                    Wizard.execute(session_id, {'start': start}, 'convert')
    both = make_both(desk)
    parties += 1
    user, context = desk.as_user(both)
    with user, context:
        assert Ticket.convert_opportunity([Ticket(ticket.id)])
        for values in [{'active': False}, {'opportunity': None}]:
            with pytest.raises(AccessError):
                Ticket.write([Ticket(ticket.id)], values)
    assert not Opportunity.search([])
    assert Party.search([], count=True) == parties
    assert Ticket(ticket.id).active


@with_transaction()
def test_forms():
    "D8, SE12: agents without sales open converted tickets, all that is shown"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    both = make_both(desk)
    ticket = make_request(desk)
    opportunity = converted(desk, ticket, both)

    def read(user):
        user, context = desk.as_user(user)
        with user, context:
            form = Ticket.fields_view_get(view_type='form')
            names = list(form['fields'])
            names += [
                f'{n}.rec_name' for n, f in form['fields'].items()
                if f['type'] in {'many2one', 'reference'}]
            values, = Ticket.read([ticket.id], names)
            buttons = {
                b.get('name')
                for b in etree.fromstring(form['arch']).iter('button')}
        return values, buttons

    values, _ = read(desk.agent)
    assert 'visible_opportunity' not in values
    values, buttons = read(both)
    assert 'convert_opportunity' in buttons
    assert values['visible_opportunity.']['rec_name'] == opportunity.number
    assert seen(desk, desk.agent, ticket, 'visible_opportunity') == [None]
    keep_to_own()
    values, _ = read(both)
    assert values['visible_opportunity'] is None


def make_sellers(desk):
    "Return users who may read opportunities, and see no section"
    pool = Pool()
    ModelData = pool.get('ir.model.data')
    User = pool.get('res.user')
    lead = desk.make_user('lead', [])
    lead.groups = [ModelData.get_id(*OPPORTUNITY)]
    User.save([lead])
    return [
        lead, make_seller(desk),
        make_seller(desk, 'more', groups=[OPPORTUNITY])]


@with_transaction()
def test_sales_staff():
    "D8, A3: who sees the opportunity sees the ticket, and only this one"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(visibility='private')
    ticket, other = make_request(desk), make_request(desk)
    sellers = make_sellers(desk)
    for seller in sellers:
        with inactive_records():
            assert not listed(desk, seller)
    opportunity = converted(desk, ticket)
    for seller in sellers:
        assert seen(desk, seller, opportunity, 'helpdesk_ticket') == [
            ticket.id]
        with inactive_records():
            assert listed(desk, seller) == [ticket]
        user, context = desk.as_user(seller)
        with user, context:
            form = Ticket.fields_view_get(view_type='form')
            values, = Ticket.read([ticket.id], [
                    *form['fields'], 'section.rec_name'])
            assert not values['workable']
            with pytest.raises(REFUSED):
                Ticket.read([other.id], ['subject'])
    keep_to_own()
    for seller in sellers:
        with inactive_records():
            assert not listed(desk, seller)


@with_transaction()
def test_read_only():
    "D8, SE12: sales staff read no internal notes, and change nothing"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Opportunity = pool.get('sale.opportunity')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(visibility='private')
    ticket = make_request(desk)
    said, noted = Conversation.create([{
                'ticket': ticket.id, 'kind': 'phone', 'direction': 'in',
                'body': "By Christmas"}, {
                'ticket': ticket.id, 'kind': 'note', 'direction': 'internal',
                'body': "Rich"}])
    opportunity = converted(desk, ticket)
    for seller in make_sellers(desk):
        user, context = desk.as_user(seller)
        with user, context:
            assert list(Conversation.search([])) == [said]
            for do in [
                    lambda: Conversation.read([noted.id], ['body']),
                    lambda: Opportunity.export_data(
                        [Opportunity(opportunity.id)],
                        ['helpdesk_ticket/conversations/body']),
                    lambda: Ticket.reopen([Ticket(ticket.id)]),
                    lambda: Ticket.write([Ticket(ticket.id)], {
                            'subject': "Mine"})]:
                with pytest.raises(REFUSED):
                    do()


@with_transaction()
def test_hidden_ticket():
    "SE12: an opportunity names no ticket to who may read none"
    pool = Pool()
    Group = pool.get('res.group')
    ModelAccess = pool.get('ir.model.access')
    User = pool.get('res.user')
    desk = Helpdesk()
    opportunity = converted(desk, make_request(desk))
    group, = Group.create([{'name': "Statistics"}])
    ModelAccess.create([{
                'model': 'sale.opportunity', 'group': group.id,
                'perm_read': True}])
    reader = desk.make_user('reader', [])
    reader.groups = [group]
    User.save([reader])
    assert seen(desk, reader, opportunity, 'helpdesk_ticket', 'number') == [
        None, opportunity.number]


@with_transaction()
def test_cost():
    "D8: what links tickets and opportunities takes few statements for many"
    pool = Pool()
    Opportunity = pool.get('sale.opportunity')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    both = make_both(desk)
    tickets = [make_request(desk) for _ in range(4)]
    opportunities = [converted(desk, t, both) for t in tickets]

    def cost(Model, records, name):
        user, context = desk.as_user(both)
        with user, context:
            Model.read([records[0].id], [name])
            with Statements() as statements:
                Model.read([r.id for r in records], [name])
        return statements.count

    for Model, records, name in [
            (Ticket, tickets, 'visible_opportunity'),
            (Opportunity, opportunities, 'helpdesk_ticket')]:
        assert (
            cost(Model, records, name) <= cost(Model, records[:1], name) + 1)


@with_transaction()
def test_copy():
    "A copy of a converted ticket is a ticket of its own"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = make_request(desk)
    converted(desk, ticket)
    copy, = Ticket.copy([Ticket(ticket.id)])
    assert copy.active and not copy.opportunity and copy.state == 'draft'


@with_transaction()
def test_follow_up():
    "D8: a ticket that follows up a converted one shows it"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = make_request(desk)
    converted(desk, ticket)
    follow_up, = Ticket.create([Ticket(ticket.id).follow_up_values()])
    assert follow_up.active and not follow_up.opportunity
    assert seen(desk, desk.agent, follow_up, 'visible_preceding') == [
        ticket.id]


@with_transaction()
def test_origin():
    "D8: a ticket can be about an opportunity"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    both = make_both(desk)
    opportunity = converted(desk, make_request(desk), both)
    ticket = desk.make_ticket(origin=str(opportunity))
    assert seen(desk, both, ticket, 'visible_origin') == [str(opportunity)]
    assert seen(desk, desk.agent, ticket, 'visible_origin') == [None]
    user, context = desk.as_user(both)
    with user, context:
        assert 'sale.opportunity' in dict(Ticket.get_origin())


@with_transaction()
def test_erase():
    "X10: the words of who is erased are erased in the opportunity too"
    pool = Pool()
    Opportunity = pool.get('sale.opportunity')
    desk = Helpdesk()
    both = make_both(desk)
    opportunity = converted(desk, make_request(desk), both)
    other = converted(desk, make_request(
            desk, email='bob@example.org', contact_name="Bob"), both)
    erase(opportunity.party)
    opportunity = Opportunity(opportunity.id)
    assert not opportunity.description and not opportunity.comment
    assert Opportunity(other.id).comment


@with_transaction()
def test_replace_party():
    "X10: the opportunity and the ticket go along when parties are merged"
    pool = Pool()
    Opportunity = pool.get('sale.opportunity')
    Replace = pool.get('party.replace', type='wizard')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = make_request(desk)
    opportunity = converted(desk, ticket)
    ada = make_party("Ada")
    session_id, _, _ = Replace.create()
    wizard = Replace(session_id)
    wizard.ask.source = opportunity.party
    wizard.ask.destination = ada
    wizard.transition_replace()
    # It goes around the records
    for cache in Transaction().cache.values():
        cache.clear()
    assert Opportunity(opportunity.id).party == ada
    assert Ticket(ticket.id).party == ada
