# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from hashlib import sha256

from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval, If
from trytond.tools import firstline
from trytond.transaction import Transaction, without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .exceptions import AuthorizationError
from .export import CheckedExportMixin
from .lookup import CheckedSearchMixin
from .party import ERASED
from .workflow import OVER_STATES

# States in which an agent can ask the customer to authorize something
ASKING_STATES = ['draft', 'open', 'pending', 'authorization']


class Authorization(
        CheckedSearchMixin, CheckedExportMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.authorization'

    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", required=True, readonly=True,
        ondelete='CASCADE',
        help="The ticket that can't go on without it.")
    question = fields.Text("Question", required=True, readonly=True,
        strip=False,
        help="What the customer is asked to authorize, as it is shown.")
    question_hash = fields.Char("Hash of the Question", required=True,
        readonly=True,
        help="The SHA-256 of the question in UTF-8. It proves which text was "
        "decided on.")
    signature = fields.Boolean("Signature Required", readonly=True,
        help="The customer has to sign to authorize it.")
    state = fields.Selection([
            ('asked', "Asked"),
            ('granted', "Granted"),
            ('denied', "Denied"),
            ('withdrawn', "Withdrawn"),
            ], "State", required=True, readonly=True, sort=False,
        help="What became of the question.")
    asked_at = fields.DateTime("Asked On", required=True, readonly=True,
        help="When the customer was asked.")
    asked_by = fields.Char("Asked By", readonly=True,
        help="The name of who asked the customer.")
    employee = fields.Many2One('company.employee', "Employee", readonly=True,
        help="The employee who asked the customer.")
    decided_at = fields.DateTime("Decided On", readonly=True,
        help="When the customer decided, or the question was withdrawn.")
    decided_by = fields.Char("Decided By", readonly=True,
        help="The name of who decided, as typed when signing.")
    decided_email = fields.Char("E-Mail", readonly=True,
        help="The address of who decided.")
    decided_party = fields.Many2One('party.party', "Party", readonly=True,
        help="The party of who decided, if known.")
    reason = fields.Text("Reason", readonly=True,
        states={
            'invisible': Eval('state') != 'denied',
            },
        help="Why the customer denied it.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('ticket')
        cls._order = [('id', 'DESC')]
        t = cls.__table__()
        cls._sql_indexes.add(Index(t,
                (t.ticket, Index.Range()),
                (t.id, Index.Range(order='DESC'))))

    @classmethod
    def default_state(cls):
        return 'asked'

    @classmethod
    def default_signature(cls):
        return False

    def get_rec_name(self, name):
        return firstline(self.question)[:100]

    @classmethod
    def search_rec_name(cls, name, clause):
        # It is no _rec_name, which Tryton would put an index on: those of
        # PostgreSQL take at most 2.7 kB
        return [('question', *clause[1:])]

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree', 'visual',
                If(Eval('state') == 'withdrawn', 'muted', '')),
            ]

    @classmethod
    def check_modification(
            cls, mode, authorizations, values=None, external=False):
        super().check_modification(
            mode, authorizations, values=values, external=external)
        # Who may write tickets may by __access__ write these too
        if external:
            raise AccessError(gettext('helpdesk.msg_authorization_kept'))

    @classmethod
    @without_check_access
    def ask(cls, questions):
        """
        Ask the customers of tickets to authorize something.

        questions are tuples of a ticket, the text, and whether the customer
        has to sign. What a customer was asked before and has not decided is
        withdrawn. Nobody is told and no state changes. Return the
        authorizations.
        """
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        tickets = [ticket for ticket, _, _ in questions]
        cls.withdraw(tickets)
        authorizations = cls.create([{
                    'ticket': ticket.id,
                    'question': question,
                    'question_hash': cls.hash(question),
                    'signature': signature,
                    **cls._asked_by(ticket),
                    } for ticket, question, signature in questions])
        Ticket.write(
            [Ticket(t.id) for t in tickets], {'authorization_asked': True})
        return authorizations

    @staticmethod
    def hash(question):
        "Return the fingerprint of the text of a question, a str"
        return sha256(question.encode('utf-8')).hexdigest()

    @classmethod
    def _asked_by(cls, ticket):
        "Return the values that tell when and by whom the customer is asked"
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        User = pool.get('res.user')
        if user := Transaction().user:
            said = Conversation.said_by(User(user))
        else:
            said = {
                'at': Conversation.default_at(),
                'author': ticket.section.name,
                'employee': None,
                }
        return {
            'asked_at': said['at'],
            'asked_by': said['author'],
            'employee': said['employee'],
            }

    @classmethod
    @without_check_access
    def ask_last_answers(cls, tickets):
        """
        Ask the customers of tickets what the last answer to them says.

        It is for tickets that wait for an authorization though nobody wrote
        a question. Where there is no answer the subject is the question.
        """
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        if not tickets:
            return []
        newest = Conversation.newest(
            [t.id for t in tickets], tickets[0].last_shown, shown=True)
        said = {c.id: c for c in Conversation.browse(
                [i for ids in newest.values() for i in ids])}
        answers = {
            ticket: next((
                    said[i].body for i in ids
                    if said[i].direction == 'out'
                    and not said[i].is_automatic() and said[i].body), None)
            for ticket, ids in newest.items()}
        return cls.ask([
                (t, answers[t.id] or t.subject, bool(t.online_signature))
                for t in tickets])

    @classmethod
    @without_check_access
    def asked(cls, tickets):
        """
        Return what the customers of the tickets have still to decide.

        A list, without any search if they are asked nothing.
        """
        tickets = [t.id for t in tickets if t.authorization_asked]
        if not tickets:
            return []
        return list(cls.search([
                    ('ticket', 'in', tickets),
                    ('state', '=', 'asked'),
                    ]))

    @classmethod
    @without_check_access
    def withdraw(cls, tickets):
        "Ask the customers of the tickets no longer what they are asked"
        pool = Pool()
        User = pool.get('res.user')
        values = {}
        if user := Transaction().user:
            user = User(user)
            values['decided_by'] = (user.employee or user).rec_name
        cls.settle(cls.asked(tickets), 'withdrawn', values)

    @classmethod
    @without_check_access
    def settle(cls, authorizations, state, values):
        """
        Note what became of questions that were asked.

        state is granted, denied or withdrawn, values a dictionary with who
        decided. No ticket changes its state.
        """
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        if not authorizations:
            return
        cls.write(authorizations, {
                'state': state,
                'decided_at': dt.datetime.now().replace(microsecond=0),
                **values,
                })
        Ticket.write(
            [Ticket(a.ticket.id) for a in authorizations],
            {'authorization_asked': False})

    def conversation(self):
        """
        Return the values of the conversation that asks the customer.

        It goes by mail to who has an address.
        """
        pool = Pool()
        Start = pool.get('helpdesk.ticket.answer.start')
        return {
            'ticket': self.ticket.id,
            'kind': Start.kind_for(self.ticket),
            'direction': 'out',
            'at': self.asked_at,
            'author': self.asked_by,
            'employee': self.employee.id if self.employee else None,
            'subject': self.ticket.subject,
            'body': self.letter(),
            }

    def letter(self):
        "Return the text that asks the customer"
        return self.question


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    authorizations = fields.One2Many(
        'helpdesk.authorization', 'ticket', "Authorizations", readonly=True,
        help="What the customer was asked to authorize, and what became of "
        "it, the newest first.")
    authorization_asked = fields.Boolean("Authorization Asked", readonly=True,
        help="The customer has still to decide what is asked for.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update(
            ask_authorization={
                'invisible': ~Eval('state').in_(ASKING_STATES),
                'icon': 'tryton-question',
                'depends': ['state'],
                },
            withdraw_question={
                'invisible': ~Eval('authorization_asked', False),
                'icon': 'tryton-cancel',
                'depends': ['authorization_asked'],
                },
            )

    @classmethod
    def default_authorization_asked(cls):
        return False

    def decided_authorizations(self):
        "Return the authorizations granted or denied, the newest first"
        return [
            a for a in self.authorizations
            if a.state in {'granted', 'denied'}]

    @classmethod
    def write(cls, *args):
        pool = Pool()
        Authorization = pool.get('helpdesk.authorization')
        unasked, over = [], []
        actions = iter(args)
        for tickets, values in zip(actions, actions):
            if values.get('state') == 'authorization':
                unasked += [t for t in tickets if not t.authorization_asked]
            elif values.get('state') in OVER_STATES:
                over += [t for t in tickets if t.authorization_asked]
        super().write(*args)
        # A customer who is waited for must have something to decide
        Authorization.ask_last_answers(unasked)
        Authorization.withdraw(over)

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('authorizations')
        default.setdefault('authorization_asked', False)
        return super().copy(tickets, default=default)

    @classmethod
    @ModelView.button_action('helpdesk.wizard_ticket_ask_authorization')
    def ask_authorization(cls, tickets):
        pass

    @classmethod
    @ModelView.button
    def withdraw_question(cls, tickets):
        pool = Pool()
        Authorization = pool.get('helpdesk.authorization')
        Authorization.withdraw(tickets)
        cls.open([t for t in tickets if t.state == 'authorization'])


