# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import PoolMeta
from trytond.transaction import Transaction


class CheckedExportMixin:
    """
    Has what is exported read with the rights of the user first.

    Tryton's export looks at record rules in memory, where it takes what they
    say of other records, as the ticket of a conversation, as fulfilled.
    """
    __slots__ = ()

    @classmethod
    def export_data(cls, records, fields_names, header=False):
        if Transaction().check_access:
            for path in {tuple(n.split('/')) for n in fields_names}:
                _check_path(cls, records, path)
        return super().export_data(records, fields_names, header=header)


class Ticket(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'


class Conversation(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'


class History(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.history'


class Participant(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.participant'


def _check_path(Model, records, path):
    "Read the records along the path; raises an AccessError."
    Model.read([r.id for r in records], ['id'])
    name, *path = path
    if not path or not hasattr(Model._fields.get(name), 'get_target'):
        return
    targets = set()
    for value in (getattr(r, name) for r in records):
        targets.update(value if isinstance(value, (list, tuple)) else [value])
    targets.discard(None)
    if targets:
        _check_path(
            Model._fields[name].get_target(), sorted(targets), tuple(path))
