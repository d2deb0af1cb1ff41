# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import json
import re
import unittest
from unittest.mock import patch

from trytond.modules.helpdesk_portal import chat_form, form_stamp
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME

from .test_proof_of_work import solve
from .test_recaptcha import GOOD, google
from .web_form_case import TYPED, WebFormTestCase

FAR = {'REMOTE_ADDR': '192.0.2.7'}


class CompleteTestCase(unittest.TestCase):
    "B8: what was typed and what was said make one request"

    def test_complete(self):
        said = [("Marta", "My order\nis late"), ("Support", "One moment")]
        lines = "Marta: My order\n    is late\nSupport: One moment"
        for typed, before, end in [
                ({'text': "Hello\nyou"}, [], ("Hello", "Hello\nyou")),
                ({'text': "\n \nHello"}, [], ("Hello", "Hello")),
                ({'subject': "Help", 'text': "Hello"}, [],
                    ("Help", "Hello")),
                ({}, said, ("My order", lines)),
                ({'text': "Hello"}, said,
                    ("Hello", f"Hello\n\nBefore:\n\n{lines}")),
                ({}, [], ('', '')),
                ({'text': 'x' * 5000}, [], ('x' * 255, 'x' * 5000)),
                ]:
            with self.subTest(typed=typed, before=before):
                values = chat_form.complete(typed, before, "Before:")
                self.assertEqual(
                    (values['subject'][:255], values['text']), end)


