# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Letters and mails that become part of a ticket of their own.
"""
import secrets

from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import without_check_access

from .intake import signing
from .intake.thread import without_number
from .outgoing import Outgoing


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    def split_values(self, conversations):
        values = super().split_values(conversations)
        # Answers would find this ticket by it
        values['subject'] = without_number(values['subject']) or self.subject
        return values

    @classmethod
    def _split_moved(cls, source, ticket, conversations):
        pool = Pool()
        Mail = pool.get('helpdesk.mail')
        super()._split_moved(source, ticket, conversations)
        mails = list(Mail.search([
                    ('conversation', 'in', [c.id for c in conversations]),
                    ], order=[]))
        if mails:
            Mail.write(mails, {
                    'ticket': ticket.id,
                    'section': ticket.section.id,
                    'new_ticket': False,
                    })
        cls.let_write([
                (ticket, c.from_address, c.author) for c in conversations
                if c.direction == 'in' and not c.is_automatic()])

    def came_from(self, ticket):
        "Tell if this one was once a part of the ticket, given by its id."
        source, seen = self.split_from, set()
        while source and source not in seen:
            if source.id == ticket:
                return True
            seen.add(source)
            source = source.split_from
        return False


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    def split_writer(self):
        party, email, name = super().split_writer()
        return party, self.from_address or email, name

    @classmethod
    def split_defaults(cls, ticket):
        pool = Pool()
        secret = pool.get('helpdesk.mail.key').get_secret()
        domain = Outgoing.domain(ticket.section)

        def is_out(data):
            return (data['kind'], data['direction']) == ('email', 'out')

        def message_id(data):
            # The original keeps the one that answers name
            if is_out(data):
                return signing.message_id(
                    secret, ticket.id, secrets.token_hex(8), domain)

        def delivery(data):
            # Nothing goes out a second time
            if is_out(data) and data['delivery'] in {None, 'queued'}:
                return 'sent'
            return data['delivery']

        return {
            **super().split_defaults(ticket),
            'message_id': message_id,
            'delivery': delivery,
            }


class SplitStart(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation.split.start'

    tell = fields.Boolean("Tell the Customer",
        states={
            'invisible': ~Eval('email'),
            },
        help="Send the customer the confirmation of the new ticket.")

    @classmethod
    def default_tell(cls):
        return False


class Split(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation.split'

    def _split(self):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        ticket = super()._split()
        if self.start.tell and ticket.email:
            with without_check_access():
                Conversation.acknowledge([ticket])
        return ticket
