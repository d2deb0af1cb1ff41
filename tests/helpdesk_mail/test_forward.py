# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
from pathlib import Path

import pytest
import trytond.config as config
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail.test_flood import limit
from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter

AGENT = 'ana@helpdesk.example'
LETTERS = Path(__file__).parent / 'letters'


def setup_module():
    activate_module('helpdesk_mail')


def forwarding(**values):
    "Return a helpdesk whose agent may forward letters"
    pool = Pool()
    User = pool.get('res.user')
    values.setdefault('forwarded', True)
    desk = helpdesk(mail_address='support@helpdesk.example', **values)
    User.write([desk.agent], {'email': AGENT})
    return desk


def forward(name):
    return (LETTERS / f'forward_{name}.eml').read_bytes()


@with_transaction(user=0)
def test_forwarded_inline():
    "ML21: the customer of a forwarded letter is its original sender"
    forwarding()
    mail, = deliver(forward('gmail_es'))
    ticket = mail.ticket

    assert ticket.email == 'inigo@clients.example'
    assert ticket.contact_name == "Íñigo Arana"
    assert ticket.subject == "Pedido 1042 llegó roto"
    assert ticket.forwarded_by == AGENT
    assert not ticket.participants
    assert mail.sender == AGENT
    assert AGENT in mail.reason
    note, = [c for c in ticket.conversations if c.direction == 'internal']
    assert note.kind == 'note'
    assert note.body == "¿Lo miráis vosotros?"
    assert note.author == f"Ana Agente <{AGENT}>"
    assert not note.employee
    conversation = mail.conversation
    assert conversation.direction == 'in'
    assert conversation.body.startswith("Hola,")
    assert "miráis" not in conversation.content + ticket.description
    assert conversation.forwarded_by == f"Ana Agente <{AGENT}>"
    assert conversation.written_on == "jue, 12 nov 2026 a las 10:15"


@with_transaction(user=0)
def test_forwarded_as_attachment():
    "ML21: the files of the attached letter are those of the customer"
    forwarding()
    mail, = deliver(forward('attached_en'))

    assert mail.ticket.email == 'carla@clients.example'
    assert [a.name for a in mail.conversation.attachments] == ['offer.pdf']
    note, = [
        c for c in mail.ticket.conversations if c.direction == 'internal']
    assert [a.name for a in note.attachments] == ['internal.pdf']


@with_transaction(user=0)
def test_no_automatic_answer():
    "ML9, ML21: the original sender is told nothing"
    forwarding(acknowledge=True)
    mail, = deliver(forward('gmail_es'))

    assert not sent(mail.ticket)


@with_transaction(user=0)
def test_known_customer():
    "ML21, B7: the original sender is found by the address"
    pool = Pool()
    Party = pool.get('party.party')
    forwarding()
    party = Party(name="Arana")
    party.contact_mechanisms = [
        {'type': 'email', 'value': 'inigo@clients.example'}]
    Party.save([party])
    mail, = deliver(forward('gmail_es'))

    assert mail.ticket.party == party
    assert mail.conversation.party == party


@with_transaction(user=0)
def test_undo():
    "ML21: who forwarded it becomes the customer"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = forwarding()
    mail, = deliver(forward('gmail_es'))
    user, context = desk.as_user(desk.agent)
    with user, context:
        ticket = Ticket(mail.ticket.id)
        Ticket.undo_forwarding([ticket])
        ticket = Ticket(mail.ticket.id)

    assert ticket.email == AGENT
    assert ticket.contact_name == "Agent"
    assert not ticket.party
    assert not ticket.forwarded_by
    answer, = deliver(letter(
            "Thanks", sender=AGENT, subject=f"Re: [#{ticket.number}]"))
    assert answer.ticket == ticket


@with_transaction(user=0)
def test_undo_gives_to_a_party():
    "ML21: the party of who forwarded it comes with it"
    pool = Pool()
    Party = pool.get('party.party')
    Ticket = pool.get('helpdesk.ticket')
    forwarding()
    party = Party(name="Ana")
    party.contact_mechanisms = [{'type': 'email', 'value': AGENT}]
    Party.save([party])
    mail, = deliver(forward('gmail_es'))
    Ticket.undo_forwarding([mail.ticket])

    assert mail.ticket.party == party
    assert mail.ticket.contact_name == "Ana"


@with_transaction(user=0)
def test_not_wanted():
    "ML21: unless the section wants it, it is the letter of who forwards it"
    forwarding(forwarded=False)
    mail, = deliver(forward('gmail_es'))

    assert mail.ticket.email == AGENT
    assert not mail.ticket.forwarded_by
    assert "Forwarded message" in mail.conversation.body


