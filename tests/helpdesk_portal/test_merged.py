# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import inactive_records

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
        with self.transaction():
            Ticket = Pool(DB_NAME).get('helpdesk.ticket')
            Ticket.merge(
                [self.record(number)], self.record(target),
                participants=participants)
        return number, token, target, other

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
        with self.transaction():
            Ticket = Pool(DB_NAME).get('helpdesk.ticket')
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
        with self.transaction():
            Ticket = Pool(DB_NAME).get('helpdesk.ticket')
            Ticket.unmerge([self.closed(number)])
        page = self.page(self.guest(number, token), number)
        self.assertIn("It smells", page)
        self.assertNotIn("joined this ticket", page)

    def test_converted(self):
        "X6: a ticket that became an opportunity stays in sight, closed"
        number, token = self.ticket({'body': "I want ten"})
        with self.transaction():
            Ticket = Pool(DB_NAME).get('helpdesk.ticket')
            Ticket.archive([self.record(number)])
        page = self.page(self.guest(number, token), number)
        self.assertIn("I want ten", page)
        self.assertIn("We closed this ticket", page)
