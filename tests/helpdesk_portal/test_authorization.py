# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import hashlib
import re
import unittest
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

from trytond import backend
from trytond.modules.helpdesk_portal import session
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from . import tools
from .case import PortalTestCase
from .drawing import data_url, drawing

QUESTION = "Repair for 120 € plus VAT.\n\nIs that <b>fine</b>?"


class AskedTestCase(PortalTestCase):
    "Base of the tests: tickets that wait for an authorization"

    def asked(self, question=QUESTION, signature=False, **values):
        "Return the number and the token of a ticket that waits for it"
        number, token = self.ticket(**values)
        with self.transaction():
            self.ask(number, question, signature)
        return number, token

    def ask(self, number, question=QUESTION, signature=False):
        pool = Pool(DB_NAME)
        Authorization = pool.get('helpdesk.authorization')
        Ticket = pool.get('helpdesk.ticket')
        ticket = self.record(number)
        Authorization.ask([(ticket, question, signature)])
        Ticket.open([self.record(number)])
        Ticket.authorize([self.record(number)])

    def form(self, client, number):
        "Return what the forms on the page have in their hidden fields"
        page = self.page(client, number)
        return dict(re.findall(
                r'name="(csrf_token|question)" value="(\w+)"', page))

    def send(self, client, number, form=None, **values):
        if form is None:
            form = self.form(client, number)
        return client.post(
            f'{self.base}/tickets/{number}/authorize',
            data={**form, **values},
            headers={'Origin': 'null', 'User-Agent': 'Browser ' + 'x' * 1000},
            environ_overrides={'REMOTE_ADDR': '192.0.2.1'})

    def authorization(self, number):
        return self.record(number).authorizations[0]


