# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Undoing that tickets were merged.
"""
import datetime as dt
from collections import defaultdict
from itertools import chain

from trytond.i18n import gettext
from trytond.model import ModelView
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.transaction import inactive_records, without_check_access

from . import changes
from .exceptions import MergeError
from .merge import dump, load, together, told


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons['undo_merge'] = {
            'invisible': ~Bool(Eval('merged_into')),
            'icon': 'tryton-undo',
            'depends': ['merged_into'],
            }

    @classmethod
    @ModelView.button
    def undo_merge(cls, tickets):
        cls.unmerge(tickets)

    @classmethod
    @inactive_records
    def unmerge(cls, tickets):
        """
        Undo that tickets were merged: what moved goes back to them.

        Raise MergeError if something new was said in the target since, or
        it cannot be undone for another reason; AccessError without the right
        to work on all of them.
        """
        pool = Pool()
        Merge = pool.get('helpdesk.merge')
        History = pool.get('helpdesk.history')
        tickets = list(cls.browse(list(dict.fromkeys(map(int, tickets)))))
        with without_check_access():
            into = [t.merged_into for t in tickets if t.merged_into]
        cls.check_workable([*tickets, *into])
        with without_check_access():
            merges = list(Merge.search([
                        ('ticket', 'in', [t.id for t in tickets]),
                        ('undone_at', '=', None),
                        ], order=[('id', 'ASC')]))
            targets = list({m.target for m in merges})
            cls.lock([*tickets, *targets])
            cls._check_unmerge(tickets, merges)
            cls._move_back(merges)
            cls._restore(merges)
            now = dt.datetime.now().replace(microsecond=0)
            Merge.write(merges, {'undone_at': now})
            for target in targets:
                cls._tell_anew(target, merges)
            History.append([
                    row for m in merges for row in [
                        (m.ticket.id, 'merged_into',
                            f'#{m.target.number}', None),
                        (m.target.id, 'merged', f'#{m.ticket.number}', None),
                        ]])

    @classmethod
    def _check_unmerge(cls, tickets, merges):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        Line = pool.get('helpdesk.merge.line')
        merged = {m.ticket.id for m in merges}
        for ticket in tickets:
            if ticket.id not in merged or not ticket.merged_into:
                raise MergeError(gettext(
                        'helpdesk.msg_unmerge_not_merged',
                        ticket=ticket.number))
        for merge in merges:
            if merge.target.merged_into or merge.target.state == 'closed':
                raise MergeError(gettext(
                        'helpdesk.msg_unmerge_target',
                        ticket=merge.ticket.number,
                        target=merge.target.number))
        targets = [m.target.id for m in merges]
        said = list(Conversation.search([
                    ('ticket', 'in', targets),
                    ('id', '>', min(
                            (m.last_conversation for m in merges),
                            default=0)),
                    ], order=[]))
        # What came from a ticket merged later was not said in the target
        moved = {line.record for line in Line.search([
                    ('merge.target', 'in', targets),
                    ('merge.undone_at', '=', None),
                    ('record', 'in', [str(c) for c in said]),
                    ], order=[])} if said else set()
        for merge in merges:
            if any(c.ticket == merge.target and c not in moved
                    and c.id > merge.last_conversation for c in said):
                raise MergeError(gettext(
                        'helpdesk.msg_unmerge_said',
                        ticket=merge.ticket.number,
                        target=merge.target.number))

    @classmethod
    def _move_back(cls, merges):
        "Give back what moved and is still there; take off what was added."
        pool = Pool()
        Line = pool.get('helpdesk.merge.line')
        back = defaultdict(list)
        for line in Line.search(
                [('merge', 'in', [m.id for m in merges])],
                order=[('id', 'DESC')]):
            record = line.record
            if not record or record.id is None or record.id < 0:
                continue
            back[record.__class__, line.field, line.old, line.new].append(
                record)
        for (Model, name, old, new), records in back.items():
            if not name:
                Model.delete(records)
                continue
            reference = Model._fields[name]._type == 'reference'
            records = [
                r for r in records if (v := getattr(r, name))
                and (str(v) if reference else str(v.id)) == new]
            if records:
                Model.write(
                    records, {
                        name: (old if reference else int(old))
                        if old else None})

    @classmethod
    def _restore(cls, merges):
        "Bring the tickets back to what they were."
        alike = defaultdict(list)
        for merge in merges:
            alike[merge.ticket_before].append(merge.ticket)
        cls.write(*chain(*(
                    (tickets, {
                            **load(text), 'active': True, 'merged_into': None})
                    for text, tickets in alike.items())))
        # What follows from a state is not always what it was
        changes.keep(
            cls, {m.ticket.id: load(m.ticket_before) for m in merges})

    @classmethod
    def _tell_anew(cls, target, undone):
        "Tell the target what it would know without the merges undone."
        pool = Pool()
        Merge = pool.get('helpdesk.merge')
        undone = [m for m in undone if m.target == target]
        later = list(Merge.search([
                    ('target', '=', target.id),
                    ('undone_at', '=', None),
                    ('id', '>', undone[0].id),
                    ], order=[('id', 'ASC')]))
        values = load(undone[0].target_before)
        for merge in later:
            merge.target_before = dump(values)
            values = together(values, {
                    **told(merge.ticket), **load(merge.ticket_before)})
        Merge.save(later)
        # What was read since stays so
        values['unread'] = values['unread'] and target.unread
        cls.write([target], values)
