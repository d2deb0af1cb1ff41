# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Records that the tests of the portal share.
"""
import datetime as dt
from contextlib import contextmanager

from trytond.modules.company.tests import create_company
from trytond.pool import Pool
from trytond.transaction import Transaction

NOW = dt.datetime(2026, 11, 2, 10, 0)
CUSTOMER = 'marta@example.com'


def create_section(name="Technical Support", company=None, **values):
    pool = Pool()
    Section = pool.get('helpdesk.section')
    company = company or create_company("Muebles Soler")
    section = Section(name=name, company=company, **values)
    section.save()
    return section


def create_ticket(section, subject="It does not start", **values):
    "Create a ticket of the customer without anything said"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    values = {
        'subject': subject,
        'company': section.company.id,
        'section': section.id,
        'channel': 'email',
        'contact_name': "Marta",
        'email': CUSTOMER,
        **values,
        }
    with Transaction().set_context(company=section.company.id):
        ticket, = Ticket.create([values])
    return ticket


def say(ticket, body, direction='in', files=(), minutes=0, **values):
    "Add a conversation to the ticket; files are pairs of name and data"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    values = {
        'ticket': ticket.id,
        'kind': {'internal': 'note'}.get(direction, 'email'),
        'direction': direction,
        'at': NOW + dt.timedelta(minutes=minutes),
        'author': {'in': "Marta", 'out': "Ana", 'internal': "Ana"}[direction],
        'from_address': CUSTOMER if direction == 'in' else None,
        'body': body,
        # So that nothing is put into the queue
        'delivery': 'sent' if direction == 'out' else None,
        'attachments': [
            ('create', [{'name': n, 'data': d} for n, d in files])],
        **values,
        }
    conversation, = Conversation.create([values])
    return conversation


def link_token(ticket):
    "Return the token of a new guest link for the ticket"
    pool = Pool()
    GuestLink = pool.get('helpdesk.guest_link')
    address = GuestLink.make([ticket])[ticket]
    return address.rpartition('/')[2]


@contextmanager
def count_statements(connection):
    """
    Return the list of the SELECT and other statements made meanwhile.

    On SQLite in memory, all transactions share one connection.
    """
    statements = []
    connection.set_trace_callback(statements.append)
    try:
        yield statements
    finally:
        connection.set_trace_callback(None)
        statements[:] = [s for s in statements
            if s.partition(' ')[0] in {
                'SELECT', 'WITH', 'INSERT', 'UPDATE', 'DELETE'}]
