# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Letters fetched from a real mailbox by real processes, some of them killed.
"""
import pytest

from tests.records import letter
from tests.services import Dovecot, needs, until
from tests.together.processes import has_worker

pytestmark = needs('dovecot')


@pytest.fixture
def mailbox(site, inbox):
    "Three letters on a server, of which a person has opened one"
    with Dovecot() as dovecot:
        for number in range(3):
            dovecot.deliver(
                letter(f"{inbox} {number}", sender=f'{number}@{inbox}.test'),
                seen=number == 1)
        with site.transaction() as pool:
            Account = pool.get('helpdesk.mail.account')
            Inbox = pool.get('inbound.email.inbox')
            owner, = Inbox.search([('name', '=', inbox)])
            account, = Account.create([{
                        'name': inbox, 'inbox': owner.id, 'state': 'confirmed',
                        'host': dovecot.host, 'port': dovecot.port('imap'),
                        'security': 'none', 'username': 'support',
                        'password': 'secret'}])
        yield dovecot
        with site.transaction() as pool:
            Account = pool.get('helpdesk.mail.account')
            Account.write([Account(account.id)], {'active': False})


def filed(site, inbox):
    "Tell if the three letters are three tickets with a conversation each"
    letters = site.letters(inbox)
    return ([m.state for m in letters] == ['filed'] * 3
        and len({m.ticket for m in letters}) == 3
        and len({m.conversation for m in letters}) == 3)


def untouched(dovecot):
    "Tell if the flags are as the person left them"
    with dovecot.imap() as session:
        return session.search(None, 'SEEN')[1] == [b'2']


def test_mailbox(site, mailbox, inbox):
    """
    ML1-ML4, X1: what is in a mailbox becomes a ticket, once, opened by a
    person or not, though the process is killed before the letters are stored,
    then before they are judged, and runs again and again
    """
    site.cron(accident='killed_before_commit')
    assert site.letters(inbox) == []
    site.cron(accident='killed_before_judging')
    assert [m.state for m in site.letters(inbox)] == ['received'] * 3
    site.cron()
    assert filed(site, inbox)
    mailbox.deliver(letter(f"{inbox} one more"))
    site.cron()
    assert [m.state for m in site.letters(inbox)] == ['filed'] * 4
    assert untouched(mailbox)


def test_mailbox_with_worker(site, mailbox, inbox):
    "ML1-ML4, X1: the same where a worker fetches and judges"
    if not has_worker():
        pytest.skip("trytond-worker does not run on this database")
    site.cron(worker=True)
    with site.worker(accident='killed_before_commit') as worker:
        until(lambda: worker.poll() is not None, 60)
    assert site.letters(inbox) == []
    # What another test left may be judged first, and kill the worker before
    # it has fetched
    for _ in range(5):
        site.cron(worker=True)
        with site.worker(accident='killed_before_judging') as worker:
            until(lambda: worker.poll() is not None, 60)
        if site.letters(inbox):
            break
    assert [m.state for m in site.letters(inbox)] == ['received'] * 3
    site.cron(worker=True)
    with site.worker():
        until(site.idle, 60)
    assert filed(site, inbox)
    assert untouched(mailbox)
