# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from unittest.mock import patch

import pytest
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction, inactive_records

from tests.records import Helpdesk, letter


def setup_module():
    activate_module('helpdesk_mail')


def deliver(*letters, inbox=None):
    "Store the letters and judge them, as the queue does after the commit"
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    Mail = pool.get('helpdesk.mail')
    if inbox is None:
        inbox = Inbox(name="Support")
        inbox.save()
    mails = inbox.deliver(list(letters))
    Mail.judge(mails)
    return Mail.browse(mails)


def helpdesk(**values):
    values.setdefault('mail_address', 'support@example.com')
    return Helpdesk(**values)


def sent(ticket):
    return [c for c in ticket.conversations if c.direction == 'out']


@with_transaction()
def test_letter_becomes_ticket():
    "A7, B7: a letter makes a ticket with all that it says"
    desk = helpdesk()
    mail, = deliver(letter(
            "My printer burns.", subject="Printer", html="<p>burns</p>",
            attachments=[('fire.jpg', b'\xff\xd8')]))

    assert (mail.state, mail.reason) == ('filed', None)
    ticket = mail.ticket
    assert ticket.number
    assert ticket.subject == "Printer"
    assert ticket.description.strip() == "My printer burns."
    assert ticket.section == desk.section
    assert ticket.channel == 'email'
    assert ticket.state == 'open'
    assert ticket.unread
    assert (ticket.contact_name, ticket.email) == ("Ada", 'ada@example.org')
    assert ticket.party.name == "Ada"
    assert ticket.party.email == 'ada@example.org'
    conversation = mail.conversation
    assert conversation.direction == 'in'
    assert conversation.html.strip() == '<p>burns</p>'
    assert [(a.name, a.data) for a in conversation.attachments] == [
        ('fire.jpg', b'\xff\xd8')]
    assert [(h.what, h.new) for h in ticket.history] == [('state', 'open')]


@with_transaction()
def test_confirmation():
    "B3, PO5: the number is confirmed, without the sender's own words"
    helpdesk()
    mail, = deliver(letter("Buy pills!", subject="Pills"))

    confirmation, = sent(mail.ticket)
    assert confirmation.automatic
    assert confirmation.delivery == 'queued'
    assert confirmation.to_addresses == 'ada@example.org'
    assert mail.ticket.number in confirmation.body
    assert "ills" not in confirmation.body + confirmation.subject
    assert list(mail.ticket.last_conversations) == [mail.conversation]


@with_transaction()
def test_no_confirmation_unless_wanted():
    helpdesk(acknowledge=False)
    mail, = deliver(letter())

    assert mail.state == 'filed'
    assert not sent(mail.ticket)


@with_transaction()
def test_confirmations_are_limited():
    "PO5, ML11: an address gets at most five confirmations an hour"
    helpdesk()
    mails = deliver(*(letter(f"Letter {i}") for i in range(8)))

    assert {m.state for m in mails} == {'filed'}
    assert sum(len(sent(m.ticket)) for m in mails) == 5


@with_transaction()
def test_known_customer():
    "B7: the customer is found by the address"
    pool = Pool()
    Party = pool.get('party.party')
    helpdesk()
    party = Party(name="Analytical Engines")
    party.contact_mechanisms = [{'type': 'email', 'value': 'ada@example.org'}]
    Party.save([party])
    mail, = deliver(letter())

    assert mail.ticket.party == party
    assert Party.search([('name', '=', "Ada")], count=True) == 0


@with_transaction()
def test_unknown_customer_not_created():
    "B7: an unknown customer is only created if so set"
    helpdesk(unknown_sender='none')
    mail, = deliver(letter())

    assert mail.ticket.party is None
    assert mail.ticket.email == 'ada@example.org'


@with_transaction()
def test_two_letters_of_an_unknown_customer():
    helpdesk()
    first, second = deliver(letter("one"), letter("two"))

    assert first.ticket != second.ticket
    assert first.ticket.party == second.ticket.party


@with_transaction()
def test_answer_joins_ticket():
    "B7, E3, ML7: an answer to our mail joins its ticket, whatever its subject"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    helpdesk()
    mail, = deliver(letter())
    confirmation, = sent(mail.ticket)
    Ticket.mark_read([mail.ticket])
    Ticket.wait([mail.ticket])
    answer, = deliver(letter(
            "Thanks", subject="Something else",
            In_Reply_To=f'<{confirmation.message_id}>'))

    ticket = answer.ticket
    assert ticket == mail.ticket
    assert ticket.unread
    assert ticket.state == 'open'
    states = [h for h in ticket.history if h.what == 'state']
    assert [h.new for h in states] == ['open', 'pending', 'open']
    assert states[0].actor == 'customer'
    assert [h.side for h in states] == ['agent', 'customer', 'agent']
    assert states[1].until is not None
    assert Ticket.search([], count=True) == 1


