# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


@with_transaction()
def test_update():
    "D7, C9: the tickets from before the update are still in the lists"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    table = Ticket.__table_handler__('helpdesk')
    # No index may be on what goes
    table.set_indexes([])
    table.drop_column('active')
    Ticket.__register__('helpdesk')
    Transaction().cache.clear()
    assert Ticket.search([]) == [ticket]
    assert Ticket(ticket.id).active
