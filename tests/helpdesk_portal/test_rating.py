# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import re
import unittest

from trytond import backend
from trytond.modules.helpdesk_portal import session
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from . import tools
from .case import PortalTestCase


class RatingTestCase(PortalTestCase):
    "Base of the tests of ratings"

    def resolved(self, **values):
        "Return the number, the token to rate by and that of the guest link"
        number, guest = self.ticket(**values)
        self.do(number, 'open', 'resolve')
        return number, self.ask(number), guest

    def ask(self, number):
        Request = Pool(DB_NAME).get('helpdesk.rating.request')
        with self.transaction():
            address, = Request.make([self.record(number)])
        return address.rpartition('/')[2]

    def do(self, number, *buttons):
        Ticket = Pool(DB_NAME).get('helpdesk.ticket')
        with self.transaction():
            for button in buttons:
                getattr(Ticket, button)([self.record(number)])

    def ratings(self, number):
        with self.transaction():
            return [
                (r.score, r.comment, r.channel)
                for r in self.record(number).ratings]

    def switch(self, on):
        Configuration = Pool(DB_NAME).get('helpdesk.configuration')
        with Transaction().start(
                DB_NAME, 0, context={},
                _lock_tables=[Configuration._table]) as transaction:
            configuration = Configuration(1)
            configuration.use_ratings = on
            configuration.save()
            transaction.commit()

    def log_in(self, email):
        User = Pool(DB_NAME).get('web.user')
        with self.transaction() as transaction:
            user, = User.create([{'email': email, 'email_valid': True}])
            key = user.new_session()
            transaction.commit()
        client = self.client()
        client.set_cookie(session.ACCOUNT_COOKIE, key, path=self.base)
        return client


