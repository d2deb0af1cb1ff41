# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from sql import Column
from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.transaction import inactive_records, without_check_access


class Merge(ModelSQL, ModelView):
    __name__ = 'helpdesk.merge'

    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", required=True, readonly=True,
        ondelete='CASCADE',
        help="The ticket that was merged.")
    target = fields.Many2One(
        'helpdesk.ticket', "Into", required=True, readonly=True,
        ondelete='CASCADE',
        help="The ticket it goes on in.")
    at = fields.DateTime("Date", required=True, readonly=True,
        help="When it was merged.")
    user = fields.Many2One('res.user', "User", readonly=True,
        help="Who merged it.")
    undone_at = fields.DateTime("Undone On", readonly=True,
        help="When it was undone.")
    last_conversation = fields.Integer("Last Conversation", readonly=True,
        help="What has a greater number was said since the merge.")
    ticket_before = fields.Text("Ticket Before", readonly=True,
        help="What the merge changed in the ticket, as it was.")
    target_before = fields.Text("Target Before", readonly=True,
        help="What the merge changed in the target, as it was.")
    lines = fields.One2Many('helpdesk.merge.line', 'merge', "Moved",
        readonly=True,
        help="What moved to the target.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.update({'ticket', 'target'})
        cls._order = [('at', 'DESC'), ('id', 'DESC')]
        t = cls.__table__()
        cls._sql_indexes.update({
                Index(t, (t.ticket, Index.Range())),
                Index(t, (t.target, Index.Range())),
                })
        cls._buttons['undo'] = {
            'invisible': Bool(Eval('undone_at')),
            'icon': 'tryton-undo',
            'depends': ['undone_at'],
            }

    def get_rec_name(self, name):
        return f"#{self.ticket.number} → #{self.target.number}"

    @classmethod
    def check_modification(cls, mode, merges, values=None, external=False):
        super().check_modification(
            mode, merges, values=values, external=external)
        # The access to the tickets would allow it
        if external:
            raise AccessError(gettext('helpdesk.msg_ticket_kept'))

    @classmethod
    @ModelView.button
    def undo(cls, merges):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        Ticket.undo_merge([m.ticket for m in merges if not m.undone_at])


class MergeLine(ModelSQL, ModelView):
    __name__ = 'helpdesk.merge.line'

    merge = fields.Many2One(
        'helpdesk.merge', "Merge", required=True, readonly=True,
        ondelete='CASCADE',
        help="The merge that moved it.")
    record = fields.Reference(
        "Record", selection='get_models', readonly=True,
        help="What moved.")
    field = fields.Char("Field", readonly=True,
        help="The field that names the ticket; empty if the merge made the "
        "record.")
    old = fields.Char("Old", readonly=True,
        help="The value of the field before.")
    new = fields.Char("New", readonly=True,
        help="The value of the field since.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('merge')
        t = cls.__table__()
        cls._sql_indexes.add(Index(t, (Column(t, 'merge'), Index.Range())))

    @classmethod
    def get_models(cls):
        pool = Pool()
        Model = pool.get('ir.model')
        return [(None, ""), *Model.get_name_items()]

    @classmethod
    def check_modification(cls, mode, lines, values=None, external=False):
        super().check_modification(
            mode, lines, values=values, external=external)
        if external:
            raise AccessError(gettext('helpdesk.msg_ticket_kept'))


class History(metaclass=PoolMeta):
    __name__ = 'helpdesk.history'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.what.selection += [
            ('merged', "Merged Ticket"),
            ('merged_into', "Merged Into"),
            ]

    @classmethod
    def _labels(cls, records):
        # Numbers only: the other ticket may be out of sight
        numbers = {r for r in records if r.what == 'merged_into'}
        labels = super()._labels([r for r in records if r not in numbers])
        labels['merged_into'] = {
            k: k for r in numbers for k in [r.old, r.new]}
        return labels


class _Kept:
    "What belongs to a ticket that was merged stays as it is for clients."
    __slots__ = ()

    _of_ticket = 'ticket'

    @classmethod
    def check_modification(cls, mode, records, values=None, external=False):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        super().check_modification(
            mode, records, values=values, external=external)
        if not external:
            return
        with without_check_access(), inactive_records():
            tickets = {getattr(r, cls._of_ticket) for r in records}
            if mode == 'write' and (new := values.get(cls._of_ticket)):
                # Nothing is put there either
                name, _, id_ = str(new).rpartition(',')
                if name in {'', Ticket.__name__}:
                    tickets.add(Ticket(int(id_)))
            for ticket in tickets:
                if isinstance(ticket, Ticket) and ticket.id >= 0:
                    ticket.check_not_merged()


class Conversation(_Kept, metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'


class Activity(_Kept, metaclass=PoolMeta):
    __name__ = 'helpdesk.activity'


class Participant(_Kept, metaclass=PoolMeta):
    __name__ = 'helpdesk.participant'


class TicketTag(_Kept, metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket-helpdesk.tag'


class TicketProduct(_Kept, metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket-product.product'


class Attachment(_Kept, metaclass=PoolMeta):
    __name__ = 'ir.attachment'

    _of_ticket = 'resource'


class Note(_Kept, metaclass=PoolMeta):
    __name__ = 'ir.note'

    _of_ticket = 'resource'
