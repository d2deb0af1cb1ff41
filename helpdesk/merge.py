# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Merging tickets into one.

What moves is logged, record by record, so that an undo gives back what was.
The history stays: two chains of states in one ticket would break the clock.
"""
import datetime as dt
import json

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
        helpdesk.merge. Raise MergeError, or AccessError without the right to
        work on all of them.
        """
        tickets = list(cls.browse(
                [i for i in dict.fromkeys(map(int, tickets))
                    if i != target.id]))
        target = cls(target.id)
        cls.check_workable([target, *tickets])
        with without_check_access():
            cls.lock([target, *tickets])
            cls.check_merge(tickets, target)
            return cls._merge(tickets, target, participants)

    @classmethod
    def _merge(cls, tickets, target, participants):
        pool = Pool()
        History = pool.get('helpdesk.history')
        Merge = pool.get('helpdesk.merge')
        now = dt.datetime.now().replace(microsecond=0)
        last_conversation = cls._last_conversation()
        merges = Merge.create([{
                    'ticket': t.id,
                    'target': target.id,
                    'at': now,
                    'user': Transaction().user or None,
                    'last_conversation': last_conversation,
                    } for t in tickets])
        cls._move(merges, target, participants)
        before = cls._plain_values(tickets)
        cls._close_merged(tickets, target, now)
        after = cls._plain_values(tickets)
        values = told(target)
        for merge in merges:
            old, new = before[merge.ticket.id], after[merge.ticket.id]
            merge.ticket_before = dump(
                {n: v for n, v in old.items() if v != new[n]})
            merge.target_before = dump(values)
            values = together(values, old)
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
            if f.sql_type() and not isinstance(f, fields.Function)
            and n not in {
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
        lines += cls._take_over(of_ticket, target)
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
    def _take_over(cls, of_ticket, target):
        "Let the target be about what the tickets are about."
        lines, values = [], {}
        for ticket in cls.browse(list(of_ticket)):
            for name in ['product', 'sale']:
                value = getattr(ticket, name)
                if (not value or name in values or getattr(target, name)
                        # The sale has to be one of the customer
                        or (name == 'sale' and target.party
                            and value.party != target.party)):
                    continue
                values[name] = value.id
                lines.append({
                        'merge': of_ticket[ticket.id],
                        'record': str(target),
                        'field': name,
                        'new': str(value.id),
                        })
        if values:
            cls.write([target], values)
        return lines + cls._add_products(of_ticket, target)

    @classmethod
    def _add_products(cls, of_ticket, target):
        "Let the target be about the products it is not about yet, too."
        pool = Pool()
        Other = pool.get('helpdesk.ticket-product.product')
        there = {cls(target.id).product} | {
            o.product for o in Other.search(
                [('ticket', '=', target.id)], order=[])}
        owners = {}
        for ticket in cls.browse(list(of_ticket)):
            if ticket.product and ticket.product not in there:
                owners.setdefault(ticket.product.id, of_ticket[ticket.id])
        others = Other.create([
                {'ticket': target.id, 'product': p} for p in owners])
        return [
            {'merge': merge, 'record': str(other)}
            for merge, other in zip(owners.values(), others)]

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


def told(ticket):
    "Return what a merge tells the target of the ticket, a dictionary."
    return {n: getattr(ticket, n) for n in TOLD}


def together(values, others):
    "Return what is told of two tickets together; both are dictionaries."
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


def dump(values):
    "Return the dictionary of values as a text to keep."
    return json.dumps(values, cls=JSONEncoder)


def load(text):
    "Return the dictionary of values that was kept as a text."
    return json.loads(text or '{}', object_hook=JSONDecoder())
