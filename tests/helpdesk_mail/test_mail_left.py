# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import tracemalloc

import pytest
from trytond.exceptions import UserError
from trytond.modules.helpdesk_mail import mail_account, mail_left
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk.test_notice import bell, commit
from tests.helpdesk_mail.test_mail_account import (
    confirm, fetch, make_account, make_helpdesk, read_anew)
from tests.records import letter
from tests.services import Dovecot

pytestmark = pytest.mark.needs('dovecot')
MEGABYTE = 1024 * 1024


def setup_module():
    activate_module('helpdesk_mail')


@pytest.fixture
def dovecot():
    with Dovecot() as dovecot:
        yield dovecot


def large(size, text="large"):
    "Return a letter that is larger than so many bytes"
    head, body = letter(text, subject=text).split(b'\n\n', 1)
    line = b'A' * 76 + b'\n'
    return head + b'\n\n' + body + line * (size // len(line) + 1)


@pytest.mark.parametrize('protocol', ['imap', 'pop3'])
def test_letter_of_60_megabytes(dovecot, protocol):
    """
    ML18: of a letter above the limit only the header is fetched; it waits,
    told to the administrators, and takes no memory
    """
    dovecot.deliver(
        letter("one", subject="one"), large(60 * MEGABYTE),
        letter("two", subject="two"))
    _test_letter_of_60_megabytes(dovecot, protocol)


@with_transaction()
def _test_letter_of_60_megabytes(dovecot, protocol):
    desk = make_helpdesk()
    account = make_account(dovecot, protocol, after='delete', after_days=0)
    confirm(desk, account)
    tracemalloc.start()
    mails = fetch(account)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * MEGABYTE

    assert [(m.subject, m.state) for m in mails] == [
        ("one", 'filed'), ("large", 'held'), ("two", 'filed')]
    mail = mails[1]
    assert "larger than the limit" in mail.reason
    assert mail.left_size > 60 * MEGABYTE
    assert mail.sender == 'ada@example.org'
    assert bell(desk.admin) == [
        ('Mail account "Support": a letter was left on the server', None)]
    # It stays there, and is not fetched again
    assert [m.in_mailbox for m in fetch(account)] == [
        'delete', 'new', 'delete']
    with dovecot.imap() as session:
        assert session.search(None, 'ALL')[1] == [b'1']


@pytest.mark.parametrize('protocol', ['imap', 'pop3'])
def test_fetch_all_the_same(dovecot, monkeypatch, protocol):
    "ML18: a manager has a large letter fetched, and it becomes a ticket"
    for module in [mail_account, mail_left]:
        monkeypatch.setattr(module, 'MAX_LETTER', 5000)
    dovecot.deliver(large(8000), large(8000, "gone"))
    _test_fetch_all_the_same(dovecot, protocol)


@with_transaction()
def _test_fetch_all_the_same(dovecot, protocol):
    pool = Pool()
    Email = pool.get('inbound.email')
    Mail = pool.get('helpdesk.mail')
    desk = make_helpdesk()
    account = make_account(dovecot, protocol)
    confirm(desk, account)
    mail, gone = fetch(account)
    assert (mail.state, gone.state) == ('held', 'held')
    with dovecot.imap() as session:
        session.store('2', '+FLAGS', r'\Deleted')
        session.expunge()
    user, context = desk.as_user(desk.manager)
    with user, context:
        Mail.fetch_whole([Mail(mail.id)])
        with pytest.raises(UserError, match="no longer"):
            Mail.fetch_whole([Mail(gone.id)])
    commit()
    mail = read_anew(mail)
    assert mail.state == 'filed'
    assert len(mail.raw) > 8000
    assert len(mail.ticket.description) > 7000
    assert mail.left_size is None
    assert read_anew(gone).state == 'held'
    assert Email.search([], count=True) == 2
    # The same letter again is known
    assert len(fetch(account)) == 2


def test_agents_fetch_nothing(dovecot, monkeypatch):
    "SE12: who may not decide on letters has none fetched"
    monkeypatch.setattr(mail_account, 'MAX_LETTER', 5000)
    dovecot.deliver(large(8000))
    _test_agents_fetch_nothing(dovecot)


@with_transaction()
def _test_agents_fetch_nothing(dovecot):
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    desk = make_helpdesk()
    account = make_account(dovecot)
    confirm(desk, account)
    mail, = fetch(account)
    user, context = desk.as_user(desk.agent)
    with user, context:
        with pytest.raises(UserError):
            Mail.fetch_whole([Mail(mail.id)])
    assert read_anew(mail).state == 'held'
