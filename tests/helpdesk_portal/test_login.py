# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import time
from unittest.mock import patch

import trytond.config as config
from trytond.modules.helpdesk_portal import session
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from .account_case import MARTA, PASSWORD, AccountTestCase


class LoginTestCase(AccountTestCase):
    "Logging in with a password"

    def test_log_in(self):
        "B10: who has a password logs in with it, and out again"
        self.user()
        client, response = self.log_in()
        self.assertEqual(response.status_code, 303)
        self.assertEqual(
            response.headers['Location'], f'{self.base}/tickets')
        page = client.get(f'{self.base}/account').get_data(as_text=True)
        self.assertIn(f'You are logged in as {MARTA}', page)
        # Who one is stands on top of every page
        self.assertIn(f'>{MARTA}</a>', page)
        self.assertIsNotNone(self.users()[0]['helpdesk_login_at'])

        response = self.form(client, 'account')
        self.assertEqual(response.status_code, 422)
        html = client.get(f'{self.base}/account').get_data(as_text=True)
        token = html.split('name="csrf_token" value="')[1].split('"')[0]
        key = self.key(client)
        response = client.post(
            f'{self.base}/logout', data={'csrf_token': token})
        self.assertEqual(response.status_code, 303)
        self.assertFalse(self.is_in(client))
        # It has ended here, not only in the browser
        client.set_cookie(session.ACCOUNT_COOKIE, key, path=self.base)
        self.assertFalse(self.is_in(client))

    def key(self, client):
        cookie = client.get_cookie(session.ACCOUNT_COOKIE, path=self.base)
        return cookie.value if cookie else None

    def test_logout_is_no_link(self):
        "SE16: another site can't log anybody out"
        self.user()
        client, _ = self.log_in()
        self.assertIn(
            client.get(f'{self.base}/logout').status_code, {404, 405})
        self.assertEqual(
            client.post(f'{self.base}/logout').status_code, 403)
        self.assertTrue(self.is_in(client))

    def test_refused_alike(self):
        "SE16: what is wrong is not told, not even by the statements made"
        self.user()
        self.user('out@example.com', active=False)
        self.user('new@example.com', email_valid=False)
        self.user('none@example.com', password=None)
        results = {}
        for email, password in [
                (MARTA, 'wrong password'),
                ('nobody@example.com', PASSWORD),
                ('out@example.com', PASSWORD),
                ('new@example.com', PASSWORD),
                ('none@example.com', PASSWORD),
                ]:
            User = Pool(DB_NAME).get('web.user')
            with patch.object(
                    User, 'check_password',
                    side_effect=User.check_password) as check:
                statements, response = self.count(
                    lambda: self.log_in(email=email, password=password)[1])
            page = response.get_data(as_text=True)
            results[email] = (
                response.status_code, statements, check.call_count,
                # The same but for what was typed
                page.replace(email, 'X')[page.index('<main'):].split(
                    'csrf_token')[0])
        first = results[MARTA]
        self.assertEqual(first[0], 422)
        self.assertEqual(first[2], 1)
        for email, result in results.items():
            with self.subTest(email=email):
                self.assertEqual(result, first)

    def test_case(self):
        self.user()
        client, response = self.log_in(email=' MARTA@Example.com ')
        self.assertEqual(response.status_code, 303)

    def test_empty_password(self):
        "SE5: no password is none"
        self.user(password=None)
        for password in ['', 'x' * 10, 'None']:
            with self.subTest(password=password):
                client, response = self.log_in(password=password)
                self.assertEqual(response.status_code, 422)

    def test_lockout(self):
        "SE16: after too many tries even the right password is not taken"
        self.user()
        for email in [MARTA, 'nobody@example.com']:
            with self.subTest(email=email), \
                    patch.object(Transaction, 'atexit') as atexit:
                for _ in range(6):
                    client, response = self.log_in(
                        email=email, password='wrong password')
                    self.assertEqual(response.status_code, 422)
                client, response = self.log_in(email=email)
                self.assertEqual(response.status_code, 429)
                self.assertIn('Retry-After', response.headers)
                self.assertIn(
                    "That was a little too often",
                    response.get_data(as_text=True))
                # Nobody waits meanwhile, as Tryton has it
                self.assertNotIn(
                    time.sleep, [c.args[0] for c in atexit.call_args_list])
                self.assertFalse(self.is_in(client))
        self.assertEqual(
            self.ask_link(self.client()).status_code, 303)

    def test_lockout_of_network(self):
        getint = config.getint

        def few(section, name, *args, **kwargs):
            if name == 'max_attempt_ip_network':
                return 2
            return getint(section, name, *args, **kwargs)

        with patch('trytond.config.getint', side_effect=few):
            for i in range(3):
                _, response = self.log_in(
                    email=f'{i}@example.com', address='192.0.2.1')
                self.assertEqual(response.status_code, 422)
            for address, status in [('192.0.2.1', 429), ('192.0.2.2', 422)]:
                _, response = self.log_in(
                    email='other@example.com', address=address)
                self.assertEqual(response.status_code, status)

    def test_fixation(self):
        "The session is a new one, whatever the browser had"
        self.user()
        client, _ = self.log_in()
        first = self.key(client)
        other = self.client()
        other.set_cookie(session.ACCOUNT_COOKIE, 'planted', path=self.base)
        self.log_in(other)
        self.assertNotIn(self.key(other), {'planted', first})
        self.assertTrue(self.is_in(client))
        self.assertTrue(self.is_in(other))

    def test_cookie(self):
        "Script and other sites don't get the key of the session"
        self.user()
        for base, secure in [
                ('https://help.example.com', True),
                ('http://help.example.com', False),
                ]:
            with patch(
                    'trytond.modules.helpdesk_portal.addresses.base_address',
                    return_value=base):
                _, response = self.log_in()
            cookie, = [
                c for c in response.headers.getlist('Set-Cookie')
                if c.startswith(f'{session.ACCOUNT_COOKIE}=')]
            attributes = cookie.split('; ')
            for attribute in [
                    'HttpOnly', 'SameSite=Lax', f'Path={self.base}']:
                self.assertIn(attribute, attributes)
            self.assertEqual('Secure' in attributes, secure)
            self.assertNotIn('Domain', cookie)

    def test_csrf(self):
        "SE16: another site can't log somebody in as somebody else"
        self.user()
        data = {'email': MARTA, 'password': PASSWORD}
        for page in ['login', 'register', 'password', 'login/x', 'password/x']:
            with self.subTest(page=page):
                client = self.client()
                self.assertEqual(
                    client.post(
                        f'{self.base}/{page}', data=data).status_code, 403)
                client.get(f'{self.base}/login')
                for token in ['', session.csrf_token('')]:
                    self.assertEqual(
                        client.post(f'{self.base}/{page}', data={
                                **data, 'csrf_token': token}).status_code,
                        403)

    def test_next(self):
        "SE16: one is led back to where one was, and nowhere else"
        self.user()
        own = f'{self.base}/tickets/12?x=1'
        for next_, location in [
                (own, own),
                ('//evil.example', f'{self.base}/tickets'),
                ('https://evil.example/', f'{self.base}/tickets'),
                ]:
            with self.subTest(next=next_):
                client = self.client()
                page = client.get(
                    f'{self.base}/login', query_string={'next': next_})
                self.assertEqual(
                    f'name="next" value="{own}"'
                    in page.get_data(as_text=True), next_ == own)
                client, response = self.log_in(client, next=next_)
                self.assertEqual(response.headers['Location'], location)
                response = client.get(
                    f'{self.base}/login', query_string={'next': next_})
                self.assertEqual(response.headers['Location'], location)

    def test_deactivated(self):
        "Who is locked out is out at once"
        user = self.user()
        client, _ = self.log_in()
        self.assertTrue(self.is_in(client))
        User = Pool(DB_NAME).get('web.user')
        with self.transaction() as transaction:
            User.write([User(user)], {'active': False})
            transaction.commit()
        self.assertFalse(self.is_in(client))

    def test_autocomplete(self):
        "Programs that keep passwords find their way"
        page = self.client().get(f'{self.base}/login').get_data(as_text=True)
        for attribute in [
                'autocomplete="username"', 'autocomplete="current-password"',
                'type="email"']:
            self.assertIn(attribute, page)
        self.assertNotIn('onpaste', page)

    def test_logged_in_sees_no_login(self):
        self.user()
        client, _ = self.log_in()
        response = client.get(f'{self.base}/login')
        self.assertEqual(response.status_code, 303)


