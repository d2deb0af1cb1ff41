# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.modules.helpdesk_portal import session
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME

from . import tools
from .case import PortalTestCase


class SessionTestCase(PortalTestCase):
    "Who is logged in, and who is not (any more)"

    def setUp(self):
        super().setUp()
        self.addCleanup(self.forget)

    def log_in(self, **values):
        "Return a client with the session of a new account"
        User = Pool(DB_NAME).get('web.user')
        with self.transaction() as transaction:
            user, = User.create([{
                        'email': tools.CUSTOMER,
                        'email_valid': True,
                        }])
            key = user.new_session()
            User.write([user], values)
            transaction.commit()
        client = self.client()
        client.set_cookie(session.ACCOUNT_COOKIE, key, path=self.base)
        return client

    def forget(self):
        User = Pool(DB_NAME).get('web.user')
        with self.transaction() as transaction:
            User.delete(User.search([('active', 'in', [True, False])]))
            transaction.commit()

    def status(self, client, number):
        return client.get(f'{self.base}/tickets/{number}').status_code

    def test_own_ticket(self):
        number, _ = self.ticket()
        other, _ = self.ticket(email='other@example.com')
        client = self.log_in()
        self.assertEqual(self.status(client, number), 200)
        self.assertEqual(self.status(client, other), 404)

    def test_link_beside_account(self):
        "A guest link opens what the account does not"
        other, token = self.ticket(email='other@example.com')
        client = self.log_in()
        client.get(f'{self.base}/guest/{token}')
        self.assertEqual(self.status(client, other), 200)

    def test_not_any_more(self):
        number, _ = self.ticket()
        for values in [{'active': False}, {'email_valid': False}]:
            with self.subTest(values=values):
                client = self.log_in(**values)
                self.assertEqual(self.status(client, number), 404)
                self.forget()
