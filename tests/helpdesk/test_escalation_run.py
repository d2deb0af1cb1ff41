# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from sql import Column, Literal
from trytond import backend
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.escalating import clock  # noqa: F401
from tests.helpdesk.escalating import HOUR, Office, at, run, step, warnings
from tests.helpdesk.test_notice import commit
from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


@with_transaction(user=0)
def test_twice():
    "X4: to run the action twice tells nothing twice"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Office()
    ticket = desk.make_due(desk.make_level(step()), at(1, 10))
    run(at(1, 10))
    # As if another process had not seen that it is done
    Ticket._set_next_warning({ticket.id: at(1, 10)})
    run()
    assert len(desk.bells()['boss']) == 1
    assert len(warnings(ticket)) == 1
    copy, = Ticket.copy([Ticket(ticket.id)])
    assert not copy.escalations


@with_transaction(user=0)
def test_cost_does_not_grow():
    "Design: many tickets are told of in as many statements as few"
    desk = Office()
    level = desk.make_level(
        step(priority='urgent', target='deadline'), step(), warn_before=HOUR)

    def count(number):
        for i in range(number):
            desk.make_due(
                level, at(1, 15) + i * dt.timedelta(minutes=1),
                deadline=at(1, 10), employee=desk.agent.employee)
        commit()
        with Statements() as statements:
            run(at(1, 10))
        return {
            k: n for k, n in statements.kinds().items()
            if not k.startswith('INSERT')}

    count(1)
    assert count(3) == count(9)


@with_transaction(user=0)
def test_runs_once():
    "The scheduled action runs once, not once for each company"
    pool = Pool()
    Cron = pool.get('ir.cron')
    cron, = Cron.search([('method', '=', 'helpdesk.ticket|notify_due')])
    assert not getattr(cron, 'companies', None)


@pytest.mark.skipif(backend.name == 'sqlite',
    reason="it cannot drop a column that an index is on")
@with_transaction()
def test_upgrade():
    "X4: in databases in use deadlines are told of, and none of them again"
    pool = Pool()
    Escalation = pool.get('helpdesk.escalation')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    told, untold, _ = [
        desk.make_ticket(deadline=at(1, 9), state=state)
        for state in ['open', 'open', 'resolved']]
    desk.make_ticket()
    cursor = Transaction().connection.cursor()
    for change in ['DROP COLUMN next_warning', 'ADD COLUMN due_told BOOLEAN']:
        cursor.execute(f'ALTER TABLE helpdesk_ticket {change}')
    table = Ticket.__table__()
    cursor.execute(*table.update(
            [Column(table, 'due_told')], [Literal(True)],
            where=table.id == told.id))
    for Model in [Ticket, Escalation]:
        # Also the second time
        Model.__register__('helpdesk')
        Model.__register__('helpdesk')
    assert not Ticket.__table_handler__('helpdesk').column_exist('due_told')
    assert set(Ticket.search([('next_warning', '!=', None)])) == {told, untold}
    run(at(1, 8))
    assert [e.ticket for e in Escalation.search([])] == [untold, told]