class RoutesTestCase(AccountTestCase):
    "What every kind of visitor gets at every address of accounts"
    # The status for strangers, and for who is logged in
    pages = [
        ('login', 200, 303),
        ('register', 200, 200),
        ('password', 200, 200),
        ('account', 303, 200),
        ('sent/login', 200, 200),
        ('sent/password', 200, 200),
        ('sent/register', 200, 200),
        ('sent/other', 404, 404),
        ('login/wrong', 404, 404),
        ('password/wrong', 404, 404),
        ]
    forms = [
        ('login', 403, 403),
        ('login/wrong', 403, 403),
        ('register', 403, 403),
        ('password', 403, 403),
        ('password/wrong', 403, 403),
        ('logout', 303, 403),
        ('account', 303, 403),
        ('account/sessions', 303, 403),
        ]

    def visitors(self):
        "Yield a name and a client, whether logged in"
        self.user()
        locked = self.user('locked@example.com')
        number, token = self.ticket(email='guest@example.com')
        yield 'stranger', self.client(), False
        yield 'guest', self.guest(number, token), False
        yield 'account', self.log_in()[0], True
        client, _ = self.log_in(email='locked@example.com')
        User = Pool(DB_NAME).get('web.user')
        with self.transaction() as transaction:
            User.write([User(locked)], {'active': False})
            transaction.commit()
        yield 'locked', client, False

    def test_pages(self):
        "B10, SE16: nobody learns of others, and no address fails"
        for visitor, client, logged_in in self.visitors():
            for path, *status in self.pages:
                with self.subTest(path=path, visitor=visitor):
                    response = client.get(f'{self.base}/{path}')
                    self.assertEqual(
                        response.status_code, status[logged_in])
                    self.assertNotIn(
                        'guest@', response.get_data(as_text=True))
                    headers = response.headers
                    self.assertIn("default-src 'none'",
                        headers['Content-Security-Policy'])
                    self.assertEqual(
                        headers['Referrer-Policy'], 'no-referrer')

    def test_forms(self):
        "SE16: nothing is done for a form that is not ours"
        for visitor, client, logged_in in self.visitors():
            for path, *status in self.forms:
                with self.subTest(path=path, visitor=visitor):
                    response = client.post(
                        f'{self.base}/{path}', data={'csrf_token': 'x'})
                    self.assertEqual(
                        response.status_code, status[logged_in])
        self.assertFalse(self.send())


