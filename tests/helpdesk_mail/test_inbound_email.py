# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.model.exceptions import AccessError
from trytond.modules.company.tests import create_company
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail.test_receive import helpdesk
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


@with_transaction()
def test_other_company():
    "SE12: the letters and accounts of another company's inbox are not seen"
    pool = Pool()
    Account = pool.get('helpdesk.mail.account')
    Email = pool.get('inbound.email')
    Inbox = pool.get('inbound.email.inbox')
    desk = helpdesk()
    admin = desk.make_user('helpdesk admin', [], 'group_helpdesk_admin')
    found = []
    for company in [create_company("Other"), desk.company]:
        inbox = Inbox(name="Support", company=company)
        inbox.save()
        account = Account(
            name="Account", inbox=inbox, host='x', username='u',
            password='hush')
        account.save()
        email, = Email.create([{
                    'inbox': inbox, 'data': letter(), 'data_type': 'raw'}])
        found.append((account, email))
    (foreign_account, foreign_email), (account, email) = found

    user, context = desk.as_user(admin)
    with user, context:
        assert Email.search([]) == [email]
        assert Account.search([]) == [account]
        Account.write([account], {'name': "Ours"})
        with pytest.raises(AccessError):
            Email.read([foreign_email.id], ['data'])
        with pytest.raises(AccessError):
            Account.write([foreign_account], {'name': "Theirs"})
        with pytest.raises(AccessError):
            Account.draft([foreign_account])
