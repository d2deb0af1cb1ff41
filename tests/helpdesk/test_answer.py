# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.exceptions import UserError, UserWarning
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


def talk(desk, ticket, wizard, button, text="Hello", before=None):
    "Go through a wizard as the agent does"
    pool = Pool()
    Wizard = pool.get(f'helpdesk.ticket.{wizard}', type='wizard')
    user, context = desk.as_user(desk.agent)
    with user, context, Transaction().set_context(
            active_model='helpdesk.ticket', active_id=ticket.id,
            active_ids=[ticket.id]):
        session_id, start, _ = Wizard.create()
        defaults = Wizard.execute(
            session_id, {}, start)['view']['defaults']
        if before:
            before()
        Wizard.execute(session_id, {'start': {
                    **{k: v for k, v in defaults.items() if '.' not in k},
                    'text': text,
                    'attachments': [{'name': 'a.txt', 'data': b'abc'}],
                    }}, button)
        Wizard.delete(session_id)
    return ticket.__class__(ticket.id)


@with_transaction()
def test_answer():
    "A8: an answer is kept with its author and counts as the first one"
    desk = Helpdesk()
    ticket = talk(
        desk, desk.make_ticket(unread=True), 'answer', 'send')
    conversation, = ticket.conversations

    assert (conversation.direction, conversation.kind) == ('out', 'phone')
    assert (conversation.body, conversation.author) == ("Hello", "Agent")
    assert conversation.attachments[0].data == b'abc'
    assert conversation.files == 'a.txt'
    assert ticket.first_answer_at == conversation.at
    assert ticket.state == 'open'
    assert not ticket.unread


@pytest.mark.parametrize('button,expected', [
        ('wait', 'pending'), ('resolve', 'resolved')])
def test_answer_and_move(button, expected):
    "An answer and what comes next in one click, from every state"
    _test_answer_and_move(button, expected)


@with_transaction()
def _test_answer_and_move(button, expected):
    desk = Helpdesk()
    for state in ['draft', 'open', 'pending', 'authorization', 'third_party',
            'resolved']:
        ticket = talk(desk, desk.make_ticket(state=state), 'answer', button)

        assert ticket.state == expected, state
        assert len(ticket.conversations) == 1


@with_transaction()
def test_note():
    "A8: a note is internal and changes nothing for the customer"
    desk = Helpdesk()
    ticket = talk(desk, desk.make_ticket(unread=True), 'note', 'save')
    note, = ticket.conversations

    assert (note.kind, note.direction) == ('note', 'internal')
    assert ticket.unread
    assert ticket.state == 'draft'
    assert not ticket.first_answer_at


@with_transaction()
def test_empty_text():
    desk = Helpdesk()
    with pytest.raises(UserError):
        talk(desk, desk.make_ticket(), 'answer', 'send', text=" \n")


@with_transaction()
def test_closed_ticket_is_not_answered():
    desk = Helpdesk()
    with pytest.raises(UserError):
        talk(desk, desk.make_ticket(state='closed'), 'answer', 'send')


@with_transaction()
def test_stale_answer():
    "AG3: when somebody wrote meanwhile, that is said before anything is sent"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk = Helpdesk()
    ticket = desk.make_ticket()

    def write():
        Conversation.create([{
                    'ticket': ticket.id, 'kind': 'note',
                    'direction': 'internal', 'body': "I do it"}])
    with pytest.raises(UserWarning):
        talk(desk, ticket, 'answer', 'send', before=write)
    assert len(ticket.__class__(ticket.id).conversations) == 1


@with_transaction()
def test_newest_conversations():
    "The form shows the newest twenty, in order"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk = Helpdesk()
    ticket, other = desk.make_ticket(), desk.make_ticket()
    Conversation.create([{
                'ticket': t.id, 'kind': 'note', 'direction': 'internal',
                'body': str(i)} for i in range(25) for t in (ticket, other)])
    user, context = desk.as_user(desk.agent)
    with user, context:
        ticket = ticket.__class__(ticket.id)
        assert [c.body for c in ticket.last_conversations] == [
            str(i) for i in range(24, 4, -1)]
