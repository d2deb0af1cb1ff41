# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import unittest

from trytond.modules.helpdesk_portal import addresses, session
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response


def request(cookie=None, **form):
    headers = {'Cookie': cookie} if cookie else {}
    return Request(EnvironBuilder(
            method='POST', data=form, headers=headers).get_environ())


class SessionTestCase(unittest.TestCase):
    "How a visitor is recognised between two pages"

    def test_cookie(self):
        "PO1: script, other sites and other tickets don't get the token"
        response = Response()
        session.set_guest_token(
            response, 'secret', '/db/helpdesk/tickets/12', secure=True)
        cookie = response.headers['Set-Cookie']

        self.assertTrue(cookie.startswith('helpdesk_guest=secret;'))
        for attribute in [
                'HttpOnly', 'SameSite=Lax', 'Secure',
                'Path=/db/helpdesk/tickets/12']:
            self.assertIn(attribute, cookie.split('; '))
        self.assertNotIn('Domain', cookie)
        self.assertNotIn('Expires', cookie)

    def test_cookie_not_secure(self):
        response = Response()
        session.set_guest_token(response, 'secret', '/', secure=False)

        self.assertNotIn('Secure', response.headers['Set-Cookie'])

    def test_account_key(self):
        "SE17: what a database refuses is no key"
        for cookie, key in [
                ('helpdesk_session=0a1b2c', '0a1b2c'),
                ('helpdesk_session="0a\\0001b"', ''),
                ('helpdesk_session="\\012"', ''),
                ('', '')]:
            self.assertEqual(
                session.account_key(request(cookie)), key, cookie)

    def test_guest_token(self):
        for cookie, token in [
                (None, ''),
                ('helpdesk_guest=abc', 'abc'),
                ('other=abc', ''),
                # The browser sends the longer path first
                ('helpdesk_guest=near; helpdesk_guest=far', 'near'),
                ]:
            with self.subTest(cookie=cookie):
                self.assertEqual(
                    session.guest_token(request(cookie)), token)

    def test_csrf(self):
        "SE16: only a form that we made for this visitor is taken"
        good = session.csrf_token('secret')

        self.assertNotIn('secret', good)
        for value, valid in [
                (good, True),
                (good.upper(), False),
                (good[:-1], False),
                (session.csrf_token('other'), False),
                ('', False),
                ('ñ', False),
                ]:
            with self.subTest(value=value):
                self.assertEqual(
                    session.csrf_valid(
                        request(csrf_token=value), 'secret'),
                    valid)
        self.assertFalse(session.csrf_valid(request(), 'secret'))

    def test_path(self):
        for parts, path in [
                (('', 'db', 'tickets', '12'), '/db/helpdesk/tickets/12'),
                (('', 'db', 'tickets', '2026/12'),
                    '/db/helpdesk/tickets/2026/12'),
                (('/tryton/', 'd b', 'tickets', 'ñ#1'),
                    '/tryton/d%20b/helpdesk/tickets/%C3%B1%231'),
                ]:
            with self.subTest(parts=parts):
                self.assertEqual(addresses.path(*parts), path)
