# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What the tests of the visitor's chat have in common.
"""
import html
import json
import re

from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME

from .test_proof_of_work import solve
from .web_form_case import WebFormTestCase

NONCE = 'nonce-of-the-browser'


class ChatTestCase(WebFormTestCase):
    "Base of the tests: a published channel, and an operator who has joined"

    def setUp(self):
        super().setUp()
        pool = Pool(DB_NAME)
        with self.transaction():
            Channel = pool.get('helpdesk.chat.channel')
            User = pool.get('res.user')
            channel, = Channel.create([{
                        'name': "Shop <1>",
                        'section': self.section,
                        'published': True,
                        'text': "Ask <us>.",
                        }])
            users = list(User.search([('login', '=', 'olga')]))
            self.operator = (users or User.create([{
                            'name': "Olga Puig", 'login': 'olga'}]))[0].id
            self.channel = channel.id
        self.chat = f'{self.base}/chat/{self.channel}'

    def clean(self):
        super().clean()
        pool = Pool(DB_NAME)
        with self.transaction() as transaction:
            cursor = transaction.connection.cursor()
            for name in [
                    'ir.chat.message', 'ir.chat.channel', 'ir.attachment',
                    'helpdesk.chat', 'helpdesk.chat.operator',
                    'helpdesk.chat.channel']:
                cursor.execute(*pool.get(name).__table__().delete())
            transaction.commit()

    def change_channel(self, **values):
        Channel = Pool(DB_NAME).get('helpdesk.chat.channel')
        with self.transaction():
            Channel.write([Channel(self.channel)], values)

    def page(self, client=None, address='', **kwargs):
        "Return the page, and the data of its script"
        response = (client or self.client()).get(
            f'{self.chat}{address}', **kwargs)
        self.assertEqual(response.status_code, 200)
        page = response.get_data(as_text=True)
        data = re.search(r'id="chat-data">(.*?)</script>', page, re.S)[1]
        return page, json.loads(html.unescape(data))

    def ask(self, path, token='', client=None, multithread=True, **kwargs):
        return (client or self.client()).get(
            f'{self.chat}/{path}', headers={'X-Chat-Token': token},
            multithread=multithread, **kwargs)

    def tell(self, path, values, token='', client=None, **headers):
        return (client or self.client()).post(
            f'{self.chat}/{path}', json=values,
            headers={'X-Chat-Token': token, **headers})

    def begin_values(self, client=None, **values):
        "Return what the script sends to begin, with the robot check"
        _, data = self.page(client)
        challenge = data['state']['challenge']
        return {
            'nonce': NONCE,
            'text': "Hello?",
            'stamp': data['state']['stamp'],
            'csrf_token': data['csrf_token'],
            'altcha': solve(json.loads(challenge)) if challenge else None,
            **values,
            }

    def begin(self, client=None, **values):
        "Begin a chat, and return the first news"
        response = self.tell(
            'begin', self.begin_values(client, **values), client=client)
        self.assertEqual(
            response.status_code, 200, response.get_data(as_text=True))
        return response.get_json()

    def news(self, token, version=0, after=0):
        response = self.ask(
            f'news?version={version}&after={after}', token)
        self.assertEqual(response.status_code, 200)
        return response.get_json()

    def with_chat(self, token):
        "Return the chat of the token; in a transaction"
        Chat = Pool(DB_NAME).get('helpdesk.chat')
        return Chat.with_token(token)
