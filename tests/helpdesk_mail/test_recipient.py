# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import pytest
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk_mail.exceptions import AnswerAddressError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail.mailing import Dialog, running_sink, send
from tests.helpdesk_mail.test_receive import deliver, helpdesk
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


def make_ticket(desk, **values):
    values.setdefault('participants', [
            {'email': 'boss@example.org', 'role': 'cc'},
            {'email': 'watch@example.org', 'role': 'watcher'}])
    return desk.make_ticket(email='ada@example.org', state='open', **values)


@with_transaction()
def test_reply():
    "ML23: whom an answer goes to is said before, and can be chosen"
    desk = helpdesk()
    dialog = Dialog(desk, make_ticket(desk))

    assert dialog.values['reply'] == 'customer'
    assert dialog.values['to_addresses'] == 'ada@example.org'
    assert dialog.values['cc_addresses'] == 'watch@example.org'
    dialog.change('reply', 'all')
    assert dialog.values['cc_addresses'] == (
        'watch@example.org, boss@example.org')
    conversation = dialog.send()
    assert conversation.to_addresses == 'ada@example.org'
    assert conversation.cc_addresses == (
        'watch@example.org, boss@example.org')


@with_transaction()
def test_reply_all_is_proposed():
    "ML23: the section can propose it, and the last answer decides else"
    desk = helpdesk()
    first, second = make_ticket(desk), make_ticket(desk)
    dialog = Dialog(desk, first)
    dialog.change('reply', 'all')
    dialog.send()

    assert Dialog(desk, first).values['reply'] == 'all'
    assert Dialog(desk, second).values['reply'] == 'customer'
    desk.section.reply_all = True
    desk.section.save()
    assert 'boss@example.org' in Dialog(desk, second).values['cc_addresses']


@with_transaction()
def test_copy_is_remembered():
    "ML23: who was added in copy takes part, and their answers join"
    desk = helpdesk()
    ticket = make_ticket(desk)
    Dialog(desk, ticket).send(
        to_addresses="Ada <Ada@example.org>",
        cc_addresses="Bob <Bob@Example.org>, boss@example.org, "
        "support@example.com")
    ticket = ticket.__class__(ticket.id)

    assert {(p.email, p.role) for p in ticket.participants} == {
        ('bob@example.org', 'cc'), ('boss@example.org', 'cc'),
        ('watch@example.org', 'watcher')}
    answer = ticket.conversations[0]
    mail, = deliver(letter(
            "I know", sender='bob@example.org', subject="Re: fire",
            In_Reply_To=f'<{answer.message_id}>'))
    assert mail.ticket == ticket
    dialog = Dialog(desk, ticket)
    assert dialog.values['reply'] == 'all'
    assert 'bob@example.org' in dialog.values['cc_addresses']


def test_copied_person_answers():
    "ML24: an answer to all after a letter of who is in copy is one thread"
    with running_sink() as sink:
        _test_copied_person_answers(sink)


@with_transaction()
def _test_copied_person_answers(sink):
    desk = helpdesk()
    mail, = deliver(letter(
            "It burns", message_id='<one@example.org>',
            Cc='Bob <bob@example.org>'))
    answer = Dialog(desk, mail.ticket).send(reply='all', cc_addresses=(
            'bob@example.org'))
    send(answer)
    deliver(letter(
            "I see it", sender='bob@example.org', subject="Re: fire",
            message_id='<two@example.org>',
            In_Reply_To=f'<{answer.message_id}>'))
    send(Dialog(desk, mail.ticket).send("We come."))

    _, message = sink.messages
    assert message['To'] == 'ada@example.org'
    assert message['Cc'] == 'bob@example.org'
    assert message['In-Reply-To'] == '<two@example.org>'
    references = message['References'].split()
    assert references[0] == '<one@example.org>'
    assert references[-2:] == [
        f'<{answer.message_id}>', '<two@example.org>']


def test_hidden_copy():
    "ML23, SE11: Bcc is in the envelope, and nowhere else ever again"
    with running_sink() as sink:
        _test_hidden_copy(sink)


