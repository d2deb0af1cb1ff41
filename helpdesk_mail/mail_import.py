# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Letters that were in a mailbox before the helpdesk fetched from it.

Who wrote them does not wait for a confirmation, agents need not be called for
each, and they are no flood.
"""
from contextlib import nullcontext
from dataclasses import replace

from trytond.model import fields
from trytond.pool import PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction


class Account(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail.account'

    importing = fields.Text("Importing", readonly=True,
        help="The UID Validity and the last UID of what is imported; "
        "the letters on a POP3 server.")

    @classmethod
    def copy(cls, accounts, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('importing')
        return super().copy(accounts, default=default)

    def import_existing(self, source):
        uids = source.uids()
        if self.protocol == 'imap':
            uids = [source.validity, str(uids[-1] if uids else 0)]
        self.importing = '\n'.join(uids)
        super().import_existing(source)

    def skip_existing(self, source):
        self.importing = None
        super().skip_existing(source)

    def _read(self, source, uids, sizes):
        imported = self._imported(source, uids)
        return [
            (uid, data, {**values, 'imported': True}
                if uid in imported else values)
            for uid, data, values in super()._read(source, uids, sizes)]

    def _imported(self, source, uids):
        "Return the set of the UIDs of letters that are imported."
        existing = (self.importing or '').splitlines()
        if self.protocol == 'pop3':
            return set(uids).intersection(existing)
        if existing[:1] != [source.validity]:
            return set()
        return {u for u in uids if u <= int(existing[-1])}


class Mail(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail'

    imported = fields.Boolean("Imported", readonly=True,
        states={
            'invisible': ~Eval('imported'),
            },
        help="It was in the mailbox before the account was confirmed.")

    @classmethod
    def default_imported(cls):
        return False

    def verdict_imported(self, verdict):
        "Return the intake.verdict.Verdict as it is for an imported letter."
        return replace(verdict, answer=False) if self.imported else verdict

    @classmethod
    def quietly(cls, mails):
        "Return the context manager in which the letters are judged."
        if all(m.imported for m in mails):
            return Transaction().set_context(helpdesk_notify=False)
        return nullcontext()
