# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import datetime as dt
from collections import defaultdict

from trytond.i18n import gettext
from trytond.model import ModelView, Workflow
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.pyson import Eval, If
from trytond.transaction import Transaction

from . import changes
from .exceptions import TransitionError

STATES = [
    ('draft', "Draft"),
    ('open', "In Process"),
    ('pending', "Waiting for Customer"),
    ('authorization', "Waiting for Authorization"),
    ('third_party', "Waiting for Third Party"),
    ('resolved', "Resolved"),
    ('closed', "Closed"),
    ]
# States in which nobody has anything to do
OVER_STATES = ['resolved', 'closed']
# States that an answer of the customer brings back to the agents
WAITING_STATES = ['pending', 'authorization', 'resolved']
# Fields that only buttons and communications change
KEPT_FIELDS = {
    'number', 'state', 'unread', 'closed_by', 'first_answer_at',
    'last_communication_at', 'resolved_at', 'closed_at', 'closes_at',
    'preceding', 'split_from', 'authorization_asked'}
# Those of them that are empty in a new ticket
NEW_FIELDS = KEPT_FIELDS - {'number', 'state'}
# Fields whose changes the history notes
NOTED_FIELDS = ['state', 'stage', 'section', 'employee', 'priority']
# The button that leads to each state; out of closed it is reopen
BUTTONS = {
    'open': 'open',
    'pending': 'wait',
    'authorization': 'authorize',
    'third_party': 'wait_third_party',
    'resolved': 'resolve',
    'closed': 'close',
    }


