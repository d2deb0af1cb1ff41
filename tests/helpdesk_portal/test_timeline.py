# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import re
import unittest

from trytond import backend
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME

from . import tools
from .accounts import AccountTestCase


class TimelineTestCase(AccountTestCase):
    "What happened, what was before, and opening again (B10, B14)"

    def events(self, page):
        timeline = page[page.index('class="timeline"'):]
        timeline = timeline[:timeline.index('</details>')]
        return re.findall(r'<li>(.*?) <time', timeline)

    def test_timeline(self):
        "It tells states and dates, not who of us did what (SE11)"
        number, token = self.ticket()
        self.do(number, 'open', 'wait')
        self.do(number, 'open', actor='customer')
        self.do(number, 'wait_third_party', 'open', 'authorize')
        self.do(number, 'open', 'resolve')
        self.do(number, 'open', actor='customer')
        self.do(number, 'resolve', 'close')
        with self.transaction() as transaction:
            Employee = Pool(DB_NAME).get('company.employee')
            Party = Pool(DB_NAME).get('party.party')
            Ticket = Pool(DB_NAME).get('helpdesk.ticket')
            ticket = self.record(number)
            party = Party(name="Secretive Agent")
            party.save()
            employee = Employee(party=party, company=ticket.company)
            employee.save()
            ticket.section.members = [employee]
            ticket.section.save()
            Ticket.write([ticket], {'priority': 'urgent'})
            transaction.commit()
        page = self.page(self.guest(number, token), number)
        self.assertEqual(self.events(page), [
                "We got the request", "We began with it",
                "We asked for an answer", "It was our turn again",
                "We began to wait for somebody else",
                "It was our turn again", "We asked for an authorization",
                "It was our turn again", "We took it as solved",
                "It was opened again from your side",
                "We took it as solved", "We closed it"])
        self.assertNotIn("Secretive", page)
        self.assertNotIn("rgent", page)

    def test_first_answer(self):
        number, token = self.ticket(
            {'body': "Help"}, {'body': "So", 'direction': 'out'})
        self.assertIn(
            "We answered for the first time",
            self.events(self.page(self.guest(number, token), number)))

    def test_reopen(self):
        "What isn't solved is opened again, with words or without"
        for text, said in [('', []), ("Still broken", ["Still broken"])]:
            number, token = self.ticket()
            client = self.guest(number, token)
            self.assertNotIn('/reopen', self.page(client, number))
            self.do(number, 'open', 'resolve')
            page = self.page(client, number)
            self.assertIn(f'/tickets/{number}/reopen"', page)
            self.assertIn('formnovalidate', page)
            response = self.post(client, number, text, action='/reopen')
            self.assertEqual(response.status_code, 303)
            self.assertEqual(
                response.headers['Location'],
                f'{self.base}/tickets/{number}?done=reopened')
            self.assertIn(
                "is open again", self.page(client, number, '?done=reopened'))
            with self.transaction():
                ticket = self.record(number)
                self.assertEqual(ticket.state, 'open')
                self.assertTrue(ticket.unread)
                self.assertIsNone(ticket.resolved_at)
                self.assertEqual(
                    [c.body for c in ticket.conversations], said)
                self.assertEqual(
                    [h.actor for h in ticket.history
                        if h.what == 'state' and h.old == 'resolved'],
                    ['customer'])

    def test_reopen_too_late(self):
        number, token = self.ticket()
        client = self.guest(number, token)
        self.do(number, 'open')
        response = self.post(client, number, '', action='/reopen')
        self.assertIn('done=open_already', response.headers['Location'])
        self.do(number, 'close')
        # Closed ones are followed up, which takes words
        response = self.post(client, number, '', action='/reopen')
        self.assertEqual(response.status_code, 422)
        with self.transaction():
            self.assertEqual(self.record(number).state, 'closed')

    def test_reopen_refused(self):
        number, token = self.ticket()
        client = self.guest(number, token)
        self.do(number, 'open', 'resolve')
        for text, status in [('x' * 10 ** 6, 422)]:
            response = self.post(client, number, text, action='/reopen')
            self.assertEqual(response.status_code, status)
        response = self.post(
            client, number, '', action='/reopen', token='wrong')
        self.assertEqual(response.status_code, 403)
        self.assertEqual(self.client().post(
                f'{self.base}/tickets/{number}/reopen').status_code, 404)
        client.get(f'{self.base}/tickets/{number}/reopen')
        with self.transaction():
            self.assertEqual(self.record(number).state, 'resolved')

    def test_related(self):
        "The tickets before and after, as far as they may be seen"
        email = self.address('me')
        before = self.made(email=email, subject="Before")
        number = self.made(email=email, subject="Now")
        after = self.made(email=email, subject="After")
        foreign = self.made(email=self.address(), subject="Foreign")
        with self.transaction() as transaction:
            Ticket = Pool(DB_NAME).get('helpdesk.ticket')
            Ticket.write(
                [self.record(number)],
                {'preceding': self.record(before).id},
                [self.record(after), self.record(foreign)],
                {'preceding': self.record(number).id})
            _, token = None, tools.link_token(self.record(number))
            transaction.commit()
        client = self.log_in(email)
        page = self.page(client, number)
        for found in [before, after]:
            self.assertIn(f'/tickets/{found}"', page)
        self.assertNotIn("Foreign", page)
        self.assertIn("Back to My Tickets", page)
        page = self.page(self.guest(number, token), number)
        for hidden in ["Before:", "After:", "Foreign", "Back to My"]:
            self.assertNotIn(hidden, page)

    @unittest.skipIf(backend.name != 'sqlite', "counts on SQLite")
    def test_statements(self):
        "All of this costs a ticket's page one statement"
        with self.transaction() as transaction:
            Section = Pool(DB_NAME).get('helpdesk.section')
            section = tools.create_section(
                "Open", company=Section(self.section).company,
                visibility='public')
            transaction.commit()
            section, connection = section.id, transaction.connection
        email = self.address('me')
        number = self.made(section=section, email=email)
        self.do(number, 'open', 'wait', 'open', 'resolve')
        with self.transaction() as transaction:
            token = tools.link_token(self.record(number))
            transaction.commit()
        for client, most in [
                (self.log_in(email), 11), (self.guest(number, token), 11)]:
            self.page(client, number)
            with tools.count_statements(connection) as counted:
                self.page(client, number)
            self.assertLessEqual(len(counted), most, '\n'.join(counted))


del AccountTestCase