@with_transaction()
def _test_hidden_copy(sink):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk = helpdesk(quote_history=True)
    ticket = make_ticket(desk)
    conversation = Dialog(desk, ticket).send(
        bcc_addresses="Spy <spy@example.net>")
    send(conversation)

    assert conversation.bcc_addresses == 'spy@example.net'
    envelope, = sink.envelopes
    assert set(envelope.rcpt_tos) == {
        'ada@example.org', 'watch@example.org', 'spy@example.net'}
    assert b'spy' not in envelope.original_content
    assert b'bcc' not in envelope.original_content.lower()
    ticket = ticket.__class__(ticket.id)
    assert 'spy@example.net' not in [p.email for p in ticket.participants]
    deliver(letter(
            "Thanks", subject="Re: fire",
            In_Reply_To=f'<{conversation.message_id}>'))
    dialog = Dialog(desk, ticket)
    dialog.change('reply', 'all')
    assert 'spy' not in str(dialog.values)
    send(dialog.send())
    assert 'spy@example.net' not in sink.envelopes[1].rcpt_tos
    assert b'spy' not in sink.envelopes[1].original_content
    user, context = desk.as_user(desk.agent)
    with user, context:
        row, = Conversation.read([conversation.id], ['bcc_addresses'])
    assert row['bcc_addresses'] == 'spy@example.net'


def test_refused_hidden_copy():
    "SE11: what the server says of somebody in Bcc does not name them"
    with running_sink() as sink:
        sink.refuse_address = 'spy@example.net'
        _test_refused_hidden_copy()


@with_transaction()
def _test_refused_hidden_copy():
    desk = helpdesk()
    conversation = Dialog(desk, make_ticket(desk)).send(
        bcc_addresses='spy@example.net')
    send(conversation)

    assert conversation.delivery == 'sent'
    assert '550' in conversation.delivery_error
    assert 'spy' not in conversation.delivery_error.lower()


@with_transaction()
def test_hidden_copy_is_for_agents():
    "SE11, SE12: only agents read who got an answer unseen"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    ModelAccess = pool.get('ir.model.field.access')
    desk = helpdesk()
    conversation = Dialog(desk, make_ticket(desk)).send(
        bcc_addresses='spy@example.net')
    outsider = desk.make_user('outsider', [])
    outsider.groups = []
    outsider.save()

    user, context = desk.as_user(outsider)
    with user, context:
        assert not ModelAccess.get_access([Conversation.__name__])[
            Conversation.__name__]['bcc_addresses']['read']
        with pytest.raises(AccessError):
            Conversation.read([conversation.id], ['bcc_addresses'])


@with_transaction()
def test_no_address():
    "What is no address is named before anything is sent"
    desk = helpdesk()
    ticket = make_ticket(desk)
    for values, words in [
            ({'to_addresses': ''}, "no e-mail address"),
            ({'to_addresses': 'ada'}, '"ada"'),
            ({'cc_addresses': 'bob@example.org eve'}, "separate several"),
            ({'bcc_addresses': 'x@y@z'}, '"x@y@z"'),
            ]:
        with pytest.raises(AnswerAddressError, match=words):
            Dialog(desk, ticket).send(**values)
    assert all(c.automatic for c in ticket.conversations)


@with_transaction()
def test_header_injection():
    "SE8: no address that an agent types adds a header"
    desk = helpdesk()
    conversation = Dialog(desk, make_ticket(desk)).send(
        cc_addresses='bob@example.org\r\nX-Evil: 1@example.org')

    assert conversation.cc_addresses == 'bob@example.org, 1@example.org'


@with_transaction()
def test_suggestions():
    "Who takes part is proposed while somebody types"
    desk = helpdesk()
    dialog = Dialog(desk, make_ticket(desk))
    dialog.values.update(cc_addresses='watch@example.org, b')
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert dialog.start().autocomplete_cc_addresses() == [
            'watch@example.org, boss@example.org']


@with_transaction()
def test_suggestions_of_others():
    "SE12: nobody learns by the form who takes part in a foreign ticket"
    desk = helpdesk(visibility='private')
    ticket = make_ticket(desk)
    dialog = Dialog(desk, ticket)
    outsider = desk.make_user('outsider', [])
    user, context = desk.as_user(outsider)
    with user, context:
        start = dialog.start()
        for method in [
                start.autocomplete_cc_addresses, start.get_ticket_files,
                start.on_change_reply]:
            with pytest.raises(AccessError):
                method()