class AuthorizationTestCase(AskedTestCase):
    "The customer authorizes or denies (B13)"

    def test_page(self):
        "B13: the question stands on top, with both buttons"
        number, token = self.asked()
        page = self.page(self.guest(number, token), number)
        self.assertIn("We need your authorization", page)
        self.assertIn("Repair for 120 € plus VAT.", page)
        self.assertIn("Is that &lt;b&gt;fine&lt;/b&gt;?", page)
        self.assertRegex(page, 'value="granted">Authorize<')
        self.assertRegex(page, 'value="denied">Deny<')
        self.assertLess(
            page.index('id="authorization"'), page.index('id="answer"'))
        self.assertNotIn('signature.js', page)
        self.assertNotIn('name="agree"', page)

    def test_grant(self):
        "B13: Authorise sends the ticket back to the agents"
        number, token = self.asked()
        client = self.guest(number, token)
        response = self.send(client, number, decision='granted')

        self.assertEqual(response.status_code, 303)
        self.assertEqual(response.headers['Location'],
            f'{self.base}/tickets/{number}?done=granted')
        page = self.page(client, number, '?done=granted')
        self.assertIn("We have your authorization", page)
        self.assertIn("Authorized:", page)
        self.assertNotIn('id="authorize"', page)
        with self.transaction():
            ticket = self.record(number)
            authorization = self.authorization(number)
            self.assertEqual(ticket.state, 'open')
            self.assertTrue(ticket.unread)
            self.assertFalse(ticket.authorization_asked)
            self.assertEqual(
                (authorization.state, authorization.decided_by,
                    authorization.decided_email),
                ('granted', "Marta", tools.CUSTOMER))
            self.assertTrue(authorization.decided_at)
            self.assertEqual(authorization.ip_address, '192.0.2.1')
            self.assertEqual(len(authorization.user_agent), 300)
            self.assertEqual(
                authorization.question_hash,
                hashlib.sha256(QUESTION.encode()).hexdigest())
            self.assertEqual(
                ticket.decided_authorizations(), [authorization])
            said = ticket.conversations[0]
            self.assertEqual(
                (said.kind, said.direction, said.body),
                ('web', 'in', f"Authorized:\n\n{QUESTION}"))
            # E3: it is the customer's doing
            self.assertEqual(
                [h.actor for h in ticket.history
                    if h.what == 'state' and h.old == 'authorization'],
                ['customer'])

    def test_deny(self):
        "B13: Deny, with a reason if the customer wants"
        for reason in ["Too expensive", ""]:
            with self.subTest(reason=reason):
                number, token = self.asked(signature=True)
                client = self.guest(number, token)
                response = self.send(
                    client, number, decision='denied', reason=reason)
                self.assertEqual(response.status_code, 303)
                page = self.page(client, number, '?done=denied')
                self.assertIn("noted that you deny it", page)
                with self.transaction():
                    ticket = self.record(number)
                    authorization = self.authorization(number)
                    self.assertEqual(ticket.state, 'open')
                    self.assertEqual(authorization.state, 'denied')
                    self.assertEqual(authorization.reason or "", reason)
                    self.assertIsNone(authorization.signature_kind)
                    body = ticket.conversations[0].body
                    self.assertTrue(body.startswith("Denied:"))
                    self.assertEqual("Reason: " in body, bool(reason))

    def test_told(self):
        "B13: colleagues are told what was decided, and only that"
        Notice = Pool(DB_NAME).get('helpdesk.notice')
        for decision in ['granted', 'denied']:
            number, token = self.asked()
            client = self.guest(number, token)
            with self.subTest(decision=decision), \
                    patch.object(Notice, 'tell') as tell:
                self.send(client, number, decision=decision)
                with self.transaction():
                    ticket = self.record(number)
                told = [
                    event for call in tell.call_args_list
                    for event, tickets in call.args[0] if tickets]
                self.assertEqual(told, [decision])
                tell.assert_any_call([(decision, [ticket.id])])

    def test_typed(self):
        "B13: without JavaScript the name and a tick sign"
        number, token = self.asked(signature=True)
        client = self.guest(number, token)
        page = self.page(client, number)
        self.assertIn('signature.js', page)
        self.assertRegex(page, r'id="drawing" hidden')
        self.assertIn('value="Marta"', page)
        self.send(client, number, decision='granted', name="Marta Soler",
            agree='1', drawing='')
        with self.transaction():
            authorization = self.authorization(number)
            self.assertEqual(
                (authorization.state, authorization.signature_kind,
                    authorization.decided_by,
                    authorization.signature_picture),
                ('granted', 'typed', "Marta Soler", None))
            said = self.record(number).conversations[0]
            self.assertEqual(said.author, "Marta Soler")
            self.assertIn("signed with the name Marta Soler", said.body)

    def test_drawn(self):
        "B13: a signature drawn is kept"
        number, token = self.asked(signature=True)
        client = self.guest(number, token)
        self.send(client, number, decision='granted', name="Marta",
            drawing=data_url(drawing()))
        with self.transaction():
            authorization = self.authorization(number)
            self.assertEqual(authorization.signature_kind, 'drawn')
            self.assertEqual(
                bytes(authorization.signature_picture), drawing())
            self.assertIn(
                "signed by hand by Marta",
                self.record(number).conversations[0].body)

    def test_not_signed(self):
        "B13: what is missing is said beside its field, and nothing is lost"
        number, token = self.asked(signature=True)
        client = self.guest(number, token)
        for values, field in [
                ({'name': "Ann", 'drawing': 'x', 'agree': '1'}, 'drawing'),
                ({'name': "Ann"}, 'agree'),
                ({'name': "", 'agree': '1'}, 'signer')]:
            with self.subTest(field=field):
                response = self.send(
                    client, number, decision='granted', **values)
                page = response.get_data(as_text=True)
                self.assertEqual(response.status_code, 422)
                self.assertIn(f'href="#{field}"', page)
                self.assertIn(f'id="{field}-error"', page)
                self.assertIn("<title>Error: ", page)
                self.assertIn(
                    f'value="{values["name"] or "Marta"}"', page)
        response = self.send(
            client, number, decision='denied', reason='y' * 3000)
        page = response.get_data(as_text=True)
        self.assertEqual(response.status_code, 422)
        self.assertIn('y' * 3000 + '</textarea>', page)
        self.assertRegex(page, '<details class="deny" open')
        with self.transaction():
            ticket = self.record(number)
            self.assertEqual(ticket.state, 'authorization')
            self.assertEqual(self.authorization(number).state, 'asked')
            self.assertFalse(ticket.conversations)

    def test_twice(self):
        "B13: who taps the button twice decides once, and is told so"
        number, token = self.asked()
        client = self.guest(number, token)
        form = self.form(client, number)
        for _ in range(2):
            response = self.send(client, number, form, decision='granted')
            self.assertEqual(response.status_code, 303)
        response = self.send(client, number, form, decision='denied')
        self.assertEqual(response.status_code, 409)
        with self.transaction():
            self.assertEqual(self.authorization(number).state, 'granted')
            self.assertEqual(len(self.record(number).conversations), 1)

    @unittest.skipIf(backend.name == 'sqlite', "has one connection")
    def test_twice_at_once(self):
        "B13: also when both come at the same moment"
        number, token = self.asked()
        clients = [self.guest(number, token) for _ in range(4)]
        form = self.form(clients[0], number)
        with ThreadPoolExecutor() as pool:
            statuses = list(pool.map(
                    lambda c: self.send(
                        c, number, form, decision='granted').status_code,
                    clients))
        self.assertEqual(statuses, [303] * 4)
        with self.transaction():
            self.assertEqual(self.authorization(number).state, 'granted')
            self.assertEqual(len(self.record(number).conversations), 1)

    def test_changed_meanwhile(self):
        "B13: what the customer did not see is not authorized"
        pool = Pool(DB_NAME)
        Ticket = pool.get('helpdesk.ticket')

        def withdraw(number):
            Ticket.withdraw_question([self.record(number)])

        def ask_again(number):
            self.ask(number, "Repair for 1,200 €")

        def close(number):
            Ticket.close([self.record(number)])

        for change in [withdraw, ask_again, close]:
            for decision in ['granted', 'denied']:
                with self.subTest(change=change, decision=decision):
                    number, token = self.asked()
                    client = self.guest(number, token)
                    form = self.form(client, number)
                    with self.transaction():
                        change(number)
                        before = self.record(number).state
                    response = self.send(
                        client, number, form, decision=decision)
                    self.assertEqual(response.status_code, 409)
                    self.assertIn(
                        "changed, withdrawn or decided in the meantime",
                        response.get_data(as_text=True))
                    with self.transaction():
                        ticket = self.record(number)
                        self.assertEqual(ticket.state, before)
                        self.assertFalse(ticket.decided_authorizations())
                        self.assertFalse(ticket.conversations)

    def test_hostile_forms(self):
        number, token = self.asked()
        client = self.guest(number, token)
        form = self.form(client, number)
        for values, status in [
                ({}, 422),
                ({'decision': 'withdrawn'}, 422),
                ({'decision': 'granted\0'}, 422),
                ({'decision': 'granted', 'question': ''}, 409),
                ({'decision': '\0', 'question': '\0'}, 409),
                ({'decision': 'granted', 'question': 'x' * 10 ** 5}, 409),
                ({'decision': 'granted', 'csrf_token': ''}, 403),
                ({'decision': 'granted', 'csrf_token': 'x' * 64}, 403),
                ]:
            with self.subTest(values=values):
                response = self.send(client, number, {**form, **values})
                self.assertEqual(response.status_code, status)
        self.assertEqual(
            client.get(f'{self.base}/tickets/{number}/authorize').status_code,
            404)
        with self.transaction():
            self.assertEqual(self.authorization(number).state, 'asked')

    def test_plain_answer(self):
        "B13: who asks back first can still authorize it afterwards"
        number, token = self.asked()
        client = self.guest(number, token)
        self.post(client, number, "With VAT?")
        with self.transaction():
            self.assertEqual(self.record(number).state, 'open')
        self.assertIn('value="granted"', self.page(client, number))
        self.send(client, number, decision='granted')
        with self.transaction():
            self.assertEqual(self.record(number).state, 'open')
            self.assertEqual(self.authorization(number).state, 'granted')

    def test_without_question(self):
        "B13: put into the state by hand, what was said last is the question"
        number, token = self.ticket(
            {'body': "May we send it for 5 €?", 'direction': 'out'})
        with self.transaction():
            Ticket = Pool(DB_NAME).get('helpdesk.ticket')
            Ticket.open([self.record(number)])
            Ticket.authorize([self.record(number)])
        client = self.guest(number, token)
        self.assertIn('value="granted"', self.page(client, number))
        self.assertEqual(
            self.send(client, number, decision='granted').status_code, 303)
        with self.transaction():
            self.assertEqual(
                self.authorization(number).question,
                "May we send it for 5 €?")

    @unittest.skipIf(backend.name != 'sqlite', "counts on SQLite")
    def test_statements(self):
        "A question costs one statement, and none where none is asked"
        def statements(number, token):
            client = self.guest(number, token)
            self.page(client, number)
            with self.transaction():
                connection = Transaction().connection
            with tools.count_statements(connection) as counted:
                self.page(client, number)
            return counted

        plain = statements(*self.ticket({'body': "Help"}))
        asked = statements(*self.asked(signature=True))
        self.assertLessEqual(len(asked), len(plain) + 1, asked)
        self.assertLessEqual(len(asked), 11)
        self.assertFalse([s for s in plain if 'helpdesk_authorization' in s])


