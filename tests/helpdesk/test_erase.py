# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from trytond.modules.party.exceptions import EraseError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk.sales import make_party
from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


def erase(party):
    pool = Pool()
    Erase = pool.get('party.erase', type='wizard')
    party.active = False
    party.save()
    session_id, _, _ = Erase.create()
    wizard = Erase(session_id)
    wizard.ask.party = party
    wizard.transition_erase()
    # It goes around the records
    for cache in Transaction().cache.values():
        cache.clear()


def found(text):
    "Return the tickets found by typing the text"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    return set(Ticket.search([('rec_name', 'ilike', f'%{text}%')]))


def make_tickets(desk, ada, bob):
    "Return a ticket of Ada, and one of Bob in which Ada takes part"
    own = desk.make_ticket(
        party=ada, description="I am Ada", contact_name="Ada",
        email='ada@example.org', phone='1', customer_company="Ada Ltd.",
        participants=[
            {'email': 'eve@example.org', 'name': "Eve"},
            {'email': 'dan@example.org'}],
        activities=[{
                'what': "Call Ada", 'note': "1", 'due': dt.date.today()}])
    others = desk.make_ticket(
        party=bob, email='bob@example.org', subject="Bob's",
        participants=[
            {'email': 'ada@example.org', 'name': "Ada"},
            {'email': 'eve@example.org', 'name': "Eve"}])
    return own, others


def make_conversations(own, others, ada):
    "Return what Ada says in both tickets, and what Bob says, with files"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    Conversation = pool.get('helpdesk.conversation')
    values = {'kind': 'phone', 'direction': 'in', 'body': "I say"}
    conversations = Conversation.create([
            {**values, 'ticket': own.id, 'author': "Ada"},
            {**values, 'ticket': others.id, 'author': "Ada",
                'party': ada.id},
            {**values, 'ticket': others.id, 'author': "Bob"}])
    Attachment.create([
            {'resource': str(r), 'name': 'a', 'data': b'a'}
            for r in [own, *conversations]])
    return conversations


@with_transaction()
def test_open_tickets():
    "X10: a party with open tickets is not erased"
    desk = Helpdesk()
    ada = make_party(email='ada@example.org')
    for values in [
            {'party': ada}, {'contact': ada}, {'email': 'Ada@example.org'}]:
        ticket = desk.make_ticket(state='open', **values)
        with pytest.raises(EraseError, match=f'#{ticket.number}'):
            erase(ada)
        ticket.__class__.close([ticket])
    erase(ada)


@with_transaction()
def test_erase():
    "X10, PO8, TR7: who it was is erased, what was done stays"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    Conversation = pool.get('helpdesk.conversation')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ada = make_party(email='ada@example.org')
    bob = make_party("Bob")
    own, others = make_tickets(desk, ada, bob)
    said, elsewhere, bobs = make_conversations(own, others, ada)
    Ticket.close([own])
    history = [(h.what, h.new, h.at) for h in own.history]
    assert found("ada") == {own} and found("say") == {own, others}
    number, closed_at = own.number, own.closed_at

    erase(ada)

    own, others = Ticket(own.id), Ticket(others.id)
    activity, = own.activities
    assert (activity.what, activity.note) == ('****', None)
    assert not found("ada") and found("say") == {others}
    assert own.subject == '****'
    assert not any([
            own.description, own.contact_name, own.email, own.phone,
            own.customer_company])
    assert (own.number, own.state, own.closed_at) == (
        number, 'closed', closed_at)
    assert [(h.what, h.new, h.at) for h in own.history] == history
    assert len(own.conversations) == 1
    for conversation in [said, elsewhere]:
        conversation = Conversation(conversation.id)
        assert not any([
                conversation.author, conversation.body, conversation.subject,
                conversation.html])
        assert not conversation.attachments
    assert not any(p.name or '@' in p.email for p in own.participants)
    assert not Attachment.search([('resource', '=', str(own))])

    check_others(others, Conversation(bobs.id))


def check_others(others, bobs):
    "Check that what is of others stays"
    assert (others.subject, others.email) == ("Bob's", 'bob@example.org')
    assert bobs.body == "I say"
    assert bobs.attachments
    assert [p.email for p in others.participants if '@' in p.email] == [
        'eve@example.org']


def talk(desk, ticket):
    "Write about the ticket in its chat, and a mail of Tryton's"
    pool = Pool()
    Channel = pool.get('ir.chat.channel')
    Email = pool.get('ir.email')
    with Transaction().set_user(desk.agent.id):
        Channel.post(str(ticket), "She is drunk")
    Email.create([{
                'resource': str(ticket), 'recipients': 'a@example.org',
                'recipients_hidden': 'b@example.org', 'subject': "You",
                'body': "You are drunk",
                'addresses': [('create', [{'address': 'a@example.org'}])]}])


@with_transaction()
def test_what_colleagues_said():
    "X10, TR7: the chat, Tryton's mails, custom fields and who took part"
    pool = Pool()
    Attribute = pool.get('helpdesk.ticket.attribute')
    Email = pool.get('ir.email')
    History = pool.get('helpdesk.history')
    Message = pool.get('ir.chat.message')
    desk = Helpdesk()
    ada = make_party(email='ada@example.org')
    Attribute.create([{
                'name': 'birthday', 'string': "Birthday", 'type_': 'char'}])
    own = desk.make_ticket(
        party=ada, state='closed', attributes={'birthday': "May"})
    others = desk.make_ticket()
    for ticket, email in [
            (own, 'eve@example.org'), (others, 'ada@example.org')]:
        talk(desk, ticket)
        History.append([(ticket.id, 'participants', email, None)])
    erase(ada)
    assert not own.__class__(own.id).attributes
    assert {(m.channel.resource, m.content) for m in Message.search([])} == {
        (own, '****'), (others, "She is drunk")}
    for mail in Email.search([]):
        texts = [
            mail.recipients, mail.recipients_hidden, mail.subject, mail.body]
        address, = mail.addresses
        if mail.resource == own:
            assert not any(texts) and address.address == '****'
        else:
            assert all(texts) and address.address == 'a@example.org'
    assert {h.old for h in History.search([('what', '=', 'participants')])
        } == {'****'}
