# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Live chats in which several do something at the same time.
"""
import threading
import time
import unittest

from trytond import backend, config
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from tests.records import Helpdesk

from .chat_case import ChatTestCase
from .chats import be_present

COUNT = 20
# Between two messages: faster than people, but not without end
PAUSE = .3


@unittest.skipIf(
    backend.name == 'sqlite', "one transaction writes at a time")
class ChatAtOnceTestCase(ChatTestCase):
    "A visitor and an operator who both go on"

    @classmethod
    def setUpDatabase(cls):
        super().setUpDatabase()
        pool = Pool(DB_NAME)
        Section = pool.get('helpdesk.section')
        section = Section(cls.section)
        desk = Helpdesk.__new__(Helpdesk)
        desk.company = section.company
        cls.company = section.company.id
        cls.agent = desk.make_user('agent-at-once', [section]).id

    def setUp(self):
        super().setUp()
        pool = Pool(DB_NAME)
        self.configure(chat_per_minute=None, chat_messages=None)
        with self.transaction():
            Operator = pool.get('helpdesk.chat.operator')
            User = pool.get('res.user')
            be_present(User(self.agent))
            Operator.create(
                [{'channel': self.channel, 'user': self.agent}])

    def clean(self):
        pool = Pool(DB_NAME)
        with self.transaction() as transaction:
            transaction.connection.cursor().execute(
                *pool.get('res.notification').__table__().delete())
            transaction.commit()
        super().clean()

    def at_once(self, *calls):
        "Do the calls at the same time, and return what they return"
        barrier = threading.Barrier(len(calls))
        results, errors = [None] * len(calls), []

        def run(i, call):
            barrier.wait()
            try:
                results[i] = call()
            except Exception as error:
                errors.append(error)
        threads = [
            threading.Thread(target=run, args=(i, call))
            for i, call in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
            self.assertFalse(thread.is_alive())
        self.assertFalse(errors)
        return results

    def rpc(self, call):
        "Do the call as the operator, as Tryton's dispatcher does"
        retry = config.getint('database', 'retry')
        for count in range(retry, -1, -1):
            if count != retry:
                time.sleep(.02 * (retry - count))
            with Transaction().start(
                    DB_NAME, self.agent,
                    context={'company': self.company}) as transaction:
                try:
                    result = call()
                    transaction.commit()
                    return result
                except backend.DatabaseOperationalError:
                    transaction.rollback()
                    if not count:
                        raise

    def post(self, chat, text):
        Channel = Pool(DB_NAME).get('ir.chat.channel')
        return self.rpc(lambda: int(Channel.post(
                    chat, text, audience='public')))

    def visitor_polls(self, token, done):
        "Return what the page shows until the two are done"
        seen, version, after, last = [], 0, 0, False
        while not last:
            last = done.is_set()
            news = self.news(token, 0 if last else version, after)
            seen += [m['text'] for m in news['messages']]
            version = news['version']
            after = max([after] + [m['id'] for m in news['messages']])
        return seen

    def operator_polls(self, chat, done):
        "Return what the client shows until the two are done"
        Channel = Pool(DB_NAME).get('ir.chat.channel')
        seen, after, last = [], None, False
        while not last:
            last = done.is_set()
            messages = [
                m for m in self.rpc(lambda: Channel.get(chat, after=after))
                if m['id']]
            if messages:
                after = max(m['id'] for m in messages)
            seen += [m['content'] for m in messages]
            time.sleep(PAUSE)
        return seen

    def test_talk(self):
        "Nothing is lost, doubled or out of order (B8)"
        token = self.begin()['token']
        with self.transaction():
            chat = str(self.with_chat(token))
        done = threading.Event()

        def visitor():
            for i in range(COUNT):
                response = self.tell('say', {
                        'nonce': f'nonce-of-message-{i:04}',
                        'text': f"visitor {i}",
                        }, token)
                self.assertEqual(response.status_code, 200)
                time.sleep(PAUSE)

        def operator():
            for i in range(COUNT):
                # Who gets an error sends again
                while True:
                    try:
                        self.post(chat, f"operator {i}")
                        break
                    except backend.DatabaseOperationalError:
                        time.sleep(PAUSE)
                time.sleep(PAUSE)

        def both():
            try:
                self.at_once(visitor, operator)
            finally:
                done.set()
        _, *shown = self.at_once(
            both, lambda: self.visitor_polls(token, done),
            lambda: self.operator_polls(chat, done))
        for seen in shown:
            for who in ['visitor', 'operator']:
                self.assertEqual(
                    [t for t in seen if t.startswith(f'{who} ')],
                    [f'{who} {i}' for i in range(COUNT)])

    def test_begin(self):
        "Who begins twice with the same nonce has one chat (B8)"
        values = self.begin_values()
        answers = self.at_once(*[
                lambda: self.tell('begin', values).get_json()] * 3)
        self.assertEqual(len({a['token'] for a in answers}), 1)
        with self.transaction():
            Chat = Pool(DB_NAME).get('helpdesk.chat')
            chat, = Chat.search([('channel', '=', self.channel)])
            self.assertEqual(
                [m.content for m in chat.messages()], ["Hello?"])

    def test_ticket(self):
        "Two commands at once make one ticket (B9)"
        token = self.begin()['token']
        with self.transaction():
            chat = str(self.with_chat(token))
        self.at_once(*[lambda: self.post(chat, "/ticket Printer")] * 2)
        with self.transaction():
            Ticket = Pool(DB_NAME).get('helpdesk.ticket')
            ticket, = Ticket.search([('subject', '=', "Printer")])
            self.assertEqual(self.with_chat(token).ticket, ticket)

    def test_look_after(self):
        "The scheduled action gets in nobody's way (B8)"
        token = self.begin()['token']
        Chat = Pool(DB_NAME).get('helpdesk.chat')
        done = threading.Event()

        def say():
            try:
                for i in range(COUNT):
                    response = self.tell('say', {
                            'nonce': f'nonce-of-message-{i:04}',
                            'text': f"visitor {i}",
                            }, token)
                    self.assertEqual(response.status_code, 200)
            finally:
                done.set()

        def look_after():
            while not done.is_set():
                with Transaction().start(DB_NAME, 0) as transaction:
                    try:
                        Chat.look_after()
                        transaction.commit()
                    except backend.DatabaseOperationalError:
                        transaction.rollback()
        self.at_once(say, look_after)
        with self.transaction():
            chat = self.with_chat(token)
            self.assertNotEqual(chat.state, 'ended')
            self.assertEqual(len([
                        m for m in chat.messages()
                        if m.helpdesk_speaker == 'visitor']), COUNT + 1)
