# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    # Who taps the button twice means it once
    _same_answer_within = dt.timedelta(minutes=1)

    @classmethod
    def answer_on_portal(cls, ticket, visitor, answer):
        """
        File what the visitor wrote and return the ticket it is filed with.

        answer is a valid forms.Answer. A closed ticket stays closed, unless
        its section has it reopened: then a new one follows it up. What is
        written on a ticket that was merged goes to the one it goes on in.
        """
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        with Transaction().set_context(
                helpdesk_actor='customer', company=ticket.company.id):
            target = ticket.merge_target
            cls.lock([target])
            filed = cls._filed_already(ticket, visitor, answer)
            if filed:
                return filed
            if target.state == 'closed' and not target.is_reopened_by_answer():
                # Who only sees what was merged follows up that
                ticket = target = ticket._follow_up_on_portal(visitor, answer)
            Conversation.create([{
                        **ticket._conversation_on_portal(visitor, answer),
                        'ticket': target.id,
                        }])
        return target

    @classmethod
    def close_on_portal(cls, ticket):
        "Close the ticket on behalf of its customer"
        with Transaction().set_context(helpdesk_actor='customer'):
            cls.close([ticket])

    @classmethod
    def _filed_already(cls, ticket, visitor, answer):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        conversations = Conversation.search([
                ['OR',
                    ('ticket', '=', ticket.merge_target.id),
                    ('ticket.preceding', '=', ticket.id),
                    ],
                ('kind', '=', 'web'),
                ('direction', '=', 'in'),
                ('from_address', '=', visitor.email),
                ('at', '>=', dt.datetime.now() - cls._same_answer_within),
                ('body', '=', answer.text),
                ])
        names = sorted(f.name for f in answer.files)
        for conversation in conversations:
            if sorted(a.name for a in conversation.attachments) == names:
                return conversation.ticket

    def _follow_up_on_portal(self, visitor, answer):
        """
        Return a new ticket of the customer that follows up this one.

        Its number and link go out by mail, since the visitor's link opens the
        old ticket only. There are few such mails: a link may have come into
        other hands (PO5).
        """
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        ticket, = self.__class__.create([{
                    **self.follow_up_values(),
                    **self._follow_up_of(visitor),
                    'description': answer.text,
                    'channel': 'web',
                    'state': 'open',
                    }])
        Conversation.acknowledge(Conversation.within_limit([ticket]))
        return ticket

    def _follow_up_of(self, visitor):
        "Return what a follow-up does not take over if another asks it"
        if not visitor.user or visitor.email == self.email:
            return {}
        name, party = self._said_by(visitor)
        values = {
            'contact': party.id if party and party != self.party else None,
            'contact_name': name,
            'email': visitor.email,
            'phone': None,
            'informant': None,
            'language': party.lang.id if party and party.lang else None,
            }
        if not self.is_decided_by(visitor):
            # Somebody of elsewhere, who was only put in copy
            values.update(
                party=party.id if party else None, contact=None, sale=None,
                customer_company=None)
        return values

    def _said_by(self, visitor):
        "Return the name and the party, or None, of the visitor who writes"
        pool = Pool()
        User = pool.get('web.user')
        party = User(visitor.user).party if visitor.user else None
        if visitor.email == self.email:
            name = self.contact_name or (party.name if party else None)
            return name or visitor.email, self.contact or party or self.party
        if party and party == self.party:
            # It is the organisation, which does not tell who of it
            return visitor.email, party
        return (party.name if party else None) or visitor.email, party

    def _conversation_on_portal(self, visitor, answer):
        "Return the values of the conversation for what the visitor wrote"
        author, party = self._said_by(visitor)
        return {
            'ticket': self.id,
            'kind': 'web',
            'direction': 'in',
            'author': author,
            'party': party,
            'from_address': visitor.email,
            'subject': self.subject,
            'body': answer.text,
            'attachments': [('create', [
                        {'name': f.name, 'data': f.data}
                        for f in answer.files])],
            }
