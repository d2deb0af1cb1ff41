# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What was promised for a ticket, and when it is due.

Decided here: when it is told anew. Not here: which service level fits
(service_level.py), and what follows from it (due_date.py).
"""
import datetime as dt
from collections import defaultdict
from typing import NamedTuple

from sql import Column, Null
from trytond import backend
from trytond.i18n import gettext
from trytond.model import Index, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.tools import sqlite_apply_types
from trytond.transaction import (
    Transaction, inactive_records, without_check_access)

from . import changes, due_date
from .batch import in_batches
from .history import SIDES
from .opening_time import UNITS
from .service_level import CRITERIA
from .workflow import OVER_STATES

RESULTS = [
    (None, ""),
    ('met', "Met"),
    ('missed', "Missed"),
    ]
# What a ticket is due by
_FACTS = [
    'company', *CRITERIA, 'state', 'first_answer_at', 'deadline']
# What only the system tells
_TOLD = {'service_level', *due_date.NOTHING_DUE}
_OVER = set(OVER_STATES)


class Promise(NamedTuple):
    "What was promised for a ticket, and what became of it."
    # A service_level.Level, or None
    level: tuple | None
    # Of due_date.Turn
    turns: list
    # A dictionary of _FACTS
    facts: dict

    def told(self, hours, now):
        "Return the values of the fields of the ticket."
        return {
            'service_level': self.level.id if self.level else None,
            **due_date.dues(
                self.level or due_date.Target(), self.turns, hours, now,
                first_answer_at=self.facts['first_answer_at'],
                deadline=self.facts['deadline']),
            }


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    @classmethod
    def hours_changed(cls, sections):
        """
        Have told anew when the open tickets are due.

        sections are the ids of those whose opening hours have changed.
        """
        super().hours_changed(sections)
        if sections:
            cls.__queue__.renew_dues(cls.browse(sections))

    @classmethod
    def renew_dues(cls, sections):
        "Tell anew when open tickets are due (task of the queue)."
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        Ticket.renew_dues('section', [s.id for s in sections])


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    service_level = fields.Many2One(
        'helpdesk.service_level', "Service Level", readonly=True,
        ondelete='RESTRICT',
        help="What was promised to the customer.")
    service_level_reason = fields.Function(fields.Text("Why",
            help="Why the service level fits better than others."),
        'get_service_level_reason')
    first_answer_due = fields.DateTime("First Answer Due", readonly=True,
        help="When the customer has to have a first answer.")
    first_answer_met = fields.Selection(
        RESULTS, "First Answer Promise", readonly=True, sort=False,
        help="Whether the first answer came in time.")
    first_answer_late = fields.TimeDelta(
        "First Answer Late", UNITS, readonly=True,
        states={
            'invisible': ~Eval('first_answer_late'),
            },
        help="In how much opening time the first answer came too late.")
    solution_due = fields.DateTime("Solution Due", readonly=True,
        help="When the ticket has to be resolved.\n"
        "Empty while the customer, or whoever else the ticket waits for, "
        "has the clock stopped.")
    solution_left = fields.TimeDelta(
        "Paused, Time Left", UNITS, readonly=True,
        states={
            'invisible': ~Eval('solution_left'),
            },
        help="How much opening time there is to resolve the ticket once the "
        "clock goes on.")
    solution_met = fields.Selection(
        RESULTS, "Solution Promise", readonly=True, sort=False,
        help="Whether the ticket was resolved in time.")
    solution_late = fields.TimeDelta(
        "Solution Late", UNITS, readonly=True,
        states={
            'invisible': ~Eval('solution_late'),
            },
        help="In how much opening time the ticket was resolved too late.")
    due = fields.DateTime("Due", readonly=True,
        help="When something has to happen next: the deadline, a first "
        "answer or a solution, whichever is first.")
    is_overdue = fields.Function(
        fields.Boolean("Overdue"), 'on_change_with_is_overdue',
        searcher='search_is_overdue')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.update({
                Index(t, (t.due, Index.Range()), where=t.due != Null),
                Index(t,
                    (t.service_level, Index.Range()),
                    where=t.service_level != Null),
                })

    @classmethod
    def __register__(cls, module):
        table = cls.__table__()
        is_new = not cls.__table_handler__(module).column_exist('due')
        super().__register__(module)
        if is_new:
            # Until now only deadlines told when a ticket is due
            Transaction().connection.cursor().execute(*table.update(
                    [table.due], [table.deadline],
                    where=(table.deadline != Null)
                    & ~table.state.in_(OVER_STATES)))

    @fields.depends('due')
    def on_change_with_is_overdue(self, name=None):
        return bool(self.due and self.due < dt.datetime.now())

    @classmethod
    def search_is_overdue(cls, name, clause):
        _, operator, value = clause
        if (operator == '=') == bool(value):
            return [('due', '<', dt.datetime.now())]
        return ['OR',
            ('due', '=', None),
            ('due', '>=', dt.datetime.now()),
            ]

    @classmethod
    def get_service_level_reason(cls, tickets, name):
        pool = Pool()
        ServiceLevel = pool.get('helpdesk.service_level')
        return {
            t.id: ServiceLevel.reason(t.service_level.id, t._facts())
            if t.service_level else None
            for t in tickets}

    @classmethod
    def check_modification(cls, mode, tickets, values=None, external=False):
        super().check_modification(
            mode, tickets, values=values, external=external)
        if external and mode == 'write' and not _TOLD.isdisjoint(values):
            raise AccessError(gettext('helpdesk.msg_ticket_kept'))

    @classmethod
    def _before_create(cls, vlist):
        # Here all values are known, and nothing is stored yet
        vlist = super()._before_create(vlist)
        with without_check_access():
            now = dt.datetime.now().replace(microsecond=0)
            defaults = cls._default_facts(vlist)
            promises = [
                cls._promise({**defaults, **cls._plain_facts(values)}, [], now)
                for values in vlist]
            hours = cls._hours(promises)
            for values, promise in zip(vlist, promises):
                values.update(promise.told(hours, now))
        return vlist

    @classmethod
    def _default_facts(cls, vlist):
        "Return what the facts are where the values do not have them."
        return {
            name: getattr(cls, f'default_{name}', lambda: None)()
            for name in _FACTS if any(name not in values for values in vlist)}

    @classmethod
    def _before_write(cls, *args):
        # With what is told anew in them, the values would be refused as the
        # user's; afterwards they would take another statement
        told = cls._told_by(args)
        ids, names, on_write, triggers, *args = super()._before_write(*args)
        if told:
            names.update(*told.values())
            args = changes.extend(args, lambda t, _: told.get(t.id, {}))
        return ids, names, on_write, triggers, *args

    @classmethod
    @without_check_access
    def _told_by(cls, args):
        "Return what changes, by id, when tickets get the values of args."
        values_by_ticket = defaultdict(dict)
        actions = iter(args)
        for tickets, values in zip(actions, actions):
            facts = cls._plain_facts(values)
            if facts:
                for ticket in tickets:
                    values_by_ticket[ticket].update(facts)
        changed = []
        for ticket, values in values_by_ticket.items():
            old = ticket._facts()
            new = {**old, **values}
            # What is over stays as it was
            if new != old and not {old['state'], new['state']} <= _OVER:
                changed.append((ticket, new))
        return cls._tell(changed)

    @classmethod
    def _tell(cls, tickets):
        """
        Return what changes, by id, for tickets and what they are due by.

        tickets are tuples of a ticket and a dictionary of _FACTS. However
        many they are, it takes one query for all, and none if nothing is
        promised.
        """
        now = dt.datetime.now().replace(microsecond=0)
        turns = cls.turns([t for t, facts in tickets if cls._level(facts)])
        promises = {
            t: cls._promise(facts, turns.get(t.id, []), now)
            for t, facts in tickets}
        hours = cls._hours(promises.values())
        told = {}
        for ticket, promise in promises.items():
            differing = ticket._differing(promise.told(hours, now))
            if differing:
                told[ticket.id] = {**differing, **cls.told_with(differing)}
        return told

    @classmethod
    def told_with(cls, changes):
        """
        Return what else changes when it is told anew when a ticket is due.

        changes is a dictionary of those of the fields of the promise that
        change, such as due, solution_due or service_level.
        """
        return {}

    @classmethod
    def _promise(cls, facts, turns, now):
        "Return the Promise for what is so from now on."
        return Promise(
            cls._level(facts),
            due_date.turned(
                turns, now, SIDES[facts['state']], facts['section']),
            facts)

    @classmethod
    def _level(cls, facts):
        "Return the service_level.Level that fits best, or None."
        pool = Pool()
        ServiceLevel = pool.get('helpdesk.service_level')
        if facts['section'] is not None:
            return next(iter(ServiceLevel.matching(facts)), None)

    @classmethod
    def _hours(cls, promises):
        "Return the hours that the promises count in, by section."
        pool = Pool()
        Section = pool.get('helpdesk.section')
        return Section.worktimes(Section.browse(sorted({
                        turn.section for promise in promises if promise.level
                        for turn in promise.turns})))

    @classmethod
    def _plain_facts(cls, values):
        "Return those of the values that are facts, as they are stored."
        return {
            name: cls._fields[name].sql_format(values[name])
            for name in _FACTS if name in values}

    def _facts(self):
        "Return what the ticket is due by."
        return {name: self._plain(name) for name in _FACTS}

    def _plain(self, name):
        value = getattr(self, name)
        return getattr(value, 'id', value)

    def _differing(self, values):
        "Return those of the values that the ticket does not have."
        return {n: v for n, v in values.items() if v != self._plain(n)}

    @classmethod
    @without_check_access
    def turns(cls, tickets):
        """
        Return in which section and on which side tickets were, and are.

        A dictionary of lists of due_date.Turn, by id, from the history: one
        query for all tickets, and one more if any has moved.
        """
        if not tickets:
            return {}
        states, moves = defaultdict(list), defaultdict(list)
        for ticket, what, old, side, at, until in cls._turning([
                    t.id for t in tickets]):
            if what == 'state':
                states[ticket].append((at, until, side))
            else:
                moves[ticket].append((at, int(old)))
        there = cls._there({s for m in moves.values() for _, s in m})
        return {
            t.id: due_date.turns(
                states[t.id],
                [(at, left if left in there else t.section.id)
                    for at, left in moves[t.id]],
                t.section.id)
            for t in tickets}

    @classmethod
    def _turning(cls, ids):
        "Return the rows of states and sections in the history of tickets."
        pool = Pool()
        History = pool.get('helpdesk.history')
        history = History.__table__()
        query = history.select(
            history.ticket, history.what, history.old, history.side,
            history.at.as_('at'), history.until.as_('until'),
            where=history.what.in_(['state', 'section'])
            & fields.SQL_OPERATORS['in'](history.ticket, ids),
            order_by=[history.ticket, history.at, history.id])
        if backend.name == 'sqlite':
            sqlite_apply_types(
                query, [None, None, None, None, 'TIMESTAMP', 'TIMESTAMP'])
        cursor = Transaction().connection.cursor()
        cursor.execute(*query)
        return cursor.fetchall()

    @classmethod
    def _there(cls, sections):
        "Return those ids of sections that have not been deleted since."
        pool = Pool()
        Section = pool.get('helpdesk.section')
        if not sections:
            return sections
        with inactive_records():
            return {s.id for s in Section.search(
                    [('id', 'in', list(sections))], order=[])}

    @classmethod
    @without_check_access
    def renew_dues(cls, name, ids):
        """
        Tell anew when open tickets are due, in batches that are committed.

        name is that of a field, company or section, ids are values of it.
        """
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(table.id,
                where=fields.SQL_OPERATORS['in'](Column(table, name), ids)
                & ~table.state.in_(OVER_STATES),
                order_by=[table.id]))
        in_batches([id_ for id_, in cursor], cls._renew)

    @classmethod
    def _renew(cls, ids):
        tickets = cls.search([
                ('id', 'in', ids),
                ('state', 'not in', OVER_STATES),
                ], order=[])
        changes.keep(cls, cls._tell([(t, t._facts()) for t in tickets]))
