# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Who of several did not get a mail.

It goes out again only to those: the others have it already.
"""
from trytond.model import fields
from trytond.pool import PoolMeta
from trytond.pyson import Eval

from .intake.recipients import recipients, without


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    missed_addresses = fields.Char("Not Delivered To", readonly=True,
        states={
            'invisible': ~Eval('missed_addresses'),
            },
        help="Who did not get the mail. If it is sent again it goes to them "
        "alone.")

    @classmethod
    def copy(cls, conversations, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('missed_addresses')
        return super().copy(conversations, default=default)

    def missed(self):
        "Return the set of the addresses, in lower case, that lack the mail."
        found, _ = recipients(self.missed_addresses or '')
        return set(found)

    def note_missed(self, addresses):
        "Note who lacks the mail now, without saving it."
        self.missed_addresses = ', '.join(
            sorted({a.lower() for a in addresses})) or None

    def is_lost(self):
        "Tell if one of those it is for lacks a mail that was not sent to all."
        missed = self.missed()
        to, _ = recipients(self.to_addresses or '')
        return not missed or not missed.isdisjoint(to)

    def lacking(self, *recipients_):
        """
        Return who of new recipients lacks the mail.

        recipients_ are lists of addresses.
        """
        missed = self.missed()
        have = without(self.recipients(), missed) if missed else []
        return [a for addresses in recipients_ for a in without(
                addresses, have)]
