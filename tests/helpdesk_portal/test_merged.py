# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from contextlib import contextmanager

from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction, inactive_records

from . import tools
from .case import PortalTestCase

BOB = 'bob@example.net'


class MergedTestCase(PortalTestCase):
    "What customers see of tickets that were merged"

    def merged(self, email=BOB, participants=False):
        "Return number and token of a ticket, and of what it goes on in"
        number, token = self.ticket(
            {'body': "It smells", 'from_address': email},
            {'body': "We come", 'direction': 'out'},
            subject="Smell", email=email)
        target, other = self.ticket(
            {'body': "It burns"}, subject="Secret fire")
        with self.locked(number, target) as Ticket:
            Ticket.merge(
                [self.record(number)], self.record(target),
                participants=participants)
        return number, token, target, other

    @contextmanager
    def locked(self, *numbers):
        "Enter a transaction that holds the tickets"
        with self.transaction():
            ids = [self.closed(n).id for n in numbers]
        with Transaction().start(DB_NAME, 0, context={}, _lock_records={
                    'helpdesk_ticket': ids}):
            yield Pool(DB_NAME).get('helpdesk.ticket')

    def account(self, email):
        "Return a client that is logged in"
        with self.transaction():
            User = Pool(DB_NAME).get('web.user')
            user, = User.create([{'email': email, 'email_valid': True}])
            key = user.new_session()
        client = self.client()
        client.set_cookie('helpdesk_session', key, path=self.base)
        return client

    def bodies(self, number):
        return [c.body for c in self.record(number).conversations]

    def closed(self, number):
        with inactive_records():
            return self.record(number)

    def test_guest(self):
        "PO5, SE12: by the link one reads what was said in one's own ticket"
        number, token, target, _ = self.merged()
        client = self.guest(number, token)
        page = self.page(client, number)
        for text in ["It smells", "We come", "joined this ticket"]:
            self.assertIn(text, page)
        for text in ["It burns", "Secret fire", f'tickets/{target}"']:
            self.assertNotIn(text, page)
        response = client.get(f'{self.base}/tickets/{target}')
        self.assertEqual(response.status_code, 404)
        self.assertEqual(
            client.get(f'{self.base}/tickets/{number}.pdf').status_code, 200)

    def test_target(self):
        "SE12: the customer of the target reads nothing that others wrote"
        number, token, target, other = self.merged()
        client = self.guest(number, token)
        self.post(client, number, "It still smells")
        page = self.page(self.guest(target, other), target)
        self.assertIn("It burns", page)
        for text in ["It smells", "We come", "It still smells"]:
            self.assertNotIn(text, page)

    def test_same_customer(self):
        "D7: who asked both reads both in the target"
        number, token, target, other = self.merged(email=tools.CUSTOMER)
        page = self.page(self.guest(target, other), target)
        for text in ["It smells", "We come", "It burns"]:
            self.assertIn(text, page)

    def test_answer(self):
        "ML22, PO5: what is written on the merged ticket reaches the target"
        number, token, target, _ = self.merged()
        client = self.guest(number, token)
        response = self.post(client, number, "It still smells")
        self.assertEqual(
            response.headers['Location'],
            f'{self.base}/tickets/{number}?done=answered')
        with self.transaction():
            self.assertIn("It still smells", self.bodies(target))
            self.assertTrue(self.record(target).unread)
            self.assertEqual(self.closed(number).state, 'closed')
            self.assertFalse(self.closed(number).active)
        self.assertNotIn("Secret fire", self.page(client, number))

    def test_answer_closed(self):
        "E5, SE12: of a closed target one follows up one's own ticket"
        number, token, target, _ = self.merged()
        with self.locked(target) as Ticket:
            Ticket.close([self.record(target)])
        client = self.guest(number, token)
        response = self.post(client, number, "It still smells")
        self.assertTrue(
            response.headers['Location'].endswith('?done=follow_up'))
        with self.transaction():
            Ticket = Pool(DB_NAME).get('helpdesk.ticket')
            ticket, = Ticket.search([
                    ('preceding', '=', self.closed(number).id)])
            self.assertEqual((ticket.email, ticket.subject), (BOB, "Smell"))

    def test_actions(self):
        "ML22: what a page that was open has still leads somewhere"
        number, token, target, _ = self.merged()
        client = self.guest(number, token)
        for action in ['/close', '/reopen']:
            response = self.post(client, number, "Again", action=action)
            self.assertEqual(response.status_code, 303, action)
        with self.transaction():
            self.assertEqual(self.closed(number).state, 'closed')
            self.assertIn("Again", self.bodies(target))

    def test_undone(self):
        "D7: after the undo the page is as before"
        number, token, target, _ = self.merged()
        with self.locked(number, target) as Ticket:
            Ticket.unmerge([self.closed(number)])
        page = self.page(self.guest(number, token), number)
        self.assertIn("It smells", page)
        self.assertNotIn("joined this ticket", page)

    def test_converted(self):
        "X6: a ticket that became an opportunity stays in sight, closed"
        number, token = self.ticket({'body': "I want ten"})
        with self.locked(number) as Ticket:
            Ticket.archive([self.record(number)])
        page = self.page(self.guest(number, token), number)
        self.assertIn("I want ten", page)
        self.assertIn("This ticket was closed", page)

    def test_list(self):
        "PO3, SE12: the list has what one sees, each matter once"
        email = 'list@example.net'
        number, _, target, _ = self.merged(email=email)
        client = self.account(email)
        page = client.get(f'{self.base}/tickets').get_data(as_text=True)
        self.assertIn(f'tickets/{number}"', page)
        self.assertNotIn("Secret fire", page)
        self.assertIn("joined this ticket", self.page(client, number))
        with self.locked(target) as Ticket:
            Ticket.write([self.record(target)], {'email': email})
        for query in ['', '?q=s']:
            page = client.get(
                f'{self.base}/tickets{query}').get_data(as_text=True)
            self.assertIn(f'tickets/{target}"', page)
            self.assertNotIn(f'tickets/{number}"', page)
        page = self.page(client, number)
        self.assertIn(f'goes on in ticket {target}', page)
        self.assertIn(f'tickets/{target}"', page)
