# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import time

import pytest
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk_mail.test_receive import helpdesk
from tests.records import letter
from tests.services import Dovecot, free_port

pytestmark = pytest.mark.needs('dovecot')


def setup_module():
    activate_module('helpdesk_mail')


@pytest.fixture
def dovecot():
    with Dovecot() as dovecot:
        yield dovecot


def make_helpdesk():
    desk = helpdesk()
    desk.admin = desk.make_user('helpdesk admin', [], 'group_helpdesk_admin')
    return desk


def make_account(dovecot, protocol='imap', **values):
    pool = Pool()
    Account = pool.get('helpdesk.mail.account')
    Inbox = pool.get('inbound.email.inbox')
    inbox = Inbox(name="Support")
    inbox.save()
    account = Account(
        name="Support", inbox=inbox, protocol=protocol, security='none',
        host=dovecot.host, port=dovecot.port(protocol), username='support')
    account.password = 'secret'
    for name, value in values.items():
        setattr(account, name, value)
    account.save()
    return account


def confirm(desk, account, existing='import'):
    "Go through the wizard; return how many letters it showed"
    pool = Pool()
    user, context = desk.as_user(desk.admin)
    Confirm = pool.get('helpdesk.mail.account.confirm', type='wizard')
    with user, context, Transaction().set_context(
            active_model=account.__name__, active_id=account.id):
        session_id, start, _ = Confirm.create()
        view = Confirm.execute(session_id, {}, start)['view']
        Confirm.execute(
            session_id, {start: {'existing': existing}}, 'confirm')
    return view['defaults']['count']


def fetch(account):
    "Fetch and judge all there is, as the scheduled action and the queue do"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    Queue = pool.get('ir.queue')
    account.fetch()
    while tasks := Queue.search([('finished_at', '=', None)]):
        for task in tasks:
            task.run()
    return Mail.search([], order=[('id', 'ASC')])


@pytest.mark.parametrize('protocol', ['imap', 'pop3'])
def test_fetch(dovecot, protocol):
    "ML3, ML4: each letter becomes one ticket, opened by a person or not"
    dovecot.deliver(letter("one"), letter("two"))
    dovecot.deliver(letter("three"), seen=True)
    _test_fetch(dovecot, protocol)


@with_transaction()
def _test_fetch(dovecot, protocol):
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_helpdesk()
    account = make_account(dovecot, protocol)
    assert confirm(desk, account) == 3
    mails = fetch(account)

    assert [m.state for m in mails] == ['filed'] * 3
    assert Ticket.search([], count=True) == 3
    assert len(fetch(account)) == 3
    assert not account.last_error
    dovecot.deliver(letter("four"))
    assert len(fetch(account)) == 4
    if protocol == 'imap':
        with dovecot.imap() as session:
            assert session.search(None, 'SEEN')[1] == [b'3']


@pytest.mark.parametrize('protocol', ['imap', 'pop3'])
def test_skip_what_is_there(dovecot, protocol):
    "B6: letters that are in the mailbox already can be left out"
    dovecot.deliver(letter("old"))
    _test_skip_what_is_there(dovecot, protocol)


@with_transaction()
def _test_skip_what_is_there(dovecot, protocol):
    desk = make_helpdesk()
    account = make_account(dovecot, protocol)
    assert confirm(desk, account, 'skip') == 1
    assert fetch(account) == []
    time.sleep(2.1)
    dovecot.deliver(letter("new"))
    mail, = fetch(account)
    assert mail.ticket.description.strip() == "new"
    # Also when the server counts anew
    mail.__class__.write([mail], {'uid_validity': '1'})
    account.uid_validity = '1'
    account.save()
    assert {m.ticket.description.strip() for m in fetch(account)
        if m.ticket} == {"new"}
    # And when the account goes on after a pause
    account = account.__class__(account.id)
    account.draft([account])
    dovecot.deliver(letter("newer"))
    confirm(desk, account, 'continue')
    assert {m.ticket.description.strip() for m in fetch(account)
        if m.ticket} == {"new", "newer"}
    # Until somebody wants them after all
    account.draft([account])
    confirm(desk, account)
    assert "old" in [
        m.ticket.description.strip() for m in fetch(account) if m.ticket]


def test_many_letters(dovecot):
    "More letters than fit into a batch are all fetched, in order"
    dovecot.deliver(*(letter(f"Letter {i}") for i in range(60)))
    _test_many_letters(dovecot)


@with_transaction()
def _test_many_letters(dovecot):
    desk = make_helpdesk()
    account = make_account(dovecot)
    confirm(desk, account)
    mails = fetch(account)

    assert len(mails) == 60
    assert [int(m.uid) for m in mails] == list(range(1, 61))


def test_new_uid_validity(dovecot):
    "ML4: a mailbox that counts anew makes no second tickets"
    dovecot.deliver(letter("one"), letter("two"))
    _test_new_uid_validity(dovecot)


@with_transaction()
def _test_new_uid_validity(dovecot):
    desk = make_helpdesk()
    account = make_account(dovecot)
    confirm(desk, account)
    mails = fetch(account)
    account.uid_validity = '1'
    account.save()
    assert fetch(account) == mails
    account.uid_validity = '1'
    account.save()
    mails[0].__class__.write(mails, {'uid_validity': '1'})
    mails = fetch(account)

    assert [m.state for m in mails] == [
        'filed', 'filed', 'ignored', 'ignored']


def test_troubles(dovecot):
    "SE14: what is wrong is said in plain words, without the password"
    _test_troubles(dovecot)


@with_transaction()
def _test_troubles(dovecot):
    desk = make_helpdesk()
    for values, words in [
            ({'password': 'wr0ng'}, "password"),
            ({'folder': 'Nowhere'}, "Nowhere"),
            ({'port': free_port()}, "127.0.0.1"),
            ({'security': 'ssl', 'port': dovecot.port('imaps')},
                "CERTIFICATE_VERIFY_FAILED"),
            ]:
        account = make_account(dovecot, **values)
        with pytest.raises(UserError) as error:
            confirm(desk, account)
        assert words in error.value.message
        assert 'wr0ng' not in error.value.message
        assert account.state == 'draft'


def test_trouble_while_fetching(dovecot):
    "An account whose server is down shows it, and goes on when it is back"
    _test_trouble_while_fetching(dovecot)


@with_transaction()
def _test_trouble_while_fetching(dovecot):
    desk = make_helpdesk()
    account = make_account(dovecot)
    confirm(desk, account)
    dovecot.stop()
    assert fetch(account) == []
    account = account.__class__(account.id)
    assert "refused" in account.last_error
    dovecot.start()
    dovecot.deliver(letter())
    assert len(fetch(account)) == 1
    assert not account.__class__(account.id).last_error


def test_password_is_not_shown(dovecot):
    "SE13, SE14: the password can be written, but not read or searched"
    _test_password_is_not_shown(dovecot)


@with_transaction()
def _test_password_is_not_shown(dovecot):
    desk = make_helpdesk()
    account = make_account(dovecot)
    Account = account.__class__
    user, context = desk.as_user(desk.admin)
    with user, context:
        assert Account.read([account.id], ['password'])[0]['password'] == (
            '*' * 10)
        with pytest.raises(AccessError):
            Account.read([account.id], ['secret'])
        with pytest.raises(AccessError):
            Account.search([('secret', 'like', 's%')])
        Account.write([Account(account.id)], {'password': '*' * 10})
    assert Account(account.id).secret == 'secret'
