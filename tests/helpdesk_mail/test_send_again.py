# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import pytest
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk_mail.exceptions import (
    AnswerAddressError, SendAgainError)
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk_mail.mailing import running_sink, send
from tests.helpdesk_mail.test_outgoing import answer
from tests.helpdesk_mail.test_receive import helpdesk


def setup_module():
    activate_module('helpdesk_mail')


@pytest.fixture
def sink():
    with running_sink() as sink:
        yield sink


def send_again(desk, conversation, user=None, **values):
    "Go through the wizard as a client does"
    pool = Pool()
    Wizard = pool.get('helpdesk.conversation.send_again', type='wizard')
    user, context = desk.as_user(user or desk.agent)
    with user, context, Transaction().set_context(
            active_model='helpdesk.conversation',
            active_id=conversation.id, active_ids=[conversation.id]):
        session, start, _ = Wizard.create()
        defaults = Wizard.execute(session, {}, start)['view']['defaults']
        Wizard.execute(session, {'start': {**defaults, **values}}, 'send')
    return conversation.__class__(conversation.id)


def failed(desk, sink, **values):
    ticket = desk.make_ticket(email='adda@example.org', state='open')
    sink.refuse_address = 'adda@example.org'
    conversation, = send(answer(ticket, **values))
    assert conversation.delivery == 'failed'
    return conversation


def test_other_address(sink):
    "An answer that was not sent goes to a corrected address, kept if wanted"
    _test_other_address(sink)


@with_transaction()
def _test_other_address(sink):
    desk = helpdesk()
    conversation = failed(desk, sink)
    message_id = conversation.message_id
    conversation = send_again(
        desk, conversation, to_addresses='Ada@example.org')
    assert conversation.delivery == 'queued'
    conversation, = send(conversation)

    assert conversation.delivery == 'sent'
    assert conversation.message_id == message_id
    assert sink.messages[0]['To'] == 'ada@example.org'
    assert conversation.ticket.email == 'ada@example.org'


def test_only_once(sink):
    "The ticket keeps its address if that is wanted"
    _test_only_once(sink)


@with_transaction()
def _test_only_once(sink):
    desk = helpdesk()
    conversation = send_again(
        desk, failed(desk, sink), store=False,
        to_addresses='ada@example.org, bob@example.org')
    send(conversation)

    assert sink.envelopes[0].rcpt_tos == [
        'ada@example.org', 'bob@example.org']
    ticket = conversation.ticket.__class__(conversation.ticket.id)
    assert ticket.email == 'adda@example.org'
    assert {p.email for p in ticket.participants} == {
        'ada@example.org', 'bob@example.org'}


def test_not_again(sink):
    "What went out, and what has no address, is not sent again"
    _test_not_again(sink)


@with_transaction()
def _test_not_again(sink):
    desk = helpdesk()
    conversation = failed(desk, sink)
    for to in ['ada', ' , ']:
        with pytest.raises(AnswerAddressError):
            send_again(desk, conversation, to_addresses=to)
    conversation.delivery = 'sent'
    conversation.save()
    with pytest.raises(SendAgainError):
        send_again(desk, conversation, to_addresses='ada@example.org')


def test_of_others(sink):
    "SE12: nobody sends again what they may not answer"
    _test_of_others(sink)


@with_transaction()
def _test_of_others(sink):
    desk = helpdesk(visibility='private')
    conversation = failed(desk, sink)
    outsider = desk.make_user('outsider', [])
    with pytest.raises(AccessError):
        send_again(
            desk, conversation, outsider, to_addresses='eve@example.org')
