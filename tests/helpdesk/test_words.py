# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond import backend
from trytond.modules.helpdesk import words
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


def found(text):
    "Return the subjects of the tickets found by typing the text"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    return {
        t.subject for t in Ticket.search([('rec_name', 'ilike', f'%{text}%')])}


def say(ticket, **values):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Conversation.create([{
                'ticket': ticket.id, 'kind': 'phone', 'direction': 'in',
                **values}])


@pytest.mark.parametrize('common', [words.COMMON, 0])
@with_transaction()
def test_found_by_subject_and_conversations(monkeypatch, common):
    "Typing words finds them in the ticket and in what was said"
    monkeypatch.setattr(words, 'COMMON', common)
    desk = Helpdesk()
    coffee = desk.make_ticket(
        subject="The Café machine leaks", email='Ada@Example.org')
    printer = desk.make_ticket(subject="Printer", description="Paper jam")
    say(printer, body="It was the Überträger_42, they say")

    for text, tickets in [
            ("cafe", {coffee}), ("CAFÉ", {coffee}), ("leak mach", {coffee}),
            ("achine", set()), ("leaks printer", set()),
            ("ada@example.org", {coffee}), ("jam", {printer}),
            ("ubertrager", {printer}), ("42", {printer}), ("e", {coffee}),
            ("", {coffee, printer}), ("'", set()), ("& | !", set()),
            ("p", {printer}), (coffee.number, {coffee}),
            (f"#{coffee.number}", {coffee})]:
        assert found(text) == {t.subject for t in tickets}, text


@with_transaction()
def test_not_found():
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    desk.make_ticket(subject="One")
    two = desk.make_ticket(subject="Two")

    assert Ticket.search([('rec_name', 'not ilike', "%one%")]) == [two]
    assert Ticket.search([('rec_name', '=', "Two")]) == [two]


@with_transaction()
def test_words_follow_the_ticket():
    "A changed subject is found by its new words, not by its old ones"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    ticket = Helpdesk().make_ticket(subject="Old", description="Kept")
    Ticket.write([ticket], {'subject': "New"})

    assert found("new") == found("kept") == {"New"}
    assert not found("old")


@with_transaction()
def test_long_texts():
    "SE15: what is too long for an index is found by its beginning"
    desk = Helpdesk()
    ticket = desk.make_ticket()
    text = ' '.join(f'{n:x}word' for n in range(100_000))
    say(ticket, body=f"Needle {text} {'x' * 10_000}")

    assert found("needle")


@with_transaction()
def test_found_after_upgrade(monkeypatch):
    "What was stored before there were words to search for is found"
    pool = Pool()
    monkeypatch.setattr(words, 'BATCH', 2)
    desk = Helpdesk()
    for subject in ["Café", "Printer", "Mouse"]:
        ticket = desk.make_ticket(subject=subject)
        say(ticket, body=f"about the {subject}")
    say(ticket, subject="Sale")
    models = [pool.get(f'helpdesk.{n}') for n in ['ticket', 'conversation']]
    cursor = Transaction().connection.cursor()
    for Model in models:
        if backend.name == 'postgresql':
            cursor.execute(f'DROP INDEX "words_{Model._table}"')
        cursor.execute(f'ALTER TABLE "{Model._table}" DROP COLUMN "words"')
    for Model in models:
        Model.__register__('helpdesk')
    assert found("cafe") == {"Café"}
    assert found("about the") == {"Café", "Printer", "Mouse"}
    assert found("sale") == {"Mouse"}
