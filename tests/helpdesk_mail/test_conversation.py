# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.exceptions import UserError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail.test_receive import deliver, helpdesk
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


@with_transaction()
def test_no_false_letters():
    "SE12: no agent writes what only a letter or its delivery can tell"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk = helpdesk()
    mail, = deliver(letter())
    said = {'ticket': mail.ticket.id, 'body': "Hello"}
    answer = {**said, 'kind': 'email', 'direction': 'out'}
    call = {**said, 'kind': 'phone', 'direction': 'in'}

    user, context = desk.as_user(desk.agent)
    with user, context:
        for values in [
                {**answer, 'delivery': 'sent'},
                {**answer, 'automatic': True},
                {**answer, 'authentication': 'dmarc=pass'},
                {**answer, 'forwarded_by': 'boss@example.com'},
                {**call, 'message_id': 'x@example.org'},
                {**call, 'from_address': 'ada@example.org'},
                {**call, 'delivery': 'queued'},
                ]:
            with pytest.raises(UserError):
                Conversation.create([values])
        sent, noted = Conversation.create([answer, call])
        assert sent.delivery == 'queued'
        assert not noted.delivery
