# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from sql import Cast, Literal
from sql.operators import Concat
from trytond.i18n import gettext
from trytond.modules.party.exceptions import EraseError
from trytond.pool import Pool, PoolMeta
from trytond.transaction import inactive_records, without_check_access

from .readable import TicketCountMixin
from .workflow import OVER_STATES

ERASED = '****'


class Party(TicketCountMixin, metaclass=PoolMeta):
    __name__ = 'party.party'

    _helpdesk_ticket_field = 'party'

    def helpdesk_emails(self):
        "Return the addresses of the party, in lower case."
        with inactive_records():
            mechanisms = self.__class__(self.id).contact_mechanisms
        return sorted({
                m.value.strip().lower() for m in mechanisms
                if m.type == 'email' and m.value})

    def helpdesk_personal_tickets(self):
        """
        Return the domain of the tickets that are about the party as a person.

        Those it is the customer or the contact of, and those of its
        addresses that have no customer.
        """
        return ['OR',
            ('party', '=', self.id),
            ('contact', '=', self.id),
            [
                ('party', '=', None),
                ('contact', '=', None),
                ('email', 'in', self.helpdesk_emails()),
                ],
            ]


class Replace(metaclass=PoolMeta):
    __name__ = 'party.replace'

    @classmethod
    def fields_to_replace(cls):
        return super().fields_to_replace() + [
            ('helpdesk.ticket', 'party'),
            ('helpdesk.ticket', 'contact'),
            ('helpdesk.ticket', 'informant'),
            ('helpdesk.conversation', 'party'),
            ]


class Erase(metaclass=PoolMeta):
    __name__ = 'party.erase'

    @without_check_access
    def check_erase_company(self, party, company):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        super().check_erase_company(party, company)
        with inactive_records():
            tickets = Ticket.search([
                    party.helpdesk_personal_tickets(),
                    ('company', '=', company.id),
                    ('state', 'not in', OVER_STATES),
                    ], limit=1)
        for ticket in tickets:
            raise EraseError(gettext(
                    'helpdesk.msg_erase_party_open_ticket',
                    party=party.rec_name,
                    company=company.rec_name,
                    ticket=ticket.number))

    @without_check_access
    def to_erase(self, party_id):
        pool = Pool()
        Party = pool.get('party.party')
        Ticket = pool.get('helpdesk.ticket')
        party = Party(party_id)
        with inactive_records():
            tickets = Ticket.search(
                party.helpdesk_personal_tickets(), order=[])
        return super().to_erase(party_id) + self._helpdesk_to_erase(
            party, [t.id for t in tickets])

    def _helpdesk_to_erase(self, party, tickets):
        """
        Return what is erased of a party in the tickets of these ids.

        In the form of to_erase. What does not tell who it was stays: number,
        section, states, times, history and what the tickets are about.
        """
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        Participant = pool.get('helpdesk.participant')
        Ticket = pool.get('helpdesk.ticket')
        return [
            (Ticket, [('id', 'in', tickets)], True,
                ['subject', 'description', 'contact_name', 'customer_company',
                    'email', 'phone', 'attributes', 'words'],
                [ERASED] + [None] * 7),
            (Conversation, ['OR',
                    ('ticket', 'in', tickets),
                    ('party', '=', party.id),
                    ], True,
                ['author', 'subject', 'body', 'html', 'words'],
                [None] * 5),
            (Participant, ['OR',
                    ('ticket', 'in', tickets),
                    ('email', 'in', party.helpdesk_emails()),
                    ], True,
                ['name', 'email'],
                # An address takes part in a ticket only once
                [None, lambda column: Concat(
                        Literal(ERASED), Cast(column.table.id, 'VARCHAR'))]),
            *self._helpdesk_work_to_erase(party, tickets),
            ]

    @staticmethod
    def _helpdesk_work_to_erase(party, tickets):
        "Return what is erased of what colleagues did for the tickets."
        pool = Pool()
        Activity = pool.get('helpdesk.activity')
        Address = pool.get('ir.email.address')
        Email = pool.get('ir.email')
        History = pool.get('helpdesk.history')
        Message = pool.get('ir.chat.message')
        resources = [f'helpdesk.ticket,{t}' for t in tickets]
        return [
            # It tells the addresses of those who were taken off
            (History, [
                    ('what', '=', 'participants'),
                    ['OR',
                        ('ticket', 'in', tickets),
                        *(('old', 'ilike', f'%{e}%')
                            for e in party.helpdesk_emails()),
                        ],
                    ], False,
                ['old', 'new'],
                [ERASED, None]),
            (Activity, [('ticket', 'in', tickets)], True,
                ['what', 'note'],
                [ERASED, None]),
            (Message, [('channel.resource', 'in', resources)], False,
                ['content'],
                [ERASED]),
            (Address, [('email.resource', 'in', resources)], False,
                ['address'],
                [ERASED]),
            (Email, [('resource', 'in', resources)], False,
                ['recipients', 'recipients_secondary', 'recipients_hidden',
                    'subject', 'body'],
                [None] * 5),
            ]
