# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
What the tests of the portal's pages have in common.
"""
import io
import re
from unittest.mock import patch

from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME, RouteTestCase
from trytond.transaction import Transaction

from . import tools


class PortalTestCase(RouteTestCase):
    "Base of the tests: one section, tickets as needed"
    module = 'helpdesk_portal'

    @classmethod
    def setUpDatabase(cls):
        pool = Pool(DB_NAME)
        Lang = pool.get('ir.lang')
        section = tools.create_section()
        section.company.timezone = 'Europe/Madrid'
        section.company.save()
        cls.section = section.id
        spanish, = Lang.search([('code', '=', 'es')])
        spanish.translatable = True
        spanish.save()

    def setUp(self):
        super().setUp()
        self.base = f'/{DB_NAME}/helpdesk'

    def let_register(self):
        "Let strangers register until the end of the test"
        Configuration = Pool(DB_NAME).get('helpdesk.configuration')
        patcher = patch.dict(
            Configuration._defaults, portal_register=lambda: True)
        patcher.start()
        self.addCleanup(patcher.stop)

    def transaction(self):
        return Transaction().start(DB_NAME, 0, context={})

    def ticket(self, *said, **values):
        "Return the number and the token of the link of a new ticket"
        pool = Pool(DB_NAME)
        with self.transaction():
            Section = pool.get('helpdesk.section')
            ticket = tools.create_ticket(Section(self.section), **values)
            for i, conversation in enumerate(said):
                tools.say(ticket, minutes=i, **conversation)
            return ticket.number, tools.link_token(ticket)

    def record(self, number):
        Ticket = Pool(DB_NAME).get('helpdesk.ticket')
        ticket, = Ticket.search([('number', '=', number)])
        return ticket

    def guest(self, number, token):
        "Return a client that followed the link"
        client = self.client()
        response = client.get(f'{self.base}/guest/{token}')
        self.assertEqual(response.status_code, 303)
        self.assertEqual(
            response.headers['Location'], f'{self.base}/tickets/{number}')
        return client

    def page(self, client, number, query='', **kwargs):
        response = client.get(
            f'{self.base}/tickets/{number}{query}', **kwargs)
        self.assertEqual(response.status_code, 200)
        return response.get_data(as_text=True)

    def post(self, client, number, text, files=(), action='', token=None):
        "Send the form as the page has it"
        page = self.page(client, number)
        csrf = re.search(r'name="csrf_token" value="(\w+)"', page)[1]
        data = {'text': text, 'csrf_token': csrf if token is None else token}
        if files:
            data['files'] = [(io.BytesIO(d), n) for n, d in files]
        return client.post(
            f'{self.base}/tickets/{number}{action}', data=data,
            content_type='multipart/form-data',
            # As browsers do on a page without referrer
            headers={'Origin': 'null'})
