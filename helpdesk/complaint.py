# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from collections import defaultdict

from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, fields
from trytond.modules.currency.fields import Monetary
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access
from trytond.wizard import Button, StateAction, StateView, Wizard

from .exceptions import MakeError
from .made_from import FromTicketMixin, MadeMixin, MakeMixin, name_of
from .readable import readable_ids

# Sales and invoices that sale_complaint takes complaints about
SALE_STATES = ['confirmed', 'processing', 'done']
INVOICE_STATES = ['posted', 'paid']
# What a complaint of each origin leads to
ACTIONS = {
    'sale.sale': 'sale_return',
    'sale.line': 'sale_return',
    'account.invoice': 'credit_note',
    'account.invoice.line': 'credit_note',
    }


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    complaints = fields.Function(fields.Many2Many(
            'sale.complaint', None, None, "Complaints",
            readonly=True,
            help="The complaints that were made from the ticket."),
        'get_made')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update({
                'create_complaint': {
                    'invisible': Eval('state') == 'closed',
                    'depends': ['state'],
                    },
                })

    @classmethod
    def _made(cls):
        return {
            **super()._made(), 'complaints': 'helpdesk.ticket-sale.complaint'}

    @classmethod
    def _sale_documents(cls, tickets, name):
        pool = Pool()
        Complaint = pool.get('sale.complaint')
        Made = pool.get('helpdesk.ticket-sale.complaint')
        documents = super()._sale_documents(tickets, name)
        if name == 'invoices':
            made = Made.by_ticket([t.id for t in tickets])
            complaints = {
                c.id: c
                for c in Complaint.browse(sorted(sum(made.values(), [])))}
            for ticket, ids in made.items():
                documents[ticket] += [
                    i.id for c in ids
                    for i in complaints[c].helpdesk_results('account.invoice')
                    if i.id not in documents[ticket]]
        return documents

    @classmethod
    def merge_moves(cls):
        return super().merge_moves() + [
            ('helpdesk.ticket-sale.complaint', 'ticket')]

    @classmethod
    @ModelView.button_action('helpdesk.wizard_ticket_create_complaint')
    def create_complaint(cls, tickets):
        pass


class TicketComplaint(MadeMixin, ModelSQL):
    __name__ = 'helpdesk.ticket-sale.complaint'

    _made_field = 'complaint'

    complaint = fields.Many2One(
        'sale.complaint', "Complaint", required=True, ondelete='CASCADE')


class Complaint(FromTicketMixin, metaclass=PoolMeta):
    __name__ = 'sale.complaint'

    _helpdesk_made = 'helpdesk.ticket-sale.complaint'
    _helpdesk_noted = frozenset([
            'waiting', 'approved', 'rejected', 'done', 'cancelled'])

    helpdesk_amount = fields.Function(Monetary(
            "Amount", currency='helpdesk_currency', digits='helpdesk_currency',
            help="What is returned or credited."),
        'get_helpdesk_amount')
    helpdesk_currency = fields.Function(
        fields.Many2One('currency.currency', "Currency"),
        'get_helpdesk_amount')

    @classmethod
    def get_helpdesk_amount(cls, complaints, names):
        result = {n: dict.fromkeys(map(int, complaints)) for n in names}
        for complaint in complaints:
            amounts = [a.amount for a in complaint.actions if a.currency]
            if amounts and 'helpdesk_amount' in names:
                result['helpdesk_amount'][complaint.id] = sum(
                    a or 0 for a in amounts)
            if amounts and 'helpdesk_currency' in names:
                result['helpdesk_currency'][complaint.id] = (
                    complaint.actions[0].currency.id)
        return result

    def helpdesk_results(self, model):
        "Return the records of the model that came of the complaint."
        return [
            a.result for a in self.actions
            if a.result and a.result.__name__ == model]

    @classmethod
    @without_check_access
    def _note_in_tickets(cls, complaints):
        cls._link_returns([c for c in complaints if c.state == 'done'])
        super()._note_in_tickets(complaints)

    @classmethod
    def _link_returns(cls, complaints):
        "Let the tickets follow the returns, as the sales made from them."
        pool = Pool()
        Made = pool.get('helpdesk.ticket-sale.complaint')
        MadeSale = pool.get('helpdesk.ticket-sale.sale')
        if not complaints:
            return
        tickets = Made.tickets([c.id for c in complaints])
        returns = {
            s.id: tickets[c.id] for c in complaints if c.id in tickets
            for s in c.helpdesk_results('sale.sale')}
        # A complaint can be set back to draft and processed again
        linked = MadeSale.tickets(returns)
        MadeSale.link(
            (ticket, sale) for sale, ticket in returns.items()
            if sale not in linked)

    def _helpdesk_outcome(self):
        outcome = super()._helpdesk_outcome()
        results = [a.result for a in self.actions if a.result]
        if self.state == 'done' and results:
            outcome.append(f"({', '.join(map(name_of, results))})")
        return outcome