class ChatFormTestCase(WebFormTestCase):
    "Nobody is there: the form of a chat (B8)"

    @classmethod
    def setUpDatabase(cls):
        super().setUpDatabase()
        pool = Pool(DB_NAME)
        Channel = pool.get('helpdesk.chat.channel')
        channel, = Channel.create([{
                    'name': "Shop", 'section': cls.section,
                    'published': True}])
        cls.channel = channel.id

    def setUp(self):
        super().setUp()
        self.address = f'{self.base}/chat/{self.channel}/form'
        # Whether the section has a form of its own does not matter
        self.change_section(web_form='none')

    def begin(self, *said, files=(), **values):
        "Begin a chat and return it and its token"
        pool = Pool(DB_NAME)
        with self.transaction() as transaction:
            Chat = pool.get('helpdesk.chat')
            Channel = pool.get('helpdesk.chat.channel')
            chat, token = Chat.begin(
                Channel(self.channel), name="Marta", **values)
            for text in said:
                chat.say(text)
            chat.say_files(files)
            transaction.commit()
            return chat.id, token

    def chat(self, id_):
        return Pool(DB_NAME).get('helpdesk.chat')(id_)

    def needed(self, client=None):
        response = (client or self.client()).get(self.address)
        self.assertEqual(response.status_code, 200)
        return response.json

    def send_chat(self, token=None, proof=True, status=200, **values):
        "Send the form as its script does, and return the answer"
        needed = self.needed()
        typed = {
            **{n: v for n, v in TYPED.items() if n != 'subject'},
            'stamp': needed['stamp'],
            'altcha': (
                solve(json.loads(needed['challenge']))
                if proof and needed['challenge'] else ''),
            **values}
        response = self.client().post(
            self.address, json=typed, environ_base=FAR,
            headers={'X-Chat-Token': token} if token else {})
        self.assertEqual(response.status_code, status, response.data)
        return response

    def test_ticket(self):
        "B8: it becomes a ticket as by the web form, and tells no more"
        tickets = self.count('helpdesk.ticket')
        answer = self.send_chat().json
        self.assertEqual(self.count('helpdesk.ticket'), tickets + 1)
        with self.transaction():
            ticket = self.last_ticket()
            self.assertEqual(
                (ticket.section.id, ticket.channel, ticket.email,
                    ticket.subject, ticket.description),
                (self.section, 'chat', TYPED['email'], TYPED['text'],
                    TYPED['text']))
            self.assertNotIn(ticket.number, str(answer))
        self.assertIn("Thank you", answer['heading'])

    def test_chat(self):
        "B8: what was said and sent goes along, and the chat is over"
        id_, token = self.begin(
            "My order is late", "Number 42", files=[('bill.pdf', b'bill')])
        self.send_chat(token, text="Please help", subject="Order")
        with self.transaction():
            ticket = self.last_ticket()
            chat = self.chat(id_)
            self.assertEqual(chat.ticket, ticket)
            self.assertEqual(
                (chat.state, chat.ended_by, chat.missed),
                ('ended', 'system', True))
            self.assertEqual(ticket.subject, "Order")
            self.assertEqual(ticket.description,
                "Please help\n\nBefore, in the chat:\n\n"
                "Marta: My order is late\nMarta: Number 42\n"
                "Marta: bill.pdf")
            conversation, = [
                c for c in ticket.conversations if c.direction == 'in']
            self.assertEqual(
                [(a.name, a.data) for a in conversation.attachments],
                [('bill.pdf', b'bill')])

    def test_nothing_to_add(self):
        "B8: who wrote everything in the chat needn't write it again"
        id_, token = self.begin("My order is late")
        self.send_chat(token, text='')
        with self.transaction():
            ticket = self.last_ticket()
            self.assertEqual(
                (ticket.subject, ticket.description),
                ("My order is late", "Marta: My order is late"))

    def test_wrong_token(self):
        "SE5: the chats of others do not go along"
        id_, token = self.begin("Secret")
        for wrong in ['x', token.swapcase(), '']:
            self.send_chat(wrong)
            with self.transaction():
                self.assertNotIn("Secret", self.last_ticket().description)
                self.assertEqual(self.chat(id_).state, 'waiting')

    def test_errors(self):
        "B8: what is missing is told by field, in a sentence"
        answer = self.send_chat(
            status=422, name='', email='x', text='', website='').json
        self.assertEqual(answer['errors'], {
                'name': "Please write your name.",
                'email': "We can't write to this address. Please check it.",
                'text': "Please write a message.",
                })
        answer = self.send_chat(status=422, website='spam').json
        self.assertEqual(list(answer['errors']), ['website'])

    def test_no_robot(self):
        "B8, PO7: without a proof a mail asks first, as by the web form"
        tickets = self.count('helpdesk.ticket')
        id_, token = self.begin("My order is late", email='a@example.com')
        answer = self.send_chat(token, proof=False).json
        self.assertIn("mail", ' '.join(answer['sentences']))
        self.assertEqual(self.count('helpdesk.ticket'), tickets)
        with self.transaction():
            chat = self.chat(id_)
            self.assertEqual((chat.state, chat.missed), ('ended', True))
            Pool(DB_NAME).get('helpdesk.chat').look_after()
        self.assertEqual(self.count('helpdesk.ticket'), tickets)
        mail = self.mails()[-1]
        text = mail.get_body(('plain',)).get_content()
        # PO5: nothing of what was typed
        self.assertNotIn("order", text)
        path = re.search(r'/\S+/confirm/\S+', text)[0]
        path = path[path.index(f'/{DB_NAME}'):]
        client = self.client()
        page = client.get(path).get_data(as_text=True)
        csrf = re.search(r'name="csrf_token" value="(\w+)"', page)[1]
        client.post(path, data={'csrf_token': csrf})
        with self.transaction():
            ticket = self.last_ticket()
            self.assertEqual(self.chat(id_).ticket, ticket)
            self.assertEqual(ticket.channel, 'chat')
            self.assertIn("My order is late", ticket.description)
        self.assertEqual(self.count('helpdesk.ticket'), tickets + 1)

    def test_recaptcha(self):
        self.configure(
            robot_check='recaptcha', recaptcha_site_key='site',
            recaptcha_secret='topsecret')
        self.assertEqual(self.needed()['recaptcha']['key'], 'site')
        with google(GOOD):
            self.send_chat(recaptcha='token')

    def test_twice(self):
        "B8: what is sent twice is one ticket"
        needed = self.needed()
        tickets = self.count('helpdesk.ticket')
        for _ in range(2):
            self.send_chat(
                stamp=needed['stamp'],
                altcha=solve(json.loads(needed['challenge'])))
        self.assertEqual(self.count('helpdesk.ticket'), tickets + 1)

    def test_stamps(self):
        "B8, PO7: the stamp of another form is none, nor one just made"
        for stamp in ['', 'x', self.web_form_stamp()]:
            answer = self.send_chat(status=422, stamp=stamp).json
            self.assertEqual(list(answer['errors']), ['form'])
        with patch.object(form_stamp, 'LEAST', 3):
            self.send_chat(status=422)

    def web_form_stamp(self):
        self.write_section({'web_form': 'everyone'})
        _, hidden = self.fields(self.client())
        return hidden['stamp']

    def test_limits(self):
        "B8, PO5, SE15: as many requests as by the web form, together"
        self.configure(web_form_per_network=2)
        self.send_chat()
        self.send_chat()
        response = self.send_chat(status=429)
        self.assertIn("try again later", response.json['error'])

    def test_nonsense(self):
        "SE17: what no browser sends is refused without a word too many"
        for sent in [b'', b'x', b'[]', b'{', b'"x"', b'[' * 100_000]:
            with self.subTest(sent=sent[:9]):
                response = self.client().post(
                    self.address, data=sent,
                    content_type='application/json')
                self.assertEqual(response.status_code, 400)
                self.assertNotIn(b'Traceback', response.data)
        response = self.client().post(self.address, data={'text': 'x'})
        self.assertEqual(response.status_code, 400)
        self.send_chat(
            status=422, name={}, email=['x'], text=1, stamp=None)
        self.send_chat(subject='\ud800\x00\n', text='a\x00\ud800b')

    def test_large(self):
        "SE15: what is far too large is not read"
        response = self.client().post(
            self.address, data=b'"' + b'x' * 1_000_000 + b'"',
            content_type='application/json')
        self.assertEqual(response.status_code, 413)

    def test_not_offered(self):
        "B8: a channel that isn't published has no form"
        pool = Pool(DB_NAME)

        def publish(value):
            with self.transaction():
                Channel = pool.get('helpdesk.chat.channel')
                Channel.write(
                    [Channel(self.channel)], {'published': value})
        publish(False)
        self.addCleanup(publish, True)
        self.assertEqual(
            self.client().get(self.address).status_code, 404)
        self.assertEqual(
            self.client().post(self.address, json={}).status_code, 404)

    def test_language(self):
        "B8: errors are in the language of the browser"
        response = self.client().post(
            self.address, json={'stamp': ''},
            headers={'Accept-Language': 'es'})
        self.assertEqual(response.status_code, 422)
        with self.transaction():
            spanish, = Pool(DB_NAME).get('ir.lang').search(
                [('code', '=', 'es')])
            self.assertEqual(
                response.json['errors']['name'],
                spanish.helpdesk_text('form_name_required'))
