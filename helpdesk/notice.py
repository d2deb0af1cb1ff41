# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import logging
import smtplib
from collections import defaultdict
from contextlib import suppress
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

import trytond.config as config
from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, fields
from trytond.pool import Pool, PoolMeta
from trytond.sendmail import get_smtp_server
from trytond.transaction import Transaction, without_check_access

from .concern import ConcernMixin
from .header import plain

logger = logging.getLogger(__name__)

# So long the queue has to send a mail before the scheduled action does
FIRST_TRY = dt.timedelta(minutes=1)
PAUSE = dt.timedelta(minutes=10)
# Older news are none
GIVEN_UP = dt.timedelta(days=1)


class Notice(ConcernMixin, ModelSQL):
    __name__ = 'helpdesk.notice'

    user = fields.Many2One(
        'res.user', "User", required=True, ondelete='CASCADE')
    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", required=True, ondelete='CASCADE')
    event = fields.Char("Event", required=True)
    escalation = fields.Many2One(
        'helpdesk.escalation', "Escalation", ondelete='CASCADE')
    who = fields.Char("Who")
    at = fields.DateTime("Date", required=True)
    tries = fields.Integer("Tries", required=True)
    next_try = fields.DateTime("Next Try", required=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t, (t.next_try, Index.Range())))

    @classmethod
    def default_at(cls):
        return dt.datetime.now().replace(microsecond=0)

    @classmethod
    def default_tries(cls):
        return 0

    @classmethod
    def default_next_try(cls):
        return dt.datetime.now().replace(microsecond=0) + FIRST_TRY

    @classmethod
    @without_check_access
    def tell(cls, events):
        """
        Tell the users whom they concern of events, but not who acts.

        events are pairs of an event (a key of CONCERNED) and ids of tickets;
        of several for one ticket a user is told the first. It costs a
        statement for each event, and a task if somebody wants to know. With
        helpdesk_notify=False in the context nobody is told.
        """
        if not Transaction().context.get('helpdesk_notify', True):
            return
        notices = {}
        for event, tickets in events:
            if tickets:
                for ticket, user, way in cls.interested(event, tickets):
                    notices.setdefault((ticket, user), (event, way))
        cls.give_later(
            [[*key, *value, None] for key, value in notices.items()])

    @classmethod
    def give_later(cls, notices):
        "Have the notices given by a task of the queue; see give."
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        if notices:
            Ticket.__queue__.give_notices(
                sorted({ticket for ticket, *_ in notices}),
                notices, cls._actor())

    @classmethod
    def _actor(cls):
        "Return the name of the user who acts."
        pool = Pool()
        User = pool.get('res.user')
        if user := Transaction().user:
            user = User(user)
            return (user.employee or user).rec_name

    @classmethod
    def give(cls, notices, who):
        """
        Ring the bells of the users and write their mails.

        notices are tuples of a ticket, a user (ids), an event, the way and
        the escalation (an id or None); who is the name of who acted. A user
        who does not see a ticket gets nothing of it.
        """
        pool = Pool()
        Escalation = pool.get('helpdesk.escalation')
        Notification = pool.get('res.notification')
        Ticket = pool.get('helpdesk.ticket')
        User = pool.get('res.user')
        by_user = defaultdict(list)
        for ticket, user, *rest in notices:
            by_user[user].append((ticket, *rest))
        tickets = _by_id(Ticket, (n[0] for n in notices))
        escalations = _by_id(Escalation, (n[-1] for n in notices))
        bells, mails = [], []
        for user in User.browse(sorted(by_user)):
            seen = Ticket.seen_by(user.id, [n[0] for n in by_user[user.id]])
            for id_, event, way, escalation in by_user[user.id]:
                if id_ not in seen:
                    continue
                ticket = tickets[id_]
                if way in {'bell', 'both'}:
                    bells.append(Notification.about(
                            ticket, user,
                            cls.text(
                                event, ticket, user, who,
                                escalations.get(escalation))))
                if way in {'mail', 'both'} and user.email:
                    mails.append({
                            'user': user.id, 'ticket': id_,
                            'event': event, 'who': who,
                            'escalation': escalation})
        if bells:
            Notification.create(bells)
        if mails:
            cls.__queue__.send(cls.create(mails))

    @classmethod
    def text(cls, event, ticket, user, who, escalation=None):
        """
        Return in the user's language what happened to the ticket.

        It holds nothing that only those may know who see the ticket, since
        the bell rings on a bus that all users may listen to.
        """
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        language = user.notice_language()
        with Transaction().set_context(
                dict(zip(['language'], language))):
            states = dict(Ticket.fields_get(['state'])['state']['selection'])
        text = gettext(
            f'helpdesk.msg_notice_{event}', *language,
            number=ticket.number, state=states[ticket.state],
            **(escalation.notice_words(user) if escalation else {}))
        return ' · '.join(filter(None, [text, who]))

    @classmethod
    @without_check_access
    def send(cls, notices):
        """
        Send the mails, as a task of the queue; those sent are deleted.

        Who is killed between handing over a mail and the commit makes it go
        out again, with the same Message-ID, never not at all.
        """
        # Who writes first makes everybody else wait, on SQLite as well
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.update(
                [table.tries], [table.tries + 1],
                where=fields.SQL_OPERATORS['in'](
                    table.id, [n.id for n in notices])))
        notices = list(cls.search([('id', 'in', [n.id for n in notices])]))
        wanted = cls._still_wanted(notices)
        sent = cls._hand_over(wanted)
        left = [n for n in wanted if n not in sent]
        now = dt.datetime.now().replace(microsecond=0)
        waiting = [n for n in left if n.at + GIVEN_UP > now]
        for notice in waiting:
            notice.next_try = now + PAUSE
        cls.save(waiting)
        for notice in left:
            if notice not in waiting:
                logger.error("mail about %s of ticket %s to user %s not sent",
                    notice.event, notice.ticket and notice.ticket.id,
                    notice.user.id)
        cls.delete([n for n in notices if n not in waiting])

    @classmethod
    def _still_wanted(cls, notices):
        "Return those whose users still see the tickets."
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        tickets = defaultdict(list)
        for notice in notices:
            tickets[notice.user].append(notice.ticket.id)
        seen = {
            user: Ticket.seen_by(user.id, ids)
            for user, ids in tickets.items()}
        return [
            n for n in notices
            if n.user.email and n.user.active
            and n.ticket.id in seen[n.user]]

    @classmethod
    def _hand_over(cls, notices):
        "Give the mails to the server and return those that it took."
        sent = []
        if not notices:
            return sent
        if '@' not in cls._sender():
            # Tryton would take the name of the user that it runs as
            logger.warning("[email] from is not set: no mail to users")
            return sent
        try:
            server = get_smtp_server(strict=True)
        except (OSError, smtplib.SMTPException):
            logger.warning("cannot reach the mail server", exc_info=True)
            return sent
        for notice in notices:
            try:
                message = notice.render()
            except (AttributeError, IndexError, MessageError, ValueError):
                # Python's headers fail so at addresses such as "ada@"
                logger.warning("user %s has no valid address",
                    notice.user.id, exc_info=True)
                continue
            try:
                server.send_message(message)
            except (OSError, smtplib.SMTPException):
                logger.warning("mail to user %s failed", notice.user.id,
                    exc_info=True)
            else:
                sent.append(notice)
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
        return sent

    @staticmethod
    def _sender():
        return parseaddr(config.get('email', 'from', default=''))[1]

    def render(self):
        "Return the mail as an email.message.EmailMessage."
        sender = self._sender()
        message = EmailMessage()
        message['From'] = sender
        message['To'] = self.user.email
        message['Subject'] = plain(self.subject())
        message['Date'] = format_datetime(
            self.at.replace(tzinfo=dt.timezone.utc))
        message['Message-ID'] = (
            f'<notice.{self.id}.{self.at:%Y%m%d%H%M%S}'
            f'@{sender.rpartition("@")[2]}>')
        # RFC 3834, 5; the second is for Exchange
        message['Auto-Submitted'] = 'auto-generated'
        message['X-Auto-Response-Suppress'] = 'All'
        message.set_content(self.content())
        return message

    def subject(self):
        "Return the subject of the mail."
        return f'[#{self.ticket.number}] {self.ticket.subject}'

    def content(self):
        "Return the text of the mail, in the user's language."
        ticket = self.ticket
        # Where a customer's request led here, its host is the customer's
        with Transaction().set_context(_request=None):
            url = ticket.__href__
        return self.mail_text({
                'text': self.text(
                    self.event, ticket, self.user, self.who,
                    self.escalation),
                'subject': ticket.subject,
                'section': ticket.section.name,
                'url': url,
                }, self.user.notice_language())

    def mail_text(self, values, language):
        """
        Return the text of the mail about a ticket.

        values are the words for the placeholders of the message by their
        names, language the arguments that make gettext speak the user's.
        """
        return gettext('helpdesk.msg_notice_mail', *language, **values)

    @classmethod
    def send_waiting(cls):
        "Queue again what is due to be sent (scheduled action)."
        with without_check_access():
            waiting = cls.search([
                    ('next_try', '<=', dt.datetime.now()),
                    ])
        if waiting:
            cls.__queue__.send(waiting)


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def communicated(cls, conversations):
        pool = Pool()
        Notice = pool.get('helpdesk.notice')
        super().communicated(conversations)
        # What made a ticket is told as a new ticket
        new = set(Transaction().create_records[cls.__name__])
        with without_check_access():
            answered = {
                c.ticket.id for c in conversations
                if c.direction == 'in' and not c.is_automatic()}
        # A decision is told as what it is
        event = Transaction().context.get(
            '_helpdesk_answered_as', 'answered')
        Notice.tell([(event, sorted(answered - new))])

    @classmethod
    def give_notices(cls, tickets, notices, who):
        "Give the notices about the tickets, as a task of the queue."
        pool = Pool()
        Notice = pool.get('helpdesk.notice')
        ids = {t.id for t in tickets}
        Notice.give([n for n in notices if n[0] in ids], who)

    def notice_name(self):
        return self.subject

    def chat_posted(self):
        pool = Pool()
        Notice = pool.get('helpdesk.notice')
        Notice.tell([('chat', [self.id])])


class History(metaclass=PoolMeta):
    __name__ = 'helpdesk.history'

    @classmethod
    def append(cls, changes, first=False):
        pool = Pool()
        Notice = pool.get('helpdesk.notice')
        super().append(changes, first=first)
        events = {'assigned': set(), 'unassigned': set(), 'changed': set()}
        for ticket, what, _, new in changes:
            event = cls._event(what, new, first)
            if event:
                events[event].add(ticket)
        Notice.tell([(e, sorted(tickets)) for e, tickets in events.items()])

    @classmethod
    def _event(cls, what, new, first):
        "Return as what colleagues are told of a change, None if not at all."
        if what == 'employee':
            return 'assigned' if new else 'unassigned'
        if what == 'section' or (what == 'state' and first):
            return 'unassigned'
        if what == 'state' and not (
                new == 'open' and cls.current_actor() == 'customer'):
            # What the customer's answer opens is told as an answer
            return 'changed'


def _by_id(Model, ids):
    "Return the records with those of the ids that are not None, by id."
    return {r.id: r for r in Model.browse(sorted(set(ids) - {None}))}