class VisitorsTestCase(AskedTestCase):
    "Who may decide (B13, PO1)"

    def account(self, email):
        "Return a client with the session of an account"
        User = Pool(DB_NAME).get('web.user')
        with self.transaction() as transaction:
            user, = User.create([{'email': email, 'email_valid': True}])
            key = user.new_session()
            transaction.commit()
        self.addCleanup(self.forget, user.id)
        client = self.client()
        client.set_cookie(session.ACCOUNT_COOKIE, key, path=self.base)
        return client, key

    def forget(self, user):
        User = Pool(DB_NAME).get('web.user')
        with self.transaction() as transaction:
            User.delete([User(user)])
            transaction.commit()

    def try_to(self, client, number, key):
        with self.transaction():
            question = self.authorization(number).question_hash
        response = self.send(client, number, {
                'csrf_token': session.csrf_token(key),
                'question': question}, decision='granted')
        with self.transaction():
            return response.status_code, self.authorization(number).state

    def test_visitors(self):
        "B13: the customer may by link or account, others may not"
        other_number, other = self.ticket(email='other@example.com')
        cases = [
            ('stranger', (self.client(), 'x'), (404, 'asked')),
            ('link of another', (
                    self.guest(other_number, other), other), (404, 'asked')),
            ('account of another', self.account('eve@example.com'),
                (404, 'asked')),
            ('owner', self.account(tools.CUSTOMER), (303, 'granted')),
            ]
        for name, (client, key), expected in cases:
            with self.subTest(name):
                number, token = self.asked()
                self.assertEqual(
                    self.try_to(client, number, key), expected)
        number, token = self.asked()
        self.assertEqual(
            self.try_to(self.guest(number, token), number, token),
            (303, 'granted'))

    def test_who_only_sees(self):
        "B13: who sees the ticket without being its customer can't decide"
        Ticket = Pool(DB_NAME).get('helpdesk.ticket')
        client, key = self.account('boss@example.com')
        number, _ = self.asked()
        with patch.object(
                Ticket, '_visible_to_account', return_value=[]):
            page = self.page(client, number)
            self.assertIn("Repair for 120 €", page)
            self.assertIn("Only the person who wrote to us", page)
            self.assertNotIn('value="granted"', page)
            self.assertEqual(
                self.try_to(client, number, key), (403, 'asked'))

    def test_deactivated(self):
        client, key = self.account(tools.CUSTOMER)
        number, _ = self.asked()
        User = Pool(DB_NAME).get('web.user')
        with self.transaction() as transaction:
            user, = User.search([('email', '=', tools.CUSTOMER)])
            User.write([user], {'active': False})
            transaction.commit()
        self.assertEqual(self.try_to(client, number, key), (404, 'asked'))


