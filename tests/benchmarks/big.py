# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What a big letter costs, in a process that does nothing else.

As a program: python -m tests.benchmarks.big DATABASE
"""
import random
import sys
import time
from email import policy
from email.message import EmailMessage

from trytond.pool import Pool
from trytond.transaction import Transaction
from trytond.worker import run_task

from .measure import report, start
from .pipeline import peak_memory
from .prepare import ADDRESS

MEGABYTE = 1024 ** 2
SIZE = 25 * MEGABYTE


def letter(size):
    "Return a letter of nearly that many bytes, with an attachment"
    message = EmailMessage(policy=policy.SMTP)
    message['From'] = 'big@example.org'
    message['To'] = ADDRESS
    message['Subject'] = "A big one"
    message['Message-ID'] = '<big.bench@example.org>'
    message.set_content("See attachment.\n")
    # 57 bytes are a line of 76 characters and its end
    message.add_attachment(
        random.Random(1).randbytes((size - 2000) // 78 * 57),
        maintype='application', subtype='zip', filename='big.zip')
    return bytes(message)


def main(name):
    raw = letter(SIZE)
    start(name)
    pool = Pool(name)
    before, begin = peak_memory(), time.perf_counter()
    with Transaction().start(name, 0) as transaction:
        Inbox = pool.get('inbound.email.inbox')
        inbox, = Inbox.search([])
        mail, = inbox.deliver([raw])
        tasks = list(transaction.tasks)
        transaction.tasks.clear()
    for task in tasks:
        run_task(pool, task)
    seconds = time.perf_counter() - begin
    with Transaction().start(name, 0, readonly=True):
        Mail = pool.get('helpdesk.mail')
        state = Mail(mail.id).state
    if state != 'filed':
        raise RuntimeError(f"the letter is {state}, not filed")
    report('big_letter', letter_mb=round(len(raw) / MEGABYTE, 1),
        seconds=round(seconds, 2), memory_before_mb=before,
        peak_memory_mb=peak_memory())


if __name__ == '__main__':
    main(*sys.argv[1:])
