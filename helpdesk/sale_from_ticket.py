# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from decimal import Decimal

from trytond.model import ModelSQL, ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval, If
from trytond.transaction import Transaction
from trytond.wizard import Button, StateAction, StateView, Wizard

from .made_from import FromTicketMixin, MadeMixin, MakeMixin


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    sales = fields.Function(fields.Many2Many(
            'sale.sale', None, None, "Sales",
            readonly=True,
            help="The sales that were made from the ticket, and the returns "
            "that came of its complaints."),
        'get_made')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update({
                'create_sale': {
                    'invisible': Eval('state') == 'closed',
                    'depends': ['state'],
                    },
                })

    @classmethod
    def _made(cls):
        return {**super()._made(), 'sales': 'helpdesk.ticket-sale.sale'}

    @classmethod
    def merge_moves(cls):
        return super().merge_moves() + [
            ('helpdesk.ticket-sale.sale', 'ticket')]

    @classmethod
    def _document_sales(cls, tickets):
        pool = Pool()
        Made = pool.get('helpdesk.ticket-sale.sale')
        Sale = pool.get('sale.sale')
        sales = super()._document_sales(tickets)
        made = Made.by_ticket([t.id for t in tickets])
        records = {
            s.id: s for s in Sale.browse(sorted(sum(made.values(), [])))}
        return {
            ticket: list(dict.fromkeys(
                    [*of_ticket, *(records[i] for i in made[ticket])]))
            for ticket, of_ticket in sales.items()}

    @classmethod
    @ModelView.button_action('helpdesk.wizard_ticket_create_sale')
    def create_sale(cls, tickets):
        pass


class TicketSale(MadeMixin, ModelSQL):
    __name__ = 'helpdesk.ticket-sale.sale'

    _made_field = 'sale'

    sale = fields.Many2One(
        'sale.sale', "Sale", required=True, ondelete='CASCADE')


class Sale(FromTicketMixin, metaclass=PoolMeta):
    __name__ = 'sale.sale'

    _helpdesk_made = 'helpdesk.ticket-sale.sale'
    _helpdesk_noted = frozenset(['confirmed', 'done', 'cancelled'])


class CreateSaleStart(ModelView):
    __name__ = 'helpdesk.ticket.create_sale.start'

    company = fields.Many2One('company.company', "Company", readonly=True)
    party = fields.Many2One('party.party', "Customer", readonly=True,
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="The customer the sale is for.")
    reference = fields.Char("Reference",
        help="What the sale can be found by.")
    lines = fields.One2Many(
        'helpdesk.ticket.create_sale.line', None, "Lines",
        help="What is sold. It can be changed in the sale.")


class CreateSaleLine(ModelView):
    __name__ = 'helpdesk.ticket.create_sale.line'

    product = fields.Many2One('product.product', "Product", required=True,
        domain=[
            ('salable', '=', True),
            ],
        help="What is sold.")
    quantity = fields.Float("Quantity", digits='unit', required=True,
        help="How much of it is sold.")
    unit = fields.Many2One('product.uom', "Unit", required=True,
        domain=[
            If(Bool(Eval('product_uom_category')),
                ('category', '=', Eval('product_uom_category', -1)),
                ()),
            ],
        help="The unit of the quantity.")
    product_uom_category = fields.Function(fields.Many2One(
            'product.uom.category', "Product UoM Category"),
        'on_change_with_product_uom_category')

    @classmethod
    def default_quantity(cls):
        return 1

    @fields.depends('product', 'unit')
    def on_change_product(self):
        if self.product and (
                not self.unit
                or self.unit.category != self.product.sale_uom.category):
            self.unit = self.product.sale_uom

    @fields.depends('product')
    def on_change_with_product_uom_category(self, name=None):
        return self.product.default_uom_category if self.product else None

    def sale_line(self, sale):
        "Return the line of the sale, with the price that it has for it."
        pool = Pool()
        Line = pool.get('sale.line')
        line = Line(
            sale=sale, type='line', product=self.product,
            quantity=self.quantity, unit=self.unit)
        line.on_change_product()
        if line.unit_price is None:
            # The product has none: it is for the sales staff to say
            line.unit_price = Decimal(0)
        return line


class CreateSale(MakeMixin, Wizard):
    __name__ = 'helpdesk.ticket.create_sale'

    _made_model = 'sale.sale'

    start = StateView(
        'helpdesk.ticket.create_sale.start',
        'helpdesk.create_sale_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Create", 'create_', 'tryton-ok', default=True),
            ])
    create_ = StateAction('sale.act_sale_form')

    def default_start(self, fields):
        self._check()
        ticket = self.record
        products = dict.fromkeys(
            p for p in [ticket.product, *ticket.products]
            if p and p.salable)
        return {
            'company': ticket.company.id,
            'party': ticket.party.id,
            'reference': ticket.number,
            'lines': [{
                    'product': product.id,
                    'quantity': 1,
                    'unit': product.sale_uom.id,
                    'product_uom_category': (
                        product.default_uom_category.id),
                    } for product in products],
            }

    def do_create_(self, action):
        self._check()
        with Transaction().set_context(company=self.record.company.id):
            sale = self._sale()
            sale.save()
        self._link([sale], sale)
        return self._opened(action, [sale])

    def _sale(self):
        "Return the sale, which is not stored."
        pool = Pool()
        Sale = pool.get('sale.sale')
        ticket, start = self.record, self.start
        sale = Sale(
            company=ticket.company,
            party=ticket.party,
            reference=start.reference,
            sale_date=None,
            invoice_party=None,
            shipment_party=None,
            warehouse=Sale.default_warehouse(),
            lines=[])
        sale.on_change_company()
        sale.on_change_party()
        sale.lines = [line.sale_line(sale) for line in start.lines]
        return sale
