# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import re
from unittest.mock import Mock, patch

from trytond import backend
from trytond.exceptions import RateLimitException, UserError
from trytond.modules.helpdesk_portal import pages, routes
from trytond.modules.helpdesk_portal.forms import MIB
from trytond.modules.helpdesk_portal.visibility import Visitor
from trytond.pool import Pool
from trytond.protocols.wrappers import Request, exceptions
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction
from werkzeug.test import create_environ

from .case import PortalTestCase

SCRIPT = '<script>alert(1)</script>'


class HeadersTestCase(PortalTestCase):
    "What browsers are told (SE1, SE2, SE3)"

    def test_headers(self):
        number, token = self.ticket(
            {'body': "Help", 'files': [('a.txt', b'a')]})
        client = self.guest(number, token)
        page = self.page(client, number)
        file = re.search(r'href="([^"]*/attachments/\d+)"', page)[1]

        for path in [
                f'{self.base}/', f'{self.base}/guest/{token}',
                f'{self.base}/guest/wrong', f'{self.base}/tickets/{number}',
                f'{self.base}/static/style.css', file]:
            with self.subTest(path=path):
                headers = client.get(path).headers
                policy = headers['Content-Security-Policy']
                self.assertIn("default-src 'none'", policy)
                self.assertIn("frame-ancestors 'none'", policy)
                self.assertNotIn('unsafe', policy)
                self.assertEqual(headers['X-Content-Type-Options'], 'nosniff')
                self.assertEqual(headers['Referrer-Policy'], 'no-referrer')
                self.assertEqual(headers['Cache-Control'],
                    'public, max-age=31536000, immutable'
                    if 'static' in path else 'private, no-store')
        policy = client.get(
            f'{self.base}/').headers['Content-Security-Policy']
        for rule in [
                "style-src 'self'", "form-action 'self'", "base-uri 'none'"]:
            self.assertIn(rule, policy.split('; '))

    def test_no_script_no_style_no_elsewhere(self):
        "SE3: the page asks nobody else for anything"
        number, token = self.ticket({
                'body': "Look http://evil.example/x.png",
                'html': '<img src="http://evil.example/x.png">'})
        page = self.page(self.guest(number, token), number)

        self.assertIsNone(re.search(r'<(style|img|iframe)', page))
        self.assertIsNone(re.search(r'\s(style|on\w+)=', page))
        for source in re.findall(
                r'<(?:link[^>]*href|script[^>]*src)="([^"]*)"', page):
            self.assertTrue(source.startswith(f'{self.base}/static/'))
        self.assertIn(
            '<a href="http://evil.example/x.png" '
            'rel="noopener noreferrer nofollow">', page)

    def test_script_inert(self):
        "SE1: script in subject, name, text and file name is but text"
        hostile = f'"\'>{SCRIPT}<!-- ]]> &lt; {{}} ${{1}}'
        number, token = self.ticket(
            {'body': hostile, 'author': hostile,
                'files': [(f'{SCRIPT}.html', SCRIPT.encode())]},
            subject=hostile, contact_name=hostile)
        client = self.guest(number, token)
        page = self.page(client, number)

        self.assertNotIn('<script>', page)
        self.assertNotIn('<!--', page)
        self.assertGreaterEqual(page.count('&lt;script&gt;alert(1)'), 4)
        response = self.post(client, number, '', files=[])
        self.assertEqual(response.status_code, 422)
        self.assertNotIn('<script>', response.get_data(as_text=True))

    def test_typed_inert(self):
        number, token = self.ticket()
        client = self.guest(number, token)
        response = self.post(
            client, number, f'</textarea>{SCRIPT}',
            files=[(f'{i}{SCRIPT}', b'') for i in range(2)])
        page = response.get_data(as_text=True)

        self.assertEqual(response.status_code, 422)
        self.assertNotIn('<script>', page)
        self.assertIn('&lt;/textarea&gt;&lt;script&gt;', page)

    def test_attachment(self):
        "SE2: a file is downloaded, never shown in our name"
        number, token = self.ticket({'body': "See", 'files': [
                    ('page.html', SCRIPT.encode()),
                    ('drawing.svg', b'<svg onload="alert(1)"/>'),
                    ('código\u202e";x=y.js', b'alert(1)')]})
        client = self.guest(number, token)
        page = self.page(client, number)
        files = re.findall(r'href="([^"]*/attachments/\d+)"', page)

        self.assertEqual(len(files), 3)
        for file in files:
            response = client.get(file)
            headers = response.headers
            self.assertEqual(response.status_code, 200)
            self.assertEqual(
                headers['Content-Type'], 'application/octet-stream')
            self.assertTrue(headers['Content-Disposition'].startswith(
                    'attachment; filename'))
            self.assertIn('sandbox', headers['Content-Security-Policy'])
            self.assertEqual(headers['X-Content-Type-Options'], 'nosniff')
            self.assertNotIn('Set-Cookie', headers)
            self.assertNotIn('%E2%80%AE', headers['Content-Disposition'])

    def test_attachment_of_others(self):
        "SE4: a file is only to be had with its own ticket"
        pool = Pool(DB_NAME)
        number, token = self.ticket({'body': "Mine"})
        other, other_token = self.ticket(
            {'body': "Other", 'files': [('other.txt', b'other')]})
        with self.transaction():
            Attachment = pool.get('ir.attachment')
            foreign, = Attachment.search([('name', '=', 'other.txt')])
            loose, link = Attachment.create([
                    {'name': 'loose.txt', 'data': b'x',
                        'resource': str(self.record(number))},
                    {'name': 'link.txt', 'type': 'link',
                        'link': 'http://intranet.example',
                        'resource': str(self.record(number).conversations[0])},
                    ])
            ids = [foreign.id, loose.id, link.id, 0, '9' * 30, 'x']
        client = self.guest(number, token)
        for id_ in ids:
            with self.subTest(id=id_):
                response = client.get(
                    f'{self.base}/tickets/{number}/attachments/{id_}')
                self.assertEqual(response.status_code, 404)
        self.assertNotIn('intranet', self.page(client, number))


