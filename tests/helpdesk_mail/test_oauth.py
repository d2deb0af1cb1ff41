# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlsplit

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from trytond import backend
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError, ValidationError
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    DB_NAME, activate_module, with_transaction)
from trytond.transaction import Transaction

from tests.helpdesk_mail.test_mail_account import (
    confirm, fetch, make_account, make_helpdesk)
from tests.records import letter
from tests.services import Dovecot, free_port
from tests.token_server import TokenServer

pytestmark = pytest.mark.needs('dovecot')
HIDDEN = [
    'secret', 'refresh_secret', 'access_secret', 'expires_at',
    'sign_in_secret']


def setup_module():
    activate_module('helpdesk_mail')


@pytest.fixture
def tokens():
    with TokenServer() as tokens:
        yield tokens


@pytest.fixture
def dovecot(tokens):
    with Dovecot(token_server=tokens) as dovecot:
        yield dovecot


def make_client(tokens, **values):
    pool = Pool()
    OAuth = pool.get('helpdesk.mail.oauth')
    client = OAuth(
        name="Provider", provider='other', grant='client_credentials',
        token_url=f'{tokens.url}/token', client_id=tokens.client[0],
        authorize_url=f'{tokens.url}/authorize', scope='mail')
    client.client_secret = tokens.client[1]
    for name, value in values.items():
        setattr(client, name, value)
    client.save()
    return client


def make_oauth_account(dovecot, protocol='imap', **values):
    client = make_client(dovecot.token_server, **values)
    return make_account(
        dovecot, protocol, authentication='oauth', oauth=client,
        password=None)


def expire(client):
    client = client.__class__(client.id)
    client.expires_at = dt.datetime.now() + dt.timedelta(seconds=30)
    client.save()


@pytest.mark.parametrize('protocol', ['imap', 'pop3'])
def test_client_credentials(tokens, dovecot, protocol):
    "X2, ML16: a mailbox is opened by a token that is for another user"
    dovecot.deliver(letter("one"))
    _test_client_credentials(tokens, dovecot, protocol)


@with_transaction()
def _test_client_credentials(tokens, dovecot, protocol):
    desk = make_helpdesk()
    account = make_oauth_account(dovecot, protocol)
    assert confirm(desk, account) == 1
    mail, = fetch(account)

    assert mail.state == 'filed'
    request, = tokens.requests
    assert request['grant_type'] == 'client_credentials'
    assert request['scope'] == 'mail'


def test_oauthbearer(tokens):
    "X2: a server that knows only the standard is spoken to by it"
    with Dovecot(token_server=tokens, mechanisms='oauthbearer') as dovecot:
        dovecot.deliver(letter("one"))
        _test_oauthbearer(dovecot)


@with_transaction()
def _test_oauthbearer(dovecot):
    assert confirm(make_helpdesk(), make_oauth_account(dovecot)) == 1


def test_expired(tokens, dovecot):
    "X2: a token that is about to expire is replaced"
    _test_expired(tokens, dovecot)


@with_transaction()
def _test_expired(tokens, dovecot):
    account = make_oauth_account(dovecot)
    assert account.oauth.access_token() == 'access-1'
    assert account.oauth.access_token() == 'access-1'
    expire(account.oauth)
    assert account.oauth.access_token() == 'access-2'
    assert len(tokens.requests) == 2


@pytest.mark.parametrize('protocol', ['imap', 'pop3'])
def test_revoked(tokens, dovecot, protocol):
    "X2: a token that the mail server refuses is replaced, once"
    dovecot.deliver(letter("one"))
    _test_revoked(tokens, dovecot, protocol)


@with_transaction()
def _test_revoked(tokens, dovecot, protocol):
    desk = make_helpdesk()
    account = make_oauth_account(dovecot, protocol)
    account.oauth.access_token()
    tokens.tokens.clear()
    assert confirm(desk, account) == 1
    # Confirming opens it twice
    assert len(tokens.requests) == 2
    tokens.mailbox = 'other'
    account.draft([account])
    with pytest.raises(UserError) as error:
        confirm(desk, account)
    assert "access token" in error.value.message
    assert "support" in error.value.message
    assert 'access-' not in error.value.message
    assert len(tokens.requests) == 3


def test_refresh_token(tokens, dovecot):
    "X2: the refresh token that replaces the old one is kept"
    dovecot.deliver(letter("one"))
    _test_refresh_token(tokens, dovecot)


@with_transaction()
def _test_refresh_token(tokens, dovecot):
    desk = make_helpdesk()
    account = make_oauth_account(
        dovecot, grant='refresh_token', refresh_token='refresh-0')
    confirm(desk, account)
    for i in range(3):
        expire(account.oauth)
        fetch(account)
        assert not account.__class__(account.id).last_error

    assert [r['refresh_token'] for r in tokens.requests] == [
        'refresh-0', 'refresh-1', 'refresh-2', 'refresh-3']


