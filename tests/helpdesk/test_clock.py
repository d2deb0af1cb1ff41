# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import datetime as dt

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.records import Helpdesk

HOUR = dt.timedelta(hours=1)


def setup_module():
    activate_module('helpdesk')


def let_pass(time):
    "Move all that happened so far into the past"
    pool = Pool()
    History = pool.get('helpdesk.history')
    table = History.__table__()
    cursor = Transaction().connection.cursor()
    for row in History.search([]):
        until = row.until and row.until - time
        cursor.execute(*table.update(
                [table.at, table.until], [row.at - time, until],
                where=table.id == row.id))


@with_transaction()
def test_clocks():
    "E3: time on the agents' and on the customer's side is told apart"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    for do, hours in [
            (None, 1), (Ticket.open, 2), (Ticket.wait, 3),
            (Ticket.wait_third_party, 4), (Ticket.resolve, 5),
            (Ticket.open, 6)]:
        if do:
            do([Ticket(ticket.id)])
        let_pass(hours * HOUR)

    ticket = Ticket(ticket.id)
    second = dt.timedelta(seconds=2)
    for name, hours in [
            ('agent_time', 9), ('customer_time', 3), ('third_party_time', 4)]:
        time = getattr(ticket, name)
        assert hours * HOUR <= time <= hours * HOUR + second, name
    assert ticket.turn == 'agent'
    assert ticket.clocks == "▸ Agents 9:00 · Customer 3:00 · Third Party 4:00"
    passed = dt.datetime.now() - ticket.turn_since
    assert 6 * HOUR <= passed <= 6 * HOUR + second


@with_transaction()
def test_turn_since_first_state_of_the_side():
    "Whose turn it is counts from when it became theirs, not from the state"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    ticket = Helpdesk().make_ticket()
    let_pass(HOUR)
    Ticket.open([ticket])

    passed = dt.datetime.now() - Ticket(ticket.id).turn_since
    assert passed >= HOUR


@with_transaction()
def test_search_turn():
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ours = desk.make_ticket()
    theirs = desk.make_ticket(state='pending')

    assert Ticket.search([('turn', '=', 'agent')]) == [ours]
    assert Ticket.search([('turn', 'in', ['customer', 'nobody'])]) == [theirs]
    assert Ticket.search([('turn', '!=', 'customer')]) == [ours]


@with_transaction()
def test_clocks_of_many_tickets():
    "The clocks of many tickets cost as many statements as those of few"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ids = [desk.make_ticket(state='open').id for _ in range(20)]
    names = ['agent_time', 'customer_time', 'turn_since', 'clocks']

    # What is looked up once is in the caches then
    Ticket.get_clocks(Ticket.browse(ids[:1]), names)
    counts = set()
    for some in [ids[:2], ids]:
        with Statements() as statements:
            Ticket.get_clocks(Ticket.browse(some), names)
        counts.add(statements.count)
    assert len(counts) == 1
