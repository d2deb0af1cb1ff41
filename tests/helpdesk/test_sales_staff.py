# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from unittest.mock import patch

import pytest
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessButtonError, AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.sales import make_party, make_sale, make_seller
from tests.records import Helpdesk

REFUSED = (AccessError, AccessButtonError)


def setup_module():
    activate_module('helpdesk')


class Case:
    "A ticket of a private section about a sale, and another about none"

    def __init__(self):
        pool = Pool()
        Attachment = pool.get('ir.attachment')
        Conversation = pool.get('helpdesk.conversation')
        Note = pool.get('ir.note')
        self.desk = desk = Helpdesk(visibility='private')
        self.customer = make_party()
        self.sale = make_sale(desk, self.customer)
        self.ticket = desk.make_ticket(
            party=self.customer, sale=self.sale, state='open',
            employee=desk.agent.employee)
        self.other = desk.make_ticket(party=self.customer, subject="Other")
        self.said, self.noted = Conversation.create([{
                    'ticket': self.ticket.id, 'kind': 'phone',
                    'direction': 'in', 'body': "My printer burns",
                    }, {
                    'ticket': self.ticket.id, 'kind': 'note',
                    'direction': 'internal', 'body': "He is drunk",
                    }])
        self.shown, self.hidden = Attachment.create([{
                    'resource': str(c), 'name': c.body, 'data': b'data',
                    } for c in [self.said, self.noted]])
        self.note, = Note.create([{
                    'resource': str(self.ticket), 'message': "Drunk again"}])
        self.seller = make_seller(desk)
        with Transaction().set_context(desk.context):
            self.board = desk.make_section("Board", visibility='private')
        self.elsewhere = make_seller(desk, 'elsewhere', [self.board])


def outsiders(case):
    return [case.seller, case.elsewhere]


@with_transaction()
def test_tickets_of_sales():
    "A3, A9: sales staff see the tickets of the sales they may read"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    case = Case()
    for user in outsiders(case):
        user, context = case.desk.as_user(user)
        with user, context:
            assert Ticket.search([]) == [case.ticket]
            assert Ticket.search([], count=True) == 1
            with pytest.raises(REFUSED):
                Ticket.read([case.other.id], ['subject'])
    user, context = case.desk.as_user(case.desk.agent)
    with user, context:
        assert Ticket.search([], count=True) == 2


@with_transaction()
def test_form():
    "Sales staff can open the form, with all that it shows"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Ticket = pool.get('helpdesk.ticket')
    case = Case()
    for user in outsiders(case):
        user, context = case.desk.as_user(user)
        with user, context:
            form = Ticket.fields_view_get(view_type='form')
            names = list(form['fields'])
            names += [
                f'{n}.rec_name' for n, f in form['fields'].items()
                if f['type'] in {
                    'many2one', 'one2many', 'many2many', 'reference'}]
            values, = Ticket.read([case.ticket.id], names)
            assert values['section.']['rec_name'] == "Support"
            shown = values['last_conversations']
            assert list(shown) == [case.said.id]
            view = Conversation.fields_view_get(view_type='list-form')
            Conversation.read(shown, list(view['fields']))
            assert not values.get('history') and not values.get('participants')
            assert not values['workable']


@with_transaction()
def test_custom_fields():
    "A9, C20: sales staff see the custom fields of a ticket with their labels"
    pool = Pool()
    Attribute = pool.get('helpdesk.ticket.attribute')
    Ticket = pool.get('helpdesk.ticket')
    case = Case()
    Attribute.create([{
                'name': 'floor', 'string': "Floor", 'type_': 'char'}])
    Ticket.write([case.ticket], {'attributes': {'floor': "2"}})
    for user in outsiders(case):
        user, context = case.desk.as_user(user)
        with user, context:
            values, = Ticket.read([case.ticket.id], ['attributes'])
            assert values['attributes'] == {'floor': "2"}
            key, = Attribute.search_get_keys([('name', '=', 'floor')])
            assert key['string'] == "Floor"
            with pytest.raises(REFUSED):
                Attribute.create([{
                            'name': 'a', 'string': "A", 'type_': 'char'}])


