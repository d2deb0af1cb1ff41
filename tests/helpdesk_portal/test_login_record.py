# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
import trytond.config as config
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk.sales import make_party
from tests.helpdesk.test_erase import erase
from tests.records import Helpdesk
from tests.services import Sink


def setup_module():
    activate_module('helpdesk_portal')


@with_transaction(user=0)
def test_sent():
    "PO2: the mail goes out by the server, from ours"
    pool = Pool()
    LoginLink = pool.get('helpdesk.login_link')
    desk = Helpdesk()
    desk.make_ticket(email='ada@example.org')
    before = {k: config.get('email', k, default='') for k in ['uri', 'from']}
    with Sink() as sink:
        config.set('email', 'uri', sink.uri)
        config.set('email', 'from', 'Tryton <tryton@example.com>')
        try:
            LoginLink.send([
                    LoginLink.ask('login', 'Ada@example.org'),
                    LoginLink.ask('login', 'nobody@example.org')])
        finally:
            for key, value in before.items():
                config.set('email', key, value)
    message, = sink.messages
    assert message['To'] == 'ada@example.org'
    assert message['From'] == 'Helpdesk <tryton@example.com>'
    url, = [w for w in message.get_content().split() if '://' in w]
    link = LoginLink.find(url.rpartition('/')[2], 'login')
    assert link.email == 'ada@example.org'
    user = LoginLink.use(url.rpartition('/')[2], 'login').account(None)
    assert (user.email, user.email_valid) == ('ada@example.org', True)


@with_transaction(user=0)
def test_no_sender():
    "Without [email] from it waits, and says so"
    pool = Pool()
    LoginLink = pool.get('helpdesk.login_link')
    desk = Helpdesk()
    desk.make_ticket(email='ada@example.org')
    link = LoginLink.ask('login', 'ada@example.org')
    before = config.get('email', 'from', default='')
    config.set('email', 'from', '')
    try:
        LoginLink.send([link])
    finally:
        config.set('email', 'from', before)
    link = LoginLink(link.id)
    assert link.delivery == 'queued'
    assert '[email] from' in link.delivery_error
    assert link.next_try


@with_transaction()
def test_access():
    "SE12: administrators see what was asked for; no one the secrets"
    pool = Pool()
    LoginLink = pool.get('helpdesk.login_link')
    desk = Helpdesk()
    link = LoginLink.ask('login', 'ada@example.org')
    link.set_token()
    link.save()
    admin = desk.make_user('admin2', [], 'group_helpdesk_admin')
    user, context = desk.as_user(desk.agent)
    with user, context, pytest.raises(AccessError):
        LoginLink.search([])
    user, context = desk.as_user(admin)
    with user, context:
        found, = LoginLink.search([])
        assert LoginLink.read([found.id], ['email'])
        for name in ['token_hash', 'password_hash', 'visit_hash']:
            with pytest.raises(AccessError):
                LoginLink.read([found.id], [name])
            with pytest.raises(AccessError):
                LoginLink.search([(name, 'like', 'a%')])
        with pytest.raises(AccessError):
            LoginLink.write([found], {'email': 'evil@example.org'})
        with pytest.raises(AccessError):
            LoginLink.create([{'purpose': 'login', 'email': 'a@example.org'}])
        with pytest.raises(AccessError):
            LoginLink.delete([found])


@with_transaction()
def test_remove_old():
    "What was asked for is not kept"
    pool = Pool()
    LoginLink = pool.get('helpdesk.login_link')
    now = dt.datetime.now()
    keep, unknown, invited, used = LoginLink.create([
            {'purpose': 'login', 'email': 'a@example.org', **values}
            for values in [
                {},
                {'at': now - dt.timedelta(days=3)},
                {'at': now - dt.timedelta(days=3),
                    'expires_at': now + dt.timedelta(days=3)},
                {'at': now - dt.timedelta(days=3), 'used_at': now,
                    'expires_at': now + dt.timedelta(days=3)},
                ]])
    LoginLink.remove_old()
    assert set(LoginLink.search([])) == {keep, invited}


@with_transaction()
def test_erase():
    "X10: nobody can log in as who was erased, and no address is left"
    pool = Pool()
    LoginLink = pool.get('helpdesk.login_link')
    Ticket = pool.get('helpdesk.ticket')
    User = pool.get('web.user')
    desk = Helpdesk()
    ada = make_party(email='ada@example.org')
    ticket = desk.make_ticket(party=ada, email='ada@example.org')
    link = LoginLink.ask('login', 'ada@example.org')
    token = link.set_token()
    link.save()
    LoginLink.ask('register', 'bob@example.org', name="Bob")
    User.create([{'email': 'ada@home.example.org', 'party': ada.id}])
    LoginLink.ask('login', 'ada@home.example.org')
    user = User.helpdesk_account('ada@example.org')
    assert user.party == ada
    loose, = User.create([
            {'email': 'ada2@example.org', 'email_valid': True}])
    key = user.helpdesk_log_in()
    assert User.helpdesk_visitor(key)
    Ticket.close([ticket])

    erase(ada)

    assert not User.helpdesk_visitor(key)
    assert not LoginLink.find(token, 'login')
    assert [k.email for k in LoginLink.search([])] == [
        '****', 'bob@example.org', '****']
    with Transaction().set_context(active_test=False):
        user, = User.search([('id', '=', user.id)])
    assert (user.email, user.active, user.email_valid) == (None, False, False)
    assert User(loose.id).email


@with_transaction()
def test_buttons():
    "Tryton's own button sends a link of the portal"
    pool = Pool()
    LoginLink = pool.get('helpdesk.login_link')
    User = pool.get('web.user')
    user, = User.create([{'email': 'ada@example.org'}])
    User.validate_email([user])
    User.reset_password([user])
    assert [k.purpose for k in LoginLink.search([])] == [
        'password', 'invite']
