# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The tickets behind the figures of a report.

They are found by the same queries that count them.
"""
import datetime as dt

from sql import Literal, Null
from trytond.model import Index, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import PYSONEncoder
from trytond.transaction import check_access
from trytond.wizard import StateAction, Wizard

from .workflow import OVER_STATES

_BACKLOG = 'helpdesk.reporting.backlog'
_FIGURES = 'helpdesk.reporting.main'


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    reported = fields.Function(
        fields.Char("Reported",
            help="Finds the tickets behind a figure of a report."),
        'get_reported', searcher='search_reported')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(
            Index(t, (t.create_date, Index.Range())))
        for column in [t.first_answer_at, t.solved_at, t.first_answer_due,
                t.solution_due]:
            cls._sql_indexes.add(
                Index(t, (column, Index.Range()), where=column != Null))

    @classmethod
    def counts_as_solved(cls, table):
        """
        Return the condition under which tickets count as solved.

        table is that of the tickets. Those that went on elsewhere do not, as
        they were merged or converted.
        """
        return (table.state.in_(OVER_STATES)
            & (table.active == Literal(True)))

    def get_reported(self, name):
        return ''

    @classmethod
    def search_reported(cls, name, clause):
        """
        Return the domain of the tickets behind a figure of a report.

        The value of the clause is a list of the name of the figure and when
        its period begins and ends, as texts of naive UTC times.
        """
        pool = Pool()
        ModelAccess = pool.get('ir.model.access')
        _, _, value = clause
        if not value:
            return [('id', '=', None)]
        figure, *period = value
        start, end = map(dt.datetime.fromisoformat, period)
        Backlog, Main = pool.get(_BACKLOG), pool.get(_FIGURES)
        Report = Backlog if figure in Backlog._fields else Main
        # It tells of tickets what only managers know
        with check_access():
            ModelAccess.check(Report.__name__, 'read')
        return [('id', 'in', Report.tickets(figure, start, end))]


class History(metaclass=PoolMeta):
    __name__ = 'helpdesk.history'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        is_state = t.what == 'state'
        cls._sql_indexes.update({
                Index(t, (t.at, Index.Range()), where=is_state),
                Index(t,
                    (t.until, Index.Range()),
                    where=is_state & (t.side != 'nobody')),
                Index(t,
                    (t.at, Index.Range()),
                    where=is_state & t.old.in_(OVER_STATES)),
                })


class OpenTickets(Wizard):
    __name__ = 'helpdesk.reporting.open_tickets'
    _readonly = True

    start_state = 'open_'
    open_ = StateAction('helpdesk.act_reporting_ticket')

    def do_open_(self, action):
        row, encoder = self.record, PYSONEncoder()
        figures, period = row.ticket_figures(), row.ticket_period()
        labels = self.model.fields_get(figures)
        limits = [period.start.isoformat(), period.end.isoformat()]
        # Of a domain the client would undo that one is moved
        action['context_domain'] = encoder.encode([
                *row.ticket_domain(),
                # Archived tickets, too
                ('active', 'in', [True, False])])
        action['domains'] = [
            (labels[figure]['string'],
                encoder.encode([('reported', '=', [figure, *limits])]), True)
            for figure in figures]
        if row.rec_name:
            action['name'] += f' ({row.rec_name})'
        return action, {}
