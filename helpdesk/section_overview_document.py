# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What stands in the overview of a section and a period.

Decided here: which of the figures are shown, beside which, and how they are
written. All of them come from the reports.
"""
import calendar
import datetime as dt
from typing import NamedTuple

from dateutil.relativedelta import relativedelta
from genshi.core import Markup
from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction

from .bar_chart import bar_chart
from .history import SIDES

NOTHING = '–'
MAX_TOP = 5
MAX_OLDEST = 10
COUNTS = ['created', 'solved', 'reopened']
TIMES = [
    'first_answer_time', 'solution_time', 'agent_time', 'customer_time',
    'third_party_time']
QUALITY = [
    'promises_kept', 'promises_missed', 'kept_ratio', 'ratings',
    'satisfaction', 'satisfied_ratio']
SERIES = [
    'created', 'solved', 'reopened', 'first_answer_time', 'solution_time',
    'kept_ratio', 'satisfaction']
PEOPLE = [
    'created', 'solved', 'first_answer_time', 'solution_time', 'kept_ratio',
    'satisfaction']
TOP = ['created', 'solved', 'solution_time']


class Choice(NamedTuple):
    "What the overview is about; hours is open or real"
    company: int
    from_date: dt.date
    to_date: dt.date
    period: str
    hours: str

    def before(self):
        "Return the Choice of the time before, which is as long"
        from_date, to_date = period_before(self.from_date, self.to_date)
        return self._replace(from_date=from_date, to_date=to_date)

    def at(self, date):
        "Return the Choice of one day"
        return self._replace(from_date=date, to_date=date, period='day')

    def context(self, section):
        "Return the context of the reports; section is an id or None"
        return {**self._asdict(), 'section': section}


def period_before(from_date, to_date):
    """
    Return the dates of as much time before, both of them included.

    Before whole months these are as many whole months.
    """
    last = calendar.monthrange(to_date.year, to_date.month)[1]
    if from_date.day == 1 and to_date.day == last:
        months = (
            (to_date.year - from_date.year) * 12
            + to_date.month - from_date.month + 1)
        begin = from_date - relativedelta(months=months)
    else:
        begin = from_date - (to_date - from_date) - dt.timedelta(days=1)
    return begin, from_date - dt.timedelta(days=1)


def duration(value):
    "Return a timedelta in hours and minutes"
    hours, minutes = divmod(round(value / dt.timedelta(minutes=1)), 60)
    return f'{hours}\u00a0h {minutes:02}\u00a0min'.replace(' ', '\u00a0')


class Overview:
    "The words, numbers and the picture for the template of the report"

    def __init__(self, section, choice, lang):
        """
        section is the helpdesk.section or None for all of the company, choice
        a Choice, lang the ir.lang of the reader.
        """
        pool = Pool()
        Company = pool.get('company.company')
        self.lang = lang
        self.choice = choice
        self.section = section
        self.company = Company(choice.company)
        self._section_id = section.id if section else None
        self._labels = {
            name: field['string'] for name, field
            in pool.get('helpdesk.reporting.main').fields_get(
                [*COUNTS, *TIMES, *QUALITY, 'first_answers']).items()}

    # Words

    def text(self, name, **values):
        return gettext(f'helpdesk.msg_overview_{name}', **values)

    @property
    def title(self):
        return self.section.rec_name if self.section else self.text('all')

    @property
    def dates(self):
        return self._dates(self.choice)

    @property
    def dates_before(self):
        return self._dates(self.choice.before())

    def _dates(self, choice):
        return ' – '.join(
            map(self.lang.strftime, [choice.from_date, choice.to_date]))

    def labels(self, names):
        return [self._labels[n] for n in names]

    def write(self, name, value, sign=''):
        "Return the figure of this name as it is read"
        if value is None:
            return NOTHING
        if isinstance(value, dt.timedelta):
            return sign + duration(value)
        if name.endswith('_ratio'):
            return sign + self.lang.format_number(value * 100, 0) + '\u00a0%'
        digits = 1 if name == 'satisfaction' else 0
        return sign + self.lang.format_number(value, digits)

    # Figures

    def _rows(self, model, choice):
        "Return the rows of a report as a list"
        pool = Pool()
        Model = pool.get(f'helpdesk.reporting.{model}')
        with Transaction().set_context(choice.context(self._section_id)):
            # Read here, in this context
            return list(Model.browse(Model.search([])))

    def _main(self, choice):
        return next(iter(self._rows('main', choice)), None)

    def _backlog(self, date):
        "Return how many tickets there were at the end of a date"
        pool = Pool()
        Date = pool.get('ir.date')
        with Transaction().set_context(company=self.choice.company):
            today = Date.today()
        choice = self.choice.at(min(date, today))
        return sum(r.backlog for r in self._rows('backlog', choice))

    def figures(self):
        """
        Return the groups of figures: a list of a heading and its lines.

        A line is a label, the figure, the one before and the difference.
        """
        before = self.choice.before()
        now, then = self._main(self.choice), self._main(before)
        moments = [
            before.from_date - dt.timedelta(days=1), before.to_date,
            self.choice.to_date]
        first, begin, end = map(self._backlog, moments)
        return [
            (self.text('tickets'), [
                    self._compare(self._labels[n], n, now, then)
                    for n in COUNTS] + [
                    self._line(self.text('begin'), '', begin, first),
                    self._line(self.text('end'), '', end, begin),
                    ]),
            (self.text('times_' + self.choice.hours), [
                    self._compare(self._labels[n], n, now, then)
                    for n in TIMES]),
            (self.text('quality'), [
                    self._compare(self._labels[n], n, now, then)
                    for n in QUALITY]),
            (self.text('channels'), self._channels(before)),
            ]

    def _channels(self, before):
        rows = {r.channel: r for r in self._rows('channel', self.choice)}
        past = {r.channel: r for r in self._rows('channel', before)}
        labels = {c: r.rec_name for c, r in {**past, **rows}.items()}
        lines = [
            self._compare(
                label, 'created', rows.get(channel), past.get(channel))
            for channel, label in labels.items()]
        return [
            line for line in lines if line[1:3] != ('0', '0')]

    def _compare(self, label, name, now, then):
        # Without a row nothing happened
        empty = 0 if name in {
            *COUNTS, 'promises_kept', 'promises_missed', 'ratings'} else None
        return self._line(
            label, name,
            getattr(now, name) if now else empty,
            getattr(then, name) if then else empty)

    def _line(self, label, name, value, past):
        change = ''
        if None not in {value, past} and value != past:
            change = self.write(
                name, abs(value - past), '+' if value > past else '−')
        return (
            label, self.write(name, value), self.write(name, past), change)

    def _cells(self, row, names):
        return [self.write(n, getattr(row, n)) for n in names]

    def series(self):
        "Return the periods: a list of a label and the texts of its figures"
        lines = []
        for period, row, backlog in self._periods():
            cells = self._cells(row, SERIES) if row else (
                ['0'] * len(COUNTS) + [NOTHING] * (len(SERIES) - len(COUNTS)))
            lines.append(
                (self._period_name(period), [*cells, self.write('', backlog)]))
        return lines

    def series_labels(self):
        return [*self.labels(SERIES), self.text('backlog')]

    def _periods(self):
        "Return the periods with their row, or None, and the backlog"
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        if not hasattr(self, '_found'):
            with Transaction().set_context(
                    self.choice.context(self._section_id)):
                periods = Context.periods()
            rows = {
                r.date: r for r in self._rows(
                    'main.time_series', self.choice)}
            backlog = {}
            for row in self._rows('backlog', self.choice):
                backlog[row.date] = backlog.get(row.date, 0) + row.backlog
            now = dt.datetime.now()
            self._found = [
                (p, rows.get(p.date),
                    backlog.get(p.last, 0) if p.start <= now else None)
                for p in periods]
        return self._found

    def _period_name(self, period):
        length = self.choice.period
        if length == 'year':
            return str(period.date.year)
        if length == 'month':
            return self.lang.strftime(period.date, '%b %Y')
        if length == 'day':
            return self.lang.strftime(period.date)
        begin = max(period.date, self.choice.from_date)
        return ' – '.join(map(self.lang.strftime, [begin, period.last]))

    def chart(self):
        "Return the picture of the tickets created and solved as SVG"
        periods = self._periods()
        form = {'year': '%Y', 'month': '%b %y'}.get(
            self.choice.period, '%d %b')
        return Markup(bar_chart(
                [self.lang.strftime(
                        p.date if self.choice.period in {'year', 'month'}
                        else max(p.date, self.choice.from_date), form)
                    for p, _, _ in periods],
                [[getattr(r, name) if r else 0 for _, r, _ in periods]
                    for name in ['created', 'solved']],
                ' / '.join(self.labels(['created', 'solved']))))

    def people(self):
        "Return who is responsible, a list of a name and texts of figures"
        rows = self._rows('employee', self.choice)
        rows.sort(key=lambda r: (r.employee is None, -r.solved, r.rec_name))
        return [
            (r.rec_name or self.text('nobody'), self._cells(r, PEOPLE))
            for r in rows]

    def people_labels(self):
        return self.labels(PEOPLE)

    def top(self):
        "Return the lists of what there was most of, with their headings"
        lists = []
        for model in ['category', 'customer']:
            rows = [
                r for r in self._rows(model, self.choice)
                if r.created and getattr(r, model)]
            rows.sort(key=lambda r: (-r.created, r.rec_name))
            lists.append((self.text(model), [
                        (r.rec_name, self._cells(r, TOP))
                        for r in rows[:MAX_TOP]]))
        return lists

    def top_labels(self):
        return self.labels(TOP)

    def oldest(self):
        "Return the oldest tickets to work on, as texts"
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        domain = [
            ('company', '=', self.company.id),
            ('state', 'in', [
                    s for s, side in SIDES.items() if side != 'nobody']),
            ]
        if self.section:
            domain.append(('section', '=', self.section.id))
        zone = self._zone()
        states = dict(
            Ticket.fields_get(['state'])['state']['selection'])
        return [(
                t.number or '', t.subject,
                t.party.rec_name if t.party else t.contact_name or '',
                states[t.state],
                t.employee.rec_name if t.employee else '',
                self.lang.strftime(t.create_date.replace(
                        tzinfo=dt.timezone.utc).astimezone(zone).date()))
            for t in Ticket.search(
                domain, order=[('create_date', 'ASC'), ('id', 'ASC')],
                limit=MAX_OLDEST)]

    def _zone(self):
        pool = Pool()
        Context = pool.get('helpdesk.reporting.context')
        with Transaction().set_context(self.choice.context(None)):
            return Context.zone()

    def oldest_labels(self):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        names = [
            'number', 'subject', 'party', 'state', 'employee', 'create_date']
        labels = Ticket.fields_get(names)
        return [labels[n]['string'] for n in names]
