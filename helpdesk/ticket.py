# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from collections import defaultdict
from itertools import chain

from sql import Literal
from sql.conditionals import Coalesce
from sql.functions import CharLength
from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Bool, Eval, If, Len
from trytond.transaction import Transaction, without_check_access

from .exceptions import TicketDeleteError
from .limited import LIMITED
from .readable import readable_targets
from .workflow import OVER_STATES, STATES, WAITING_STATES, TicketWorkflow

PRIORITIES = [
    ('low', "Low"),
    ('normal', "Normal"),
    ('high', "High"),
    ('urgent', "Urgent"),
    ]
CHANNELS = [
    ('application', "Application"),
    ('email', "E-Mail"),
    ('web', "Web Form"),
    ('chat', "Chat"),
    ('phone', "Phone"),
    ]


class Ticket(TicketWorkflow, ModelSQL, ModelView):
    __name__ = 'helpdesk.ticket'

    _states = {
        'readonly': Eval('state') == 'closed',
        }

    number = fields.Char("Number", readonly=True,
        help="Names the ticket in mails and on the telephone.")
    subject = fields.Char("Subject", required=True, states=_states,
        help="What it is about, in a few words.")
    description = fields.Text("Description", states=_states,
        help="What the customer needs, in full.")
    company = fields.Many2One(
        'company.company', "Company", required=True,
        states={
            'readonly': _states['readonly'] | (
                Bool(Eval('section')) & (Eval('id', -1) >= 0)),
            },
        help="The company the request was made to.")
    section = fields.Many2One(
        'helpdesk.section', "Section", required=True,
        domain=[
            ('company', '=', Eval('company', -1)),
            ],
        states=_states,
        help="The team that works on the ticket.")
    type = fields.Many2One('helpdesk.type', "Type",
        domain=LIMITED, states=_states,
        help="What kind of request it is.")
    category = fields.Many2One('helpdesk.category', "Category",
        domain=LIMITED, states=_states,
        help="The service or subject the request is about.")
    priority = fields.Selection(PRIORITIES, "Priority", required=True,
        sort=False, states=_states,
        help="How much it matters that the ticket is solved soon.")
    channel = fields.Selection(CHANNELS, "Channel", required=True, sort=False,
        states={
            'readonly': Eval('id', -1) >= 0,
            },
        help="The way the request came in.")
    online_signature = fields.Boolean("Online Signature", states=_states,
        help="The customer has to sign to authorize what is asked for.")
    party = fields.Many2One('party.party', "Customer",
        states=_states,
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="The customer the ticket is for.")
    contact = fields.Many2One('party.party', "Contact Person",
        states=_states,
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="The person at the customer's who asks.")
    contact_name = fields.Char("Contact Name", states=_states,
        help="The name of the person who asks.")
    email = fields.Char("E-Mail", states=_states,
        help="The address the answers go to.")
    phone = fields.Char("Phone", states=_states,
        help="The number the person who asks can be called at.")
    language = fields.Many2One('ir.lang', "Language", states=_states,
        help="The language in which the customer is written to.")
    employee = fields.Many2One(
        'company.employee', "Responsible",
        domain=[
            ('company', '=', Eval('company', -1)),
            If(Bool(Eval('section')),
                ('helpdesk_assignable', '=', Eval('section', -1)),
                ()),
            ],
        states=_states,
        help="The member of the section who takes care of the ticket.")
    product = fields.Many2One('product.product', "Product", states=_states,
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="The product the request is about.")
    sale = fields.Many2One('sale.sale', "Sale",
        domain=[
            ('company', '=', Eval('company', -1)),
            If(Bool(Eval('party')),
                ('party', '=', Eval('party', -1)),
                ()),
            ],
        states=_states,
        help="The sale order the request is about.")
    origin = fields.Reference("Origin", selection='get_origin',
        states=_states,
        help="The document the request is about.")
    deadline = fields.DateTime("Deadline", states=_states,
        help="When the ticket has to be solved at the latest.")
    state = fields.Selection(
        STATES, "State", required=True, readonly=True, sort=False,
        help="Where the work on the ticket stands.")
    unread = fields.Boolean("Unread", readonly=True,
        help="The customer wrote and nobody has answered or taken note yet.")
    closed_by = fields.Selection([
            (None, ""),
            ('team', "Team"),
            ('customer', "Customer"),
            ('system', "System"),
            ], "Closed By", readonly=True, sort=False,
        states={
            'invisible': Eval('state') != 'closed',
            },
        help="Who closed the ticket.")
    first_answer_at = fields.DateTime("First Answer", readonly=True,
        help="When the customer got the first answer from a person.")
    last_communication_at = fields.DateTime("Last Communication",
        readonly=True,
        help="When the customer and the section last exchanged something.")
    resolved_at = fields.DateTime("Resolved On", readonly=True,
        help="When the ticket was resolved.")
    closed_at = fields.DateTime("Closed On", readonly=True,
        help="When the ticket was closed.")
    preceding = fields.Many2One('helpdesk.ticket', "Preceding Ticket",
        readonly=True, ondelete='SET NULL',
        help="The ticket this one follows up or refers to.")
    visible_preceding = fields.Function(fields.Many2One(
            'helpdesk.ticket', "Preceding Ticket",
            help="The ticket this one follows up or refers to, "
            "if you may see it."),
        'get_visible_preceding')
    follow_ups = fields.One2Many('helpdesk.ticket', 'preceding', "Follow-Ups",
        readonly=True,
        help="The tickets that follow up or refer to this one.")
    conversations = fields.One2Many(
        'helpdesk.conversation', 'ticket', "Conversations", readonly=True,
        help="All that was said and noted, the newest first.")
    last_conversations = fields.Function(fields.One2Many(
            'helpdesk.conversation', None, "Conversation",
            readonly=True,
            help="What was said and noted last, the newest first."),
        'get_last_conversations', setter='set_last_conversations')
    history = fields.One2Many(
        'helpdesk.history', 'ticket', "History", readonly=True,
        help="Who changed what, and when.")
    participants = fields.One2Many(
        'helpdesk.participant', 'ticket', "Participants", states=_states,
        help="Other people who take part in the ticket by mail.")
    last_shown = 20

    del _states

    @classmethod
    def __setup__(cls):
        cls.number.search_unaccented = False
        cls.email.search_unaccented = False
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.update({
                Index(t, (Coalesce(t.number, ''), Index.Equality())),
                Index(t, (Coalesce(t.number, ''), Index.Similarity())),
                Index(t, (t.subject, Index.Similarity())),
                Index(t, (Coalesce(t.email, ''), Index.Equality())),
                Index(t,
                    (t.last_communication_at, Index.Range(order='DESC')),
                    (t.id, Index.Range(order='DESC'))),
                Index(t,
                    (t.section, Index.Range()),
                    (t.state, Index.Equality(cardinality='low')),
                    where=t.state != 'closed'),
                Index(t,
                    (t.employee, Index.Range()),
                    (t.state, Index.Equality(cardinality='low')),
                    where=t.state != 'closed'),
                Index(t, (t.party, Index.Range())),
                Index(t, (t.sale, Index.Range())),
                Index(t, (t.product, Index.Range())),
                Index(t,
                    (t.section, Index.Range()),
                    where=t.unread == Literal(True)),
                })
        cls._order = [('last_communication_at', 'DESC'), ('id', 'DESC')]

    @classmethod
    def order_number(cls, tables):
        table, _ = tables[None]
        return [CharLength(table.number), table.number]

    @classmethod
    def default_company(cls):
        return Transaction().context.get('company')

    @classmethod
    def default_section(cls):
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        context = Transaction().context
        company = context.get('company')
        if company is None:
            return
        # The one whose tickets are looked at
        if context.get('helpdesk_section') is not None:
            return context['helpdesk_section']
        section = Configuration(1).get_multivalue(
            'default_section', company=company)
        return section.id if section else None

    @classmethod
    def default_priority(cls):
        section = cls._default_section()
        return section.ticket_priority if section else 'normal'

    @classmethod
    def default_type(cls):
        section = cls._default_section()
        if section and section.ticket_type:
            return section.ticket_type.id

    @classmethod
    def _default_section(cls):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        section = cls.default_section()
        if section is not None:
            return Section(section)

    @classmethod
    def default_channel(cls):
        return 'application'

    @classmethod
    def default_state(cls):
        return 'draft'

    @classmethod
    def default_online_signature(cls):
        return False

    @classmethod
    def default_unread(cls):
        return False

    @fields.depends('id', 'section', 'employee')
    def on_change_section(self):
        if not self.section:
            return
        if self.id is None or self.id < 0:
            now = dt.datetime.now().replace(microsecond=0)
            for name, value in self.section.ticket_defaults(now).items():
                setattr(self, name, value)
        elif self.employee and self.employee not in self.section.assignable:
            self.employee = None

    @fields.depends('party', 'contact', 'sale', methods=['_set_contact'])
    def on_change_party(self):
        if self.sale and self.sale.party != self.party:
            self.sale = None
        if self.party and not self.contact:
            self._set_contact(self.party)

    @fields.depends('contact', methods=['_set_contact'])
    def on_change_contact(self):
        if self.contact:
            self._set_contact(self.contact)

    @fields.depends('party', 'sale', methods=['on_change_party'])
    def on_change_sale(self):
        if self.sale and not self.party:
            self.party = self.sale.party
            self.on_change_party()

    @fields.depends('contact_name', 'email', 'phone', 'language')
    def _set_contact(self, party):
        self.contact_name = party.name
        self.email = party.email or None
        self.phone = party.phone or party.mobile or None
        self.language = party.lang

    @classmethod
    def get_visible_preceding(cls, tickets, name):
        return readable_targets(tickets, 'preceding')

    @classmethod
    def get_last_conversations(cls, tickets, name):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        return Conversation.newest(
            [t.id for t in tickets], cls.last_shown, shown=True)

    @classmethod
    def set_last_conversations(cls, tickets, name, value):
        "Conversations are made by the wizards and the doors, not here."

    @classmethod
    def get_origin(cls):
        pool = Pool()
        Model = pool.get('ir.model')
        names = Model.get_names()
        return [(None, ""), *((m, names.get(m, m)) for m in cls._get_origin())]

    @classmethod
    def _get_origin(cls):
        "Return the names of the models that a ticket can be about."
        return ['sale.sale', 'helpdesk.ticket']

    def get_rec_name(self, name):
        return f"#{self.number} {self.subject}"

    @classmethod
    def view_attributes(cls):
        over = Eval('state').in_(OVER_STATES)
        return super().view_attributes() + [
            ('/tree', 'visual',
                If(Eval('unread', False), 'warning',
                    If(Eval('is_overdue', False), 'danger',
                        If(over, 'muted', '')))),
            ('/tree/field[@name="employee"]', 'tree_invisible',
                Eval('helpdesk_mine', False)),
            ('/tree/field[@name="section"]', 'tree_invisible',
                Len(Eval('helpdesk_section_ids', [])) == 1),
            ]

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        if values.get('email'):
            values['email'] = values['email'].strip().lower()
        if mode == 'create':
            cls.set_numbers([values])
        return values

    @classmethod
    def set_numbers(cls, vlist):
        "Number the values of new tickets that have no number yet."
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        unnumbered = defaultdict(list)
        for values in vlist:
            if not values.get('number'):
                company = values.get('company', cls.default_company())
                unnumbered[company].append(values)
        for company, c_vlist in unnumbered.items():
            if company is None:
                continue
            sequence = Configuration(1).get_multivalue(
                'ticket_sequence', company=company)
            if not sequence:
                continue
            for values, number in zip(
                    c_vlist, sequence.get_many(len(c_vlist))):
                values['number'] = number

    @classmethod
    def check_modification(cls, mode, tickets, values=None, external=False):
        super().check_modification(
            mode, tickets, values=values, external=external)
        if mode == 'delete':
            for ticket in tickets:
                if ticket.state != 'draft':
                    raise TicketDeleteError(gettext(
                            'helpdesk.msg_ticket_delete_draft',
                            ticket=ticket.rec_name))

    @classmethod
    def create(cls, vlist):
        pool = Pool()
        History = pool.get('helpdesk.history')
        tickets = super().create(vlist)
        changes = []
        for ticket in tickets:
            changes.append((ticket.id, 'state', None, ticket.state))
            for what in ['stage', 'employee']:
                if value := getattr(ticket, what):
                    changes.append((ticket.id, what, None, value.id))
        History.append(changes, first=True)
        return tickets

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        for name in ['number', 'unread', 'closed_by', 'first_answer_at',
                'last_communication_at', 'resolved_at', 'closed_at',
                'preceding', 'follow_ups', 'conversations', 'history']:
            default.setdefault(name)
        default['unread'] = False
        default.setdefault('channel', 'application')
        return super().copy(tickets, default=default)

    def follow_up_values(self):
        """
        Return the values of a new ticket that follows this one up.

        What stays the same goes over; what happened does not.
        """
        values = {'preceding': self.id}
        for name in self._followed_up():
            value = getattr(self, name)
            values[name] = getattr(value, 'id', value)
        return values

    @classmethod
    def _followed_up(cls):
        "Return the names of the fields that a follow-up takes over."
        return [
            'subject', 'company', 'section', 'type', 'category', 'priority',
            'party', 'contact', 'contact_name', 'email', 'phone', 'language',
            'product', 'sale']

    @classmethod
    @without_check_access
    def communicated(cls, conversations):
        """
        Let the tickets take note of new conversations.

        What the customer says marks the ticket as unread and brings it back
        to the agents; what an agent says to the customer counts as the first
        answer. What a machine says changes neither state nor clock.
        """
        told, heard, answered = {}, set(), {}
        for conversation in conversations:
            ticket = conversation.ticket
            automatic = conversation.is_automatic()
            if (conversation.direction == 'internal'
                    or (automatic and conversation.direction == 'out')):
                continue
            told[ticket] = max(
                conversation.at, told.get(ticket, conversation.at))
            if automatic:
                continue
            if conversation.direction == 'in':
                heard.add(ticket)
            else:
                answered.setdefault(ticket, conversation.at)
        # What changes alike in one statement: save would take one for each
        changes = defaultdict(list)
        for ticket, at in told.items():
            values = ticket._communicated(
                at, ticket in heard, answered.get(ticket))
            changes[tuple(values.items())].append(ticket)
        changes.pop((), None)
        if changes:
            cls.write(*chain(*(
                        (tickets, dict(values))
                        for values, tickets in changes.items())))
        cls.open([t for t in answered if t.state == 'draft'])
        with Transaction().set_context(helpdesk_actor='customer'):
            cls.open([t for t in heard if t.state in WAITING_STATES])

    def _communicated(self, at, heard, answered_at):
        "Return the values that change."
        values = {
            # A letter may come late, or move here from another ticket
            'last_communication_at': max(
                at, self.last_communication_at or at),
            'first_answer_at': self.first_answer_at or answered_at,
            'unread': heard or (self.unread and answered_at is None),
            }
        return {n: v for n, v in values.items() if v != getattr(self, n)}
