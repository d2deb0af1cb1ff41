# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Requests that turn out to be chances to sell, as Tryton's opportunities.

The ticket is closed and archived; it goes on in the opportunity.
"""
from sql import Null
from trytond.i18n import gettext
from trytond.model import Index, ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.modules.currency.fields import Monetary
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.tools import escape_wildcard
from trytond.transaction import (
    Transaction, check_access, inactive_records, without_check_access)
from trytond.wizard import Button, StateAction, StateView, Wizard

from .exceptions import ConvertError
from .readable import readable_ids, readable_targets

# How many customers with the address are proposed
PROPOSED = 10


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    opportunity = fields.Many2One('sale.opportunity', "Opportunity",
        readonly=True, ondelete='SET NULL',
        help="The opportunity that the ticket was converted into.")
    visible_opportunity = fields.Function(fields.Many2One(
            'sale.opportunity', "Opportunity",
            states={
                'invisible': ~Eval('visible_opportunity'),
                },
            help="The opportunity that the ticket was converted into, "
            "if you may see it."),
        'get_visible_opportunity')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t,
                (t.opportunity, Index.Range()),
                where=t.opportunity != Null))
        cls._buttons['convert_opportunity'] = {
            'invisible': Eval('state') == 'closed',
            'icon': 'tryton-sale-opportunity',
            'depends': ['state'],
            }

    @classmethod
    def get_visible_opportunity(cls, tickets, name):
        return readable_targets(tickets, 'opportunity')

    @classmethod
    def check_modification(cls, mode, tickets, values=None, external=False):
        super().check_modification(
            mode, tickets, values=values, external=external)
        if external and (
                (mode == 'write' and 'opportunity' in values)
                or (mode == 'create' and any(t.opportunity for t in tickets))):
            raise AccessError(gettext('helpdesk.msg_ticket_kept'))

    @classmethod
    def read_by(cls):
        return {**super().read_by(), 'opportunity': 'sale.opportunity'}

    @classmethod
    def check_convert(cls, tickets):
        """
        Check that the user may convert the tickets into an opportunity.

        Raise AccessError without the rights, and ConvertError if it is not
        one ticket, or if it went on elsewhere already.
        """
        pool = Pool()
        ModelAccess = pool.get('ir.model.access')
        with check_access():
            ModelAccess.check('sale.opportunity', mode='create')
        cls.check_workable(tickets)
        if len(tickets) != 1:
            raise ConvertError(gettext('helpdesk.msg_convert_one'))
        ticket, = tickets
        if ticket.opportunity:
            raise ConvertError(gettext(
                    'helpdesk.msg_convert_twice',
                    ticket=ticket.rec_name,
                    opportunity=ticket.opportunity.number))
        if ticket.state == 'closed':
            raise ConvertError(gettext(
                    'helpdesk.msg_convert_closed', ticket=ticket.rec_name))

    @without_check_access
    def go_on_in(self, opportunity):
        """
        Close and archive the ticket, which goes on in the opportunity.

        Its customer, if there is one, becomes that of the ticket.
        """
        pool = Pool()
        History = pool.get('helpdesk.history')
        values = {'opportunity': opportunity.id}
        if opportunity.party and not self.party:
            values['party'] = opportunity.party.id
        self.write([self], values)
        History.append([(self.id, 'opportunity', None, opportunity.id)])
        # Nothing is solved yet that the customer could be told of
        with Transaction().set_context(helpdesk_acknowledge=False):
            self.archive([self])

    def opportunity_text(self):
        "Return who asked, and what they said first, a str."
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        said = list(Conversation.search([
                    ('ticket', '=', self.id),
                    # Nor that the request was received
                    ('direction', '=', 'in'),
                    ], order=[('at', 'ASC'), ('id', 'ASC')], limit=1))
        who = ', '.join(filter(None, [
                    self.contact_name, self.customer_company,
                    self.email, self.phone]))
        texts = [(t or '').strip() for t in [
                who, self.description, *(c.body for c in said)]]
        # A form has what it asks for in both
        return '\n\n'.join(dict.fromkeys(filter(None, texts)))

    @classmethod
    @ModelView.button_action('helpdesk.wizard_ticket_convert_opportunity')
    def convert_opportunity(cls, tickets):
        pass

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('opportunity')
        return super().copy(tickets, default=default)


class History(metaclass=PoolMeta):
    __name__ = 'helpdesk.history'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.what.selection.append(('opportunity', "Opportunity"))


class Opportunity(metaclass=PoolMeta):
    __name__ = 'sale.opportunity'

    helpdesk_ticket = fields.Function(fields.Many2One(
            'helpdesk.ticket', "From Ticket",
            states={
                'invisible': ~Eval('helpdesk_ticket'),
                },
            help="The ticket that was converted into the opportunity."),
        'get_helpdesk_ticket')

    @classmethod
    def get_helpdesk_ticket(cls, opportunities, name):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        tickets = dict.fromkeys(o.id for o in opportunities)
        # They are archived
        with without_check_access(), inactive_records():
            found = {t.id: t.opportunity.id for t in Ticket.search([
                        ('opportunity', 'in', list(tickets)),
                        ], order=[])}
        with inactive_records():
            visible = readable_ids(Ticket, found)
        tickets.update((o, t) for t, o in found.items() if t in visible)
        return tickets


class ConvertStart(ModelView):
    __name__ = 'helpdesk.ticket.convert_opportunity.start'

    company = fields.Many2One('company.company', "Company", readonly=True)
    customer = fields.Selection([
            ('link', "Choose a Customer"),
            ('create', "Create a Customer"),
            ('none', "No Customer Yet"),
            ], "Customer", required=True, sort=False,
        help="Whether the customer is known.")
    party = fields.Many2One('party.party', "Party",
        states={
            'invisible': Eval('customer') != 'link',
            'required': Eval('customer') == 'link',
            },
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="The customer of the opportunity.")
    proposed = fields.Many2Many(
        'party.party', None, None, "With the Same E-Mail", readonly=True,
        states={
            'invisible': (
                (Eval('customer') != 'link') | ~Eval('proposed', [])),
            },
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="Parties that have the e-mail address of the ticket.")
    name = fields.Char("Name",
        states={
            'invisible': Eval('customer') != 'create',
            'required': Eval('customer') == 'create',
            },
        help="The name of the new customer.")
    email = fields.Char("E-Mail",
        states={
            'invisible': Eval('customer') != 'create',
            },
        help="The e-mail address of the new customer.")
    phone = fields.Char("Phone",
        states={
            'invisible': Eval('customer') != 'create',
            },
        help="The phone number of the new customer.")
    employee = fields.Many2One('company.employee', "Responsible of the Sale",
        domain=[
            ('company', '=', Eval('company', -1)),
            ],
        help="Who takes care of the opportunity.\n"
        "Leave empty if that is still to be decided.")
    currency = fields.Many2One(
        'currency.currency', "Currency", readonly=True)
    amount = Monetary("Amount", currency='currency', digits='currency',
        help="Estimated revenue amount.")
    description = fields.Char("Description", required=True,
        help="What it is about, in a few words.")
    comment = fields.Text("Comment",
        help="Who asked, and what the customer needs.")


class ConvertOpportunity(Wizard):
    __name__ = 'helpdesk.ticket.convert_opportunity'

    start = StateView(
        'helpdesk.ticket.convert_opportunity.start',
        'helpdesk.convert_opportunity_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Convert", 'convert', 'tryton-ok', default=True),
            ])
    convert = StateAction('sale_opportunity.act_opportunity_form')

    def default_start(self, fields):
        pool = Pool()
        User = pool.get('res.user')
        self.model.check_convert(self.records)
        ticket, = self.records
        name = ticket.contact_name or ticket.customer_company
        proposed = self._proposed()
        party = ticket.party or next(iter(proposed), None)
        employee = User(Transaction().user).employee
        if employee and employee.company != ticket.company:
            employee = None
        return {
            'company': ticket.company.id,
            'customer': (
                'link' if party else
                'create' if name or ticket.email else 'none'),
            'party': party.id if party else None,
            'proposed': [p.id for p in proposed],
            'name': name or ticket.email,
            'email': ticket.email,
            'phone': ticket.phone,
            'employee': employee.id if employee else None,
            'currency': ticket.company.currency.id,
            'description': ticket.subject,
            'comment': ticket.opportunity_text(),
            }

    def _proposed(self):
        "Return the parties with the address that the user sees, the oldest."
        pool = Pool()
        Mechanism = pool.get('party.contact_mechanism')
        email = self.record.email
        if not email:
            return []
        with check_access():
            mechanisms = Mechanism.search([
                    ('type', '=', 'email'),
                    ('value', 'ilike', escape_wildcard(email)),
                    ('party.active', '=', True),
                    ], order=[('party.id', 'ASC')], limit=PROPOSED)
            return list(dict.fromkeys(m.party for m in mechanisms))

    def do_convert(self, action):
        pool = Pool()
        Opportunity = pool.get('sale.opportunity')
        self.model.check_convert(self.records)
        party = self._party()
        opportunity = self._opportunity(party)
        _save_as_user(Opportunity, opportunity)
        self.record.go_on_in(opportunity)
        action['views'].reverse()
        return action, {'res_id': [opportunity.id]}

    @check_access
    def _party(self):
        "Return the customer, who may be new, or None."
        pool = Pool()
        Party = pool.get('party.party')
        start = self.start
        if start.customer == 'link':
            Party.read([start.party.id], ['id'])
            return start.party
        if start.customer == 'create':
            party = Party(
                name=start.name, lang=self.record.language,
                contact_mechanisms=[
                    {'type': type_, 'value': value.strip()}
                    for type_, value in [
                        ('email', start.email), ('phone', start.phone)]
                    if value and value.strip()])
            party.save()
            return party

    def _opportunity(self, party):
        "Return the opportunity, which is not stored."
        pool = Pool()
        Opportunity = pool.get('sale.opportunity')
        ticket, start = self.record, self.start
        with Transaction().set_context(company=ticket.company.id):
            opportunity = Opportunity(
                company=ticket.company,
                currency=ticket.company.currency,
                party=party,
                contact=self._contact(party) if party else None,
                employee=start.employee,
                amount=start.amount,
                description=start.description,
                comment=start.comment)
            opportunity.on_change_party()
        return opportunity

    def _contact(self, party):
        "Return the contact mechanism of the party to answer to, or None."
        email = (self.record.email or '').lower()
        for mechanism in party.contact_mechanisms:
            if mechanism.value.strip().lower() == email:
                return mechanism
        return party.contact_mechanism_get({'email', 'phone', 'mobile'})

    def end(self):
        return 'reload'


class Erase(metaclass=PoolMeta):
    __name__ = 'party.erase'

    def _helpdesk_to_erase(self, party, tickets):
        pool = Pool()
        Opportunity = pool.get('sale.opportunity')
        Ticket = pool.get('helpdesk.ticket')
        opportunities = [
            t.opportunity.id for t in Ticket.browse(tickets) if t.opportunity]
        return super()._helpdesk_to_erase(party, tickets) + [
            # They have the words of the tickets
            (Opportunity, [('id', 'in', opportunities)], False,
                ['description', 'comment'],
                [None] * 2),
            ]


def _save_as_user(Model, record):
    "Store the record, if the rules let the user create it."
    pool = Pool()
    Rule = pool.get('ir.rule')
    with without_check_access():
        record.save()
    with check_access():
        Rule.check(Model.__name__, [record.id], mode='create')
