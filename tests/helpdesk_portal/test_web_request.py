# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import re

from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from .web_form_case import TYPED, WebFormTestCase


class WebRequestTestCase(WebFormTestCase):
    "A request that its address has to confirm (B5, PO5)"

    def ask(self, **values):
        "Send the form as without JavaScript; return the path in the mail"
        response = self.send(proof=False, **values)
        self.assertTrue(
            response.headers['Location'].endswith('/thanks?mailed'))
        return self.link()

    def link(self):
        text = self.mails()[-1].get_body(('plain',)).get_content()
        address = re.search(r'https?://\S+/confirm/\S+', text)[0]
        return address[address.index(self.base):]

    def confirm(self, path, client=None):
        "Open the link and press the button"
        client = client or self.client()
        page = client.get(path).get_data(as_text=True)
        token = re.search(r'name="csrf_token" value="(\w+)"', page)[1]
        return client.post(path, data={'csrf_token': token})

    def change_request(self, **values):
        WebRequest = Pool(DB_NAME).get('helpdesk.web_request')
        with self.transaction():
            WebRequest.write(WebRequest.search([]), values)

    def test_confirmed(self):
        before = self.count('helpdesk.ticket')
        path = self.ask(files=[('a.txt', b'abc')], phone="93 123")
        page = self.client().get(path)
        self.assertEqual(page.status_code, 200)
        self.assertNotIn(TYPED['subject'], page.get_data(as_text=True))
        self.assertEqual(self.count('helpdesk.ticket'), before)

        response = self.confirm(path)

        self.assertEqual(response.status_code, 303)
        self.assertEqual(
            response.headers['Location'], f'{self.form}/thanks')
        self.assertEqual(self.count('helpdesk.ticket'), before + 1)
        with self.transaction():
            ticket = self.last_ticket()
            self.assertEqual(ticket.subject, TYPED['subject'])
            self.assertEqual(ticket.email, TYPED['email'])
            self.assertEqual(ticket.phone, "93 123")
            said, = [c for c in ticket.conversations if c.direction == 'in']
            self.assertEqual(said.body, TYPED['text'])
            self.assertEqual(
                [(a.name, a.data) for a in said.attachments],
                [('a.txt', b'abc')])
        self.assertEqual(self.count('helpdesk.web_request.file'), 0)

    def test_confirmed_twice(self):
        path = self.ask()
        client = self.client()
        page = client.get(path).get_data(as_text=True)
        token = re.search(r'name="csrf_token" value="(\w+)"', page)[1]
        before = self.count('helpdesk.ticket')
        for _ in range(2):
            response = client.post(path, data={'csrf_token': token})
            self.assertEqual(response.status_code, 303)
        self.assertEqual(self.count('helpdesk.ticket'), before + 1)
        self.assertEqual(client.get(path).status_code, 303)

    def test_mail(self):
        "PO5: the mail relays nothing of what somebody typed"
        spam = "CHEAP PILLS http://pills.example"
        self.ask(
            name=spam, subject=spam, text=spam, company=spam, phone="PILLS",
            files=[('PILLS.txt', b'PILLS')])
        mail, = self.mails()
        self.assertEqual(mail['To'], TYPED['email'])
        self.assertEqual(mail['Subject'], "Please confirm your request")
        self.assertIn('support@example.com', mail['From'])
        self.assertEqual(mail['Auto-Submitted'], 'auto-replied')
        self.assertIsNotNone(mail['X-Tryton-Helpdesk'])
        for text in [mail.as_string(), *(
                    p.get_content() for p in mail.walk()
                    if not p.is_multipart())]:
            self.assertNotIn('PILLS', text.upper())

    def test_language(self):
        "PO9: the mail comes in the language of the form"
        Lang = Pool(DB_NAME).get('ir.lang')
        client = self.client()
        _, hidden = self.fields(client)
        client.post(
            self.form, data={**TYPED, **hidden},
            headers={'Accept-Language': 'es'})
        WebRequest = Pool(DB_NAME).get('helpdesk.web_request')
        with self.transaction():
            request, = WebRequest.search([])
            self.assertEqual(
                request.language, Lang.search([('code', '=', 'es')])[0])

    def test_wrong(self):
        "A link that is wrong, or too late, opens nothing"
        path = self.ask()
        self.change_request(
            expires_at=dt.datetime.now() - dt.timedelta(seconds=1))
        before = self.count('helpdesk.ticket')
        for path_ in [path, f'{self.base}/confirm/wrong',
                f'{self.base}/confirm/%00']:
            for method in ['get', 'post']:
                with self.subTest(path=path_, method=method):
                    self.assertEqual(
                        getattr(self.client(), method)(path_).status_code,
                        404)
        self.assertEqual(self.count('helpdesk.ticket'), before)

    def test_forged(self):
        path = self.ask()
        before = self.count('helpdesk.ticket')
        for data in [{}, {'csrf_token': 'x'}]:
            self.assertEqual(
                self.client().post(path, data=data).status_code, 403)
        self.assertEqual(self.count('helpdesk.ticket'), before)

    def test_closed_meanwhile(self):
        "Where the form was closed nothing is confirmed any more"
        path = self.ask()
        self.change_section(web_form='none')
        self.assertEqual(self.confirm(path).status_code, 404)

    def test_token(self):
        "SE5: the database knows only a hash of what the mail has"
        path = self.ask()
        WebRequest = Pool(DB_NAME).get('helpdesk.web_request')
        with self.transaction():
            request, = WebRequest.search([])
            self.assertNotIn(request.token_hash, path)
            self.assertEqual(
                request.token_hash,
                WebRequest.hash(path.rpartition('/')[2]))

    def test_tried_again(self):
        "The mail goes out when the server is there again"
        self.sink.refuse = '451 Later'
        self.send(proof=False)
        WebRequest = Pool(DB_NAME).get('helpdesk.web_request')
        with self.transaction():
            request, = WebRequest.search([])
            self.assertTrue(request.next_try)
        self.sink.refuse = None
        with Transaction().start(DB_NAME, 0, context={},
                _lock_records={'helpdesk_web_request': [request.id]}):
            WebRequest.send([request])
        self.assertEqual(self.confirm(self.link()).status_code, 303)
        with self.transaction():
            request, = WebRequest.search([])
            self.assertIsNone(request.next_try)

    def test_waiting(self):
        "The scheduled action sends what is due"
        WebRequest = Pool(DB_NAME).get('helpdesk.web_request')
        self.ask()
        with self.transaction() as transaction:
            WebRequest.send_waiting()
            self.assertEqual(transaction.tasks, [])
        self.change_request(next_try=dt.datetime(2020, 1, 1))
        with self.transaction() as transaction:
            WebRequest.send_waiting()
            self.assertEqual(len(transaction.tasks), 1)
            transaction.tasks.clear()

    def test_removed(self):
        pool = Pool(DB_NAME)
        WebRequest = pool.get('helpdesk.web_request')
        Nonce = pool.get('helpdesk.portal.nonce')
        self.ask(files=[('a.txt', b'a')])
        with self.transaction():
            WebRequest.remove_expired()
            Nonce.remove_expired()
        self.assertEqual(self.count('helpdesk.web_request'), 1)
        self.assertEqual(self.count('helpdesk.portal.nonce'), 1)
        past = dt.datetime.now() - dt.timedelta(seconds=1)
        self.change_request(expires_at=past)
        with self.transaction():
            Nonce.write(Nonce.search([]), {'expires_at': past})
        with self.transaction():
            WebRequest.remove_expired()
            Nonce.remove_expired()
        for name in ['web_request', 'web_request.file', 'portal.nonce']:
            self.assertEqual(self.count(f'helpdesk.{name}'), 0)

    def test_access(self):
        "SE12: no client reads or writes what the forms keep"
        User = Pool(DB_NAME).get('res.user')
        with self.transaction():
            user, = User.create([{'name': "Ana", 'login': 'ana'}])
            id_ = user.id
        for name in ['web_request', 'web_request.file', 'portal.nonce',
                'portal.attempt']:
            Model = Pool(DB_NAME).get(f'helpdesk.{name}')
            with self.subTest(name), Transaction().start(
                    DB_NAME, id_, context={'_check_access': True}):
                with self.assertRaises(AccessError):
                    Model.search([])
                with self.assertRaises(AccessError):
                    Model.create([{}])

    def test_erase(self):
        "X10: nothing of an erased person stays"
        pool = Pool(DB_NAME)
        Party = pool.get('party.party')
        WebRequest = pool.get('helpdesk.web_request')
        Erase = pool.get('party.erase', type='wizard')
        self.ask(email='erased@example.com', files=[('a.txt', b'a')])
        with self.transaction():
            party, = Party.create([{
                        'name': "Erased",
                        'active': False,
                        'contact_mechanisms': [('create', [{
                                        'type': 'email',
                                        'value': 'erased@example.com',
                                        }])],
                        }])
            session_id, _, _ = Erase.create()
            Erase(session_id).ask.party = party
            erase = Erase(session_id)
            erase.ask.party = party
            erase.transition_erase()
        with self.transaction():
            request, = WebRequest.search([])
            self.assertEqual(request.email, '****')
            self.assertIsNone(request.subject)
            self.assertIsNone(request.text)
            self.assertFalse(request.files[0].data)
