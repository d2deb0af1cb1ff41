# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Letters judged by several processes, and letters that cannot be judged.
"""
import datetime as dt
from collections import Counter

import pytest

from tests.records import letter
from tests.services import until
from tests.together.processes import has_worker


def deliver(site, inbox, letters):
    "Store letters that nobody has judged yet"
    with site.transaction() as pool:
        Inbox = pool.get('inbound.email.inbox')
        owner, = Inbox.search([('name', '=', inbox)])
        owner.deliver(letters)


def judged(site, inbox, count):
    letters = site.letters(inbox)
    return (len(letters) == count
        and 'received' not in {m.state for m in letters})


def test_poison(site, inbox):
    """
    ML1: in a batch with a letter that cannot be judged all others are filed;
    that one is kept, with the reason, and tried again by itself
    """
    deliver(site, inbox, [
            letter(f"{inbox} {i}", sender=f'{i}@{inbox}.test',
                subject="Poison" if i == 7 else "Hello")
            for i in range(20)])
    site.cron(accident='poison')
    *_, letters = judged(site, inbox, 20), site.letters(inbox)
    bad = letters.pop(7)
    assert {m.state for m in letters} == {'filed'}
    assert len({m.ticket for m in letters}) == 19
    assert (bad.state, bad.tries, bad.ticket) == ('failed', 1, None)
    assert "RuntimeError" in bad.reason
    assert bad.next_try > dt.datetime.now()

    with site.transaction() as pool:
        Mail = pool.get('helpdesk.mail')
        Mail.write([Mail(bad.id)], {'next_try': dt.datetime.now()})
    site.cron()
    mended = site.letters(inbox)[7]
    assert (mended.state, mended.next_try) == ('filed', None)
    assert mended.ticket not in {m.ticket for m in letters}


def test_deadly(site, inbox):
    """
    ML1: a letter that kills the process each time it is judged is held in the
    end, with the reason, and the others are filed meanwhile
    """
    deliver(site, inbox, [
            letter(f"{inbox} {i}", sender=f'{i}@{inbox}.test',
                subject="Deadly" if i == 7 else "Hello")
            for i in range(30)])
    for _ in range(10):
        site.cron(accident='deadly')
        if 'received' not in {m.state for m in site.letters(inbox)}:
            break
        with site.transaction() as pool:
            Mail = pool.get('helpdesk.mail')
            # As if a minute had passed
            Mail.write(Mail.search([('inbox.name', '=', inbox)]), {
                    'begun_at': None})
    letters = site.letters(inbox)
    bad = letters.pop(7)
    assert {m.state for m in letters} == {'filed'}
    assert len({m.ticket for m in letters}) == 29
    assert (bad.state, bad.ticket) == ('held', None)
    assert "ended several times" in bad.reason


def test_two_workers(site, inbox):
    """
    ML4, ML6, X1: a hundred letters, each of fifty through two doors, judged by
    two workers at once, are fifty tickets with one conversation each
    """
    if not has_worker():
        pytest.skip("trytond-worker does not run on this database")
    raw = [
        letter(f"{inbox} {i}", sender=f'{i}@{inbox}.test') for i in range(50)]
    for half in [raw[:25], raw[25:]]:
        deliver(site, inbox, half)
        deliver(site, inbox, [b'Received: again\r\n' + r for r in half])
    with site.worker(accident='slow'), \
            site.worker(accident='slow'):
        until(lambda: judged(site, inbox, 100), 90)
    letters = site.letters(inbox)
    assert Counter(m.state for m in letters) == {'filed': 50, 'ignored': 50}
    tickets = {m.ticket for m in letters} - {None}
    with site.transaction(readonly=True) as pool:
        Conversation = pool.get('helpdesk.conversation')
        received = Counter(c.ticket.id for c in Conversation.search([
                    ('ticket', 'in', list(tickets)),
                    ('direction', '=', 'in')]))
    assert received == {t: 1 for t in tickets}
    assert len(tickets) == 50


def test_newcomers_of_two_workers(site, inbox):
    """
    X1: two letters of each of twenty unknown senders, judged by two workers
    at once, make one party of each
    """
    if not has_worker():
        pytest.skip("trytond-worker does not run on this database")
    senders = [f'{i}@new-{inbox}.test'.replace('_', '-') for i in range(20)]
    for half in ["one", "two"]:
        deliver(site, inbox, [
                letter(f"{half} {s}", sender=s, message_id=f'<{half}-{s}>')
                for s in senders])
    with site.worker(accident='slow'), \
            site.worker(accident='slow'):
        until(lambda: judged(site, inbox, 40), 90)
    assert {m.state for m in site.letters(inbox)} == {'filed'}
    with site.transaction(readonly=True) as pool:
        ContactMechanism = pool.get('party.contact_mechanism')
        parties = Counter(m.value for m in ContactMechanism.search([
                    ('value', 'in', senders)]))
        Ticket = pool.get('helpdesk.ticket')
        tickets = Ticket.search([('email', 'in', senders)])
        customers = {t.party.id for t in tickets}
    assert parties == {s: 1 for s in senders}
    assert (len(tickets), len(customers)) == (40, 20)