@with_transaction()
def test_internal_notes():
    "SE11, SE12: internal notes are hidden, whichever way one asks"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Ticket = pool.get('helpdesk.ticket')
    case = Case()
    for user in outsiders(case):
        user, context = case.desk.as_user(user)
        with user, context:
            assert Conversation.search([]) == [case.said]
            assert not Conversation.search([('body', 'ilike', '%drunk%')])
            values, = Ticket.read(
                [case.ticket.id], ['conversations.body'])
            assert [v['body'] for v in values['conversations.']] == [
                "My printer burns"]
            ticket = Ticket(case.ticket.id)
            assert Ticket.export_data(
                [ticket], ['number', 'last_conversations/body']) == [
                    [ticket.number, "My printer burns"]]
            for do in [
                    lambda: Conversation.read([case.noted.id], ['body']),
                    lambda: Conversation.export_data(
                        [Conversation(case.noted.id)], ['body']),
                    lambda: Ticket.export_data(
                        [ticket], ['conversations/body']),
                    lambda: Ticket.export_data(
                        [ticket], ['last_conversations/ticket/history/new']),
                    lambda: Ticket.export_data(
                        [Ticket(case.other.id)], ['subject'])]:
                with pytest.raises(REFUSED):
                    do()
    user, context = case.desk.as_user(case.desk.agent)
    with user, context:
        assert Conversation.search([], count=True) == 2
        assert len(Ticket(case.ticket.id).last_conversations) == 2


@with_transaction()
def test_files_and_notes():
    "SE12: the files of internal notes and the notes on a ticket are hidden"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    Note = pool.get('ir.note')
    case = Case()
    conversations = [str(case.said), str(case.noted)]
    for user in outsiders(case):
        user, context = case.desk.as_user(user)
        with user, context:
            assert bytes(Attachment(case.shown.id).data) == b'data'
            with pytest.raises(REFUSED):
                Attachment.read([case.hidden.id], ['name'])
            try:
                found = list(Attachment.search([
                            ('resource', 'in', conversations)]))
            except AccessError:
                # Tryton 8.2
                found = []
            assert case.hidden not in found
            assert not Note.search([('resource', '=', str(case.ticket))])
            with pytest.raises(REFUSED):
                Note.read([case.note.id], ['message'])
            with pytest.raises(REFUSED):
                Note.create([{
                            'resource': str(case.ticket), 'message': "Me"}])
    user, context = case.desk.as_user(case.desk.agent)
    with user, context:
        assert Note.search([('resource', '=', str(case.ticket))])


@with_transaction()
def test_history_and_participants():
    "SE12: who changed a ticket, and who takes part, are for its agents"
    pool = Pool()
    case = Case()
    Participant = pool.get('helpdesk.participant')
    History = pool.get('helpdesk.history')
    Participant.create([{
                'ticket': case.ticket.id, 'email': 'bob@example.org'}])
    for Model in [Participant, History]:
        user, context = case.desk.as_user(case.desk.agent)
        with user, context:
            assert Model.search([('ticket', '=', case.ticket.id)])
        rows = Model.search([('ticket', '=', case.ticket.id)])
        for user in outsiders(case):
            user, context = case.desk.as_user(user)
            with user, context:
                assert not Model.search([])
                with pytest.raises(REFUSED):
                    Model.read([r.id for r in rows], ['rec_name'])


@with_transaction()
def test_buttons():
    "SE12: the buttons of a ticket are refused to sales staff"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Ticket = pool.get('helpdesk.ticket')
    case = Case()
    for user in outsiders(case):
        user, context = case.desk.as_user(user)
        with user, context:
            for Model, record in [
                    (Ticket, case.ticket), (Conversation, case.said)]:
                for name in Model._buttons:
                    with pytest.raises(REFUSED):
                        getattr(Model, name)([Model(record.id)])


@with_transaction()
def test_wizards():
    "SE12: sales staff use none of the wizards on tickets"
    pool = Pool()
    case = Case()
    values = {'text': "Me", 'attachments': []}
    for user in outsiders(case):
        user, context = case.desk.as_user(user)
        with user, context, Transaction().set_context(
                active_model='helpdesk.ticket', active_id=case.ticket.id,
                active_ids=[case.ticket.id], _check_access=False):
            for name, button, more in [
                    ('answer', 'send', {
                            'kind': 'phone', 'seen': case.noted.id}),
                    # What they have not seen is not told either
                    ('answer', 'send', {'kind': 'phone', 'seen': None}),
                    ('note', 'save', {}),
                    ('assign', 'assign', {'employee': None}),
                    ('move', 'move', {'section': str(case.board.id)}),
                    ('close', 'close', {'note': "Me"}),
                    ('change', 'change', {'unassign': True}),
                    ('wait_until', 'wait', {
                            'state': 'pending',
                            'until': dt.datetime(2099, 1, 1)})]:
                Wizard = pool.get(f'helpdesk.ticket.{name}', type='wizard')
                with pytest.raises(REFUSED):
                    session_id, _, _ = Wizard.create()
                    Wizard.execute(
                        session_id, {'start': {**values, **more}
                            if name in {'answer', 'note'} else more}, button)
    ticket = case.ticket.__class__(case.ticket.id)
    assert ticket.section == case.desk.section
    assert ticket.employee == case.desk.agent.employee


