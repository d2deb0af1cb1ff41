# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
When to look at which tickets, to tell that something is due.

Each ticket has the moment at which there may be something to tell. What
changes that sets it to now; the scheduled action looks at the tickets whose
moment has come, tells what there is to tell, and sets it to the next one.
"""
import datetime as dt

from sql import Column, Null
from sql.conditionals import Case
from trytond.model import Index, fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction, without_check_access

from .batch import in_batches
from .opening_time import UNITS
from .workflow import OVER_STATES

# What is due, and the fields that say when
DUE_FIELDS = {
    'first_answer': 'first_answer_due',
    'solution': 'solution_due',
    'deadline': 'deadline',
    }
# Fields on which it hangs what is to be told
WATCHED_FIELDS = {*DUE_FIELDS.values(), 'service_level', 'section', 'state'}


def now():
    "Return the time it is, naive, in UTC."
    return dt.datetime.now().replace(microsecond=0)


class Configuration(metaclass=PoolMeta):
    __name__ = 'helpdesk.configuration'

    due_soon = fields.TimeDelta("Due Soon", UNITS,
        domain=['OR',
            ('due_soon', '=', None),
            ('due_soon', '>=', dt.timedelta()),
            ],
        help="So much opening time before its deadline colleagues are told "
        "that a ticket is due. If empty nobody is.")

    @classmethod
    def default_due_soon(cls):
        return dt.timedelta(hours=4)

    @classmethod
    def on_modification(cls, mode, records, field_names=None):
        super().on_modification(mode, records, field_names=field_names)
        if mode == 'write' and 'due_soon' in field_names:
            cls.__queue__.plan_warnings(records)

    @classmethod
    def plan_warnings(cls, records):
        "Look anew at the tickets with a deadline, as a task of the queue."
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        Ticket.plan_warnings('deadline')


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    @classmethod
    def renew_dues(cls, sections):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        super().renew_dues(sections)
        # Where nothing is due anew, it may be told at another time
        Ticket.plan_warnings('section', [s.id for s in sections])


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    next_warning = fields.DateTime("Next Warning", readonly=True,
        help="When to look whether there is something to tell of what is "
        "due.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t,
                (t.next_warning, Index.Range()),
                where=t.next_warning != Null))

    @classmethod
    def __register__(cls, module):
        table = cls.__table__()
        is_new = not cls.__table_handler__(module).column_exist('next_warning')
        super().__register__(module)
        if is_new:
            # Nobody has looked at the deadlines that were there before
            Transaction().connection.cursor().execute(*table.update(
                    [table.next_warning], [now()],
                    where=(table.deadline != Null)
                    & ~table.state.in_(OVER_STATES)))

    @classmethod
    def _before_create(cls, vlist):
        # Here all values are known, and nothing is stored yet
        vlist = super()._before_create(vlist)
        for values in vlist:
            values['next_warning'] = (
                now() if any(values.get(n) for n in DUE_FIELDS.values())
                else None)
        return vlist

    @classmethod
    def _before_write(cls, *args):
        ids, names, on_write, triggers, *args = super()._before_write(*args)
        actions = iter(args)
        args = []
        for tickets, values in zip(actions, actions):
            # Nobody else sets it
            values.pop('next_warning', None)
            if not WATCHED_FIELDS.isdisjoint(values):
                values['next_warning'] = now()
            args += [tickets, values]
        return ids, names, on_write, triggers, *args

    @classmethod
    def told_with(cls, changes):
        also = super().told_with(changes)
        if not WATCHED_FIELDS.isdisjoint(changes):
            also['next_warning'] = now()
        return also

    @classmethod
    def plan_warnings(cls, name, values=None):
        """
        Look anew at the open tickets whose field has one of the values.

        name is that of the field, values are as stored, None for any. For
        what changes when to tell without writing the tickets. It commits.
        """
        table = cls.__table__()
        column = Column(table, name)
        where = (
            column != Null if values is None
            else fields.SQL_OPERATORS['in'](column, values))
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(
                table.id, where=where & ~table.state.in_(OVER_STATES)))
        in_batches([id_ for id_, in cursor], cls._plan_warnings)

    @classmethod
    def _plan_warnings(cls, ids):
        cls._set_next_warning({id_: now() for id_ in ids})

    @classmethod
    @without_check_access
    def notify_due(cls):
        """
        Tell of the tickets that are due or were missed (scheduled action).

        Return how many tickets are left to the next run.
        """
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(
                table.id,
                where=table.next_warning <= now(),
                order_by=[table.next_warning, table.id]))
        return in_batches([id_ for id_, in cursor], cls._notify_due)

    @classmethod
    def _notify_due(cls, ids):
        pool = Pool()
        Escalation = pool.get('helpdesk.escalation')
        at = now()
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        # Who writes first makes everybody else wait, and then begin anew
        cursor.execute(*table.update(
                [table.next_warning], [table.next_warning],
                where=fields.SQL_OPERATORS['in'](table.id, ids)
                & (table.next_warning <= at)))
        tickets = list(cls.search([
                    ('id', 'in', ids),
                    ('next_warning', '<=', at),
                    ], order=[]))
        if not tickets:
            return
        occasions, moments = Escalation.plan(tickets, at)
        cls._set_next_warning(moments)
        # It may change when to look at them again
        Escalation.escalate(occasions, at)

    @classmethod
    def _set_next_warning(cls, moments):
        """
        Set when to look at tickets, a dictionary of times by their ids.

        Written by write, nobody could save who has one of them open.
        """
        table = cls.__table__()
        when = [(table.id == id_, at) for id_, at in moments.items() if at]
        Transaction().connection.cursor().execute(*table.update(
                [table.next_warning],
                [Case(*when, else_=Null) if when else Null],
                where=fields.SQL_OPERATORS['in'](table.id, list(moments))))
