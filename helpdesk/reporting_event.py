# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What happens to tickets and is counted by the reports.

Decided here: which moment something counts at, and what of it counts. Not
here: how it is divided (reporting, reporting_dimension).
"""
import datetime as dt
from typing import NamedTuple

from sql import Column, Expression, FromItem, Literal, Null
from sql.aggregate import Sum
from sql.conditionals import Case
from trytond.pool import Pool

from .rating import GOOD
from .workflow import OVER_STATES


class Event(NamedTuple):
    """
    Something that happens to tickets.

    source has the ticket, whose columns the figures can be divided by, and
    at, the column with the moment as naive UTC. counts are the conditions
    under which it counts for a figure, and sums the expressions that are
    added up, by their names.
    """
    source: FromItem
    ticket: FromItem
    at: Expression
    counts: dict
    sums: dict
    where: Expression = Literal(True)

    def figures(self):
        "Return the aggregates by the names of counts and sums."
        return {
            **{n: Sum(Case((condition, 1), else_=0))
                for n, condition in self.counts.items()},
            **{n: Sum(expression) for n, expression in self.sums.items()},
            }

    def tickets(self, name, start, end):
        """
        Return the query of the ids of all tickets behind a figure.

        start and end are naive UTC times; what happens at end is not in it.
        """
        return self.source.select(
            self.ticket.id,
            where=self.where & self.counts[name]
            & (self.at >= start) & (self.at < end))


def _ticket():
    return Pool().get('helpdesk.ticket').__table__()


def _time(ticket, name, hours):
    "Return the column of a time; hours are open or real."
    return Column(
        ticket, f'{name}_open_time' if hours == 'open' else f'{name}_time')


def created(hours):
    ticket = _ticket()
    return Event(
        ticket, ticket, ticket.create_date, {'created': Literal(True)}, {})


def answered(hours):
    ticket = _ticket()
    time = _time(ticket, 'first_answer', hours)
    return Event(ticket, ticket, ticket.first_answer_at, {
            'first_answers': Literal(True),
            'first_answers_timed': time != Null,
            'promises_kept': ticket.first_answer_met == 'met',
            'promises_missed': ticket.first_answer_met == 'missed',
            }, {'first_answer_time': time})


def solved(hours):
    Ticket = Pool().get('helpdesk.ticket')
    ticket = _ticket()
    sides = ['agent', 'customer', 'third_party']
    time = _time(ticket, 'solution', hours)
    return Event(ticket, ticket, ticket.solved_at, {
            'solved': Literal(True),
            'solved_timed': time != Null,
            'promises_kept': ticket.solution_met == 'met',
            'promises_missed': ticket.solution_met == 'missed',
            }, {
            'solution_time': time,
            **{f'{s}_time': _time(ticket, f'{s}_solution', hours)
                for s in sides},
            }, Ticket.counts_as_solved(ticket))


def unanswered(hours):
    "The promise of a first answer to tickets that are over without one."
    Ticket = Pool().get('helpdesk.ticket')
    ticket = _ticket()
    return Event(ticket, ticket, ticket.solved_at, {
            'promises_missed': Literal(True),
            }, {}, Ticket.counts_as_solved(ticket)
        & (ticket.first_answer_at == Null)
        & (ticket.first_answer_met == 'missed'))


def answer_overdue(hours):
    ticket = _ticket()
    return _overdue(ticket, ticket.first_answer_due)


def solution_overdue(hours):
    ticket = _ticket()
    return _overdue(ticket, ticket.solution_due)


def _overdue(ticket, due):
    return Event(
        ticket, ticket, due, {'promises_missed': Literal(True)}, {},
        due < dt.datetime.now())


def reopened(hours):
    history = Pool().get('helpdesk.history').__table__()
    ticket = _ticket()
    return Event(
        history.join(ticket, condition=history.ticket == ticket.id),
        ticket, history.at, {'reopened': Literal(True)}, {},
        (history.what == 'state')
        & history.old.in_(OVER_STATES) & ~history.new.in_(OVER_STATES))


def rated(hours):
    rating = Pool().get('helpdesk.rating').__table__()
    ticket = _ticket()
    return Event(
        rating.join(ticket, condition=rating.ticket == ticket.id),
        ticket, rating.at, {
            'ratings': Literal(True),
            'satisfied': rating.score >= GOOD,
            }, {'score': rating.score})
