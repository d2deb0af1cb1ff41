# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Letters judged by real workers, one and two of them.

As a program: python -m tests.benchmarks.workers DATABASE [LETTERS [SEED]]
"""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from trytond.pool import Pool
from trytond.transaction import Transaction

from .letters import Writer
from .measure import report, start
from .prepare import ADDRESS

WORKER = Path(sys.executable).parent / 'trytond-worker'
LIMIT = 300  # seconds


class Workers:
    """
    Has letters that are stored judged by so many workers.

    Their start isn't measured: the time begins when the first letters are
    filed, and what was filed then doesn't count.
    """

    def __init__(self, name, letters, seed, count):
        self.name = name
        self.letters = letters
        self.seed = seed
        self.count = count
        self.pool = Pool(name)

    def run(self):
        "Return the figures"
        before = self._filed()
        self._store()
        process = subprocess.Popen(
            [WORKER, '-d', self.name, '-n', str(self.count), '-t', '1'],
            env={**os.environ, 'TRYTOND_QUEUE__WORKER': 'True'},
            stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            first, begin = self._wait(before + 1)
            last, end = self._wait(before + self.letters)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return {
            'workers': self.count,
            'letters': self.letters,
            'letters_per_second': round((last - first) / (end - begin), 1),
            }

    def _store(self):
        writer = Writer(self.seed, ADDRESS)
        with Transaction().start(self.name, 0):
            # The mails that those before were to send
            Queue = self.pool.get('ir.queue')
            Queue.delete(Queue.search([]))
        with Transaction().start(self.name, 0) as transaction:
            Inbox = self.pool.get('inbound.email.inbox')
            inbox, = Inbox.search([])
            inbox.deliver([writer.new() for _ in range(self.letters)])
            transaction.tasks.clear()

    def _wait(self, count):
        "Return how many letters are filed, at least so many, and the time"
        limit = time.monotonic() + LIMIT
        while (filed := self._filed()) < count:
            if time.monotonic() > limit:
                raise TimeoutError(f"{filed} letters filed, not {count}")
            time.sleep(0.05)
        return filed, time.monotonic()

    def _filed(self):
        with Transaction().start(self.name, 0, readonly=True):
            Mail = self.pool.get('helpdesk.mail')
            return Mail.search([('state', '=', 'filed')], count=True)


def main(name, letters=1000, seed=1):
    start(name)
    for number, count in enumerate([1, 2], 1):
        report('workers', **Workers(
                name, int(letters), f'{seed}-{number}', count).run())


if __name__ == '__main__':
    main(*sys.argv[1:])