class RateTestCase(RatingTestCase):
    "The page behind the link of a mail (X5, AG11)"

    def open(self, client, token, query=''):
        return client.get(f'{self.base}/rate/{token}{query}')

    def send(self, client, token, page=None, **data):
        "Send the form of the page, or of none"
        if page is not None:
            data['csrf_token'] = re.search(
                r'name="csrf_token" value="(\w+)"',
                page.get_data(as_text=True))[1]
        return client.post(
            f'{self.base}/rate/{token}', data=data,
            headers={'Origin': 'null'})

    def test_rate(self):
        "X5: one click opens the page, another records what it proposes"
        number, token, _ = self.resolved()
        client = self.client()
        page = self.open(client, token, '?score=4')
        text = page.get_data(as_text=True)

        self.assertEqual(page.status_code, 200)
        self.assertEqual(re.findall(
                r'value="(\d)"[^>]*checked', text), ['4'])
        self.assertEqual(self.ratings(number), [])
        response = self.send(client, token, page, score='4', comment="Quick")
        self.assertEqual(response.status_code, 303)
        self.assertEqual(self.ratings(number), [(4, "Quick", 'email')])
        thanks = client.get(response.headers['Location'])
        self.assertEqual(thanks.status_code, 200)
        self.assertIn("Thank you", thanks.get_data(as_text=True))
        self.assertNotIn('<form', thanks.get_data(as_text=True))

    def test_shows_the_name_only(self):
        "SE11: who has the link reads nothing of what was said"
        number, guest = self.ticket({'body': "The secret"})
        self.do(number, 'open', 'resolve')
        page = self.open(self.client(), self.ask(number))
        text = page.get_data(as_text=True)
        self.assertIn(number, text)
        self.assertIn("It does not start", text)
        for secret in ["The secret", "Marta", tools.CUSTOMER]:
            self.assertNotIn(secret, text)

    def test_following_records_nothing(self):
        "AG11: GET and HEAD never record, whatever they ask for"
        number, token, _ = self.resolved()
        for method in ['get', 'head']:
            for query in ['', '?score=1', '?score=1&comment=x']:
                client = self.client()
                response = getattr(client, method)(
                    f'{self.base}/rate/{token}{query}')
                self.assertEqual(response.status_code, 200)
        self.assertEqual(self.ratings(number), [])

    def test_naked_post(self):
        "AG11: a scanner that posts the link records nothing (SafeLinks)"
        number, token, _ = self.resolved()
        client = self.client()
        scanned = self.send(client, f'{token}?score=1')
        self.assertEqual(scanned.status_code, 403)
        self.assertEqual(
            self.send(client, token, score='1').status_code, 403)
        page = self.open(client, token)
        # The cookie without the field, and the field without the cookie
        self.assertEqual(
            self.send(client, token, score='1').status_code, 403)
        self.assertEqual(
            self.send(self.client(), token, page, score='1').status_code, 403)
        # The form of another's visit
        other = self.client()
        self.open(other, token)
        self.assertEqual(
            self.send(other, token, page, score='1').status_code, 403)
        self.assertEqual(self.ratings(number), [])

    def test_twice(self):
        "AG11: a link records once"
        number, token, _ = self.resolved()
        client = self.client()
        page = self.open(client, token)
        self.send(client, token, page, score='5')
        response = self.send(client, token, page, score='1')
        self.assertEqual(response.status_code, 409)
        self.assertIn("Thank you", response.get_data(as_text=True))
        self.assertEqual(self.ratings(number), [(5, None, 'email')])

    def test_wrong_token(self):
        "SE5: nothing but the very token is good"
        number, token, guest = self.resolved()
        client = self.client()
        page = self.open(client, token)
        for wrong in [
                token.swapcase(), token[:-1], token + 'x', guest, 'x' * 5000,
                '%00', '%25', '%20']:
            with self.subTest(wrong=wrong[:50]):
                self.assertEqual(
                    self.open(client, wrong).status_code, 404)
                self.assertEqual(self.send(
                        client, wrong, page, score='1').status_code, 404)
        self.assertEqual(
            client.get(f'{self.base}/rate/').status_code, 404)
        self.assertEqual(
            client.get(f'{self.base}/guest/{token}').status_code, 404)
        self.assertEqual(self.ratings(number), [])

    def test_expired(self):
        GuestLink = Pool(DB_NAME).get('helpdesk.guest_link')
        Request = Pool(DB_NAME).get('helpdesk.rating.request')
        number, token, _ = self.resolved()
        client = self.client()
        page = self.open(client, token)
        with self.transaction():
            asked = Request.find(token)
            expires_at = asked.expires_at.replace(year=2020)
            Request.write([asked], {'expires_at': expires_at})
        self.assertEqual(self.open(client, token).status_code, 404)
        self.assertEqual(
            self.send(client, token, page, score='1').status_code, 404)
        with self.transaction():
            GuestLink.remove_expired()
            self.assertFalse(Request.search([
                        ('ticket', '=', self.record(number).id)]))

    def test_only_hash_stored(self):
        "Who reads the database can't rate"
        Request = Pool(DB_NAME).get('helpdesk.rating.request')
        number, token, _ = self.resolved()
        self.assertEqual(len(token), 43)
        with self.transaction():
            asked = Request.find(token)
            self.assertNotIn(token, str(Request.read(
                        [asked.id], list(Request._fields))))

    def test_reopened(self):
        "X5: what is worked on again can't be rated, nor by the old link later"
        number, token, _ = self.resolved()
        client = self.client()
        page = self.open(client, token)
        self.do(number, 'open')
        response = self.open(client, token)
        self.assertEqual(response.status_code, 200)
        self.assertIn(
            "nothing to rate now", response.get_data(as_text=True))
        self.assertEqual(
            self.send(client, token, page, score='1').status_code, 409)
        self.assertEqual(self.ratings(number), [])

    def test_other_customer(self):
        "PO1: who no longer is the ticket's customer has no say"
        number, token, _ = self.resolved()
        with self.transaction():
            ticket = self.record(number)
            ticket.email = 'other@example.com'
            ticket.save()
        self.assertEqual(self.open(self.client(), token).status_code, 404)

    def test_invalid(self):
        "X5: what is missing is said, and what was typed is kept"
        number, token, _ = self.resolved()
        client = self.client()
        page = self.open(client, token)
        for data in [
                {}, {'score': ''}, {'score': '0'}, {'score': '6'},
                {'score': '-1'}, {'score': '5.0'}, {'score': '٣'},
                {'score': '5', 'comment': 'x' * 2001}]:
            with self.subTest(data=str(data)[:50]):
                response = self.send(
                    client, token, page, **{'comment': "<b>", **data})
                text = response.get_data(as_text=True)
                self.assertEqual(response.status_code, 422)
                self.assertIn('role="alert"', text)
                self.assertIn('<title>Error: ', text)
                if len(data.get('comment', '')) < 2000:
                    self.assertIn('&lt;b&gt;</textarea>', text)
        self.assertEqual(self.ratings(number), [])
        for query in ['?score=6', '?score=x', '?score=', '?score=%00']:
            page = self.open(client, token, query)
            self.assertEqual(page.status_code, 200)
            self.assertNotIn('checked', page.get_data(as_text=True))

    def test_inert(self):
        "SE1: neither the subject nor the comment becomes markup"
        number, token, guest = self.resolved(
            subject="<script>alert(1)</script>")
        client = self.client()
        page = self.open(client, token)
        self.assertNotIn('<script>', page.get_data(as_text=True))
        self.send(
            client, token, page, score='1', comment="\x00<script>\r\n\u202e")
        (_, comment, _), = self.ratings(number)
        self.assertNotIn('\x00', comment)
        page = self.page(self.guest(number, guest), number)
        self.assertNotIn('<script>', page)

    def test_headers(self):
        "SE7: the page is kept by nobody and tells nobody its address"
        _, token, _ = self.resolved()
        headers = self.open(self.client(), token).headers
        self.assertEqual(headers['Referrer-Policy'], 'no-referrer')
        self.assertIn('no-store', headers['Cache-Control'])
        self.assertEqual(headers['X-Robots-Tag'], 'noindex')
        cookie = headers['Set-Cookie']
        self.assertIn('HttpOnly', cookie)
        self.assertIn('SameSite=Lax', cookie)
        self.assertIn(f'Path={self.base}', cookie)

    def test_language(self):
        "PO9: the page speaks the visitor's language"
        _, token, _ = self.resolved()
        page = self.client().get(
            f'{self.base}/rate/{token}',
            headers={'Accept-Language': 'es'})
        self.assertIn('lang="es"', page.get_data(as_text=True))

    def test_switched_off(self):
        "C1: without ratings there is no such page"
        number, token, _ = self.resolved()
        client = self.client()
        page = self.open(client, token)
        self.switch(False)
        self.addCleanup(self.switch, True)
        self.assertEqual(self.open(client, token).status_code, 404)
        self.assertEqual(
            self.send(client, token, page, score='1').status_code, 404)
        self.assertEqual(self.ratings(number), [])


