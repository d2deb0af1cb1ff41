# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from collections import defaultdict

from sql import Literal
from sql.functions import Lower
from trytond.model import Index, fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction


class ContactMechanism(metaclass=PoolMeta):
    __name__ = 'party.contact_mechanism'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t,
                (Lower(t.value), Index.Equality()),
                where=t.type == 'email'))

    @classmethod
    def parties_by_email(cls, emails):
        """
        Return the active parties that have the addresses.

        emails are in lower case. Return a dictionary from the address to
        the ids of its parties, the oldest first.
        """
        pool = Pool()
        Party = pool.get('party.party')
        mechanism, party = cls.__table__(), Party.__table__()
        parties = defaultdict(list)
        cursor = Transaction().connection.cursor()
        cursor.execute(*mechanism
            .join(party, condition=mechanism.party == party.id)
            .select(
                Lower(mechanism.value), party.id,
                where=(mechanism.type == 'email')
                & fields.SQL_OPERATORS['in'](
                    Lower(mechanism.value), list(emails))
                & (mechanism.active == Literal(True))
                & (party.active == Literal(True)),
                group_by=[Lower(mechanism.value), party.id],
                order_by=[party.id]))
        for email, id_ in cursor:
            parties[email].append(id_)
        return parties


class Replace(metaclass=PoolMeta):
    __name__ = 'party.replace'

    @classmethod
    def fields_to_replace(cls):
        return super().fields_to_replace() + [
            ('helpdesk.mail', 'wanted_party'),
            ]


class Erase(metaclass=PoolMeta):
    __name__ = 'party.erase'

    def _helpdesk_to_erase(self, party, tickets):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        Email = pool.get('inbound.email')
        Mail = pool.get('helpdesk.mail')
        mails = Mail.search(['OR',
                ('ticket', 'in', tickets),
                ('sender', 'in', party.helpdesk_emails()),
                ], order=[])
        return super()._helpdesk_to_erase(party, tickets) + [
            (Conversation, ['OR',
                    ('ticket', 'in', tickets),
                    ('party', '=', party.id),
                    ], False,
                ['from_address', 'to_addresses', 'cc_addresses',
                    'bcc_addresses', 'missed_addresses', 'reply_to',
                    'delivery_error', 'quoted'],
                [None] * 8),
            (Mail, [('id', 'in', [m.id for m in mails])], True,
                ['sender', 'subject', 'reply_to', 'reason_detail'],
                [None] * 4),
            (Email, [('id', 'in', [m.email.id for m in mails])], True,
                ['data', 'data_id'],
                [b'', None]),
            ]
