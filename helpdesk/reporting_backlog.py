# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
How many tickets there were to work on, at the end of each period.

What a ticket has been in is in its history, a row for each state. Those of
before the report that go on count at once; from then on each row counts from
when it began until it ended. So each row is looked at once, however many
periods there are.
"""
import datetime as dt

from sql import Column, Literal, Null, Union
from sql.aggregate import Sum
from sql.conditionals import Case
from trytond.model import ModelSQL, ModelView, fields
from trytond.pool import Pool
from trytond.transaction import Transaction

# On whose side the tickets of the figures are
_SIDES = {
    'open_tickets': ['agent'],
    'waiting_tickets': ['customer', 'third_party'],
    }


class Backlog(ModelSQL, ModelView):
    __name__ = 'helpdesk.reporting.backlog'

    company = fields.Many2One('company.company', "Company",
        help="Whose tickets they are.")
    date = fields.Date("Date",
        help="The last day of the period; the tickets are those that there "
        "were at its end.")
    section = fields.Many2One('helpdesk.section', "Section",
        help="The section that has the tickets now.")
    backlog = fields.Integer("Backlog",
        help="Tickets that were neither resolved nor closed.")
    open_tickets = fields.Integer("With the Agents",
        help="Those of them that the agents had to work on.")
    waiting_tickets = fields.Integer("Waiting",
        help="Those of them that waited for the customer or a third party.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('date', 'ASC'), ('section', 'ASC'), ('id', 'ASC')]

    @classmethod
    def table_query(cls):
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        period = Context.table(Context.periods() or [Context.whole()])
        changed = cls._changed(period)
        # How many there will be nobody knows
        total = changed.join(period,
            condition=(changed.period <= period.index)
            & (period.start <= dt.datetime.now())
            ).select(
                period.index, changed.section, period.last,
                *(Sum(Column(changed, n)).as_(n) for n in _SIDES),
                group_by=[period.index, changed.section, period.last])
        return total.select(
            *cls._columns(total),
            where=total.open_tickets + total.waiting_tickets > 0,
            with_=[period])

    @classmethod
    def _columns(cls, total):
        "Return the columns of the report."
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        values = {
            'company': Literal(Transaction().context.get('company', -1)),
            'date': total.last,
            'section': total.section,
            'backlog': total.open_tickets + total.waiting_tickets,
            'open_tickets': total.open_tickets,
            'waiting_tickets': total.waiting_tickets,
            }
        return [Context.row_id(total.section, total.index).as_('id'), *(
                cls._fields[n].sql_cast(value).as_(n)
                for n, value in values.items())]

    @classmethod
    def _changed(cls, period):
        "Return the query of how the figures change in each period."
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        Main = pool.get('helpdesk.reporting.main')
        history, ticket, source, where = cls._rows()
        where &= Main.ticket_where(ticket)
        queries = []
        # What ended in the period in which it began, as most, changes nothing
        for moment, number, lasts in [
                (history.at, 1, (history.until == Null)
                    | (history.until >= period.end)),
                (history.until, -1, history.at < period.start)]:
            queries.append(source.join(period,
                    condition=(moment >= period.start)
                    & (moment < period.end)
                    ).select(
                        period.index.as_('period'),
                        ticket.section.as_('section'),
                        *cls._changes(history, number),
                        where=where & Context.within(moment) & lasts,
                        group_by=[period.index, ticket.section]))
        return Union(*queries, cls._before(), all_=True)

    @classmethod
    def _before(cls):
        "Return the query of what there is when the report begins."
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        Main = pool.get('helpdesk.reporting.main')
        start = Context.whole().start
        history, ticket, source, where = cls._rows()
        return source.select(
            Literal(0).as_('period'),
            ticket.section.as_('section'),
            *cls._changes(history, 1),
            where=where & Main.ticket_where(ticket) & (history.at < start)
            & ((history.until == Null) | (history.until >= start)),
            group_by=[ticket.section])

    @classmethod
    def _rows(cls):
        """
        Return the tables of the history and the tickets, both joined, and the
        condition of the rows in which tickets were neither resolved nor
        closed.
        """
        pool = Pool()
        history = pool.get('helpdesk.history').__table__()
        ticket = pool.get('helpdesk.ticket').__table__()
        return (
            history, ticket,
            history.join(ticket, condition=history.ticket == ticket.id),
            (history.what == 'state') & (history.side != 'nobody'))

    @classmethod
    def _changes(cls, history, number):
        "Return what rows of the history add to the figures."
        return [
            Sum(Case((history.side.in_(sides), number), else_=0)).as_(name)
            for name, sides in _SIDES.items()]

    @classmethod
    def tickets(cls, name, start, end):
        "Return the query of the ids of all tickets behind a figure."
        history, ticket, source, where = cls._rows()
        if name in _SIDES:
            where &= history.side.in_(_SIDES[name])
        return source.select(ticket.id,
            where=where & (history.at < end)
            & ((history.until == Null) | (history.until >= end)))

    def get_rec_name(self, name):
        return f'{self.section.rec_name} - {self.date}'

    def ticket_domain(self):
        "Return the domain of the tickets that the row is about."
        return [
            ('company', '=', self.company.id),
            ('section', '=', self.section.id),
            ]

    def ticket_period(self):
        "Return the reporting_period.Period that the row is about."
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        return next(p for p in Context.periods() if p.last == self.date)

    def ticket_figures(self):
        "Return the names of the figures whose tickets can be shown."
        return ['backlog', *_SIDES]
