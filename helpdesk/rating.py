# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The customer's verdict on how a ticket was resolved.

There is one for each time that a ticket was resolved. It counts for the
section and the employee who had the ticket then, whatever becomes of it.
"""
import datetime as dt

from sql import Window
from sql.aggregate import Avg, Count
from sql.conditionals import Coalesce
from sql.functions import RowNumber
from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, Unique, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval, If
from trytond.transaction import (
    Transaction, inactive_records, without_check_access)

from .export import CheckedExportMixin
from .lookup import CheckedSearchMixin
from .workflow import OVER_STATES

VERDICTS = [
    ('1', "Very Bad"),
    ('2', "Bad"),
    ('3', "Fair"),
    ('4', "Good"),
    ('5', "Very Good"),
    ]
# Colleagues are told of this score and of lower ones
BAD = 2
# Who gives this score or a higher one is satisfied
GOOD = 4
# What counts for the figures of a section
RECENT = dt.timedelta(days=90)


class Rating(
        CheckedSearchMixin, CheckedExportMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.rating'

    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", required=True, readonly=True,
        ondelete='CASCADE',
        help="The ticket that was rated.")
    section = fields.Many2One(
        'helpdesk.section', "Section", required=True, readonly=True,
        help="The section that resolved the ticket.")
    employee = fields.Many2One(
        'company.employee', "Responsible", readonly=True,
        help="Who was responsible when the ticket was resolved.")
    party = fields.Many2One('party.party', "Customer", readonly=True,
        help="The customer who gave the verdict.")
    score = fields.Integer("Score", required=True, readonly=True,
        domain=[
            ('score', '>=', 1),
            ('score', '<=', len(VERDICTS)),
            ],
        help="From 1 for very bad to 5 for very good.")
    verdict = fields.Function(fields.Selection(
            VERDICTS, "Verdict", sort=False,
            help="How the customer liked what was done."),
        'get_verdict', searcher='search_verdict')
    comment = fields.Text("Comment", readonly=True,
        help="What the customer said about it.")
    channel = fields.Selection([
            ('email', "Link in a Mail"),
            ('web', "Page of the Ticket"),
            ], "Channel", required=True, readonly=True, sort=False,
        help="The way the verdict came in.")
    at = fields.DateTime("Date", required=True, readonly=True,
        help="When the verdict was given.")
    resolved_at = fields.DateTime("Resolved On", required=True, readonly=True,
        help="When the ticket was resolved, or closed without that. "
        "A ticket that is resolved again can be rated again.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('ticket')
        cls._order = [('at', 'DESC'), ('id', 'DESC')]
        t = cls.__table__()
        cls._sql_constraints += [
            ('ticket_resolved_at_unique', Unique(t, t.ticket, t.resolved_at),
                'helpdesk.msg_rating_unique'),
            ]
        cls._sql_indexes.update({
                Index(t,
                    (t.at, Index.Range(order='DESC')),
                    (t.id, Index.Range(order='DESC'))),
                Index(t, (t.section, Index.Range()), (t.at, Index.Range())),
                Index(t, (t.employee, Index.Range()), (t.at, Index.Range())),
                Index(t, (t.party, Index.Range())),
                })

    @classmethod
    def order_verdict(cls, tables):
        table, _ = tables[None]
        return [table.score]

    def get_verdict(self, name):
        return str(self.score)

    @classmethod
    def search_verdict(cls, name, clause):
        _, operator, value = clause
        if isinstance(value, (list, tuple)):
            value = [int(v) for v in value if v]
        elif value:
            value = int(value)
        return [('score', operator, value)]

    def get_rec_name(self, name):
        return f'{self.ticket.rec_name}: {self.score}'

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree', 'visual', If(Eval('score', 0) <= BAD, 'danger', '')),
            ]

    @classmethod
    def check_modification(cls, mode, ratings, values=None, external=False):
        super().check_modification(
            mode, ratings, values=values, external=external)
        # Who may write tickets may by __access__ write their ratings too
        if external:
            raise AccessError(gettext('helpdesk.msg_rating_kept'))

    @classmethod
    def words(cls, language):
        "Return the words for the scores in the language, a code."
        with Transaction().set_context(language=language):
            selection = cls.fields_get(['verdict'])['verdict']['selection']
        return {int(score): words for score, words in selection}

    @classmethod
    def of_round(cls, tickets):
        """
        Return the ratings of the tickets since they were last resolved.

        A dictionary by ticket, in one query.
        """
        with without_check_access():
            ratings = cls.search([
                    ('ticket', 'in', [t.id for t in tickets]),
                    ], order=[])
        rounds = {t: t.rating_round() for t in tickets}
        return {
            r.ticket: r for r in ratings if r.resolved_at == rounds[r.ticket]}

    @classmethod
    def latest(cls):
        "Return the query of the ticket and the score of the last ratings."
        table = cls.__table__()
        window = Window(
            [table.ticket],
            order_by=[table.resolved_at.desc, table.id.desc])
        ranked = table.select(
            table.ticket, table.score, RowNumber(window=window).as_('rank'))
        return ranked.select(
            ranked.ticket, ranked.score, where=ranked.rank == 1)

    @classmethod
    @without_check_access
    def record(cls, ticket, score, comment='', channel='web'):
        """
        Record the customer's verdict on the ticket and return the rating.

        score is an int, comment a plain text, channel a key of the field. A
        second verdict takes the place of the first until the ticket is
        worked on again. Return None where there is nothing to rate.
        """
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        Ticket.lock([ticket])
        if not ticket.rating_round():
            return
        values = {
            'score': score,
            'comment': comment or None,
            'channel': channel,
            'at': dt.datetime.now().replace(microsecond=0),
            }
        rating = cls.of_round([ticket]).get(ticket)
        before = (rating.score, rating.comment) if rating else (None, None)
        with Transaction().set_context(helpdesk_actor='customer'):
            if rating:
                cls.write([rating], values)
            else:
                rating, = cls.create([
                        {**cls._round_values(ticket), **values}])
            rating._rated(*before)
        return rating

    @classmethod
    def _round_values(cls, ticket):
        "Return who is rated: whose ticket it was when it was resolved."
        pool = Pool()
        Employee = pool.get('company.employee')
        History = pool.get('helpdesk.history')
        resolved_at = ticket.rating_round()
        values = {
            'ticket': ticket.id,
            'section': ticket.section.id,
            'employee': ticket.employee.id if ticket.employee else None,
            'party': ticket.party.id if ticket.party else None,
            'resolved_at': resolved_at,
            }
        # What was before the first change since then, the last to be looked at
        for change in History.search([
                    ('ticket', '=', ticket.id),
                    ('what', 'in', ['section', 'employee']),
                    ('at', '>', resolved_at),
                    ], order=[('at', 'DESC'), ('id', 'DESC')]):
            values[change.what] = int(change.old) if change.old else None
        if values['employee']:
            # The history outlives its employees
            with inactive_records():
                if not Employee.search([('id', '=', values['employee'])]):
                    values['employee'] = None
        return values

    def _rated(self, score, comment):
        "Let the colleagues know; score and comment are those of before."
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        History = pool.get('helpdesk.history')
        Notice = pool.get('helpdesk.notice')
        ticket = self.ticket
        if self.score != score:
            History.append([(ticket.id, 'rating', score, self.score)])
            if self.score <= BAD and (score is None or score > BAD):
                Notice.tell([('badly_rated', [ticket.id])])
        if self.comment and self.comment != comment:
            # A note: it neither opens the ticket nor is shown to others
            Conversation.create([{
                        'ticket': ticket.id,
                        'kind': 'note',
                        'direction': 'internal',
                        'author': ticket.contact_name or ticket.email,
                        'party': self.party,
                        'body': gettext(
                            'helpdesk.msg_rating_note',
                            verdict=self.words(
                                Transaction().language)[self.score],
                            comment=self.comment),
                        }])


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    rating = fields.Function(fields.Selection(
            [(None, ""), *VERDICTS], "Rating", sort=False,
            help="The customer's last verdict on how the ticket was "
            "resolved."),
        'get_rating', searcher='search_rating')
    ratings = fields.One2Many('helpdesk.rating', 'ticket', "Ratings",
        readonly=True,
        states={
            'invisible': ~Eval('rating'),
            },
        help="What the customer thought of how the ticket was resolved, "
        "each time that it was.")

    @classmethod
    def get_rating(cls, tickets, name):
        pool = Pool()
        rating = pool.get('helpdesk.rating').__table__()
        scores = dict.fromkeys(map(int, tickets))
        cursor = Transaction().connection.cursor()
        cursor.execute(*rating.select(
                rating.ticket, rating.score,
                where=fields.SQL_OPERATORS['in'](rating.ticket, list(scores)),
                order_by=[rating.resolved_at, rating.id]))
        scores.update((ticket, str(score)) for ticket, score in cursor)
        return scores

    @classmethod
    def search_rating(cls, name, clause):
        pool = Pool()
        Rating = pool.get('helpdesk.rating')
        _, operator, value = clause
        values = value if isinstance(value, (list, tuple)) else [value]
        # No score is 0, and none looked for -1
        scores = [int(v or 0) for v in values] or [-1]
        table, latest = cls.__table__(), Rating.latest()
        condition = Coalesce(latest.score, 0).in_(scores)
        if operator in {'!=', 'not in'}:
            condition = ~condition
        return [('id', 'in', table
                .join(latest, 'LEFT', condition=latest.ticket == table.id)
                .select(table.id, where=condition))]

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('ratings')
        return super().copy(tickets, default=default)

    def rating_round(self):
        """
        Return since when the ticket can be rated, None if it can't be.

        A naive UTC time: when it was resolved, or closed without that. It is
        another one each time that the ticket is resolved.
        """
        if self.state in OVER_STATES:
            return self.resolved_at or self.closed_at


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    rating_average = fields.Function(fields.Float(
            "Average Rating", digits=(None, 1),
            help="From 1 for very bad to 5 for very good, "
            "over the last 90 days."),
        'get_rating_figures')
    rating_count = fields.Function(fields.Integer("Ratings",
            help="How many ratings there were in the last 90 days."),
        'get_rating_figures')

    @classmethod
    def get_rating_figures(cls, sections, names):
        pool = Pool()
        rating = pool.get('helpdesk.rating').__table__()
        columns = {
            'rating_average': Avg(rating.score),
            'rating_count': Count(rating.id),
            }
        ids = [s.id for s in sections]
        figures = {
            n: dict.fromkeys(ids, 0 if n == 'rating_count' else None)
            for n in names}
        cursor = Transaction().connection.cursor()
        cursor.execute(*rating.select(
                rating.section, *(columns[n] for n in names),
                where=fields.SQL_OPERATORS['in'](rating.section, ids)
                & (rating.at >= dt.datetime.now() - RECENT),
                group_by=[rating.section]))
        for section, *values in cursor:
            for name, value in zip(names, values):
                # PostgreSQL averages whole numbers to a Decimal
                figures[name][section] = (
                    round(float(value), 1) if name == 'rating_average'
                    else value)
        return figures


class History(metaclass=PoolMeta):
    __name__ = 'helpdesk.history'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.what.selection.append(('rating', "Rating"))


class Replace(metaclass=PoolMeta):
    __name__ = 'party.replace'

    @classmethod
    def fields_to_replace(cls):
        return super().fields_to_replace() + [
            ('helpdesk.rating', 'party'),
            ]


class Erase(metaclass=PoolMeta):
    __name__ = 'party.erase'

    def _helpdesk_to_erase(self, party, tickets):
        pool = Pool()
        Rating = pool.get('helpdesk.rating')
        return super()._helpdesk_to_erase(party, tickets) + [
            (Rating, ['OR',
                    ('ticket', 'in', tickets),
                    ('party', '=', party.id),
                    ], False,
                ['comment'],
                [None]),
            ]