@with_transaction()
def test_chat():
    "TR3, SE12: what colleagues say to each other is not for sales staff"
    pool = Pool()
    Channel = pool.get('ir.chat.channel')
    case = Case()
    desk = case.desk
    for resource in [str(case.ticket), str(desk.section)]:
        with Transaction().set_user(desk.agent.id):
            Channel.post(resource, "He is drunk")
            with pytest.raises(UserError):
                Channel.subscribe(resource, 'elsewhere')
        for user in outsiders(case):
            for do, args in [
                    (Channel.get, []),
                    (Channel.post, ["Hello"]),
                    (Channel.subscribe, []),
                    (Channel.get_followers, [])]:
                with Transaction().set_user(user.id), \
                        pytest.raises(AccessError):
                    do(resource, *args)


@with_transaction()
def test_read_only():
    "SE12: sales staff change nothing of a ticket"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    Conversation = pool.get('helpdesk.conversation')
    Ticket = pool.get('helpdesk.ticket')
    case = Case()
    other = make_sale(case.desk, case.customer)
    for user in outsiders(case):
        user, context = case.desk.as_user(user)
        with user, context:
            ticket = Ticket(case.ticket.id)
            for do in [
                    lambda: Ticket.write([ticket], {'sale': other.id}),
                    lambda: Ticket.delete([ticket]),
                    lambda: Ticket.create([{
                                'subject': "Mine",
                                'section': case.desk.section.id,
                                'company': case.desk.company.id,
                                'sale': case.sale.id}]),
                    lambda: Conversation.create([{
                                'ticket': ticket.id, 'kind': 'note',
                                'direction': 'internal', 'body': "Me"}]),
                    lambda: Attachment.create([{
                                'resource': str(ticket), 'name': "a",
                                'data': b'a'}])]:
                with pytest.raises(REFUSED):
                    do()


@with_transaction()
def test_rules_of_sales():
    "Who may not read a sale does not see its tickets either"
    pool = Pool()
    ModelAccess = pool.get('ir.model.access')
    RuleGroup = pool.get('ir.rule.group')
    Ticket = pool.get('helpdesk.ticket')
    case = Case()

    def seen():
        user, context = case.desk.as_user(case.seller)
        with user, context:
            return Ticket.search([], count=True)

    assert seen() == 1
    group, = RuleGroup.create([{
                'name': "Own sales", 'model': 'sale.sale', 'global_p': True,
                'rules': [('create', [{
                                'domain': '[["reference", "=", "mine"]]'}])],
                }])
    assert seen() == 0
    case.sale.reference = 'mine'
    case.sale.save()
    assert seen() == 1
    with patch.object(
            ModelAccess, 'get_access', return_value={
                'sale.sale': {'read': False},
                'helpdesk.ticket': {'read': True}}):
        assert seen() == 0


@with_transaction()
def test_agent_and_seller():
    "An agent who also sells works in the own section as any other"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    case = Case()
    both = make_seller(case.desk, 'both', [case.desk.section])
    user, context = case.desk.as_user(both)
    with user, context:
        assert Ticket.search([], count=True) == 2
        ticket = Ticket(case.ticket.id)
        assert len(ticket.last_conversations) == 2
        assert ticket.history
        Ticket.take([ticket])
    assert Ticket(case.ticket.id).employee == both.employee


@with_transaction()
def test_menu():
    "Sales staff come to tickets by the sale, not by a menu"
    pool = Pool()
    Menu = pool.get('ir.ui.menu')
    ModelData = pool.get('ir.model.data')
    case = Case()
    menu = ModelData.get_id('helpdesk', 'menu_helpdesk')
    user, context = case.desk.as_user(case.seller)
    with user, context:
        assert not Menu.search([('id', '=', menu)])


@with_transaction()
def test_cost_for_agents():
    "Rules on sales cost those nothing who do not read sales"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Rule = pool.get('ir.rule')
    Ticket = pool.get('helpdesk.ticket')
    case = Case()
    user, context = case.desk.as_user(case.desk.agent)
    with user, context:
        assert 'where' not in str(Rule.domain_get('helpdesk.ticket'))
        assert 'direction' not in str(
            Rule.domain_get('helpdesk.conversation'))
        list(Ticket.search([]))
        list(Conversation.search([]))
        with Statements() as statements:
            Ticket.search([])
            Conversation.search([])
    assert statements.count == 2