@with_transaction(user=0)
def test_only_agents():
    "ML21: what others forward is their own letter"
    pool = Pool()
    User = pool.get('res.user')
    desk = forwarding()
    User.write([desk.agent], {'email': None})
    mail, = deliver(forward('gmail_es'))

    assert mail.ticket.email == AGENT


@with_transaction(user=0)
def test_forged_agent():
    "ML21, SE6: what the agent's domain disowns is not forwarded"
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    forwarding()
    inbox = Inbox(name="Support", helpdesk_authserv='mx.example.com')
    inbox.save()
    mail, = deliver(
        b'Authentication-Results: mx.example.com; dmarc=fail\n'
        + forward('gmail_es'), inbox=inbox)

    assert mail.ticket.email == AGENT
    assert mail.conversation.warning


@with_transaction(user=0)
def test_unclear():
    "ML21: where it is not clear who wrote it, nothing is guessed"
    forwarding()
    for mail in deliver(*map(forward, [
                    'name_only_de', 'behalf_en', 'two_attached_es'])):
        assert mail.ticket.email == AGENT


@with_transaction(user=0)
def test_colleague_is_no_customer():
    "ML21: a colleague's or our own letter that is forwarded is no customer's"
    pool = Pool()
    User = pool.get('res.user')
    desk = forwarding()
    User.write([desk.manager], {'email': 'inigo@clients.example'})
    mail, = deliver(forward('gmail_es'))
    before = config.get('email', 'from', default='')
    config.set('email', 'from', "Tryton <Tryton@helpdesk.example>")
    try:
        own, notice = deliver(*(
                forward('gmail_es').replace(b'inigo@clients.example', address)
                for address in [
                    b'support@helpdesk.example', b'tryton@helpdesk.example']))
    finally:
        config.set('email', 'from', before)

    for letter_ in [mail, own, notice]:
        assert letter_.ticket.email == AGENT


@with_transaction(user=0)
def test_forward_joins_no_ticket():
    "ML9, ML21: a forwarded letter never joins a ticket by its header"
    forwarding()
    first, = deliver(letter(
            sender='inigo@clients.example', to='support@helpdesk.example',
            message_id='<first@clients.example>'))
    raw = forward('gmail_es').replace(
        b'Subject: =?utf-8?q?Fwd=3A_',
        b'References: <first@clients.example>\n'
        b'Subject: Fwd: [#%s] =?utf-8?q?' % first.ticket.number.encode())
    mail, = deliver(raw)

    assert mail.ticket != first.ticket
    assert mail.ticket.preceding == first.ticket
    assert mail.ticket.email == 'inigo@clients.example'


@with_transaction(user=0)
def test_forwarded_by_is_kept():
    "ML21: nobody can write who forwarded a letter"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = forwarding()
    mail, = deliver(forward('gmail_es'))
    user, context = desk.as_user(desk.agent)
    with user, context, pytest.raises(AccessError):
        Ticket.write(
            [Ticket(mail.ticket.id)], {'forwarded_by': 'eve@evil.example'})
    copy, = Ticket.copy([mail.ticket])
    assert not copy.forwarded_by


@with_transaction(user=0)
def test_blocked_sender():
    "ML21, C3: what a colleague forwards counts, though its sender is blocked"
    pool = Pool()
    Address = pool.get('helpdesk.mail.address')
    forwarding()
    Address.create([{'pattern': 'clients.example', 'blocked': True}])
    mail, = deliver(forward('gmail_es'))
    assert (mail.state, mail.ticket.email) == (
        'filed', 'inigo@clients.example')


@with_transaction(user=0)
def test_unknown_sender():
    "ML21, C15: an unknown original sender waits, and is one when released"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    forwarding(unknown_sender='hold')
    mail, = deliver(forward('gmail_es'))
    assert (mail.state, mail.reason_key) == ('held', 'unknown_sender')
    assert mail.sender == AGENT

    Mail.release([mail])
    Mail.judge([mail])
    mail = Mail(mail.id)
    assert (mail.state, mail.reason_key) == ('filed', 'forwarded')
    assert mail.ticket.email == 'inigo@clients.example'
    assert mail.ticket.party.email == 'inigo@clients.example'
    assert not sent(mail.ticket)


@with_transaction(user=0)
def test_no_flood():
    "ML11, ML21: what a colleague forwards is not counted as their own"
    desk = forwarding()
    limit(desk, 1)
    forwarded, = deliver(forward('gmail_es'))
    own, more = deliver(*(
            letter(text, sender=AGENT, to='support@helpdesk.example')
            for text in ["one", "two"]))
    assert [m.state for m in [forwarded, own, more]] == [
        'filed', 'filed', 'held']
