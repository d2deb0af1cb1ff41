# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import secrets

import pytest
from trytond import backend
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.sales import make_party, make_sale, make_seller
from tests.helpdesk.test_erase import erase
from tests.helpdesk.test_notice import bell
from tests.helpdesk.test_statements import SPARE
from tests.records import Helpdesk

from .wizards import go_through

WIZARD = 'helpdesk.ticket.ask_authorization'


def setup_module():
    activate_module('helpdesk')


def fresh(record):
    return record.__class__(record.id)


def ask(desk, ticket, question="Repair for 120 €?", user=None, **values):
    ticket, = go_through(
        desk, WIZARD, [ticket], 'ask', user=user, question=question, **values)
    return ticket


def grant(ticket):
    "Let the customer authorize what is asked for"
    pool = Pool()
    Authorization = pool.get('helpdesk.authorization')
    authorizations = Authorization.asked([fresh(ticket)])
    Authorization.settle(
        authorizations, 'granted', {'decided_by': "Ada"})
    return authorizations


@with_transaction()
def test_long_question():
    "B13: a question can be as long as a letter"
    pool = Pool()
    Authorization = pool.get('helpdesk.authorization')
    desk = Helpdesk()
    question = f"Repair all of this? {secrets.token_hex(20_000)}"
    ticket = ask(desk, desk.make_ticket(state='open'), question)

    authorization, = ticket.authorizations
    assert authorization.question == question
    assert Authorization.search([('rec_name', 'like', "Repair all%")]) == [
        authorization]


@pytest.mark.parametrize(
    'state', ['draft', 'open', 'pending', 'authorization'])
def test_ask(state):
    "B13: an agent asks, and the ticket waits for the authorization"
    _test_ask(state)


@with_transaction()
def _test_ask(state):
    desk = Helpdesk()
    ticket = ask(desk, desk.make_ticket(state=state), "  Repair for 120 €?\n")

    authorization, = ticket.authorizations
    assert ticket.state == 'authorization'
    assert ticket.authorization_asked
    assert (authorization.state, authorization.question) == (
        'asked', "Repair for 120 €?")
    assert (authorization.asked_by, authorization.employee) == (
        "Agent", desk.agent.employee)
    assert authorization.asked_at
    assert not authorization.signature
    assert authorization.rec_name == "Repair for 120 €?"
    said, = ticket.conversations
    assert (said.direction, said.body, said.author) == (
        'out', "Repair for 120 €?", "Agent")


@pytest.mark.parametrize('asked,sign,signature', [
        (False, None, False), (True, None, True), (True, False, False),
        (False, True, True)])
def test_signature(asked, sign, signature):
    "B2: whether the customer has to sign comes from the ticket"
    _test_signature(asked, sign, signature)


@with_transaction()
def _test_signature(asked, sign, signature):
    desk = Helpdesk()
    values = {} if sign is None else {'signature': sign}
    ticket = ask(
        desk, desk.make_ticket(state='open', online_signature=asked), **values)
    assert ticket.authorizations[0].signature == signature


@with_transaction()
def test_ask_nothing():
    desk = Helpdesk()
    ticket = desk.make_ticket(state='open')
    with pytest.raises(UserError):
        ask(desk, ticket, " \n")
    assert not fresh(ticket).authorizations


@pytest.mark.parametrize('state', ['third_party', 'resolved', 'closed'])
def test_ask_at_another_time(state):
    _test_ask_at_another_time(state)


@with_transaction()
def _test_ask_at_another_time(state):
    desk = Helpdesk()
    ticket = desk.make_ticket(state=state)
    with pytest.raises(UserError):
        ask(desk, ticket)


