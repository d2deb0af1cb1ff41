# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What the tests of accounts have in common.
"""
import re
from unittest.mock import patch

from trytond import backend
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.worker import run_task

from . import tools
from .case import PortalTestCase

MARTA = tools.CUSTOMER
PASSWORD = 'correct horse'


class AccountTestCase(PortalTestCase):
    "Base of the tests: customers with and without an account"
    real_server = False

    def setUp(self):
        super().setUp()
        self.addCleanup(self.forget)
        self.let_register()
        self.mails = []
        if not self.real_server:
            self.keep_mails()

    def keep_mails(self):
        patcher = patch(
            'trytond.modules.helpdesk_portal.login_mail.Connections')
        send = patcher.start().return_value.__enter__.return_value.send
        send.side_effect = self.receive
        self.addCleanup(patcher.stop)
        sender = patch(
            'trytond.modules.helpdesk_portal.login_mail.LoginLink._sender',
            return_value='helpdesk@example.com')
        sender.start()
        self.addCleanup(sender.stop)

    def receive(self, server, message, from_address, to_addresses):
        self.mails.append(message)
        return {}

    def forget(self):
        pool = Pool(DB_NAME)
        with self.transaction() as transaction:
            for name in [
                    'web.user', 'helpdesk.login_link',
                    'helpdesk.portal.attempt',
                    'web.user.authenticate.attempt']:
                Model = pool.get(name)
                with transaction.set_context(active_test=False):
                    Model.delete(Model.search([]))
            Ticket = pool.get('helpdesk.ticket')
            Ticket.write(Ticket.search([]), {'email': None})
            transaction.commit()

    def user(self, email=MARTA, password=PASSWORD, **values):
        "Return the id of a new account"
        User = Pool(DB_NAME).get('web.user')
        with self.transaction() as transaction:
            user, = User.create([{
                        'email': email,
                        'email_valid': True,
                        'password': password,
                        **values,
                        }])
            transaction.commit()
            return user.id

    def users(self, email=MARTA):
        "Return the values of the accounts with the address"
        User = Pool(DB_NAME).get('web.user')
        with self.transaction() as transaction:
            with transaction.set_context(active_test=False):
                return User.search_read([('email', '=', email)], fields_names=[
                        'email_valid', 'helpdesk_login_at', 'party',
                        'party.name', 'password_hash'])

    def count(self, function):
        "Return the statements made by the function, and what it returns"
        if backend.name != 'sqlite':
            self.skipTest("counts on SQLite")
        with self.transaction() as transaction:
            connection = transaction.connection
        with tools.count_statements(connection) as statements:
            result = function()
        # Values are written into them
        return [s.partition(' WHERE')[0].partition(' VALUES')[0]
            for s in statements], result

    def form(self, client, page, headers=None, address=None, **data):
        "Return the response to the form of the page as a browser sends it"
        options = {
            'headers': headers,
            'environ_overrides': {'REMOTE_ADDR': address} if address else {},
            }
        html = client.get(
            f'{self.base}/{page}', **options).get_data(as_text=True)
        token = re.search(r'name="csrf_token" value="(\w+)"', html)
        data = {'csrf_token': token[1] if token else '', **data}
        return client.post(
            f'{self.base}/{page}', data=data, **options)

    def log_in(self, client=None, email=MARTA, password=PASSWORD, **data):
        client = client or self.client()
        return client, self.form(
            client, 'login', email=email, password=password, **data)

    def ask_link(self, client, email=MARTA, **data):
        return self.form(client, 'login', email=email, other='1', **data)

    def send(self):
        "Do what the scheduled action does; return the mails"
        pool = Pool(DB_NAME)
        LoginLink = pool.get('helpdesk.login_link')
        with self.transaction() as transaction:
            links = LoginLink.search([('delivery', '=', 'queued')])
            if links:
                LoginLink.__queue__.send(links)
            tasks = list(transaction.tasks)
            transaction.tasks.clear()
            transaction.commit()
        for task in tasks:
            run_task(pool, task)
        mails, self.mails[:] = self.mails[:], []
        return mails

    def path_in(self, mail):
        "Return the page that the mail links to, below the portal"
        text = mail.get_content()
        path, = re.findall(rf'https?://[^/\s]+{self.base}/(\S+)', text)
        return path

    def is_in(self, client):
        return client.get(f'{self.base}/account').status_code == 200