class CloseTestCase(PortalTestCase):
    "Answer and Close (B12, B14)"

    def test_answer_button(self):
        "B12: while the ticket waits for the customer the button is Answer"
        number, token = self.ticket()
        client = self.guest(number, token)
        self.assertRegex(self.page(client, number), '>Send</button>')
        with self.transaction():
            Ticket = Pool(DB_NAME).get('helpdesk.ticket')
            Ticket.open([self.record(number)])
            Ticket.wait([self.record(number)])
        page = self.page(client, number)
        self.assertRegex(page, '<h2 id="answer">Answer</h2>')
        self.assertRegex(page, '>Answer</button>')

    def test_closed_by(self):
        "B14: the page says who closed it, and offers it no more"
        for by_team, done, turn in [
                (True, 'closed_already', "We closed this ticket."),
                (False, 'closed', "You closed this ticket.")]:
            with self.subTest(by_team=by_team):
                number, token = self.ticket()
                client = self.guest(number, token)
                if by_team:
                    # After the page was opened
                    csrf = session.csrf_token(token)
                    with self.transaction() as transaction, \
                            transaction.set_context(helpdesk_actor='agent'):
                        Ticket = Pool(DB_NAME).get('helpdesk.ticket')
                        Ticket.close([self.record(number)])
                    response = client.post(
                        f'{self.base}/tickets/{number}/close',
                        data={'csrf_token': csrf})
                else:
                    response = self.post(client, number, '', action='/close')
                    # Twice is once
                    response = self.post(client, number, '', action='/close')
                self.assertEqual(
                    response.headers['Location'],
                    f'{self.base}/tickets/{number}?done={done}')
                page = self.page(client, number, f'?done={done}')
                self.assertIn(turn, page)
                self.assertNotIn('/close"', page)
                with self.transaction():
                    self.assertEqual(
                        self.record(number).closed_by,
                        'team' if by_team else 'customer')


del AskedTestCase, PortalTestCase
