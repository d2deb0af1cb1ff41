# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A real server for outgoing mail, and going through the wizard Answer.
"""
import contextlib

import trytond.config as config
from trytond.pool import Pool
from trytond.transaction import Transaction

from tests.services import Sink

__all__ = ['Dialog', 'running_sink', 'send']


@contextlib.contextmanager
def running_sink():
    "The sink that Tryton sends its mail to"
    with Sink() as sink:
        before = {
            k: config.get('email', k, default='') for k in ['uri', 'retry']}
        config.set('email', 'uri', sink.uri)
        config.set('email', 'retry', '0')
        try:
            yield sink
        finally:
            for key, value in before.items():
                config.set('email', key, value)


def send(*conversations):
    "Send the conversations, as the queue does after the commit"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Conversation.send(list(conversations))
    return Conversation.browse(conversations)


class Dialog:
    "The wizard Answer as a client goes through it"

    def __init__(self, desk, ticket, user=None):
        pool = Pool()
        self.Wizard = pool.get('helpdesk.ticket.answer', type='wizard')
        self.desk, self.ticket = desk, ticket
        self.user = user or desk.agent
        with contextlib.ExitStack() as stack:
            self._enter(stack)
            self.session, start, _ = self.Wizard.create()
            self.values = self.Wizard.execute(
                self.session, {}, start)['view']['defaults']

    def _enter(self, stack):
        user, context = self.desk.as_user(self.user)
        stack.enter_context(user)
        stack.enter_context(context)
        stack.enter_context(Transaction().set_context(
                active_model='helpdesk.ticket', active_id=self.ticket.id,
                active_ids=[self.ticket.id]))

    def change(self, name, value):
        "Change a field, as the agent does"
        pool = Pool()
        Start = pool.get('helpdesk.ticket.answer.start')
        self.values[name] = value
        with contextlib.ExitStack() as stack:
            self._enter(stack)
            start = Start(**self._typed())
            start.on_change([name])
        for name, value in start._changed_values().items():
            if isinstance(value, dict):
                # Records, of which the server knows none
                value = [
                    {k: v for k, v in values.items() if k != 'id'}
                    for _, values in value.get('add', [])]
            self.values[name] = value

    def start(self):
        "Return the form as a record"
        pool = Pool()
        return pool.get('helpdesk.ticket.answer.start')(**self._typed())

    def files(self):
        "Return the files of the ticket to choose from, by name"
        with contextlib.ExitStack() as stack:
            self._enter(stack)
            return {n: k for k, n in self.start().get_ticket_files()}

    def _typed(self):
        return {
            k: v for k, v in self.values.items()
            if not k.endswith('.') and k != 'to'}

    def send(self, text="We send a fireman.", button='send', **values):
        "Send what was written; return the conversation"
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        self.values.update(text=text, **values)
        with contextlib.ExitStack() as stack:
            self._enter(stack)
            self.Wizard.execute(
                self.session, {'start': self._typed()}, button)
        newest = Conversation.newest([self.ticket.id], 1)[self.ticket.id]
        return Conversation(newest[0])