@with_transaction()
def test_answer_in_the_same_batch():
    "An answer that comes together with what it answers"
    helpdesk()
    first, second = deliver(
        letter("one", message_id='<one@example.org>'),
        letter("two", References='<one@example.org>'))

    assert first.ticket == second.ticket


@with_transaction()
def test_answer_of_copied_person():
    "ML10: who was written to in copy takes part in the ticket"
    helpdesk()
    first, = deliver(letter(
            "one", message_id='<one@example.org>',
            Cc="Bob <bob@example.org>"))
    second, = deliver(letter(
            "two", sender='bob@example.org',
            References='<one@example.org>'))

    assert [p.email for p in first.ticket.participants] == ['bob@example.org']
    assert second.ticket == first.ticket


@with_transaction()
def test_signed_reply_address():
    "An answer without any reference, to the address that names the ticket"
    from trytond.modules.helpdesk_mail.intake import signing
    pool = Pool()
    Key = pool.get('helpdesk.mail.key')
    helpdesk()
    mail, = deliver(letter())
    address = signing.reply_address(
        Key.get_secret(), mail.ticket.id, 'support@example.com')
    answer, = deliver(letter("again", to=address.upper()))

    assert answer.ticket == mail.ticket


@with_transaction()
def test_number_in_subject():
    "B7: the number in the subject joins for whoever takes part"
    helpdesk()
    mail, = deliver(letter())
    answer, = deliver(letter(
            "again", subject=f"Re: [#{mail.ticket.number}] A question"))

    assert answer.ticket == mail.ticket


@with_transaction()
def test_stranger_gets_own_ticket():
    "ML8, SE6: whoever does not take part cannot join by number or reference"
    helpdesk()
    mail, = deliver(letter())
    confirmation, = sent(mail.ticket)
    stranger, = deliver(letter(
            "Let me in", sender='mallory@example.net',
            subject=f"[#{mail.ticket.number}]",
            References=f'<{confirmation.message_id}>'))

    assert stranger.ticket != mail.ticket
    assert stranger.ticket.preceding == mail.ticket
    assert mail.ticket.number in stranger.reason
    assert len(mail.ticket.conversations) == 2


@with_transaction()
def test_answer_to_closed_ticket():
    "E5: an answer to a closed ticket makes a new one that follows it up"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = helpdesk()
    mail, = deliver(letter())
    with Transaction().set_context(desk.context):
        mail.ticket.section = desk.make_section("Second Level")
        mail.ticket.save()
    Ticket.close([mail.ticket])
    answer, = deliver(letter(
            "again", subject=f"Re: [#{mail.ticket.number}]"))

    assert answer.ticket != mail.ticket
    assert answer.ticket.preceding == mail.ticket
    assert answer.ticket.section == mail.ticket.section
    assert answer.ticket.party == mail.ticket.party
    assert Ticket(mail.ticket.id).state == 'closed'


@with_transaction()
def test_same_letter_twice():
    "ML4, ML6: the same letter through two doors is one conversation"
    helpdesk()
    raw = letter()
    first, = deliver(raw)
    second, = deliver(b'Received: from elsewhere\r\n' + raw)
    third, = deliver(raw)

    assert first.state == 'filed'
    assert {second.state, third.state} == {'ignored'}
    assert str(first.id) in second.reason
    assert bytes(second.email.data).endswith(raw)


@with_transaction()
def test_same_letter_twice_in_a_batch():
    helpdesk()
    mails = deliver(letter(), letter())

    assert sorted(m.state for m in mails) == ['filed', 'ignored']


@with_transaction()
def test_similar_letter_is_no_duplicate():
    "ML5: the same words another day are another letter, and can be let in"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    helpdesk()
    first, second = deliver(
        letter("Same", message_id='<1@example.org>'),
        letter("Same", message_id='<2@example.org>'))
    assert second.state == 'filed'
    again, = deliver(letter("Same", message_id='<1@example.org>'))
    assert again.state == 'ignored'
    Mail.release([again])
    Mail.judge([again])

    assert Mail(again.id).state == 'filed'


@with_transaction()
def test_unreadable_letter_is_held():
    "ML1: what cannot be read is kept, shown, and stops no other letter"
    helpdesk()
    garbage = bytes(range(256)) * 4
    bad, empty, good = deliver(garbage, b'', letter())

    assert bad.state == empty.state == 'held'
    assert bad.reason
    assert bytes(bad.raw) == garbage
    assert good.state == 'filed'


