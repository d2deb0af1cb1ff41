# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


def make_party(name, email=None, domains=()):
    pool = Pool()
    Party = pool.get('party.party')
    party = Party(name=name)
    if email:
        party.contact_mechanisms = [{'type': 'email', 'value': email}]
    party.mail_domains = [{'domain': d} for d in domains]
    party.save()
    return party


@with_transaction()
def test_held():
    "C15: a section can have letters of unknown senders wait for a person"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    Party = pool.get('party.party')
    helpdesk(unknown_sender='hold')
    make_party("Bob", 'bob@example.net')
    parties = Party.search([], count=True)
    held, machine, known = deliver(
        letter("one"), letter("two", Auto_Submitted='auto-generated'),
        letter("three", sender='bob@example.net'))

    assert [m.state for m in (held, machine, known)] == [
        'held', 'held', 'filed']
    assert "unknown" in held.reason_key
    assert Party.search([], count=True) == parties
    Mail.release([held])
    Mail.judge([held])
    held = Mail(held.id)
    assert held.state == 'filed'
    assert held.ticket.party.email == 'ada@example.org'
    assert len(sent(held.ticket)) == 1
    again, = deliver(letter("four"))
    assert again.state == 'filed'


@with_transaction()
def test_held_letter_is_a_new_request():
    "C15: who takes part in a ticket is not held, also once it is closed"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    helpdesk(unknown_sender='hold')
    make_party("Ada", 'ada@example.org')
    first, = deliver(letter(
            "one", message_id='<one@example.org>', Cc='bob@example.net'))
    second, = deliver(letter(
            "two", sender='bob@example.net', References='<one@example.org>'))
    assert second.ticket == first.ticket
    Ticket.close([first.ticket])
    third, = deliver(letter(
            "three", sender='bob@example.net',
            References='<one@example.org>'))
    assert third.ticket.preceding == first.ticket


@with_transaction()
def test_newcomers_are_announced():
    "A new party is announced to letters judged at the same time"
    pool = Pool()
    Newcomer = pool.get('helpdesk.mail.newcomer')
    helpdesk()
    deliver(letter("one"), letter("two"),
        letter("three", sender='bob@example.net'))

    marks = {n.mark for n in Newcomer.search([])}
    assert len(marks) == 2
    assert not any('example' in m for m in marks)
    Newcomer.announce(['ada@example.org', 'eve@example.org'])
    assert Newcomer.search([], count=True) == 3


@with_transaction()
def test_organisation_of_domain():
    "PO4: people of a known domain write for their organisation"
    pool = Pool()
    Party = pool.get('party.party')
    helpdesk(unknown_sender='hold')
    organisation = make_party("Engines", domains=['Example.ORG'])
    assert organisation.mail_domains[0].domain == 'example.org'
    parties = Party.search([], count=True)
    one, two, below = deliver(
        letter("one"), letter("two", sender="Bob <bob@example.org>"),
        letter("three", sender='bob@mail.example.org'))

    assert [m.ticket.party for m in (one, two)] == [organisation] * 2
    assert (two.ticket.contact_name, two.ticket.email) == (
        "Bob", 'bob@example.org')
    assert two.ticket.contact is None
    assert below.state == 'held'
    assert Party.search([], count=True) == parties


@with_transaction()
def test_own_party_before_organisation():
    "PO4: the party with the address goes before that with the domain"
    helpdesk()
    make_party("Engines", domains=['example.org'])
    ada = make_party("Ada", 'ada@example.org')
    mail, = deliver(letter())

    assert mail.ticket.party == ada


@with_transaction()
def test_domain_of_several():
    "PO4: a domain of several organisations is that of none"
    pool = Pool()
    Party = pool.get('party.party')
    helpdesk(unknown_sender='none')
    one = make_party("One", domains=['example.org'])
    two = make_party("Two", domains=['example.org'])
    mail, = deliver(letter("one"))
    assert mail.ticket.party is None

    Party.write([two], {'active': False})
    mail, = deliver(letter("two"))
    assert mail.ticket.party == one


@with_transaction()
def test_colleague_takes_no_part():
    "SE9, ML8: colleagues have tickets of one customer, but each their own"
    helpdesk()
    organisation = make_party("Engines", domains=['example.org'])
    first, = deliver(letter("one", message_id='<one@example.org>'))
    colleague, same = deliver(
        letter("two", sender='bob@example.org',
            References='<one@example.org>',
            subject=f'[#{first.ticket.number}]'),
        letter("three", References='<one@example.org>'))

    assert colleague.ticket != first.ticket
    assert colleague.ticket.preceding == first.ticket
    assert colleague.ticket.party == organisation
    assert same.ticket == first.ticket


@with_transaction()
def test_colleague_takes_no_part_in_a_batch():
    "SE9, ML8: nor if both letters come together"
    helpdesk()
    make_party("Engines", domains=['example.org'])
    first, colleague = deliver(
        letter("one", message_id='<one@example.org>'),
        letter("two", sender='bob@example.org',
            References='<one@example.org>'))

    assert colleague.ticket != first.ticket


@with_transaction()
def test_follow_up_keeps_its_customer():
    "E5, PO4: the customer of a closed ticket stays that of its follow-up"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    helpdesk()
    make_party("Engines", domains=['example.org'])
    customer = make_party("Customer")
    mail, = deliver(letter("one", message_id='<one@example.org>'))
    Ticket.write([mail.ticket], {'party': customer.id})
    Ticket.close([mail.ticket])
    again, = deliver(letter("two", References='<one@example.org>'))

    assert again.ticket.preceding == mail.ticket
    assert again.ticket.party == customer


@with_transaction()
def test_held_once():
    "C15, ML1: a letter that waits does so once, through whichever door it is"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    Ticket = pool.get('helpdesk.ticket')
    helpdesk(unknown_sender='hold')
    raw = letter("Hello")
    first, second = deliver(raw, raw)
    third, = deliver(raw)
    assert [m.reason_key for m in [first, second, third]] == [
        'unknown_sender', 'duplicate', 'duplicate']

    Mail.release([first])
    Mail.judge([first])
    assert Mail(first.id).state == 'filed'
    again, = deliver(raw)
    assert again.reason_key == 'duplicate'
    assert Ticket.search([], count=True) == 1


@with_transaction()
def test_held_by_the_letter_once():
    "ML1, ML18: so does one that waits for what is wrong with it"
    helpdesk()
    first, second = deliver(b'Subject: Nobody\n\nx', b'Subject: Nobody\n\nx')
    assert (first.state, first.reason_key) == ('held', 'no_sender')
    assert (second.state, second.reason_key) == ('ignored', 'duplicate')
    Mail = first.__class__
    Mail.retry([first])
    Mail.judge([first])
    assert Mail(first.id).reason_key == 'no_sender'
