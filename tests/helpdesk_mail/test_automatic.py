# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import pytest
from trytond.modules.helpdesk_mail.exceptions import AutomaticTemplateError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk_mail.test_layout import spanish
from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


def make_template(text, **values):
    pool = Pool()
    ReplyTemplate = pool.get('helpdesk.reply_template')
    template = ReplyTemplate(name="Automatic", text=text, **values)
    template.save()
    return template


def set_template(desk, name, text, **values):
    template = make_template(text, **values)
    setattr(desk.section, name, template)
    desk.section.save()
    return template


def lang(code):
    pool = Pool()
    Lang = pool.get('ir.lang')
    return Lang.get(code)


@with_transaction()
def test_confirmation():
    "C19: the section says what confirms a new ticket"
    desk = helpdesk()
    set_template(desk, 'acknowledge_template',
        "It is ${ticket.number} of ${ticket.section}.")
    mail, = deliver(letter("Buy pills!", subject="Pills"))

    confirmation, = sent(mail.ticket)
    assert confirmation.body == f"It is {mail.ticket.number} of Support."
    assert confirmation.automatic


@with_transaction()
def test_language():
    "C19, PO9: values are in the customer's language"
    desk = helpdesk()
    set_template(desk, 'acknowledge_template', "${today}")
    ticket = desk.make_ticket(email='ada@example.org', language=lang('es'))

    confirmation, = sent(ticket)
    with Transaction().set_context(company=desk.company.id):
        today = Pool().get('ir.date').today()
    assert confirmation.body == lang('es').strftime(today)


@with_transaction()
def test_other_language():
    "C19, PO9: who reads another language gets the standard text"
    desk = helpdesk()
    set_template(desk, 'acknowledge_template', "Hola", language=lang('es'))
    ticket = desk.make_ticket(email='ada@example.org', language=lang('en'))

    confirmation, = sent(ticket)
    assert "We will answer" in confirmation.body


@with_transaction()
def test_section_in_other_language():
    "PO9: the standard text names the section in the customer's language"
    desk = helpdesk(mail_name="Support")
    spanish(desk.section, mail_name="Soporte")
    for code, name in [('es', "Soporte"), ('en', "Support")]:
        ticket = desk.make_ticket(
            email=f'ada@{code}.example', language=lang(code))
        confirmation, = sent(ticket)
        assert name in confirmation.body


@with_transaction()
def test_no_value():
    "C19: where a placeholder has no value, the standard text goes out"
    desk = helpdesk()
    template = set_template(
        desk, 'acknowledge_template', "${agent.name} will answer")
    mail, = deliver(letter())
    confirmation, = sent(mail.ticket)
    assert "We will answer" in confirmation.body

    template.active = False
    template.save()
    desk.section.ticket_employee = desk.agent.employee
    desk.section.save()
    mail, = deliver(letter("Other", sender='bob@example.org'))
    confirmation, = sent(mail.ticket)
    assert "We will answer" in confirmation.body


@with_transaction()
def test_responsible():
    "C19: the agent of an automatic answer is the responsible"
    desk = helpdesk(ticket_employee=None)
    set_template(desk, 'acknowledge_template', "${agent.name} will answer")
    desk.section.ticket_employee = desk.agent.employee
    desk.section.save()
    mail, = deliver(letter())

    confirmation, = sent(mail.ticket)
    assert confirmation.body == "Agent will answer"


@with_transaction()
def test_nothing_of_strangers():
    "PO5: no automatic answer can have what a stranger wrote"
    desk = helpdesk()
    for name in [
            'ticket.subject', 'ticket.contact_name', 'party.name',
            'contact.name', 'party.code']:
        template = make_template("Hello ${%s}" % name)
        for field in desk.section.automatic_templates():
            with pytest.raises(AutomaticTemplateError, match=name):
                desk.make_section("Sales", **{field: template})
    template = set_template(desk, 'over_template', "Hello")
    with pytest.raises(AutomaticTemplateError, match="ticket.subject"):
        template.text = "Hello ${ticket.subject}"
        template.save()


@with_transaction()
def test_nothing_of_strangers_stored():
    "PO5: nor if such a text came into the database by another way"
    desk = helpdesk()
    template = set_template(desk, 'acknowledge_template', "Hello")
    table = template.__table__()
    Transaction().connection.cursor().execute(*table.update(
            [table.text], ["Hello ${ticket.subject}"]))
    Transaction().cache.clear()
    mail, = deliver(letter(subject="Buy pills"))

    confirmation, = sent(mail.ticket)
    assert "pills" not in confirmation.body
    assert mail.ticket.number in confirmation.body