@with_transaction()
def test_vacation_changes_nothing():
    "ML12: an automatic answer is filed and neither reopens nor is answered"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    helpdesk()
    mail, = deliver(letter())
    confirmation, = sent(mail.ticket)
    Ticket.mark_read([mail.ticket])
    Ticket.wait([mail.ticket])
    answer, = deliver(letter(
            "I am away", Auto_Submitted='auto-replied',
            subject="Out of office",
            In_Reply_To=f'<{confirmation.message_id}>'))

    ticket = Ticket(mail.ticket.id)
    assert answer.ticket == ticket
    assert answer.conversation.automatic
    assert ticket.state == 'pending'
    assert not ticket.unread
    assert len(sent(ticket)) == 1


@with_transaction()
def test_machine_gets_no_confirmation():
    "ML11: a machine's letter makes a ticket, but gets no answer"
    helpdesk()
    mail, = deliver(letter("Disk full", Auto_Submitted='auto-generated'))

    assert mail.state == 'filed'
    assert not sent(mail.ticket)


@with_transaction()
def test_own_letter_is_ignored():
    "ML14: our own mail that comes back makes no ticket"
    from trytond.modules.helpdesk_mail.outgoing import Outgoing
    helpdesk()
    marked, from_us = deliver(
        letter("one", X_Tryton_Helpdesk=Outgoing.mark()),
        letter("two", sender="Support <support@example.com>"))

    assert {marked.state, from_us.state} == {'ignored'}


@with_transaction()
def test_section_by_address():
    "Without a rule, the section whose address the letter was sent to"
    desk = helpdesk()
    with Transaction().set_context(desk.context):
        sales = desk.make_section("Sales", mail_address='sales@example.com')
    one, two, three = deliver(
        letter("one", to="Sales <SALES@example.com>"),
        letter("two", to="sales+offers@example.com"),
        letter("three", to="else@example.com"))

    assert [m.ticket.section for m in (one, two, three)] == [
        sales, sales, desk.section]


@with_transaction()
def test_section_by_rule():
    "The rule of an inbox says which section gets its letters"
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    Rule = pool.get('inbound.email.rule')
    desk = helpdesk()
    with Transaction().set_context(desk.context):
        sales = desk.make_section("Sales")
    inbox = Inbox(name="Sales", rules=[Rule(
                subject="offer", action='helpdesk.mail|receive',
                section=sales)])
    inbox.save()
    one, two = deliver(
        letter("one", subject="An Offer"), letter("two"), inbox=inbox)

    assert [m.ticket.section for m in (one, two)] == [sales, desk.section]
    assert one.email.rule == inbox.rules[0]


@with_transaction()
def test_no_section_is_held():
    "A letter that no section takes waits for a person"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Value = pool.get('helpdesk.configuration.section')
    helpdesk(mail_address=None)
    Value.delete(Value.search([]))
    mail, = deliver(letter())

    assert mail.state == 'held'
    assert "section" in mail.reason
    with inactive_records():
        assert Section.search([], count=True) == 1


@with_transaction()
def test_nothing_dangerous_is_kept():
    "SE1, SE3, SE8: scripts, remote pictures and header lines are gone"
    helpdesk()
    mail, = deliver(letter(
            "x", subject="<script>alert(1)</script>",
            html='<script>alert(1)</script><img src="http://x/y.png">'
            '<p onclick="evil()">text</p>',
            attachments=[('../../etc/passwd\x00', b'')]))

    assert mail.ticket.subject == "<script>alert(1)</script>"
    assert 'script' not in mail.conversation.html
    assert 'http' not in mail.conversation.html
    assert 'onclick' not in mail.conversation.html
    attachment, = mail.conversation.attachments
    assert '/' not in attachment.name


@with_transaction()
def test_letter_of_another_application():
    "A letter that a rule gives to something else makes no ticket"
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    Rule = pool.get('inbound.email.rule')
    Email = pool.get('inbound.email')
    helpdesk()
    inbox = Inbox(name="Else", rules=[Rule(subject="invoice")])
    inbox.save()

    assert deliver(letter(subject="Invoice 1"), inbox=inbox) == []
    email_, = Email.search([('inbox', '=', inbox.id)])
    Email.process([email_])
    assert email_.rule == inbox.rules[0]


