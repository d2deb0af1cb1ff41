# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from trytond.model.exceptions import DomainValidationError
from trytond.modules.helpdesk_mail import mail_source, mail_tidy
from trytond.modules.helpdesk_mail.exceptions import MailboxError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail.test_mail_account import (
    confirm, fetch, make_account, make_helpdesk, read_anew)
from tests.records import letter
from tests.services import Dovecot

pytestmark = pytest.mark.needs('dovecot')


def setup_module():
    activate_module('helpdesk_mail')


@pytest.fixture
def dovecot():
    with Dovecot() as dovecot:
        yield dovecot


def found(dovecot, *criteria, folder='INBOX'):
    "Return the subjects of the letters that a person finds"
    with dovecot.imap(folder=folder) as session:
        _, (numbers,) = session.search(None, *criteria)
        return [
            session.fetch(n, '(BODY.PEEK[HEADER.FIELDS (SUBJECT)])')[1][0][1]
            .decode().split(':')[1].strip() for n in numbers.split()]


def grow_old(mails, days):
    Mail = Pool().get('helpdesk.mail')
    Mail.write(list(mails), {
            'received_at': dt.datetime.now() - dt.timedelta(days=days)})


def test_mark_as_read(dovecot):
    "A7, ML2: letters are marked as read only once they are stored for good"
    dovecot.deliver(letter("one", subject="one"))
    _test_mark_as_read(dovecot)


@with_transaction()
def _test_mark_as_read(dovecot):
    desk = make_helpdesk()
    account = make_account(dovecot, after='flag')
    confirm(desk, account)
    mail, = fetch(account)
    assert (mail.state, mail.in_mailbox) == ('filed', 'new')
    assert found(dovecot, 'SEEN') == []
    dovecot.deliver(letter("two", subject="two"))
    mails = fetch(account)
    assert found(dovecot, 'SEEN') == ["one"]
    assert [m.in_mailbox for m in mails] == ['flag', 'new']
    assert len(fetch(account)) == 2
    assert found(dovecot, 'SEEN') == ["one", "two"]


@pytest.mark.parametrize('lacking', [set(), {'MOVE'}, {'MOVE', 'UIDPLUS'}])
def test_move(dovecot, monkeypatch, lacking):
    "A7, ML4: letters move to a folder; a person's own marks are left alone"
    has_capability = mail_source.IMAPClient.has_capability
    monkeypatch.setattr(
        mail_source.IMAPClient, 'has_capability',
        lambda self, name: name not in lacking and has_capability(self, name))
    dovecot.deliver(letter("old", subject="old"))
    _test_move(dovecot, lacking)


@with_transaction()
def _test_move(dovecot, lacking):
    desk = make_helpdesk()
    account = make_account(dovecot, after='move', after_folder='Done')
    confirm(desk, account, 'skip')
    with dovecot.imap() as session:
        session.store('1', '+FLAGS', r'\Deleted')
        # Said good-bye to without an expunge
        session.unselect()
    dovecot.deliver(letter("one", subject="one"))
    fetch(account)
    mail, = fetch(account)
    assert mail.in_mailbox == 'move'
    assert found(dovecot, 'ALL', folder='Done') == ["one"]
    assert found(dovecot, 'UNDELETED') == []
    assert found(dovecot, 'DELETED') == (
        ["old", "one"] if 'UIDPLUS' in lacking else ["old"])
    # Killed before the commit, the next run finds it gone
    mail.in_mailbox = 'new'
    mail.save()
    mail, = fetch(account)
    assert mail.in_mailbox == 'gone'
    assert found(dovecot, 'ALL', folder='Done') == ["one"]


@pytest.mark.parametrize('protocol', ['imap', 'pop3'])
def test_delete(dovecot, protocol):
    "A7: letters are deleted after some days, those left out stay"
    dovecot.deliver(letter("old", subject="old"))
    _test_delete(dovecot, protocol)