class AccountPageTestCase(AccountTestCase):
    "What one does with one's account"

    def change(self, client, **data):
        return self.form(client, 'account', **data)

    def test_stranger(self):
        "A stranger logs in first, and then finds the page"
        client = self.client()
        for method, page in [
                ('GET', 'account'), ('POST', 'account'),
                ('POST', 'account/sessions')]:
            response = client.open(f'{self.base}/{page}', method=method)
            self.assertEqual(
                response.headers['Location'],
                f'{self.base}/login?next={self.base}/account')

    def test_change_password(self):
        "A new password ends all other sessions"
        self.user()
        client, _ = self.log_in()
        other, _ = self.log_in()
        response = self.change(
            client, password=PASSWORD, new_password='battery staple')
        self.assertEqual(response.status_code, 303)
        self.assertTrue(self.is_in(client))
        self.assertFalse(self.is_in(other))
        self.assertEqual(self.log_in()[1].status_code, 422)
        self.assertEqual(
            self.log_in(password='battery staple')[1].status_code, 303)

    def test_old_password_needed(self):
        self.user()
        client, _ = self.log_in()
        for old in ['', 'wrong password']:
            response = self.change(
                client, password=old, new_password='battery staple')
            self.assertEqual(response.status_code, 422)
        self.assertEqual(self.log_in()[1].status_code, 303)

    def test_first_password(self):
        user = self.user(password=None)
        client = self.client()
        with self.transaction() as transaction:
            key = Pool(DB_NAME).get('web.user')(user).new_session()
            transaction.commit()
        client.set_cookie(session.ACCOUNT_COOKIE, key, path=self.base)
        response = self.change(client, new_password=PASSWORD)
        self.assertEqual(response.status_code, 303)
        self.assertEqual(self.log_in()[1].status_code, 303)

    def test_bad_passwords(self):
        "Tryton's own rules hold, said at the field"
        self.user()
        client, _ = self.log_in()
        for new, text in [
                ('short', "at least 8 characters"),
                (MARTA, "address"),
                ('x' * 300, "at most 256 characters"),
                ]:
            with self.subTest(new=new):
                response = self.change(
                    client, password=PASSWORD, new_password=new)
                page = response.get_data(as_text=True)
                self.assertEqual(response.status_code, 422)
                error = page.split('id="new_password-error">')[1]
                self.assertIn(text, error.split('<')[0])
                self.assertIn('aria-invalid="true"', page)

    def test_everywhere(self):
        self.user()
        client, _ = self.log_in()
        other, _ = self.log_in()
        page = client.get(f'{self.base}/account').get_data(as_text=True)
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        url = f'{self.base}/account/sessions'
        self.assertEqual(client.post(url).status_code, 403)
        self.assertEqual(
            client.post(url, data={'csrf_token': token}).status_code, 303)
        self.assertFalse(self.is_in(client))
        self.assertFalse(self.is_in(other))

    def test_password_by_user(self):
        "What is changed in Tryton's client ends the sessions too"
        user = self.user()
        client, _ = self.log_in()
        User = Pool(DB_NAME).get('web.user')
        with self.transaction() as transaction:
            User.write([User(user)], {'password': 'x' * 10})
            transaction.commit()
        self.assertTrue(self.is_in(client))
        with self.transaction() as transaction:
            User.write([User(user)], {'password': 'battery staple'})
            transaction.commit()
        self.assertFalse(self.is_in(client))

    def test_erased(self):
        "SE9: an account without an address sees nothing"
        user = self.user()
        client, _ = self.log_in()
        User = Pool(DB_NAME).get('web.user')
        with self.transaction() as transaction:
            table = User.__table__()
            Transaction().connection.cursor().execute(*table.update(
                    [table.email], [None], where=table.id == user))
            transaction.commit()
        self.assertFalse(self.is_in(client))


del AccountTestCase
