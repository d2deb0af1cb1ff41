# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import pytest
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk_mail.exceptions import AnswerAddressError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk.test_notice import bell
from tests.helpdesk_mail.mailing import running_sink, send
from tests.helpdesk_mail.test_bounce import report
from tests.helpdesk_mail.test_outgoing import answer
from tests.helpdesk_mail.test_receive import deliver, helpdesk
from tests.helpdesk_mail.test_send_again import send_again

ADA, BOB, EVE = 'ada@example.org', 'bob@example.org', 'eve@example.org'


def setup_module():
    activate_module('helpdesk_mail')


@pytest.fixture
def sink():
    with running_sink() as sink:
        yield sink


def to_two(desk, **values):
    "Return an answer to Ada and Bob"
    ticket = desk.make_ticket(
        email=ADA, state='open', employee=desk.agent.employee)
    values.setdefault('to_addresses', f'{ADA}, {BOB}')
    return answer(ticket, **values)


@pytest.mark.parametrize('where', ['to_addresses', 'cc_addresses'])
def test_later(sink, where):
    "A8, X3: who is refused for now gets it later; the others get it once"
    _test_later(sink, where)


@with_transaction()
def _test_later(sink, where):
    desk = helpdesk()
    conversation = to_two(desk, **{'to_addresses': ADA, where: (
                f'{ADA}, {BOB}' if where == 'to_addresses' else BOB)})
    sink.refuse_address, sink.refuse_with = BOB, '451 Come back later'
    conversation, = send(conversation)
    assert conversation.delivery == 'queued'
    assert conversation.missed_addresses == BOB
    assert '451 Come back later' in conversation.delivery_error
    assert conversation.next_try

    sink.refuse_address = None
    conversation, = send(conversation)
    assert conversation.delivery == 'sent'
    assert not conversation.missed_addresses
    assert not conversation.delivery_error
    assert [e.rcpt_tos for e in sink.envelopes] == [[ADA], [BOB]]
    first, second = sink.messages
    assert first['To'] == second['To']
    assert first['Message-ID'] == second['Message-ID']


def test_refused(sink):
    "X3: one of several is refused: it is said who, and only they get it again"
    _test_refused(sink)


@with_transaction()
def _test_refused(sink):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    sink.refuse_address = BOB
    conversation, = send(to_two(helpdesk()))
    assert (conversation.delivery, conversation.missed_addresses) == (
        'failed', BOB)
    assert BOB in conversation.delivery_error
    assert ADA not in conversation.delivery_error

    sink.refuse_address = None
    Conversation.send_again([conversation])
    conversation, = send(conversation)
    assert (conversation.delivery, conversation.missed_addresses) == (
        'sent', None)
    assert [e.rcpt_tos for e in sink.envelopes] == [[ADA], [BOB]]


def test_corrected(sink):
    "X3: a corrected address gets the mail, who has it not once more"
    _test_corrected(sink)


@with_transaction()
def _test_corrected(sink):
    desk = helpdesk()
    sink.refuse_address = BOB
    conversation, = send(to_two(desk))
    with pytest.raises(AnswerAddressError, match="have the mail already"):
        send_again(desk, conversation, to_addresses=ADA, store=False)
    conversation = send_again(
        desk, conversation, to_addresses=f'{ADA}, {EVE}', store=False)
    conversation, = send(conversation)

    assert conversation.delivery == 'sent'
    assert [e.rcpt_tos for e in sink.envelopes] == [[ADA], [EVE]]
    assert sink.messages[1]['To'] == f'{ADA}, {EVE}'


def test_came_back(sink):
    "ML13: what came back from one of several goes out again only to them"
    _test_came_back(sink)


@with_transaction()
def _test_came_back(sink):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    conversation, = send(to_two(helpdesk()))
    sink.clear()
    deliver(report('delivery_report', conversation, BOB.encode()))
    conversation = Conversation(conversation.id)
    assert (conversation.delivery, conversation.missed_addresses) == (
        'bounced', BOB)
    Conversation.send_again([conversation])
    send(conversation)
    assert [e.rcpt_tos for e in sink.envelopes] == [[BOB]]


def test_hidden(sink):
    "ML13, SE12: what came back from Bcc is told to agents, and names nobody"
    _test_hidden(sink)


@with_transaction(user=0)
def _test_hidden(sink):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk = helpdesk()
    sales = desk.make_user('sales', [], 'group_helpdesk')
    sales.groups = []
    sales.save()
    conversation, = send(to_two(desk, to_addresses=ADA, bcc_addresses=BOB))
    bell(desk.agent)
    came, = deliver(report('delivery_report', conversation, BOB.encode()))

    conversation = Conversation(conversation.id)
    assert conversation.delivery == 'bounced'
    assert conversation.missed_addresses == BOB
    assert 'Bcc' in conversation.delivery_error
    assert BOB not in conversation.delivery_error
    assert came.conversation == conversation
    assert len(bell(desk.agent)) == 1
    user, context = desk.as_user(sales)
    with user, context, pytest.raises(AccessError):
        Conversation.read([conversation.id], ['missed_addresses'])


def test_hidden_refused(sink):
    "SE12: who is refused in Bcc is not named to those who may not know"
    _test_hidden_refused(sink)


@with_transaction()
def _test_hidden_refused(sink):
    sink.refuse_address = BOB
    conversation, = send(to_two(
            helpdesk(), to_addresses=ADA, bcc_addresses=BOB))
    assert conversation.delivery == 'sent'
    assert conversation.missed_addresses == BOB
    assert 'Bcc' in conversation.delivery_error
    assert BOB not in conversation.delivery_error
