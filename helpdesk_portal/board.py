# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The board of a section: its columns, its cards, and moving them.

Decided here: what is on it and where. Whether the current user may see or
move it is decided by what decides for clients, too: tickets are searched,
read and written with access rights and record rules checked. A column is a
stage, or a state where the section has no stages.
"""
import datetime as dt
import re
from collections import defaultdict
from contextlib import suppress
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from sql import Literal, NullsLast, Window
from sql.aggregate import Count, Sum
from sql.conditionals import Coalesce
from sql.functions import Extract, RowNumber
from trytond.exceptions import UserError, UserWarning
from trytond.i18n import gettext
from trytond.model import Index, fields
from trytond.model.exceptions import AccessButtonError, AccessError
from trytond.modules.helpdesk.workflow import STATES
from trytond.pool import Pool, PoolMeta
from trytond.protocols.wrappers import HTTPStatus
from trytond.transaction import Transaction

# So many cards of a column at a time
PAGE = 30
# For so long what was closed stays on the board
CLOSED = dt.timedelta(days=7)
# Changes become visible when they are committed, which may be so much after
# the time they have
LATE = dt.timedelta(seconds=60)
# So many rows of the history may be those of transactions still under way
LATE_ROWS = 1000
# With more changes at once the board is better read anew
MANY = 200
MAX_TEXT = 200
# What a card shows, as a client reads it
CARD = [
    'number', 'subject', 'party.rec_name', 'contact_name', 'email',
    'employee', 'employee.rec_name', 'priority', 'due', 'unread', 'tags',
    'stage', 'state']

_CURSOR = re.compile(
    r'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)?~(\d{1,10})')
_KEY = re.compile(r'(?:stage-(\d{1,9})|state-([a-z_]{1,20}))')


class Refused(Exception):
    """
    What can't be done, to be told to the person in front of the board.

    status is the one of HTTP, message a plain sentence, more the other
    values of the answer.
    """

    def __init__(self, status, message, **more):
        super().__init__(message)
        self.status = int(status)
        self.answer = {'error': message, **more}


class Filters(NamedTuple):
    """
    Which tickets are on the board.

    section and tag are ids or 0 for any, mine restricts to those of the
    user, text to those with the words.
    """
    section: int = 0
    mine: bool = False
    tag: int = 0
    text: str = ''

    @classmethod
    def of(cls, values):
        "Return those of a mapping of str, such as the query of an address"
        return cls(
            _identifier(values.get('section')),
            values.get('mine') == '1',
            _identifier(values.get('tag')),
            # PostgreSQL refuses NUL
            values.get('text', '').replace('\0', '').strip()[:MAX_TEXT])


class Mark(NamedTuple):
    """
    How far somebody knows the board.

    tickets and columns are hashes of what they were, history is the id of
    the last row and at when that was, in seconds (POSIX).
    """
    tickets: str
    columns: str
    history: int
    at: int

    def __str__(self):
        return '.'.join(map(str, self))

    @classmethod
    def of(cls, text):
        "Return the one that the text is, or None"
        found = re.fullmatch(
            r'([0-9a-f]{16})\.([0-9a-f]{16})\.(\d{1,18})\.(\d{1,11})',
            text or '')
        if found:
            tickets, columns, history, at = found.groups()
            return cls(tickets, columns, int(history), int(at))


class Column(NamedTuple):
    key: str
    name: str
    state: str
    state_name: str


class Board:
    "The board of a section for the current user, whose access is checked"

    def __init__(self, filters, moment=str):
        """
        filters are Filters; moment returns the text of a naive UTC datetime.
        """
        self.filters = filters
        self.moment = moment
        self.now = dt.datetime.now()
        self.section = self._section(filters.section)

    @classmethod
    def sections(cls):
        "Return the sections that the user has a board of"
        pool = Pool()
        Section = pool.get('helpdesk.section')
        User = pool.get('res.user')
        return list(Section.search(
                [('id', 'in', list(User.get_helpdesk_sections()))]))

    @classmethod
    def _section(cls, id_):
        "Return the section with the id; for 0 the user's, or None"
        sections = cls.sections()
        if id_:
            for section in sections:
                if section.id == id_:
                    return section
            raise Refused(HTTPStatus.NOT_FOUND,
                gettext('helpdesk_portal.msg_board_no_section'))
        employee = Transaction().context.get('employee')
        own = [
            s for s in sections
            if employee in {e.id for e in s.members}
            or (s.manager and s.manager.id == employee)]
        return next(iter(own or sections), None)

    # The columns

    def columns(self, counts):
        """
        Return the columns in their order.

        counts are those of tickets by column: one that is there no longer
        stays as long as there are tickets in it.
        """
        pool = Pool()
        Stage = pool.get('helpdesk.stage')
        labels = self._state_names()
        others = [k for k in counts if k.startswith('stage-')]
        stages = self._stages([int(k.partition('-')[2]) for k in others])
        columns = [
            Column(f'stage-{s.id}', s.name, s.state, labels[s.state])
            for s in stages
            if (s.active and Stage.fits(s.id, self.section.id))
            or f'stage-{s.id}' in counts]
        return columns + [
            Column(f'state-{s}', labels[s], s, labels[s])
            for s, _ in STATES
            if not self.has_stages or f'state-{s}' in counts]

    @property
    def has_stages(self):
        pool = Pool()
        Stage = pool.get('helpdesk.stage')
        return Stage.exist(self.section.id)

    def _stages(self, others):
        "Return the stages of the section, and the others with the ids"
        pool = Pool()
        Stage = pool.get('helpdesk.stage')
        if not self.has_stages:
            return []
        return list(Stage.search(['OR',
                    ('active', '=', True),
                    [('id', 'in', others), ('active', '=', False)],
                    ]))

    @staticmethod
    def _state_names():
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        return dict(Ticket.fields_get(['state'])['state']['selection'])

    def _key(self, stage, state):
        "Return the column of what has the stage, an id or None, and state"
        if stage and self.has_stages:
            return f'stage-{stage}'
        return f'state-{state}'

    # The tickets

    def _domain(self):
        filters = self.filters
        domain = [
            ('section', '=', self.section.id),
            ['OR',
                ('state', '!=', 'closed'),
                # Saying it lets PostgreSQL use the index on those
                [
                    ('state', '=', 'closed'),
                    ('closed_at', '>=', self.now - CLOSED),
                    ],
                ],
            ]
        if filters.mine:
            domain.append(
                ('employee', '=', Transaction().context.get('employee', -1)))
        if filters.tag:
            domain.append(('tags', '=', filters.tag))
        if filters.text:
            domain.append(('rec_name', 'ilike', f'%{filters.text}%'))
        return domain

    def _tickets(self):
        "Return the table of tickets, and the condition of those on the board"
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        table = Ticket.__table__()
        found = Ticket.search(self._domain(), order=[], query=True)
        return table, table.id.in_(found)

    def _groups(self, table):
        "Return what tickets of one column have in common"
        return [table.stage, table.state] if self.has_stages else [table.state]

    def counts(self):
        "Return the numbers of tickets by column, in one statement"
        table, where = self._tickets()
        cursor = Transaction().connection.cursor()
        groups = self._groups(table)
        cursor.execute(*table.select(
                *groups, Count(Literal(1)), where=where, group_by=groups))
        counts = {}
        for *group, count in cursor:
            counts[self._key(*([None] * (2 - len(group)) + group))] = count
        return counts

    def _first(self):
        "Return the ids of the first tickets of each column, in one statement"
        table, where = self._tickets()
        window = Window(self._groups(table),
            order_by=[NullsLast(table.due.asc), table.id.asc])
        placed = table.select(
            table.id, RowNumber(window=window).as_('place'), where=where)
        cursor = Transaction().connection.cursor()
        cursor.execute(*placed.select(placed.id,
                where=placed.place <= PAGE, order_by=[placed.place]))
        return [id_ for id_, in cursor]

    def data(self):
        "Return all that is shown at first"
        counts = self.counts()
        columns = self.columns(counts)
        cards = defaultdict(list)
        for card in self._cards(self._first()):
            cards[card['column']].append(card)
        return {
            'section': {'id': self.section.id, 'name': self.section.name},
            'columns': [{
                    **column._asdict(),
                    'count': counts.get(column.key, 0),
                    'cards': cards[column.key],
                    'after': self._after(
                        cards[column.key], counts.get(column.key, 0)),
                    } for column in columns],
            'mark': str(self.mark(columns)),
            }

    def page(self, key, after):
        """
        Return the cards of the column that come after the cursor.

        Raises Refused for a column or a cursor that can't be one.
        """
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        tickets = list(Ticket.search(
                [self._domain(), self._in(key), *self._beyond(after)],
                order=[('due', 'ASC NULLS LAST'), ('id', 'ASC')],
                limit=PAGE + 1))
        cards = list(self._cards([t.id for t in tickets[:PAGE]]))
        return {'cards': cards, 'after': self._after(cards, len(tickets))}

    def _in(self, key):
        "Return the domain of the column"
        stage, state = _parts(key)
        if stage:
            return [('stage', '=', stage)]
        if self.has_stages:
            return [('stage', '=', None), ('state', '=', state)]
        return [('state', '=', state)]

    @staticmethod
    def _after(cards, count):
        "Return the cursor of what comes after the cards, if anything does"
        if len(cards) < count and cards:
            return f'{(cards[-1]["due"] or "").rstrip("Z")}~{cards[-1]["id"]}'

    @staticmethod
    def _beyond(after):
        "Return the domain of what comes after the cursor"
        found = _CURSOR.fullmatch(after)
        due = None
        if found:
            with suppress(ValueError):
                due = found[1] and dt.datetime.fromisoformat(found[1])
        if not found or (found[1] and not due):
            raise Refused(
                HTTPStatus.BAD_REQUEST, gettext('helpdesk_portal.msg_board'))
        id_ = int(found[2])
        if not due:
            return [('due', '=', None), ('id', '>', id_)]
        return [['OR',
                ('due', '>', due),
                [('due', '=', due), ('id', '>', id_)],
                ('due', '=', None),
                ]]

    # The cards

    def _cards(self, ids):
        "Yield the cards of the tickets with the ids, in their order"
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        if not ids:
            return
        rows = {r['id']: r for r in Ticket.read(ids, _readable())}
        tags = self._tags(
            {t for r in rows.values() for t in r.get('tags', [])})
        priorities = dict(
            Ticket.fields_get(['priority'])['priority']['selection'])
        employee = Transaction().context.get('employee')
        for id_ in ids:
            row = defaultdict(lambda: None, rows[id_])
            due = row['due']
            yield {
                'id': id_,
                'number': row['number'],
                'subject': row['subject'],
                'customer': ((row['party.'] or {}).get('rec_name')
                    or row['contact_name'] or row['email']),
                'responsible': (row['employee.'] or {}).get('rec_name'),
                'mine': bool(employee) and row['employee'] == employee,
                'priority': row['priority'],
                'priority_name': priorities.get(row['priority']),
                'due': due.isoformat() + 'Z' if due else None,
                'due_text': self.moment(due) if due else None,
                'overdue': bool(due and due < self.now),
                'unread': bool(row['unread']),
                'tags': sorted(tags[t] for t in row['tags'] or []),
                'url': _local(Ticket(id_).__href__),
                'column': self._key(row['stage'], row['state']),
                }

    @staticmethod
    def _tags(ids):
        pool = Pool()
        Tag = pool.get('helpdesk.tag')
        return {t['id']: t['name'] for t in Tag.read(list(ids), ['name'])}

    # Moving

    def card(self, id_):
        "Return the card of the ticket with the id"
        card, = self._cards([id_])
        return card

    @classmethod
    def move(cls, filters, id_, old, new, moment=str):
        """
        Move a ticket from one column to another, as a client would write it.

        id_ is the ticket's, old and new are the keys of columns. Raises
        Refused, upon which the transaction has to be rolled back.
        """
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        User = pool.get('res.user')
        for ticket in Ticket.search([
                    ('id', '=', id_),
                    ('section', 'in', list(User.get_helpdesk_sections())),
                    ]):
            break
        else:
            raise Refused(HTTPStatus.NOT_FOUND,
                gettext('helpdesk_portal.msg_board_no_ticket'))
        board = cls(filters._replace(section=ticket.section.id), moment)
        stage, state = _parts(new)
        card = board.card(id_)
        if card['column'] != old:
            raise Refused(HTTPStatus.CONFLICT,
                gettext('helpdesk_portal.msg_board_moved',
                    ticket=ticket.rec_name),
                card=card)
        if old != new:
            board._move(ticket, stage, state)
        return {'card': board.card(id_), 'counts': board.counts()}

    @staticmethod
    def _move(ticket, stage, state):
        pool = Pool()
        Stage = pool.get('helpdesk.stage')
        Ticket = pool.get('helpdesk.ticket')
        if stage and not Stage.search([
                    ('id', '=', stage), ('active', 'in', [True, False])]):
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY,
                gettext('helpdesk_portal.msg_board'))
        try:
            if stage:
                Ticket.write([ticket], {'stage': stage})
            else:
                Ticket.bring_to([ticket], state)
        except (AccessError, AccessButtonError) as error:
            raise Refused(HTTPStatus.FORBIDDEN, error.message) from error
        except UserWarning as warning:
            # The client can ask whether to go on
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, gettext(
                    'helpdesk_portal.msg_board_warning',
                    warning=warning.message)) from warning
        except UserError as error:
            raise Refused(
                HTTPStatus.UNPROCESSABLE_ENTITY, error.message) from error

    # Changes

    def mark(self, columns):
        "Return the Mark of what there is now"
        pool = Pool()
        History = pool.get('helpdesk.history')
        table = History.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(
                table.id, order_by=[table.id.desc], limit=1))
        history, = cursor.fetchone() or (0,)
        return Mark(
            look({self.section.id})[self.section.id],
            _hash(columns), history,
            int(self.now.timestamp()))

    def changes(self, mark):
        """
        Return what has changed since the Mark, and whether anything has.

        None for a mark stands for one that is too old.
        """
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        counts = self.counts()
        columns = self.columns(counts)
        present = self.mark(columns)
        answer = {
            'mark': str(present), 'cards': [], 'gone': [], 'counts': counts}
        if not mark or mark.columns != present.columns:
            return {**answer, 'reload': True}, True
        if mark.tickets == present.tickets:
            return answer, False
        ids = self._changed(mark)
        if not ids or len(ids) > MANY:
            return {**answer, 'reload': True}, True
        visible = {t.id for t in Ticket.search(
                [('id', 'in', ids)], order=[])}
        if len(visible) < len(ids):
            # Those that the user does not see, if ever, are told by nothing
            return {**answer, 'reload': True}, True
        shown = [t.id for t in Ticket.search(
                [self._domain(), ('id', 'in', ids)], order=[])]
        return {
            **answer,
            'cards': list(self._cards(shown)),
            'gone': sorted(visible - set(shown)),
            }, True

    def _changed(self, mark):
        "Return the ids of tickets that were changed since the Mark"
        pool = Pool()
        History = pool.get('helpdesk.history')
        Ticket = pool.get('helpdesk.ticket')
        since = dt.datetime.fromtimestamp(mark.at) - LATE
        cursor = Transaction().connection.cursor()
        table = Ticket.__table__()
        changed = table.select(table.id,
            where=(table.section == self.section.id)
            & _on_board(table, self.now)
            & (Coalesce(table.write_date, table.create_date) >= since))
        history = History.__table__()
        # Those that were here
        left = history.select(history.ticket,
            where=(history.id > mark.history - LATE_ROWS)
            & (history.at >= since)
            & (history.what == 'section')
            & (history.old == str(self.section.id)))
        cursor.execute(*(changed | left))
        return [id_ for id_, in cursor]


def look(sections):
    """
    Return hashes that change with the tickets of sections, a set of ids.

    A dictionary by id. It is one statement, which looks at nobody's access:
    all who wait for a change can share it. The times are added up, since the
    last that is committed need not be the latest.
    """
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    table = Ticket.__table__()
    groups = [table.section, table.stage, table.state]
    cursor = Transaction().connection.cursor()
    cursor.execute(*table.select(
            *groups, Count(Literal(1)),
            Sum(Extract(
                    'EPOCH', Coalesce(table.write_date, table.create_date))),
            where=fields.SQL_OPERATORS['in'](table.section, list(sections))
            & _on_board(table, dt.datetime.now()),
            group_by=groups))
    rows = {s: [] for s in sections}
    for section, *row in cursor:
        rows[section].append(str(row))
    return {s: _hash(sorted(r)) for s, r in rows.items()}


def _on_board(table, now):
    "Return the condition of those that are open, or were closed lately"
    return (table.state != 'closed') | (
        (table.state == 'closed') & (table.closed_at >= now - CLOSED))


def _hash(value):
    return sha256(str(value).encode()).hexdigest()[:16]


def _local(address):
    "Return the address as seen from the same server, however it is reached"
    _, _, path, *parts = urlsplit(address)
    return urlunsplit(('', '', path or '/', *parts))


def _identifier(value):
    return int(value) if re.fullmatch('[0-9]{1,9}', value or '') else 0


def _parts(key):
    "Return the id of the stage and the state in the key of a column"
    found = _KEY.fullmatch(key if isinstance(key, str) else '')
    if not found or (found[2] and found[2] not in dict(STATES)):
        raise Refused(
            HTTPStatus.BAD_REQUEST, gettext('helpdesk_portal.msg_board'))
    return int(found[1] or 0), found[2]


def _readable():
    "Return the names of what cards show that the user may read"
    pool = Pool()
    FieldAccess = pool.get('ir.model.field.access')
    return [
        n for n in CARD if FieldAccess.check(
            'helpdesk.ticket', [n.partition('.')[0]], raise_exception=False)]


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        # What stays on the board for some days
        cls._sql_indexes.add(Index(t,
                (t.section, Index.Range()), (t.closed_at, Index.Range()),
                where=t.state == 'closed'))
