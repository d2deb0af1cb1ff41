# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk_mail.test_receive import deliver, helpdesk
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


def make_secrets():
    "Return a helpdesk with secrets, and its administrator"
    pool = Pool()
    Account = pool.get('helpdesk.mail.account')
    Inbox = pool.get('inbound.email.inbox')
    OAuth = pool.get('helpdesk.mail.oauth')
    Server = pool.get('helpdesk.mail.server')
    desk = helpdesk()
    admin = desk.make_user('helpdesk admin', [], 'group_helpdesk_admin')
    inbox = Inbox(name="Support")
    inbox.save()
    client = OAuth(
        name="Client", tenant='t', client_id='c', token_url='https://x/',
        client_secret='hush', refresh_token='hush')
    client.save()
    server = Server(
        name="Server", host='x', username='u', password='hush', oauth=client)
    server.save()
    account = Account(
        name="Account", inbox=inbox, host='x', username='u',
        password='hush', oauth=client)
    account.save()
    desk.section.mail_server = server
    desk.section.save()
    mail, = deliver(letter(), inbox=inbox)
    mail.account = account
    mail.save()
    return desk, admin


@with_transaction()
def test_not_guessed():
    "SE13, SE14: nobody guesses a secret by what a search finds"
    pool = Pool()
    Account = pool.get('helpdesk.mail.account')
    Conversation = pool.get('helpdesk.conversation')
    Mail = pool.get('helpdesk.mail')
    Section = pool.get('helpdesk.section')
    Server = pool.get('helpdesk.mail.server')
    Ticket = pool.get('helpdesk.ticket')
    desk, admin = make_secrets()

    secret = [('secret', 'like', 'h%')]
    for user, Model, domain in [
            (desk.agent, Section, ('mail_server', 'where', secret)),
            (desk.agent, Section, ('mail_server', 'not where', secret)),
            (desk.agent, Ticket, ('section.mail_server', 'where', secret)),
            (desk.agent, Conversation,
                ('ticket.section.mail_server', 'where', secret)),
            (desk.manager, Mail, ('account', 'where', secret)),
            (admin, Server, ('oauth', 'where', secret)),
            *((admin, Account, ('oauth', 'where', [(name, 'like', 'h%')]))
                for name in [
                    'refresh_secret', 'access_secret', 'sign_in_secret']),
            (desk.agent, Ticket, ('conversations', 'where', [
                        ('bcc_addresses', 'like', 'h%')])),
            ]:
        as_user, context = desk.as_user(user)
        with as_user, context, pytest.raises(AccessError):
            Model.search([domain])
    with Transaction().set_user(1), pytest.raises(AccessError):
        Server.search([], order=[('secret', 'ASC')])
