# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
How often the pages of the portal ask the database.
"""
import unittest

from trytond import backend
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from . import tools
from .case import PortalTestCase

MOST = 11
COLLEAGUE = 'grace@example.com'


@unittest.skipIf(backend.name != 'sqlite', "counts on SQLite")
class PageStatementsTestCase(PortalTestCase):
    "However much there is to show, a page is a few statements"

    @classmethod
    def setUpDatabase(cls):
        super().setUpDatabase()
        pool = Pool(DB_NAME)
        Party = pool.get('party.party')
        Section = pool.get('helpdesk.section')
        User = pool.get('web.user')
        section = Section(cls.section)
        section.visibility = 'public'
        section.web_form = 'everyone'
        section.save()
        party, = Party.create([
                {'name': "Soler", 'helpdesk_sharing': 'everyone'}])
        cls.party = party.id
        cls.users = {
            user.email: user.id for user in User.create([
                    {'email': tools.CUSTOMER, 'email_valid': True},
                    {'email': COLLEAGUE, 'email_valid': True,
                        'party': party.id},
                    ])}

    def account(self, email):
        "Return a client that is logged in"
        with self.transaction():
            User = Pool(DB_NAME).get('web.user')
            key = User(self.users[email]).new_session()
        client = self.client()
        client.set_cookie('helpdesk_session', key, path=self.base)
        return client

    def count(self, client, path):
        "Return how many statements the page takes, once caches are warm"
        for _ in range(2):
            with self.transaction():
                connection = Transaction().connection
            with tools.count_statements(connection) as statements:
                response = client.get(self.base + path)
            self.assertEqual(response.status_code, 200)
        self.assertGreater(len(statements), 0)
        return len(statements)

    def test_pages(self):
        "Each page takes at most 11 statements"
        said = [{'body': "Hello", 'files': [('a.txt', b'a')]}] * 10
        number, token = self.ticket(*said, party=self.party)
        for _ in range(5):
            self.ticket(*said[:1], party=self.party)
        ticket = f'/tickets/{number}'
        customer = self.account(tools.CUSTOMER)
        colleague = self.account(COLLEAGUE)
        for who, client, path in [
                ('stranger', self.client(), '/'),
                ('stranger', self.client(), f'/new/{self.section}'),
                ('customer', customer, f'/new/{self.section}'),
                ('customer', customer, '/tickets'),
                ('customer', customer, '/tickets?q=hello'),
                ('colleague', colleague, '/tickets?of=shared'),
                ('guest', self.guest(number, token), ticket),
                ('customer', customer, ticket),
                ('colleague', colleague, ticket),
                ]:
            with self.subTest(who=who, path=path):
                self.assertLessEqual(self.count(client, path), MOST)
