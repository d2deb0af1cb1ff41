# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from sql.aggregate import Count
from trytond.model import ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access
from trytond.wizard import (
    Button, StateAction, StateTransition, StateView, Wizard)

from .duplicate import likeness
from .workflow import OVER_STATES


class MergeStart(ModelView):
    __name__ = 'helpdesk.ticket.merge.start'

    tickets = fields.Many2Many(
        'helpdesk.ticket', None, None, "Tickets", readonly=True,
        help="The tickets to choose from.")
    target = fields.Many2One(
        'helpdesk.ticket', "Merge Into", required=True,
        domain=[
            ('id', 'in', Eval('tickets', [])),
            ('state', '!=', 'closed'),
            ],
        help="The ticket in which the others go on.")
    participants = fields.Boolean("Let Their People Take Part",
        help="The people of the merged tickets get the answers of the "
        "ticket they are merged into.")
    other_customers = fields.Boolean("Other Customers", readonly=True,
        states={
            'invisible': True,
            },
        help="Some of the tickets to merge are from another customer.")
    pairs = fields.One2Many(
        'helpdesk.ticket.merge.pair', None, "Tickets to Merge",
        help="How like they are to the ticket they are merged into.")

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('//group[@id="other_customers"]', 'states', {
                    'invisible': ~Eval('other_customers'),
                    }, ['other_customers']),
            ]

    @fields.depends('tickets', 'target', 'pairs')
    def on_change_target(self):
        pool = Pool()
        Pair = pool.get('helpdesk.ticket.merge.pair')
        chosen = {p.ticket for p in self.pairs or [] if p.chosen}
        if not self.pairs:
            chosen = set(self.tickets or [])
        elif self.target:
            # The one that was the target before is to be merged now
            chosen |= set(self.tickets) - {p.ticket for p in self.pairs}
        self.other_customers = False
        self.participants = True
        if not self.target:
            self.pairs = []
            return
        others = [t for t in self.tickets or [] if t != self.target]
        self.pairs = [
            Pair(**values)
            for values in Pair.compare(others, self.target, chosen)]
        self.on_change_pairs()

    @fields.depends('target', 'pairs')
    def on_change_pairs(self):
        self.other_customers = any(
            p.chosen and p.ticket.party != self.target.party
            for p in self.pairs or [] if self.target)
        self.participants = not self.other_customers


class MergePair(ModelView):
    __name__ = 'helpdesk.ticket.merge.pair'

    chosen = fields.Boolean("Merge",
        help="Check to merge the ticket.")
    ticket = fields.Many2One('helpdesk.ticket', "Ticket", readonly=True,
        help="The ticket that is compared.")
    overall = fields.Float("Likeness", digits=(1, 2), readonly=True,
        help="How like the tickets are altogether.")
    subject = fields.Float("Subject", digits=(1, 2), readonly=True,
        help="How like the subjects are.")
    text = fields.Float("Text", digits=(1, 2), readonly=True,
        help="How like the descriptions are.")
    customer = fields.Boolean("Same Customer", readonly=True,
        help="Both are from the same customer or address.")
    product = fields.Boolean("Same Product", readonly=True,
        help="Both are about the same product.")
    conversations = fields.Integer("Conversations", readonly=True,
        help="How much of what was said moves.")
    files = fields.Integer("Attachments", readonly=True,
        help="How many files of the ticket itself move.")

    @classmethod
    def compare(cls, tickets, target, chosen):
        """
        Return the values of the pairs of tickets with the target.

        chosen are the tickets that are to be merged. In a fixed number of
        statements, the most alike first.
        """
        pool = Pool()
        conversations = _count(
            pool.get('helpdesk.conversation'), 'ticket',
            [t.id for t in tickets])
        files = _count(
            pool.get('ir.attachment'), 'resource', [str(t) for t in tickets])
        pairs = []
        for ticket in tickets:
            like = likeness(ticket, target)
            pairs.append({
                    'chosen': ticket in chosen,
                    'ticket': ticket.id,
                    'overall': like.overall,
                    'subject': like.subject,
                    'text': like.text,
                    'customer': bool(like.customer),
                    'product': bool(like.product),
                    'conversations': conversations.get(ticket.id, 0),
                    'files': files.get(str(ticket), 0),
                    })
        return sorted(pairs, key=lambda p: (-p['overall'], p['ticket']))


def _count(Model, name, keys):
    "Return how many records of the model each of the keys has."
    table = Model.__table__()
    column = getattr(table, name)
    cursor = Transaction().connection.cursor()
    cursor.execute(*table.select(
            column, Count(table.id),
            where=fields.SQL_OPERATORS['in'](column, keys),
            group_by=[column]))
    return dict(cursor)


class Merge(Wizard):
    __name__ = 'helpdesk.ticket.merge'

    start = StateView(
        'helpdesk.ticket.merge.start', 'helpdesk.merge_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Merge", 'merge', 'tryton-ok', default=True),
            ])
    merge = StateTransition()
    open_ = StateAction('helpdesk.act_merge_target')

    def default_start(self, fields):
        pool = Pool()
        Start = pool.get('helpdesk.ticket.merge.start')
        tickets = sorted(self.records, key=lambda t: t.id)
        chosen = set(tickets)
        if len(tickets) == 1:
            tickets += list(tickets[0].possible_duplicates)
        target = next(
            (t for t in tickets if t.state not in OVER_STATES),
            next((t for t in tickets if t.state != 'closed'), tickets[0]))
        if len(chosen) == 1:
            # The older ones wait longer; which of them is for the user
            target, = chosen
        self.model.check_workable(self.records)
        self.model.check_merge(
            [t for t in tickets if t != target], target)
        start = Start(tickets=tickets, target=target, pairs=[])
        with without_check_access():
            start.on_change_target()
        for pair in start.pairs:
            pair.chosen = pair.ticket in chosen
        start.on_change_pairs()
        return {
            'tickets': [t.id for t in tickets],
            'target': target.id,
            'participants': start.participants,
            'other_customers': start.other_customers,
            'pairs': [{
                    'chosen': p.chosen,
                    'ticket': p.ticket.id,
                    'ticket.': {'rec_name': p.ticket.rec_name},
                    **{n: getattr(p, n) for n in [
                            'overall', 'subject', 'text', 'customer',
                            'product', 'conversations', 'files']},
                    } for p in start.pairs],
            }

    def transition_merge(self):
        self.model.merge(
            [p.ticket for p in self.start.pairs if p.chosen],
            self.start.target, participants=self.start.participants)
        return 'open_'

    def do_open_(self, action):
        return action, {'res_id': [self.start.target.id]}
