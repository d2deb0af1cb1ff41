# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What the tests of the public form have in common.
"""
import html
import io
import json
import re
from unittest.mock import patch

from trytond.modules.helpdesk_portal import form_stamp, proof_of_work, session
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from tests.helpdesk_mail.mailing import running_sink

from .case import PortalTestCase
from .test_proof_of_work import solve

TYPED = {
    'name': "Joan Vila",
    'email': 'joan@example.com',
    'subject': "The printer jams",
    'text': "Since Monday, on every page.",
    }
ORIGIN = 'https://www.example.com'


class WebFormTestCase(PortalTestCase):
    "Base of the tests: a section whose form is open to everyone"

    @classmethod
    def setUpDatabase(cls):
        super().setUpDatabase()
        Section = Pool(DB_NAME).get('helpdesk.section')
        Section.write([Section(cls.section)], {
                'visibility': 'public',
                'web_form': 'everyone',
                'web_form_origins': ORIGIN,
                'description': "We help <you>.",
                'mail_address': 'support@example.com',
                })

    def setUp(self):
        super().setUp()
        self.form = f'{self.base}/new/{self.section}'
        self.embed = f'{self.base}/embed/{self.section}'
        for target, name, value in [
                (form_stamp, 'LEAST', 0), (proof_of_work, 'COST', 10)]:
            patched = patch.object(target, name, value)
            patched.start()
            self.addCleanup(patched.stop)
        self.addCleanup(self.clean)
        sink = running_sink()
        self.sink = sink.__enter__()
        self.addCleanup(sink.__exit__, None, None, None)

    def clean(self):
        "Take back what the test changed"
        pool = Pool(DB_NAME)
        with self.transaction() as transaction:
            for name in ['portal.attempt', 'portal.nonce', 'web_request']:
                Model = pool.get(f'helpdesk.{name}')
                Model.delete(Model.search([]))
            User = pool.get('web.user')
            User.delete(User.search([('active', 'in', [True, False])]))
            Configuration = pool.get('helpdesk.configuration')
            Configuration.delete(Configuration.search([]))
            transaction.commit()

    def configure(self, **values):
        Configuration = Pool(DB_NAME).get('helpdesk.configuration')
        # As Tryton does again when a singleton is made
        with Transaction().start(
                DB_NAME, 0, context={},
                _lock_tables=[Configuration._table]):
            configuration = Configuration(1)
            for name, value in values.items():
                setattr(configuration, name, value)
            configuration.save()

    def change_section(self, **values):
        "Change the section for the test"
        Section = Pool(DB_NAME).get('helpdesk.section')
        with self.transaction():
            section = Section(self.section)
            before = {n: getattr(section, n) for n in values}
        self.write_section(values)
        self.addCleanup(self.write_section, before)

    def write_section(self, values):
        Section = Pool(DB_NAME).get('helpdesk.section')
        with self.transaction():
            Section.write([Section(self.section)], values)

    def count(self, name):
        Model = Pool(DB_NAME).get(name)
        with self.transaction():
            return Model.search([], count=True)

    def log_in(self, email='marta@example.com', **values):
        User = Pool(DB_NAME).get('web.user')
        with self.transaction():
            user, = User.create([
                    {'email': email, 'email_valid': True, **values}])
            key = user.new_session()
        client = self.client()
        client.set_cookie(session.ACCOUNT_COOKIE, key, path=self.base)
        return client

    def fields(self, client, address=None):
        "Return the page of the form and what its hidden fields hold"
        response = client.get(address or self.form)
        self.assertEqual(response.status_code, 200)
        page = response.get_data(as_text=True)
        return page, dict(re.findall(
                r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))

    def proof(self, page):
        "Return the solution of the page's challenge, as a browser finds it"
        challenge = re.search(r'data-challenge="([^"]+)"', page)
        if challenge:
            return solve(json.loads(html.unescape(challenge[1])))

    def send(self, client=None, address=None, files=(), proof=True, **values):
        "Fill in the form and send it; return the response"
        client = client or self.client()
        page, hidden = self.fields(client, address)
        data = {**TYPED, **hidden, **values}
        if proof:
            data['altcha'] = self.proof(page) or ''
        return self.post_form(client, data, address, files)

    def post_form(self, client, data, address=None, files=()):
        if files:
            data = {**data, 'files': [(io.BytesIO(d), n) for n, d in files]}
        return client.post(
            address or self.form, data=data,
            content_type='multipart/form-data', headers={'Origin': 'null'})

    def last_ticket(self):
        "Return the newest ticket, or None; in a transaction"
        Ticket = Pool(DB_NAME).get('helpdesk.ticket')
        for ticket in Ticket.search([], order=[('id', 'DESC')], limit=1):
            return ticket

    def mails(self):
        "Return the mails that went out"
        return list(self.sink.messages)