class CreateComplaintStart(ModelView):
    __name__ = 'helpdesk.ticket.create_complaint.start'

    company = fields.Many2One('company.company', "Company", readonly=True)
    party = fields.Many2One('party.party', "Customer", readonly=True,
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="The customer who complains.")
    products = fields.Many2Many(
        'product.product', None, None, "Products", readonly=True,
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="The products the ticket is about.")
    type = fields.Many2One('sale.complaint.type', "Type", required=True,
        domain=[
            ('origin.name', 'in', list(ACTIONS)),
            ],
        help="What kind of complaint it is. "
        "It says if it is about the sale or its invoices, "
        "as a whole or line by line.")
    sale = fields.Many2One('sale.sale', "Sale", required=True,
        domain=[
            ('company', '=', Eval('company', -1)),
            ('party', '=', Eval('party', -1)),
            ('state', 'in', SALE_STATES),
            ],
        help="The sale that the customer complains about.")
    date = fields.Date("Date", required=True,
        help="When the customer complained.")
    description = fields.Text("Description",
        help="What the customer complains about.")
    lines = fields.One2Many(
        'helpdesk.ticket.create_complaint.line', None, "Lines",
        help="How much of each line is returned or credited.\n"
        "Leave the quantity empty of what the complaint is not about.")

    @fields.depends('type', 'sale', 'products', 'lines')
    def on_change_type(self):
        pool = Pool()
        Line = pool.get('helpdesk.ticket.create_complaint.line')
        products = list(self.products or [])
        origins = self.origins(self.type, self.sale)
        self.lines = [
            Line(
                origin=o, unit=o.unit,
                quantity=most(o)
                if len(origins) == 1 or o.product in products else None)
            for o in origins]

    @fields.depends(methods=['on_change_type'])
    def on_change_sale(self):
        self.on_change_type()

    @staticmethod
    def origins(type, sale):
        """
        Return the lines that a complaint can be about.

        They are of the sale or of its invoices, as the type says, and the
        user may read them.
        """
        if not type or not sale or sale.state not in SALE_STATES:
            return []
        lines = [
            li for li in sale.lines
            if li.type == 'line' and (li.quantity or 0) > 0]
        if type.origin.name.startswith('account.invoice'):
            lines = [
                i for li in lines for i in li.invoice_lines
                if i.invoice and i.invoice.state in INVOICE_STATES
                and (i.quantity or 0) > 0]
        if not lines:
            return []
        visible = readable_ids(lines[0].__class__, [li.id for li in lines])
        return [li for li in lines if li.id in visible]


class CreateComplaintLine(ModelView):
    __name__ = 'helpdesk.ticket.create_complaint.line'

    origin = fields.Reference("Line", [
            ('sale.line', "Sale Line"),
            ('account.invoice.line', "Invoice Line"),
            ], readonly=True,
        help="The line of the sale or of its invoice.")
    quantity = fields.Float("Quantity", digits='unit',
        help="How much of it is returned or credited.\n"
        "Leave empty if the complaint is not about it.")
    unit = fields.Many2One('product.uom', "Unit", readonly=True,
        help="The unit of the quantity.")


