# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model import ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval, PYSONEncoder
from trytond.transaction import without_check_access
from trytond.wizard import Button, StateAction, StateView, Wizard

from .readable import TicketCountMixin


class Sale(TicketCountMixin, metaclass=PoolMeta):
    __name__ = 'sale.sale'

    _helpdesk_ticket_field = 'sale'


class CreateTicketStart(ModelView):
    __name__ = 'helpdesk.sale.create_ticket.start'

    company = fields.Many2One('company.company', "Company", readonly=True)
    party = fields.Many2One('party.party', "Customer", readonly=True,
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="The customer the ticket is for.")
    section = fields.Many2One(
        'helpdesk.section', "Section", required=True,
        domain=[
            ('company', '=', Eval('company', -1)),
            ],
        help="The team that works on the ticket.")
    subject = fields.Char("Subject", required=True,
        help="What it is about, in a few words.")
    description = fields.Text("Description",
        help="What the customer needs, in full.")
    contact_name = fields.Char("Contact Name",
        help="The name of the person who asks.")
    email = fields.Char("E-Mail",
        help="The address the answers go to, "
        "and the confirmation if the section sends one.")
    phone = fields.Char("Phone",
        help="The number the person who asks can be called at.")
    products = fields.Many2Many(
        'product.product', None, None, "Products",
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="The products the request is about.")


class CreateTicket(Wizard):
    __name__ = 'helpdesk.sale.create_ticket'

    start = StateView(
        'helpdesk.sale.create_ticket.start',
        'helpdesk.sale_create_ticket_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Create", 'create_', 'tryton-ok', default=True),
            ])
    create_ = StateAction('helpdesk.act_ticket_relate_sale')

    @property
    def _sale(self):
        if self.model.__name__ == 'sale.line':
            return self.record.sale
        return self.record

    @property
    def _lines(self):
        "Return the lines that the wizard was started from."
        if self.model.__name__ == 'sale.line':
            return [r for r in self.records if r.sale == self._sale]
        return []

    def default_start(self, fields):
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        sale = self._sale
        section = Configuration(1).get_multivalue(
            'default_section', company=sale.company.id)
        products = dict.fromkeys(
            line.product.id for line in self._lines if line.product)
        return {
            'company': sale.company.id,
            'party': sale.party.id,
            'section': section.id if section else None,
            'products': list(products),
            **self._contact(sale),
            }

    @staticmethod
    def _contact(sale):
        "Return whom the answers go to."
        party, contact = sale.party, sale.contact
        kind = contact.type if contact else None
        return {
            'contact_name': (contact and contact.name) or party.name,
            'email': contact.value if kind == 'email' else party.email or None,
            'phone': (
                contact.value if kind in {'phone', 'mobile'}
                else party.phone or party.mobile or None),
            }

    def do_create_(self, action):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        # Sales staff need not be agents; the values are read with the rights
        # of the user, who sees the ticket by its sale
        values = self._values()
        with without_check_access():
            ticket, = Ticket.create([values])
        action['pyson_domain'] = PYSONEncoder().encode(
            [('id', '=', ticket.id)])
        action['domains'] = []
        action['views'].reverse()
        return action, {'res_id': [ticket.id]}

    def _values(self):
        "Return the values of the ticket to create."
        start, sale, lines = self.start, self._sale, self._lines
        self.model.read([r.id for r in self.records], ['id'])
        product, *others = list(start.products) or [None]
        return {
            'company': sale.company.id,
            'section': start.section.id,
            'type': (
                start.section.ticket_type.id if start.section.ticket_type
                else None),
            'priority': start.section.ticket_priority,
            'channel': 'application',
            'subject': start.subject,
            'description': start.description,
            'party': sale.party.id,
            'contact_name': start.contact_name,
            'email': start.email,
            'phone': start.phone,
            'language': sale.party.lang.id if sale.party.lang else None,
            'sale': sale.id,
            'origin': str(lines[0] if len(lines) == 1 else sale),
            'product': product.id if product else None,
            'products': [('add', [p.id for p in others])],
            }
