# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Tickets that are over because they go on elsewhere, and no longer listed.
"""
from trytond.i18n import gettext
from trytond.model import fields
from trytond.model.exceptions import AccessError
from trytond.pool import PoolMeta
from trytond.transaction import without_check_access


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    active = fields.Boolean("Active", readonly=True,
        help="Not active are tickets that were closed "
        "because they go on elsewhere.\n"
        "Lists leave them out.")

    @classmethod
    def default_active(cls):
        return True

    @classmethod
    def check_modification(cls, mode, tickets, values=None, external=False):
        super().check_modification(
            mode, tickets, values=values, external=external)
        if external and (
                (mode == 'write' and 'active' in values)
                or (mode == 'create' and not all(t.active for t in tickets))):
            raise AccessError(gettext('helpdesk.msg_ticket_kept'))

    @classmethod
    @without_check_access
    def archive(cls, tickets):
        "Take the tickets out of the lists, closed by the team."
        cls.close(tickets)
        cls.write(tickets, {'active': False})

    @classmethod
    def _open(cls, tickets):
        # Nobody works on what is not in the lists
        archived = [t for t in tickets if not t.active]
        if archived:
            cls.write(archived, {'active': True})
        super()._open(tickets)

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('active', True)
        return super().copy(tickets, default=default)