class TicketWorkflow(Workflow):
    "The states of a ticket, the ways between them, and their history."
    __slots__ = ()

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._transitions |= {
            ('draft', 'open'),
            ('draft', 'closed'),
            ('open', 'pending'),
            ('open', 'authorization'),
            ('open', 'third_party'),
            ('open', 'resolved'),
            ('open', 'closed'),
            ('pending', 'open'),
            ('pending', 'third_party'),
            ('pending', 'resolved'),
            ('pending', 'closed'),
            ('authorization', 'open'),
            ('authorization', 'closed'),
            ('third_party', 'open'),
            ('third_party', 'pending'),
            ('third_party', 'resolved'),
            ('third_party', 'closed'),
            ('resolved', 'open'),
            ('resolved', 'closed'),
            ('closed', 'open'),
            }
        cls._buttons.update(
            answer={
                'invisible': Eval('state') == 'closed',
                'icon': 'tryton-email',
                'depends': ['state'],
                },
            note={
                'icon': 'tryton-note',
                },
            take={
                'icon': 'tryton-download',
                'invisible': ((Eval('state') == 'closed')
                    | (Eval('employee', -2)
                        == Eval('context', {}).get('employee', -1))),
                'depends': ['state', 'employee'],
                },
            mark_read={
                'icon': 'tryton-clear',
                'invisible': ~Eval('unread', False),
                'depends': ['unread'],
                },
            open=cls._transition_button(
                'open', ~Eval('state').in_(['closed']),
                icon=If(Eval('state') == 'draft',
                    'tryton-forward', 'tryton-back')),
            wait=cls._transition_button('pending', icon='tryton-log'),
            authorize=cls._transition_button(
                'authorization', icon='tryton-question'),
            wait_third_party=cls._transition_button(
                'third_party', icon='tryton-log'),
            resolve=cls._transition_button('resolved', icon='tryton-ok'),
            close=cls._transition_button('closed', icon='tryton-archive'),
            reopen=cls._transition_button(
                'open', Eval('state') == 'closed', icon='tryton-undo'),
            )

    @classmethod
    def _transition_button(cls, state, condition=None, **attributes):
        "Return a button shown where a transition leads to the state."
        sources = sorted(s for s, t in cls._transitions if t == state)
        visible = Eval('state').in_(sources)
        if condition is not None:
            visible &= condition
        return {
            'invisible': ~visible,
            'depends': ['state'],
            **attributes,
            }

    @classmethod
    def check_modification(cls, mode, tickets, values=None, external=False):
        super().check_modification(
            mode, tickets, values=values, external=external)
        # Tryton 8.0 leaves it to the client to keep readonly fields
        if external and (
                (mode == 'write' and not KEPT_FIELDS.isdisjoint(values))
                or (mode == 'create' and any(
                        t.state != 'draft'
                        or any(getattr(t, n) for n in NEW_FIELDS)
                        for t in tickets))):
            raise AccessError(gettext('helpdesk.msg_ticket_kept'))

    @classmethod
    def write(cls, *args):
        pool = Pool()
        History = pool.get('helpdesk.history')
        noted = []
        args = changes.extend(args, cls._consequences)
        if not args:
            return
        actions = iter(args)
        for tickets, values in zip(actions, actions):
            for what in [f for f in NOTED_FIELDS if f in values]:
                new = values[what]
                for ticket in tickets:
                    old = getattr(ticket, what)
                    old = getattr(old, 'id', old)
                    if old != new:
                        noted.append((ticket.id, what, old, new))
        super().write(*args)
        History.append(noted)

    def _consequences(self, values):
        """
        Return what else changes when the values are written.

        A dictionary of plain values, such as ids.
        """
        return {}

    @classmethod
    def check_transition(cls, tickets, state):
        """
        Check that there is a way from the states of the tickets to another.

        state is a key of STATES. Raise TransitionError for a ticket that
        cannot go there; one that is there already can.
        """
        for ticket in tickets:
            way = (ticket.state, state)
            if ticket.state != state and way not in cls._transitions:
                labels = dict(cls.fields_get(['state'])['state']['selection'])
                raise TransitionError(gettext(
                        'helpdesk.msg_ticket_transition',
                        ticket=ticket.rec_name,
                        old=labels[ticket.state], new=labels[state]))

    @classmethod
    def bring_to(cls, tickets, state):
        """
        Bring the tickets to a state by the buttons that lead there.

        state is a key of STATES. Raise TransitionError if there is no way,
        and what the buttons raise, as for who may not reopen a ticket.
        """
        cls.check_transition(tickets, state)
        moved = defaultdict(list)
        for ticket in tickets:
            if ticket.state != state:
                button = (
                    'reopen' if ticket.state == 'closed' else BUTTONS[state])
                moved[button].append(ticket)
        for button, tickets in moved.items():
            getattr(cls, button)(tickets)

    @classmethod
    @ModelView.button_action('helpdesk.wizard_ticket_answer')
    def answer(cls, tickets):
        pass

    @classmethod
    @ModelView.button_action('helpdesk.wizard_ticket_note')
    def note(cls, tickets):
        pass

    @classmethod
    @ModelView.button
    def take(cls, tickets):
        pool = Pool()
        User = pool.get('res.user')
        employee = User(Transaction().user).employee
        if not employee:
            raise AccessError(gettext('helpdesk.msg_ticket_take_employee'))
        cls.write(tickets, {'employee': employee.id})
        cls.open([t for t in tickets if t.state == 'draft'])

    @classmethod
    @ModelView.button
    def mark_read(cls, tickets):
        cls.write(tickets, {'unread': False})

    @classmethod
    @ModelView.button
    def open(cls, tickets):
        cls._open([t for t in tickets if t.state != 'closed'])

    @classmethod
    @ModelView.button
    def reopen(cls, tickets):
        cls._open([t for t in tickets if t.state == 'closed'])

    @classmethod
    @Workflow.transition('open')
    def _open(cls, tickets):
        if not tickets:
            # Most new conversations open none
            return
        cls.write(tickets, {
                'resolved_at': None,
                'closed_at': None,
                'closed_by': None,
                })

    @classmethod
    @ModelView.button
    @Workflow.transition('pending')
    def wait(cls, tickets):
        pass

    @classmethod
    @ModelView.button
    @Workflow.transition('authorization')
    def authorize(cls, tickets):
        pass

    @classmethod
    @ModelView.button
    @Workflow.transition('third_party')
    def wait_third_party(cls, tickets):
        pass

    @classmethod
    @ModelView.button
    @Workflow.transition('resolved')
    def resolve(cls, tickets):
        cls.write(tickets, {
                'resolved_at': dt.datetime.now().replace(microsecond=0),
                'unread': False,
                })

    @classmethod
    @ModelView.button
    @Workflow.transition('closed')
    def close(cls, tickets):
        pool = Pool()
        History = pool.get('helpdesk.history')
        actor = History.current_actor()
        cls.write(tickets, {
                'closed_at': dt.datetime.now().replace(microsecond=0),
                'closed_by': 'team' if actor == 'agent' else actor,
                'unread': False,
                })
