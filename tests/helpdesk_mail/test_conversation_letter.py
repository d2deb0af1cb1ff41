# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import base64
import re

import pytest
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail.corpus import letter as read_letter
from tests.helpdesk_mail.corpus import raw_letter
from tests.helpdesk_mail.test_receive import deliver, helpdesk
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


def deliver_letters(*names):
    return deliver(*(raw_letter(name) for name in names))


def names_of(desk, mail):
    "Return the names of the files that the ticket shows the agent"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    Ticket = pool.get('helpdesk.ticket')
    user, context = desk.as_user(desk.agent)
    with user, context:
        values, = Ticket.read([mail.ticket.id], ['files'])
        return sorted(a.name for a in Attachment.browse(values['files']))


@with_transaction()
def test_quote_is_kept_apart():
    "ML25: the ticket has what the customer wrote, the quote is not lost"
    helpdesk(mail_address='support@helpdesk.example')
    mail, = deliver_letters('gmail_es')

    text = "Hola:\n\nya marca 4 grados, gracias.\n\nLucía"
    assert mail.ticket.description == text
    assert mail.conversation.body == text
    assert mail.conversation.quoted.startswith("El lun, 16 nov 2026")
    assert "> pase el interruptor" in mail.conversation.quoted


@with_transaction()
def test_content_is_not_flattened():
    "ML25: the client gets the lines of HTML in the tags that it knows"
    helpdesk(mail_address='support@helpdesk.example')
    reply, german = deliver_letters('gmail_es', 'outlook_de')

    assert reply.conversation.content == (
        '<div><div>Hola:</div><div><br></div>'
        '<div>ya marca <b>4 grados</b>, gracias.</div>'
        '<div><br></div><div>Lucía</div></div><br>')
    # The client can't show pictures there: it says where they are
    assert '<div>[image002.png]</div>' in german.conversation.content
    assert "Bitte starten Sie" not in german.conversation.content


@with_transaction()
def test_formatted_page():
    "ML19, ML25, SE3: the page has quote and pictures, and fetches nothing"
    helpdesk(mail_address='support@helpdesk.example')
    german, plain = deliver_letters('outlook_de', 'k9_de')

    page = bytes(german.conversation.formatted).decode('utf-8')
    for part in read_letter('outlook_de').parts:
        data = base64.b64encode(part.data).decode('ascii')
        assert f'src="data:image/png;base64,{data}"' in page
    fresh, _, folded = page.partition('<details>')
    assert "die Meldung kommt weiterhin" in fresh
    assert "Bitte starten Sie" in folded
    assert "<summary>Quoted text and signature</summary>" in folded
    assert "default-src 'none'" in page
    assert not re.search(r'src="(?!data:)', page)
    assert german.conversation.formatted_name.endswith('.html')
    assert plain.conversation.formatted is None
    assert plain.conversation.formatted_name is None


@with_transaction()
def test_files_are_kept():
    "ML19: pictures in the text are not listed, but are files all the same"
    desk = helpdesk(mail_address='support@helpdesk.example')
    german, signed, plans = deliver_letters(
        'outlook_de', 'smime_signed', 'nested_multiparts')

    assert german.conversation.files == ''
    assert signed.conversation.files == ''
    assert plans.conversation.files == 'plan.pdf'
    assert names_of(desk, german) == ['image001.png', 'image002.png']
    assert names_of(desk, signed) == ['smime.p7s']


@with_transaction()
def test_winmail():
    "ML20: what is in a winmail.dat becomes the letter's text and files"
    desk = helpdesk(mail_address='support@helpdesk.example')
    rich, marked, broken = deliver_letters(
        'tnef_rtf', 'tnef_html', 'winmail')

    assert rich.ticket.description == (
        "Guten Tag,\n\nder Drucker zeigt Stau an. Grüße\nRené")
    assert names_of(desk, rich) == ["Vertrag für Prüfung.pdf"]
    page = bytes(marked.conversation.formatted).decode('utf-8')
    assert "Der Drucker steht:" in page
    assert 'src="data:image/png;base64,' in page
    assert names_of(desk, broken) == ['winmail.dat']
    assert broken.defects == (
        "The file winmail.dat is damaged or empty. It was kept as it is.")


@with_transaction()
def test_invitation():
    "An invitation tells when and where; its answer is not answered"
    desk = helpdesk(mail_address='support@helpdesk.example')
    invitation, reply = deliver_letters('invitation_es', 'invitation_reply')

    assert "2026-11-24 10:00–11:30 (Europe/Madrid)\nClínica Norte" in (
        invitation.ticket.description)
    assert names_of(desk, invitation) == ['attachment-1.ics']
    assert [c.direction for c in invitation.ticket.conversations] == [
        'out', 'in']
    assert [c.direction for c in reply.ticket.conversations] == ['in']
    assert "invitation" in reply.reason


@with_transaction()
def test_protection():
    "What is signed or encrypted is said to be, and what came is attached"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    helpdesk(mail_address='support@helpdesk.example')
    definition = Conversation.fields_get(['protection'])['protection']
    labels = dict(definition['selection'])
    for name, protection, shown, begin in [
            ('pgp_signed', 'signed', "Signed (Not Verified)", "My key"),
            ('pgp_inline', 'signed', "Signed (Not Verified)", "The meter"),
            ('smime_opaque', 'signed', "Signed (Not Verified)", "Terminal 6"),
            ('pgp_encrypted', 'encrypted', "Encrypted", "This letter is enc"),
            ('smime_encrypted', 'encrypted', "Encrypted", "This letter is"),
            ('plain', '', "", "Good morning"),
            ]:
        mail, = deliver_letters(name)
        conversation = mail.conversation
        assert conversation.protection == protection, name
        assert labels[conversation.protection] == shown, name
        assert conversation.body.startswith(begin), name
        assert len(conversation.attachments) == len(
            read_letter(name).parts), name


@with_transaction()
def test_raw_letter():
    "ML15, SE12: who reads the ticket gets the letter as it came, nobody else"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk = helpdesk(
        mail_address='support@helpdesk.example', visibility='private')
    stranger = desk.make_user('stranger', [])
    mail, = deliver_letters('scratched_utf8')
    conversation = mail.conversation.id
    assert '\ufffd' in mail.conversation.body

    user, context = desk.as_user(desk.agent)
    with user, context:
        assert bytes(Conversation(conversation).raw) == (
            raw_letter('scratched_utf8'))
        assert Conversation(conversation).raw_name.endswith('.eml')
        with pytest.raises(AccessError):
            Conversation.write(
                [Conversation(conversation)], {'quoted': "else"})
    user, context = desk.as_user(stranger)
    with user, context:
        with pytest.raises(AccessError):
            Conversation.read([conversation], ['raw'])
        with pytest.raises(AccessError):
            Conversation.read([conversation], ['formatted'])


@with_transaction()
def test_one_query_for_all():
    "The raw letters of many conversations are found at once"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    helpdesk()
    mails = deliver(letter("one"), letter("two"))
    names = Conversation.read(
        [m.conversation.id for m in mails], ['raw_name'])

    assert {n['raw_name'] for n in names} == {m.raw_name for m in mails}
