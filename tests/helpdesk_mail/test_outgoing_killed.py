# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What is sent by a task that dies. It stays in the database, hence the own file.
"""
import pytest
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME, activate_module
from trytond.transaction import Transaction, TransactionError

from tests.helpdesk_mail import test_outgoing
from tests.helpdesk_mail.test_mail_account import make_helpdesk
from tests.helpdesk_mail.test_smtp_server import make_ticket

sink = test_outgoing.sink


def setup_module():
    activate_module('helpdesk_mail')


def committed(function):
    "Return what the function returns in a transaction that is committed"
    extras = {}
    while True:
        try:
            with Transaction().start(DB_NAME, 1, **extras) as transaction:
                result = function()
                transaction.tasks.clear()
                return result
        except TransactionError as error:
            error.fix(extras)


@pytest.mark.commits
def test_killed_between_two(sink, monkeypatch):
    "A task that dies sends again at most the mail it died at"
    Conversation = Pool(DB_NAME).get('helpdesk.conversation')

    def make():
        desk = make_helpdesk()
        return [
            test_outgoing.answer(make_ticket(desk), f"Answer {i}").id
            for i in range(3)]

    def deliveries():
        return [c.delivery for c in Conversation.browse(ids)]

    def send():
        Conversation.send(Conversation.browse(ids))

    async def die(server, session, envelope):
        answer = await accept(server, session, envelope)
        if len(sink.envelopes) == 2:
            monkeypatch.setattr(Conversation, 'save', lambda *args: 1 / 0)
        return answer
    ids = committed(make)
    accept, sink.handle_DATA = sink.handle_DATA, die
    with pytest.raises(ZeroDivisionError):
        committed(send)
    monkeypatch.undo()
    assert committed(deliveries) == ['sent', 'queued', 'queued']
    committed(send)

    assert committed(deliveries) == ['sent'] * 3
    texts = [
        m.get_body(('plain',)).get_content().strip() for m in sink.messages]
    assert texts == ["Answer 0", "Answer 1", "Answer 1", "Answer 2"]
    assert len({m['Message-ID'] for m in sink.messages}) == 3
