# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.modules.helpdesk_mail.exceptions import (
    OAuthHostError, SecretMissingError)
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail.test_receive import helpdesk


def setup_module():
    activate_module('helpdesk_mail')


def make_client(provider, **values):
    pool = Pool()
    OAuth = pool.get('helpdesk.mail.oauth')
    client = OAuth(
        name="Client", provider=provider, tenant='t', client_id='c',
        token_url='https://tokens.example.com/', **values)
    client.save()
    return client


@with_transaction()
def test_servers_of_provider():
    "SE14: tokens of Microsoft and Google go to no other servers"
    pool = Pool()
    Server = pool.get('helpdesk.mail.server')
    for provider, host, good in [
            ('microsoft', 'smtp.office365.com', True),
            ('microsoft', 'SMTP.Office365.com.', True),
            ('microsoft', 'smtp.gmail.com', False),
            ('microsoft', 'office365.com.example.net', False),
            ('microsoft', 'myoffice365.com', False),
            ('google', 'smtp.gmail.com', True),
            ('google', 'mail.example.com', False),
            ('other', 'mail.example.com', True),
            ]:
        server = Server(
            name="Server", host=host, username='u', authentication='oauth',
            oauth=make_client(provider))
        if good:
            server.save()
            continue
        with pytest.raises(OAuthHostError):
            server.save()


@with_transaction()
def test_account():
    "SE14: an account cannot be turned to a server that steals tokens"
    pool = Pool()
    Account = pool.get('helpdesk.mail.account')
    Inbox = pool.get('inbound.email.inbox')
    desk = helpdesk()
    admin = desk.make_user('helpdesk admin', [], 'group_helpdesk_admin')
    inbox = Inbox(name="Support")
    inbox.save()
    account = Account(
        name="Account", inbox=inbox, host='outlook.office365.com',
        username='u', authentication='oauth', oauth=make_client('microsoft'))
    account.save()

    user, context = desk.as_user(admin)
    with user, context, pytest.raises(OAuthHostError):
        Account.write([account], {'host': 'mail.example.com'})


@with_transaction()
def test_other_provider():
    "SE14: who names another provider enters the secrets again"
    pool = Pool()
    OAuth = pool.get('helpdesk.mail.oauth')
    desk = helpdesk()
    admin = desk.make_user('helpdesk admin', [], 'group_helpdesk_admin')
    client = make_client('google', client_secret='hush')
    public = make_client(
        'google', grant='refresh_token', refresh_token='refresh')

    user, context = desk.as_user(admin)
    with user, context:
        with pytest.raises(SecretMissingError):
            OAuth.write([client], {'provider': 'other'})
        OAuth.write([client], {'provider': 'other', 'client_secret': 'new'})
        OAuth.write([public], {'provider': 'other'})
    assert OAuth(client.id).secret == 'new'
    assert not OAuth(public.id).refresh_secret
