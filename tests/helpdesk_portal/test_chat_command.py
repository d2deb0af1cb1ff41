# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Commands that operators type in a chat.
"""
import re
import textwrap
from pathlib import Path
from unittest.mock import patch

from trytond.exceptions import UserError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction, without_check_access

from .talk import Talk

ROOT = Path(__file__).parents[2]


def setup_module():
    activate_module('helpdesk_portal')


@with_transaction()
def test_help():
    "/help lists the commands in the operator's language, to nobody else (B9)"
    talk = Talk()
    talk.operator("/HELP")
    told = talk.seen_by(talk.desk.agent)[-1]
    for name in talk.chat.commands():
        assert f'/{name}' in told
    assert "/close, /end: End the chat." in told
    assert told not in talk.seen_by(talk.desk.manager)
    assert talk.said() == ["Hello?"]


@with_transaction()
def test_unknown():
    "What is no command is not sent, and goes back to the operator (B9)"
    talk = Talk()
    for typed in ["/tiket Broken", " /tiket Broken", "/", "/home/marta"]:
        talk.operator(typed)
        told = talk.seen_by(talk.desk.agent)[-1]
        assert typed.strip() in told and "/ticket" in told
    assert talk.said() == ["Hello?"]
    talk.operator("//home/marta")
    talk.operator("1/2")
    assert talk.said() == ["Hello?", "/home/marta", "1/2"]


@with_transaction()
def test_note():
    "/note is for colleagues, whatever the message was marked as (B9)"
    talk = Talk()
    talk.operator("/note She called before")
    talk.operator("/note")
    assert "She called before" in talk.seen_by(talk.desk.manager)
    assert "She called before" not in talk.seen_by_visitor()
    assert "/note" in talk.seen_by(talk.desk.agent)[-1]
    assert talk.said() == ["Hello?"]


@with_transaction()
def test_close():
    "/close and /end end the chat, once (B9)"
    for command in ['/close', '/End']:
        talk = Talk()
        talk.operator(command)
        assert talk.chat.state == 'ended'
        assert talk.chat.ended_by == 'operator'
        talk.operator(command)
        assert "has ended" in talk.seen_by(talk.desk.agent)[-1]
        Transaction().rollback()


@with_transaction()
def test_email():
    "/email has the visitor asked for an address, until there is one (B9)"
    talk = Talk()
    version = talk.chat.version
    talk.operator("/email")
    assert talk.chat.email_asked
    assert talk.chat.version > version
    assert "e-mail address" in talk.seen_by_visitor()[-1]
    chat = talk.chat
    chat.email = 'marta@example.com'
    chat.save()
    assert not talk.chat.email_asked
    talk.operator("/email")
    assert not talk.chat.email_asked
    assert 'marta@example.com' in talk.seen_by(talk.desk.agent)[-1]


@with_transaction()
def test_canned():
    "/canned sends what the operator may use, with all its values (AG12)"
    talk = Talk()
    desk = talk.desk
    ReplyTemplate = Pool().get('helpdesk.reply_template')
    other = desk.make_section("Other")
    ReplyTemplate.create([
            {'name': "Hours", 'text': "/ We open at 9. ${agent.name}"},
            {'name': "Hours in August", 'text': "Closed"},
            {'name': "Number", 'text': "It is ${ticket.number}"},
            {'name': "Customer", 'text': "Dear ${party.name}"},
            {'name': "Secret", 'text': "Of others",
                'sections': [('add', [other.id])]},
            ])
    talk.operator("/canned hours")
    assert talk.said()[-1] == "/ We open at 9. Agent"
    said = talk.seen_by_visitor()
    for name, told in [
            ("number", "${ticket.number}"),
            ("customer", "${party.name}"),
            ("secret", "no canned answer"),
            ("hour", "Hours in August"),
            ("", "/canned"),
            ]:
        talk.operator(f"/canned {name}")
        assert told in talk.seen_by(desk.agent)[-1]
    assert talk.seen_by_visitor() == said
    assert "Secret" not in '\n'.join(talk.seen_by(desk.agent)).replace(
        "“secret”", "")
    talk.operator("/ticket Broken")
    talk.operator("/canned number")
    assert talk.seen_by_visitor()[-1] == f"It is {talk.chat.ticket.number}"


@with_transaction()
def test_documented_command():
    "The command in doc/extending.rst does what it says"
    talk = Talk()
    text = (ROOT / 'doc' / 'extending.rst').read_text(encoding='utf-8')
    text = text.partition('\nCommands in a chat\n')[2]
    code = textwrap.dedent(
        re.search(r'code-block:: python\n\n((?: {4}.*\n|\n)+)', text)[1])
    names = {'Base': talk.chat.__class__}
    exec(code.replace('metaclass=PoolMeta', 'Base'), names)
    assert 'thanks' in names['Chat'].commands()
    assert 'help' in names['Chat'].commands()
    chat = names['Chat'](talk.chat.id)
    user, context = talk.desk.as_user(talk.desk.agent)
    with user, context, without_check_access():
        chat.answer("/thanks Marta")
    assert talk.seen_by_visitor()[-1] == "Thank you, Marta!"


@with_transaction()
def test_trouble():
    "What a command can't do is undone, and told without an error (B9)"
    talk = Talk()
    Chat = Pool().get('helpdesk.chat')
    with patch.object(
            Chat, 'command_note', side_effect=UserError("No such day")), \
            patch.object(Transaction, 'rollback') as rollback:
        talk.operator("/note 31 February")
    rollback.assert_called_once_with()
    told = talk.seen_by(talk.desk.agent)[-1]
    assert "/note 31 February" in told and "No such day" in told
