# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Chats that become tickets.
"""
from unittest.mock import patch

import pytest
from trytond import backend
from trytond.exceptions import UserError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction, without_check_access

from tests.records import Helpdesk

from .talk import Talk
from .tools import count_statements

EMAIL = 'marta@example.com'


def setup_module():
    activate_module('helpdesk_portal')


def conversations(ticket):
    "Return what was said on the ticket, the oldest first"
    Conversation = Pool().get('helpdesk.conversation')
    return list(Conversation.search(
            [('ticket', '=', ticket.id)], order=[('id', 'ASC')]))


def mails(ticket):
    return [c for c in conversations(ticket) if c.kind == 'email']


def rung_for(ticket):
    "Return the users whose bells say that a chat is the ticket"
    Notification = Pool().get('res.notification')
    return [n.user for n in Notification.search([
                ('model', '=', ticket.__name__),
                ('records', '=', f'[{ticket.id}]'),
                ('label', '=', "The live chat is a ticket"),
                ])]


@with_transaction()
def test_ticket():
    "/ticket makes one with all that was said, and both are told (B9)"
    talk = Talk()
    desk = talk.desk
    talk.operator("Hello Marta, what is it?")
    talk.operator("/note She sounds angry")
    talk.visitor("The  door\ndoes not close")
    talk.operator("/ticket   A door\nthat stays open")
    ticket = talk.chat.ticket
    assert ticket.subject == "A door that stays open"
    assert ticket.channel == 'chat'
    assert ticket.section == desk.section
    assert ticket.state == 'open'
    assert ticket.employee == desk.agent.employee
    assert ticket.contact_name == "Marta"
    assert (ticket.party, ticket.email) == (None, None)
    assert not ticket.unread
    assert ticket.first_answer_at == talk.chat.answered_at is not None
    transcript, note = conversations(ticket)
    assert (transcript.kind, transcript.direction) == ('chat', 'in')
    said = transcript.body.split('\n\n')
    for line, (who, what) in zip(said, [
                ("Marta", "Hello?"),
                ("Agent", "Hello Marta, what is it?"),
                ("Marta", "The  door\n    does not close"),
                ], strict=True):
        head, _, text = line.partition('\n')
        assert head.startswith(f"{who} · ")
        assert text == what
    assert (note.kind, note.direction) == ('note', 'internal')
    assert note.body == "She sounds angry"
    # Both are told, and the visitor asked how to be reached
    assert ticket.number in talk.seen_by_visitor()[-1]
    assert "get the link" in talk.seen_by_visitor()[-1]
    assert talk.chat.email_asked
    assert talk.chat.ticket_address() is None
    told = talk.seen_by(desk.agent)[-1]
    # Tryton's chat shows no links: the bell opens the ticket
    assert ticket.number in told and 'http' not in told
    assert rung_for(ticket) == [desk.agent]


@with_transaction()
def test_subject():
    "Without a subject it is what the visitor said first, shortened (B9)"
    talk = Talk(first="It   rains " + "through the roof " * 20)
    talk.operator("/ticket")
    subject = talk.chat.ticket.subject
    assert subject.startswith("It rains through the roof through")
    assert subject.endswith("…") and len(subject) <= 80


@with_transaction()
def test_twice():
    "A second /ticket says which one it is, also when sent at once (B9)"
    talk = Talk()
    stale = talk.chat
    assert not stale.ticket
    talk.operator("/ticket Broken")
    ticket = talk.chat.ticket
    said = talk.seen_by_visitor()
    talk.operator("/ticket Other")
    assert talk.chat.ticket == ticket
    assert ticket.number in talk.seen_by(talk.desk.agent)[-1]
    assert rung_for(ticket) == [talk.desk.agent] * 2
    assert talk.seen_by_visitor() == said
    user, context = talk.desk.as_user(talk.desk.agent)
    with user, context, without_check_access():
        assert stale.make_ticket("Again") == (ticket, None)


@with_transaction()
def test_goes_on():
    "What is said later is the ticket's conversation, told nobody (B9)"
    talk = Talk()
    desk = talk.desk
    talk.operator("/ticket Broken")
    ticket = talk.chat.ticket
    with patch.object(
            Pool().get('helpdesk.notice'), 'give_later') as give_later:
        talk.visitor("It is the left one")
        assert ticket.__class__(ticket.id).unread
        talk.operator("We come tomorrow")
        talk.operator("/note Take the ladder")
    assert not any(c.args[0] for c in give_later.call_args_list)
    _, heard, said, note = conversations(ticket)
    assert (heard.kind, heard.direction, heard.author, heard.body) == (
        'chat', 'in', "Marta", "It is the left one")
    assert (said.kind, said.direction, said.author, said.body) == (
        'chat', 'out', "Agent", "We come tomorrow")
    assert said.employee == desk.agent.employee
    assert (note.direction, note.body) == ('internal', "Take the ladder")
    ticket = ticket.__class__(ticket.id)
    assert not ticket.unread
    assert ticket.first_answer_at
    ticket.__class__.wait([ticket])
    talk.visitor("Or today?")
    ticket = ticket.__class__(ticket.id)
    assert (ticket.state, ticket.unread) == ('open', True)
    assert not mails(ticket)


@with_transaction()
def test_closed():
    "What the visitor says when the ticket is closed makes another one (B9)"
    talk = Talk()
    talk.operator("/ticket Broken")
    ticket = talk.chat.ticket
    ticket.__class__.close([ticket])
    talk.operator("Bye!")
    assert talk.chat.ticket == ticket
    talk.visitor("It is broken again")
    other = talk.chat.ticket
    assert other != ticket and other.preceding == ticket
    assert rung_for(other) == [talk.desk.agent]
    assert other.channel == 'chat'
    assert [c.body for c in conversations(other)] == ["It is broken again"]
    assert other.number in talk.seen_by_visitor()[-1]


@with_transaction()
def test_stranger():
    "An address that was only typed makes nobody the customer (PO5, SE12)"
    pool = Pool()
    Party = pool.get('party.party')
    Party.create([{
                'name': "Marta Soler",
                'contact_mechanisms': [
                    ('create', [{'type': 'email', 'value': EMAIL}])],
                }])
    talk = Talk(email="Marta@Example.com")
    talk.operator("/ticket Broken")
    ticket = talk.chat.ticket
    assert ticket.email == EMAIL
    assert ticket.party is None and ticket.contact is None
    confirmation, = mails(ticket)
    assert confirmation.automatic and "Hello?" not in confirmation.body
    # The link is the visitor's, and no agent finds its token
    address = talk.chat.ticket_address()
    token = address.rpartition('/')[2]
    assert pool.get('helpdesk.guest_link').find(token).ticket == ticket
    Message = pool.get('ir.chat.message')
    assert not Message.search([('content', 'like', f'%{token}%')])
    assert not talk.chat.email_asked


@with_transaction()
def test_no_guest_links():
    "Where the section has no guest links the chat has none (SE13)"
    talk = Talk(email=EMAIL)
    talk.desk.section.guest_links = False
    talk.desk.section.save()
    talk.operator("/ticket Broken")
    assert talk.chat.ticket_address() is None
    GuestLink = Pool().get('helpdesk.guest_link')
    assert not GuestLink.search([])


@with_transaction()
def test_own_address():
    "An address that can't be written to is none (PO5)"
    desk = Helpdesk(visibility='public')
    for email in ['nobody', 'x@localhost']:
        talk = Talk(desk=desk, email=email)
        talk.operator("/ticket Broken")
        assert talk.chat.ticket.email is None


@with_transaction()
def test_limit():
    "Nobody gets many confirmations by typing an address in chats (PO5)"
    desk = Helpdesk(visibility='public')
    sent = 0
    for _ in range(7):
        talk = Talk(desk=desk, email=EMAIL)
        talk.operator("/ticket Broken")
        sent += len(mails(talk.chat.ticket))
    assert sent == 5


@with_transaction()
def test_account():
    "Who is logged in is the customer, and finds it on the portal (B9)"
    pool = Pool()
    Party = pool.get('party.party')
    User = pool.get('web.user')
    party, = Party.create([{'name': "Marta Soler"}])
    user, = User.create([
            {'email': EMAIL, 'party': party.id, 'email_valid': True}])
    talk = Talk(web_user=user, email=EMAIL)
    talk.operator("/ticket Broken")
    ticket = talk.chat.ticket
    assert (ticket.party, ticket.email) == (party, EMAIL)
    address = talk.chat.ticket_address()
    assert address.endswith(f'/tickets/{ticket.number}')
    assert address in talk.seen_by_visitor()[-1]
    assert not pool.get('helpdesk.guest_link').search([])


@with_transaction()
def test_email_later():
    "The address that the visitor gives later is the ticket's (B9, PO5)"
    talk = Talk()
    talk.operator("/ticket Broken")
    chat = talk.chat
    ticket = chat.ticket
    chat.email = EMAIL
    chat.save()
    ticket = ticket.__class__(ticket.id)
    assert ticket.email == EMAIL
    assert len(mails(ticket)) == 1
    assert talk.chat.ticket_address()
    assert EMAIL in talk.seen_by_visitor()[-1]
    chat = talk.chat
    chat.email = 'eve@example.com'
    chat.save()
    assert ticket.__class__(ticket.id).email == EMAIL
    assert talk.chat.ticket_address() is None


@with_transaction()
def test_assignment():
    "Where the operator may not be responsible, the section assigns (AG6)"
    pool = Pool()
    desk = Helpdesk(visibility='public')
    other = desk.make_user('other', [desk.section])
    section = pool.get('helpdesk.section')(desk.section.id)
    section.responsibles = [other.employee]
    section.assignment = 'equal'
    section.save()
    talk = Talk(desk=desk)
    talk.operator("/ticket Broken")
    assert talk.chat.ticket.employee == other.employee
    assert talk.chat.ticket.unread


@with_transaction()
def test_refused():
    "Who may not create tickets is told so, and nothing is lost (SE12)"
    ModelAccess = Pool().get('ir.model.access')
    talk = Talk()
    check = ModelAccess.check

    def refuse(model, mode='read', raise_exception=True):
        if (model, mode) == ('helpdesk.ticket', 'create'):
            return False
        return check(model, mode, raise_exception=raise_exception)

    with patch.object(ModelAccess, 'check', side_effect=refuse):
        talk.operator("/ticket Broken")
    assert not talk.chat.ticket
    told = talk.seen_by(talk.desk.agent)[-1]
    assert "/ticket Broken" in told and "may not create" in told
    assert talk.said() == ["Hello?"]


@with_transaction()
def test_button():
    "The button makes the ticket without the chat being open (B9)"
    pool = Pool()
    Wizard = pool.get('helpdesk.chat.create_ticket', type='wizard')
    talk = Talk()

    def press(subject):
        user, context = talk.desk.as_user(talk.desk.agent)
        with user, context, Transaction().set_context(
                active_model='helpdesk.chat', active_id=talk.chat.id,
                active_ids=[talk.chat.id]):
            session, _, _ = Wizard.create()
            view = Wizard.execute(session, {}, 'start')['view']
            values = {**view['defaults'], **subject}
            Wizard.execute(session, {'start': values}, 'make')
            return view['defaults']

    assert press({})['subject'] == "Hello?"
    ticket = talk.chat.ticket
    assert ticket.subject == "Hello?"
    with pytest.raises(UserError):
        press({'subject': "Again"})
    assert talk.chat.ticket == ticket


@pytest.mark.skipif(backend.name != 'sqlite', reason="counts on SQLite")
@with_transaction()
def test_statements():
    "A long chat costs no more statements than a short one (X4)"
    costs = []
    # Not the first one, which fills caches
    for number in [5, 5, 200]:
        talk = Talk()
        Message = Pool().get('ir.chat.message')
        channel = Message.search(
            [('channel.resource', '=', str(talk.chat))])[0].channel
        Message.create([{
                    'channel': channel.id,
                    'user': talk.desk.agent.id if i % 2 else 0,
                    'content': f"Message {i}",
                    'audience': 'public',
                    'helpdesk_speaker': 'operator' if i % 2 else 'visitor',
                    } for i in range(number)])
        with count_statements(
                Transaction().connection) as statements:
            talk.operator("/ticket Broken")
        assert "Message 4" in conversations(talk.chat.ticket)[0].body
        costs.append(len(statements))
        Transaction().rollback()
    # Tryton reads some hundreds at a time
    assert costs[2] <= costs[1] + 3


@with_transaction()
def test_files():
    "The files of the chat are those of the ticket, later ones too (B9)"
    talk = Talk()
    talk.chat.say_files([('door.png', b'open')])
    talk.operator("/ticket Broken")
    talk.chat.say_files([('lock.png', b'closed')])
    transcript, later = conversations(talk.chat.ticket)
    for conversation, name, data in [
            (transcript, 'door.png', b'open'), (later, 'lock.png', b'closed')]:
        file, = conversation.attachments
        assert (file.name, bytes(file.data)) == (name, data)
        assert conversation.direction == 'in'
        assert name in conversation.body
