# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
Customers with accounts, and the organisations they belong to.
"""
import itertools
import re

from trytond.modules.helpdesk_portal import session
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME

from . import tools
from .case import PortalTestCase

_names = itertools.count()


class AccountTestCase(PortalTestCase):
    "Base of the tests with customers who log in"

    def address(self, name='somebody'):
        "Return an address that nobody had before"
        return f'{name}{next(_names)}@example.com'

    def party(self, name="Muebles Roca", **values):
        "Return the id of a new party"
        pool = Pool(DB_NAME)
        with self.transaction() as transaction:
            Party = pool.get('party.party')
            party, = Party.create([{'name': name, 'addresses': [], **values}])
            transaction.commit()
            return party.id

    def share(self, party, sharing, readers=()):
        pool = Pool(DB_NAME)
        with self.transaction() as transaction:
            Party = pool.get('party.party')
            User = pool.get('web.user')
            users = User.search([('email', 'in', list(readers))])
            Party.write([Party(party)], {
                    'helpdesk_sharing': sharing,
                    'helpdesk_readers': [('add', [u.id for u in users])],
                    })
            transaction.commit()

    def log_in(self, email, **values):
        "Return a client with the session of a new account"
        pool = Pool(DB_NAME)
        with self.transaction() as transaction:
            User = pool.get('web.user')
            user, = User.create([{
                        'email': email, 'email_valid': True, **values}])
            key = user.new_session()
            transaction.commit()
        client = self.client()
        client.set_cookie(session.ACCOUNT_COOKIE, key, path=self.base)
        return client

    def change(self, email, **values):
        pool = Pool(DB_NAME)
        with self.transaction() as transaction:
            User = pool.get('web.user')
            User.write(User.search([('email', '=', email)]), values)
            transaction.commit()

    def made(self, section=None, said=(), watchers=(), **values):
        "Return the number of a new ticket"
        pool = Pool(DB_NAME)
        with self.transaction() as transaction:
            Section = pool.get('helpdesk.section')
            Participant = pool.get('helpdesk.participant')
            ticket = tools.create_ticket(
                Section(section or self.section), **values)
            for i, conversation in enumerate(said):
                tools.say(ticket, minutes=i, **conversation)
            Participant.create([
                    {'ticket': ticket.id, 'email': e, 'role': 'watcher'}
                    for e in watchers])
            transaction.commit()
            return ticket.number

    def internal_section(self, visibility='internal'):
        pool = Pool(DB_NAME)
        with self.transaction() as transaction:
            Section = pool.get('helpdesk.section')
            section = tools.create_section(
                "Confidential", company=Section(self.section).company,
                visibility=visibility)
            transaction.commit()
            return section.id

    def do(self, number, *transitions, actor='agent'):
        pool = Pool(DB_NAME)
        with self.transaction() as transaction, \
                transaction.set_context(helpdesk_actor=actor):
            Ticket = pool.get('helpdesk.ticket')
            for name in transitions:
                getattr(Ticket, name)([self.record(number)])
            transaction.commit()

    def status(self, client, path):
        return client.get(self.base + path).status_code

    def listed(self, client, query=''):
        "Return the page of the list and the numbers of the tickets on it"
        response = client.get(f'{self.base}/tickets{query}')
        self.assertEqual(response.status_code, 200)
        # The choice of language below keeps what is in the address
        page, _, _ = response.get_data(as_text=True).partition('<footer')
        return page, re.findall(
            rf'<h2 dir="auto"><a href="{self.base}/tickets/([^"]*)"', page)


del PortalTestCase
