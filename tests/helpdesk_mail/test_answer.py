# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import pytest
from trytond.modules.helpdesk_mail import outgoing
from trytond.modules.helpdesk_mail.exceptions import AnswerSizeError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail.mailing import Dialog, running_sink, send
from tests.helpdesk_mail.test_outgoing import answer
from tests.helpdesk_mail.test_receive import deliver, helpdesk
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


@with_transaction()
def test_three_clicks():
    "Nothing but a text is asked for"
    desk = helpdesk()
    mail, = deliver(letter())
    conversation = Dialog(desk, mail.ticket).send("Done.", 'wait')

    assert conversation.to_addresses == 'ada@example.org'
    assert not conversation.cc_addresses
    assert conversation.delivery == 'queued'


@with_transaction()
def test_files_of_the_ticket():
    "Files of the ticket can go with an answer"
    desk = helpdesk()
    mail, = deliver(letter(attachments=[
                ('fire.jpg', b'\xff\xd8'), ('other.txt', b'x')]))
    dialog = Dialog(desk, mail.ticket)
    assert dialog.values['has_files']
    files = dialog.files()
    assert set(files) == {'', 'fire.jpg (1 kB)', 'other.txt (1 kB)'}
    dialog.values['attachments'] = [{'name': "new.txt", 'data': b'new'}]
    dialog.change('ticket_file', files['fire.jpg (1 kB)'])
    assert dialog.values['ticket_file'] is None
    conversation = dialog.send()

    assert {(a.name, a.data) for a in conversation.attachments} == {
        ('fire.jpg', b'\xff\xd8'), ('new.txt', b'new')}


@with_transaction()
def test_files_of_others():
    "SE12: a file of another ticket does not go out, whatever is asked for"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    desk = helpdesk()
    mail, = deliver(letter())
    other = desk.make_ticket()
    secret = Attachment(resource=other, name="secret", data=b'secret')
    secret.save()
    conversation = Dialog(desk, mail.ticket).send(
        attachments=[{
                'name': "secret", 'data': None,
                'ticket_file': str(secret.id)}])

    assert not conversation.attachments


@with_transaction()
def test_too_large(monkeypatch):
    "ML18: what is too large for a mail is said before it is sent"
    monkeypatch.setattr(outgoing, 'MAX_MAIL', 100 * 1024)
    desk = helpdesk()
    mail, = deliver(letter())
    dialog = Dialog(desk, mail.ticket)
    with pytest.raises(AnswerSizeError) as error:
        dialog.send(attachments=[
                {'name': "film.avi", 'data': b'x' * 90 * 1024},
                {'name': "plan.pdf", 'data': b'x' * 1024}])
    for words in ["124 kB", "100 kB", "film.avi (123 kB)", "plan.pdf (1 kB)"]:
        assert words in str(error.value)

    small = Dialog(desk, mail.ticket).send(attachments=[
            {'name': "plan.pdf", 'data': b'x' * 60 * 1024}])
    assert small.delivery == 'queued'


def test_too_large_otherwise(monkeypatch):
    "ML18: a mail of a program that is too large has failed, and says why"
    monkeypatch.setattr(outgoing, 'MAX_MAIL', 100 * 1024)
    with running_sink() as sink:
        _test_too_large_otherwise()
        assert not sink.envelopes


@with_transaction()
def _test_too_large_otherwise():
    helpdesk()
    mail, = deliver(letter())
    conversation, = send(answer(mail.ticket, attachments=[
                ('create', [{'name': 'film.avi', 'data': b'x' * 10 ** 5}])]))

    assert conversation.delivery == 'failed'
    assert "film.avi" in conversation.delivery_error
    assert mail.ticket.__class__(mail.ticket.id).unread
