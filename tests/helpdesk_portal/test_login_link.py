# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import smtplib
from contextlib import contextmanager
from unittest.mock import patch

import trytond.config as config
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.worker import run_task

from tests.services import Sink

from .account_case import MARTA, PASSWORD, AccountTestCase


class AskTestCase(AccountTestCase):
    "Asking for a mail tells nothing about who is known (SE16)"

    def test_same_answer(self):
        "SE16: known and unknown get the same answer, for the same work"
        self.user()
        self.user('out@example.com', active=False)
        self.ticket(email='ticket@example.com')
        data = {'name': "Marta", 'new_password': PASSWORD}
        for page, values in [
                ('login', {'other': '1'}),
                ('password', {}),
                ('register', data),
                ]:
            results = {}
            for email in [
                    MARTA, 'nobody@example.com', 'out@example.com',
                    'ticket@example.com']:
                client = self.client()
                statements, response = self.count(lambda: self.form(
                        client, page, email=email, **values))
                cookies = [
                    c.partition('=')[0]
                    for c in response.headers.getlist('Set-Cookie')]
                results[email] = (
                    response.status_code, response.headers['Location'],
                    response.get_data(), statements, cookies)
                self.assertFalse(self.mails)
            first = results.pop(MARTA)
            self.assertEqual(first[0], 303)
            for email, result in results.items():
                with self.subTest(page=page, email=email):
                    self.assertEqual(result, first)
            response = self.client().get(first[1])
            self.assertEqual(response.status_code, 200)

    def test_no_mail_in_request(self):
        "Nothing is looked up or sent while the page is waited for"
        self.user()
        for worker in [False, True]:
            with self.subTest(worker=worker), \
                    patch('trytond.config.getboolean', return_value=worker):
                self.ask_link(self.client())
                self.assertFalse(self.mails)
                with self.transaction() as transaction:
                    Queue = Pool(DB_NAME).get('ir.queue')
                    tasks = Queue.search([
                            ('data.model', '=', 'helpdesk.login_link')])
                    self.assertEqual(bool(tasks), worker)
                    Queue.delete(tasks)
                    transaction.commit()
        self.assertEqual(len(self.send()), 2)

    def test_scheduled_action(self):
        "Without a worker the scheduled action sends them"
        self.user()
        self.ask_link(self.client())
        LoginLink = Pool(DB_NAME).get('helpdesk.login_link')
        with self.transaction() as transaction:
            LoginLink.send_waiting()
            tasks = list(transaction.tasks)
            transaction.tasks.clear()
            transaction.commit()
        for task in tasks:
            run_task(Pool(DB_NAME), task)
        self.assertEqual(len(self.mails), 1)
        self.mails.clear()
        self.assertFalse(self.send())

    def make_people(self):
        self.user()
        self.user('out@example.com', active=False)
        self.ticket(email='ticket@example.com')
        number, _ = self.ticket(email='other@example.com')
        with self.transaction() as transaction:
            pool = Pool(DB_NAME)
            Party = pool.get('party.party')
            Participant = pool.get('helpdesk.participant')
            Party.create([{'name': "Ada", 'contact_mechanisms': [('create', [
                                {'type': 'email',
                                    'value': 'Party@Example.com'}])]}])
            ticket = self.record(number)
            Participant.create([
                    {'ticket': ticket.id, 'email': 'watcher@example.com'},
                    {'ticket': ticket.id, 'email': 'cc@example.com',
                        'role': 'cc'},
                    ])
            transaction.commit()

    def test_who_gets_one(self):
        "PO2: whoever the helpdesk knows gets a link, and nobody else"
        self.make_people()
        for email, gets in [
                (MARTA, True),
                ('ticket@example.com', True),
                ('party@example.com', True),
                ('watcher@example.com', True),
                ('TICKET@example.com', True),
                ('cc@example.com', False),
                ('nobody@example.com', False),
                ('out@example.com', False),
                ('_icket@example.com', False),
                ('%@example.com', False),
                ]:
            for page, data in [
                    ('login', {'other': '1'}), ('password', {})]:
                with self.subTest(email=email, page=page):
                    self.form(self.client(), page, email=email, **data)
                    mails = self.send()
                    self.assertEqual(
                        [m['To'] for m in mails],
                        [email.lower()] if gets else [])
        # It makes no account either
        self.assertFalse(self.users('ticket@example.com'))

    def test_limits(self):
        "PO5: nobody's mailbox is filled"
        for email in [MARTA, 'nobody@example.com']:
            for page in ['login', 'password', 'register', 'password', 'login']:
                data = {'name': "M"} if page == 'register' else {'other': '1'}
                response = self.form(self.client(), page, email=email, **data)
                self.assertEqual(response.status_code, 303)
            for page in ['login', 'password', 'register']:
                response = self.form(
                    self.client(), page, email=email, name="M", other='1')
                self.assertEqual(response.status_code, 429)
                self.assertIn('Retry-After', response.headers)
        with self.transaction() as transaction:
            table = Pool(DB_NAME).get('helpdesk.login_link').__table__()
            transaction.connection.cursor().execute(*table.update(
                    [table.at],
                    [dt.datetime.now() - dt.timedelta(minutes=61)]))
            transaction.commit()
        self.assertEqual(self.ask_link(self.client()).status_code, 303)

    def test_limit_of_mailbox(self):
        "PO5: a mailbox has many addresses, and is not filled by them"
        for i in range(10):
            response = self.form(
                self.client(), 'register', name="M",
                email=f'v.i{"." * (i % 2)}ctim+{i}@example.com')
            self.assertEqual(response.status_code, 303)
        for email, status in [
                ('victim@example.com', 429), ('vic.tim+x@example.com', 429),
                ('VICTIM@example.com', 429), ('victim@example.org', 303)]:
            with self.subTest(email=email):
                response = self.form(
                    self.client(), 'register', name="M", email=email)
                self.assertEqual(response.status_code, status)

    def test_limit_of_network(self):
        with patch('trytond.modules.helpdesk_portal.login_link.PER_NETWORK',
                [(dt.timedelta(hours=1), 2)]):
            for i, status in enumerate([303, 303, 429]):
                response = self.ask_link(
                    self.client(), email=f'{i}@example.com',
                    address='192.0.2.1')
                self.assertEqual(response.status_code, status)
            response = self.ask_link(
                self.client(), email='other@example.com', address='192.0.2.2')
            self.assertEqual(response.status_code, 303)

    def test_what_is_typed(self):
        "What is wrong is said at the field"
        for page, data in [
                ('login', {'other': '1', 'email': 'marta'}),
                ('password', {'email': ''}),
                ('register', {'email': MARTA, 'name': ''}),
                ('register', {'email': 'x', 'name': "Marta"}),
                ('register', {'email': MARTA, 'name': "Marta",
                        'new_password': 'short'}),
                ('register', {'email': MARTA, 'name': "Marta",
                        'new_password': MARTA}),
                ]:
            with self.subTest(page=page, data=data):
                response = self.form(self.client(), page, **data)
                html = response.get_data(as_text=True)
                self.assertEqual(response.status_code, 422)
                self.assertIn('aria-invalid="true"', html)
                self.assertNotIn('short"', html)
        self.assertFalse(self.send())


