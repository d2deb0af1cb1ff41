# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from trytond.model.exceptions import AccessButtonError, AccessError
from trytond.modules.company.tests import create_company
from trytond.modules.helpdesk.exceptions import MergeError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk.sales import make_party, make_sale, make_seller
from tests.helpdesk.test_merge import attach, fresh, merge
from tests.helpdesk.wizards import go_through
from tests.records import Helpdesk

REFUSED = (AccessError, AccessButtonError)


def setup_module():
    activate_module('helpdesk')


@with_transaction()
def test_companies():
    "D7, AG4: tickets of different companies are not merged"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    company = create_company("Other", currency=desk.company.currency)
    with Transaction().set_context(company=company.id):
        section = Section(name="Other", company=company)
        section.save()
        other = Ticket(company=company, section=section, subject="Other")
        other.save()
    for tickets, target in [([ticket], other), ([other], ticket)]:
        with pytest.raises(MergeError, match="different companies"):
            merge(tickets, target)
    user, context = desk.as_user(desk.agent)
    with user, context, pytest.raises(AccessError):
        Ticket.merge([other], ticket)


@with_transaction()
def test_sales_staff():
    "D7, AG4: who only reads tickets of sales neither merges nor undoes it"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(visibility='private')
    customer = make_party()
    one, two = (
        desk.make_ticket(party=customer, sale=make_sale(desk, customer))
        for _ in range(2))
    seller = make_seller(desk)
    # The user may have no checks to pass, as in a wizard
    for check in [True, False]:
        user, context = desk.as_user(seller)
        with user, context, Transaction().set_context(_check_access=check):
            with pytest.raises(AccessError):
                Ticket.merge([one], two)
    with pytest.raises(REFUSED):
        go_through(
            desk, 'helpdesk.ticket.merge', [one, two], 'merge', user=seller)
    merge([one], two)
    for button in [Ticket.unmerge, Ticket.undo_merge]:
        user, context = desk.as_user(seller)
        with user, context, pytest.raises(REFUSED):
            button([fresh(one)])
    assert fresh(one).merged_into == two


@with_transaction()
def test_kept():
    "D7: what a merged ticket has left stays as it is, and nothing comes"
    pool = Pool()
    Activity = pool.get('helpdesk.activity')
    Attachment = pool.get('ir.attachment')
    Participant = pool.get('helpdesk.participant')
    Note = pool.get('ir.note')
    desk = Helpdesk()
    target = desk.make_ticket()
    ticket = desk.make_ticket(participants=[{'email': 'bob@example.org'}])
    participant, = ticket.participants
    merge([ticket], target, participants=False)
    file = attach(target, 'x')
    user, context = desk.as_user(desk.agent)
    with user, context:
        for change in [
                lambda: Participant.delete([participant]),
                lambda: Participant.write([participant], {'name': "Bob"}),
                lambda: Participant.create([{
                            'ticket': ticket.id,
                            'email': 'eva@example.org'}]),
                lambda: Activity.create([{
                            'ticket': ticket.id, 'what': "Call",
                            'due': dt.date(2026, 1, 1)}]),
                lambda: Note.create([{
                            'resource': str(ticket), 'message': "Hm"}]),
                lambda: Attachment.write(
                    [file], {'resource': str(ticket)})]:
            with pytest.raises(MergeError, match="was merged"):
                change()
    with pytest.raises(MergeError, match="was merged"):
        go_through(
            desk, 'helpdesk.ticket.note', [ticket], 'note', text="Hm")
