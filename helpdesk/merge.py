# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Merging tickets into one, and undoing it.

What moves is logged, record by record, so that an undo gives back what was.
The history stays: two chains of states in one ticket would break the clock.
"""
import datetime as dt
import json
from collections import defaultdict
from itertools import chain

from sql import Null
from sql.aggregate import Max
from trytond.i18n import gettext
from trytond.model import Index, ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.protocols.jsonrpc import JSONDecoder, JSONEncoder
from trytond.pyson import Bool, Eval
from trytond.transaction import (
    Transaction, check_access, inactive_records, without_check_access)

from . import changes
from .exceptions import MergeError

# What the target takes over from the tickets that go on in it
TOLD = ['first_answer_at', 'last_communication_at', 'unread']


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    merged_into = fields.Many2One('helpdesk.ticket', "Merged Into",
        readonly=True, ondelete='RESTRICT',
        help="The ticket that this one goes on in.")
    merged = fields.One2Many(
        'helpdesk.ticket', 'merged_into', "Merged Tickets", readonly=True,
        help="The tickets that go on in this one.")
    merges = fields.One2Many(
        'helpdesk.merge', 'target', "Merged Tickets", readonly=True,
        states={
            'invisible': ~Eval('merges'),
            },
        help="The tickets that were merged into this one.")
    visible_merged_into = fields.Function(fields.Many2One(
            'helpdesk.ticket', "Merged Into",
            states={
                'invisible': ~Eval('merged_into'),
                },
            help="The ticket that this one goes on in, if you may see it."),
        'get_visible_merged_into')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(
            Index(t,
                (t.merged_into, Index.Range()),
                where=t.merged_into != Null))
        merged = Bool(Eval('merged_into'))
        cls._buttons['undo_merge'] = {
            'invisible': ~merged,
            'icon': 'tryton-undo',
            'depends': ['merged_into'],
            }
        cls._buttons['merge_duplicates'] = {
            'invisible': ~Eval('possible_duplicates'),
            'icon': 'tryton-switch',
            'depends': ['possible_duplicates'],
            }
        for name in ['reopen', 'note']:
            button = cls._buttons[name]
            button['invisible'] = button.get('invisible', False) | merged
            button['depends'] = [*button.get('depends', []), 'merged_into']

    @classmethod
    @inactive_records
    def get_visible_merged_into(cls, tickets, name):
        with check_access():
            visible = {t.id for t in cls.search([
                        ('id', 'in', [
                                t.merged_into.id for t in tickets
                                if t.merged_into]),
                        ], order=[])}
        return {
            t.id: t.merged_into.id
            if t.merged_into and t.merged_into.id in visible else None
            for t in tickets}

    @property
    def merge_target(self):
        "The ticket in which this one goes on in the end, or itself."
        target = self
        while target.merged_into:
            target = target.merged_into
        return target

    @classmethod
    def check_modification(cls, mode, tickets, values=None, external=False):
        super().check_modification(
            mode, tickets, values=values, external=external)
        if not external:
            return
        if mode == 'create':
            if any(t.merged_into for t in tickets):
                raise AccessError(gettext('helpdesk.msg_ticket_kept'))
        elif mode == 'write':
            if not {'merged_into', 'merged', 'merges'}.isdisjoint(values):
                raise AccessError(gettext('helpdesk.msg_ticket_kept'))
            for ticket in tickets:
                ticket.check_not_merged()

    def check_not_merged(self):
        "Raise MergeError if the ticket goes on in another."
        if self.merged_into:
            raise MergeError(gettext(
                    'helpdesk.msg_merge_merged',
                    ticket=self.number, target=self.merged_into.number))

    @classmethod
    def _open(cls, tickets):
        for ticket in tickets:
            ticket.check_not_merged()
        super()._open(tickets)

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        for name in ['merged_into', 'merged', 'merges']:
            default.setdefault(name)
        return super().copy(tickets, default=default)

    @classmethod
    def merge_moves(cls):
        """
        Return what moves to the ticket that others are merged into.

        A list of tuples of the names of a model and its field that names the
        ticket, a Many2One or a Reference.
        """
        return [
            ('helpdesk.conversation', 'ticket'),
            ('helpdesk.activity', 'ticket'),
            ('helpdesk.ticket-helpdesk.tag', 'ticket'),
            ('helpdesk.ticket-product.product', 'ticket'),
            ('helpdesk.ticket-sale.sale', 'ticket'),
            ('helpdesk.ticket', 'preceding'),
            ('helpdesk.ticket', 'origin'),
            ('ir.attachment', 'resource'),
            ('ir.note', 'resource'),
            ]

    @classmethod
    def merge_keys(cls):
        """
        Return what there can be once only in a ticket.

        A dictionary from names of models to the name of the field that tells
        what is the same. What the target has already does not move.
        """
        return {
            'helpdesk.participant': 'email',
            'helpdesk.ticket-helpdesk.tag': 'tag',
            'helpdesk.ticket-product.product': 'product',
            }

    @classmethod
    def check_merge(cls, tickets, target):
        """
        Check that the tickets can be merged into the target.

        Raise MergeError. The rights are checked by check_workable.
        """
        if not tickets:
            raise MergeError(gettext('helpdesk.msg_merge_one'))
        target.check_not_merged()
        if target.state == 'closed':
            raise MergeError(gettext(
                    'helpdesk.msg_merge_closed', ticket=target.number))
        for ticket in tickets:
            ticket.check_not_merged()
            if ticket.company != target.company:
                raise MergeError(gettext(
                        'helpdesk.msg_merge_company',
                        ticket=ticket.number, target=target.number))
            if ticket.state == 'authorization':
                raise MergeError(gettext(
                        'helpdesk.msg_merge_authorization',
                        ticket=ticket.number))

    @classmethod
    @inactive_records
    def merge(cls, tickets, target, participants=True):
        """
        Let tickets go on in another one.

        tickets are tickets, which are closed and archived; target is the one
        they are merged into, and may be among them. participants tells if
        their people take part in the target. Return the records of
        helpdesk.merge. Raise MergeError, or AccessError where access is
        checked; a wizard has to check it before.
        """
        pool = Pool()
        History = pool.get('helpdesk.history')
        Merge = pool.get('helpdesk.merge')
        tickets = list(cls.browse(
                [i for i in dict.fromkeys(map(int, tickets))
                    if i != target.id]))
        target = cls(target.id)
        if Transaction().check_access:
            cls.check_workable([target, *tickets])
        with without_check_access():
            cls.lock([target, *tickets])
            cls.check_merge(tickets, target)
            now = dt.datetime.now().replace(microsecond=0)
            merges = Merge.create([{
                        'ticket': t.id,
                        'target': target.id,
                        'at': now,
                        'user': Transaction().user or None,
                        'last_conversation': cls._last_conversation(),
                        } for t in tickets])
            cls._move(merges, target, participants)
            before = cls._plain_values(tickets)
            cls._close_merged(tickets, target, now)
            after = cls._plain_values(tickets)
            values = _told(target)
            for merge in merges:
                old, new = before[merge.ticket.id], after[merge.ticket.id]
                merge.ticket_before = _dump(
                    {n: v for n, v in old.items() if v != new[n]})
                merge.target_before = _dump(values)
                values = _together(values, old)
            Merge.save(merges)
            cls.write([target], values)
            History.append([
                    *((t.id, 'merged_into', None, f'#{target.number}')
                        for t in tickets),
                    (target.id, 'merged', None,
                        ', '.join(f'#{t.number}' for t in tickets)),
                    ])
        return merges

    @classmethod
    def _last_conversation(cls):
        pool = Pool()
        table = pool.get('helpdesk.conversation').__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(Max(table.id)))
        return cursor.fetchone()[0] or 0

    @classmethod
    def _plain_values(cls, tickets):
        "Return the stored values of the tickets, by their ids."
        names = [
            n for n, f in cls._fields.items()
            if not isinstance(f, fields.Function)
            and f.sql_type() and n not in {
                'id', 'active', 'merged_into', 'create_uid', 'create_date',
                'write_uid', 'write_date'}]
        return {
            row['id']: row for row in cls.read(
                [t.id for t in tickets], names)}

    @classmethod
    def _close_merged(cls, tickets, target, now):
        "Close and archive the tickets, and link them."
        closed = [t for t in tickets if t.state == 'closed']
        open_ = [t for t in tickets if t.state != 'closed']
        values = {
            'active': False, 'merged_into': target.id, 'unread': False}
        args = []
        if closed:
            args += [closed, values]
        if open_:
            args += [open_, {
                    **values,
                    'state': 'closed',
                    'closed_at': now,
                    'closed_by': 'team',
                    }]
        cls.write(*args)

    @classmethod
    def _move(cls, merges, target, participants):
        "Move what the tickets have to the target, and log it."
        pool = Pool()
        Line = pool.get('helpdesk.merge.line')
        moves = cls.merge_moves()
        if participants:
            moves.append(('helpdesk.participant', 'ticket'))
        of_ticket = {m.ticket.id: m.id for m in merges}
        lines = []
        for model, name in moves:
            lines += cls._move_records(
                pool.get(model), name, of_ticket, target)
        lines += cls._move_others(of_ticket, target)
        lines += cls._add_followers(of_ticket, target)
        if participants:
            lines += cls._add_contacts(of_ticket, target)
        Line.create(lines)

    @classmethod
    def _move_others(cls, of_ticket, target):
        """
        Move what hangs on a ticket in another way.

        of_ticket is a dictionary from the ids of tickets to those of their
        merges. Return the values of the lines that tell what moved.
        """
        return []

    @classmethod
    def _move_records(cls, Model, name, of_ticket, target):
        reference = Model._fields[name]._type == 'reference'
        keys = {
            (str(cls(i)) if reference else i): m
            for i, m in of_ticket.items()}
        records = list(Model.search(
                [(name, 'in', list(keys))], order=[('id', 'ASC')]))
        if Model == cls:
            # Neither follows up itself nor what goes on in it
            records = [r for r in records if r.id != target.id
                and r.id not in of_ticket]
        if unique := cls.merge_keys().get(Model.__name__):
            records = cls._missing(Model, name, unique, records, target)
        if Model.__name__ == 'helpdesk.participant':
            records = cls._welcome(records, target)
        old = {
            r.id: str(getattr(r, name)) if reference else getattr(r, name).id
            for r in records}
        new = str(target) if reference else target.id
        if records:
            Model.write(records, {name: new})
        return [{
                'merge': keys[old[r.id]],
                'record': str(r),
                'field': name,
                'old': str(old[r.id]),
                'new': str(new),
                } for r in records]

    @classmethod
    def _missing(cls, Model, name, unique, records, target):
        "Return the records that the target has not got, each once."
        there = {
            getattr(r, unique) for r in Model.search(
                [(name, '=', target.id)], order=[])}
        missing = []
        for record in records:
            value = getattr(record, unique)
            if value not in there and not (
                    unique == 'email' and value == target.email):
                there.add(value)
                missing.append(record)
        return missing

    @classmethod
    def _welcome(cls, participants, target):
        "Return the participants who may take part in the target."
        pool = Pool()
        Participant = pool.get('helpdesk.participant')
        if target.section.visibility == 'public' or not participants:
            return participants
        outside = set(Participant.outside_watchers(
                tickets=list({p.ticket.id for p in participants})))
        return [p for p in participants if p not in outside]

    @classmethod
    def _add_contacts(cls, of_ticket, target):
        "Let who asked in the tickets take part in the target."
        pool = Pool()
        Participant = pool.get('helpdesk.participant')
        # As a watcher, nobody from outside takes part where they may not look
        role = 'watcher' if target.section.visibility == 'public' else 'cc'
        there = {target.email, None, ''} | {
            p.email for p in Participant.search(
                [('ticket', '=', target.id)], order=[])}
        missing, owners = [], []
        for ticket in cls.browse(list(of_ticket)):
            if ticket.email not in there:
                there.add(ticket.email)
                owners.append(of_ticket[ticket.id])
                missing.append({
                        'ticket': target.id,
                        'email': ticket.email,
                        'name': ticket.contact_name,
                        'role': role,
                        })
        return [
            {'merge': merge, 'record': str(record)} for merge, record in zip(
                owners, Participant.create(missing) if missing else [])]

    @classmethod
    def _add_followers(cls, of_ticket, target):
        "Let who follows the tickets follow the target."
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        Follower = pool.get('ir.chat.follower')
        domain = [('user', '!=', None)]
        followers = list(Follower.search([
                    ('channel.resource', 'in',
                        [str(cls(i)) for i in of_ticket]),
                    *domain,
                    ], order=[('id', 'ASC')]))
        if not followers:
            return []
        on_target = [('channel.resource', '=', str(target)), *domain]
        there = {f.id for f in Follower.search(on_target, order=[])}
        owners = {}
        for follower in followers:
            owners.setdefault(
                follower.user, of_ticket[follower.channel.resource.id])
        Channel.add_followers({str(target): [u.id for u in owners]})
        return [
            {'merge': owners[f.user], 'record': str(f)}
            for f in Follower.search(on_target, order=[])
            if f.id not in there and f.user in owners]

    @classmethod
    @ModelView.button_action('helpdesk.wizard_ticket_merge')
    def merge_duplicates(cls, tickets):
        pass

    @classmethod
    @ModelView.button
    def undo_merge(cls, tickets):
        # The button alone does not check the rights on the targets
        cls.check_workable([
                *tickets, *(t.merged_into for t in tickets if t.merged_into)])
        cls.unmerge(tickets)

    @classmethod
    @inactive_records
    def unmerge(cls, tickets):
        """
        Undo that tickets were merged: what moved goes back to them.

        Raise MergeError if something new was said in the target since, or
        it cannot be undone for another reason.
        """
        pool = Pool()
        Merge = pool.get('helpdesk.merge')
        History = pool.get('helpdesk.history')
        tickets = list(cls.browse(list(dict.fromkeys(map(int, tickets)))))
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
                    records, {name: old if reference else int(old)})

    @classmethod
    def _restore(cls, merges):
        "Bring the tickets back to what they were."
        before = {m.ticket: _load(m.ticket_before) for m in merges}
        cls.write(*chain(*(
                    ([t], {**values, 'active': True, 'merged_into': None})
                    for t, values in before.items())))
        # What follows from a state is not always what it was
        changes.keep(cls, {t.id: v for t, v in before.items()})

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
        values = _load(undone[0].target_before)
        for merge in later:
            merge.target_before = _dump(values)
            values = _together(values, {
                    **_told(merge.ticket), **_load(merge.ticket_before)})
        Merge.save(later)
        # What was read since stays so
        values['unread'] = values['unread'] and target.unread
        cls.write([target], values)


def _told(ticket):
    return {n: getattr(ticket, n) for n in TOLD}


def _together(values, others):
    "Return what is told of two tickets together."
    first = [v for v in [
            values['first_answer_at'], others['first_answer_at']] if v]
    last = [v for v in [
            values['last_communication_at'],
            others['last_communication_at']] if v]
    return {
        'first_answer_at': min(first, default=None),
        'last_communication_at': max(last, default=None),
        'unread': bool(values['unread'] or others['unread']),
        }


def _dump(values):
    return json.dumps(values, cls=JSONEncoder)


def _load(text):
    return json.loads(text or '{}', object_hook=JSONDecoder())