class UseTestCase(AccountTestCase):
    "What a link does"

    def link(self, email=MARTA, page='login', client=None, **data):
        if page == 'login':
            data['other'] = '1'
        self.form(client or self.client(), page, email=email, **data)
        mail, = self.send()
        return self.path_in(mail)

    def test_log_in(self):
        "PO2: who has but written a letter logs in and sees the ticket"
        number, _ = self.ticket(email='ada@example.com')
        path = self.link('ada@example.com')
        self.assertFalse(self.users('ada@example.com'))
        client = self.client()
        # Programs that look for viruses follow links
        for _ in range(3):
            response = client.get(f'{self.base}/{path}')
            self.assertEqual(response.status_code, 200)
            self.assertIn(
                "ada@example.com", response.get_data(as_text=True))
            self.assertNotIn(
                'helpdesk_session', str(response.headers))
        self.assertFalse(self.users('ada@example.com'))

        response = self.form(client, path)
        self.assertEqual(
            response.headers['Location'], f'{self.base}/tickets')
        self.assertTrue(self.is_in(client))
        user, = self.users('ada@example.com')
        self.assertTrue(user['email_valid'])
        self.assertEqual(
            client.get(f'{self.base}/tickets/{number}').status_code, 200)

    def test_once(self):
        "SE5: a link works once, also for two who use it at the same time"
        self.user()
        path = self.link()
        first, second = self.client(), self.client()
        LoginLink = Pool(DB_NAME).get('helpdesk.login_link')
        with self.transaction():
            stale = LoginLink.find(path.rpartition('/')[2], 'login')
        for client in [first, second]:
            client.get(f'{self.base}/{path}')
        self.assertEqual(self.form(first, path).status_code, 303)
        self.assertEqual(
            second.get(f'{self.base}/{path}').status_code, 404)
        # The other had looked it up before
        with patch.object(LoginLink, 'find', return_value=stale), \
                self.transaction():
            self.assertIsNone(
                LoginLink.use(path.rpartition('/')[2], 'login'))
        self.assertTrue(self.is_in(first))
        self.assertFalse(self.is_in(second))

    def test_never_matches(self):
        "SE5: an empty, a null, a changed token is none"
        self.user()
        path = self.link()
        token = path.rpartition('/')[2]
        self.ask_link(self.client(), 'nobody@example.com')
        self.send()
        LoginLink = Pool(DB_NAME).get('helpdesk.login_link')
        with self.transaction():
            link, = LoginLink.search([('email', '=', MARTA)])
            hash_ = link.token_hash
            self.assertNotIn(token, [
                    getattr(link, n) for n in LoginLink._fields])
            for wrong in [
                    None, '', ' ', token.swapcase(), token[:-1], token + 'x',
                    token + ' ', hash_, 'None', 'null', '%', '_' * len(token)]:
                with self.subTest(wrong=wrong):
                    self.assertIsNone(LoginLink.find(wrong, 'login'))
                    self.assertIsNone(LoginLink.use(wrong, 'login'))
            self.assertIsNone(LoginLink.find(token, 'password'))
            self.assertEqual(LoginLink.find(token, 'login'), link)
        # 256 bits
        self.assertGreaterEqual(len(token), 43)

    def test_not_for_passwords(self):
        "A link to log in sets no password, nor the reverse"
        self.user()
        login = self.link()
        password = self.link(page='password')
        for path in [
                login.replace('login', 'password'),
                password.replace('password', 'login')]:
            client = self.client()
            self.assertEqual(
                client.get(f'{self.base}/{path}').status_code, 404)

    def test_expired(self):
        self.user()
        path = self.link()
        with self.transaction() as transaction:
            table = Pool(DB_NAME).get('helpdesk.login_link').__table__()
            query = table.select(table.at, table.expires_at)
            cursor = transaction.connection.cursor()
            cursor.execute(*query)
            (at, expires_at), = cursor
            self.assertLess(
                expires_at - at, dt.timedelta(minutes=31))
            cursor.execute(*table.update(
                    [table.expires_at],
                    [dt.datetime.now() - dt.timedelta(seconds=1)]))
            transaction.commit()
        response = self.client().get(f'{self.base}/{path}')
        self.assertEqual(response.status_code, 404)
        self.assertIn(
            "doesn&#39;t work any more", response.get_data(as_text=True))

    def test_deactivated_meanwhile(self):
        user = self.user()
        path = self.link()
        client = self.client()
        client.get(f'{self.base}/{path}')
        User = Pool(DB_NAME).get('web.user')
        with self.transaction() as transaction:
            User.write([User(user)], {'active': False})
            transaction.commit()
        self.assertEqual(self.form(client, path).status_code, 404)
        self.assertEqual(len(self.users()), 1)
        self.assertFalse(self.is_in(client))

    def test_next(self):
        "After the mail one is where one wanted to go"
        self.user()
        next_ = f'{self.base}/tickets/12'
        client = self.client()
        response = self.form(client, self.link(next=next_))
        self.assertEqual(response.headers['Location'], next_)
        response = self.form(client, self.link(next='//evil.example'))
        self.assertEqual(
            response.headers['Location'], f'{self.base}/tickets')

    def test_party(self):
        "The account is that of the party with the address, if it is one"
        Party = Pool(DB_NAME).get('party.party')
        with self.transaction() as transaction:
            Party.create([{
                        'name': name,
                        'contact_mechanisms': [('create', [
                                    {'type': 'email', 'value': email}])],
                        } for name, email in [
                        ("Ada", 'one@example.com'),
                        ("Two", 'two@example.com'),
                        ("Too", 'two@example.com'),
                        ]])
            transaction.commit()
        for email, name in [
                ('one@example.com', "Ada"), ('two@example.com', None)]:
            self.form(self.client(), self.link(email))
            user, = self.users(email)
            self.assertEqual(
                user['party.']['name'] if user['party'] else None, name)

    def test_not_proved_before(self):
        "A password that was set before the address was proved is removed"
        self.user(email_valid=False)
        client = self.client()
        self.form(client, self.link())
        user, = self.users()
        self.assertTrue(user['email_valid'])
        self.assertIsNone(user['password_hash'])
        self.assertEqual(self.log_in()[1].status_code, 422)

    def test_new_password(self):
        "Who forgot the password chooses a new one, which ends all sessions"
        self.user()
        old, _ = self.log_in()
        login = self.link()
        path = self.link(page='password')
        client = self.client()
        page = client.get(f'{self.base}/{path}').get_data(as_text=True)
        self.assertIn('autocomplete="new-password"', page)
        # What is wrong with it does not use up the link
        for wrong in ['', 'short', MARTA]:
            response = self.form(client, path, new_password=wrong)
            self.assertEqual(response.status_code, 422)
        response = self.form(client, path, new_password='battery staple')
        self.assertEqual(response.status_code, 303)
        self.assertTrue(self.is_in(client))
        self.assertFalse(self.is_in(old))
        self.assertEqual(self.log_in()[1].status_code, 422)
        self.assertEqual(
            self.log_in(password='battery staple')[1].status_code, 303)
        # Neither it nor the links that were sent before
        for path in [path, login]:
            self.assertEqual(
                client.get(f'{self.base}/{path}').status_code, 404)

    def test_new_password_without_account(self):
        self.ticket(email='ada@example.com')
        path = self.link('ada@example.com', page='password')
        response = self.form(self.client(), path, new_password=PASSWORD)
        self.assertEqual(response.status_code, 303)
        self.assertEqual(
            self.log_in(email='ada@example.com')[1].status_code, 303)

    def test_register(self):
        "Who registers is there once the address is proved"
        client = self.client()
        path = self.link('new@example.com', page='register', client=client,
            name="Nora", new_password=PASSWORD)
        self.assertFalse(self.users('new@example.com'))
        self.assertEqual(
            self.log_in(email='new@example.com')[1].status_code, 422)
        self.assertEqual(self.form(client, path).status_code, 303)
        self.assertTrue(self.is_in(client))
        user, = self.users('new@example.com')
        self.assertEqual(user['party.']['name'], "Nora")
        self.assertEqual(
            self.log_in(email='new@example.com')[1].status_code, 303)

    def test_register_somebody_else(self):
        "SE16: who registers somebody else doesn't know the password"
        path = self.link('new@example.com', page='register',
            name="Nora", new_password=PASSWORD)
        self.assertEqual(self.form(self.client(), path).status_code, 303)
        user, = self.users('new@example.com')
        self.assertIsNone(user['password_hash'])

    def test_register_again(self):
        "Who has an account is told so by mail; nothing changes"
        self.user()
        client = self.client()
        self.form(client, 'register', email=MARTA, name="Evil",
            new_password='battery staple')
        mail, = self.send()
        self.assertIn("You have an account already", mail['Subject'])
        self.assertNotIn("Evil", mail.as_string())
        self.form(client, self.path_in(mail))
        user, = self.users()
        self.assertIsNone(user['party'])
        self.assertEqual(self.log_in()[1].status_code, 303)
        self.assertEqual(
            self.log_in(password='battery staple')[1].status_code, 422)

    def test_register_closed(self):
        "Strangers don't register unless the configuration says so"
        Configuration = Pool(DB_NAME).get('helpdesk.configuration')
        patcher = patch.dict(
            Configuration._defaults,
            portal_register=Configuration.default_portal_register)
        patcher.start()
        self.addCleanup(patcher.stop)
        client = self.client()
        page = client.get(f'{self.base}/login').get_data(as_text=True)
        self.assertNotIn(f'{self.base}/register', page)
        self.assertEqual(
            client.get(f'{self.base}/register').status_code, 404)
        self.assertEqual(
            client.post(f'{self.base}/register').status_code, 404)


