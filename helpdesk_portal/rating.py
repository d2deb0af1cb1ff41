# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Asking customers how their tickets were resolved, and who may say it.
"""
import dataclasses
import datetime as dt

from sql import Null
from trytond.i18n import gettext
from trytond.model import Index, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.transaction import Transaction, without_check_access

# For so long it is tried to ask who has got many automatic mails
GIVEN_UP = dt.timedelta(days=1)


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    ask_rating = fields.Boolean("Ask for a Rating",
        help="Ask customers by mail how their tickets were resolved.")
    rating_delay = fields.TimeDelta("Ask After",
        domain=['OR',
            ('rating_delay', '=', None),
            ('rating_delay', '>=', dt.timedelta()),
            ],
        states={
            'invisible': ~Eval('ask_rating') | Bool(Eval('over_template')),
            },
        depends=['over_template'],
        help="How long after a ticket is resolved the customer is asked.\n"
        "Where customers are told that it is, this mail asks too.")

    @classmethod
    def default_ask_rating(cls):
        return False


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    rating_ask_at = fields.DateTime("Ask for a Rating On", readonly=True,
        help="When the customer will be asked how the ticket was resolved.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t,
                (t.rating_ask_at, Index.Range()),
                where=t.rating_ask_at != Null))

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('rating_ask_at')
        return super().copy(tickets, default=default)

    def _consequences(self, values):
        consequences = super()._consequences(values)
        state = values.get('state', self.state)
        if state != self.state and state != 'closed':
            ask_at = self._when_to_ask() if state == 'resolved' else None
            if ask_at != self.rating_ask_at:
                consequences['rating_ask_at'] = ask_at
        return consequences

    def _when_to_ask(self):
        "Return when to ask about the ticket that is being resolved, or None."
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        History = pool.get('helpdesk.history')
        section = self.section
        if (section.ask_rating and self.email
                and Configuration.is_on('use_ratings')
                and Transaction().context.get('helpdesk_acknowledge', True)
                and History.current_actor() == 'agent'):
            now = dt.datetime.now().replace(microsecond=0)
            return now + (section.rating_delay or dt.timedelta())

    @classmethod
    @without_check_access
    def ask_ratings(cls):
        "Ask the customers for whom it is time (scheduled action)."
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        Rating = pool.get('helpdesk.rating')
        now = dt.datetime.now()
        due = list(cls.search([
                    ('rating_ask_at', '<=', now),
                    ], order=[('rating_ask_at', 'ASC')]))
        rated = Rating.of_round(due)
        wanted = Conversation.may_ask_rating(
            [t for t in due if t not in rated])
        asked = {c.ticket for c in Conversation.ask_rating(wanted)}
        cls.forget_rating([
                t for t in due
                if t in asked or t not in wanted
                or t.rating_ask_at < now - GIVEN_UP])

    @classmethod
    def forget_rating(cls, tickets):
        "Ask the customers of the tickets no more."
        # Written by write, nobody could save who has one of them open
        table = cls.__table__()
        if tickets:
            Transaction().connection.cursor().execute(*table.update(
                    [table.rating_ask_at], [Null],
                    where=fields.SQL_OPERATORS['in'](
                        table.id, [t.id for t in tickets])))

    def may_rate_on_portal(self, visitor):
        """
        Tell whether the Visitor may now rate the ticket on its page.

        Those whose ticket it is may, and not everybody who sees it.
        """
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        return bool(
            self.rating_round()
            and visitor.email == self.email
            and Configuration.is_on('use_ratings'))


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    asks_rating = fields.Boolean("Asks for a Rating", readonly=True,
        help="The mail asks the customer how the ticket was resolved.")

    @classmethod
    def default_asks_rating(cls):
        return False

    @classmethod
    def may_ask_rating(cls, tickets):
        "Return those of the tickets whose customers may be asked."
        pool = Pool()
        Address = pool.get('helpdesk.mail.address')
        Configuration = pool.get('helpdesk.configuration')
        if not Configuration.is_on('use_ratings'):
            return []
        tickets = [
            t for t in tickets
            if t.email and t.section.ask_rating and t.rating_round()]
        found = Address.correspondents({t.email for t in tickets})
        may = []
        for ticket in tickets:
            holds = found.get(ticket.company.id, found[None])
            if (holds.gets_automatic(ticket.email)
                    and not holds.is_blocked(ticket.email)):
                may.append(ticket)
        return may

    @classmethod
    def ask_rating(cls, tickets):
        """
        Ask the customers how their tickets were resolved.

        Return the mails, without those to who has had too many already.
        """
        return cls.create([
                cls._rating_question(t) for t in cls.within_limit(tickets)])

    @classmethod
    def _rating_question(cls, ticket):
        language = ticket.mail_language()
        section = ticket.section.in_language(language)
        return {
            **cls._over(ticket),
            'asks_rating': True,
            'subject': gettext(
                'helpdesk_portal.msg_rating_mail_subject', language,
                number=ticket.number),
            'body': gettext(
                'helpdesk_portal.msg_rating_mail_body', language,
                number=ticket.number,
                section=section.mail_name or section.name),
            }

    @classmethod
    def tell_over(cls, tickets):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        conversations = super().tell_over(tickets)
        Ticket.forget_rating([
                c.ticket for c in conversations if c.asks_rating])
        return conversations

    @classmethod
    def _over(cls, ticket):
        # One mail says that it is resolved and asks how it was
        return {
            **super()._over(ticket),
            'asks_rating': bool(ticket.rating_ask_at),
            }

    def mail_layout(self, footer, thread):
        layout = super().mail_layout(footer, thread)
        if not (self.asks_rating and self.is_for_customer_alone()
                and self.may_ask_rating([self.ticket])):
            return layout
        return dataclasses.replace(
            layout, body=f'{layout.body.rstrip()}\n\n{self._rating_links()}')

    def _rating_links(self):
        """
        Return the question with a link for each answer.

        Made anew each time that the mail is sent: only the hash of the token
        is stored.
        """
        pool = Pool()
        Rating = pool.get('helpdesk.rating')
        Request = pool.get('helpdesk.rating.request')
        language = self.ticket.mail_language()
        address, = Request.make([self.ticket])
        words = Rating.words(language)
        return gettext(
            'helpdesk_portal.msg_rating_mail_links', language,
            links='\n'.join(
                f'{words[score]}: {address}?score={score}'
                for score in sorted(words, reverse=True)))