@with_transaction()
def test_ask_again():
    "A new question takes the place of one that is not decided"
    desk = Helpdesk()
    ticket = ask(desk, desk.make_ticket(state='open'))
    ticket = ask(desk, ticket, "Repair for 90 €?")

    new, old = ticket.authorizations
    assert (new.state, new.question) == ('asked', "Repair for 90 €?")
    assert (old.state, old.decided_by) == ('withdrawn', "Agent")
    assert ticket.state == 'authorization'
    assert ticket.authorization_asked


@with_transaction()
def test_withdraw():
    "An agent withdraws the question, and the ticket is in process again"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = ask(desk, desk.make_ticket(state='open'))
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.withdraw_question([fresh(ticket)])
    ticket = fresh(ticket)

    authorization, = ticket.authorizations
    assert ticket.state == 'open'
    assert not ticket.authorization_asked
    assert (authorization.state, authorization.decided_by) == (
        'withdrawn', "Agent")
    assert not ticket.decided_authorizations()


@with_transaction()
def test_customer_asks_back():
    "A plain answer decides nothing: the question stays"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk = Helpdesk()
    ticket = ask(desk, desk.make_ticket(state='open'))
    Conversation.create([{
                'ticket': ticket.id, 'kind': 'phone', 'direction': 'in',
                'body': "With VAT?"}])
    ticket = fresh(ticket)

    assert ticket.state == 'open'
    assert ticket.authorization_asked
    assert ticket.authorizations[0].state == 'asked'
    # It is not asked anew when the ticket goes on waiting
    ticket.__class__.authorize([ticket])
    assert len(fresh(ticket).authorizations) == 1


@pytest.mark.parametrize('button', ['resolve', 'close'])
def test_over(button):
    "What is not decided when the ticket is over is withdrawn"
    _test_over(button)


@with_transaction()
def _test_over(button):
    desk = Helpdesk()
    tickets = [ask(desk, desk.make_ticket(state='open')) for _ in range(2)]
    Ticket = tickets[0].__class__
    Ticket.open(tickets)
    getattr(Ticket, button)([fresh(t) for t in tickets])
    for ticket in tickets:
        ticket = fresh(ticket)
        assert ticket.authorizations[0].state == 'withdrawn'
        assert not ticket.authorization_asked


@with_transaction()
def test_granted_stays():
    "What was decided is not withdrawn with the ticket"
    desk = Helpdesk()
    ticket = ask(desk, desk.make_ticket(state='open'))
    authorization, = grant(ticket)
    ticket.__class__.close([fresh(ticket)])
    assert fresh(authorization).state == 'granted'
    assert fresh(ticket).decided_authorizations() == [authorization]


@with_transaction()
def test_without_question():
    "By mass change or stage, what was said last becomes the question"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    tickets = [
        desk.make_ticket(state='open', online_signature=True),
        desk.make_ticket(state='open', subject="New lamp"),
        ask(desk, desk.make_ticket(state='open'), "Really?")]
    Conversation.create([{
                'ticket': tickets[0].id, 'kind': kind, 'direction': direction,
                'body': body,
                } for kind, direction, body in [
                ('phone', 'out', "First"),
                ('phone', 'out', "May we?"),
                ('phone', 'in', "What?"),
                ('note', 'internal', "Secret"),
                ]])
    Ticket.open([fresh(t) for t in tickets])
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.authorize([fresh(t) for t in tickets])

    questions = [fresh(t).authorizations for t in tickets]
    assert [[a.question for a in q] for q in questions] == [
        ["May we?"], ["New lamp"], ["Really?"]]
    assert [q[0].signature for q in questions] == [True, False, False]
    assert questions[0][0].asked_by == "Agent"


@with_transaction()
def test_statements():
    "Many tickets wait at the price of one"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()

    def statements(count):
        tickets = [desk.make_ticket(state='open') for _ in range(count)]
        with Statements() as made:
            Ticket.authorize(Ticket.browse(tickets))
        return made

    statements(1)
    few, many = statements(2), statements(20)
    # SQLite inserts row by row: the question and a line of the history
    rows = 2 if backend.name == 'sqlite' else 0
    assert many.count - few.count <= rows * 18 + SPARE, many.kinds()