class MailTestCase(AccountTestCase):
    "The mails"

    def test_words(self):
        "PO5, PO9, SE8: ours, in the language of the party or the browser"
        Lang = Pool(DB_NAME).get('ir.lang')
        with self.transaction() as transaction:
            Party = Pool(DB_NAME).get('party.party')
            spanish, = Lang.search([('code', '=', 'es')])
            party, = Party.create([{'name': "Ada", 'lang': spanish.id}])
            transaction.commit()
        self.user(party=party.id)
        self.user('other@example.com')
        typed = "Buy at evil.example"
        with patch('trytond.modules.helpdesk_portal.login_mail.gettext',
                side_effect=lambda key, *language, **kw:
                f'{language} {key.rpartition(".")[2]} {kw.get("url", "")}'):
            for email, accept, language in [
                    (MARTA, 'en', 'es'),
                    ('other@example.com', 'es', 'es'),
                    ('other@example.com', 'en', 'en'),
                    ]:
                self.form(
                    self.client(), 'register', email=email, name=typed,
                    headers={'Accept-Language': accept})
                mail, = self.send()
                self.assertIn(f"('{language}',)", mail['Subject'])
                self.assertNotIn("evil", mail.as_string())
        self.assertEqual(mail['Auto-Submitted'], 'auto-generated')
        self.assertEqual(mail['From'].addresses[0].addr_spec,
            'helpdesk@example.com')
        self.assertTrue(mail['X-Tryton-Helpdesk'])

    def test_tried_again(self):
        "What can't be sent is tried again, and an administrator sees it"
        self.user()
        self.ask_link(self.client())
        for tries in range(1, 7):
            self.fail_once(OSError("down"))
            link, = self.links()
            self.assertEqual(link['tries'], tries)
            self.assertTrue(link['delivery_error'])
        self.assertEqual(link['delivery'], 'failed')
        self.assertIsNone(link['token_hash'])
        self.assertFalse(self.send())

    def test_refused(self):
        self.user()
        self.ask_link(self.client())
        self.fail_once(smtplib.SMTPRecipientsRefused(
                {MARTA: (550, b'No such user')}))
        link, = self.links()
        self.assertEqual(link['delivery'], 'failed')
        self.assertIn('No such user', link['delivery_error'])

    def test_second_try(self):
        "Only the last mail has a link that works"
        self.user()
        self.ask_link(self.client())
        self.fail_once(OSError("down"))
        mail, = self.send()
        response = self.form(self.client(), self.path_in(mail))
        self.assertEqual(response.status_code, 303)

    def fail_once(self, error):
        with patch('trytond.modules.helpdesk_portal.login_mail.Connections') \
                as connections:
            connections.return_value.__enter__.return_value.send.side_effect \
                = error
            self.send()

    def links(self):
        LoginLink = Pool(DB_NAME).get('helpdesk.login_link')
        with self.transaction():
            return LoginLink.search_read([], fields_names=[
                    'delivery', 'delivery_error', 'tries', 'token_hash'])


class ServerTestCase(AccountTestCase):
    "With a real mail server"
    real_server = True

    def test_story(self):
        "PO2: from asking for a link to the tickets, by a mail that was sent"
        number, _ = self.ticket(email='ada@example.com')
        client = self.client()
        with Sink() as sink, mail_settings(sink):
            self.ask_link(client, 'ada@example.com')
            self.ask_link(client, 'nobody@example.com')
            self.assertFalse(sink.messages)
            self.send()
            mail, = sink.messages
        self.assertEqual(mail['To'], 'ada@example.com')
        self.assertEqual(mail['From'], 'Helpdesk <tryton@example.com>')
        response = self.form(client, self.path_in(mail))
        self.assertEqual(response.status_code, 303)
        self.assertIn("It does not start", self.page(client, number))


@contextmanager
def mail_settings(sink):
    before = {k: config.get('email', k, default='') for k in ['uri', 'from']}
    config.set('email', 'uri', sink.uri)
    config.set('email', 'from', 'Tryton <tryton@example.com>')
    try:
        yield
    finally:
        for key, value in before.items():
            config.set('email', key, value)


del AccountTestCase
