# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk.test_sales_staff import Case, outsiders
from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


class Secret:
    "A ticket of a private section, and an agent of another one"

    def __init__(self):
        pool = Pool()
        self.desk = desk = Helpdesk()
        with Transaction().set_context(desk.context):
            board = desk.make_section("Board", visibility='private')
        self.ticket = desk.make_ticket(
            section=board, subject="Secret", contact_name="Ada",
            participants=[{'email': 'ada@example.org'}],
            activities=[{'what': "Call her", 'due': dt.date.today()}],
            tags=[{'name': "Scandal"}])
        self.own = desk.make_ticket()
        Conversation = pool.get('helpdesk.conversation')
        Conversation.create([{
                    'ticket': self.ticket.id, 'kind': 'note',
                    'direction': 'internal', 'body': "Secret"}])
        self.files = {}
        for name in ['ir.attachment', 'ir.note', 'ir.email']:
            Model = pool.get(name)
            values = {'resource': str(self.ticket)}
            if name == 'ir.attachment':
                values.update(name="Secret", data=b'secret')
            self.files[name], = Model.create([values])


@with_transaction()
def test_export_foreign():
    "SE12: what one does not see is not exported by its id"
    pool = Pool()
    TicketTag = pool.get('helpdesk.ticket-helpdesk.tag')
    case = Secret()
    ticket = case.ticket
    rows = [
        *ticket.activities, *ticket.participants, *ticket.conversations,
        *TicketTag.search([]), *case.files.values()]
    user, context = case.desk.as_user(case.desk.agent)
    with user, context:
        for row in rows:
            Model = pool.get(row.__name__)
            with pytest.raises(AccessError):
                Model.export_data([Model(row.id)], ['rec_name'])


@with_transaction()
def test_copy_foreign():
    "SE12: what one does not see is not copied to where one does"
    pool = Pool()
    case = Secret()
    ticket, own = case.ticket, case.own
    user, context = case.desk.as_user(case.desk.agent)
    copies = [
        (ticket, {'section': own.section.id}),
        *((r, {'ticket': own.id}) for r in [
                *ticket.activities, *ticket.participants,
                *ticket.conversations]),
        *((r, {'resource': str(own)}) for r in case.files.values()),
        ]
    with user, context:
        for record, default in copies:
            Model = pool.get(record.__name__)
            with pytest.raises(AccessError):
                Model.copy([Model(record.id)], default)
        own.__class__.copy([own.__class__(own.id)])


@with_transaction()
def test_change_foreign():
    "SE12: changing a field on the screen tells nothing of other tickets"
    pool = Pool()
    Start = pool.get('helpdesk.ticket.answer.start')
    case = Secret()
    Ticket = case.ticket.__class__
    user, context = case.desk.as_user(case.desk.agent)
    with user, context:
        for do in [
                lambda: Ticket(case.ticket.id).on_change(['contact']),
                lambda: Ticket(case.ticket.id).on_change_with(['turn']),
                lambda: Start(ticket=case.ticket.id).on_change_with_to()]:
            with pytest.raises(AccessError):
                do()
        Ticket(case.own.id).on_change(['contact'])
        Ticket().on_change(['contact'])


@with_transaction()
def test_export_by_file():
    "SE12: the files of a ticket do not lead to its internal notes"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    case = Case()
    for user in outsiders(case):
        user, context = case.desk.as_user(user)
        with user, context:
            shown = Attachment(case.shown.id)
            assert Attachment.export_data(
                [shown], ['resource/ticket/number']) == [
                    [case.ticket.number]]
            with pytest.raises(AccessError):
                Attachment.export_data(
                    [shown], ['resource/ticket/conversations/body'])
