# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model import Index, ModelSQL, Unique, fields
from trytond.pool import PoolMeta
from trytond.pyson import Eval


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    products = fields.Many2Many(
        'helpdesk.ticket-product.product', 'ticket', 'product',
        "Other Products",
        states={
            'readonly': Eval('state') == 'closed',
            },
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="What else the request is about.")


class TicketProduct(ModelSQL):
    __name__ = 'helpdesk.ticket-product.product'

    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", required=True, ondelete='CASCADE')
    product = fields.Many2One(
        'product.product', "Product", required=True, ondelete='CASCADE')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('ticket')
        t = cls.__table__()
        cls._sql_constraints = [
            ('ticket_product_unique', Unique(t, t.ticket, t.product),
                'helpdesk.msg_ticket_product_unique'),
            ]
        cls._sql_indexes.add(Index(t, (t.product, Index.Range())))
