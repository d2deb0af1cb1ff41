# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from unittest.mock import patch

from trytond.modules.helpdesk_portal import form_stamp
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME

from .test_recaptcha import GOOD, asking, google
from .web_form_case import TYPED, WebFormTestCase


class RobotTestCase(WebFormTestCase):
    "What a robot meets (B5, PO7)"

    def filed(self, **values):
        "Tell what comes of a form: a ticket, a mail, or nothing"
        tickets = self.count('helpdesk.ticket')
        requests = self.count('helpdesk.web_request')
        response = self.send(**values)
        if self.count('helpdesk.ticket') > tickets:
            self.assertEqual(response.status_code, 303)
            return 'ticket'
        if self.count('helpdesk.web_request') > requests:
            self.assertTrue(
                response.headers['Location'].endswith('/thanks?mailed'))
            return 'mail'
        return response.status_code

    def test_altcha(self):
        self.assertEqual(self.filed(), 'ticket')
        self.assertEqual(self.filed(proof=False), 'mail')
        self.assertEqual(self.filed(proof=False, altcha='x'), 'mail')

    def test_altcha_once(self):
        "A solution is good for its own form alone"
        page, _ = self.fields(self.client())
        proof = self.proof(page)
        self.assertEqual(self.filed(proof=False, altcha=proof), 'mail')

    def test_none(self):
        self.configure(robot_check='none')
        page, _ = self.fields(self.client())
        self.assertNotIn('data-challenge', page)
        self.assertEqual(self.filed(proof=False), 'ticket')

    def test_recaptcha(self):
        self.configure(
            robot_check='recaptcha', recaptcha_site_key='site',
            recaptcha_secret='topsecret', recaptcha_score=0.7)
        response = self.client().get(self.form)
        page = response.get_data(as_text=True)
        self.assertIn('data-recaptcha="site"', page)
        self.assertNotIn('topsecret', page)
        self.assertIn('https://www.google.com/recaptcha/',
            response.headers['Content-Security-Policy'])
        # Only that page may
        self.assertNotIn('google', self.client().get(
                f'{self.base}/').headers['Content-Security-Policy'])
        for answer, end in [
                ({**GOOD, 'score': 0.8}, 'ticket'),
                ({**GOOD, 'score': 0.6}, 'mail'),
                (b'', 'mail')]:
            with self.subTest(answer=answer), google(answer) as asked:
                self.assertEqual(self.filed(recaptcha='token'), end)
                self.assertEqual(asked, [
                        {'secret': ['topsecret'], 'response': ['token']}])
        with asking(1):
            self.assertEqual(self.filed(recaptcha='token'), 'mail')
        self.configure(web_form_per_address=None)
        with google(GOOD) as asked:
            self.assertEqual(self.filed(), 'mail')
        self.assertEqual(asked, [])

    def test_secret_hidden(self):
        "The secret key can be written but not read"
        Configuration = Pool(DB_NAME).get('helpdesk.configuration')
        self.configure(recaptcha_secret='topsecret')
        with self.transaction():
            configuration = Configuration(1)
            self.assertEqual(configuration.recaptcha_secret, '*' * 10)
            self.assertEqual(configuration.recaptcha_key, 'topsecret')
        self.configure(recaptcha_secret='*' * 10)
        with self.transaction():
            self.assertEqual(
                Configuration(1).recaptcha_key, 'topsecret')

    def test_trap(self):
        "Who fills in what nobody sees is told to leave it empty"
        page, _ = self.fields(self.client())
        self.assertRegex(page,
            r'<div class="field trap" aria-hidden="true">\s*'
            r'<label for="website">')
        response = self.send(website='http://spam.example')
        self.assertEqual(response.status_code, 422)
        page = response.get_data(as_text=True)
        self.assertIn('id="website-error"', page)
        self.assertNotIn('aria-hidden', page)
        self.assertNotIn('spam.example', page)

    def test_hasty(self):
        with patch.object(form_stamp, 'LEAST', 3):
            response = self.send()
        self.assertEqual(response.status_code, 422)
        self.assertIn(TYPED['text'], response.get_data(as_text=True))

    def test_no_stamp(self):
        "Who never saw the form, or yesterday, is asked to send it again"
        for stamp in ['', '1.2.3', '\x00']:
            with self.subTest(stamp=stamp):
                response = self.send(stamp=stamp)
                self.assertEqual(response.status_code, 422)
                self.assertIn(
                    TYPED['text'], response.get_data(as_text=True))

    def test_no_cookie(self):
        "The form of a stranger needs no cookie and sets none"
        response = self.client().get(self.form)
        self.assertNotIn('Set-Cookie', response.headers)

    def test_twice(self):
        "Who taps the button twice makes one ticket"
        client = self.client()
        page, hidden = self.fields(client)
        data = {**TYPED, **hidden, 'altcha': self.proof(page)}
        before = self.count('helpdesk.ticket')
        first, second = [self.post_form(client, data) for _ in range(2)]
        self.assertEqual(
            first.headers['Location'], second.headers['Location'])
        self.assertEqual(self.count('helpdesk.ticket'), before + 1)

    def test_twice_unconfirmed(self):
        client = self.client()
        _, data = self.fields(client)
        data = {**TYPED, **data}
        for _ in range(2):
            response = self.post_form(client, data)
            self.assertTrue(
                response.headers['Location'].endswith('?mailed'))
        self.assertEqual(self.count('helpdesk.web_request'), 1)
        self.assertEqual(len(self.mails()), 1)

    def test_tried_again(self):
        "A transaction that is tried again makes one ticket, asks once"
        from trytond import backend
        self.configure(
            robot_check='recaptcha', recaptcha_site_key='site',
            recaptcha_secret='topsecret')
        Ticket = Pool(DB_NAME).get('helpdesk.ticket')
        original, failures = Ticket.file_request, []

        def file_request(*args, **kwargs):
            ticket = original(*args, **kwargs)
            if not failures:
                failures.append(True)
                raise backend.DatabaseOperationalError("serialization")
            return ticket
        before = self.count('helpdesk.ticket')
        with google(GOOD) as asked, \
                patch.object(Ticket, 'file_request', file_request):
            self.assertEqual(
                self.send(recaptcha='token',
                    files=[('a.txt', b'a')]).status_code, 303)
        self.assertEqual(len(asked), 1)
        self.assertEqual(self.count('helpdesk.ticket'), before + 1)
        with self.transaction():
            said, = [c for c in self.last_ticket().conversations
                if c.direction == 'in']
            self.assertEqual(said.attachments[0].data, b'a')
