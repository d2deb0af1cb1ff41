# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The figures of tickets, as a whole and over time.

All of them count at the moment when something happened. The database adds
them up for each kind of event on its own, by what the report is divided by,
and then those of all kinds.
"""
import datetime as dt

from dateutil.relativedelta import relativedelta
from sql import Cast, Column, Literal, Null, Union, Values, With
from sql.aggregate import Max, Sum
from sql.conditionals import Coalesce, NullIf
from trytond.i18n import gettext, lazy_gettext
from trytond.model import ModelSQL, ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Eval, If
from trytond.tools import timezone as tz
from trytond.tools.chart import sparkline
from trytond.transaction import Transaction

from . import reporting_event, reporting_period
from .exceptions import ReportingPeriodError
from .opening_time import UNITS

# More than a year by day; a graph does not show more
MAX_PERIODS = 400
# The figures that are averages, of a sum and a count of what has one
_AVERAGES = {
    'first_answer_time': ('first_answer_time', 'first_answers_timed'),
    'solution_time': ('solution_time', 'solved_timed'),
    'agent_time': ('agent_time', 'solved_timed'),
    'customer_time': ('customer_time', 'solved_timed'),
    'third_party_time': ('third_party_time', 'solved_timed'),
    'satisfaction': ('score', 'ratings'),
    'satisfied_ratio': ('satisfied', 'ratings'),
    'kept_ratio': ('promises_kept', 'promises_judged'),
    }
_TIMES = [n for n in _AVERAGES if n.endswith('_time')]
# What graphs show of what there is
_COUNTED = {
    'first_answer_hours': 'first_answers',
    'solution_hours': 'solved',
    'agent_hours': 'solved',
    'customer_hours': 'solved',
    'third_party_hours': 'solved',
    'satisfaction': 'ratings',
    'satisfied_ratio': 'ratings',
    }
# The same rows have other figures there
Transaction.cache_keys.update(
    {'from_date', 'to_date', 'period', 'section', 'hours'})


class SpanMixin:
    "What is reported on: a company, dates, and times in which hours."
    __slots__ = ()

    company = fields.Many2One('company.company', "Company", required=True,
        help="Whose tickets are counted.")
    from_date = fields.Date("From Date", required=True,
        domain=[
            If(Eval('to_date') & Eval('from_date'),
                ('from_date', '<=', Eval('to_date')),
                ()),
            ],
        help="What happened from this date on is counted.")
    to_date = fields.Date("To Date", required=True,
        domain=[
            If(Eval('from_date') & Eval('to_date'),
                ('to_date', '>=', Eval('from_date')),
                ()),
            ],
        help="What happened until this date is counted, the date included.")
    hours = fields.Selection([
            ('open', "Opening Hours"),
            ('real', "Around the Clock"),
            ], "Times", required=True, sort=False,
        help="Whether the times are those in the opening hours of the "
        "sections or all that passed.")


class Context(SpanMixin, ModelView):
    __name__ = 'helpdesk.reporting.context'

    period = fields.Selection([
            ('year', "Year"),
            ('month', "Month"),
            ('week', "Week"),
            ('day', "Day"),
            ], "Period", required=True, sort=False,
        help="The parts of the time that the figures over time are for.")
    section = fields.Many2One('helpdesk.section', "Section",
        domain=[
            ('company', '=', Eval('company', -1)),
            ],
        help="The section whose tickets are counted. "
        "Leave empty for all of them.")

    @classmethod
    def default_company(cls):
        return Transaction().context.get('company')

    @classmethod
    def default_from_date(cls):
        pool = Pool()
        Date = pool.get('ir.date')
        return (Transaction().context.get('from_date')
            or Date.today() + relativedelta(months=-11, day=1))

    @classmethod
    def default_to_date(cls):
        pool = Pool()
        Date = pool.get('ir.date')
        return Transaction().context.get('to_date') or Date.today()

    @classmethod
    def default_period(cls):
        return Transaction().context.get('period') or 'month'

    @classmethod
    def default_section(cls):
        return Transaction().context.get('section')

    @classmethod
    def default_hours(cls):
        return Transaction().context.get('hours') or 'open'

    @classmethod
    def zone(cls):
        "Return the tzinfo of the company that is reported on."
        pool = Pool()
        Company = pool.get('company.company')
        company = cls.default_company()
        if company is None or company < 0:
            return tz.UTC
        return tz.get_tzinfo(Company(company).timezone or 'UTC')

    @classmethod
    def whole(cls):
        "Return the reporting_period.Period of the whole report."
        return reporting_period.whole(
            cls.default_from_date(), cls.default_to_date(), cls.zone())

    @classmethod
    def periods(cls):
        """
        Return the list of the reporting_period.Periods of the report.

        Raise a ReportingPeriodError if there are more than can be shown.
        """
        periods = reporting_period.periods(
            cls.default_from_date(), cls.default_to_date(),
            cls.default_period(), cls.zone(), MAX_PERIODS)
        if len(periods) > MAX_PERIODS:
            raise ReportingPeriodError(gettext(
                    'helpdesk.msg_reporting_periods', max=MAX_PERIODS))
        return periods

    @classmethod
    def table(cls, periods):
        "Return the periods as a table of SQL, with their index in the list."
        return With('index', 'date', 'last', 'start', 'end', query=Values(
                [[index, *period] for index, period in enumerate(periods)]))

    @classmethod
    def within(cls, at):
        """
        Return the condition that a naive UTC time is in the report.

        All periods are; it lets the database know how few rows there are.
        """
        whole = cls.whole()
        return (at >= whole.start) & (at < whole.end)

    @classmethod
    def row_id(cls, row, index):
        "Return the expression of the id of a row with the index of a period."
        # All ids and as many periods as there can be
        return Cast(row, 'BIGINT') * (MAX_PERIODS + 1) + index


class Abstract(ModelSQL):

    company = fields.Many2One(
        'company.company', lazy_gettext('helpdesk.msg_reporting_company'),
        help=lazy_gettext('helpdesk.msg_reporting_company_help'))
    created = fields.Integer(
        lazy_gettext('helpdesk.msg_reporting_created'),
        help=lazy_gettext('helpdesk.msg_reporting_created_help'))
    created_trend = fields.Function(fields.Char(
            lazy_gettext('helpdesk.msg_reporting_created_trend'),
            help=lazy_gettext('helpdesk.msg_reporting_created_trend_help')),
        'get_trend')
    first_answers = fields.Integer(
        lazy_gettext('helpdesk.msg_reporting_first_answers'),
        help=lazy_gettext('helpdesk.msg_reporting_first_answers_help'))
    first_answer_time = fields.TimeDelta(
        lazy_gettext('helpdesk.msg_reporting_first_answer_time'), UNITS,
        help=lazy_gettext('helpdesk.msg_reporting_first_answer_time_help'))
    solved = fields.Integer(
        lazy_gettext('helpdesk.msg_reporting_solved'),
        help=lazy_gettext('helpdesk.msg_reporting_solved_help'))
    solved_trend = fields.Function(fields.Char(
            lazy_gettext('helpdesk.msg_reporting_solved_trend'),
            help=lazy_gettext('helpdesk.msg_reporting_solved_trend_help')),
        'get_trend')
    solution_time = fields.TimeDelta(
        lazy_gettext('helpdesk.msg_reporting_solution_time'), UNITS,
        help=lazy_gettext('helpdesk.msg_reporting_solution_time_help'))
    agent_time = fields.TimeDelta(
        lazy_gettext('helpdesk.msg_reporting_agent_time'), UNITS,
        help=lazy_gettext('helpdesk.msg_reporting_agent_time_help'))
    customer_time = fields.TimeDelta(
        lazy_gettext('helpdesk.msg_reporting_customer_time'), UNITS,
        help=lazy_gettext('helpdesk.msg_reporting_customer_time_help'))
    third_party_time = fields.TimeDelta(
        lazy_gettext('helpdesk.msg_reporting_third_party_time'), UNITS,
        help=lazy_gettext('helpdesk.msg_reporting_third_party_time_help'))
    reopened = fields.Integer(
        lazy_gettext('helpdesk.msg_reporting_reopened'),
        help=lazy_gettext('helpdesk.msg_reporting_reopened_help'))
    promises_kept = fields.Integer(
        lazy_gettext('helpdesk.msg_reporting_promises_kept'),
        help=lazy_gettext('helpdesk.msg_reporting_promises_kept_help'))
    promises_missed = fields.Integer(
        lazy_gettext('helpdesk.msg_reporting_promises_missed'),
        help=lazy_gettext('helpdesk.msg_reporting_promises_missed_help'))
    kept_ratio = fields.Float(
        lazy_gettext('helpdesk.msg_reporting_kept_ratio'), digits=(1, 4),
        states={
            'invisible': ~Eval('promises_kept') & ~Eval('promises_missed'),
            },
        help=lazy_gettext('helpdesk.msg_reporting_kept_ratio_help'))
    ratings = fields.Integer(
        lazy_gettext('helpdesk.msg_reporting_ratings'),
        help=lazy_gettext('helpdesk.msg_reporting_ratings_help'))
    satisfaction = fields.Float(
        lazy_gettext('helpdesk.msg_reporting_satisfaction'), digits=(1, 2),
        help=lazy_gettext('helpdesk.msg_reporting_satisfaction_help'))
    satisfied_ratio = fields.Float(
        lazy_gettext('helpdesk.msg_reporting_satisfied_ratio'), digits=(1, 4),
        states={
            'invisible': ~Eval('ratings'),
            },
        help=lazy_gettext('helpdesk.msg_reporting_satisfied_ratio_help'))
    first_answer_hours = fields.Function(fields.Float(
            lazy_gettext('helpdesk.msg_reporting_first_answer_hours'),
            digits=(None, 2),
            help=lazy_gettext(
                'helpdesk.msg_reporting_first_answer_hours_help')),
        'get_hours')
    solution_hours = fields.Function(fields.Float(
            lazy_gettext('helpdesk.msg_reporting_solution_hours'),
            digits=(None, 2),
            help=lazy_gettext('helpdesk.msg_reporting_solution_hours_help')),
        'get_hours')
    agent_hours = fields.Function(fields.Float(
            lazy_gettext('helpdesk.msg_reporting_agent_hours'),
            digits=(None, 2),
            help=lazy_gettext('helpdesk.msg_reporting_agent_hours_help')),
        'get_hours')
    customer_hours = fields.Function(fields.Float(
            lazy_gettext('helpdesk.msg_reporting_customer_hours'),
            digits=(None, 2),
            help=lazy_gettext('helpdesk.msg_reporting_customer_hours_help')),
        'get_hours')
    third_party_hours = fields.Function(fields.Float(
            lazy_gettext('helpdesk.msg_reporting_third_party_hours'),
            digits=(None, 2),
            help=lazy_gettext(
                'helpdesk.msg_reporting_third_party_hours_help')),
        'get_hours')
    time_series = None
    # The column of the tickets that the figures are divided by
    _dimension = None

    @classmethod
    def view_attributes(cls):
        # A graph would show nothing as 0
        path = '/graph/y/field[@name="%s"]'
        return super().view_attributes() + [
            (path % name, 'domain', Eval(count, 0) > 0, [count])
            for name, count in _COUNTED.items()] + [
            (path % 'kept_ratio', 'domain',
                (Eval('promises_kept', 0) > 0)
                | (Eval('promises_missed', 0) > 0),
                ['promises_kept', 'promises_missed']),
            ]

    @classmethod
    def table_query(cls):
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        period = Context.table(cls._periods() or [Context.whole()])
        total = cls._total(period)
        return total.join(
            period, condition=total.period == period.index
            ).select(*cls._columns(total, period), with_=[period])

    @classmethod
    def _periods(cls):
        "Return the reporting_period.Periods that have rows of their own."
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        return [Context.whole()]

    @classmethod
    def _events(cls):
        """
        Return the functions that make the events that count.

        Each takes open or real, for the hours that times are counted in, and
        returns a reporting_event.Event.
        """
        return [
            reporting_event.created,
            reporting_event.answered,
            reporting_event.solved,
            reporting_event.unanswered,
            reporting_event.answer_overdue,
            reporting_event.solution_overdue,
            reporting_event.reopened,
            reporting_event.rated,
            ]

    @classmethod
    def events(cls):
        "Return the reporting_event.Events in the hours of the context."
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        hours = Context.default_hours()
        return [event(hours) for event in cls._events()]

    @classmethod
    def _total(cls, period):
        "Return the query of the counts and sums by period and dimension."
        events = cls.events()
        names = {}
        for event in events:
            names.update(dict.fromkeys(event.counts, Literal(0)))
            # In PostgreSQL a column of nothing but Null would be a text
            names.update({
                    n: cls._fields[n].sql_cast(Null)
                    if n in _TIMES else Literal(0)
                    for n in event.sums})
        counted = Union(
            *(cls._counted(e, period, names) for e in events), all_=True)
        group = [counted.period]
        columns = [counted.period]
        if cls._dimension:
            group.append(counted.value)
            # As an aggregate: PostgreSQL would look at a condition on the
            # column itself, as of the ids to read, once for each ticket
            columns.append(Max(counted.value).as_('value'))
        return counted.select(
            *columns,
            *(Sum(Column(counted, n)).as_(n) for n in names),
            group_by=group)

    @classmethod
    def _counted(cls, event, period, names):
        "Return the query of what counts of one kind of event."
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        figures = {**names, **event.figures()}
        group = [period.index]
        columns = [period.index.as_('period')]
        if cls._dimension:
            value = Column(event.ticket, cls._dimension)
            group.append(value)
            columns.append(value.as_('value'))
        return event.source.join(period,
            condition=(event.at >= period.start) & (event.at < period.end)
            ).select(
                *columns, *(figures[n].as_(n) for n in names),
                where=event.where & cls.ticket_where(event.ticket)
                & Context.within(event.at),
                group_by=group)

    @classmethod
    def ticket_where(cls, ticket):
        "Return the condition on the table of tickets by the context."
        context = Transaction().context
        where = ticket.company == context.get('company')
        if context.get('section') is not None:
            where &= ticket.section == context['section']
        return where

    @classmethod
    def _columns(cls, total, period):
        "Return the columns of the report."
        values = {
            'id': cls._column_id(total, period),
            'company': Literal(Transaction().context.get('company', -1)),
            **{n: Column(total, n) for n in cls._counts()},
            }
        for name, (amount, count) in _AVERAGES.items():
            amount = Column(total, amount)
            if count == 'promises_judged':
                count = total.promises_kept + total.promises_missed
            else:
                count = Column(total, count)
            if name not in _TIMES:
                amount = cls._fields[name].sql_cast(amount)
            values[name] = amount / NullIf(count, 0)
        # An id may be longer than other integers, and SQLite would cut times
        uncast = {'id', *_TIMES}
        return [
            (value if n in uncast else cls._fields[n].sql_cast(value)).as_(n)
            for n, value in values.items()]

    @classmethod
    def _counts(cls):
        "Return the names of the figures that are counts."
        return [
            'created', 'first_answers', 'solved', 'reopened',
            'promises_kept', 'promises_missed', 'ratings']

    @classmethod
    def _column_id(cls, total, period):
        return cls._row_id(total)

    @classmethod
    def _row_id(cls, total):
        "Return the expression of the id of a row without periods."
        if cls._dimension:
            # The row of tickets without a value has an id, too
            return Coalesce(total.value, 0) + 1
        return Literal(1)

    @classmethod
    def get_trend(cls, records, names):
        # One query, as to read the records of the time series takes many
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        cursor = Transaction().connection.cursor()
        periods = Context.periods() if cls.time_series else []
        numbers = {
            n: {r.id: [0] * len(periods) for r in records} for n in names}
        if periods:
            cursor.execute(*cls._trend_query(
                    periods, [r.id for r in records],
                    [n[:-len('_trend')] for n in names]))
            for id_, index, *values in cursor:
                for name, value in zip(names, values):
                    numbers[name][id_][index] = value
        return {
            name: {id_: sparkline(line) for id_, line in lines.items()}
            for name, lines in numbers.items()}

    @classmethod
    def _trend_query(cls, periods, ids, names):
        "Return the query of figures, by the id of a row and the period."
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        period = Context.table(periods)
        total = cls._total(period)
        row = cls._row_id(total)
        return total.select(
            row, total.period,
            *(cls._fields[n].sql_cast(Column(total, n)) for n in names),
            where=fields.SQL_OPERATORS['in'](row, ids), with_=[period])

    def get_hours(self, name):
        time = getattr(self, f"{name[:-len('_hours')]}_time")
        return None if time is None else time / dt.timedelta(hours=1)

    def ticket_domain(self):
        "Return the domain of the tickets that the row is about."
        context = Transaction().context
        domain = [('company', '=', self.company.id)]
        if context.get('section') is not None:
            domain.append(('section', '=', context['section']))
        return domain

    def ticket_period(self):
        "Return the reporting_period.Period that the row is about."
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        return Context.whole()

    def ticket_figures(self):
        "Return the names of the figures whose tickets can be shown."
        return self._counts()

    @classmethod
    def tickets(cls, name, start, end):
        "Return the query of the ids of tickets behind a figure."
        return Union(*(
                e.tickets(name, start, end)
                for e in cls.events() if name in e.counts))


class AbstractTimeSeries(Abstract):

    date = fields.Date(
        lazy_gettext('helpdesk.msg_reporting_date'),
        help=lazy_gettext('helpdesk.msg_reporting_date_help'))

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order.insert(0, ('date', 'ASC'))

    @classmethod
    def _periods(cls):
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        return Context.periods()

    @classmethod
    def _columns(cls, total, period):
        return super()._columns(total, period) + [
            cls.date.sql_cast(period.date).as_('date')]

    @classmethod
    def _column_id(cls, total, period):
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        return Context.row_id(cls._row_id(total), period.index)

    def ticket_period(self):
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        return next(p for p in Context.periods() if p.date == self.date)


class Main(Abstract, ModelView):
    __name__ = 'helpdesk.reporting.main'

    time_series = fields.Function(fields.Many2Many(
            'helpdesk.reporting.main.time_series', None, None,
            lazy_gettext('helpdesk.msg_reporting_time_series'),
            help=lazy_gettext('helpdesk.msg_reporting_time_series_help')),
        'get_time_series')

    def get_rec_name(self, name):
        return ''

    def get_time_series(self, name):
        pool = Pool()
        TimeSeries = pool.get('helpdesk.reporting.main.time_series')
        return [t.id for t in TimeSeries.search([])]


class MainTimeSeries(AbstractTimeSeries, ModelView):
    __name__ = 'helpdesk.reporting.main.time_series'

    def get_rec_name(self, name):
        return str(self.date)
