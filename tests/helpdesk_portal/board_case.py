# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What the tests of the board have in common.
"""
import re

from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from tests.records import Helpdesk

from .case import PortalTestCase


class BoardTestCase(PortalTestCase):
    "A section with stages and its agent, who is signed in to the board"

    @classmethod
    def setUpDatabase(cls):
        pool = Pool(DB_NAME)
        Section = pool.get('helpdesk.section')
        super().setUpDatabase()
        # Without what needs a lock
        desk = Helpdesk.__new__(Helpdesk)
        desk.company = Section(cls.section).company
        cls.other = desk.make_section("Accounting", visibility='private').id
        cls.public = desk.make_section("Sales").id
        cls.company = desk.company.id
        agent = desk.make_user('agent', [])
        cls.agent, cls.employee = agent.id, agent.employee.id
        cls.manager = desk.make_user(
            'manager', [], 'group_helpdesk_manager').id

    def setUp(self):
        pool = Pool(DB_NAME)
        Section = pool.get('helpdesk.section')
        Stage = pool.get('helpdesk.stage')
        super().setUp()
        with self.transaction():
            # The tests have one database, but each a section
            section, = Section.create([{
                        'name': "Support", 'company': self.company,
                        'members': [('add', [self.employee])],
                        }])
            stages = Stage.create([
                    {'name': name, 'state': state,
                        'sections': [('add', [section.id])]}
                    for name, state in [
                        ("New", 'draft'), ("Doing", 'open'),
                        ("Testing", 'open'), ("Done", 'resolved'),
                        ("Archive", 'closed')]])
            self.section = section.id
            self.stages = [s.id for s in stages]
        self.new, self.doing, self.testing, self.done, self.archive = (
            f'stage-{id_}' for id_ in self.stages)

    def make(self, subject="It does not start", state=None, **values):
        "Return the id of a new ticket"
        pool = Pool(DB_NAME)
        Ticket = pool.get('helpdesk.ticket')
        values = {'section': self.section, **values}
        with self.transaction(), \
                Transaction().set_context(company=self.company):
            ticket, = Ticket.create([{
                        'subject': subject, 'company': self.company,
                        **values}])
            if state:
                Ticket.bring_to([ticket], state)
            return ticket.id

    def token(self, user=None, section=None):
        Token = Pool(DB_NAME).get('helpdesk.board.token')
        with self.transaction():
            return Token.make(user or self.agent, section=section)

    def signed_in(self, user=None):
        "Return a client with a session"
        client = self.client()
        response = client.post(
            f'{self.base}/board/enter/{self.token(user)}')
        self.assertEqual(response.status_code, 303)
        client.csrf = re.search('data-csrf="(.*?)"', client.get(
                f'{self.base}/board').get_data(as_text=True))[1]
        return client

    def ask(self, client, what='data', status=200, **filters):
        "Return the answer"
        response = client.get(f'{self.base}/board/{what}',
            query_string={'section': self.section, **filters},
            multithread=True)
        self.assertEqual(response.status_code, status, response.get_data())
        self.assertEqual(response.content_type, 'application/json')
        return response.json

    def move(self, client, ticket, old, new, status=200, csrf=None):
        response = client.post(f'{self.base}/board/move',
            json={'ticket': ticket, 'from': old, 'to': new},
            headers={'X-CSRF-Token': client.csrf if csrf is None else csrf})
        self.assertEqual(response.status_code, status, response.get_data())
        self.assertEqual(response.content_type, 'application/json')
        return response.json
