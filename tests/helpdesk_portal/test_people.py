# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import re

from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from . import tools
from .accounts import AccountTestCase


class PeopleTestCase(AccountTestCase):
    "Who is in copy by the customer's wish (PO6)"

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
        self.number = self.made(email=self.email, said=[{'body': "Help"}])
        self.client_ = self.log_in(self.email)
        self.path = f'{self.base}/tickets/{self.number}/people'

    def send(self, action='', client=None, **data):
        client = client or self.client_
        page = client.get(self.path).get_data(as_text=True)
        token = re.search(r'name="csrf_token" value="(\w+)"', page)
        data.setdefault('csrf_token', token[1] if token else '')
        return client.post(
            self.path + action, data=data, headers={'Origin': 'null'})

    def people(self):
        with self.transaction():
            return [
                (p.email, p.role)
                for p in self.record(self.number).participants]

    def test_add_and_remove(self):
        friend = self.address('friend')
        self.assertIn('/people"', self.page(self.client_, self.number))
        # Twice is once, however it is written
        for typed in [f' {friend.upper()} ', friend]:
            self.assertEqual(self.send(email=typed).status_code, 303)
        self.assertEqual(self.people(), [(friend, 'watcher')])
        page = self.client_.get(self.path).get_data(as_text=True)
        self.assertIn(friend, page)
        self.assertEqual(self.status(
                self.log_in(friend), f'/tickets/{self.number}'), 200)
        with self.transaction():
            ticket = self.record(self.number)
            self.assertEqual(ticket.watchers(), [friend])
            noted, = [h for h in ticket.history if h.what == 'participants']
            self.assertEqual((noted.new, noted.actor), (friend, 'customer'))
        person = re.search(r'name="person" value="(\d+)"', page)[1]
        self.assertEqual(
            self.send('/remove', person=person).status_code, 303)
        self.assertEqual(self.people(), [])

    def test_in_copy_before(self):
        "Who was in copy of a letter gets our answers then too"
        friend = self.address('friend')
        with self.transaction() as transaction:
            Participant = Pool(DB_NAME).get('helpdesk.participant')
            Participant.create([{
                        'ticket': self.record(self.number).id,
                        'email': friend, 'role': 'cc'}])
            transaction.commit()
        self.assertEqual(self.send(email=friend).status_code, 303)
        self.assertEqual(self.people(), [(friend, 'watcher')])

    def test_refused(self):
        for typed in [
                '', 'x', 'a@example.com, b@example.com', 'a b@example.com',
                'a@example.com\r\nBcc: b@example.com', '<script>',
                self.email, 'a@']:
            with self.subTest(typed=typed):
                response = self.send(email=typed)
                self.assertEqual(response.status_code, 422)
                page = response.get_data(as_text=True)
                self.assertIn('aria-describedby="email-error"', page)
                self.assertNotIn('<script>', page)
                self.assertEqual(self.people(), [])

    def test_ours(self):
        "Neither sections nor colleagues of ours are put in copy"
        pool = Pool(DB_NAME)
        colleague = self.address('colleague')
        support = self.address('support')
        with self.transaction() as transaction:
            Section = pool.get('helpdesk.section')
            User = pool.get('res.user')
            section = Section(self.section)
            section.mail_address = support
            section.save()
            User.create([{
                        'name': colleague, 'login': colleague,
                        'email': colleague,
                        'companies': [('add', [section.company.id])],
                        'company': section.company.id}])
            transaction.commit()
        for email in [colleague, support]:
            self.assertEqual(self.send(email=email).status_code, 422)
        self.assertEqual(self.people(), [])
        # Nor are those seen who are there already
        with self.transaction() as transaction:
            Participant = pool.get('helpdesk.participant')
            watcher, = Participant.create([{
                        'ticket': self.record(self.number).id,
                        'email': colleague}])
            transaction.commit()
        self.assertNotIn(
            colleague, self.client_.get(self.path).get_data(as_text=True))
        self.send('/remove', person=str(watcher.id))
        self.assertEqual(self.people(), [(colleague, 'watcher')])

    def test_limit(self):
        for _ in range(10):
            self.assertEqual(
                self.send(email=self.address()).status_code, 303)
        response = self.send(email=self.address())
        self.assertEqual(response.status_code, 422)
        self.assertIn("At most 10 people", response.get_data(as_text=True))

    def test_who_may(self):
        "Only the customer, logged in, and only where customers are invited"
        watcher = self.address('watcher')
        self.send(email=watcher)
        with self.transaction() as transaction:
            token = tools.link_token(self.record(self.number))
            transaction.commit()
        for client in [
                self.client(), self.log_in(self.address()),
                self.log_in(watcher), self.guest(self.number, token)]:
            self.assertEqual(client.get(self.path).status_code, 404)
            for action in ['', '/remove']:
                response = self.send(
                    action, client=client, email=self.address(), person='1')
                self.assertIn(response.status_code, {403, 404})
        self.assertEqual(self.people(), [(watcher, 'watcher')])
        self.assertEqual(
            self.send(email=self.address(), csrf_token='x').status_code, 403)

        internal = self.made(
            section=self.internal_section(), email=self.email)
        self.assertNotIn('/people"', self.page(self.client_, internal))
        self.assertEqual(
            self.status(self.client_, f'/tickets/{internal}/people'), 404)
        self.do(self.number, 'close')
        self.assertNotIn('/people"', self.page(self.client_, self.number))
        self.assertEqual(self.client_.get(self.path).status_code, 404)

    def test_other_ticket(self):
        "SE4: who is in copy of another ticket stays"
        friend = self.address('friend')
        other = self.made(email=self.address(), watchers=[friend])
        with self.transaction():
            watcher, = self.record(other).participants
            id_ = watcher.id
        for person in [str(id_), 'x', '', '-1']:
            self.send('/remove', person=person)
        with self.transaction():
            self.assertEqual(len(self.record(other).participants), 1)

    def test_switched_off(self):
        "Without the part of the helpdesk there is no page either"
        self.switch(False)
        self.addCleanup(self.switch, True)
        self.assertNotIn('/people"', self.page(self.client_, self.number))
        self.assertEqual(self.client_.get(self.path).status_code, 404)

    def switch(self, value):
        with Transaction().start(
                DB_NAME, 0, context={},
                _lock_tables=['helpdesk_configuration']) as transaction:
            Configuration = Pool(DB_NAME).get('helpdesk.configuration')
            configuration = Configuration(1)
            configuration.use_participants = value
            configuration.save()
            transaction.commit()


del AccountTestCase
