# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model import fields
from trytond.pool import PoolMeta

from .readable import readable_ids


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    sale_shipments = fields.Function(fields.Many2Many(
            'stock.shipment.out', None, None, "Shipments",
            readonly=True,
            help="The shipments of the sale, "
            "and of those made from the ticket."),
        'get_sale_documents')
    sale_shipment_returns = fields.Function(fields.Many2Many(
            'stock.shipment.out.return', None, None, "Returns",
            readonly=True,
            help="What was sent back of the sale, "
            "and of those made from the ticket."),
        'get_sale_documents')
    sale_invoices = fields.Function(fields.Many2Many(
            'account.invoice', None, None, "Invoices",
            readonly=True,
            help="The invoices of the sale, "
            "and of those made from the ticket."),
        'get_sale_documents')

    @classmethod
    def get_sale_documents(cls, tickets, names):
        "Return the documents that came of the sales, if the user sees them."
        documents = {}
        for name in names:
            Target = cls._fields[name].get_target()
            found = cls._sale_documents(tickets, name.removeprefix('sale_'))
            visible = readable_ids(Target, sum(found.values(), []))
            documents[name] = {
                t: [i for i in ids if i in visible]
                for t, ids in found.items()}
        return documents

    @classmethod
    def _sale_documents(cls, tickets, name):
        """
        Return the ids of the documents by the ids of the tickets.

        name is that of the field of the sale that has them.
        """
        return {
            ticket: list(dict.fromkeys(
                    d.id for sale in sales for d in getattr(sale, name)))
            for ticket, sales in cls._document_sales(tickets).items()}

    @classmethod
    def _document_sales(cls, tickets):
        "Return the sales whose documents show, by the ids of the tickets."
        return {t.id: [t.sale] if t.sale else [] for t in tickets}
