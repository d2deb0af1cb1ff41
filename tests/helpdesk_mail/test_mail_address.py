# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError, SQLConstraintError
from trytond.modules.company.tests import create_company
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


def list_address(pattern, **values):
    pool = Pool()
    Address = pool.get('helpdesk.mail.address')
    address = Address(pattern=pattern, **values)
    address.save()
    return address


@with_transaction()
def test_blocked():
    "C3: a blocked domain makes no ticket, its letter is kept and shown"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    Ticket = pool.get('helpdesk.ticket')
    helpdesk()
    list_address('Example.org', blocked=True)
    direct, below, other = deliver(
        letter("one"), letter("two", sender='x@news.example.org'),
        letter("three", sender='x@notexample.org'))

    assert [m.state for m in (direct, below, other)] == [
        'ignored', 'ignored', 'filed']
    assert direct.reason == "Its sender is blocked."
    assert bytes(direct.raw) == letter("one")
    assert Ticket.search([], count=True) == 1

    Mail.release([direct])
    Mail.judge([direct])
    assert Mail(direct.id).ticket.email == 'ada@example.org'
    assert not sent(Mail(direct.id).ticket)


@with_transaction()
def test_blocked_address():
    "C3: an address is blocked alone, and for the letters of a ticket too"
    helpdesk()
    first, = deliver(letter("one", message_id='<one@example.org>'))
    list_address('ADA@example.org', blocked=True)
    again, colleague = deliver(
        letter("two", References='<one@example.org>'),
        letter("three", sender='bob@example.org'))

    assert (again.state, colleague.state) == ('ignored', 'filed')
    assert len([c for c in first.ticket.conversations
            if c.direction == 'in']) == 1


@with_transaction()
def test_blocked_for_a_company():
    "C3: what a company lists holds for its mail alone"
    helpdesk()
    other = create_company("Other")
    address = list_address('example.org', blocked=True, company=other)
    mail, = deliver(letter("one"))
    assert mail.state == 'filed'

    address.company = mail.section.company
    address.save()
    mail, = deliver(letter("two"))
    assert mail.state == 'ignored'


@with_transaction()
def test_no_automatic_answer():
    "C4: a listed address gets its ticket, but no automatic mail"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Template = pool.get('helpdesk.reply_template')
    Ticket = pool.get('helpdesk.ticket')
    desk = helpdesk()
    list_address('example.org', no_automatic=True)
    mail, other = deliver(
        letter("one"), letter("two", sender='bob@example.net'))

    assert mail.state == 'filed'
    assert "automatic answer" in mail.reason
    assert not sent(mail.ticket)
    assert mail.ticket.unread
    assert len(sent(other.ticket)) == 1
    by_hand = desk.make_ticket(email='eve@example.org')
    assert not by_hand.conversations
    assert not Conversation.acknowledge([by_hand])

    template, = Template.create([{'name': "Over", 'text': "It is over."}])
    desk.section.over_template = template
    desk.section.save()
    Ticket.close([Ticket(by_hand.id), Ticket(other.ticket.id)])
    assert not sent(Ticket(by_hand.id))
    assert len(sent(Ticket(other.ticket.id))) == 2


@with_transaction()
def test_not_in_copy():
    "C5: who was in copy, but is listed, takes no part and gets no answers"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Participant = pool.get('helpdesk.participant')
    helpdesk()
    list_address('lists.example.net', not_in_copy=True)
    mail, = deliver(letter(
            "one", Cc="all@lists.example.net, bob@example.net"))
    ticket = mail.ticket
    assert [p.email for p in ticket.participants] == ['bob@example.net']

    Participant.create([
            {'ticket': ticket.id, 'email': email, 'role': 'watcher'}
            for email in ['all@lists.example.net', 'eve@example.net']])
    answer, = Conversation.create([{
                'ticket': ticket.id, 'kind': 'email', 'direction': 'out',
                'body': "Done"}])
    assert answer.cc_addresses == 'eve@example.net'
    assert ticket.mail_recipients('all') == (
        ['ada@example.org'], ['eve@example.net', 'bob@example.net'])

    # Unless somebody chooses them
    answer, = Conversation.create([{
                'ticket': ticket.id, 'kind': 'email', 'direction': 'out',
                'body': "Done", 'to_addresses': 'ada@example.org',
                'cc_addresses': 'all@lists.example.net'}])
    assert answer.cc_addresses == 'all@lists.example.net'


