# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from collections import Counter

import pytest
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction, TransactionError

from tests.benchmarks.statements import Statements
from tests.helpdesk_mail.test_receive import deliver
from tests.records import Helpdesk, letter


def setup_module():
    activate_module('helpdesk_mail')


def make(assignment):
    desk = Helpdesk(
        mail_address='support@example.com', assignment=assignment)
    users = [desk.agent] + [
        desk.make_user(login, [desk.section]) for login in ['ben', 'cleo']]
    return desk, users


def letters(name, count):
    return [
        letter(f"{name} {i}", sender=f'{name}{i}@example.org')
        for i in range(count)]


@with_transaction()
def test_batch():
    "D6: the letters of a batch go to the members one after the other"
    desk, users = make('balanced')
    mails = deliver(*letters('many', 25))
    assert sorted(Counter(
            m.ticket.employee.rec_name for m in mails).values()) == [8, 8, 9]


@with_transaction()
def test_default_responsible():
    "C8, D6: letters go to the default responsible, unless absent"
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    desk, (agent, ben, cleo) = make('manual')
    desk.section.ticket_employee = ben.employee
    desk.section.save()
    mail, = deliver(letter("one"))
    assert mail.ticket.employee == ben.employee
    today = dt.date.today()
    day = dt.timedelta(days=1)
    Absence(employee=ben.employee, substitute=cleo.employee,
        start_date=today - day, end_date=today + day).save()
    mail, = deliver(letter("two"))
    assert mail.ticket.employee == cleo.employee


@with_transaction()
def test_answer():
    "AG6: an answer by mail moves an absent's ticket on, an automatic one not"
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    desk, (agent, ben, cleo) = make('manual')
    mail, = deliver(letter("one", message_id='<one@example.org>'))
    ticket = mail.ticket
    ticket.employee = ben.employee
    ticket.save()
    today = dt.date.today()
    day = dt.timedelta(days=1)
    Absence(employee=ben.employee, substitute=cleo.employee,
        start_date=today - day, end_date=today + day).save()
    # As in another transaction
    Transaction().create_records.pop('helpdesk.ticket')
    for headers, expected in [
            ({'Auto_Submitted': 'auto-replied'}, ben),
            ({}, cleo)]:
        answer, = deliver(letter(
                f"two {expected.name}", subject=f"Re: [#{ticket.number}]",
                **headers))
        assert answer.ticket == ticket
        assert ticket.__class__(ticket.id).employee == expected.employee


@with_transaction()
def test_numbers_are_drawn_once(monkeypatch):
    "D6: a transaction that begins again for the locks has drawn no numbers"
    pool = Pool()
    SectionMember = pool.get('helpdesk.section-company.employee')
    Ticket = pool.get('helpdesk.ticket')
    make('equal')
    before = Ticket.search([], count=True)
    drawn = []

    def lock(records):
        raise TransactionError

    monkeypatch.setattr(SectionMember, 'lock', lock)
    monkeypatch.setattr(Ticket, 'set_numbers', drawn.append)
    with pytest.raises(TransactionError):
        deliver(letter("one"))
    assert not drawn
    assert Ticket.search([], count=True) == before


@with_transaction()
def test_cost():
    "X11: assigning costs a batch of letters some statements, not each letter"
    desk, _ = make('manual')

    def count(assignment, number, name):
        desk.section.assignment = assignment
        desk.section.save()
        with Statements() as statements:
            deliver(*letters(name, number))
        return sum(
            n for k, n in statements.kinds().items()
            if 'helpdesk_section-company' in k)

    count('manual', 1, 'warm')
    count('balanced', 1, 'warm2')
    few = count('balanced', 2, 'few')
    many = count('balanced', 20, 'many')
    assert few == many
    assert many <= 3
