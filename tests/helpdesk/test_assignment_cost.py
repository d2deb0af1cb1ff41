# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from collections import Counter

import pytest
from trytond import backend
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction, TransactionError

from tests.benchmarks.statements import Statements
from tests.helpdesk.assigning import (
    come_back, create, enter, make, run_scheduler, who)
from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


@with_transaction()
def test_cost():
    "X11: many tickets are assigned in as many statements as one"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk, users = make('manual', 'abcde')
    enter(users[0])

    def count(number, assignment, **values):
        desk.section.assignment = assignment
        desk.section.save()
        vlist = [{
                'subject': "Cheap",
                'company': desk.company.id,
                'section': desk.section.id,
                **values,
                } for _ in range(number)]
        with Transaction().set_context(desk.context):
            Ticket.set_numbers(vlist)
            with Statements() as statements:
                Ticket.create(vlist)
        return Counter({
                k: n for k, n in statements.kinds().items()
                if not k.startswith('INSERT')})

    for assignment, most in [('equal', 2), ('balanced', 3)]:
        count(1, assignment)
        few, many = count(5, assignment), count(25, assignment)
        assert not many - few
        more = many - count(25, 'manual', employee=users[1].employee.id)
        assert sum(more.values()) <= most, more


@with_transaction()
def test_runs_once():
    "The scheduled action runs once, not once for each company"
    pool = Pool()
    Cron = pool.get('ir.cron')
    cron, = Cron.search([('method', '=', 'helpdesk.ticket|deal_waiting')])
    assert not getattr(cron, 'companies', None)


@with_transaction()
def test_scheduler_twice():
    "D6: the scheduled action costs the same for many, and changes once"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk, users = make()
    absences = [enter(u) for u in users]
    tickets = create(desk, 30)
    for absence in absences:
        come_back(absence)
    with Statements() as statements:
        run_scheduler()
    assert Counter(who(tickets)) == {'a': 10, 'b': 10, 'c': 10}
    assert not [
        k for k, n in statements.kinds().items()
        if n > 10 and not k.startswith('INSERT')], statements.kinds()
    before = who(tickets)
    run_scheduler()
    assert who(Ticket.browse(tickets)) == before


@with_transaction()
def test_locks(monkeypatch):
    "D6: the members are locked while tickets are assigned, and only then"
    pool = Pool()
    SectionMember = pool.get('helpdesk.section-company.employee')
    desk, users = make()
    locked = []
    monkeypatch.setattr(SectionMember, 'lock', locked.extend)
    create(desk, 1)
    assert len(set(locked)) == len(users)
    # Nobody else waits
    locked.clear()
    create(desk, 1, employee=users[0].employee.id)
    absences = [enter(u) for u in users]
    create(desk, 1)
    for absence in absences:
        come_back(absence)
    desk.section.assignment = 'manual'
    desk.section.save()
    create(desk, 1)
    assert not locked


@pytest.mark.skipif(
    backend.name == 'sqlite', reason="one process at a time writes")
@with_transaction()
def test_others_at_once(monkeypatch):
    "D6: where others have assigned meanwhile a transaction begins again"
    from psycopg.errors import QueryCanceled, SerializationFailure
    pool = Pool()
    SectionMember = pool.get('helpdesk.section-company.employee')
    desk, users = make()
    # Somebody else made them
    Transaction().create_records.pop('helpdesk.section-company.employee')
    error = SerializationFailure

    def hold(ids):
        assert len(ids) == len(users)
        raise error

    monkeypatch.setattr(SectionMember, 'hold', hold)
    with pytest.raises(TransactionError):
        create(desk, 1)
    # Who waits too long does not wait for ever
    error = QueryCanceled
    with pytest.raises(QueryCanceled):
        create(desk, 1)


@with_transaction()
def test_scheduler_does_not_begin_again():
    "D6: the scheduled action waits for locks by itself, batch by batch"
    desk, users = make()
    absences = [enter(u) for u in users]
    tickets = create(desk, 2)
    for absence in absences:
        come_back(absence)
    Transaction().create_records.pop('helpdesk.section-company.employee')
    run_scheduler()
    assert who(tickets) == ['a', 'b']


@with_transaction()
def test_by_hand_costs_nothing():
    "X11: where nothing is assigned by itself no statement asks for it"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    desk = Helpdesk()
    assert not Section.dealing()
    with Statements() as statements:
        assert not Section.dealing()
    assert not statements.count

    desk.section.assignment = 'equal'
    desk.section.save()
    assert Section.dealing() == {desk.section.id}
    desk.section.assignment = 'manual'
    desk.section.save()
    assert not Section.dealing()
