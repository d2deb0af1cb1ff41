# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
from trytond.modules.helpdesk.duplicate import likeness
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk.sales import make_product
from tests.records import Helpdesk


def setup_module():
    activate_module(['helpdesk', 'timesheet'])


@with_transaction()
def test_possible_duplicates():
    "D7: open tickets of the same address are shown, the most alike first"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    values = {'email': 'ada@example.org'}
    ticket = desk.make_ticket(**values)
    same = desk.make_ticket(**values)
    near = desk.make_ticket(subject="The printer is on fire again", **values)
    desk.make_ticket(subject="Zzz", **values)
    desk.make_ticket(email='bob@example.org')
    Ticket.close([desk.make_ticket(**values)])
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert list(Ticket(ticket.id).possible_duplicates) == [same, near]


@with_transaction()
def test_hidden_duplicates():
    "D7 SE12: tickets of teams that the agent does not see stay hidden"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        board = desk.make_section("Board", visibility='private')
    ticket = desk.make_ticket(email='ada@example.org')
    desk.make_ticket(email='ada@example.org', section=board)
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert not Ticket(ticket.id).possible_duplicates


@with_transaction()
def test_product():
    "D7: tickets about the same product are shown, whoever asks"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    printer, ink = make_product(), make_product("Ink")
    ticket = desk.make_ticket(email='ada@example.org', product=printer)
    same = desk.make_ticket(email='bob@example.org', product=printer)
    other = desk.make_ticket(email='eva@example.org', product=ink)
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert list(Ticket(ticket.id).possible_duplicates) == [same]
    assert likeness(ticket, same).product == 1
    assert likeness(ticket, other).product == 0
    assert likeness(ticket, same).overall > likeness(ticket, other).overall
