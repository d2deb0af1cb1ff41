# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from collections import defaultdict

from trytond.model import Model
from trytond.pool import PoolMeta
from trytond.transaction import Transaction


class CheckedExportMixin:
    """
    Has what is exported or copied read with the rights of the user first.

    Tryton's export looks at record rules in memory, where it takes what they
    say of other records, as the ticket of a conversation, as fulfilled. Its
    copy looks only at those of the new record.
    """
    __slots__ = ()

    @classmethod
    def copy(cls, records, default=None):
        if Transaction().check_access:
            cls.read([int(r) for r in records], ['id'])
        return super().copy(records, default=default)

    @classmethod
    def export_data(cls, records, fields_names, header=False):
        if Transaction().check_access:
            for path in {tuple(n.split('/')) for n in fields_names}:
                _check_path(cls, records, path)
        return super().export_data(records, fields_names, header=header)


class Ticket(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    def on_change(self, fieldnames):
        self._check_changed()
        return super().on_change(fieldnames)

    def on_change_with(self, fieldnames):
        self._check_changed()
        return super().on_change_with(fieldnames)

    def _check_changed(self):
        # What the client does not send of a ticket is taken from the database
        if (Transaction().check_access
                and self.id is not None and self.id >= 0):
            self.read([self.id], ['id'])


class Conversation(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'


class History(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.history'


class Escalation(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.escalation'


class Participant(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.participant'


class Activity(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.activity'


class ReplyTemplate(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.reply_template'


class TicketTag(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket-helpdesk.tag'


class TicketProduct(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket-product.product'


class TicketSale(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket-sale.sale'


class TicketComplaint(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket-sale.complaint'


class Opportunity(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'sale.opportunity'


class TimesheetWork(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'timesheet.work'


class TimesheetLine(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'timesheet.line'


class Attachment(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'ir.attachment'


class Note(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'ir.note'


class Email(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'ir.email'


def _check_path(Checked, records, path):
    "Read the records along the path; raises an AccessError."
    Checked.read([r.id for r in records], ['id'])
    name, *path = path
    if not path:
        return
    targets = defaultdict(set)
    for record in records:
        value = getattr(record, name)
        for target in value if isinstance(value, (list, tuple)) else [value]:
            # A reference may name a model only
            if isinstance(target, Model) and target.id is not None:
                targets[target.__class__].add(target)
    for Target, found in targets.items():
        _check_path(Target, sorted(found), tuple(path))
