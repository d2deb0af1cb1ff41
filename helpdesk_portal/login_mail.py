# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The mails with links to log in.

Decided here: who gets one, what it says, and when it is tried again. It is
never done while somebody waits for a page: who is known and who is not must
not be told by the time it takes (SE16).
"""
import datetime as dt
import logging
import smtplib
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

import trytond.config as config
from sql import Literal
from sql.conditionals import Coalesce
from trytond.i18n import gettext
from trytond.model import Index, fields
from trytond.modules.helpdesk.header import plain
from trytond.modules.helpdesk_mail.intake import filter as filter_
from trytond.modules.helpdesk_mail.lock import commit_between, write_first
from trytond.modules.helpdesk_mail.outgoing import NoSender, Outgoing
from trytond.modules.helpdesk_mail.pending import not_queued
from trytond.modules.helpdesk_mail.smtp_server import Connections
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval, If
from trytond.transaction import (
    Transaction, inactive_records, without_check_access)

from . import addresses
from .login_link import VALID

logger = logging.getLogger(__name__)

# So long the queue has to send a mail before the scheduled action does
FIRST_TRY = dt.timedelta(minutes=1)
# After these pauses a mail is tried again; nobody waits longer for one
PAUSES = [dt.timedelta(minutes=m) for m in [1, 2, 5, 10, 30]]


@dataclass
class Person:
    "Whom an address belongs to"
    account: bool = False
    locked: bool = False
    known: bool = False
    language: str | None = None


class LoginLink(metaclass=PoolMeta):
    __name__ = 'helpdesk.login_link'

    delivery = fields.Selection([
            ('queued', "Queued"),
            ('sent', "Sent"),
            ('failed', "Failed"),
            ('unknown', "Not Sent: Unknown Address"),
            ], "Delivery", required=True, readonly=True, sort=False,
        help="What became of the mail. An address that belongs to nobody "
        "gets none, nor does that of a deactivated account.")
    delivery_error = fields.Char("Error", readonly=True,
        help="Why the mail could not be sent.")
    tries = fields.Integer("Tries", required=True, readonly=True,
        help="How often it was tried to send the mail.")
    next_try = fields.DateTime("Next Try", readonly=True,
        help="When the mail is tried again.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t,
                (t.next_try, Index.Range()), where=t.delivery == 'queued'))

    @classmethod
    def default_delivery(cls):
        return 'queued'

    @classmethod
    def default_tries(cls):
        return 0

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree', 'visual', If(Eval('delivery') == 'failed', 'danger',
                    If(Eval('delivery') == 'unknown', 'muted', ''))),
            ]

    @classmethod
    def ask(cls, purpose, email, **values):
        link = super().ask(purpose, email, **values)
        # Without a worker the queue would do it while the page is waited for
        if config.getboolean('queue', 'worker', default=False):
            now = dt.datetime.now().replace(microsecond=0)
            cls.write([link], {'next_try': now + FIRST_TRY})
            cls.__queue__.send([link])
        return link

    @classmethod
    def send_waiting(cls):
        "Send the mails that are due (scheduled action)"
        with without_check_access():
            waiting = cls.search([
                    ('delivery', '=', 'queued'),
                    ['OR',
                        ('next_try', '=', None),
                        ('next_try', '<=', dt.datetime.now()),
                        ],
                    ], order=[('id', 'ASC')])
            waiting = not_queued(cls, 'send', waiting)
        if waiting:
            cls.__queue__.send(waiting)

    @classmethod
    @without_check_access
    def send(cls, links):
        """
        Send the mails for the links, as a task of the queue.

        What became of a mail is committed before the next one. Whoever is
        killed between handing over a mail and its commit makes it go out
        again, and the link in the first mail does not work.
        """
        cls.lock(links)
        people = cls._people({k.email for k in links})
        with Connections() as connections:
            for i, id_ in enumerate(map(int, links)):
                if i:
                    commit_between(cls, [id_])
                write_first(cls, [id_])
                link = cls(id_)
                if link.delivery == 'queued':
                    link._send(people[link.email], connections)
                    link.save()

    @classmethod
    def _people(cls, emails):
        """
        Return a dictionary with the Person of each address.

        emails are in lower case. Known is whoever has an account, a ticket or
        watches one, and whose address a party has.
        """
        pool = Pool()
        ContactMechanism = pool.get('party.contact_mechanism')
        Party = pool.get('party.party')
        User = pool.get('web.user')
        people = {e: Person() for e in emails}
        with inactive_records():
            for user in User.search(
                    [('email', 'in', list(emails))],
                    order=[('active', 'ASC')]):
                person = people[user.email]
                person.account = person.known = user.active
                person.locked = not user.active
                if user.party and user.party.lang:
                    person.language = user.party.lang.code
        for email in cls._emails_of_tickets(emails):
            people[email].known = True
        parties = ContactMechanism.parties_by_email(emails)
        by_id = {p.id: p for p in Party.browse(
                sorted({i for ids in parties.values() for i in ids}))}
        for email, ids in parties.items():
            people[email].known = True
            for party in map(by_id.get, ids):
                if party.lang and not people[email].language:
                    people[email].language = party.lang.code
        return people

    @classmethod
    def _emails_of_tickets(cls, emails):
        "Yield those of the addresses that have or watch a ticket"
        pool = Pool()
        ticket = pool.get('helpdesk.ticket').__table__()
        participant = pool.get('helpdesk.participant').__table__()
        cursor = Transaction().connection.cursor()
        # Not grouped by the expression that the index has: PostgreSQL does
        # not know that two with parameters are the same
        for table, column, where in [
                (ticket, Coalesce(ticket.email, ''), Literal(True)),
                (participant, participant.email,
                    participant.role == 'watcher'),
                ]:
            cursor.execute(*table.select(
                    table.email,
                    where=fields.SQL_OPERATORS['in'](column, list(emails))
                    & where,
                    group_by=[table.email]))
            yield from (email for email, in cursor)

    def _send(self, person, connections):
        "Send the mail to the person, and note what became of it"
        what = self._what(person)
        if not what:
            self._done('unknown')
            return
        try:
            message = self.render(what, person)
            refused = connections.send(
                None, message, message['From'].addresses[0].addr_spec,
                [self.email])
            if refused:
                raise smtplib.SMTPRecipientsRefused(refused)
        except (ValueError, MessageError, smtplib.SMTPException,
                OSError) as exception:
            self._not_sent(exception)
        else:
            self._done('sent')

    def _what(self, person):
        "Return what the mail is about, None if there shall be none"
        if person.locked:
            return None
        if self.purpose == 'register':
            return 'exists' if person.account else 'register'
        if self.purpose == 'invite' or person.known:
            return self.purpose

    def _done(self, delivery):
        self.delivery = delivery
        self.delivery_error = None
        self.next_try = None
        if delivery != 'sent':
            self.token_hash = self.password_hash = self.name = None

    def _not_sent(self, exception):
        self.tries += 1
        self.delivery_error = Outgoing.explain(exception)
        if Outgoing.is_final(exception) or self.tries > len(PAUSES):
            logger.error("mail with login link %s not sent: %s",
                self.id, self.delivery_error)
            error, self.delivery_error = self.delivery_error, None
            self._done('failed')
            self.delivery_error = error
        else:
            now = dt.datetime.now().replace(microsecond=0)
            self.next_try = now + PAUSES[self.tries - 1]

    def render(self, what, person):
        """
        Return the mail as an email.message.EmailMessage.

        Nothing that was typed is in it: it may go to somebody else (PO5).
        """
        language = [
            code for code in [
                person.language, self.language.code if self.language else None,
                Transaction().language] if code][:1]
        sender = self._sender()
        message = EmailMessage()
        message['From'] = _address(
            sender, gettext('helpdesk_portal.msg_page_brand', *language))
        message['To'] = _address(self.email)
        message['Subject'] = plain(gettext(
                f'helpdesk_portal.msg_login_mail_{what}_subject', *language))
        message['Date'] = format_datetime(dt.datetime.now(dt.timezone.utc))
        message['Message-ID'] = (
            f'<login.{self.id}.{self.tries}.{self.at:%Y%m%d%H%M%S}'
            f'@{sender.rpartition("@")[2]}>')
        # RFC 3834, 5; the second is for Exchange
        message['Auto-Submitted'] = 'auto-generated'
        message['X-Auto-Response-Suppress'] = 'All'
        # What is sent to an address of ours shall not become a ticket
        message[filter_.MARK] = Outgoing.mark()
        time = VALID[self.purpose]
        message.set_content(gettext(
                f'helpdesk_portal.msg_login_mail_{what}', *language,
                url=self.address(self.set_token()),
                minutes=int(time.total_seconds() // 60),
                hours=int(time.total_seconds() // 3600),
                days=time.days) + '\n')
        return message

    def address(self, token):
        "Return the address of the page behind the token"
        page = 'password' if self.purpose == 'password' else 'login'
        return addresses.url(page, token)

    @staticmethod
    def _sender():
        sender = parseaddr(config.get('email', 'from', default=''))[1]
        if '@' not in sender:
            # Tryton would take the name of the user that it runs as
            raise NoSender(gettext('helpdesk_portal.msg_login_mail_no_sender'))
        return sender


def _address(email, name=''):
    "Return the value of a header; raise ValueError if it can't be one"
    try:
        return Address(plain(name), addr_spec=email)
    except (AttributeError, IndexError, MessageError, ValueError) as exception:
        raise ValueError(gettext(
                'helpdesk_mail.msg_address_invalid',
                address=email)) from exception