@pytest.fixture
def committed_client(tokens):
    "Yield the id of a client that other transactions see"
    if backend.name == 'sqlite':
        pytest.skip("SQLite has one writer")
    OAuth = Pool(DB_NAME).get('helpdesk.mail.oauth')
    with Transaction().start(DB_NAME, 1):
        client = make_client(
            tokens, grant='refresh_token', refresh_token='refresh-0')
        id_ = client.id
    yield id_
    with Transaction().start(DB_NAME, 1):
        OAuth.delete([OAuth(id_)])


def test_refresh_token_outlives_rollback(tokens, committed_client):
    "X2: a new refresh token is kept whatever becomes of the fetching"
    OAuth = Pool(DB_NAME).get('helpdesk.mail.oauth')
    with Transaction().start(DB_NAME, 1) as transaction:
        assert OAuth(committed_client).access_token() == 'access-1'
        transaction.rollback()
    with Transaction().start(DB_NAME, 1):
        client = OAuth(committed_client)
        assert client.refresh_secret == 'refresh-1'
        assert client.access_token() == 'access-1'


def test_two_workers(tokens, committed_client):
    "X2: of two workers one uses the refresh token, and both get the new one"
    OAuth = Pool(DB_NAME).get('helpdesk.mail.oauth')
    tokens.delay = 1

    def get_token(_):
        with Transaction().start(DB_NAME, 1):
            return OAuth(committed_client).access_token()

    with ThreadPoolExecutor(2) as workers:
        assert list(workers.map(get_token, range(2))) == ['access-1'] * 2
    assert len(tokens.requests) == 1


def test_public_client(tokens):
    "X2: a client that has no secret sends none"
    _test_public_client(tokens)


@with_transaction()
def _test_public_client(tokens):
    tokens.client = ('helpdesk', None)
    client = make_client(
        tokens, grant='refresh_token', refresh_token='refresh-0')
    assert client.access_token() == 'access-1'
    request, = tokens.requests
    assert 'client_secret' not in request


def test_troubles(tokens, caplog):
    "SE14: what is wrong is said in plain words, without secrets"
    caplog.set_level(logging.DEBUG)
    _test_troubles(tokens)
    # Tryton itself can log all that it stores
    logged = [
        r.getMessage() for r in caplog.records
        if not r.name.startswith('trytond.backend')]
    for secret in ['s3cr3t', 'wr0ng', 'refresh-0', 'access-1']:
        assert secret not in '\n'.join(logged)


@with_transaction()
def _test_troubles(tokens):
    def trouble(**values):
        client = make_client(tokens, **values)
        with pytest.raises(UserError) as error:
            client.access_token()
        message = error.value.message
        assert client.__class__(client.id).last_error == message
        for secret in ['s3cr3t', 'wr0ng', 'refresh-0']:
            assert secret not in message
        return message

    assert "refused the client" in trouble(client_secret='wr0ng')
    assert "invalid_grant" in trouble(
        grant='refresh_token', refresh_token='gone')
    assert "no refresh token" in trouble(grant='refresh_token')
    assert "Connection refused" in trouble(
        token_url=f'http://127.0.0.1:{free_port()}/token')
    for answer in [b'<html>', b'[]', b'{}', b'{"access_token": "a\\r\\nb"}']:
        tokens.answer = answer
        assert "127.0.0.1" in trouble()


def test_trouble_while_fetching(tokens, dovecot):
    "An account whose token server is down shows it, and goes on afterwards"
    dovecot.deliver(letter())
    _test_trouble_while_fetching(tokens, dovecot)


@with_transaction()
def _test_trouble_while_fetching(tokens, dovecot):
    desk = make_helpdesk()
    account = make_oauth_account(dovecot)
    confirm(desk, account)
    expire(account.oauth)
    tokens.stop()
    assert fetch(account) == []
    account = account.__class__(account.id)
    assert "token server" in account.last_error
    tokens.start()
    assert len(fetch(account)) == 1
    account = account.__class__(account.id)
    assert not account.last_error
    assert not account.oauth.last_error


@with_transaction()
def test_hidden():
    "SE13, SE14: secrets can be written, but not read, searched or sorted by"
    tokens = TokenServer()
    desk = make_helpdesk()
    client = make_client(
        tokens, grant='refresh_token', refresh_token='refresh-0')
    Account = Pool().get('helpdesk.mail.account')
    OAuth = client.__class__
    user, context = desk.as_user(desk.admin)
    with user, context:
        shown, = OAuth.read([client.id], ['client_secret', 'refresh_token'])
        assert shown['client_secret'] == shown['refresh_token'] == '*' * 10
        for name in HIDDEN:
            with pytest.raises(AccessError):
                OAuth.read([client.id], [name])
            with pytest.raises(AccessError):
                OAuth.search([(name, '!=', None)])
            with pytest.raises(AccessError):
                OAuth.search([], order=[(name, 'ASC')])
            with pytest.raises(AccessError):
                OAuth.write([OAuth(client.id)], {name: None})
            with pytest.raises(AccessError):
                OAuth.export_data([OAuth(client.id)], [name])
            with pytest.raises(AccessError):
                Account.search([(f'oauth.{name}', '!=', None)])
            with pytest.raises(AccessError):
                Account.search([], order=[(f'oauth.{name}', 'ASC')])
        OAuth.write([OAuth(client.id)], {
                'client_secret': '*' * 10, 'refresh_token': '*' * 10})
        assert OAuth(client.id).rec_name == "Provider"
    client = OAuth(client.id)
    assert (client.secret, client.refresh_secret) == ('s3cr3t', 'refresh-0')
    user, context = desk.as_user(desk.admin)
    with user, context:
        OAuth.write([OAuth(client.id)], {'client_secret': 'other'})
    assert OAuth(client.id).secret == 'other'
    user, context = desk.as_user(desk.manager)
    with user, context, pytest.raises(AccessError):
        OAuth.read([client.id], ['name'])


