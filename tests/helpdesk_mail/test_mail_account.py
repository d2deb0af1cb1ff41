# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import time

import pytest
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk_mail import mail_source
from trytond.modules.helpdesk_mail.exceptions import MailboxPasswordError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk_mail.test_receive import helpdesk
from tests.records import letter
from tests.services import Dovecot, Wire, free_port

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
    return list(Mail.search([], order=[('id', 'ASC')]))


def read_anew(account):
    return account.__class__(account.id)


@pytest.mark.parametrize('protocol', ['imap', 'pop3'])
def test_fetch(dovecot, protocol):
    "B6, ML3, ML4: each letter becomes one ticket, opened by a person or not"
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
                "certificate"),
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
    assert "refused" in read_anew(account).last_error
    dovecot.start()
    dovecot.deliver(letter())
    assert len(fetch(account)) == 1
    assert not read_anew(account).last_error


def test_password_is_not_shown(dovecot):
    "SE13, SE14: the password can be written, but not read in any way"
    _test_password_is_not_shown(dovecot)


@with_transaction()
def _test_password_is_not_shown(dovecot):
    desk = make_helpdesk()
    account = make_account(dovecot)
    Account = account.__class__
    Mail = Pool().get('helpdesk.mail')
    user, context = desk.as_user(desk.admin)
    with user, context:
        assert Account.read([account.id], ['password'])[0]['password'] == (
            '*' * 10)
        with pytest.raises(AccessError):
            Account.read([account.id], ['secret'])
        with pytest.raises(AccessError):
            Account.search([('secret', 'like', 's%')])
        with pytest.raises(AccessError):
            Account.search([], order=[('secret', 'ASC')])
        with pytest.raises(AccessError):
            Account.export_data([Account(account.id)], ['secret'])
        with pytest.raises(AccessError):
            Account.write([Account(account.id)], {'secret': 'other'})
        with pytest.raises(AccessError):
            Mail.search([('account.secret', 'like', 's%')])
        with pytest.raises(AccessError):
            Mail.search([], order=[('account.secret', 'ASC')])
        Account.write([Account(account.id)], {'password': '*' * 10})
    assert Account(account.id).secret == 'secret'


def test_deleted_folder(dovecot):
    "ML3, ML4: a deleted folder is told, and fetched again when it is back"
    with dovecot.imap() as session:
        session.create('Requests')
        session.append('Requests', None, None, letter("one"))
    _test_deleted_folder(dovecot)


@with_transaction()
def _test_deleted_folder(dovecot):
    desk = make_helpdesk()
    account = make_account(dovecot, folder='Requests')
    confirm(desk, account)
    assert len(fetch(account)) == 1
    with dovecot.imap() as session:
        session.delete('Requests')
    assert len(fetch(account)) == 1
    error = read_anew(account).last_error
    assert '"Requests"' in error and "Done, INBOX" in error
    with dovecot.imap() as session:
        session.create('Requests')
        for text in ["one", "two"]:
            session.append('Requests', None, None, letter(text))
    mails = fetch(account)
    assert not read_anew(account).last_error
    assert [m.state for m in mails] == ['filed', 'ignored', 'filed']


@pytest.mark.parametrize('protocol', ['imap', 'pop3'])
def test_server_stops_in_the_middle(dovecot, protocol):
    "ML1, X1: a connection that breaks loses no letter and doubles none"
    dovecot.deliver(*(letter(f"{i} " * 50_000) for i in range(3)))
    with Wire(dovecot.port(protocol), cut=250_000) as wire:
        _test_server_stops_in_the_middle(dovecot, wire, protocol)


@with_transaction()
def _test_server_stops_in_the_middle(dovecot, wire, protocol):
    desk = make_helpdesk()
    account = make_account(dovecot, protocol, port=wire.port)
    confirm(desk, account)
    for _ in range(2):
        assert fetch(account) == []
        assert "broke off" in read_anew(account).last_error
    wire.cut = None
    assert [m.state for m in fetch(account)] == ['filed'] * 3
    assert not read_anew(account).last_error


def test_slow_server(dovecot, monkeypatch):
    "ML1: a server that does not answer holds up no other account"
    monkeypatch.setattr(mail_source, 'TIMEOUT', 1)
    dovecot.deliver(letter())
    with Wire(dovecot.port(), stall=400) as wire:
        _test_slow_server(dovecot, wire)


@with_transaction()
def _test_slow_server(dovecot, wire):
    slow = make_account(dovecot, port=wire.port)
    account = make_account(dovecot)
    account.__class__.write([slow, account], {'state': 'confirmed'})
    assert len(fetch(account)) == 1
    assert "in time" in read_anew(slow).last_error
    assert not read_anew(account).last_error


@pytest.mark.parametrize('protocol', ['imap', 'pop3'])
def test_vanished_letter(dovecot, monkeypatch, protocol):
    "X1: a letter deleted between listing and fetching stops no other"
    dovecot.deliver(*(letter(t) for t in ["one", "two", "three"]))
    _test_vanished_letter(dovecot, monkeypatch, protocol)


@with_transaction()
def _test_vanished_letter(dovecot, monkeypatch, protocol):
    desk = make_helpdesk()
    account = make_account(dovecot, protocol)
    confirm(desk, account)
    Source = mail_source.SOURCES[protocol]
    letters = Source.letters

    def delete_and_fetch(self, uids):
        with dovecot.imap() as session:
            session.store('2', '+FLAGS', r'\Deleted')
            session.expunge()
        return letters(self, uids)

    with monkeypatch.context() as patch:
        patch.setattr(Source, 'letters', delete_and_fetch)
        fetch(account)
    mails = fetch(account)
    assert [m.ticket.description.strip() for m in mails] in (
        ["one", "three"], ["one", "two", "three"])
    assert not read_anew(account).last_error


