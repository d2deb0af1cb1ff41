# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import unittest
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

from trytond import backend
from trytond.modules.helpdesk_portal.ticket_list_page import TicketListPage
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from . import tools
from .accounts import AccountTestCase


class TicketListTestCase(AccountTestCase):
    "My Tickets (B10)"

    @classmethod
    def setUpDatabase(cls):
        super().setUpDatabase()
        Section = Pool(DB_NAME).get('helpdesk.section')
        section = Section(cls.section)
        section.visibility = 'public'
        section.save()

    def setUp(self):
        super().setUp()
        self.email = self.address('me')
        self.client_ = self.log_in(self.email)

    def test_stranger(self):
        "A stranger logs in first, and so does who has a link only (SE16)"
        number, token = self.ticket()
        for client in [self.client(), self.guest(number, token)]:
            for query in ['', '?state=open&q=a%26b%2F&page=2']:
                response = client.get(f'{self.base}/tickets{query}')
                self.assertEqual(response.status_code, 303)
                address = urlsplit(response.headers['Location'])
                self.assertEqual(address.path, f'{self.base}/login')
                back, = parse_qs(address.query)['next']
                self.assertTrue(back.startswith(f'{self.base}/tickets'))
                self.assertEqual(
                    parse_qs(urlsplit(back).query),
                    parse_qs(query[1:]))

    def test_rows(self):
        "The newest first, with state, section and date (B10)"
        old = self.made(email=self.email, subject="Old & <b>", said=[
                {'body': "a"}])
        new = self.made(email=self.email, subject="New", said=[
                {'body': "a", 'at': tools.NOW + dt.timedelta(days=1)}])
        # Nothing was said yet: it counts when it was made
        silent = self.made(email=self.email, subject="Silent")
        self.do(old, 'open', 'wait')
        page, numbers = self.listed(self.client_)
        self.assertEqual(set(numbers), {old, new, silent})
        self.assertLess(numbers.index(new), numbers.index(old))
        for text in [
                "Old &amp; &lt;b&gt;", "Waiting for you",
                "Technical Support", "Last message:", "<h1>My Tickets</h1>"]:
            self.assertIn(text, page)
        self.assertIn('state wait', page)
        self.assertEqual(page.count('<h1'), 1)

    def test_states(self):
        numbers = {
            'draft': self.made(email=self.email),
            'pending': self.made(email=self.email),
            'authorization': self.made(email=self.email),
            'resolved': self.made(email=self.email),
            'closed': self.made(email=self.email)}
        self.do(numbers['pending'], 'open', 'wait')
        self.do(numbers['authorization'], 'open', 'authorize')
        self.do(numbers['resolved'], 'open', 'resolve')
        self.do(numbers['closed'], 'close')
        for query, states in [
                ('', numbers.keys()),
                ('?state=all', numbers.keys()),
                ('?state=waiting', ['pending', 'authorization']),
                ('?state=open', ['draft', 'pending', 'authorization']),
                ('?state=over', ['resolved', 'closed']),
                ('?state=draft', numbers.keys())]:
            with self.subTest(query=query):
                page, found = self.listed(self.client_, query)
                self.assertEqual(
                    sorted(found), sorted(numbers[s] for s in states))
                self.assertEqual(page.count('aria-current="true"'), 1)

    def test_whose(self):
        "Tickets of others in the organisation have a name to them (PO3)"
        party = self.party("Muebles Roca")
        mine = self.made(email=self.email, party=party)
        other = self.made(
            email=self.address(), party=party, contact_name="Olga")
        page, found = self.listed(self.client_, '?of=shared')
        self.assertEqual(found, [mine])
        self.assertNotIn("Muebles Roca", page)
        self.share(party, 'chosen', [self.email])
        page, found = self.listed(self.client_)
        self.assertEqual(found, [mine])
        self.assertIn("All of Muebles Roca", page)
        page, found = self.listed(self.client_, '?of=shared')
        self.assertEqual(sorted(found), sorted([mine, other]))
        self.assertEqual(page.count("Olga"), 1)
        self.assertIn('<option value="shared" selected>', page)

    def test_search(self):
        number = self.made(
            email=self.email, subject="Printer 100% on fire",
            said=[{'body': "The crème is sour", 'kind': 'web'},
                {'body': "Is it yesterday's?", 'direction': 'out'}])
        self.made(email=self.email, subject="Other")
        self.made(email=self.address(), subject="Printer of somebody else")
        for text, hit in [
                (number, True), (f'#{number}', True), ('printer', True),
                ('FIRE print', True), ('100%', True), ('1%0', False),
                ('%', True), ('_', False), ('creme sou', True),
                ('yesterday', True), ('printer else', False),
                ('nothing', False), ('!!!', False)]:
            with self.subTest(text=text):
                page, found = self.listed(
                    self.client_, f'?q={text.replace("%", "%25")}'
                    .replace('#', '%23').replace(' ', '+'))
                self.assertEqual(number in found, hit)
                self.assertLessEqual(len(found), 1)
        # What was looked for is there to be changed
        page, _ = self.listed(self.client_, '?q=%22%3Cb%3E&state=open')
        self.assertIn('value="&#34;&lt;b&gt;"', page)
        self.assertIn('name="state" value="open"', page)
        self.assertIn("No ticket fits", page)

    def test_search_finds_no_notes(self):
        "SE11: nothing is found by what the customer can't read"
        copied = self.address('copied')
        self.made(
            email=self.email, subject="Lamp", phone='600123123',
            description="Insolvent", contact_name="Marta",
            said=[
                {'body': "Hello", 'from_address': self.email},
                {'body': "Blacklisted", 'direction': 'internal'},
                {'body': "Oddity", 'kind': 'note'},
                {'body': "Code 4711", 'automatic': True},
                {'body': "Whispered", 'from_address': copied}])
        for text in [
                'insolvent', 'blacklisted', 'black', 'oddity', '4711',
                'whispered', '600123123']:
            with self.subTest(text=text):
                self.assertEqual(
                    self.listed(self.client_, f'?q={text}')[1], [])
        self.assertEqual(len(self.listed(self.client_, '?q=hell')[1]), 1)

    def test_pages(self):
        numbers = [self.made(email=self.email) for _ in range(5)]
        with patch.object(TicketListPage, 'rows_shown', 2):
            seen, sizes = [], []
            for i in range(1, 4):
                page, found = self.listed(
                    self.client_, f'?state=open&page={i}')
                seen += found
                sizes.append(len(found))
                self.assertEqual('rel="prev"' in page, i > 1)
                self.assertEqual('rel="next"' in page, i < 3)
                if i < 3:
                    self.assertIn(
                        f'?state=open&amp;page={i + 1}"', page)
            self.assertEqual(sizes, [2, 2, 1])
            self.assertEqual(sorted(seen), sorted(numbers))
            # What is behind the last leads to the first
            response = self.client_.get(
                f'{self.base}/tickets?state=open&page=4')
            self.assertEqual(response.status_code, 303)
            self.assertEqual(
                response.headers['Location'],
                f'{self.base}/tickets?state=open')

    def test_silly(self):
        "SE13: what is not known counts for nothing"
        self.made(email=self.email, subject="Lamp")
        expected = self.listed(self.client_)
        for query in [
                '?page=0', '?page=-1', '?page=x', '?page=999999999999',
                '?state=1', '?state=state%20OR%201', '?of=everybody',
                '?order=email', '?company=1&email=x', '?q=%00', '?q=',
                '?page=%D9%A1', '?state=open&state=', '?q=%20']:
            with self.subTest(query=query):
                if query.startswith('?state=open'):
                    self.assertEqual(
                        self.listed(self.client_, query)[1], expected[1])
                else:
                    self.assertEqual(
                        self.listed(self.client_, query), expected)

    def test_empty(self):
        "An empty list says what to do"
        page, found = self.listed(self.client_)
        self.assertEqual(found, [])
        self.assertIn("You have no tickets yet", page)
        self.assertIn(f'<a href="{self.base}/new">', page)

    @unittest.skipIf(backend.name != 'sqlite', "counts on SQLite")
    def test_statements(self):
        "The list takes as many statements for many tickets as for few"
        party = self.party()
        self.share(party, 'chosen', [self.email])

        def statements(query):
            self.listed(self.client_, query)
            with self.transaction():
                connection = Transaction().connection
            with tools.count_statements(connection) as counted:
                self.listed(self.client_, query)
            return counted

        for i in range(5):
            self.made(email=self.email, party=party, said=[{'body': "a"}])
        queries = ['', '?of=shared&state=open&q=a']
        few = [statements(q) for q in queries]
        for i in range(55):
            self.made(
                email=self.email if i % 2 else self.address(), party=party,
                said=[{'body': "a"}])
        for query, counted in zip(queries, few):
            self.assertLessEqual(len(counted), 11, counted)
            self.assertEqual(len(statements(query)), len(counted))


del AccountTestCase
