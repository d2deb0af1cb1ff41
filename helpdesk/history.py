# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from collections import defaultdict

from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, fields
from trytond.pool import Pool
from trytond.transaction import (
    Transaction, inactive_records, without_check_access)

from .exceptions import HistoryModificationError

# On whose side a ticket is (design: whose turn)
SIDES = {
    'draft': 'agent',
    'open': 'agent',
    'pending': 'customer',
    'authorization': 'customer',
    'third_party': 'third_party',
    'resolved': 'nobody',
    'closed': 'nobody',
    }


# What changes for a reason; what goes along with it has none
REASONS = {
    'section': 'employee',
    'left': 'employee',
    'absent': 'employee',
    'dealt': 'employee',
    'visibility': 'participants',
    'escalation': 'priority',
    }


class History(ModelSQL, ModelView):
    __name__ = 'helpdesk.history'

    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", required=True, readonly=True,
        ondelete='CASCADE',
        help="The ticket that changed.")
    what = fields.Selection([
            ('state', "State"),
            ('stage', "Stage"),
            ('section', "Section"),
            ('employee', "Responsible"),
            ('priority', "Priority"),
            ('participants', "Participants"),
            ], "Change", required=True, readonly=True, sort=False,
        help="What changed.")
    old = fields.Char("Old", readonly=True)
    new = fields.Char("New", readonly=True)
    old_name = fields.Function(fields.Char("From",
            help="What it was before."),
        'get_names')
    new_name = fields.Function(fields.Char("To",
            help="What it is since then."),
        'get_names')
    at = fields.DateTime("Date", required=True, readonly=True,
        help="When it changed.")
    until = fields.DateTime("Until", readonly=True,
        help="When it changed again; empty while it holds.")
    user = fields.Many2One('res.user', "User", readonly=True,
        help="Who changed it.")
    employee = fields.Many2One('company.employee', "Employee", readonly=True,
        help="As which employee.")
    actor = fields.Selection([
            ('agent', "Agent"),
            ('customer', "Customer"),
            ('system', "System"),
            ], "Actor", required=True, readonly=True, sort=False,
        help="On whose behalf it changed.")
    who = fields.Function(fields.Char("Who",
            help="Who changed it."),
        'get_who')
    reason = fields.Selection([
            (None, ""),
            ('section', "May no longer be responsible in the section"),
            ('left', "Has left the company"),
            ('absent', "Is absent"),
            ('dealt', "Assigned automatically"),
            ('visibility', "The section is not open to customers"),
            ('escalation', "Escalated"),
            ], "Reason", readonly=True, sort=False,
        help="Why it changed, if it followed from something else.")
    side = fields.Selection([
            (None, ""),
            ('agent', "Agents"),
            ('customer', "Customer"),
            ('third_party', "Third Party"),
            ('nobody', "Nobody"),
            ], "Turn", readonly=True, sort=False,
        help="Whose turn it was from then on.")
    duration = fields.Function(fields.TimeDelta("Duration",
            help="How long it held, up to now if it still does."),
        'get_duration')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('ticket')
        cls._order = [('at', 'DESC'), ('id', 'DESC')]
        t = cls.__table__()
        cls._sql_indexes.update({
                Index(t, (t.ticket, Index.Range()), (t.at, Index.Range())),
                Index(t,
                    (t.ticket, Index.Range()), (t.what, Index.Equality()),
                    where=t.until == None),  # noqa: E711
                })

    @classmethod
    def get_names(cls, records, names):
        labels = cls._labels(records)
        return {
            name: {
                r.id: labels[r.what].get(getattr(r, name[:3]), '')
                for r in records}
            for name in names}

    @classmethod
    def _labels(cls, records):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        values = defaultdict(set)
        for record in records:
            values[record.what].update({record.old, record.new} - {None})
        labels = defaultdict(dict)
        for what, keys in values.items():
            field = getattr(Ticket, what)
            if field._type == 'one2many':
                # The history has them in plain words
                labels[what] = {k: k for k in keys}
            elif field._type == 'selection':
                labels[what] = dict(
                    Ticket.fields_get([what])[what]['selection'])
            else:
                # Some may be gone
                with without_check_access(), inactive_records():
                    targets = field.get_target().search(
                        [('id', 'in', [int(k) for k in keys])], order=[])
                    labels[what] = {str(t.id): t.rec_name for t in targets}
        return labels

    @classmethod
    def get_who(cls, records, name):
        actors = dict(cls.fields_get(['actor'])['actor']['selection'])
        with without_check_access():
            return {
                r.id: ((r.employee and r.employee.rec_name)
                    or (r.actor == 'agent' and r.user and r.user.rec_name)
                    or actors[r.actor])
                for r in cls.browse(records)}

    def get_duration(self, name):
        until = self.until or dt.datetime.now().replace(microsecond=0)
        return until - self.at

    @classmethod
    def check_modification(cls, mode, records, values=None, external=False):
        super().check_modification(
            mode, records, values=values, external=external)
        # The access to the ticket would allow it
        if external or (mode == 'write' and set(values) - {'until'}):
            raise HistoryModificationError(
                gettext('helpdesk.msg_history_append_only'))

    @classmethod
    def append(cls, changes, first=False):
        """
        Note the changes and end the rows that they replace.

        changes are tuples (ticket id, what, old, new); old and new are the
        values as stored, None for nothing. first says that the tickets are
        new and have no rows yet. The current user, employee, actor and
        reason are taken from the transaction. Naive UTC times.
        """
        pool = Pool()
        User = pool.get('res.user')
        if not changes:
            return
        now = dt.datetime.now().replace(microsecond=0)
        user = Transaction().user or None
        with without_check_access():
            employee = User(user).employee if user else None
            if not first:
                cls._end(changes, now)
            cls.create([{
                        'ticket': ticket,
                        'what': what,
                        'old': None if old is None else str(old),
                        'new': None if new is None else str(new),
                        'at': now,
                        'user': user,
                        'employee': employee,
                        'actor': cls.current_actor(),
                        'reason': cls._reason(what, old, new),
                        'side': SIDES[new] if what == 'state' else None,
                        } for ticket, what, old, new in changes])

    @classmethod
    def _reason(cls, what, old, new):
        "Return why it changed, a key of reason, or None."
        reason = Transaction().context.get('helpdesk_reason')
        return reason if REASONS.get(reason) == what else None

    @classmethod
    def _end(cls, changes, now):
        "End the rows in force that the changes replace."
        replaced = {(t, w) for t, w, _, _ in changes}
        rows = cls.search([
                ('ticket', 'in', list({t for t, _ in replaced})),
                ('what', 'in', list({w for _, w in replaced})),
                ('until', '=', None),
                ], order=[])
        ended = [r for r in rows if (r.ticket.id, r.what) in replaced]
        if ended:
            cls.write(ended, {'until': now})

    @classmethod
    def current_actor(cls):
        "Return on whose behalf the transaction acts."
        transaction = Transaction()
        return (transaction.context.get('helpdesk_actor')
            or ('agent' if transaction.user else 'system'))