class Killed(Exception):
    pass


@pytest.mark.parametrize('deadly, runs', [
        (['letters'], 6),
        (['letters', 'heads'], 8),
        ])
def test_letter_that_kills(dovecot, monkeypatch, deadly, runs):
    "ML1, ML2, ML18: a letter that ends the process blocks no mailbox"
    dovecot.deliver(*(
            letter(t, subject=t) for t in ["one", "two", "three"]))
    for name in deadly:
        _kill_at_second(monkeypatch, name)
    _test_letter_that_kills(dovecot, deadly, runs)


def _kill_at_second(monkeypatch, name):
    function = getattr(mail_source.Imap, name)

    def kill(self, uids):
        if 2 in uids:
            raise Killed
        return function(self, uids)

    monkeypatch.setattr(mail_source.Imap, name, kill)


@with_transaction()
def _test_letter_that_kills(dovecot, deadly, runs):
    pool = Pool()
    Queue = pool.get('ir.queue')
    desk = make_helpdesk()
    account = make_account(dovecot)
    confirm(desk, account)
    for _ in range(runs):
        try:
            mails = fetch(account)
        except Killed:
            # The next run finds what was committed
            Queue.delete(Queue.search([('finished_at', '=', None)]))
            account = read_anew(account)
            account.attempted_at -= dt.timedelta(minutes=5)
            account.save()
    assert [(m.subject, m.state) for m in mails] == [
        ("one", 'filed'),
        ("two" if 'heads' not in deadly else "", 'held'),
        ("three", 'filed')]
    assert "again and again" in mails[1].reason
    assert not read_anew(account).attempts


def test_runs_that_wait_are_one_attempt(dovecot):
    "ML1: runs that a busy queue holds up do not count as failed"
    dovecot.deliver(letter())
    _test_runs_that_wait_are_one_attempt(dovecot)


@with_transaction()
def _test_runs_that_wait_are_one_attempt(dovecot):
    desk = make_helpdesk()
    account = make_account(dovecot)
    confirm(desk, account)
    for _ in range(20):
        account.fetch_letters([read_anew(account)])
    assert read_anew(account).attempts == 1
    dovecot.stop()
    for _ in range(10):
        fetch(account)
    dovecot.start()
    assert [m.state for m in fetch(account)] == ['filed']


def test_password_goes_nowhere_else(dovecot):
    "SE14: the stored password is not sent to another server or user"
    _test_password_goes_nowhere_else(dovecot)


@with_transaction()
def _test_password_goes_nowhere_else(dovecot):
    desk = make_helpdesk()
    account = make_account(dovecot)
    Account = account.__class__
    user, context = desk.as_user(desk.admin)
    with user, context:
        for values in [
                {'host': 'evil.example.com'}, {'port': 1},
                {'username': 'other'}, {'security': 'ssl'},
                {'host': 'evil.example.com', 'password': '*' * 10}]:
            with pytest.raises(MailboxPasswordError):
                Account.write([Account(account.id)], values)
        Account.write([Account(account.id)], {
                'name': "Other", 'host': dovecot.host, 'folder': 'Done'})
        Account.write([Account(account.id)], {
                'host': 'localhost', 'password': 'new'})
        copy, = Account.copy(
            [Account(account.id)], {'host': 'evil.example.com'})
    assert read_anew(account).secret == 'new'
    assert not read_anew(copy).secret


def test_letters_of_other_rules(dovecot):
    "ML4: what a rule gives to another part of Tryton is fetched once"
    dovecot.deliver(letter("one"))
    _test_letters_of_other_rules(dovecot)


@with_transaction()
def _test_letters_of_other_rules(dovecot):
    pool = Pool()
    Email = pool.get('inbound.email')
    desk = make_helpdesk()
    account = make_account(dovecot, 'pop3')
    account.inbox.helpdesk = False
    account.inbox.save()
    confirm(desk, account)
    for _ in range(2):
        fetch(account)
    assert Email.search([], count=True) == 1


def test_confirm_tells_when(dovecot):
    "B6: before confirming one sees how many letters there are, and of when"
    dovecot.deliver(letter())
    _test_confirm_tells_when(dovecot)


@with_transaction()
def _test_confirm_tells_when(dovecot):
    pool = Pool()
    Cron = pool.get('ir.cron')
    Confirm = pool.get('helpdesk.mail.account.confirm', type='wizard')
    desk = make_helpdesk()
    account = make_account(dovecot)
    user, context = desk.as_user(desk.admin)
    with user, context, Transaction().set_context(
            active_model=account.__name__, active_id=account.id):
        session_id, start, _ = Confirm.create()
        defaults = Confirm.execute(session_id, {}, start)['view']['defaults']
    assert defaults['count'] == 1
    assert defaults['oldest'] == defaults['newest']
    assert (abs(dt.datetime.now() - defaults['newest'])
        < dt.timedelta(minutes=1))
    # A7: the scheduled action says when letters are fetched
    assert account.next_run is None
    cron, = Cron.search([('method', '=', 'helpdesk.mail.account|fetch')])
    cron.next_call = dt.datetime(2030, 1, 1)
    cron.save()
    confirm(desk, account)
    with user, context:
        assert account.__class__.read([account.id], ['next_run']) == [
            {'id': account.id, 'next_run': dt.datetime(2030, 1, 1)}]
