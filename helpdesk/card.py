# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What the cards of tickets show.

Clients write on a card only text as it is, so that what a selection says, and
in what colour the list would be, are texts here.
"""
from trytond.model import fields
from trytond.pool import PoolMeta

from .workflow import OVER_STATES

# As clients mark rows
WARNING, DANGER, MUTED = '#f0ad4e', '#d9534f', '#999999'


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    card_color = fields.Function(fields.Char("Color",
            help="Orange for unread, red for overdue, "
            "grey for resolved and closed tickets."),
        'get_card')
    card_line = fields.Function(fields.Char("Summary",
            help="The stage or state, the customer, the responsible "
            "and the tags of the ticket."),
        'get_card')
    card_priority = fields.Function(fields.Char("Priority",
            help="How much it matters that the ticket is solved soon."),
        'get_card')
    card_marks = fields.Function(fields.Char("Marks",
            help="Whether the ticket is unread or overdue."),
        'get_card')

    @classmethod
    def get_card(cls, tickets, names):
        definition = cls.fields_get(
            ['state', 'priority', 'unread', 'is_overdue'])
        states = dict(definition['state']['selection'])
        priorities = dict(definition['priority']['selection'])
        cards = {
            'card_color': lambda t: t._card_color(),
            'card_line': lambda t: t._card_line(states),
            'card_priority': lambda t: priorities[t.priority],
            'card_marks': lambda t: ' · '.join(
                definition[n]['string'] for n in ['unread', 'is_overdue']
                if getattr(t, n)),
            }
        return {n: {t.id: cards[n](t) for t in tickets} for n in names}

    def _card_color(self):
        "Return the color for how the list marks the ticket."
        if self.unread:
            return WARNING
        elif self.is_overdue:
            return DANGER
        elif self.state in OVER_STATES:
            return MUTED

    def _card_line(self, states):
        "Return who and where in one line; states are the labels of them."
        return ' · '.join(filter(None, [
                    self.stage.rec_name if self.stage
                    else states[self.state],
                    self.party.rec_name if self.party else None,
                    self.employee.rec_name if self.employee else None,
                    self.tag_names]))