@with_transaction()
def test_rule_of_another_application_fails():
    "ML1: what fails in another part of Tryton stops no mailbox"
    pool = Pool()
    Email = pool.get('inbound.email')
    Inbox = pool.get('inbound.email.inbox')
    Queue = pool.get('ir.queue')
    Rule = pool.get('inbound.email.rule')
    helpdesk()
    inbox = Inbox(name="Else", rules=[Rule(subject="invoice")])
    inbox.save()
    with patch.object(Rule, 'run', side_effect=RuntimeError):
        mail, = deliver(
            letter("one", subject="Invoice"), letter("two"), inbox=inbox)
        assert mail.state == 'filed'
        other, = Email.search(
            [('inbox', '=', inbox.id), ('result', '=', None)])
        assert 'inbound.email' in {t.data['model'] for t in Queue.search([])}
        with pytest.raises(RuntimeError):
            Email.process([other])
    # It is kept, and can be handed over again
    other = Email(other.id)
    assert bytes(other.data) == letter("one", subject="Invoice")
    Email.process([other])
    assert Email(other.id).rule == inbox.rules[0]


@with_transaction()
def test_customer_with_capitals():
    "An address is the same in capitals"
    pool = Pool()
    Party = pool.get('party.party')
    helpdesk()
    party = Party(name="Ada")
    party.contact_mechanisms = [{'type': 'email', 'value': 'Ada@Example.org'}]
    Party.save([party])
    mail, = deliver(letter(sender='ADA@example.ORG'))

    assert mail.ticket.party == party


@with_transaction()
def test_request_about_absences():
    "ML12: who writes about absence notes gets a ticket, an absence note none"
    helpdesk()
    about, note = deliver(
        letter("one", subject="Out of office cannot be switched on"),
        letter("two", subject="Out of office",
            Auto_Submitted='auto-generated'))

    assert about.state == 'filed'
    assert about.ticket.unread
    assert not sent(about.ticket)
    assert note.state == 'ignored'


@with_transaction()
def test_private_ticket_is_not_named():
    "A stranger's letter tells nobody of a ticket that they may not see"
    desk = helpdesk()
    with Transaction().set_context(desk.context):
        private = desk.make_section("Board", visibility='private')
    secret = desk.make_ticket(section=private, subject="Secret plan")
    mail, = deliver(letter(subject=f"[#{secret.number}]"))

    assert mail.ticket.preceding is None
    assert "Secret" not in mail.reason
    assert secret.number in mail.reason


def test_released_letter_keeps_its_section(monkeypatch):
    "A letter that was held is filed where its rule said"
    _test_released_letter_keeps_its_section(monkeypatch)


@with_transaction()
def _test_released_letter_keeps_its_section(monkeypatch):
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    Mail = pool.get('helpdesk.mail')
    Rule = pool.get('inbound.email.rule')
    desk = helpdesk()
    with Transaction().set_context(desk.context):
        legal = desk.make_section("Legal", visibility='private')
    inbox = Inbox(name="Legal", rules=[Rule(
                action='helpdesk.mail|receive', section=legal)])
    inbox.save()
    with monkeypatch.context() as patch:
        patch.setattr('trytond.modules.helpdesk_mail.receive.MAX_LETTER', 10)
        mail, = deliver(letter(), inbox=inbox)
    assert (mail.state, mail.section) == ('held', legal)
    Mail.release([mail])
    Mail.judge([mail])

    assert Mail(mail.id).ticket.section == legal


@with_transaction()
def test_discarded_letter_stays_out():
    "What a person discarded does not come back through another door"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    helpdesk(mail_address=None)
    Value = pool.get('helpdesk.configuration.section')
    values = Value.search([])
    section = values[0].default_section
    Value.write(values, {'default_section': None})
    mail, = deliver(letter())
    Mail.discard([mail])
    Value.write(values, {'default_section': section.id})
    again, = deliver(letter())

    assert again.state == 'ignored'


@with_transaction()
def test_letters_are_kept_as_they_came():
    "Nobody changes a letter, or makes it show another one"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    desk = helpdesk()
    one, two = deliver(letter("one"), letter("two"))
    user, context = desk.as_user(desk.manager)
    with user, context:
        for values in [{'email': two.email.id}, {'subject': "x"}]:
            with pytest.raises(AccessError):
                Mail.write([Mail(one.id)], values)
        Mail.search([('state', '=', 'filed')])[0].raw


@with_transaction()
def test_letter_too_odd_for_the_database():
    "ML1: a letter that fails alone stands alone, the others are filed"
    helpdesk()
    many = ', '.join(f'someone.with.a.long.name{i}@example.org'
        for i in range(300))
    mails = deliver(letter("one"), letter(
            "two", to=f'support@example.com, {many}', Precedence='bulk'))

    assert [m.state for m in mails] == ['filed', 'filed']
