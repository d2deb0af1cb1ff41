# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A live chat with two server processes: the visitor's page asks one, the
operator's client the other.
"""
import base64
import json
import threading
import time
import urllib.request

import pytest
from trytond import backend
from trytond.pool import Pool

from tests.records import Helpdesk
from tests.services import HOST, free_port
from tests.together.processes import AGENT_PASSWORD, Site

# Seconds that a message may take (B8)
LATE = 2
# Who waits at once
CROWD = 60


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    with Site(
            ['helpdesk_portal'], tmp_path_factory.mktemp('chat'),
            bus={'allow_subscribe': 'True'}) as site:
        site.other = free_port()
        site.channel = site.call(_fill)
        with site.server(), site.server(port=site.other):
            yield site


def _fill():
    "Return the id of the channel that the agent has joined"
    Channel = Pool().get('helpdesk.chat.channel')
    desk = Helpdesk(visibility='public')
    desk.agent.password = AGENT_PASSWORD
    desk.agent.save()
    channel, = Channel.create([{
                'name': "Shop", 'section': desk.section.id, 'published': True,
                'capacity': None,
                'operators': [('create', [{'user': desk.agent.id}])],
                }])
    return channel.id


class Visitor:
    "Who is in a chat, as the page of it talks to a process"

    def __init__(self, site, port):
        self._address = (
            f'http://{HOST}:{port}/{site.name}/helpdesk/chat/{site.channel}')

        def begin():
            pool = Pool()
            Channel = pool.get('helpdesk.chat.channel')
            Chat = pool.get('helpdesk.chat')
            chat, token = Chat.begin(Channel(site.channel), name="Marta")
            chat.say("Hello?")
            return str(chat), token

        self.chat, self._token = site.call(begin)
        self.version = self._last = 0
        self.news()

    def say(self, text):
        self._ask('say', {'text': text, 'nonce': f'{time.time_ns():020}'})

    def news(self):
        "Wait for news, and return the texts that are new"
        news = self._ask(f'news?version={self.version}&after={self._last}')
        self.version = news['version']
        for message in news['messages']:
            self._last = message['id']
        return [m['text'] for m in news['messages']]

    def hear(self, text):
        "Wait until the text comes, and return when it did"
        while text not in self.news():
            pass
        return time.monotonic()

    def _ask(self, what, sent=None):
        return ask(
            f'{self._address}/{what}', sent, {'X-Chat-Token': self._token})


class Operator:
    "An agent, as the web client talks to a process"

    def __init__(self, site, port):
        self._address = f'http://{HOST}:{port}/{site.name}/'
        self._headers = {}
        self._last = None
        login = self.call(
            'common.db.login', 'agent', {'password': AGENT_PASSWORD})
        key = ':'.join(['agent', str(login[0]), login[1]])
        self._headers['Authorization'] = (
            'Session ' + base64.b64encode(key.encode()).decode())

    def call(self, method, *params):
        answer = ask(
            f'{self._address}rpc/',
            {'id': 1, 'method': method, 'params': params}, self._headers)
        assert 'error' not in answer, answer['error']
        return answer['result']

    def post(self, chat, text):
        self.call('model.ir.chat.channel.post', chat, text, 'public', {})

    def read(self, chat):
        return [
            m['content']
            for m in self.call('model.ir.chat.channel.get', chat, {})]

    def hear(self, chat, text):
        "Wait until the bus has told of the text, and return when it did"
        while text not in self.read(chat):
            answer = ask(f'{self._address}bus', {
                    'channels': [f'chat:{chat}'],
                    'last_message': self._last}, self._headers)
            self._last = answer['message']['message_id']
        return time.monotonic()


def ask(address, sent=None, headers=()):
    request = urllib.request.Request(
        address, headers={
            'Content-Type': 'application/json', **dict(headers)},
        data=None if sent is None else json.dumps(sent).encode())
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def begin(function, *args):
    "Call the function in a thread, return what waits for its result"
    results = []
    thread = threading.Thread(
        target=lambda: results.append(function(*args)), daemon=True)
    thread.start()

    def result():
        thread.join(60)
        return results[0]
    return result


def test_answer(site):
    "What an operator says at one process arrives from the other (B8)"
    visitor = Visitor(site, site.port)
    operator = Operator(site, site.other)
    took = []
    for i in range(5):
        heard = begin(visitor.hear, f"Answer {i}")
        # It waits
        time.sleep(.3)
        said = time.monotonic()
        operator.post(visitor.chat, f"Answer {i}")
        took.append(heard() - said)
    print("to the visitor", [round(t, 2) for t in took])
    assert max(took) <= LATE


@pytest.mark.skipif(
    backend.name == 'sqlite', reason="SQLite tells other processes nothing")
def test_question(site):
    "What a visitor says at one process Tryton's bus tells from the other (B8)"
    visitor = Visitor(site, site.port)
    operator = Operator(site, site.other)
    took = []
    for i in range(5):
        heard = begin(operator.hear, visitor.chat, f"Question {i}")
        time.sleep(.3)
        said = time.monotonic()
        visitor.say(f"Question {i}")
        took.append(heard() - said)
    print("to the operator", [round(t, 2) for t in took])
    assert max(took) <= LATE


def test_crowd(site):
    "Many who wait at one process all hear in time (B8)"
    operator = Operator(site, site.other)
    visitors = [Visitor(site, site.port) for _ in range(CROWD)]
    results = [begin(v.hear, "Hello, all") for v in visitors]
    # All of them wait
    time.sleep(2)
    took = []
    for visitor, heard in list(zip(visitors, results))[::10]:
        said = time.monotonic()
        operator.post(visitor.chat, "Hello, all")
        took.append(heard() - said)
    print("among many", [round(t, 2) for t in took])
    assert max(took) <= LATE