@with_transaction()
def test_kept():
    "B13: nobody can make, change or remove an authorization by the network"
    pool = Pool()
    Authorization = pool.get('helpdesk.authorization')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = ask(desk, desk.make_ticket(state='open'))
    authorization, = ticket.authorizations
    for user in [desk.agent, desk.manager]:
        user, context = desk.as_user(user)
        with user, context:
            assert authorization in Authorization.search([])
            for change in [
                    lambda: Authorization.write(
                        [authorization], {'state': 'granted'}),
                    lambda: Authorization.delete([authorization]),
                    lambda: Authorization.copy([authorization]),
                    lambda: Authorization.create([{
                                'ticket': ticket.id, 'question': "?",
                                'question_hash': '?', 'state': 'granted',
                                'asked_at': authorization.asked_at}]),
                    lambda: Ticket.write([ticket], {
                            'authorizations': [('write', [authorization.id], {
                                        'state': 'granted'})]}),
                    lambda: Ticket.write(
                        [ticket], {'authorization_asked': False}),
                    ]:
                with pytest.raises(AccessError):
                    change()
    assert fresh(authorization).state == 'asked'


@with_transaction()
def test_access():
    "SE12: who does not see the ticket sees no authorization, nor asks"
    pool = Pool()
    Authorization = pool.get('helpdesk.authorization')
    desk = Helpdesk(visibility='private')
    ada = make_party()
    ticket = ask(desk, desk.make_ticket(
            state='open', party=ada, sale=make_sale(desk, ada)))
    authorization, = ticket.authorizations
    secret = desk.make_section("Secret", visibility='private')
    stranger = desk.make_user('stranger', [secret])
    for user in [stranger, make_seller(desk)]:
        as_user, context = desk.as_user(user)
        with as_user, context:
            with pytest.raises(AccessError):
                Authorization.read([authorization.id], ['question'])
            with pytest.raises(AccessError):
                Authorization.export_data([authorization], ['question'])
        with pytest.raises(AccessError):
            ask(desk, ticket, user=user)


@with_transaction()
def test_copy():
    desk = Helpdesk()
    ticket = ask(desk, desk.make_ticket(state='open'))
    copy, = ticket.__class__.copy([ticket])
    assert not copy.authorizations
    assert not copy.authorization_asked


@pytest.mark.parametrize('decision,text', [
        ('granted', "authorized it"), ('denied', "denied the authorization")])
def test_notice(decision, text):
    "Who is responsible is told of the decision, once"
    _test_notice(decision, text)


@with_transaction()
def _test_notice(decision, text):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk = Helpdesk()
    ticket = desk.make_ticket(state='open', employee=desk.agent.employee)
    ticket = ask(desk, ticket)
    bell(desk.agent)
    with Transaction().set_user(0), Transaction().set_context(
            _helpdesk_answered_as=decision):
        Conversation.create([{
                    'ticket': ticket.id, 'kind': 'web', 'direction': 'in',
                    'body': "Yes or no"}])
    (label, _), = bell(desk.agent)
    assert text in label


@with_transaction()
def test_erase():
    "X10: who decided is forgotten, that and how it was decided is not"
    pool = Pool()
    Authorization = pool.get('helpdesk.authorization')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ada = make_party()
    ticket = ask(desk, desk.make_ticket(state='open', party=ada))
    Authorization.settle(Authorization.asked([ticket]), 'denied', {
            'decided_by': "Ada", 'decided_email': 'ada@example.org',
            'decided_party': ada.id, 'reason': "I am Ada"})
    Ticket.close([fresh(ticket)])

    erase(ada)

    authorization, = Authorization.search([])
    assert authorization.state == 'denied'
    assert authorization.decided_at
    assert authorization.question == '****'
    for name in ['decided_by', 'decided_email', 'reason']:
        assert not getattr(authorization, name), name
