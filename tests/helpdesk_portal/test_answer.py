# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import re
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

from trytond import backend
from trytond.modules.helpdesk_portal import routes
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from . import tools
from .case import PortalTestCase


class AnswerTestCase(PortalTestCase):
    "The customer answers and closes (B11, B14)"

    def test_answer(self):
        number, token = self.ticket({'body': "Help"})
        with self.transaction():
            Ticket = Pool(DB_NAME).get('helpdesk.ticket')
            ticket = self.record(number)
            Ticket.open([ticket])
            Ticket.wait([ticket])
        client = self.guest(number, token)
        response = self.post(
            client, number, "Here\r\nit is",
            files=[('a b.txt', b'one'), ('photo.jpg', b'two')])

        self.assertEqual(response.status_code, 303)
        self.assertEqual(response.headers['Location'],
            f'{self.base}/tickets/{number}?done=answered')
        page = self.page(client, number, '?done=answered')
        self.assertIn("We have your message", page)
        self.assertIn("Here\nit is", page)
        with self.transaction():
            ticket = self.record(number)
            answer = ticket.conversations[0]
            self.assertEqual(ticket.state, 'open')
            self.assertTrue(ticket.unread)
            self.assertEqual(
                (answer.kind, answer.direction, answer.body),
                ('web', 'in', "Here\nit is"))
            self.assertEqual(answer.author, "Marta")
            self.assertEqual(answer.from_address, tools.CUSTOMER)
            self.assertEqual(
                {(a.name, bytes(a.data)) for a in answer.attachments},
                {('a b.txt', b'one'), ('photo.jpg', b'two')})
            self.assertEqual(
                [h.actor for h in ticket.history
                    if h.what == 'state' and h.old == 'pending'],
                ['customer'])

    def test_answer_in_every_state(self):
        for transitions, state in [
                ([], 'draft'),
                (['open'], 'open'),
                (['open', 'wait'], 'open'),
                (['open', 'authorize'], 'open'),
                (['open', 'wait_third_party'], 'third_party'),
                (['open', 'resolve'], 'open')]:
            with self.subTest(transitions=transitions):
                number, token = self.ticket()
                with self.transaction():
                    Ticket = Pool(DB_NAME).get('helpdesk.ticket')
                    for transition in transitions:
                        getattr(Ticket, transition)([self.record(number)])
                client = self.guest(number, token)
                self.post(client, number, "More")
                with self.transaction():
                    self.assertEqual(self.record(number).state, state)

    def test_twice(self):
        "Who taps Send twice is heard once"
        number, token = self.ticket()
        client = self.guest(number, token)
        for text in ["Hello", "Hello", "Hello!"]:
            self.post(client, number, text)
        self.post(client, number, "Hello", files=[('a.txt', b'a')])
        with self.transaction():
            bodies = [c.body for c in self.record(number).conversations]
        self.assertEqual(sorted(bodies), ["Hello", "Hello", "Hello!"])

    @unittest.skipIf(backend.name == 'sqlite', "has one connection")
    def test_twice_at_once(self):
        "Also when both come at the same moment"
        for closed in [False, True]:
            number, token = self.ticket()
            client = self.guest(number, token)
            if closed:
                self.post(client, number, '', action='/close')
            clients = [self.guest(number, token) for _ in range(4)]
            with patch.object(
                    Pool(DB_NAME).get('helpdesk.conversation'), 'send'), \
                    ThreadPoolExecutor() as pool:
                statuses = list(pool.map(
                        lambda c: self.post(c, number, "Hello").status_code,
                        clients))
            with self.subTest(closed=closed), self.transaction():
                self.assertEqual(statuses, [303] * 4)
                ticket = self.record(number)
                tickets = [ticket, *ticket.follow_ups]
                self.assertEqual(len(tickets), 2 if closed else 1)
                self.assertEqual(
                    [c.body for t in tickets for c in t.conversations
                        if c.direction == 'in'], ["Hello"])

    @unittest.skipIf(backend.name == 'sqlite', "has one connection")
    def test_others_are_slow(self):
        "Who answers while the ticket is being changed waits for it"
        number, token = self.ticket()
        client = self.guest(number, token)
        with ThreadPoolExecutor() as pool:
            with self.transaction():
                ticket = self.record(number)
                ticket.subject = "Slow"
                ticket.save()
                answered = pool.submit(self.post, client, number, "Hello")
                time.sleep(2)
        self.assertEqual(answered.result().status_code, 303)
        with self.transaction():
            ticket = self.record(number)
            self.assertEqual(ticket.subject, "Slow")
            self.assertEqual([c.body for c in ticket.conversations], ["Hello"])

    def test_missing_text(self):
        "The error stands beside its field, and nothing typed is lost"
        number, token = self.ticket()
        client = self.guest(number, token)
        response = self.post(client, number, ' \r\n')
        page = response.get_data(as_text=True)

        self.assertEqual(response.status_code, 422)
        self.assertIn('id="text-error"', page)
        self.assertIn('aria-describedby="text-error"', page)
        self.assertIn("<title>Error: ", page)
        with self.transaction():
            self.assertFalse(self.record(number).conversations)

    def test_text_too_long(self):
        number, token = self.ticket()
        client = self.guest(number, token)
        text = 'x' * 10 ** 6
        response = self.post(client, number, text)
        page = response.get_data(as_text=True)

        self.assertEqual(response.status_code, 422)
        self.assertIn("1,000,000 characters", page)
        self.assertIn(f'{text}</textarea>', page)

    def test_file_over_limit(self):
        number, token = self.ticket()
        client = self.guest(number, token)
        response = self.post(client, number, "A long story", files=[
                ('big.bin', b'x' * (routes.LIMITS.size + 1))])
        page = response.get_data(as_text=True)

        self.assertEqual(response.status_code, 422)
        self.assertIn("larger than 10 MiB", page)
        self.assertIn("A long story</textarea>", page)
        with self.transaction():
            self.assertFalse(self.record(number).conversations)

    def test_request_over_limit(self):
        "What is far too large gets a page with the limit in words"
        number, token = self.ticket()
        client = self.guest(number, token)
        response = self.post(client, number, "Hello", files=[
                ('huge.bin', b'x' * routes.MAX_REQUEST)])
        page = response.get_data(as_text=True)

        self.assertEqual(response.status_code, 413)
        self.assertIn("10 MiB", page)
        self.assertIn('Content-Security-Policy', response.headers)
        with self.transaction():
            self.assertFalse(self.record(number).conversations)

    def test_logged_out(self):
        "What was written is shown to who may see the ticket no longer"
        number, token = self.ticket()
        response = self.client().post(
            f'{self.base}/tickets/{number}', data={
                'text': "<b>A long answer</b>"},
            content_type='multipart/form-data')
        self.assertEqual(response.status_code, 404)
        self.assertIn(
            ">&lt;b&gt;A long answer&lt;/b&gt;</textarea>",
            response.get_data(as_text=True))

    def test_forged(self):
        "A form that isn't ours changes nothing"
        number, token = self.ticket()
        other, other_token = self.ticket()
        client = self.guest(number, token)
        foreign = re.search(r'name="csrf_token" value="(\w+)"',
            self.page(self.guest(other, other_token), other))[1]
        for csrf in ['', 'x', foreign]:
            for action in ['', '/close']:
                with self.subTest(csrf=csrf, action=action):
                    response = self.post(
                        client, number, "Hello", action=action, token=csrf)
                    self.assertEqual(response.status_code, 403)
                    # Who logged in or out in another tab gets it back
                    self.assertRegex(
                        response.get_data(as_text=True),
                        '<textarea [^>]*readonly="readonly">Hello</textarea>')
        response = client.post(f'{self.base}/tickets/{number}')
        self.assertEqual(response.status_code, 403)
        self.assertNotIn('<textarea', response.get_data(as_text=True))
        with self.transaction():
            ticket = self.record(number)
            self.assertEqual(ticket.state, 'draft')
            self.assertFalse(ticket.conversations)

    def test_close(self):
        number, token = self.ticket()
        client = self.guest(number, token)
        response = self.post(client, number, '', action='/close')

        self.assertEqual(response.status_code, 303)
        page = self.page(client, number, '?done=closed')
        self.assertIn("You closed this ticket", page)
        self.assertNotIn('/close"', page)
        with self.transaction():
            ticket = self.record(number)
            self.assertEqual(ticket.state, 'closed')
            self.assertEqual(ticket.closed_by, 'customer')

    def test_close_closed(self):
        "Who closed it stays told apart (B14)"
        number, token = self.ticket()
        client = self.guest(number, token)
        csrf = re.search(r'name="csrf_token" value="(\w+)"',
            self.page(client, number))[1]
        with self.transaction():
            Ticket = Pool(DB_NAME).get('helpdesk.ticket')
            with Transaction().set_context(helpdesk_actor='agent'):
                Ticket.close([self.record(number)])
        response = client.post(
            f'{self.base}/tickets/{number}/close', data={'csrf_token': csrf})

        self.assertEqual(response.status_code, 303)
        self.assertIn("We closed this ticket", self.page(client, number))
        with self.transaction():
            self.assertEqual(self.record(number).closed_by, 'team')

    def test_answer_closed(self):
        "An answer to a closed ticket makes a new one that follows it up (E5)"
        number, token = self.ticket(phone='123', channel='email')
        client = self.guest(number, token)
        self.post(client, number, '', action='/close')
        self.assertIn("opens a new ticket", self.page(client, number))
        with patch.object(
                Pool(DB_NAME).get('helpdesk.conversation'), 'send'):
            for _ in range(2):
                response = self.post(
                    client, number, "Again", files=[('a.txt', b'a')])

        self.assertEqual(response.headers['Location'],
            f'{self.base}/tickets/{number}?done=follow_up')
        self.assertIn(
            "opened a new ticket",
            self.page(client, number, '?done=follow_up'))
        with self.transaction():
            ticket = self.record(number)
            self.assertEqual(ticket.state, 'closed')
            self.assertFalse(ticket.conversations)
            follow_up, = ticket.follow_ups
            for name in [
                    'subject', 'section', 'company', 'email', 'phone',
                    'contact_name']:
                self.assertEqual(
                    getattr(follow_up, name), getattr(ticket, name))
            self.assertEqual(follow_up.channel, 'web')
            self.assertNotEqual(follow_up.number, number)
            self.assertTrue(follow_up.unread)
            mail, answer = sorted(
                follow_up.conversations, key=lambda c: c.direction != 'out')
            self.assertEqual(answer.body, "Again")
            self.assertEqual([a.name for a in answer.attachments], ['a.txt'])
            # It brings the link to the new ticket
            self.assertEqual(mail.to_addresses, ticket.email)
            self.assertIn(
                '/guest/', mail.mail_footer([mail])[mail.id])

    def test_answer_reopens(self):
        "AG13: where the section wants it, an answer opens a closed ticket"
        Section = Pool(DB_NAME).get('helpdesk.section')
        number, token = self.ticket()
        client = self.guest(number, token)
        self.post(client, number, '', action='/close')

        def reopen_within(time):
            with self.transaction():
                Section.write(
                    [Section(self.section)], {'reopen_within': time})

        reopen_within(dt.timedelta(days=1))
        self.addCleanup(reopen_within, None)
        self.assertIn("opens it again", self.page(client, number))
        response = self.post(client, number, "Again")
        self.assertEqual(response.headers['Location'],
            f'{self.base}/tickets/{number}?done=answered')
        with self.transaction():
            ticket = self.record(number)
            self.assertEqual(ticket.state, 'open')
            self.assertFalse(ticket.follow_ups)

    def test_closes(self):
        "E5: the page tells when a resolved ticket closes by itself"
        Ticket = Pool(DB_NAME).get('helpdesk.ticket')
        number, token = self.ticket(state='resolved')
        client = self.guest(number, token)
        self.assertNotIn("Closes unless", self.page(client, number))
        with self.transaction():
            Ticket.write([self.record(number)], {
                    'closes_at': dt.datetime(2030, 1, 2, 12)})
        page = self.page(client, number)
        self.assertIn("Closes unless you write to us", page)
        self.assertIn('2030-01-02T12:00', page)
        self.post(client, number, "Not yet")
        with self.transaction():
            self.assertEqual(self.record(number).state, 'open')
            self.assertIsNone(self.record(number).closes_at)

    def test_follow_ups_fill_no_mailbox(self):
        "PO5: whoever got hold of a link can't have many mails sent"
        number, token = self.ticket(email='bombed@example.com')
        client = self.guest(number, token)
        self.post(client, number, '', action='/close')
        with patch.object(
                Pool(DB_NAME).get('helpdesk.conversation'), 'send'):
            for i in range(7):
                response = self.post(client, number, f"Again {i}")
                self.assertEqual(response.status_code, 303)

        with self.transaction():
            follow_ups = self.record(number).follow_ups
            self.assertEqual(len(follow_ups), 7)
            self.assertEqual(sum(
                    c.direction == 'out'
                    for t in follow_ups for c in t.conversations), 5)


del PortalTestCase