@with_transaction()
def test_pattern():
    "C3: what is listed is put into one form, or refused in plain words"
    helpdesk()
    for text, pattern in [
            (' Ann@EXAMPLE.com ', 'ann@example.com'),
            ('@example.net', 'example.net'),
            ('*.example.edu', 'example.edu'),
            ('müller.example', 'xn--mller-kva.example'),
            ('root@localhost', 'root@localhost')]:
        assert list_address(text).pattern == pattern
    for text in ['com', 'two words', 'a@b@', 'ann@', '*', '@']:
        with pytest.raises(UserError, match="neither"):
            list_address(text)
    with pytest.raises(SQLConstraintError):
        list_address('EXAMPLE.net')


@with_transaction()
def test_pattern_of_a_company():
    "C3: a company and all companies may list the same, each once"
    desk = helpdesk()
    list_address('example.net')
    list_address('example.net', company=desk.company)
    with pytest.raises(SQLConstraintError):
        list_address('example.net', company=desk.company)


@with_transaction()
def test_block_sender():
    "C3: a manager blocks the sender of a letter with a button"
    pool = Pool()
    Address = pool.get('helpdesk.mail.address')
    Mail = pool.get('helpdesk.mail')
    desk = helpdesk(unknown_sender='hold')
    held, = deliver(letter("one"))
    assert held.state == 'held'
    user, context = desk.as_user(desk.manager)
    with user, context:
        Mail.block_sender([Mail(held.id)])
        Mail.block_sender([Mail(held.id)])
    address, = Address.search([])
    assert (address.pattern, address.blocked, address.company) == (
        'ada@example.org', True, desk.company)
    Mail.judge([held])
    assert Mail(held.id).state == 'ignored'

    user, context = desk.as_user(desk.agent)
    with user, context:
        with pytest.raises(AccessError):
            Mail.block_sender([Mail(held.id)])
        with pytest.raises(AccessError):
            Address.write([Address(address.id)], {'blocked': False})


@with_transaction()
def test_addresses_of_other_companies():
    "SE12: nobody reads what another company lists"
    pool = Pool()
    Address = pool.get('helpdesk.mail.address')
    desk = helpdesk()
    list_address('example.org', company=create_company("Other"))
    everybody = list_address('example.net')
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert list(Address.search([])) == [everybody]


@with_transaction()
def test_letters_without_section():
    "SE12: managers see the held letters of the inboxes of their companies"
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    Mail = pool.get('helpdesk.mail')
    Value = pool.get('helpdesk.configuration.section')
    desk = helpdesk(mail_address=None)
    Value.delete(Value.search([]))
    companies = [desk.company, create_company("Other"), None]
    inboxes = [Inbox(name=f"{c}", company=c) for c in companies]
    Inbox.save(inboxes)
    mails = [deliver(letter(f"{i}"), inbox=i)[0] for i in inboxes]
    assert {m.state for m in mails} == {'held'}
    user, context = desk.as_user(desk.manager)
    with user, context:
        assert {m.id for m in Mail.search([])} == {mails[0].id, mails[2].id}
    admin = desk.make_user('head', [], 'group_helpdesk_admin')
    user, context = desk.as_user(admin)
    with user, context:
        assert set(Inbox.search([])) == {inboxes[0], inboxes[2]}


@with_transaction()
def test_default_section_of_the_company():
    "A letter goes to the default section of the company of its inbox"
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    Inbox = pool.get('inbound.email.inbox')
    Section = pool.get('helpdesk.section')
    desk = helpdesk(mail_address=None)
    other = create_company("Other")
    with Transaction().set_context(company=other.id):
        section = Section(name="Other", company=other)
        section.save()
        configuration = Configuration(1)
        configuration.default_section = section
        configuration.save()
    inboxes = [Inbox(name="Other", company=other), Inbox(name="Any")]
    Inbox.save(inboxes)
    mails = [deliver(letter(f"{i}"), inbox=i)[0] for i in inboxes]

    assert [m.ticket.section for m in mails] == [section, desk.section]
    assert mails[0].ticket.company == other