@with_transaction()
def test_follow_up():
    "C19, PO5: a further letter is confirmed if the section wants it"
    desk = helpdesk(acknowledge=False)
    mail, = deliver(letter("One"))
    subject = f'Re: [#{mail.ticket.number}] Pills'
    deliver(letter("Two", subject=subject))
    assert not sent(mail.ticket)

    set_template(
        desk, 'follow_up_template', "Added to ${ticket.number}.")
    deliver(letter("Three", subject=subject))
    confirmation, = sent(mail.ticket)
    assert confirmation.automatic
    assert confirmation.to_addresses == 'ada@example.org'
    assert confirmation.subject == "We have received your message"
    assert confirmation.body == f"Added to {mail.ticket.number}."


@with_transaction()
def test_follow_up_of_machines():
    "PO5: machines get no confirmation, and nobody gets many"
    desk = helpdesk(acknowledge=False)
    set_template(desk, 'follow_up_template', "Added.")
    mail, = deliver(letter("One"))
    subject = f'Re: [#{mail.ticket.number}]'
    deliver(letter("Two", subject=subject, Auto_Submitted='auto-generated'))
    assert not sent(mail.ticket)

    deliver(*(letter(f"More {i}", subject=subject) for i in range(9)))
    for i in range(9):
        deliver(letter(f"Yet more {i}", subject=subject))
    assert len(sent(mail.ticket)) == 5


@with_transaction()
def test_over():
    "C19: the customer is told once that the ticket is resolved, if wanted"
    desk = helpdesk(acknowledge=False)
    mail, = deliver(letter())
    ticket = mail.ticket
    silent, = deliver(letter("Other", sender='bob@example.org'))
    ticket.resolve([silent.ticket])
    assert not sent(silent.ticket)

    set_template(desk, 'over_template', "${ticket.number} is over.")
    user, context = desk.as_user(desk.agent)
    with user, context:
        ticket = ticket.__class__(ticket.id)
        ticket.resolve([ticket])
        ticket = ticket.__class__(ticket.id)
        ticket.close([ticket])
    ticket = ticket.__class__(ticket.id)
    assert ticket.state == 'closed'
    told, = sent(ticket)
    assert told.automatic
    assert told.body == f"{ticket.number} is over."


@with_transaction()
def test_over_by_the_customer():
    "C19: who closes their ticket themselves is not told"
    desk = helpdesk(acknowledge=False)
    set_template(desk, 'over_template', "It is over.")
    ticket = desk.make_ticket(email='ada@example.org', state='open')
    with Transaction().set_context(helpdesk_actor='customer'):
        ticket.close([ticket])

    assert ticket.__class__(ticket.id).state == 'closed'
    assert not sent(ticket.__class__(ticket.id))


@with_transaction()
def test_over_not_wanted():
    "C4, C19: who is listed is not told, and nobody is told many times an hour"
    pool = Pool()
    Address = pool.get('helpdesk.mail.address')
    Ticket = pool.get('helpdesk.ticket')
    desk = helpdesk(acknowledge=False)
    set_template(desk, 'over_template', "It is over.")
    Address.create([{'pattern': 'robots.example', 'no_automatic': True}])
    robot = desk.make_ticket(email='r2@robots.example', state='open')
    tickets = [
        desk.make_ticket(email='ada@example.org', state='open')
        for _ in range(7)]
    Ticket.resolve([robot, *tickets])

    assert not sent(robot)
    assert sum(len(sent(t)) for t in tickets) == 5


@with_transaction()
def test_one_automatic_mail_to_a_letter():
    "C19, ML11: with all canned answers set, a letter gets one of them"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = helpdesk()
    for name in ['acknowledge', 'follow_up', 'over']:
        set_template(desk, f'{name}_template', f"It is {name}.")
    first, = deliver(letter("one"))
    assert [c.body for c in sent(first.ticket)] == ["It is acknowledge."]
    more, = deliver(letter("two", In_Reply_To=f'<{first.message_id}>'))
    assert [c.body for c in sent(more.ticket)] == [
        "It is follow_up.", "It is acknowledge."]
    Ticket.close([more.ticket])
    last, = deliver(letter("three", In_Reply_To=f'<{first.message_id}>'))
    assert last.ticket.preceding == first.ticket
    assert [c.body for c in sent(last.ticket)] == ["It is acknowledge."]
