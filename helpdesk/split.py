# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What was said on a ticket and becomes a ticket of its own.
"""
from collections import defaultdict

from sql import Null
from trytond.i18n import gettext
from trytond.model import Index, ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval, PYSONEncoder
from trytond.transaction import Transaction, check_access, without_check_access
from trytond.wizard import Button, StateAction, StateView, Wizard

from .exceptions import SplitError
from .limited import LIMITED
from .ticket import PRIORITIES

# The channel of a ticket that begins with a kind of conversation
_CHANNELS = {'email', 'web', 'chat', 'phone'}


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    split_from = fields.Many2One('helpdesk.ticket', "Split From",
        readonly=True, ondelete='SET NULL',
        help="The ticket that this one was a part of.")
    split_into = fields.One2Many('helpdesk.ticket', 'split_from', "Split Into",
        readonly=True,
        states={
            'invisible': ~Eval('split_into'),
            },
        help="The tickets that were a part of this one.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(
            Index(t,
                (t.split_from, Index.Range()),
                where=t.split_from != Null))
        cls._buttons['split_conversations'] = {
            'invisible': Eval('id', -1) < 0,
            'icon': 'tryton-switch',
            'depends': ['id'],
            }

    @classmethod
    @ModelView.button_action('helpdesk.wizard_ticket_split')
    def split_conversations(cls, tickets):
        pass

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('split_from')
        default.setdefault('split_into')
        return super().copy(tickets, default=default)

    @classmethod
    @without_check_access
    def split(cls, conversations, values=None, copy=False):
        """
        Make a ticket of its own out of conversations of one ticket.

        values are those of the new ticket that shall differ from the ones it
        takes over. With copy the conversations stay where they are, too.
        Nobody outside is told. Return the new ticket. Raise SplitError if
        that can't be done; access is not checked.
        """
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        conversations = list(Conversation.browse(conversations))
        source = cls.check_split(conversations, copy=copy)
        values = {**source.split_values(conversations), **(values or {})}
        if values['party'] != (source.party.id if source.party else None):
            # It is of the other customer
            values['sale'] = None
        with Transaction().set_context(helpdesk_acknowledge=False):
            ticket, = cls.create([values])
        # Copies are said anew, which would mark the ticket
        unread = source.unread
        if copy:
            Conversation.copy(
                conversations, default=Conversation.split_defaults(ticket))
        else:
            Conversation.write(conversations, {'ticket': ticket.id})
            cls._split_moved(source, ticket, conversations)
        ticket = cls(ticket.id)
        cls._recount(source, ticket, unread, conversations, copy)
        cls._note_split(source, ticket, len(conversations), copy)
        return ticket

    @classmethod
    def check_split(cls, conversations, copy=False):
        "Check that they can be split, and return their ticket."
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        tickets = {c.ticket for c in conversations}
        if len(tickets) != 1:
            raise SplitError(gettext('helpdesk.msg_split_one_ticket'))
        source, = tickets
        if source.merged_into:
            raise SplitError(gettext(
                    'helpdesk.msg_split_merged', ticket=source.rec_name))
        if copy:
            return source
        if source.state == 'closed':
            raise SplitError(gettext(
                    'helpdesk.msg_split_closed', ticket=source.rec_name))
        domain = [
            ('ticket', '=', source.id),
            ('id', 'not in', [c.id for c in conversations]),
            ]
        if any(c.direction != 'internal' for c in conversations):
            # Each split leaves a note
            domain.append(('direction', '!=', 'internal'))
        # What a machine said leaves nothing to work on
        if all(c.is_automatic()
                for c in Conversation.search(domain, order=[])):
            raise SplitError(gettext(
                    'helpdesk.msg_split_all', ticket=source.rec_name))
        return source

    def split_values(self, conversations):
        """
        Return the values of the ticket that conversations of this one become.

        The customer stays the same, unless another one wrote all that came
        in. The channel is that of what was said first.
        """
        first = min(conversations, key=lambda c: (c.at, c.id))
        subjects = [c.subject for c in conversations if c.subject]
        values = {
            **self.follow_up_values(),
            'split_from': self.id,
            'employee': self.employee.id if self.employee else None,
            'channel': (
                first.kind if first.kind in _CHANNELS else 'application'),
            'state': 'open',
            }
        if subjects:
            values['subject'] = subjects[0]
        writers = {c.split_writer() for c in conversations
            if c.direction == 'in' and not c.is_automatic()}
        if len(writers) == 1:
            values.update(self._split_customer(*writers.pop()))
        return values

    def _split_customer(self, party, email, name):
        "Return the values that tell who asks, if it is not who asked here."
        if (email and email == self.email) or (
                not email and party in {self.party, self.contact}):
            return {}
        if not (party or email):
            return {}
        values = {
            'contact_name': name or (party.name if party else None),
            'email': email or (party.email if party else None) or None,
            'phone': (party.phone or party.mobile or None) if party else None,
            'contact': party.id if party and party == self.contact else None,
            }
        # The customer here shall not read there what others wrote
        if not party or party not in {self.party, self.contact}:
            values['party'] = party.id if party else None
        if party and party.lang:
            values['language'] = party.lang.id
        return values

    @classmethod
    def _split_moved(cls, source, ticket, conversations):
        "Let follow what belongs to the conversations that have moved."

    @classmethod
    def _recount(cls, source, ticket, unread, conversations, copy):
        "Set what follows from what is said on the tickets by now."
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        said = defaultdict(list)
        for conversation in Conversation.search([
                    ('ticket', 'in', [source.id, ticket.id]),
                    ('direction', '!=', 'internal'),
                    ], order=[('at', 'ASC'), ('id', 'ASC')]):
            if (conversation.direction == 'in'
                    or not conversation.is_automatic()):
                said[conversation.ticket.id].append(conversation)
        changes = [[ticket], ticket._counted(said[ticket.id], unread)]
        if not copy:
            values = source._counted(said[source.id], unread)
            if not any(c.direction == 'out' for c in conversations):
                del values['first_answer_at']
            changes += [[source], values]
        cls.write(*changes)

    def _counted(self, conversations, unread):
        "Return the values that follow from conversations, the oldest first."
        spoken = [c for c in conversations if not c.is_automatic()]
        answers = [c.at for c in spoken if c.direction == 'out']
        began = self.create_date.replace(microsecond=0)
        return {
            'last_communication_at': (
                conversations[-1].at if conversations else None),
            # Nobody answers what is not there yet
            'first_answer_at': max(answers[0], began) if answers else None,
            'unread': bool(
                unread and spoken and spoken[-1].direction == 'in'),
            }

    @classmethod
    def _note_split(cls, source, ticket, count, copy):
        "Tell in both tickets where what was said has gone, and come from."
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        History = pool.get('helpdesk.history')
        way = 'copied' if copy else 'moved'
        Conversation.create(
            Conversation.notes([source], gettext(
                    f'helpdesk.msg_split_{way}_to',
                    count=count, number=ticket.number))
            + Conversation.notes([ticket], gettext(
                    f'helpdesk.msg_split_{way}_from',
                    count=count, number=source.number)))
        History.append([
                (t.id, 'split_into', f'#{source.number}', f'#{ticket.number}')
                for t in [source, ticket]])


class History(metaclass=PoolMeta):
    __name__ = 'helpdesk.history'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.what.selection.append(('split_into', "Split"))


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons['split'] = {
            'icon': 'tryton-switch',
            }

    @classmethod
    @ModelView.button_action('helpdesk.wizard_conversation_split')
    def split(cls, conversations):
        pass

    def split_writer(self):
        "Return party, address and name of who said it, None if not known."
        return self.party, None, self.author

    @classmethod
    def split_defaults(cls, ticket):
        "Return what differs in the copies that become part of the ticket."
        return {'ticket': ticket.id}


class SplitStart(ModelView):
    __name__ = 'helpdesk.conversation.split.start'

    ticket = fields.Many2One('helpdesk.ticket', "Ticket", readonly=True)
    company = fields.Many2One('company.company', "Company", readonly=True)
    conversations = fields.Many2Many(
        'helpdesk.conversation', None, None, "Conversations", required=True,
        domain=[
            ('ticket', '=', Eval('ticket', -1)),
            ],
        help="What the new ticket begins with.")
    way = fields.Selection([
            ('move', "Move"),
            ('copy', "Copy"),
            ], "Way", required=True, sort=False,
        help="Whether the conversations leave the ticket they are on.\n"
        "Answers of the customer follow what moves.")
    subject = fields.Char("Subject", required=True,
        help="What the new ticket is about, in a few words.")
    section = fields.Many2One('helpdesk.section', "Section", required=True,
        domain=[
            ('company', '=', Eval('company', -1)),
            ],
        help="The team that works on the new ticket.")
    party = fields.Many2One('party.party', "Customer",
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="The customer the new ticket is for.")
    contact = fields.Many2One('party.party', "Contact Person",
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="The person at the customer's who asks.")
    contact_name = fields.Char("Contact Name",
        help="The name of the person who asks.")
    email = fields.Char("E-Mail",
        help="The address the answers go to.")
    type = fields.Many2One('helpdesk.type', "Type", domain=LIMITED,
        help="What kind of request it is.")
    category = fields.Many2One('helpdesk.category', "Category",
        domain=LIMITED,
        help="The service or subject the request is about.")
    priority = fields.Selection(PRIORITIES, "Priority", required=True,
        sort=False,
        help="How much it matters that the new ticket is solved soon.")
    employee = fields.Many2One('company.employee', "Responsible",
        domain=[
            ('helpdesk_assignable', '=', Eval('section', -1)),
            ],
        help="The member of the section who takes care of the new ticket.")

    @fields.depends('section', 'employee')
    def on_change_section(self):
        if (self.section and self.employee
                and self.employee not in self.section.assignable):
            self.employee = None

    def values(self):
        "Return the values of the new ticket, by name."
        values = {}
        for name in _CHOSEN:
            value = getattr(self, name, None)
            values[name] = getattr(value, 'id', value)
        return values


# What the user chooses for the new ticket
_CHOSEN = [
    'subject', 'section', 'party', 'contact', 'contact_name', 'email', 'type',
    'category', 'priority', 'employee']


class Split(Wizard):
    __name__ = 'helpdesk.conversation.split'

    start = StateView(
        'helpdesk.conversation.split.start',
        'helpdesk.split_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Split", 'split', 'tryton-ok', default=True),
            ])
    split = StateAction('helpdesk.act_ticket_split')

    @classmethod
    def check_access(cls):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        context = Transaction().context
        if (Transaction().user
                and context.get('active_model') == Conversation.__name__):
            # Nobody may write those; who may split them is checked below
            with check_access():
                Conversation.read(context.get('active_ids') or [], ['id'])
        else:
            super().check_access()

    @without_check_access
    def _chosen(self):
        "Return the conversations that the wizard was started on."
        if self.model.__name__ == 'helpdesk.conversation':
            return list(self.model.browse(self.records))
        return []

    def default_start(self, fields):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        chosen = self._chosen()
        with without_check_access():
            tickets = {c.ticket for c in chosen} or {Ticket(self.record.id)}
        Ticket.check_workable(list(tickets))
        with without_check_access():
            if len(tickets) > 1:
                raise SplitError(gettext('helpdesk.msg_split_one_ticket'))
            source, = tickets
            if chosen:
                Ticket.check_split(chosen, copy=True)
                values = source.split_values(chosen)
            else:
                values = {
                    **source.follow_up_values(),
                    'employee': source.employee.id if source.employee else None
                    }
            return {
                'ticket': source.id,
                'company': source.company.id,
                'conversations': [c.id for c in chosen],
                'way': 'copy' if source.state == 'closed' else 'move',
                **{n: values[n] for n in _CHOSEN},
                }

    def do_split(self, action):
        ticket = self._split()
        action['pyson_domain'] = PYSONEncoder().encode(
            [('id', '=', ticket.id)])
        return action, {'res_id': [ticket.id]}

    def _split(self):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        Ticket = pool.get('helpdesk.ticket')
        start = self.start
        ids = [c.id for c in start.conversations]
        values = start.values()
        self._check_chosen(ids, values)
        with without_check_access():
            ticket = Ticket.split(
                Conversation.browse(ids), values, copy=start.way == 'copy')
        # Nor may it go to where the user has nothing to do
        Ticket.check_workable([ticket])
        return ticket

    def _check_chosen(self, ids, values):
        "Check that the user may use what he names: the network lets him any."
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        Ticket = pool.get('helpdesk.ticket')
        with check_access():
            Conversation.read(ids, ['id'])
            for name in ['section', 'party', 'contact', 'employee']:
                if values[name]:
                    Target = Ticket._fields[name].get_target()
                    Target.read([values[name]], ['id'])
        with without_check_access():
            sources = list({c.ticket for c in Conversation.browse(ids)})
        Ticket.check_workable(sources)
