# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Letters for sections that are no more, have no address, or have another one.
"""
import pytest
import trytond.config as config
from trytond.modules.helpdesk_mail.intake import signing
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk_mail.mailing import running_sink, send
from tests.helpdesk_mail.test_outgoing import answer
from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


@pytest.fixture
def sink():
    with running_sink() as sink:
        yield sink


def given_up(section):
    section.active = False
    section.save()


@with_transaction()
def test_rule_of_a_section_given_up():
    "A4, ML1: what a rule gives to a section that is no more goes to others"
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    desk = helpdesk()
    old = desk.make_section("Old", mail_address='old@example.com')
    inbox = Inbox(name="Support")
    inbox.rules = [{'action': 'helpdesk.mail|receive', 'section': old}]
    inbox.save()
    first, = deliver(letter("one"), inbox=inbox)
    assert first.ticket.section == old
    Ticket = pool.get('helpdesk.ticket')
    Ticket.close([first.ticket])
    given_up(old)

    for text, to in [
            ("two", 'support@example.com'), ("three", 'old@example.com')]:
        mail, = deliver(letter(text, to=to), inbox=inbox)
        assert (mail.state, mail.ticket.section) == ('filed', desk.section)


@with_transaction()
def test_follow_up_of_a_section_given_up():
    "C2: who answers a closed ticket of a section that is no more is heard"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = helpdesk()
    old = desk.make_section("Old", mail_address='old@example.com')
    first, = deliver(letter("one", to='old@example.com'))
    Ticket.close([first.ticket])
    given_up(old)
    mail, = deliver(letter(
            "And now?", to='old@example.com',
            In_Reply_To=f'<{first.message_id}>'))

    assert mail.state == 'filed'
    assert mail.ticket.section == desk.section
    assert mail.ticket.preceding == first.ticket


@with_transaction()
def test_default_section_given_up():
    "ML1: without any section left a letter waits for a person"
    desk = helpdesk()
    given_up(desk.section)
    mail, = deliver(letter())
    assert (mail.state, mail.reason_key) == ('held', 'no_section')


def test_without_address(sink):
    "A8: a section without an address answers from that of the server"
    before = config.get('email', 'from', default='')
    config.set('email', 'from', 'Company <mail@example.com>')
    try:
        _test_without_address(sink)
    finally:
        config.set('email', 'from', before)


@with_transaction()
def _test_without_address(sink):
    helpdesk(mail_address=None, subaddress=True)
    mail, = deliver(letter(to='mail@example.com'))
    assert not mail.ticket.participants
    send(*sent(mail.ticket), answer(mail.ticket))

    for message in sink.messages:
        assert message['From'] == "Support <mail@example.com>"
        assert not message['Reply-To']
    assert {e.mail_from for e in sink.envelopes} == {'mail@example.com'}
    reply, = deliver(letter(
            "Thanks", to='mail@example.com',
            In_Reply_To=sink.messages[1]['Message-ID']))
    assert reply.ticket == mail.ticket
    assert not mail.ticket.participants


@with_transaction()
def test_address_changed():
    "C12: letters to the signed addresses of before still join their tickets"
    desk = helpdesk(subaddress=True)
    mail, = deliver(letter())
    secret = Pool().get('helpdesk.mail.key').get_secret()
    before = signing.reply_address(
        secret, mail.ticket.id, 'support@example.com')
    desk.section.mail_address = 'help@example.com'
    desk.section.save()
    reply, = deliver(letter("Thanks", to=before))
    assert reply.ticket == mail.ticket
    desk.section.addresses = [{'address': 'support@example.com'}]
    desk.section.save()
    other, = deliver(letter("Something else", to='support@example.com'))
    assert other.ticket.section == desk.section


@pytest.mark.parametrize('party, company, language', [
        (None, None, 'en'), (None, 'es', 'es'), ('ca', 'es', 'ca')])
def test_language(party, company, language):
    "PO9: a machine writes in the customer's language, else in the company's"
    _test_language(party, company, language)


@with_transaction()
def _test_language(party, company, language):
    pool = Pool()
    Lang = pool.get('ir.lang')
    Party = pool.get('party.party')
    desk = helpdesk()

    def lang(code):
        lang, = Lang.search([('code', '=', code)])
        return lang

    if company:
        desk.company.party.lang = lang(company)
        desk.company.party.save()
    if party:
        customer = Party(name="Ada", lang=lang(party))
        customer.contact_mechanisms = [
            {'type': 'email', 'value': 'ada@example.org'}]
        customer.save()
    with Transaction().set_context(language='en'):
        mail, = deliver(letter())
    assert mail.ticket.mail_language() == language
