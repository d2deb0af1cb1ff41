# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Letters on their way from a real mailbox while processes are killed.
"""
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
import trytond.config as config

from tests import database
from tests.records import letter
from tests.services import Dovecot, needs, until
from tests.together.processes import environment, has_worker

KILLS, LETTERS, WORKERS = 100, 500, 2
# Between two of them a worker fetches, stores, judges or sends
PAUSE = 0.6  # seconds at the most

pytestmark = [
    needs('dovecot'), pytest.mark.slow, pytest.mark.timeout(800)]


class Nursery:
    "Workers that are killed at any time"

    def __init__(self, site):
        self.process = subprocess.Popen([
                sys.executable, '-m', 'tests.together.nursery',
                '-c', site.configure(queue={'worker': 'True'}),
                '-d', site.name, '-t', '1', '-n', '1'],
            cwd=database.ROOT, env=environment(), text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.workers = []

    def __enter__(self):
        for _ in range(WORKERS):
            self.start()
        return self

    def __exit__(self, *args):
        while self.workers:
            self.kill(self.workers[0])
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def start(self):
        print(file=self.process.stdin)
        self.workers.append(int(self.process.stdout.readline()))

    def kill(self, worker):
        self.workers.remove(worker)
        # It may have ended by itself
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker, signal.SIGKILL)


def mailbox(site, inbox, dovecot):
    "Return a confirmed account for the mailbox, on both sides new"
    with site.transaction() as pool:
        Account = pool.get('helpdesk.mail.account')
        Inbox = pool.get('inbound.email.inbox')
        owner, = Inbox.search([('name', '=', inbox)])
        account, = Account.create([{
                    'name': inbox, 'inbox': owner.id, 'state': 'confirmed',
                    'host': dovecot.host, 'port': dovecot.port('imap'),
                    'security': 'none', 'username': 'support',
                    'password': 'secret'}])
    return account.id


def schedule(site):
    "Do what the scheduled actions do: queue what there is to do"
    def queue():
        from trytond.pool import Pool
        pool = Pool()
        pool.get('helpdesk.mail.account').fetch()
        pool.get('helpdesk.mail').judge_waiting()
        pool.get('helpdesk.conversation').send_waiting()
    site.call(queue)


def conversations(site, inbox):
    "Count how many conversations the text of each letter is in"
    with site.transaction(readonly=True) as pool:
        Conversation = pool.get('helpdesk.conversation')
        return Counter(c['body'].strip() for c in Conversation.search_read([
                    ('direction', '=', 'in'),
                    ('body', 'like', f'{inbox} %')], fields_names=['body']))


def undone(site):
    "Count the tasks that were begun and never ended"
    with site.transaction(readonly=True) as pool:
        Queue = pool.get('ir.queue')
        return Queue.search([
                ('dequeued_at', '!=', None),
                ('finished_at', '=', None),
                ], count=True)


def is_filed(site, inbox):
    schedule(site)
    time.sleep(1)
    letters = site.letters(inbox)
    return (len(letters) >= LETTERS
        and not {m.state for m in letters} - {'filed', 'ignored'})


def is_confirmed(site, inbox):
    "Tell if nothing waits to be sent: a minute after a sender was killed"
    schedule(site)
    time.sleep(1)
    with site.transaction(readonly=True) as pool:
        Conversation = pool.get('helpdesk.conversation')
        return not Conversation.search([
                ('delivery', '=', 'queued'),
                # Other tests leave mails behind that cannot go out
                ('ticket.email', 'like', f'%@{domain(inbox)}'),
                ], limit=1)


def domain(inbox):
    "Return the domain that the letters to the inbox come from"
    return inbox.replace('_', '-') + '.test'


@pytest.fixture
def queue():
    "Queue as processes do that leave the work to workers"
    if not config.has_section('queue'):
        config.add_section('queue')
    config.set('queue', 'worker', 'True')
    yield
    config.set('queue', 'worker', 'False')


def test_killed(site, inbox, sink, queue):
    """
    X1, ML1, ML4: of 500 letters in a real mailbox, fetched and judged by two
    workers of which one is killed at any moment, a hundred times, each is
    exactly one conversation, and each confirmation went out
    """
    if not has_worker():
        pytest.skip("trytond-worker does not run on this database")
    chance = random.Random(inbox)
    texts = {
        f'{inbox} {number}': f'{number}@{domain(inbox)}'
        for number in range(LETTERS)}
    letters = [letter(t, sender=a) for t, a in texts.items()]
    at_once = LETTERS // KILLS
    before = undone(site)
    with Dovecot() as dovecot, Nursery(site) as nursery:
        account = mailbox(site, inbox, dovecot)
        for number in range(KILLS):
            dovecot.deliver(*letters[number * at_once:][:at_once])
            schedule(site)
            time.sleep(chance.uniform(0, PAUSE))
            nursery.kill(chance.choice(nursery.workers))
            nursery.start()
        until(lambda: is_filed(site, inbox), 240, "Not all were filed")
        until(lambda: is_confirmed(site, inbox), 240, "Not all were confirmed")
        with site.transaction() as pool:
            Account = pool.get('helpdesk.mail.account')
            Account.write([Account(account)], {'active': False})
    # Otherwise nobody was killed at work
    assert undone(site) - before > KILLS / 4
    assert conversations(site, inbox) == dict.fromkeys(texts, 1)
    assert Counter(m.state for m in site.letters(inbox)) == {'filed': LETTERS}
    sent = Counter(
        (m['To'], m['Message-ID']) for m in sink.messages
        if m['To'] in texts.values())
    assert {to for to, _ in sent} == {*texts.values()}
    assert len(sent) == LETTERS
    # RFC 5321, 6.1: the mail whose sender dies before it notes the answer
    assert sent.total() - LETTERS <= KILLS