class CreateComplaint(MakeMixin, Wizard):
    __name__ = 'helpdesk.ticket.create_complaint'

    _made_model = 'sale.complaint'

    start = StateView(
        'helpdesk.ticket.create_complaint.start',
        'helpdesk.create_complaint_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Create", 'create_', 'tryton-ok', default=True),
            ])
    create_ = StateAction('sale_complaint.act_complaint_form')

    def default_start(self, fields):
        pool = Pool()
        Date = pool.get('ir.date')
        Start = pool.get('helpdesk.ticket.create_complaint.start')
        Type = pool.get('sale.complaint.type')
        self._check()
        ticket = self.record
        with Transaction().set_context(company=ticket.company.id):
            today = Date.today()
        types = list(Type.search(
                [('origin.name', 'in', list(ACTIONS))], limit=2))
        start = Start(
            type=types[0] if len(types) == 1 else None,
            sale=ticket.sale if self._may_complain(ticket.sale) else None,
            products=self._products(ticket))
        start.on_change_type()
        return {
            'company': ticket.company.id,
            'party': ticket.party.id,
            'date': today,
            'description': '\n\n'.join(
                filter(None, [ticket.subject, ticket.description])),
            'type': start.type.id if start.type else None,
            'sale': start.sale.id if start.sale else None,
            'products': [p.id for p in start.products],
            'lines': [{
                    'origin': str(li.origin),
                    'quantity': li.quantity,
                    'unit': li.unit.id if li.unit else None,
                    } for li in start.lines],
            }

    def _products(self, ticket):
        "Return the products the ticket is about, by its origin if it can."
        pool = Pool()
        Line = pool.get('sale.line')
        if isinstance(ticket.origin, Line) and ticket.origin.product:
            return [ticket.origin.product]
        return [p for p in [ticket.product, *ticket.products] if p]

    def _may_complain(self, sale):
        pool = Pool()
        Sale = pool.get('sale.sale')
        return bool(
            sale and sale.party == self.record.party
            and sale.company == self.record.company
            and sale.state in SALE_STATES
            and readable_ids(Sale, [sale.id]))

    def do_create_(self, action):
        pool = Pool()
        Complaint = pool.get('sale.complaint')
        self._check()
        if not self._may_complain(self.start.sale):
            raise MakeError(gettext('helpdesk.msg_complaint_sale'))
        with Transaction().set_context(company=self.record.company.id):
            complaints = [
                self._complaint(origin, actions)
                for origin, actions in self._origins()]
            Complaint.save(complaints)
        self._link(complaints, self.start.sale)
        return self._opened(action, complaints)

    def _origins(self):
        "Return what the complaints are about, each with its actions."
        pool = Pool()
        Action = pool.get('sale.complaint.action')
        start = self.start
        kind = start.type.origin.name
        name = ACTIONS[kind]
        chosen = self._chosen()
        if kind == 'sale.sale':
            lines = [
                {'line': o.id, 'quantity': q} for o, q in chosen.items()]
            return [(start.sale, [Action(action=name, sale_lines=lines)]
                    if lines else [])]
        if not chosen:
            raise MakeError(gettext(
                    'helpdesk.msg_complaint_lines', type=start.type.rec_name))
        if kind == 'account.invoice':
            invoices = defaultdict(list)
            for origin, quantity in chosen.items():
                invoices[origin.invoice].append(
                    {'line': origin.id, 'quantity': quantity})
            return [
                (invoice, [Action(action=name, invoice_lines=lines)])
                for invoice, lines in invoices.items()]
        return [
            (origin, [Action(action=name, quantity=quantity)])
            for origin, quantity in chosen.items()]

    def _chosen(self):
        "Return the quantities of the lines that the complaint is about."
        origins = self.start.origins(self.start.type, self.start.sale)
        chosen = {}
        for line in self.start.lines:
            # Nothing but what the user was offered
            if line.quantity is None or line.origin not in origins:
                continue
            if not 0 < line.quantity <= most(line.origin):
                raise MakeError(gettext(
                        'helpdesk.msg_complaint_quantity',
                        line=line.origin.rec_name,
                        quantity=most(line.origin)))
            chosen[line.origin] = line.quantity
        return chosen

    def _complaint(self, origin, actions):
        "Return the complaint, which is not stored."
        pool = Pool()
        Complaint = pool.get('sale.complaint')
        ticket, start = self.record, self.start
        return Complaint(
            company=ticket.company,
            customer=ticket.party,
            reference=ticket.number,
            date=start.date,
            type=start.type,
            origin=origin,
            description=start.description,
            actions=actions)


class Erase(metaclass=PoolMeta):
    __name__ = 'party.erase'

    def _helpdesk_to_erase(self, party, tickets):
        pool = Pool()
        Complaint = pool.get('sale.complaint')
        Made = pool.get('helpdesk.ticket-sale.complaint')
        made = Made.by_ticket(tickets)
        return super()._helpdesk_to_erase(party, tickets) + [
            # It has the words of the ticket
            (Complaint, [('id', 'in', sum(made.values(), []))], False,
                ['description'],
                [None]),
            ]


def most(line):
    "Return the greatest quantity that a complaint can be about, a float."
    actual = getattr(line, 'actual_quantity', None)
    return line.quantity if actual is None else actual