class LanguageTestCase(PortalTestCase):
    "The page speaks the visitor's language (PO9)"

    def language_of(self, number, token, accept):
        client = self.guest(number, token)
        headers = {'Accept-Language': accept} if accept else {}
        page = self.page(client, number, headers=headers)
        return re.search(r'<html lang="([\w-]+)"', page)[1]

    def test_language(self):
        with self.transaction():
            Lang = Pool(DB_NAME).get('ir.lang')
            spanish, = Lang.search([('code', '=', 'es')])
        number, token = self.ticket()
        spanish_number, spanish_token = self.ticket(language=spanish.id)
        for accept, plain, spanish in [
                ('', 'en', 'es'),
                ('en', 'en', 'en'),
                ('es', 'es', 'es'),
                ('es-MX,es;q=0.9,en;q=0.8', 'es', 'es'),
                ('fi, es;q=0.5', 'es', 'es'),
                ('fi', 'en', 'es'),
                ('%;q=x,,', 'en', 'es'),
                ]:
            with self.subTest(accept=accept):
                self.assertEqual(
                    self.language_of(number, token, accept), plain)
                self.assertEqual(
                    self.language_of(spanish_number, spanish_token, accept),
                    spanish)

    def test_translated(self):
        pool = Pool(DB_NAME)
        number, token = self.ticket()
        with self.transaction():
            ModelData = pool.get('ir.model.data')
            Message = pool.get('ir.message')
            with Transaction().set_context(language='es'):
                message = Message(ModelData.get_id(
                        'helpdesk_portal', 'msg_form_send'))
                message.text = "Enviar ya"
                message.save()
        client = self.guest(number, token)
        page = self.page(
            client, number, headers={'Accept-Language': 'es'})
        self.assertIn("Enviar ya", page)

    def test_time_zone(self):
        "Times are the company's, in the way of the language"
        number, token = self.ticket({'body': "Help"})
        client = self.guest(number, token)
        for accept, text in [('en', '11/02/2026'), ('es', '02/11/2026')]:
            page = self.page(
                client, number, headers={'Accept-Language': accept})
            self.assertIn(
                '<time datetime="2026-11-02T10:00+00:00">'
                f'{text}\u00a011:00</time>', page)

    def test_numbers(self):
        "Numbers are written as the language does"
        number, token = self.ticket({
                'body': "See", 'files': [('a.txt', b'x' * (3 * MIB // 2))]})
        client = self.guest(number, token)
        for language, size, limit in [
                ('en', "1.5", "50,000"), ('es', "1,5", "50.000")]:
            with self.subTest(language=language):
                headers = {'Accept-Language': language}
                page = self.page(client, number, headers=headers)
                self.assertIn(f'{size} MiB', page)
                csrf = re.search(r'name="csrf_token" value="(\w+)"', page)[1]
                response = client.post(
                    f'{self.base}/tickets/{number}', headers=headers,
                    data={'csrf_token': csrf, 'text': 'x' * 50_001})
                self.assertIn(limit, response.get_data(as_text=True))


class PreferenceTestCase(PortalTestCase):
    "The visitor chooses the language, the browser tells the zone (X7)"

    def choices(self, page):
        return re.findall(
            r'<a href="([^"]*)" lang="(\w+)"[^>]*?(aria-current="true")?>',
            page.partition('<nav class="languages"')[2])

    def test_choose(self):
        "The choice holds for the pages that follow, and keeps the address"
        number, token = self.ticket()
        client = self.guest(number, token)
        headers = {'Accept-Language': 'en'}
        page = self.page(
            client, number, '?before=7&done=answered', headers=headers)
        self.assertEqual(self.choices(page), [
                ('?language=en&amp;before=7&amp;done=answered', 'en',
                    'aria-current="true"'),
                ('?language=es&amp;before=7&amp;done=answered', 'es', ''),
                ])
        response = client.get(
            f'{self.base}/tickets/{number}?language=es', headers=headers)
        cookie = response.headers['Set-Cookie']
        self.assertIn('helpdesk_language=es;', cookie)
        self.assertIn(f'Path={self.base}', cookie)
        for part in ['HttpOnly', 'SameSite=Lax']:
            self.assertIn(part, cookie)

        page = self.page(client, number, headers=headers)
        self.assertIn('<html lang="es"', page)
        self.assertEqual(
            [bool(current) for _, _, current in self.choices(page)],
            [False, True])
        start = client.get(f'{self.base}/', headers=headers)
        self.assertIn('<html lang="es"', start.get_data(as_text=True))

    def test_choose_unknown(self):
        "A language that isn't installed changes nothing"
        client = self.client()
        for code in ['fi', '', 'es\r\nX: y', '<script>']:
            with self.subTest(code=code):
                response = client.get(
                    f'{self.base}/', query_string={'language': code},
                    headers={'Accept-Language': 'es'})
                page = response.get_data(as_text=True)
                self.assertIn('<html lang="es"', page)
                self.assertNotIn('<script>', page)
                self.assertNotIn('Set-Cookie', response.headers)

    def test_form_not_lost(self):
        "The page that a form made offers no link that would lose it"
        number, token = self.ticket()
        response = self.post(self.guest(number, token), number, '')
        self.assertEqual(response.status_code, 422)
        self.assertNotIn(
            'class="languages"', response.get_data(as_text=True))

    def test_zone(self):
        number, token = self.ticket({'body': "Help"})
        client = self.guest(number, token)
        for zone, time, name in [
                (None, '11:00', 'Europe/Madrid'),
                ('America/New_York', '05:00', 'America/New York'),
                ('Asia/Kolkata', '15:30', 'Asia/Kolkata'),
                ('Nowhere/Land', '11:00', 'Europe/Madrid'),
                ('../../etc/passwd', '11:00', 'Europe/Madrid'),
                ('<script>', '11:00', 'Europe/Madrid'),
                ]:
            with self.subTest(zone=zone):
                if zone:
                    client.set_cookie(
                        'helpdesk_zone', zone, path=self.base)
                page = self.page(client, number)
                self.assertIn(
                    '<time datetime="2026-11-02T10:00+00:00">'
                    f'11/02/2026\u00a0{time}</time>', page)
                self.assertIn(f"of the zone {name}.", page)
                self.assertEqual(page.count(name), 1)

    def test_zone_only_with_times(self):
        page = self.client().get(f'{self.base}/').get_data(as_text=True)
        self.assertNotIn("of the zone", page)


class ErrorTestCase(PortalTestCase):
    "What goes wrong is said in plain words and gives nothing away (SE17)"

    def failing(self, error):
        number, token = self.ticket()
        client = self.guest(number, token)
        Ticket = Pool(DB_NAME).get('helpdesk.ticket')
        with patch.object(Ticket, 'answer_on_portal', side_effect=error), \
                patch.object(routes, 'logger'):
            return self.post(client, number, "Hello")

    def test_errors(self):
        secret = "secret of imap://user:password@host"
        for error, status in [
                (UserError(secret), 400),
                (ValueError(secret), 500),
                (KeyError(secret), 500),
                (backend.DatabaseOperationalError(secret), 503),
                ]:
            with self.subTest(error=error):
                response = self.failing(error)
                page = response.get_data(as_text=True)
                self.assertEqual(response.status_code, status)
                self.assertNotIn("secret", page)
                self.assertNotIn("imap", page)
                self.assertIn("<h1>", page)
                self.assertIn('Content-Security-Policy', response.headers)

    def test_others_were_faster(self):
        "What others are in the way of is tried again, but not for ever"
        class Conflict(backend.DatabaseOperationalError):
            sqlstate = '55P03'

        conflicts = [Conflict() for _ in range(8)]
        self.assertEqual(self.failing([*conflicts, None]).status_code, 303)
        with patch.object(routes, 'PATIENCE', 0):
            self.assertEqual(self.failing(Conflict()).status_code, 503)

    def test_every_error_page(self):
        for code in pages.ErrorPage.codes | {401, 405, 418, 502}:
            with self.subTest(code=code), self.transaction():
                page = pages.ErrorPage(
                    Request(create_environ()), code, limit='10')
                response = page.response()
                text = response.get_data(as_text=True)
                self.assertEqual(
                    response.status_code // 100, code // 100)
                self.assertIn("<h1>", text)
                self.assertIn(
                    f'<a class="button secondary" href="{self.base}/"', text)

    def test_too_many(self):
        "Who asks too often is told when to come back"
        for error, seconds in [
                (RateLimitException(), '60'),
                (exceptions.TooManyRequests(retry_after=300), '300'),
                ]:
            with self.subTest(error=error):
                response = self.failing(error)
                self.assertEqual(response.status_code, 429)
                self.assertEqual(response.headers['Retry-After'], seconds)
                self.assertIn("<h1>", response.get_data(as_text=True))

    def test_nothing_here(self):
        "An address or a method that isn't there gives our page"
        client = self.client()
        for method in ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']:
            for path in ['nowhere', 'static/nothing.css', 'brand/0/logo',
                    'brand/9/style.css']:
                with self.subTest(method=method, path=path):
                    response = client.open(
                        f'{self.base}/{path}', method=method)
                    self.assertEqual(response.status_code, 404)
                    self.assertIn("<h1>", response.get_data(as_text=True))

    def test_no_error_page(self):
        "Not even a page of error that fails gives anything away"
        for error, status in [
                (backend.DatabaseOperationalError("secret"), 503),
                (ValueError("secret"), 500),
                ]:
            with self.subTest(error=error), \
                    patch.object(routes, 'logger'), \
                    patch.object(pages.ErrorPage, '__init__',
                        side_effect=error):
                response = self.client().get(f'{self.base}/tickets/wrong')
                self.assertEqual(response.status_code, status)
                self.assertEqual(response.headers['Retry-After'], '60')
                self.assertIn('Content-Security-Policy', response.headers)
                self.assertNotIn("secret", response.get_data(as_text=True))

    def test_logged_in(self):
        "A page of error knows who is logged in"
        user = Mock()
        user.return_value = Visitor('key', 'marta@example.com', user=1)
        with patch.object(routes, 'visitor', user):
            response = self.client().get(f'{self.base}/nothing')
        self.assertEqual(response.status_code, 404)
        self.assertIn("Log Out", response.get_data(as_text=True))


del PortalTestCase
