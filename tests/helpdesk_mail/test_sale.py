# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk.sales import make_party, make_sale, make_seller
from tests.helpdesk.test_hooks import create_ticket
from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk_mail')


@with_transaction()
def test_confirmation():
    "A9, B3: the customer is told of a ticket from a sale, if shown an address"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(mail_address='support@example.com')
    sale = make_sale(desk, make_party(email='ada@example.org'))
    seller = make_seller(desk)

    defaults, _, data = create_ticket(desk, seller, [sale])
    assert defaults['email'] == 'ada@example.org'
    confirmation, = Ticket(*data['res_id']).conversations
    assert confirmation.to_addresses == 'ada@example.org'
    assert confirmation.automatic

    _, _, data = create_ticket(desk, seller, [sale], email=None)
    assert not Ticket(*data['res_id']).conversations