@with_transaction()
def _test_delete(dovecot, protocol):
    desk = make_helpdesk()
    account = make_account(dovecot, protocol, after='delete', after_days=3)
    confirm(desk, account, 'skip')
    dovecot.deliver(
        letter("one", subject="one"), letter("two", subject="two"))
    one, two = fetch(account)
    grow_old([one], 4)
    grow_old([two], 2)
    assert [m.in_mailbox for m in fetch(account)] == ['delete', 'new']
    assert found(dovecot, 'ALL') == ["old", "two"]
    account = read_anew(account)
    account.after_days = 0
    account.save()
    assert [m.in_mailbox for m in fetch(account)] == ['delete', 'delete']
    assert found(dovecot, 'ALL') == ["old"]
    assert not read_anew(account).last_error


def test_only_ours(dovecot):
    "ML4: what waits to be judged, or counts otherwise, is not touched"
    dovecot.deliver(*(
            letter(t, subject=t) for t in ["one", "two", "three"]))
    _test_only_ours(dovecot)


@with_transaction()
def _test_only_ours(dovecot):
    desk = make_helpdesk()
    account = make_account(dovecot, after='delete', after_days=0)
    confirm(desk, account)
    one, two, three = fetch(account)
    Mail = one.__class__
    Mail.write([one], {'state': 'failed'}, [two], {'uid_validity': '1'})
    fetch(account)
    assert found(dovecot, 'ALL') == ["one", "two"]
    # The server counts anew: letter 1 may be another one now
    Mail.write([one], {'state': 'filed', 'uid_validity': '1'})
    with dovecot.imap() as session:
        session.append('INBOX', None, None, letter("new", subject="new"))
    fetch(account)
    assert found(dovecot, 'ALL') == ["one", "two", "new"]


def test_little_by_little(dovecot, monkeypatch):
    "A7: a full mailbox is tidied up in several runs, the oldest first"
    monkeypatch.setattr(mail_tidy, 'TIDY', 2)
    dovecot.deliver(*(
            letter(t, subject=t) for t in ["one", "two", "three"]))
    _test_little_by_little(dovecot)


@with_transaction()
def _test_little_by_little(dovecot):
    desk = make_helpdesk()
    account = make_account(dovecot, after='move', after_folder='Done')
    confirm(desk, account)
    for days, mail in enumerate(fetch(account)):
        grow_old([mail], days)
    fetch(account)
    assert found(dovecot, 'ALL') == ["one"]
    fetch(account)
    assert found(dovecot, 'ALL') == []


def test_change_of_mind(dovecot):
    "A7: what was marked as read before is moved later"
    dovecot.deliver(letter("one", subject="one"))
    _test_change_of_mind(dovecot)


@with_transaction()
def _test_change_of_mind(dovecot):
    desk = make_helpdesk()
    account = make_account(dovecot, after='flag')
    confirm(desk, account)
    fetch(account)
    fetch(account)
    account = read_anew(account)
    account.after, account.after_folder = 'move', 'Done'
    account.save()
    mail, = fetch(account)
    assert mail.in_mailbox == 'move'
    assert found(dovecot, 'SEEN', folder='Done') == ["one"]


def test_missing_target(dovecot):
    "A7, ML1: a missing folder to move to is told, and stops no letter"
    dovecot.deliver(letter("one"))
    _test_missing_target(dovecot)


@with_transaction()
def _test_missing_target(dovecot):
    desk = make_helpdesk()
    account = make_account(dovecot, after='move', after_folder='Nowhere')
    with pytest.raises(MailboxError, match="Nowhere.*Done, INBOX"):
        confirm(desk, account)
    account.state = 'confirmed'
    account.save()
    fetch(account)
    for _ in range(10):
        fetch(account)
    assert "Nowhere" in read_anew(account).last_error
    dovecot.deliver(letter("two"))
    assert [m.state for m in fetch(account)] == ['filed', 'filed']


@with_transaction()
def test_what_cannot_be():
    "A7: POP3 knows no folders, and letters move to another folder"
    pool = Pool()
    Account = pool.get('helpdesk.mail.account')
    make_helpdesk()
    server = Dovecot()
    with pytest.raises(DomainValidationError):
        make_account(server, 'pop3', after='flag')
    with pytest.raises(MailboxError):
        make_account(server, after='move', after_folder='INBOX')
    account = Account(protocol='pop3', security='ssl', after='move')
    account.on_change_protocol()
    assert (account.port, account.after) == (995, 'leave')
