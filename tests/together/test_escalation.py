# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Due dates that two processes tell of at once.
"""
import datetime as dt
import subprocess
from collections import Counter

import pytest
from trytond import backend
from trytond.pool import Pool

# More than a batch
TICKETS = 600
TELL = b"""
pool.get('helpdesk.ticket').notify_due()
transaction.commit()
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        backend.name == 'sqlite', reason="one process at a time writes"),
    ]


@pytest.fixture
def tickets(site):
    "The ids of tickets whose deadline is near"
    def make():
        pool = Pool(site.name)
        Ticket = pool.get('helpdesk.ticket')
        return [t.id for t in Ticket.create([{
                        'company': site.company, 'section': site.section,
                        'subject': "Due", 'state': 'open',
                        'deadline': dt.datetime.now().replace(microsecond=0)
                        + dt.timedelta(hours=1),
                        } for _ in range(TICKETS)])]

    return site.call(make, context={
            'company': site.company, 'helpdesk_notify': False})


def tell(site, processes):
    "Run the scheduled action in so many processes at once"
    running = [
        site.start('trytond-console', stdin=subprocess.PIPE)
        for _ in range(processes)]
    for process in running:
        # It reads it all, and only then begins
        process.stdin.write(TELL)
        process.stdin.close()
        process.stdin = None
    for process in running:
        done = site.finish(process)
        assert done.returncode == 0, done.stderr
        assert 'Traceback' not in done.stdout + done.stderr


def test_two_processes(site, tickets):
    "X4, X1: of two processes at once each tells of other tickets, once"
    tell(site, 2)
    # What had to wait for the other one is left to the next run
    tell(site, 1)
    once = dict.fromkeys(tickets, 1)
    with site.transaction(readonly=True) as pool:
        Escalation = pool.get('helpdesk.escalation')
        Queue = pool.get('ir.queue')
        Ticket = pool.get('helpdesk.ticket')
        assert Counter(
            e.ticket.id for e in Escalation.search(
                [('ticket', 'in', tickets)])) == once
        assert Counter(
            ticket for task in Queue.search([])
            if task.data['method'] == 'give_notices'
            for ticket, *_ in task.data['args'][0]
            if ticket in once) == once
        assert not Ticket.search([
                ('id', 'in', tickets), ('next_warning', '!=', None)])
