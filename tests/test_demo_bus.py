# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The bus of the demo, by which the web client hears of live chats on SQLite.
"""
import contextlib
import threading

import pytest
import trytond.config as config
from trytond.tests.test_tryton import DB_NAME, activate_module
from trytond.transaction import Transaction

from demo.bus import LocalBus
from tests.services import until


def setup_module():
    activate_module('ir')


@pytest.fixture
def bus():
    "Return a bus that nobody else uses, and nobody waits at"
    class Bus(LocalBus):
        _queues = {}
        _changed = threading.Condition()

    with patience(0):
        yield Bus


@contextlib.contextmanager
def patience(seconds):
    before = config.get('bus', 'long_polling_timeout')
    config.set('bus', 'long_polling_timeout', str(seconds))
    try:
        yield
    finally:
        config.set('bus', 'long_polling_timeout', before)


def publish(bus, *texts, commit=True):
    with Transaction().start(DB_NAME, 0) as transaction:
        for text in texts:
            bus.publish('chat:a', {'text': text})
        if not commit:
            transaction.rollback()


def hear(bus, last=None, channel='chat:a'):
    "Return the text and the id of what comes next, or None"
    message = bus.subscribe(DB_NAME, {channel, 'user:1'}, last)['message']
    return message and (message['text'], message['message_id'])


def test_order(bus):
    "One message after the other, to who tells the last (B8)"
    publish(bus, "one", "two")
    text, last = hear(bus)
    assert text == "one"
    text, last = hear(bus, last)
    assert text == "two"
    assert hear(bus, last) is None
    assert hear(bus, channel='chat:b') is None


def test_commit(bus):
    "What is rolled back nobody hears of (B8)"
    publish(bus, "never", commit=False)
    assert hear(bus) is None
    with Transaction().start(DB_NAME, 0):
        bus.publish('chat:a', {'text': "later"})
        assert hear(bus) is None
    assert hear(bus)[0] == "later"


def test_restart(bus):
    "Who knows a message from before a restart hears all since (B8)"
    publish(bus, "new")
    assert hear(bus, 'gone')[0] == "new"


def test_wait(bus):
    "Who waits is woken (B8)"
    heard = []
    with patience(60):
        threading.Thread(
            target=lambda: heard.append(hear(bus)), daemon=True).start()
        until(lambda: bus._queues)
    publish(bus, "now")
    assert until(lambda: heard)[0][0] == "now"
