# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What a letter can be about: a ticket, and who takes part in it.

Decided here: who takes part, and how the tickets of a batch's clues are found
in a few queries. Not here: which clue counts (intake/thread.py).
"""
from dataclasses import dataclass, field

from trytond.pool import Pool
from trytond.transaction import inactive_records

from .intake.thread import Thread


@dataclass(eq=False)
class Matter:
    "A ticket, there already or about to be made."
    ticket: object = None
    values: dict = None
    company: int = None
    section: object = None
    email: str = None
    parties: set = field(default_factory=set)
    others: set = field(default_factory=set)
    closed: bool = False
    # Those of the tickets that were merged into this one
    merged: list = field(default_factory=list)

    def takes_part(self, sender):
        return bool(self.known_to(sender))

    def known_to(self, sender):
        """
        Return the Matter as which the sender knows this one, or None.

        Who took part in a ticket that was merged into this one knows that
        one only.
        """
        return next((
                m for m in [self, *self.merged] if m._has(sender)), None)

    def _has(self, sender):
        return ((sender.email and sender.email == self.email)
            or sender.email in self.others
            or not self.parties.isdisjoint(sender.parties))


class Matters:
    "Finds the tickets of the clues of a batch in a few queries."

    def __init__(self, items):
        self._senders = {i.sender.email for i in items if i.sender.email}
        clues = {c for i in items for c in i.clues}
        by_id = {c.value for c in clues if c.kind in {'address', 'message'}}
        by_id |= {
            i.mail.wanted_ticket.id for i in items if i.mail.wanted_ticket}
        by_reference = {c.value for c in clues if c.kind == 'reference'}
        by_number = {c.value for c in clues if c.kind == 'number'}
        # Also what we sent ourselves may have moved to another ticket
        answered = {m for i in items for m in self._answered_ids(i)}
        known = self._find_references(by_reference | answered)
        self._known = known
        found = {r: known[r] for r in by_reference if r in known}
        tickets = self._find_tickets(
            by_id | set(known.values()), by_number)
        self._by_id = self._matters(tickets)
        # Companies count on their own
        self._by_number = {
            (t.company.id, t.number): self._by_id[t.id] for t in tickets}
        self._by_reference = {
            reference: self._by_id[id_] for reference, id_ in found.items()
            if id_ in self._by_id}

    def of(self, item):
        "Return what finds the matter of a clue of the letter, or None."
        company = item.section.company.id

        def get(clue):
            if clue.kind in {'address', 'message'}:
                return (self._split_off(item, clue.value)
                    or self._by_id.get(clue.value))
            elif clue.kind == 'reference':
                return self._by_reference.get(clue.value)
            return self._by_number.get((company, clue.value))
        return get

    @staticmethod
    def _answered_ids(item):
        "Return the Message-IDs that the letter answers, the newest first."
        if not item.letter:
            return []
        return [*item.letter.in_reply_to, *item.letter.references]

    def _split_off(self, item, ticket):
        """
        Return the matter that what the letter answers was split off to.

        ticket is the id in our addresses and Message-IDs, which name the
        ticket there was when we sent them. None if it is still there, or if
        the sender takes no part in the new one.
        """
        for id_ in self._answered_ids(item):
            if id_ in self._known:
                matter = self._by_id.get(self._known[id_])
                if (matter and matter.takes_part(item.sender)
                        and matter.ticket.came_from(ticket)):
                    return matter
                return None

    def wanted(self, item):
        "Return the Thread that a person chose for the letter, or None."
        if item.mail.wanted_ticket:
            return Thread(self._by_id.get(item.mail.wanted_ticket.id))
        if item.mail.wanted_new:
            return Thread()

    def add(self, item):
        "Let later letters of the batch refer to this one."
        if item.letter.message_id:
            self._by_reference.setdefault(
                item.letter.message_id, item.matter)

    @staticmethod
    def _find_references(references):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        if not references:
            return {}
        return {c.message_id: c.ticket.id for c in Conversation.search([
                    ('message_id', 'in', list(references)),
                    ], order=[('id', 'DESC')])}

    @staticmethod
    def _find_tickets(ids, numbers):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        if not (ids or numbers):
            return []
        # Also those that are archived are answered
        with inactive_records():
            return list(Ticket.search(['OR',
                        ('id', 'in', list(ids)),
                        ('number', 'in', list(numbers)),
                        ], order=[('id', 'ASC')]))

    def _matters(self, tickets):
        "Return the Matters by the ids of the tickets."
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        Participant = pool.get('helpdesk.participant')
        if not tickets:
            return {}
        families = Ticket.merge_families([t.id for t in tickets])
        matters = {
            t.id: Matter(
                ticket=t, company=t.company.id, section=t.section,
                email=t.email,
                closed=t.state == 'closed' and not t.is_reopened_by_answer(),
                parties={p.id for p in [t.party, t.contact] if p})
            for t in Ticket.browse(sorted(families))}
        for participant in Participant.search([
                    ('ticket', 'in', list(matters)),
                    ('email', 'in', list(self._senders)),
                    ]):
            matters[participant.ticket.id].others.add(participant.email)
        for id_, matter in matters.items():
            if families[id_] != id_:
                matters[families[id_]].merged.append(matter)
        return {i: matters[target] for i, target in families.items()}
