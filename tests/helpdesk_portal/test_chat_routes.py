# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What the script of the visitor's chat asks and sends.
"""
import datetime as dt
import io
import time
import unittest
from unittest.mock import patch

from trytond import backend
from trytond.modules.helpdesk_portal import chat_routes, form_stamp
from trytond.modules.helpdesk_portal.chat_availability import Availability
from trytond.pool import Pool
from trytond.protocols.wrappers import exceptions
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from .chat_case import NONCE, ChatTestCase
from .tools import count_statements

TELL = ['say', 'seen', 'email', 'end']
VALUES = {'nonce': NONCE * 2, 'text': "x", 'email': 'x@example.com'}


class BeginTestCase(ChatTestCase):

    def test_begin(self):
        "B8: who begins gets a token, and what was written is kept as typed"
        news = self.begin(
            name="Marta", email='marta@example.com',
            text="  Hello,\n\n<b>is it \u00e9?</b>  ",
            page='https://shop.example/chairs')
        self.assertRegex(news['token'], '^[0-9a-f]{64}$')
        self.assertEqual(news['state'], 'waiting')
        message, = news['messages']
        self.assertEqual(message['text'], "  Hello,\n\n<b>is it \u00e9?</b>")
        self.assertTrue(message['mine'])
        self.assertEqual(message['nonce'], NONCE)
        with self.transaction():
            chat = self.with_chat(news['token'])
            self.assertEqual(chat.visitor, "Marta")
            self.assertEqual(chat.email, 'marta@example.com')
            self.assertEqual(chat.page, 'https://shop.example/chairs')
            self.assertIsNone(chat.web_user)
            self.assertNotIn(news['token'], str(chat.token_hash))

    def test_begin_again(self):
        "B8: who begins again since no answer came has the same chat"
        values = self.begin_values()
        first = self.tell('begin', values).get_json()
        self.assertEqual(self.tell('begin', values).get_json(), first)
        with patch.object(form_stamp, 'LIFE', -1):
            self.assertEqual(self.tell('begin', values).get_json(), first)
        self.assertEqual(self.count('helpdesk.chat'), 1)
        self.assertEqual(self.count('ir.chat.message'), 1)

    def test_stamp(self):
        "PO7: what the page was given counts once, and not for ever"
        values = self.begin_values()
        self.tell('begin', values)
        for more in [
                {'stamp': ''}, {'stamp': 'x' * 100_000},
                {'stamp': values['stamp']}]:
            with self.subTest(more=more):
                response = self.tell(
                    'begin', {**values, 'nonce': NONCE * 2, **more})
                if len(more['stamp']) > 90_000:
                    self.assertEqual(response.status_code, 413)
                    continue
                self.assertEqual(response.status_code, 409)
                # To try again with
                self.assertIn('stamp', response.get_json()['state'])
        self.assertEqual(self.count('helpdesk.chat'), 1)

    def test_stamp_of_form(self):
        "PO7: the stamp of a form is nothing to a chat"
        _, hidden = self.fields(self.client())
        response = self.tell(
            'begin', self.begin_values(stamp=hidden['stamp']))
        self.assertEqual(response.status_code, 409)

    def test_hasty(self):
        "PO7: nobody writes as fast as a robot"
        values = self.begin_values()
        with patch.object(form_stamp, 'LEAST', 3):
            self.assertEqual(self.tell('begin', values).status_code, 409)

    def test_robot(self):
        "PO7: who can't solve the challenge does not begin"
        response = self.tell('begin', self.begin_values(altcha=None))
        self.assertEqual(response.status_code, 422)
        self.assertIn("person", response.get_json()['error'])
        self.configure(robot_check='none')
        self.assertNotIn('error', self.begin(altcha=None))

    def test_identity(self):
        "B8: name and address are asked for as the channel has it"
        self.change_channel(identity='required')
        response = self.tell('begin', self.begin_values(name=" "))
        self.assertEqual(response.status_code, 422)
        self.assertEqual(
            set(response.get_json()['errors']), {'name', 'email'})
        self.change_channel(identity='optional')
        for email in ['x', 'a@b', 'x@example.com\nBcc: y@example.com',
                'a' * 300 + '@example.com', 'support@example.com']:
            with self.subTest(email=email):
                response = self.tell('begin', self.begin_values(email=email))
                self.assertEqual(response.status_code, 422)
                self.assertEqual(
                    set(response.get_json()['errors']), {'email'})
        self.change_channel(identity='none')
        news = self.begin(name="Marta", email='marta@example.com')
        with self.transaction():
            self.assertIsNone(self.with_chat(news['token']).email)

    def test_page_visited(self):
        "SE1: the page that a visitor comes from is an address of the web"
        for page in ['javascript:alert(1)', 'https://x.example/ y', 'x', 7,
                'https://x.example/' + 'x' * 600]:
            with self.subTest(page=page):
                news = self.begin(page=page, nonce=NONCE + str(len(str(page))))
                with self.transaction():
                    self.assertIsNone(self.with_chat(news['token']).page)

    def test_customer(self):
        "B8: who is logged in is known on the page, but not in a frame"
        client = self.log_in()
        _, data = self.page(client)
        self.assertTrue(data['known'])
        news = self.begin(client, altcha=None)
        with self.transaction():
            chat = self.with_chat(news['token'])
            self.assertEqual(chat.email, 'marta@example.com')
            self.assertEqual(chat.web_user.email, 'marta@example.com')
        _, data = self.page(client, '/frame')
        self.assertFalse(data['known'] or data['csrf_token'])
        # Nor is the chat found again without its token
        self.assertEqual(self.ask('news', client=client).status_code, 403)
        news = self.begin(client, csrf_token='x', nonce=NONCE * 2)
        with self.transaction():
            self.assertIsNone(self.with_chat(news['token']).web_user)


class RefusalTestCase(ChatTestCase):

    def test_token(self):
        "SE5: only the whole token opens a chat, and only in its channel"
        token = self.begin()['token']
        pool = Pool(DB_NAME)
        with self.transaction():
            Channel = pool.get('helpdesk.chat.channel')
            other, = Channel.create([{
                        'name': "Other", 'section': self.section,
                        'published': True}])
            token_hash = self.with_chat(token).token_hash
            other = other.id
        for wrong in ['', ' ', '%', token[:-1], token.upper(), token_hash,
                'None', 'x' * 5000]:
            self.refused(wrong, 403)
        self.chat = f'{self.base}/chat/{other}'
        self.refused(token, 403)

    def refused(self, token, code):
        for path in ['news', 'files/1']:
            with self.subTest(path=path, token=token[:70]):
                self.check_error(self.ask(path, token), code)
        for path in TELL:
            with self.subTest(path=path, token=token[:70]):
                self.check_error(self.tell(path, VALUES, token), code)
        with self.subTest(path='files', token=token[:70]):
            self.check_error(self.send_file(token), code)

    def check_error(self, response, code):
        "SE17: an error is a sentence, and tells nothing else"
        self.assertEqual(response.status_code, code)
        self.assertEqual(response.content_type, 'application/json')
        self.assertEqual(list(response.get_json()), ['error'])
        self.assertNotRegex(
            response.get_data(as_text=True), 'Traceback|helpdesk|Error')

    def send_file(self, token, data=b'x', name='a.txt', nonce=NONCE * 2):
        return self.client().post(
            f'{self.chat}/files',
            data={'nonce': nonce, 'file': (io.BytesIO(data), name)},
            content_type='multipart/form-data',
            headers={'X-Chat-Token': token})

    def test_unpublished(self):
        "SE12: of a channel that is not published there is nothing"
        token = self.begin()['token']
        for values in [
                {'published': False}, {'published': True, 'active': False}]:
            self.change_channel(**values)
            with self.subTest(values=values):
                self.refused(token, 404)
                self.check_error(self.ask('state'), 404)
                self.check_error(self.tell('begin', {}), 404)
                for path in ['', '/frame']:
                    self.assertEqual(
                        self.client().get(self.chat + path).status_code, 404)
                response = self.client().get(f'{self.chat}/widget.js')
                self.assertEqual(response.status_code, 200)
                self.assertEqual(response.data, b'')
        self.chat = f'{self.base}/chat/x'
        self.refused(token, 404)

    def test_private_section(self):
        "SE12: a section that is not public any more has no chat"
        token = self.begin()['token']
        self.change_section(visibility='private')
        self.refused(token, 404)

    def test_origin(self):
        "SE16: what another site or a page without origin sends is refused"
        token = self.begin()['token']
        for origin in ['https://evil.example', 'null']:
            for path in [*TELL, 'begin']:
                with self.subTest(origin=origin, path=path), \
                        self.assertRaises(exceptions.Forbidden):
                    self.tell(path, VALUES, token, Origin=origin)
        response = self.tell('say', VALUES, token, Origin='http://localhost')
        self.assertEqual(response.status_code, 200)

    def test_type(self):
        "SE16: only JSON is taken, which no form of another site sends"
        token = self.begin()['token']
        for type_, body in [
                ('text/plain', '{"text": "x"}'),
                ('application/x-www-form-urlencoded', 'text=x'),
                ('application/json', '['), ('application/json', '[]'),
                ('application/json', '"x"'), ('application/json', ''),
                ('application/json', '[' * 50_000),
                ('application/json', b'\xff'),
                ('application/json', '{"text": 1, "nonce": 2}'),
                ('application/json', '{"text": "x", "nonce": "x"}'),
                ('application/json', '{"text": " ", "nonce": "%s"}' % NONCE)]:
            with self.subTest(type=type_, body=body[:50]):
                response = self.client().post(
                    f'{self.chat}/say', data=body, content_type=type_,
                    headers={'X-Chat-Token': token})
                self.check_error(
                    response, 400 if type_.endswith('json') else 415)
        self.assertEqual(self.count('ir.chat.message'), 1)

    def test_sizes(self):
        "SE15: what is too long is not read"
        token = self.begin()['token']
        for text in ["x" * 4001, "x" * 200_000]:
            self.check_error(
                self.tell('say', {**VALUES, 'text': text}, token), 413)
        response = self.tell(
            'say', {**VALUES, 'text': "\U0001f600" * 4000}, token)
        self.assertEqual(response.status_code, 200)

    def test_characters(self):
        "SE15: what no database takes comes to no harm"
        token = self.begin()['token']
        response = self.tell(
            'say', {**VALUES, 'text': "a\x00b\ud800c\r\nd"}, token)
        self.assertEqual(response.status_code, 200)
        self.assertRegex(response.get_json()['text'], '^a.?b.c\nd$')

    def test_methods(self):
        "SE16: what changes something is never fetched"
        token = self.begin()['token']
        for path in [*TELL, 'files', 'begin']:
            with self.subTest(path=path):
                self.assertEqual(self.ask(path, token).status_code, 404)

    @unittest.skipIf(backend.name != 'sqlite', "counts on SQLite")
    def test_reads(self):
        "SE16: to look changes nothing"
        token = self.begin()['token']
        with self.transaction() as transaction:
            connection = transaction.connection
        for path in ['news', 'state', 'frame', 'widget.js']:
            with self.subTest(path=path):
                with count_statements(connection) as statements:
                    response = self.ask(path, token)
                self.assertEqual(response.status_code, 200)
                self.assertFalse([
                        s for s in statements
                        if not s.startswith(('SELECT', 'WITH'))])


class TalkTestCase(ChatTestCase):

    def answer(self, token, text, audience='public'):
        with Transaction().start(DB_NAME, self.operator, context={}):
            self.with_chat(token).answer(text, audience)

    def hand_out(self, token):
        Chat = Pool(DB_NAME).get('helpdesk.chat')
        with self.transaction():
            Chat.give([self.with_chat(token)], self.operator)

    def test_talk(self):
        "B8: both see what the other writes, and what was read"
        news = self.begin()
        token = news['token']
        self.hand_out(token)
        # Who has not looked yet is not there
        self.assertIsNone(self.news(token)['operator'])
        self.answer(token, "Hello Marta")
        after = news['messages'][0]['id']
        news = self.news(token, news['version'], after)
        self.assertEqual(news['operator'], "Olga")
        self.assertEqual(news['state'], 'active')
        self.assertFalse(news['late'])
        said = [m for m in news['messages'] if not m['system']]
        self.assertEqual(
            [(m['text'], m['author'], m['mine']) for m in said],
            [("Hello Marta", "Olga", False)])
        response = self.tell('seen', {
                'read': said[0]['id'], 'typing': True}, token)
        self.assertEqual(response.status_code, 200)
        with self.transaction():
            chat = self.with_chat(token)
            self.assertEqual(chat.visitor_read, said[0]['id'])
            self.assertTrue(chat.typing_at)

    def test_internal(self):
        "SE11: what colleagues tell each other no visitor sees"
        token = self.begin()['token']
        self.hand_out(token)
        self.answer(token, "She is nice", 'internal')
        response = self.ask('news', token)
        self.assertNotIn('nice', response.get_data(as_text=True))
        for secret in ["Puig", 'olga', 'hash']:
            self.assertNotIn(secret, response.get_data(as_text=True))

    def test_once(self):
        "TR2: a message that is sent again is there once, and in order"
        token = self.begin()['token']
        values = {'text': "One", 'nonce': NONCE * 2}
        first = self.tell('say', values, token)
        self.tell('say', {'text': "Two", 'nonce': NONCE * 3}, token)
        again = self.tell('say', values, token)
        self.assertEqual(first.get_json(), again.get_json())
        texts = [m['text'] for m in self.news(token)['messages']
            if not m['system']]
        self.assertEqual(texts, ["Hello?", "One", "Two"])
        # Even so after the end
        self.tell('end', {}, token)
        self.assertEqual(self.tell('say', values, token).status_code, 200)

    def test_nonce_of_another(self):
        "SE4: the nonce of another chat is nothing to this one"
        first = self.begin()['token']
        second = self.begin(nonce=NONCE * 3, text="Mine")['token']
        response = self.tell('say', {'nonce': NONCE, 'text': "x"}, second)
        self.assertEqual(response.get_json()['text'], "x")
        self.assertEqual(len([
                    m for m in self.news(first)['messages']
                    if m['mine']]), 1)

    def test_end(self):
        "B8: what is over stays readable, and nothing is added"
        token = self.begin()['token']
        self.assertEqual(self.tell('end', {}, token).status_code, 200)
        self.assertEqual(self.tell('end', {}, token).status_code, 200)
        response = self.tell('say', VALUES, token)
        self.assertEqual(response.status_code, 409)
        self.assertEqual(response.get_json()['error'], "This chat is over.")
        news = self.news(token)
        self.assertEqual(news['state'], 'ended')
        # There is nothing to wait for
        self.assertEqual(
            self.news(token, news['version'])['state'], 'ended')

    def test_email(self):
        "B8: an address that is asked for later is kept, once"
        token = self.begin()['token']
        # Who waits too long may not wait any longer
        self.assertTrue(self.news(token)['ask_email'])
        self.hand_out(token)
        self.answer(token, "Hello")
        self.assertFalse(self.news(token)['ask_email'])
        with self.transaction():
            Pool(DB_NAME).get('helpdesk.chat').write(
                [self.with_chat(token)], {'email_asked': True})
        self.assertTrue(self.news(token)['ask_email'])
        response = self.tell('email', {'email': 'x'}, token)
        self.assertEqual(response.status_code, 422)
        for email in ['joan@example.com', 'evil@example.com']:
            response = self.tell('email', {'email': email}, token)
            self.assertEqual(response.status_code, 200)
        self.assertFalse(self.news(token)['ask_email'])
        with self.transaction():
            self.assertEqual(
                self.with_chat(token).email, 'joan@example.com')

    def test_late(self):
        "B8: who waits too long, or for nobody, is told so"
        Chat = Pool(DB_NAME).get('helpdesk.chat')
        first = self.begin()['token']
        second = self.begin(nonce=NONCE * 2)['token']
        self.assertTrue(self.news(second)['late'])
        with patch.object(
                Pool(DB_NAME).get('helpdesk.chat.channel'), 'availability',
                lambda *_: Availability(True, True, None)):
            news = self.news(second)
            self.assertFalse(news['late'])
            self.assertEqual(news['queue'], 1)
            self.assertEqual(self.news(first)['queue'], 0)
            with self.transaction():
                chat = self.with_chat(second)
                Chat.write([chat], {
                        'started_at': (
                            dt.datetime.now() - dt.timedelta(hours=1))})
            self.assertTrue(self.news(second)['late'])

    def test_wait(self):
        "B8: who asks for news gets them when there are some"
        news = self.begin()
        with patch.object(chat_routes, 'WAIT', .1):
            began = time.monotonic()
            again = self.news(
                news['token'], news['version'], news['messages'][0]['id'])
            self.assertGreaterEqual(time.monotonic() - began, .1)
        self.assertEqual(again['messages'], [])
        self.assertEqual(again['version'], news['version'])

    def test_one_thread(self):
        "B8: the only thread of a process is not kept waiting"
        news = self.begin()
        with patch.object(chat_routes.watch, 'wait') as wait:
            response = self.ask(
                f'news?version={news["version"]}', news['token'],
                multithread=False)
        wait.assert_not_called()
        self.assertEqual(response.json['version'], news['version'])

    def test_no_transaction(self):
        "B8: meanwhile the database is left alone"
        news = self.begin()
        inside = []

        def wait(database, key, mark, seconds, who):
            inside.append(Transaction().connection)
            return mark
        with patch.object(chat_routes.watch, 'wait', wait):
            self.news(news['token'], news['version'])
        self.assertEqual(inside, [None])

    @unittest.skipIf(backend.name != 'sqlite', "counts on SQLite")
    def test_statements(self):
        "SE15: a message costs the same in a long chat and a short one"
        token = self.begin()['token']
        counts = []
        for number in range(12):
            values = {'text': "x", 'nonce': f'{NONCE}-{number}'}
            with self.transaction() as transaction:
                connection = transaction.connection
            with count_statements(connection) as statements:
                self.tell('say', values, token)
            counts.append(len(statements))
        self.assertEqual(counts[2], counts[-1])


class FileTestCase(ChatTestCase):
    send_file = RefusalTestCase.send_file

    def test_file(self):
        "SE2: a file is for the disk, in nobody's name"
        token = self.begin()['token']
        response = self.send_file(
            token, b'<script>alert(1)</script>', '../a b.html')
        self.assertEqual(response.status_code, 200)
        file, = response.get_json()['files']
        self.assertNotIn('/', file['name'])
        self.assertEqual(file['size'], 25)
        response = self.ask(f'files/{file["id"]}', token)
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.content_type, 'application/octet-stream')
        self.assertIn('attachment', response.headers['Content-Disposition'])
        self.assertIn('sandbox', response.headers['Content-Security-Policy'])
        self.assertEqual(
            response.headers['X-Content-Type-Options'], 'nosniff')
        self.assertEqual(response.data, b'<script>alert(1)</script>')

    def test_once(self):
        "TR2: a file that is sent again is there once"
        token = self.begin()['token']
        first = self.send_file(token).get_json()
        self.assertEqual(self.send_file(token).get_json(), first)
        self.assertEqual(self.count('ir.attachment'), 1)

    def test_of_another(self):
        "SE4: the files of other chats and records, and internal ones"
        pool = Pool(DB_NAME)
        first = self.begin()['token']
        file, = self.send_file(first).get_json()['files']
        second = self.begin(nonce=NONCE * 3)['token']
        with self.transaction():
            Attachment = pool.get('ir.attachment')
            Message = pool.get('ir.chat.message')
            other, = Attachment.create([{
                        'name': "Contract", 'data': b'x',
                        'resource': f'helpdesk.section,{self.section}'}])
            other = other.id
        for id_ in [file['id'], other, 0, 'x', '1%00', 2 ** 40]:
            with self.subTest(id=id_):
                self.assertEqual(
                    self.ask(f'files/{id_}', second).status_code, 404)
        with self.transaction():
            Message.write(Message.search([
                        ('helpdesk_file', '=', file['id'])]),
                {'audience': 'internal'})
        self.assertEqual(
            self.ask(f'files/{file["id"]}', first).status_code, 404)

    def test_refused(self):
        "SE15: files that are too large, empty, or of a kind not wanted"
        token = self.begin()['token']
        self.configure(web_form_blocked='exe')
        with patch.object(
                chat_routes, 'LIMITS', chat_routes.LIMITS.__class__(size=10)):
            for data, name in [(b'x' * 11, 'a.txt'), (b'x', 'a.exe'),
                    (b'', 'a.txt')]:
                with self.subTest(name=name):
                    response = self.send_file(token, data, name)
                    self.assertEqual(response.status_code, 422)
                    self.assertIn('error', response.get_json())
        self.assertEqual(self.count('ir.attachment'), 0)
        self.assertEqual(
            self.send_file(token, nonce='x').status_code, 400)
