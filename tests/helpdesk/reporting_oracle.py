# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The figures of the reports once more, in plain Python.

Nothing of the reports is used, nor what is stored for them: the times come
out of the history of each ticket, day by day, and each moment is looked up on
the calendar on the wall.
"""
import datetime as dt
from collections import defaultdict
from typing import NamedTuple
from zoneinfo import ZoneInfo

OVER = {'resolved', 'closed'}
SIDES = {
    'draft': 'agent',
    'open': 'agent',
    'pending': 'customer',
    'authorization': 'customer',
    'third_party': 'third_party',
    }
COUNTS = [
    'created', 'first_answers', 'solved', 'reopened', 'promises_kept',
    'promises_missed', 'ratings']
TIMES = [
    'first_answer_time', 'solution_time', 'agent_time', 'customer_time',
    'third_party_time']
FIGURES = [
    *COUNTS, *TIMES, 'kept_ratio', 'satisfaction', 'satisfied_ratio']
BACKLOG = ['backlog', 'open_tickets', 'waiting_tickets']
NONE = dt.timedelta()
DAY = dt.timedelta(days=1)


class Office(NamedTuple):
    """
    When a section is open.

    spans are tuples of a weekday and two times on the wall, the second one
    None for the end of the day; closed are dates.
    """
    zone: str
    spans: tuple
    closed: frozenset = frozenset()

    def between(self, start, end):
        "Return how long it is open between two naive UTC times"
        passed = NONE
        date = local(start, self.zone).date()
        while date <= local(end, self.zone).date():
            for weekday, opens, closes in self.spans:
                if weekday != date.weekday() or date in self.closed:
                    continue
                opened = max(start, self._utc(date, opens))
                shut = self._utc(date, closes) if closes else self._utc(
                    date + DAY, dt.time())
                passed += max(min(end, shut) - opened, NONE)
            date += DAY
        return passed

    def _utc(self, date, time):
        wall = dt.datetime.combine(date, time, ZoneInfo(self.zone))
        return wall.astimezone(dt.timezone.utc).replace(tzinfo=None)


def local(at, zone):
    "Return what the clock on the wall showed at a naive UTC time"
    return at.replace(tzinfo=dt.timezone.utc).astimezone(ZoneInfo(zone))


class Moment(NamedTuple):
    "What a figure gets from a ticket, and when"
    ticket: dict
    at: dt.datetime
    name: str
    value: object


class Oracle:
    """
    Knows all figures.

    tickets, history and ratings are dictionaries of what is stored, offices
    those of the sections, None for those that never close; now is naive UTC.
    """

    def __init__(self, tickets, history, ratings, offices, now):
        self.tickets = {t['id']: t for t in tickets}
        self.offices, self.now = offices, now
        self.history = defaultdict(list)
        for row in sorted(history, key=lambda r: (r['at'], r['id'])):
            if row['what'] == 'state':
                self.history[row['ticket']].append(row)
        self.ratings = ratings
        self.moments = {
            hours: list(self._moments(hours)) for hours in ['open', 'real']}

    def figures(self, value, *, company, zone, from_date, to_date, period,
            hours, section=None):
        """
        Return the figures by a first day and what value returns for a ticket

        A period of None is all of the time; its day is None.
        """
        found = defaultdict(lambda: defaultdict(list))
        for moment in self.moments[hours]:
            if not self._chosen(moment.ticket, company, section):
                continue
            date = local(moment.at, zone).date()
            if from_date <= date <= to_date:
                key = first_day(date, period), value(moment.ticket)
                found[key][moment.name].append(moment.value)
        return {key: self._row(values) for key, values in found.items()}

    def _chosen(self, ticket, company, section):
        return (ticket['company'] == company
            and section in {None, ticket['section']})

    def _row(self, values):
        kept = [1] * len(values['promises_kept']) + (
            [0] * len(values['promises_missed']))
        scores = values['ratings']
        return {
            **{n: len(values[n]) for n in COUNTS},
            **{n: average(values[n], NONE) for n in TIMES},
            'kept_ratio': average(kept),
            'satisfaction': average(scores),
            'satisfied_ratio': average([int(s >= 4) for s in scores]),
            }

    def _moments(self, hours):
        for ticket in self.tickets.values():
            created = ticket['create_date']
            yield Moment(ticket, created, 'created', 1)
            yield from self._answered(ticket, hours)
            if self.solved_at(ticket) and ticket['active'] and (
                    not ticket['merged_into']):
                yield from self._solved(ticket, hours)
            rows = self.history[ticket['id']]
            for before, row in zip(rows, rows[1:]):
                if before['new'] in OVER and row['new'] not in OVER:
                    yield Moment(ticket, row['at'], 'reopened', 1)
            for promise in ['first_answer', 'solution']:
                due = ticket[f'{promise}_due']
                if due and due < self.now:
                    yield Moment(ticket, due, 'promises_missed', 1)
        for rating in self.ratings:
            yield Moment(
                self.tickets[rating['ticket']], rating['at'], 'ratings',
                rating['score'])

    def _answered(self, ticket, hours):
        at = ticket['first_answer_at']
        if at:
            yield Moment(ticket, at, 'first_answers', 1)
            yield Moment(ticket, at, 'first_answer_time', self.time(
                    ticket, at, hours, {'agent'}))
            yield from self._judged(ticket, at, ticket['first_answer_met'])

    def _solved(self, ticket, hours):
        at = self.solved_at(ticket)
        yield Moment(ticket, at, 'solved', 1)
        for name, sides in [
                ('solution_time', {*SIDES.values(), None}),
                ('agent_time', {'agent'}),
                ('customer_time', {'customer'}),
                ('third_party_time', {'third_party'})]:
            yield Moment(
                ticket, at, name, self.time(ticket, at, hours, sides))
        yield from self._judged(ticket, at, ticket['solution_met'])
        if not ticket['first_answer_at'] and (
                ticket['first_answer_met'] == 'missed'):
            yield from self._judged(ticket, at, 'missed')

    def _judged(self, ticket, at, met):
        if met:
            name = 'promises_kept' if met == 'met' else 'promises_missed'
            yield Moment(ticket, at, name, 1)

    def solved_at(self, ticket):
        "Return when the ticket was solved, None if it is not"
        if ticket['state'] in OVER:
            return ticket['resolved_at'] or ticket['closed_at']

    def time(self, ticket, until, hours, sides):
        "Return how long the ticket was on the sides, up to then"
        office = self.offices[ticket['section']]
        rows, passed = self.history[ticket['id']], NONE
        ends = [r['at'] for r in rows[1:]] + [until]
        for row, end in zip(rows, ends):
            end = min(end, until)
            if SIDES.get(row['new']) not in sides or end <= row['at']:
                continue
            if hours == 'open' and office:
                passed += office.between(row['at'], end)
            else:
                passed += end - row['at']
        return passed

    def backlog(self, *, company, zone, from_date, to_date, period,
            section=None):
        "Return how many there were by the last day of a period and section"
        last, first, date = {}, {}, from_date
        while date <= to_date:
            key = first_day(date, period)
            first.setdefault(key, date)
            last[key] = date
            date += DAY
        found = {}
        for key, date in last.items():
            if first[key] > local(self.now, zone).date():
                continue
            for ticket in self.tickets.values():
                side = self._side(ticket, date, zone)
                if self._chosen(ticket, company, section) and side:
                    row = found.setdefault(
                        (date, ticket['section']), dict.fromkeys(BACKLOG, 0))
                    row['backlog'] += 1
                    row['open_tickets' if side == 'agent'
                        else 'waiting_tickets'] += 1
        return found

    def _side(self, ticket, date, zone):
        "Return on whose side the ticket was at the end of a day"
        side = None
        for row in self.history[ticket['id']]:
            if local(row['at'], zone).date() <= date:
                side = SIDES.get(row['new'])
        return side


def first_day(date, period):
    "Return the first day of what a date is in, None without period"
    if period == 'week':
        year, week, _ = date.isocalendar()
        return dt.date.fromisocalendar(year, week, 1)
    return {
        None: None,
        'day': date,
        'month': dt.date(date.year, date.month, 1),
        'year': dt.date(date.year, 1, 1),
        }[period]


def average(values, start=0):
    "Return the average, None of nothing"
    return sum(values, start) / len(values) if values else None
