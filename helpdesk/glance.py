# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from collections import defaultdict

from sql import Column, Window
from sql.functions import RowNumber
from trytond.model import fields
from trytond.pool import PoolMeta
from trytond.transaction import Transaction

from .readable import readable
from .workflow import OVER_STATES


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    customer_tickets = fields.Function(fields.Many2Many(
            'helpdesk.ticket', None, None, "Other Open Tickets",
            readonly=True,
            help="What else the customer waits for, the newest first."),
        'get_customer_documents')
    customer_sales = fields.Function(fields.Many2Many(
            'sale.sale', None, None, "Last Sales",
            readonly=True,
            help="What the customer ordered last, the newest first."),
        'get_customer_documents')
    customer_shipments = fields.Function(fields.Many2Many(
            'stock.shipment.out', None, None, "Last Shipments",
            readonly=True,
            help="What was last sent to the customer, the newest first."),
        'get_customer_documents')
    customer_invoices = fields.Function(fields.Many2Many(
            'account.invoice', None, None, "Unpaid Invoices",
            readonly=True,
            help="What the customer has to pay, the newest first."),
        'get_customer_documents')

    @classmethod
    def _customer_documents(cls):
        """
        Return what the fields on the customer show.

        A dictionary from the name of the field to the name of the field of
        its target that is the customer, a domain and the greatest number.
        """
        return {
            'customer_tickets': (
                'party', [('state', 'not in', OVER_STATES)], 10),
            'customer_sales': ('party', [('state', '!=', 'cancelled')], 5),
            'customer_shipments': (
                'customer', [('state', '!=', 'cancelled')], 5),
            'customer_invoices': (
                'party', [('type', '=', 'out'), ('state', '=', 'posted')],
                10),
            }

    @classmethod
    def get_customer_documents(cls, tickets, names):
        customers = {
            t.id: (t.party.id, t.company.id) for t in tickets if t.party}
        shown = cls._customer_documents()
        documents = {}
        for name in names:
            party, domain, count = shown[name]
            Target = cls._fields[name].get_target()
            # The ticket itself is one of the customer's
            newest = _newest(
                Target, set(customers.values()), party, domain,
                count + (Target == cls))
            documents[name] = {
                t.id: [
                    i for i in newest[customers.get(t.id)]
                    if not (Target == cls and i == t.id)][:count]
                for t in tickets}
        return documents


def _newest(Target, customers, party, domain, count):
    """
    Return the ids of the newest records of the customers the user may read.

    customers are tuples of the ids of a party and a company; party is the
    name of the field of Target. In one query.
    """
    newest = defaultdict(list)
    query = readable(Target, [
            (party, 'in', list({p for p, _ in customers})),
            ('company', 'in', list({c for _, c in customers})),
            *domain,
            ]) if customers else None
    if query is None:
        return newest
    table = Target.__table__()
    column = Column(table, party)
    window = Window([column, table.company], order_by=[table.id.desc])
    ranked = table.select(
        table.id, column.as_('party'), table.company,
        RowNumber(window=window).as_('rank'),
        where=table.id.in_(query))
    cursor = Transaction().connection.cursor()
    cursor.execute(*ranked.select(
            ranked.id, ranked.party, ranked.company,
            where=ranked.rank <= count,
            order_by=[ranked.id.desc]))
    for id_, *customer in cursor:
        newest[tuple(customer)].append(id_)
    return newest
