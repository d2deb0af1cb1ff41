# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval

from .intake import file


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    forwarded_by = fields.Char("Forwarded By", readonly=True,
        states={
            'invisible': ~Eval('forwarded_by'),
            },
        help="The address of the colleague who forwarded the letter "
        "of the customer.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update(
            undo_forwarding={
                'invisible': (
                    ~Eval('forwarded_by') | (Eval('state') == 'closed')),
                'icon': 'tryton-undo',
                'depends': ['forwarded_by', 'state'],
                },
            )

    @classmethod
    def check_modification(cls, mode, tickets, values=None, external=False):
        super().check_modification(
            mode, tickets, values=values, external=external)
        # Tryton 8.0 leaves it to the client to keep readonly fields
        if external and (
                (mode == 'write' and 'forwarded_by' in values)
                or (mode == 'create'
                    and any(t.forwarded_by for t in tickets))):
            raise AccessError(gettext('helpdesk.msg_ticket_kept'))

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('forwarded_by')
        return super().copy(tickets, default=default)

    @classmethod
    @ModelView.button
    def undo_forwarding(cls, tickets):
        "Make those who forwarded the letters the customers of the tickets."
        pool = Pool()
        ContactMechanism = pool.get('party.contact_mechanism')
        Party = pool.get('party.party')
        User = pool.get('res.user')
        emails = {t.forwarded_by for t in tickets}
        parties = ContactMechanism.parties_by_email(emails)
        users = User.agents_by_email(emails)
        for ticket in tickets:
            email = ticket.forwarded_by
            found = parties.get(email, [])
            party = Party(found[0]) if len(found) == 1 else None
            user = next(iter(users.get(email, [])), None)
            ticket.contact_name = (party or user).rec_name if (
                party or user) else email
            ticket.email = email
            ticket.phone = None
            ticket.party = party
            ticket.contact = None
            ticket.sale = None
            ticket.language = party.lang if party else None
            ticket.forwarded_by = None
        cls.save(tickets)


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    forwarded_by = fields.Char("Forwarded By", readonly=True,
        states={
            'invisible': ~Eval('forwarded_by'),
            },
        help="The colleague who forwarded the letter.")
    written_on = fields.Char("Written On", readonly=True,
        states={
            'invisible': ~Eval('written_on'),
            },
        help="When the forwarded letter was written, "
        "as the mail program says.")

    @classmethod
    def forward_values(cls, item):
        "Return the values that tell who forwarded the letter of the item."
        if not item.forwarded:
            return {}
        return {
            'forwarded_by': _person(item.forwarder),
            'written_on': item.forwarded.date or None,
            }

    @classmethod
    def comments(cls, items):
        """
        Return the values of what was written above forwarded letters.

        A list of notes, which no employee signs: From is easily forged.
        """
        return [{
                'ticket': item.matter.ticket.id,
                'kind': 'note',
                'direction': 'internal',
                'at': item.mail.received_at,
                'author': _person(item.forwarder),
                'body': item.forwarded.comment,
                'attachments': [
                    ('create', file.attachment_values(item.forwarded))],
                } for item in items
            if item.forwarded
            and (item.forwarded.comment or item.forwarded.parts)]


def _person(address):
    return (f'{address.name} <{address.email}>' if address.name
        else address.email)
