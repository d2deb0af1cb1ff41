# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from trytond.exceptions import UserWarning
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


class Writing:
    "A user who has the wizard open"

    def __init__(self, desk, user, ticket):
        self.desk, self.user, self.ticket = desk, user, ticket
        self.session, self.defaults = self.call(self.open)

    def call(self, do, *args):
        pool = Pool()
        Wizard = pool.get('helpdesk.ticket.answer', type='wizard')
        user, context = self.desk.as_user(self.user)
        with user, context, Transaction().set_context(
                active_model='helpdesk.ticket', active_id=self.ticket.id,
                active_ids=[self.ticket.id]):
            return do(Wizard, *args)

    @staticmethod
    def open(Wizard):
        session, start, _ = Wizard.create()
        return session, Wizard.execute(
            session, {}, start)['view']['defaults']

    def send(self, text):
        self.call(lambda Wizard: Wizard.execute(self.session, {'start': {
                        **{k: v for k, v in self.defaults.items()
                            if '.' not in k},
                        'text': text}}, 'send'))
        self.close()

    def close(self):
        self.call(lambda Wizard: Wizard.delete(self.session))


@with_transaction()
def test_who_is_writing():
    "AG3: who opens an answer is told who else is writing one"
    desk = Helpdesk()
    ticket, other = desk.make_ticket(), desk.make_ticket()
    first = Writing(desk, desk.agent, ticket)
    assert not first.defaults.get('writers')
    assert not Writing(desk, desk.manager, other).defaults.get('writers')
    second = Writing(desk, desk.manager, ticket)
    assert "Agent" in second.defaults['writers']
    assert "Manager" not in second.defaults['writers']


@with_transaction()
def test_cancelled():
    "AG3: who gave up or has sent is no longer writing"
    desk = Helpdesk()
    ticket = desk.make_ticket()
    Writing(desk, desk.agent, ticket).close()
    assert not Writing(desk, desk.manager, ticket).defaults.get('writers')
    Writing(desk, desk.agent, ticket).send("Hello")
    last = Writing(desk, desk.agent, ticket).defaults['writers']
    assert last.count("Manager") == 1


@with_transaction()
def test_forgotten():
    "AG3: who left without saying good-bye is forgotten after half an hour"
    pool = Pool()
    Writer = pool.get('helpdesk.ticket.writer')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    Writing(desk, desk.agent, ticket)
    writers = Writer.search([])
    Writer.write(writers, {
            'since': dt.datetime.now() - dt.timedelta(minutes=31)})
    assert not Writing(desk, desk.manager, ticket).defaults.get('writers')


@with_transaction()
def test_both_send():
    "AG3: who sends second is told first, with what is new to read"
    desk = Helpdesk()
    ticket = desk.make_ticket()
    first = Writing(desk, desk.agent, ticket)
    second = Writing(desk, desk.manager, ticket)
    first.send("We send a fireman.")
    with pytest.raises(UserWarning) as warning:
        second.send("Leave the building.")

    assert "We send a fireman." in warning.value.description
    assert "Agent" in warning.value.description
    assert [c.body for c in ticket.__class__(ticket.id).conversations] == [
        "We send a fireman."]


@with_transaction()
def test_sent_all_the_same():
    "AG3: whoever has read what is new can send all the same"
    pool = Pool()
    Warning = pool.get('res.user.warning')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    second = Writing(desk, desk.manager, ticket)
    Writing(desk, desk.agent, ticket).send("We send a fireman.")
    with pytest.raises(UserWarning) as warning:
        second.send("Leave the building.")
    with Transaction().set_user(desk.manager.id):
        Warning.skip(warning.value.name)
    second.send("Leave the building.")

    assert len(ticket.__class__(ticket.id).conversations) == 2


@with_transaction()
def test_writers_are_not_read():
    "SE12: who is writing is told to those only who open an answer"
    pool = Pool()
    Writer = pool.get('helpdesk.ticket.writer')
    desk = Helpdesk()
    Writing(desk, desk.agent, desk.make_ticket())
    user, context = desk.as_user(desk.manager)
    with user, context, pytest.raises(AccessError):
        Writer.search([])