class AskAuthorizationStart(ModelView):
    __name__ = 'helpdesk.ticket.ask_authorization.start'

    to = fields.Char("To", readonly=True,
        help="Who is asked.")
    question = fields.Text("Question", required=True,
        help="What the customer shall authorize, in full: it is what counts "
        "afterwards.")
    signature = fields.Boolean("Online Signature",
        help="The customer has to sign to authorize it.")
    replaces = fields.Text("Not Decided Yet", readonly=True,
        states={
            'invisible': ~Eval('replaces'),
            },
        help="What the customer is asked already. "
        "The new question takes its place.")


class AskAuthorization(Wizard):
    __name__ = 'helpdesk.ticket.ask_authorization'

    start = StateView(
        'helpdesk.ticket.ask_authorization.start',
        'helpdesk.ask_authorization_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Ask and Wait", 'ask', 'tryton-email', default=True),
            ])
    ask = StateTransition()

    def default_start(self, fields):
        pool = Pool()
        Authorization = pool.get('helpdesk.authorization')
        self._check()
        return {
            'to': ', '.join(filter(None, [
                        self.record.contact_name,
                        self.record.email or self.record.phone])),
            'signature': bool(self.record.online_signature),
            'replaces': '\n\n'.join(
                a.question for a in Authorization.asked([self.record])),
            }

    def _check(self):
        "Check that the user may ask in the ticket, and that it is the time"
        self.model.check_workable([self.record])
        if self.record.state not in ASKING_STATES:
            raise AuthorizationError(gettext(
                    'helpdesk.msg_authorization_state',
                    ticket=self.record.rec_name))

    def transition_ask(self):
        pool = Pool()
        Authorization = pool.get('helpdesk.authorization')
        Conversation = pool.get('helpdesk.conversation')
        self._check()
        question = (self.start.question or '').strip()
        if not question:
            raise AuthorizationError(
                gettext('helpdesk.msg_authorization_empty'))
        with without_check_access():
            authorization, = Authorization.ask([
                    (self.record, question, bool(self.start.signature))])
            Conversation.create([authorization.conversation()])
            self._wait()
        return 'end'

    def _wait(self):
        "Bring the ticket to its state, through open where it must"
        # The question may have changed the state of the ticket
        ticket = self.model(self.record.id)
        if ticket.state not in {'open', 'authorization'}:
            self.model.open([ticket])
        self.model.authorize([self.model(ticket.id)])

    def end(self):
        return 'reload'


class Replace(metaclass=PoolMeta):
    __name__ = 'party.replace'

    @classmethod
    def fields_to_replace(cls):
        return super().fields_to_replace() + [
            ('helpdesk.authorization', 'decided_party'),
            ]


class Erase(metaclass=PoolMeta):
    __name__ = 'party.erase'

    def _helpdesk_to_erase(self, party, tickets):
        pool = Pool()
        Authorization = pool.get('helpdesk.authorization')
        names = self._helpdesk_authorization_to_erase()
        return super()._helpdesk_to_erase(party, tickets) + [
            (Authorization, ['OR',
                    ('ticket', 'in', tickets),
                    ('decided_party', '=', party.id),
                    ('decided_email', 'in', party.helpdesk_emails()),
                    ], True,
                ['question', *names],
                [ERASED] + [None] * len(names)),
            ]

    @classmethod
    def _helpdesk_authorization_to_erase(cls):
        """
        Return the names of what tells who decided.

        That somebody was asked, when, and how it ended stays.
        """
        return ['decided_by', 'decided_email', 'reason']
