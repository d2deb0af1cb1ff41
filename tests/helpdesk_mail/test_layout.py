# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import pytest
from trytond.modules.helpdesk_mail.exceptions import SignatureError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk_mail.mailing import Dialog, running_sink, send
from tests.helpdesk_mail.test_outgoing import answer
from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter


@pytest.fixture
def sink():
    with running_sink() as sink:
        yield sink


def setup_module():
    activate_module('helpdesk_mail')


def read(message, kind='plain'):
    return message.get_body((kind,)).get_content().replace('\r\n', '\n')


def spanish(section, **values):
    "Translate the section, and return the language"
    pool = Pool()
    Lang = pool.get('ir.lang')
    lang, = Lang.search([('code', '=', 'es')])
    lang.translatable = True
    lang.save()
    with Transaction().set_context(language='es'):
        translated = section.__class__(section.id)
        for name, value in values.items():
            setattr(translated, name, value)
        translated.save()
    return lang


def test_two_parts(sink):
    "A mail is a text, and the same as HTML"
    _test_two_parts(sink)


@with_transaction()
def _test_two_parts(sink):
    helpdesk()
    mail, = deliver(letter())
    send(answer(mail.ticket, "1 < 2 & https://example.com/?a=1&b=2\n\nBye",
            attachments=[('create', [{'name': 'a.txt', 'data': b'x'}])]))

    message, = sink.messages
    assert message.get_content_type() == 'multipart/mixed'
    body, attachment = message.iter_parts()
    assert body.get_content_type() == 'multipart/alternative'
    assert [p.get_content_type() for p in body.iter_parts()] == [
        'text/plain', 'text/html']
    assert read(message) == "1 < 2 & https://example.com/?a=1&b=2\n\nBye\n"
    html = read(message, 'html')
    assert '1 &lt; 2 &amp; ' in html
    assert 'href="https://example.com/?a=1&amp;b=2"' in html


def test_injection(sink):
    "SE1: what strangers wrote is inert in our mails, wherever we repeat it"
    _test_injection(sink)


@with_transaction()
def _test_injection(sink):
    desk = helpdesk(
        signature="Dear ${ticket.contact_name}, ${ticket.subject}",
        quote_history=True)
    evil = '<script>x</script><img src=x> ${ticket.number} {0} %(a)s'
    mail, = deliver(letter(
            evil, subject=evil, sender=f'"{evil}" <ada@example.org>'))
    send(Dialog(desk, mail.ticket).send("We look."))

    message, = sink.messages
    html = read(message, 'html')
    assert '<script' not in html
    assert '<img' not in html
    assert html.count('${ticket.number} {0} %(a)s') >= 2


def test_signature(sink):
    "C14: the signature is below answers of people, and not stored with them"
    _test_signature(sink)


@with_transaction()
def _test_signature(sink):
    desk = helpdesk(
        signature="${agent.name}\n${agent.email}\n${company.name}")
    mail, = deliver(letter())
    confirmation, = sent(mail.ticket)
    conversation = Dialog(desk, mail.ticket).send("Done.")
    assert conversation.body == "Done."
    with Transaction().set_user(0):
        # As the scheduled action does
        send(confirmation, conversation)

    first, second = sink.messages
    assert "Agent" not in read(first)
    company = desk.company.rec_name
    assert read(second) == f"Done.\n\n-- \nAgent\n{company}\n"
    assert company in read(second, 'html')


@with_transaction()
def test_signature_placeholder():
    "AG12: a placeholder that does not exist is an error when it is saved"
    desk = helpdesk()
    with pytest.raises(SignatureError, match="agent.nick"):
        desk.section.signature = "${agent.nick}"
        desk.section.save()


def test_language(sink):
    "C14, PO9: sender, separator and signature are in the customer's language"
    _test_language(sink)


@with_transaction()
def _test_language(sink):
    desk = helpdesk(
        mail_name="Support", signature="Regards",
        mail_separator="Please write above this line")
    lang = spanish(
        desk.section, mail_name="Soporte", signature="Saludos",
        mail_separator="Escriba encima de esta línea")
    mail, other = deliver(
        letter(), letter("Hola", sender='luz@example.org'))
    other.ticket.language = lang
    other.ticket.save()
    send(answer(mail.ticket), answer(other.ticket))

    english, translated = sink.messages
    assert english['From'].startswith("Support <")
    assert read(english).startswith("Please write above this line\n\n")
    assert "Regards" in read(english)
    assert translated['From'].startswith("Soporte <")
    assert read(translated).startswith("Escriba encima de esta línea\n\n")
    assert "Saludos" in read(translated)
    assert '<html lang="es">' in read(translated, 'html')
    assert desk.section.mail_separators() == {
        "Please write above this line", "Escriba encima de esta línea"}


@with_transaction()
def test_separator_cuts():
    "C14: what comes back below the separator is folded away, and kept"
    desk = helpdesk(mail_separator="Please write above this line")
    spanish(desk.section, mail_separator="Escriba encima de esta línea")
    for separator in [
            "Please write above this line", "> Escriba encima de esta línea"]:
        mail, = deliver(letter(f"Thanks!\n\n{separator}\n\nOur answer."))
        assert mail.conversation.body.strip() == "Thanks!"
        assert mail.ticket.description.strip() == "Thanks!"
        assert "Our answer." in mail.conversation.quoted


def test_quoted(sink):
    "ML24: the customer's last letter is quoted if the section wants it"
    _test_quoted(sink)


@with_transaction()
def _test_quoted(sink):
    desk = helpdesk(quote_history=True)
    mail, = deliver(letter("It burns."))
    deliver(letter("It burns more.", In_Reply_To='<x@example.org>',
            subject=f'Re: [#{mail.ticket.number}]'))
    send(answer(mail.ticket, "We come."))
    desk.section.quote_history = False
    desk.section.save()
    send(answer(mail.ticket, "We are there."))

    quoted, plain = map(read, sink.messages)
    assert quoted.startswith("We come.\n\nOn ")
    assert quoted.endswith(", Ada wrote:\n> It burns more.\n")
    assert 'blockquote' in read(sink.messages[0], 'html')
    assert plain == "We are there.\n"


def test_quoted_for_others(sink):
    "SE11: nobody gets quoted what somebody else wrote to the section"
    _test_quoted_for_others(sink)


@with_transaction()
def _test_quoted_for_others(sink):
    helpdesk(quote_history=True)
    mail, = deliver(letter("It burns.", Cc='supplier@example.net'))
    deliver(letter("They pay too much.", sender='supplier@example.net',
            subject=f'Re: [#{mail.ticket.number}]'))
    send(answer(mail.ticket, "We come."))

    text = read(sink.messages[0])
    assert "too much" not in text
    assert "> It burns." in text


def test_own_html(sink):
    "SE1: HTML of an answer goes out cleaned, with what stands around it"
    _test_own_html(sink)


@with_transaction()
def _test_own_html(sink):
    helpdesk(signature="Regards")
    mail, = deliver(letter())
    send(answer(mail.ticket, "Done", html=(
                '<p>It is <b>done</b></p><script>alert(1)</script>')))

    html = read(sink.messages[0], 'html')
    assert '<b>done</b>' in html
    assert 'alert' not in html
    assert "Regards" in html
