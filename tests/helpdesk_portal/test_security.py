# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
What hostile people try on several pages at once.
"""
import io

from trytond.modules.helpdesk_portal import session
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME

from . import tools
from .accounts import AccountTestCase
from .test_recaptcha import asking
from .web_form_case import TYPED, WebFormTestCase

# More than the forms ask for
VALUES = {
    'ticket': '1', 'number': '1', 'state': 'closed', 'party': '1',
    'contact': '1', 'employee': '1', 'company': '1', 'section': '1',
    'channel': 'phone', 'kind': 'email', 'direction': 'out',
    'automatic': '1', 'author': "Ana", 'from_address': 'ana@example.com',
    'to_addresses': 'victim@example.com', 'delivery': 'queued',
    'bcc_addresses': 'victim@example.com', 'priority': 'urgent',
    'X-RT-Command': 'close', 'Reply-To': 'evil@example.com',
    }


class FormTestCase(WebFormTestCase):
    "What a stranger sends with the public form"

    def setUp(self):
        super().setUp()
        self.configure(web_form_per_network=None, robot_check='none')

    def test_address_of_agent(self):
        "SE6: who types an agent's address is a stranger, and joins nothing"
        pool = Pool(DB_NAME)
        with self.transaction():
            User = pool.get('res.user')
            User.create([{
                        'name': "Ana", 'login': 'ana-form',
                        'email': 'ana@example.com'}])
        number, _ = self.ticket({'body': "Help"})
        response = self.send(
            email='ana@example.com', name="Ana", subject=f"Re: [#{number}]")
        self.assertEqual(response.status_code, 303)
        with self.transaction():
            ticket = self.last_ticket()
            self.assertNotEqual(ticket.number, number)
            self.assertIsNone(ticket.employee)
            said, = [c for c in ticket.conversations if not c.automatic]
            self.assertEqual((said.direction, said.kind), ('in', 'web'))
            self.assertEqual(len(self.record(number).conversations), 1)

    def test_more_values(self):
        "SE7: nothing but what the form asks for is taken"
        self.send(**{
                **VALUES, 'email': 'joan@example.com', 'state': 'closed'})
        with self.transaction():
            ticket = self.last_ticket()
            self.assertEqual(ticket.subject, TYPED['subject'])
            self.assertEqual(ticket.state, 'open')
            self.assertEqual(ticket.section.id, self.section)
            self.assertEqual(ticket.channel, 'web')
            self.assertIsNone(ticket.employee)
            said, = [c for c in ticket.conversations if not c.automatic]
            self.assertEqual((said.direction, said.kind), ('in', 'web'))
            self.assertFalse(said.to_addresses or said.bcc_addresses)
        for mail in self.mails():
            self.assertEqual(mail['To'].addresses[0].addr_spec,
                'joan@example.com')
            self.assertNotIn('evil', str(mail))
            self.assertNotIn('X-RT-Command', mail)

    def test_stamp_of_another_section(self):
        "PO7: what was solved for one section is nothing to another"
        self.configure(robot_check='altcha')
        with self.transaction():
            Section = Pool(DB_NAME).get('helpdesk.section')
            other = tools.create_section(
                "Sales", company=Section(self.section).company,
                visibility='public', web_form='everyone')
            other_id = other.id
        client = self.client()
        page, hidden = self.fields(client)
        data = {**TYPED, **hidden, 'altcha': self.proof(page)}
        response = self.post_form(
            client, data, f'{self.base}/new/{other_id}')
        self.assertEqual(response.status_code, 422)
        self.assertEqual(self.post_form(client, data).status_code, 303)
        self.write_section({'active': True})
        with self.transaction():
            Section = Pool(DB_NAME).get('helpdesk.section')
            Section.write([Section(other_id)], {'web_form': 'none'})

    def test_secrets(self):
        "SE14: neither pages nor logs have the keys and what is sent"
        self.configure(
            robot_check='recaptcha', recaptcha_site_key='site',
            recaptcha_secret='topsecret')
        with self.assertLogs() as logs, asking(1):
            response = self.send(recaptcha='token-of-google')
            page = self.client().get(response.headers['Location'])
        logged = '\n'.join(logs.output)
        for secret in ['topsecret', 'token-of-google', TYPED['text']]:
            self.assertNotIn(secret, logged)
            self.assertNotIn(secret, page.get_data(as_text=True))

    def test_many_parts(self):
        "SE15: a form of very many parts is refused before it is kept"
        _, hidden = self.fields(self.client())
        for more in [
                {f'field{i}': 'x' for i in range(2000)},
                {'files': [(io.BytesIO(b'x'), 'x') for _ in range(2000)]},
                {'text': 'x' * 3_000_000},
                ]:
            response = self.post_form(
                self.client(), {**TYPED, **hidden, **more})
            self.assertEqual(response.status_code, 413)
        response = self.client().post(self.form, data=b'x',
            content_type='multipart/form-data; boundary=x',
            environ_overrides={'CONTENT_LENGTH': str(10 ** 9)})
        self.assertEqual(response.status_code, 413)


class MixtureTestCase(AccountTestCase):
    "An account and the link of somebody else in one browser"

    @classmethod
    def setUpDatabase(cls):
        super().setUpDatabase()
        Section = Pool(DB_NAME).get('helpdesk.section')
        Section.write([Section(cls.section)], {'visibility': 'public'})

    def test_account_first(self):
        "PO1: who sees the ticket by the account has the rights of the account"
        watcher = self.address('watcher')
        number = self.made(
            email=self.address('owner'), watchers=[watcher])
        with self.transaction() as transaction:
            token = tools.link_token(self.record(number))
            transaction.commit()
        client = self.log_in(watcher)
        self.assertEqual(
            client.get(f'{self.base}/guest/{token}').status_code, 303)
        key = client.get_cookie(session.ACCOUNT_COOKIE, path=self.base).value
        for secret, action, status in [
                (key, '/close', 403),
                (token, '/close', 403),
                (key, '/people', 404),
                (token, '', 403),
                ]:
            response = client.post(
                f'{self.base}/tickets/{number}{action}',
                data={'csrf_token': session.csrf_token(secret), 'text': "x"})
            self.assertEqual(response.status_code, status, (action, secret))
        with self.transaction():
            self.assertNotEqual(self.record(number).state, 'closed')

    def test_link_first(self):
        "Who sees it by the link only writes as who has the link"
        owner, other = self.address('owner'), self.address('other')
        number = self.made(email=owner)
        with self.transaction() as transaction:
            token = tools.link_token(self.record(number))
            transaction.commit()
        client = self.log_in(other)
        client.get(f'{self.base}/guest/{token}')
        self.assertEqual(
            self.post(client, number, "By the link").status_code, 303)
        # The account gets nothing by it
        self.assertEqual(self.status(client, f'/tickets/{number}/people'), 404)
        _, numbers = self.listed(client)
        self.assertEqual(numbers, [])
        with self.transaction():
            said, = self.record(number).conversations
            self.assertEqual(said.from_address, owner)

    def test_odd_cookies(self):
        "SE15: a cookie that can't be ours makes a stranger of its sender"
        for name in ['session', 'guest', 'visit', 'language', 'zone']:
            for value in [
                    '"\\000"', '"a\\000b"', '"\\355\\240\\200"', '"\\377"',
                    '"\\012"', '', '"', 'x' * 5000, '%00', '../..', '[]']:
                client = self.client()
                for path, status in [
                        ('/tickets', 303), ('/tickets/1', 404),
                        ('/login', 200), ('/account', 303)]:
                    with self.subTest(name=name, value=value, path=path):
                        response = client.get(self.base + path, headers={
                                'Cookie': f'helpdesk_{name}={value}'})
                        self.assertEqual(response.status_code, status)


del AccountTestCase, WebFormTestCase
