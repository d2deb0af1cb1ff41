# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Tickets that two processes close, or tell of, at once.
"""
import datetime as dt
import subprocess
from collections import Counter

import pytest

# More than a batch
TICKETS = 600
DAY = dt.timedelta(days=1)
CLOSE = b"""
pool.get('helpdesk.ticket').close_due()
transaction.commit()
"""


def resolved(site, count, since, **values):
    "Return the ids of tickets of a section of their own"
    def make():
        from trytond.pool import Pool
        pool = Pool()
        Section = pool.get('helpdesk.section')
        Ticket = pool.get('helpdesk.ticket')
        section, = Section.create([{
                    'name': "Closes", 'company': site.company,
                    'acknowledge': False, **values}])
        return [t.id for t in Ticket.create([{
                        'company': site.company, 'section': section.id,
                        'subject': "Closes", 'state': 'resolved',
                        'email': f'{i}@closes.test',
                        'resolved_at': dt.datetime.now() - since,
                        } for i in range(count)])]

    return site.call(make, context={'company': site.company})


def two_at_once(site):
    "Run the scheduled action in two processes"
    processes = [
        site.start('trytond-console', stdin=subprocess.PIPE)
        for _ in range(2)]
    for process in processes:
        # It reads it all, and only then begins
        process.stdin.write(CLOSE)
        process.stdin.close()
        process.stdin = None
    for process in processes:
        done = site.finish(process)
        assert done.returncode == 0, done.stderr
        assert 'Traceback' not in done.stdout + done.stderr


def count(site, model, domain, field='ticket'):
    with site.transaction(readonly=True) as pool:
        return Counter(
            values[field] for values in pool.get(model).search_read(
                domain, fields_names=[field]))


@pytest.mark.slow
def test_two_processes_close(site):
    "E5, X1: of two processes that close tickets at once each closes others"
    tickets = resolved(site, TICKETS, 2 * DAY, close_after=DAY)
    two_at_once(site)
    assert count(site, 'helpdesk.ticket', [
            ('id', 'in', tickets)], 'state') == {'closed': TICKETS}
    assert count(site, 'helpdesk.history', [
            ('ticket', 'in', tickets), ('what', '=', 'state'),
            ('new', '=', 'closed')]) == {t: 1 for t in tickets}


@pytest.mark.slow
def test_two_processes_tell(site):
    "E5, X1: two processes at once write to each customer once"
    tickets = resolved(
        site, TICKETS // 3, 2 * DAY, close_after=3 * DAY, close_notice=DAY)
    two_at_once(site)
    assert count(site, 'helpdesk.conversation', [
            ('ticket', 'in', tickets), ('direction', '=', 'out'),
            ]) == {t: 1 for t in tickets}
