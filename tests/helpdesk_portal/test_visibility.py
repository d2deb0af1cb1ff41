# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import re
import unittest
from unittest.mock import patch
from urllib.parse import quote

from trytond import backend
from trytond.modules.helpdesk_portal.ticket_page import TicketPage
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from . import tools
from .case import PortalTestCase


class VisibilityTestCase(PortalTestCase):
    "Who sees what (B11, PO1)"

    def test_stranger(self):
        number, token = self.ticket({'body': "Help"})
        client = self.client()

        for method, path, status in [
                ('GET', '/', 200),
                ('GET', f'/tickets/{number}', 404),
                ('GET', '/tickets/999999', 404),
                ('GET', '/tickets/a%00b', 404),
                ('GET', f'/tickets/{number}/attachments/1', 404),
                ('GET', '/guest/wrong', 404),
                ('GET', '/guest/', 404),
                ('GET', '/static/style.css', 200),
                ('GET', '/static/icon.svg', 200),
                ('GET', '/static/../routes.py', 404),
                ('GET', '/static/..%2froutes.py', 404),
                ('GET', '/static/other.css', 404),
                ('GET', '/elsewhere', 404),
                ('POST', f'/tickets/{number}', 404),
                ('POST', f'/tickets/{number}/close', 404),
                ]:
            with self.subTest(method=method, path=path):
                response = client.open(self.base + path, method=method)
                self.assertEqual(response.status_code, status)
        with self.transaction():
            self.assertEqual(self.record(number).state, 'draft')

    def test_guest(self):
        number, token = self.ticket(
            {'body': "It does not start"},
            {'body': "Is it plugged in?", 'direction': 'out'},
            subject="Lamp & co")
        page = self.page(self.guest(number, token), number)

        self.assertIn("Lamp &amp; co", page)
        self.assertIn(f"Ticket {number}", page)
        self.assertIn("Technical Support", page)
        self.assertIn("Muebles Soler", page)
        # The newest first
        self.assertLess(
            page.index("Is it plugged in?"), page.index("It does not start"))

    def ended(self, field):
        "Return the number of a ticket and the token of its ended link"
        number, token = self.ticket()
        with self.transaction():
            GuestLink = Pool(DB_NAME).get('helpdesk.guest_link')
            GuestLink.write(GuestLink.search([
                        ('token_hash', '=', GuestLink.hash(token))]),
                {field: dt.datetime(2020, 1, 1)})
        return number, token

    def seen(self, path, cookie=None):
        "Return what somebody sees, without what is random in a form of ours"
        client = self.client()
        if cookie:
            client.set_cookie('helpdesk_guest', cookie)
        response = client.get(self.base + path)
        headers = [
            (n, re.sub(r'(helpdesk_visit)=[\w-]+', r'\1', v))
            for n, v in response.headers.to_wsgi_list()]
        page = re.sub(
            rb'(name="csrf_token") value="\w+"', rb'\1',
            response.get_data())
        return response.status_code, page, headers

    def test_all_wrong_links_alike(self):
        "The same page, to the byte, whatever is wrong with a link (PO1, SE5)"
        number, token = self.ticket({'body': "Help"})
        _, expired_token = self.ended('expires_at')
        _, revoked_token = self.ended('revoked_at')

        expected = self.seen('/guest/wrong')
        self.assertEqual(expected[0], 404)
        for path in [
                expired_token, revoked_token, token.swapcase(), f'{token}x',
                '%00']:
            with self.subTest(path=path):
                self.assertEqual(self.seen(f'/guest/{path}'), expected)

    def test_all_wrong_cookies_alike(self):
        "The same page, to the byte, whatever hides a ticket (PO1, SE5)"
        number, token = self.ticket({'body': "Help"})
        other, other_token = self.ticket({'body': "Other"})
        expired, expired_token = self.ended('expires_at')
        revoked, revoked_token = self.ended('revoked_at')

        expected = self.seen('/nothing')
        self.assertEqual(expected[0], 404)
        for path, cookie in [
                ('/guest/', None),
                (f'/tickets/{number}', None),
                (f'/tickets/{number}', 'wrong'),
                (f'/tickets/{number}', ''),
                (f'/tickets/{number}', other_token),
                (f'/tickets/{number}', token.lower()),
                (f'/tickets/{number}.pdf', other_token),
                (f'/tickets/{expired}', expired_token),
                (f'/tickets/{revoked}', revoked_token),
                ('/tickets/999999', token),
                (f'/tickets/{number}/attachments/1', other_token),
                ]:
            with self.subTest(path=path, cookie=cookie):
                self.assertEqual(self.seen(path, cookie), expected)

    def test_revoked_while_open(self):
        "A cookie opens nothing any more once its link is revoked"
        pool = Pool(DB_NAME)
        number, token = self.ticket()
        client = self.guest(number, token)
        self.page(client, number)
        with self.transaction():
            GuestLink = pool.get('helpdesk.guest_link')
            GuestLink.revoke(GuestLink.search([
                        ('token_hash', '=', GuestLink.hash(token))]))

        response = client.get(f'{self.base}/tickets/{number}')

        self.assertEqual(response.status_code, 404)

    def test_cookie(self):
        number, token = self.ticket()
        for base_url, secure in [
                ('http://localhost', False), ('https://localhost', True)]:
            with self.subTest(base_url=base_url):
                response = self.client().get(
                    f'{self.base}/guest/{token}', base_url=base_url)
                cookie = response.headers['Set-Cookie'].split('; ')
                self.assertIn(f'Path={self.base}/tickets/{number}', cookie)
                self.assertIn('HttpOnly', cookie)
                self.assertIn('SameSite=Lax', cookie)
                self.assertEqual('Secure' in cookie, secure)

    def test_odd_numbers(self):
        "Sequences may have a prefix with slashes or blanks"
        for number in ['2026/7', 'HD 8']:
            with self.subTest(number=number):
                _, token = self.ticket(
                    {'body': "Help", 'files': [('a.txt', b'a')]},
                    number=number)
                number = quote(number)
                client = self.guest(number, token)
                page = self.page(client, number)
                file = re.search(r'href="([^"]*/attachments/\d+)"', page)[1]

                self.assertEqual(client.get(file).get_data(), b'a')
                self.assertEqual(
                    self.post(client, number, "Hello").status_code, 303)
                self.assertEqual(
                    self.post(client, number, '', action='/close')
                    .status_code, 303)

    def test_internal_invisible(self):
        "SE11: no internal note, no file of one, no address of anybody"
        number, token = self.ticket(
            {'body': "Question", 'to_addresses': 'help@soler.example',
                'cc_addresses': 'boss@example.com'},
            {'body': "He never pays", 'direction': 'internal',
                'files': [('dossier.pdf', b'secret')]},
            {'body': "Fine print", 'direction': 'internal', 'kind': 'email'},
            {'body': "Odd note", 'direction': 'in', 'kind': 'note'},
            {'body': "Answer", 'direction': 'out',
                'to_addresses': tools.CUSTOMER,
                'cc_addresses': 'hidden@example.com'},
            description="Description only for agents")
        client = self.guest(number, token)
        pages = [self.page(client, number), self.page(client, number, '?x=1')]
        with self.transaction():
            Attachment = Pool(DB_NAME).get('ir.attachment')
            attachment, = Attachment.search([('name', '=', 'dossier.pdf')])
            note = attachment.resource.id
            file = attachment.id

        for page in pages:
            self.assertIn("Question", page)
            self.assertIn("Answer", page)
            for hidden in [
                    "never pays", "dossier", "Fine print", "Odd note", '@',
                    "only for agents"]:
                self.assertNotIn(hidden, page)
        self.assertEqual(
            client.get(f'{self.base}/tickets/{number}/attachments/{file}')
            .status_code, 404)
        # Nor does it help as a place to look back from
        self.assertEqual(
            content(self.page(client, number, f'?before={note}')),
            content(pages[0]))

    def test_machines_invisible(self):
        "SE9: the confirmation of some service in the ticket is not shown"
        number, token = self.ticket(
            {'body': "Question"},
            {'body': "Your code is 123456", 'automatic': True,
                'from_address': 'no-reply@service.example',
                'author': "Service"},
            {'body': "We have your request", 'direction': 'out',
                'automatic': True})
        page = self.page(self.guest(number, token), number)

        self.assertNotIn("123456", page)
        self.assertIn("We have your request", page)

    def test_before(self):
        "Older messages are a page behind, also when all came at once"
        number, token = self.ticket(*[
                {'body': f"Message {i:03}", 'at': tools.NOW}
                for i in range(7)])
        client = self.guest(number, token)
        seen, query = [], ''
        with patch.object(TicketPage, 'messages_shown', 3):
            for _ in range(3):
                page = self.page(client, number, query)
                seen.append(re.findall(r'Message (\d+)', page))
                older = re.search(r'\?before=\d+', page)
                query = older[0] if older else None

        self.assertEqual(seen, [
                ['006', '005', '004'], ['003', '002', '001'], ['000']])
        self.assertIsNone(query)

    def test_before_wrong(self):
        number, token = self.ticket({'body': "Help"})
        other, _ = self.ticket({'body': "Other"})
        client = self.guest(number, token)
        with self.transaction():
            foreign = self.record(other).conversations[0].id
        expected = content(self.page(client, number))

        for before in [
                '', 'x', '-1', '0', '9' * 30, '١', '1;drop', str(foreign)]:
            with self.subTest(before=before):
                page = self.page(client, number, f'?before={before}')
                self.assertEqual(content(page), expected)

    def test_get_writes_nothing(self):
        "SafeLinks and the like follow links: that changes nothing (AG11)"
        number, token = self.ticket(
            {'body': "Help", 'files': [('a.txt', b'a')]})
        with patch('trytond.model.ModelSQL.create') as create, \
                patch('trytond.model.ModelSQL.write') as write, \
                patch('trytond.model.ModelSQL.delete') as delete:
            client = self.guest(number, token)
            page = self.page(client, number)
            client.get(re.search(r'href="([^"]*/attachments/\d+)"', page)[1])
            client.head(f'{self.base}/tickets/{number}')
            client.get(f'{self.base}/guest/wrong')
            client.get(f'{self.base}/tickets/{number}/close')
        create.assert_not_called()
        write.assert_not_called()
        delete.assert_not_called()
        with self.transaction():
            self.assertEqual(self.record(number).state, 'draft')

    @unittest.skipIf(backend.name != 'sqlite', "counts on SQLite")
    def test_statements(self):
        "A long conversation takes no more statements than a short one"
        def statements(count):
            number, token = self.ticket(*[{
                        'body': f"Message {i}",
                        'direction': ['in', 'out'][i % 2],
                        'files': [(f'{i}.txt', b'x')],
                        } for i in range(count)])
            client = self.guest(number, token)
            self.page(client, number)
            with self.transaction():
                connection = Transaction().connection
            with tools.count_statements(connection) as counted:
                self.page(client, number)
            return counted

        statements(1)
        few = statements(2)
        self.assertEqual(len(statements(60)), len(few))
        self.assertLessEqual(len(few), 11, few)


def content(page):
    "Return the page without its foot, whose links have its address"
    return page.partition('<footer')[0]


del PortalTestCase
