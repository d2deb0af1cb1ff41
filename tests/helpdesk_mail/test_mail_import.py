# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import pytest
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk.test_notice import bell
from tests.helpdesk_mail.test_flood import limit
from tests.helpdesk_mail.test_mail_account import (
    confirm, fetch, make_account, make_helpdesk, read_anew)
from tests.helpdesk_mail.test_receive import sent
from tests.records import letter
from tests.services import Dovecot

pytestmark = pytest.mark.needs('dovecot')


def setup_module():
    activate_module('helpdesk_mail')


@pytest.fixture
def dovecot():
    with Dovecot() as dovecot:
        yield dovecot


@pytest.mark.parametrize('protocol', ['imap', 'pop3'])
def test_import(dovecot, protocol):
    """
    B6, ML11: what is imported is no flood, is not confirmed, and calls
    nobody; what comes afterwards is and does
    """
    dovecot.deliver(*(letter(f"old {i}") for i in range(4)))
    _test_import(dovecot, protocol)


@with_transaction(user=0)
def _test_import(dovecot, protocol):
    desk = make_helpdesk()
    limit(desk, 2)
    bell(desk.agent)
    account = make_account(dovecot, protocol)
    assert confirm(desk, account) == 4
    mails = fetch(account)

    assert [m.state for m in mails] == ['filed'] * 4
    assert all(m.imported for m in mails)
    assert not any(sent(m.ticket) for m in mails)
    assert not bell(desk.agent)

    dovecot.deliver(*(letter(f"new {i}") for i in range(3)))
    new = fetch(account)[4:]
    assert [m.state for m in new] == ['filed', 'filed', 'held']
    assert not any(m.imported for m in new)
    assert sent(new[0].ticket)
    assert bell(desk.agent)


@pytest.mark.parametrize('protocol', ['imap', 'pop3'])
def test_nothing_to_import(dovecot, protocol):
    "B6: an empty mailbox is imported: what comes then is new"
    _test_nothing_to_import(dovecot, protocol)


@with_transaction()
def _test_nothing_to_import(dovecot, protocol):
    desk = make_helpdesk()
    account = make_account(dovecot, protocol)
    confirm(desk, account)
    dovecot.deliver(letter("new"))
    mail, = fetch(account)
    assert not mail.imported
    copy, = account.copy([read_anew(account)])
    assert not copy.importing


@with_transaction()
def test_imported_is_not_counted():
    "ML11: what was imported does not stop what its sender writes now"
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    Mail = pool.get('helpdesk.mail')
    desk = make_helpdesk()
    limit(desk, 1)
    inbox = Inbox(name="Support")
    inbox.save()
    mails = inbox.deliver([
            (letter("old"), {'imported': True}),
            (letter("older"), {'imported': True}),
            letter("new")])
    Mail.judge(mails)
    assert [m.state for m in Mail.browse(mails)] == ['filed'] * 3
