# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What somebody sent with a form without showing that they are no robot.

It waits for whom the address belongs to. The mail that asks them has nothing
of what was typed in it: anybody may have typed their address (PO5).
"""
import datetime as dt
import smtplib
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, fields
from trytond.modules.helpdesk.header import plain
from trytond.modules.helpdesk_mail.exceptions import (
    MailServerError, OAuthError)
from trytond.modules.helpdesk_mail.intake import compose
from trytond.modules.helpdesk_mail.intake import filter as filter_
from trytond.modules.helpdesk_mail.lock import write_first
from trytond.modules.helpdesk_mail.outgoing import PAUSES, Outgoing
from trytond.modules.helpdesk_mail.pending import not_queued
from trytond.modules.helpdesk_mail.smtp_server import Connections
from trytond.pool import Pool, PoolMeta
from trytond.transaction import without_check_access

from . import addresses, forms, web_form
from .secret_link import SecretLinkMixin

# So long the queue has to send a mail before the scheduled action does
FIRST_TRY = dt.timedelta(minutes=1)
TYPED = ['name', 'email', 'phone', 'company', 'subject', 'text']


class WebRequest(SecretLinkMixin, ModelSQL):
    __name__ = 'helpdesk.web_request'

    section = fields.Many2One(
        'helpdesk.section', "Section", required=True, ondelete='CASCADE',
        help="The section that was written to.")
    name = fields.Char("Name",
        help="The name that was typed.")
    email = fields.Char("E-Mail", required=True,
        help="The address that has to confirm the request.")
    phone = fields.Char("Phone",
        help="The phone number that was typed.")
    company = fields.Char("Company",
        help="The company that was typed.")
    category = fields.Many2One(
        'helpdesk.category', "Category", ondelete='SET NULL',
        help="The category that was chosen.")
    subject = fields.Char("Subject",
        help="The subject that was typed.")
    text = fields.Text("Text",
        help="What was typed.")
    files = fields.One2Many('helpdesk.web_request.file', 'request', "Files",
        help="The files that were sent.")
    language = fields.Many2One(
        'ir.lang', "Language", ondelete='SET NULL',
        help="The language of the form.")
    token_hash = fields.Char("Token Hash", strip=False, loading='lazy',
        help="Recognises the token of the mail without storing it.")
    expires_at = fields.DateTime("Expires On", required=True,
        help="When the request is forgotten.")
    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", ondelete='CASCADE',
        help="The ticket that it became.")
    tries = fields.Integer("Tries", required=True,
        help="How often sending the mail failed.")
    next_try = fields.DateTime("Next Try",
        help="When the mail will be sent; empty once it was.")

    @classmethod
    def __setup__(cls):
        cls.email.search_unaccented = False
        cls.token_hash.search_unaccented = False
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.update({
                Index(t, (t.token_hash, Index.Equality())),
                Index(t, (t.expires_at, Index.Range())),
                Index(t, (t.next_try, Index.Range())),
                })

    @classmethod
    def default_tries(cls):
        return 0

    @classmethod
    @without_check_access
    def ask(cls, section, request, language, **values):
        """
        Keep a valid web_form.Request and ask its address to confirm it.

        language is the ir.lang of the form; values are others of the record.
        """
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        now = dt.datetime.now().replace(microsecond=0)
        days = Configuration(1).web_request_days
        asked, = cls.create([{
                    **{n: getattr(request, n) for n in TYPED},
                    'email': request.email.lower(),
                    'section': section.id,
                    'category': request.category,
                    'files': [('create', [
                                {'name': f.name, 'data': f.data}
                                for f in request.files])],
                    'language': language.id,
                    'expires_at': now + dt.timedelta(days=days),
                    'next_try': now + FIRST_TRY,
                    **values,
                    }])
        cls.__queue__.send([asked])
        return asked

    @classmethod
    @without_check_access
    def find(cls, token):
        "Return the request that the token of a mail confirms, or None"
        return cls.with_token(token, ('expires_at', '>', dt.datetime.now()))

    @classmethod
    @without_check_access
    def confirm(cls, request):
        """
        Make the ticket of the request and return it; None if it can't be.

        That is when the section is no longer open to everybody. The second
        time it is the same ticket.
        """
        cls.lock([request])
        write_first(cls, [request])
        request = cls(request.id)
        if request.ticket:
            return request.ticket
        if not request.is_welcome():
            return
        ticket = request.file()
        # The ticket has it now
        cls.write([request], {
                **dict.fromkeys(TYPED),
                'email': ticket.email,
                'files': [('delete', [f.id for f in request.files])],
                'ticket': ticket.id,
                })
        return ticket

    def is_welcome(self):
        "Tell whether strangers can still send the form"
        return self.section.has_web_form(None)

    def file(self):
        "Make the ticket of the request, and return it"
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        return Ticket.file_request(
            self.section, self.typed(), self.language,
            **self.ticket_values())

    def ticket_values(self):
        "Return values of the ticket that nobody has typed"
        return {}

    def typed(self):
        "Return the web_form.Request that was sent"
        return web_form.Request(
            **{n: getattr(self, n) or '' for n in TYPED},
            category=self.category.id if self.category
            and self.category.active
            and self.category.fits(self.category.id, self.section.id)
            else None,
            files=tuple(forms.File(f.name, '', f.data) for f in self.files))

    @classmethod
    def send(cls, requests):
        """
        Send the mails that ask for confirmation, as a task of the queue.

        Each has a token of its own, which only the mail knows. Who is killed
        between handing it over and the commit makes another one go out.
        """
        cls.lock(requests)
        write_first(cls, requests)
        requests = list(cls.browse(requests))
        with Connections() as connections:
            for request in requests:
                if request.next_try:
                    request._send(connections)
        cls.save(requests)

    def _send(self, connections):
        token = self.new_token()
        try:
            message = self.render(token)
            connections.send(
                self.section.mail_server, message,
                Outgoing.from_address(self.section), [self.email])
        except (ValueError, MessageError, MailServerError, OAuthError,
                smtplib.SMTPException, OSError) as exception:
            self._not_sent(exception)
        else:
            self.token_hash = self.hash(token)
            self.next_try = None

    def _not_sent(self, exception):
        self.tries += 1
        self.next_try = None
        if self.tries <= len(PAUSES) and not Outgoing.is_final(exception):
            now = dt.datetime.now().replace(microsecond=0)
            self.next_try = now + PAUSES[self.tries - 1]

    def render(self, token):
        "Return the mail with the token as an email.message.EmailMessage"
        language = self.language.code if self.language else None
        section = self.section.in_language(language)
        sender = Outgoing.from_address(section)
        now = dt.datetime.now(dt.timezone.utc).replace(microsecond=0)
        message = EmailMessage()
        message['From'] = Address(
            plain(section.mail_name or section.name), addr_spec=sender)
        message['To'] = Address(addr_spec=self.email)
        message['Subject'] = plain(gettext(
                'helpdesk_portal.msg_web_request_subject', language))
        message['Date'] = format_datetime(now)
        message['Message-ID'] = (
            f'<web-request.{self.id}.{now:%Y%m%d%H%M%S}'
            f'@{sender.rpartition("@")[2]}>')
        message[filter_.MARK] = Outgoing.mark()
        # RFC 3834, 5; the second is for Exchange
        message['Auto-Submitted'] = 'auto-replied'
        message['X-Auto-Response-Suppress'] = 'All'
        layout = compose.Layout(
            body=gettext(
                'helpdesk_portal.msg_web_request_body', language,
                section=section.mail_name or section.name,
                url=addresses.url('confirm', token),
                days=Pool().get('helpdesk.configuration')(1).web_request_days),
            language=language or '')
        message.set_content(compose.to_text(layout))
        message.add_alternative(compose.to_html(layout), subtype='html')
        return message

    @classmethod
    def send_waiting(cls):
        "Queue again what is due to be sent (scheduled action)"
        with without_check_access():
            waiting = not_queued(cls, 'send', cls.search(
                    [('next_try', '<=', dt.datetime.now())]))
        for request in waiting:
            cls.__queue__.send([request])

    @classmethod
    def remove_expired(cls):
        "Forget what nobody has confirmed (scheduled action)"
        cls.delete(cls.search([('expires_at', '<', dt.datetime.now())]))


class WebRequestFile(ModelSQL):
    __name__ = 'helpdesk.web_request.file'

    request = fields.Many2One(
        'helpdesk.web_request', "Request", required=True, ondelete='CASCADE',
        help="The request that it was sent with.")
    name = fields.Char("Name", required=True,
        help="What it is called.")
    data = fields.Binary("Data",
        help="What is in it.")


class Erase(metaclass=PoolMeta):
    __name__ = 'party.erase'

    def _helpdesk_to_erase(self, party, tickets):
        pool = Pool()
        File = pool.get('helpdesk.web_request.file')
        Request = pool.get('helpdesk.web_request')
        requests = Request.search([
                ('email', 'in', party.helpdesk_emails()),
                ], order=[])
        ids = [r.id for r in requests]
        return super()._helpdesk_to_erase(party, tickets) + [
            (File, [('request', 'in', ids)], False,
                ['name', 'data'],
                ['****', None]),
            (Request, [('id', 'in', ids)], False,
                ['name', 'email', 'phone', 'company', 'subject', 'text',
                    'token_hash', 'next_try'],
                [None, '****', *[None] * 6]),
            ]