class TicketTestCase(RatingTestCase):
    "Rating on the page of the ticket (X5)"

    def send(self, client, number, token=None, **data):
        if token is None:
            token = re.search(
                r'name="csrf_token" value="(\w+)"',
                self.page(client, number))[1]
        return client.post(
            f'{self.base}/tickets/{number}/rate',
            data={'csrf_token': token, **data}, headers={'Origin': 'null'})

    def test_guest(self):
        number, _, guest = self.resolved()
        client = self.guest(number, guest)
        response = self.send(client, number, score='2', comment="Slow")
        self.assertEqual(response.status_code, 303)
        self.assertIn('?done=rated', response.headers['Location'])
        page = self.page(client, number, '?done=rated')
        self.assertIn("We have your rating", page)
        self.assertEqual(self.ratings(number), [(2, "Slow", 'web')])
        # It can be changed, which is where it begins
        self.assertRegex(page, r'value="2"[^>]*checked')
        self.assertIn('>Slow</textarea>', page)
        self.send(client, number, score='5')
        self.assertEqual(self.ratings(number), [(5, None, 'web')])

    def test_shown_when_over(self):
        number, guest = self.ticket()
        client = self.guest(number, guest)
        for buttons, shown in [
                ([], False), (['open'], False), (['wait'], False),
                (['resolve'], True), (['close'], True),
                (['reopen'], False)]:
            self.do(number, *buttons)
            with self.subTest(buttons=buttons):
                self.assertEqual(
                    'name="score"' in self.page(client, number), shown)

    def test_refused(self):
        "A wrong state gives the page with a sentence"
        number, guest = self.ticket()
        client = self.guest(number, guest)
        self.do(number, 'open')
        response = self.send(client, number, score='1')
        self.assertEqual(response.status_code, 409)
        self.assertIn(
            "be rated now", response.get_data(as_text=True))
        self.assertEqual(self.ratings(number), [])

    def test_invalid(self):
        number, _, guest = self.resolved()
        client = self.guest(number, guest)
        for data in [{}, {'score': '9'},
                {'score': '1', 'comment': 'x' * 2001}]:
            response = self.send(client, number, **data)
            self.assertEqual(response.status_code, 422)
            self.assertIn('role="alert"', response.get_data(as_text=True))
        self.assertEqual(self.ratings(number), [])

    def test_visitors(self):
        "SE4: only the customer rates, by form"
        number, _, guest = self.resolved(email='ada@example.com')
        other, _, others = self.resolved(email='bob@example.com')
        holder = self.guest(other, others)
        for client in [
                self.client(), holder, self.log_in('eve@example.com')]:
            response = self.send(client, number, token='x', score='1')
            self.assertEqual(response.status_code, 404)
        owner = self.log_in('ada@example.com')
        for token in ['x', '']:
            self.assertEqual(self.send(
                    owner, number, token=token, score='1').status_code, 403)
        self.assertEqual(self.ratings(number), [])
        self.assertEqual(
            self.send(owner, number, score='4').status_code, 303)
        self.assertEqual(self.ratings(number), [(4, None, 'web')])
        self.assertEqual(
            owner.get(f'{self.base}/tickets/{number}/rate').status_code, 404)

    def test_switched_off(self):
        "C1: without ratings the page asks for none"
        number, _, guest = self.resolved()
        client = self.guest(number, guest)
        self.switch(False)
        self.addCleanup(self.switch, True)
        self.assertNotIn('name="score"', self.page(client, number))
        self.assertEqual(
            self.send(client, number, score='1').status_code, 409)

    @unittest.skipIf(backend.name != 'sqlite', "counts on SQLite")
    def test_statements(self):
        "X11: the form costs one statement, and none while work goes on"
        open_, open_guest = self.ticket()
        number, _, guest = self.resolved()
        clients = {
            open_: self.guest(open_, open_guest),
            number: self.guest(number, guest)}
        counts = {}
        for ticket, client in clients.items():
            self.page(client, ticket)
            with self.transaction():
                connection = Transaction().connection
            with tools.count_statements(connection) as statements:
                self.page(client, ticket)
            counts[ticket] = len(statements)
        self.assertLessEqual(counts[number], counts[open_] + 1)
        self.assertLessEqual(counts[number], 11)


del PortalTestCase, RatingTestCase
