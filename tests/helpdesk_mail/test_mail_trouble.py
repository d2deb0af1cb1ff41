# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from lxml import etree
from trytond.modules.helpdesk_mail.mail_source import (
    LoginRefused, ReadOnly, Trouble)
from trytond.pool import Pool
from trytond.pyson import PYSONDecoder
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk.test_notice import bell, sink  # noqa: F401
from tests.helpdesk_mail.test_mail_account import (
    confirm, fetch, make_account, make_helpdesk, read_anew)
from tests.records import letter
from tests.services import Dovecot, free_port

pytestmark = pytest.mark.needs('dovecot')


def setup_module():
    activate_module('helpdesk_mail')


@pytest.fixture
def dovecot():
    with Dovecot() as dovecot:
        yield dovecot


def fail(account, runs, minutes):
    "Fail so often, over so long"
    for run in range(runs):
        fetch(account)
        if run == 0:
            account = read_anew(account)
            account.failing_since -= dt.timedelta(minutes=minutes)
            account.save()
    return read_anew(account)


def test_administrators_are_warned_once(dovecot, sink):  # noqa: F811
    """
    ML16, SE14: an account that keeps failing tells the administrators once,
    by bell and mail and without the password, and once when it works again
    """
    _test_administrators_are_warned_once(dovecot, sink)


@with_transaction()
def _test_administrators_are_warned_once(dovecot, sink):  # noqa: F811
    desk = make_helpdesk()
    desk.admin.email = 'admin@example.com'
    desk.admin.save()
    account = make_account(dovecot)
    confirm(desk, account)
    dovecot.stop()
    account = fail(account, 3, 60)
    assert account.failed_runs == 3
    fetch(account)
    assert bell(desk.admin) == [
        ('Mail account "Support" cannot fetch letters', None)]
    assert bell(desk.manager) == []
    message, = sink.messages
    assert message['To'] == 'admin@example.com'
    text = message.get_content()
    assert "refused the connection" in text
    assert 'helpdesk.mail.account' in text
    assert 'secret' not in text

    dovecot.start()
    dovecot.deliver(letter())
    sink.clear()
    for _ in range(2):
        assert len(fetch(account)) == 1
    assert bell(desk.admin) == [
        ('Mail account "Support" fetches letters again', None)]
    assert [m['Subject'] for m in sink.messages
        if m['To'] == desk.admin.email] == [
        'Mail account "Support" fetches letters again']
    account = read_anew(account)
    assert not account.failing_since and not account.warned_at


def test_short_troubles_warn_nobody(dovecot):
    "ML16: what mends itself is no case for a person"
    _test_short_troubles_warn_nobody(dovecot)


@with_transaction()
def _test_short_troubles_warn_nobody(dovecot):
    desk = make_helpdesk()
    account = make_account(dovecot)
    confirm(desk, account)
    dovecot.stop()
    assert fail(account, 5, 5).failed_runs == 5
    account.__class__.write([account], {
            'failing_since': None, 'failed_runs': 0})
    assert fail(account, 2, 600).failing_since
    dovecot.start()
    fetch(account)
    assert bell(desk.admin) == []
    assert not read_anew(account).failing_since


def test_other_accounts_go_on(dovecot):
    "ML1: a broken account stops no other, each is a task of its own"
    dovecot.deliver(letter())
    _test_other_accounts_go_on(dovecot)


@with_transaction()
def _test_other_accounts_go_on(dovecot):
    make_helpdesk()
    broken = make_account(dovecot, port=free_port())
    account = make_account(dovecot)
    account.__class__.write([broken, account], {'state': 'confirmed'})
    assert len(fetch(account)) == 1
    assert read_anew(broken).last_error
    assert not read_anew(account).last_error


@with_transaction()
def test_plain_words():
    "SE14: what is wrong is said in plain words, in the reader's language"
    pool = Pool()
    Lang = pool.get('ir.lang')
    ModelData = pool.get('ir.model.data')
    Translation = pool.get('ir.translation')
    make_helpdesk()
    account = make_account(Dovecot())
    for exception, words in [
            (ConnectionResetError(104, "Connection reset by peer"),
                "broke off"),
            (TimeoutError("timed out"), "in time"),
            (OSError(113, "No route to secret"), "No route to …"),
            (LoginRefused(), "password of user support"),
            (ReadOnly(), "may not mark"),
            ]:
        assert words in account.mailbox_error(exception).message
    Lang.write(Lang.search([('code', '=', 'es')]), {'translatable': True})
    Translation.set_ids('ir.message,text', 'model', 'es', [
            ModelData.get_id('helpdesk_mail', 'msg_mailbox_login')],
        ["%(host)s no aceptó la contraseña"])
    account.note_run(account.mailbox_error(LoginRefused()))
    account.save()
    assert "did not accept" in read_anew(account).last_error
    with Transaction().set_context(language='es'):
        assert "no aceptó" in read_anew(account).last_error


@with_transaction()
def test_troubles_of_other_modules():
    "A module that logs in otherwise says in its own words what is wrong"
    make_helpdesk()
    account = make_account(Dovecot())

    class Strange(Trouble):
        key = 'helpdesk_mail.msg_mailbox_timeout'

    assert "in time" in account.mailbox_error(Strange()).message


@with_transaction()
def test_colour():
    "ML16: an account that fails stands out, by what the list itself shows"
    pool = Pool()
    Account = pool.get('helpdesk.mail.account')
    ModelData = pool.get('ir.model.data')
    view = Account.fields_view_get(
        ModelData.get_id('helpdesk_mail', 'mail_account_view_list'))
    visual = etree.fromstring(view['arch']).get('visual')
    for error, colour in [("Nobody answers.", 'danger'), (None, '')]:
        values = dict.fromkeys(view['fields']) | {'last_error': error}
        assert PYSONDecoder(values).decode(visual) == colour
