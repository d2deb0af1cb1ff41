# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Answers that go out through a real mail server, which is not always there.
"""
import contextlib
import datetime as dt

import proteus
import pytest
from trytond.pool import Pool
from trytond.transaction import Transaction

from tests.services import until
from tests.together.processes import AGENT_PASSWORD, has_worker


@pytest.fixture
def ticket(site):
    "A ticket whose customer has written no letter"
    def create():
        Ticket = Pool().get('helpdesk.ticket')
        with Transaction().set_context(helpdesk_acknowledge=False):
            ticket, = Ticket.create([{
                        'subject': "Fire", 'email': 'ada@example.org',
                        'state': 'open', 'section': site.section,
                        'company': site.company}])
        return ticket.id
    return site.call(create, context={'company': site.company})


def answer(site, ticket, text):
    "Answer the ticket over the network, as the agent's client does"
    with proteus.config.set_xmlrpc_session(
            site.url + '/rpc/', 'agent', AGENT_PASSWORD):
        Ticket = proteus.Model.get('helpdesk.ticket')
        wizard = proteus.Wizard('helpdesk.ticket.answer', [Ticket(ticket)])
        wizard.form.text = text
        wizard.execute('send')


def conversation(site, ticket):
    "Return what the agent reads about the answer"
    with site.transaction(readonly=True) as pool:
        Conversation = pool.get('helpdesk.conversation')
        conversation, = Conversation.search_read(
            [('ticket', '=', ticket)],
            fields_names=['delivery', 'delivery_error', 'next_try', 'tries'])
        return conversation


def make_due(site, ticket):
    with site.transaction() as pool:
        Conversation = pool.get('helpdesk.conversation')
        Conversation.write(
            Conversation.search([('ticket', '=', ticket)]),
            {'next_try': dt.datetime.now() - dt.timedelta(minutes=1)})


def sent(sink, text):
    "Return how many mails with the text went out"
    return sum(
        text in m.get_body(('plain',)).get_content() for m in sink.messages)


@pytest.mark.parametrize('worker', [False, True])
def test_mail_server_down(site, sink, ticket, worker):
    """
    X1: while the mail server is down an answer waits and shows why; once the
    server is back it goes out by itself, once; with a worker or without
    """
    if worker and not has_worker():
        pytest.skip("trytond-worker does not run on this database")
    text = f"The fire brigade is on its way to {ticket}."
    sink.stop()
    with running(site, worker) as settle:
        answer(site, ticket, text)
        settle()
        waiting = conversation(site, ticket)
        assert (waiting['delivery'], waiting['tries']) == ('queued', 1)
        assert "cannot be reached" in waiting['delivery_error']
        assert waiting['next_try'] > dt.datetime.now()

        sink.start()
        make_due(site, ticket)
        for _ in range(2):
            site.cron(worker=worker)
            settle()
    assert conversation(site, ticket)['delivery'] == 'sent'
    assert not conversation(site, ticket)['delivery_error']
    assert sent(sink, text) == 1


@contextlib.contextmanager
def running(site, worker):
    "Have trytond run, return what waits until all that was queued is done"
    with contextlib.ExitStack() as stack:
        stack.enter_context(site.server(worker=worker))
        if worker:
            stack.enter_context(site.worker())
            yield lambda: until(site.idle, 60)
        else:
            yield lambda: None
