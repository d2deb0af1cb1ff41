# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import pytest
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk.exceptions import AnswerError
from trytond.modules.helpdesk_mail import outgoing
from trytond.modules.helpdesk_mail.exceptions import (
    AnswerAddressError, AnswerSizeError)
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk_mail.mailing import running_sink, send
from tests.helpdesk_mail.test_receive import deliver, helpdesk
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


@pytest.fixture
def sink():
    with running_sink() as sink:
        yield sink


def write(desk, ticket, user=None, **values):
    "Send a mail by Tryton's own button; return its record"
    pool = Pool()
    Email = pool.get('ir.email')
    values = {
        'to': 'Ada <ada@example.org>',
        'subject': "Fire",
        'body': '<div>We <b>come</b>.</div>',
        **values}
    user, context = desk.as_user(user or desk.agent)
    with user, context:
        email = Email.send(
            record=('helpdesk.ticket', ticket.id), **values)
    return Email(email.id)


def test_conversation(sink):
    "A8, ML24: Tryton's own e-mail is a conversation in the same thread"
    _test_conversation(sink)


@with_transaction()
def _test_conversation(sink):
    desk = helpdesk(subaddress=True)
    mail, = deliver(letter("It burns", message_id='<one@example.org>'))
    ticket = mail.ticket
    write(desk, ticket,
        body='<div>We <b>come</b>.</div><script>alert(1)</script>')

    conversation = ticket.__class__(ticket.id).conversations[0]
    assert (conversation.kind, conversation.direction) == ('email', 'out')
    assert conversation.author == "Agent"
    assert conversation.delivery == 'queued'
    assert conversation.body == "We come."
    assert '<b>come</b>' in conversation.html
    assert 'alert' not in conversation.html
    assert not sink.envelopes
    conversation, = send(conversation)
    assert conversation.delivery == 'sent'
    message, = sink.messages
    assert message['From'] == "Support <support@example.com>"
    assert message['Subject'] == f"Re: [#{ticket.number}] Fire"
    assert message['In-Reply-To'] == '<one@example.org>'
    assert f'+{ticket.id}-' in message['Reply-To']
    assert message['X-Tryton-Helpdesk']
    assert '<b>come</b>' in message.get_body(('html',)).get_content()


def test_recipients(sink):
    "ML23: its recipients and files are those of the mail and of the record"
    _test_recipients(sink)


@with_transaction()
def _test_recipients(sink):
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    desk = helpdesk()
    mail, = deliver(letter(attachments=[('plan.pdf', b'%PDF')]))
    plan, = Attachment.search([('name', '=', 'plan.pdf')])
    email = write(
        desk, mail.ticket, cc='bob@example.org', bcc='spy@example.net',
        files=[('new.txt', b'new')], attachments=[plan.id])
    send(mail.ticket.__class__(mail.ticket.id).conversations[0])

    message, = sink.messages
    assert message['To'] == 'ada@example.org'
    assert message['Cc'] == 'bob@example.org'
    assert 'Bcc' not in message
    assert 'spy@example.net' in sink.envelopes[0].rcpt_tos
    assert {a.get_filename() for a in message.iter_attachments()} == {
        'new.txt', 'plan.pdf'}
    assert email.resource == mail.ticket
    assert email.message_id == message['Message-ID']
    assert email.recipients == 'ada@example.org'
    assert email.recipients_secondary == 'bob@example.org'
    # Sales staff see this record, but not who got the mail unseen (SE11)
    assert not email.recipients_hidden
    assert {a.address for a in email.addresses} == {
        'ada@example.org', 'bob@example.org'}


def test_sent_once(sink):
    "Tryton does not send it a second time"
    _test_sent_once(sink)
    assert not sink.envelopes


@with_transaction()
def _test_sent_once(sink):
    desk = helpdesk()
    mail, = deliver(letter())
    managers = list(Transaction()._datamanagers)
    write(desk, mail.ticket)
    assert Transaction()._datamanagers == managers


@with_transaction()
def test_answer_comes_back():
    "ML24: the answer to such a mail joins the ticket"
    desk = helpdesk()
    mail, = deliver(letter())
    email = write(desk, mail.ticket, cc='bob@example.org')
    back, = deliver(letter(
            "Thanks", sender='bob@example.org', subject="Other",
            In_Reply_To=email.message_id))

    assert back.ticket == mail.ticket


@with_transaction()
def test_report():
    "A report goes with it"
    pool = Pool()
    ActionReport = pool.get('ir.action.report')
    desk = helpdesk()
    mail, = deliver(letter())
    report = ActionReport(
        name="Sheet", model='helpdesk.ticket',
        report_name='helpdesk.ticket.sheet', template_extension='txt',
        report_content_custom=b'Sheet of ${records[0].number}')
    report.save()
    write(desk, mail.ticket, reports=[report.id])

    conversation = mail.ticket.__class__(mail.ticket.id).conversations[0]
    file, = conversation.attachments
    assert file.name.endswith('.txt')
    assert file.data == f'Sheet of {mail.ticket.number}'.encode()


@with_transaction()
def test_rights():
    "SE12: who may not answer a ticket may not write mails from it"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    desk = helpdesk(visibility='private')
    mail, = deliver(letter())
    outsider = desk.make_user('outsider', [])
    with pytest.raises(AccessError):
        write(desk, mail.ticket, outsider)

    sales = desk.make_section("Sales", visibility='private')
    hidden = desk.make_ticket(section=sales)
    secret = Attachment(resource=hidden, name="secret", data=b'secret')
    secret.save()
    with pytest.raises(AccessError):
        write(desk, mail.ticket, attachments=[secret.id])
    assert len(mail.ticket.__class__(mail.ticket.id).conversations) == 2


@with_transaction()
def test_mistakes(monkeypatch):
    "ML18: mistakes are told before anything is sent"
    monkeypatch.setattr(outgoing, 'MAX_MAIL', 1024)
    desk = helpdesk()
    mail, = deliver(letter())
    for error, values in [
            (AnswerAddressError, {'to': ''}),
            (AnswerAddressError, {'cc': 'bob'}),
            (AnswerError, {'body': '<div> </div>'}),
            (AnswerSizeError, {'files': [('film', b'x' * 2000)]}),
            ]:
        with pytest.raises(error):
            write(desk, mail.ticket, **values)
    mail.ticket.close([mail.ticket])
    with pytest.raises(AnswerError, match="closed"):
        write(desk, mail.ticket.__class__(mail.ticket.id))


@with_transaction()
def test_defaults():
    "Tryton proposes whom the answer would go to"
    pool = Pool()
    Template = pool.get('ir.email.template')
    desk = helpdesk(visibility='private')
    ticket = desk.make_ticket(email='ada@example.org', participants=[
            {'email': 'watch@example.org', 'role': 'watcher'}])
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert Template.get_default('helpdesk.ticket', ticket.id) == {
            'to': ['ada@example.org'],
            'cc': ['watch@example.org'],
            'subject': ticket.subject,
            }
    outsider = desk.make_user('outsider', [])
    user, context = desk.as_user(outsider)
    with user, context, pytest.raises(AccessError):
        Template.get_default('helpdesk.ticket', ticket.id)


def test_other_records(sink):
    "Mails from other records are Tryton's own"
    _test_other_records(sink)


@with_transaction()
def _test_other_records(sink):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Email = pool.get('ir.email')
    desk = helpdesk()
    Email.send(
        to='ada@example.org', subject="Hello", body="Hello",
        record=('party.party', desk.company.party.id))
    assert not Conversation.search([])