@with_transaction()
def test_secret_goes_nowhere_else():
    "SE14: a secret is not sent to another server than it was entered for"
    tokens = TokenServer()
    desk = make_helpdesk()
    client = make_client(
        tokens, grant='refresh_token', refresh_token='refresh-0')
    OAuth = client.__class__
    elsewhere = {'token_url': 'https://elsewhere.example.com/'}
    user, context = desk.as_user(desk.admin)
    with user, context:
        for stars in [{}, {'client_secret': '*' * 10}]:
            with pytest.raises(ValidationError):
                OAuth.write([OAuth(client.id)], {**elsewhere, **stars})
        OAuth.write(
            [OAuth(client.id)], {**elsewhere, 'client_secret': 'new'})
    client = OAuth(client.id)
    assert client.secret == 'new'
    assert not client.refresh_secret
    for url in ['http://example.com/token', 'ftp://localhost/', 'token',
            'https:///token', 'http://localhost.example.com/']:
        with pytest.raises(ValidationError):
            make_client(tokens, token_url=url)
    copy, = OAuth.copy([client])
    assert not copy.secret


@with_transaction()
def test_presets():
    "X2: the addresses and the scope of Microsoft 365 and Google are known"
    pool = Pool()
    OAuth = pool.get('helpdesk.mail.oauth')
    client = OAuth(provider='microsoft', tenant='example.com ',
        grant='client_credentials')
    client.on_change_tenant()
    assert client.token_url == (
        'https://login.microsoftonline.com/example.com/oauth2/v2.0/token')
    assert client.scope == 'https://outlook.office365.com/.default'
    client.grant = 'refresh_token'
    client.on_change_grant()
    assert 'offline_access' in client.scope
    client.provider = 'google'
    client.on_change_provider()
    assert client.scope == 'https://mail.google.com/'
    assert client.token_url == 'https://oauth2.googleapis.com/token'


def test_sign_in(tokens, dovecot):
    "ML16: signing in once needs no address of ours that the world can reach"
    _test_sign_in(tokens, dovecot)


@with_transaction()
def _test_sign_in(tokens, dovecot):
    desk = make_helpdesk()
    account = make_oauth_account(dovecot, grant='refresh_token')
    client = account.oauth
    tokens.code = 'the-code'
    with sign_in(desk, client) as (query, paste):
        for address, words in [
                ('code=the-code&state=forged', "not the address"),
                ('code=the-code', "not the address"),
                (f'error=access_denied&state={query["state"]}',
                    "access_denied"),
                (f'code=wrong&state={query["state"]}', "invalid_grant"),
                ]:
            with pytest.raises(UserError) as error:
                paste(f'http://localhost/?{address}')
            assert words in error.value.message
        paste(f' http://localhost/?code=the-code&state={query["state"]} ')
    assert query['client_id'] == 'helpdesk'
    assert query['redirect_uri'] == 'http://localhost'
    assert query['code_challenge_method'] == 'S256'
    request = tokens.requests[-1]
    assert request['grant_type'] == 'authorization_code'
    assert request['redirect_uri'] == 'http://localhost'
    assert create_s256_code_challenge(
        request['code_verifier']) == query['code_challenge']
    client = client.__class__(client.id)
    assert client.refresh_secret.startswith('refresh-')
    assert not client.sign_in_secret
    assert confirm(desk, account) == 0


@contextmanager
def sign_in(desk, client):
    "Begin the wizard; yield what is in the URL, and how to paste the answer"
    SignIn = Pool().get('helpdesk.mail.oauth.sign_in', type='wizard')
    user, context = desk.as_user(desk.admin)
    with user, context, Transaction().set_context(
            active_model=client.__name__, active_id=client.id):
        session_id, start, _ = SignIn.create()
        view = SignIn.execute(session_id, {}, start)['view']
        url = urlsplit(view['defaults']['url'])
        assert url.path == '/authorize'
        yield dict(parse_qsl(url.query)), lambda address: SignIn.execute(
            session_id, {start: {'address': address}}, 'exchange')
