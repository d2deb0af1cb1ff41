# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
Outgoing mail: from a stored conversation to the SMTP server.

Decided here: the headers, what goes below the text, when it is tried again.
Not here: who is written to and what (conversation.py).
"""
import datetime as dt
import math
import mimetypes
import re
import smtplib
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

import trytond.config as config
from trytond.i18n import gettext
from trytond.modules.helpdesk.header import plain
from trytond.pool import Pool
from trytond.tools import firstline
from trytond.transaction import without_check_access
from trytond.url import host

from .exceptions import MailServerError, OAuthError
from .intake import compose
from .intake import filter as filter_
from .intake import signing
from .intake.file import safe_file_name
from .intake.recipients import stored

MAX_REFERENCES = 10
# Larger mails, in bytes, are not sent
MAX_MAIL = config.getint('helpdesk', 'max_mail', default=20 * 1024 * 1024)
# After these pauses a mail is tried again; then it has failed
PAUSES = [dt.timedelta(minutes=m) for m in [
        1, 2, 5, 10, 30, 60, 2 * 60, 4 * 60, 8 * 60, 24 * 60]]


# What strangers call their mails goes into our headers
_MESSAGE_ID = re.compile(r'(?!.*=\?)[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}')


class NoSender(ValueError):
    "There is no address to send from; an administrator can set one."


class Outgoing:
    "Sends conversations by mail."

    def __init__(self, conversations):
        self.conversations = list(conversations)

    @without_check_access
    def send(self, connections):
        """
        Send each conversation, and store with it what became of it.

        connections are smtp_server.Connections. What the server refuses for
        good has failed; everything else is tried again later. Raises nothing
        of smtplib's.
        """
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        footers = Conversation.mail_footer(self.conversations)
        threads = self._threads()
        for conversation in self.conversations:
            try:
                message = self.render(
                    conversation, footers[conversation.id],
                    threads[conversation.ticket.id])
                refused = self._hand_over(conversation, message, connections)
            except (ValueError, MessageError, MailServerError, OAuthError,
                    smtplib.SMTPException, OSError) as exception:
                self._not_sent(conversation, exception)
            else:
                conversation.note_missed(refused)
                if refused:
                    self._not_sent(
                        conversation, smtplib.SMTPRecipientsRefused(refused))
                else:
                    conversation.delivery = 'sent'
                    conversation.delivery_error = None
                    conversation.next_try = None
        Conversation.save(self.conversations)
        Conversation.not_delivered([
                c for c in self.conversations if c.delivery == 'failed'])
        Conversation.tell_not_delivered([
                c for c in self.conversations
                if c.delivery == 'sent' and c.missed_addresses])

    @classmethod
    def _hand_over(cls, conversation, message, connections):
        """
        Give the message to the section's server; return who was refused.

        A dictionary as that of smtplib.SMTPRecipientsRefused. Whom the mail
        has reached already is left out. Tryton's send_message neither tells
        who was refused nor that the mail was taken when saying good-bye fails
        afterwards.
        """
        section, missed = conversation.ticket.section, conversation.missed()
        to = dict.fromkeys(
            a.addr_spec for name in ['To', 'Cc', 'Bcc'] if message[name]
            for a in message[name].addresses)
        to = [a for a in to if a.lower() in missed] or list(to)
        try:
            return connections.send(
                section.mail_server, message, cls.from_address(section), to)
        except smtplib.SMTPRecipientsRefused as exception:
            return exception.recipients

    def _not_sent(self, conversation, exception):
        conversation.tries = (conversation.tries or 0) + 1
        conversation.delivery_error = conversation.without_bcc(
            self.explain(exception))
        if (self.is_final(exception)
                or conversation.tries > len(PAUSES)):
            # Whom it is for may have it, if not all that get a copy
            conversation.delivery = (
                'failed' if conversation.is_lost() else 'sent')
            conversation.next_try = None
        else:
            now = dt.datetime.now().replace(microsecond=0)
            conversation.next_try = now + PAUSES[conversation.tries - 1]

    @staticmethod
    def is_final(exception):
        "Tell if it makes no sense to try again (RFC 5321, 4.2.1)."
        if isinstance(exception, smtplib.SMTPRecipientsRefused):
            return all(
                code >= 500 for code, _ in exception.recipients.values())
        if isinstance(exception, smtplib.SMTPResponseException):
            # A wrong password or a stopped server is mended on our side
            return (exception.smtp_code >= 500
                and not isinstance(exception, (
                        smtplib.SMTPAuthenticationError,
                        smtplib.SMTPConnectError, smtplib.SMTPHeloError)))
        return (isinstance(exception, (ValueError, MessageError))
            and not isinstance(exception, NoSender))

    @staticmethod
    def explain(exception):
        "Return in plain words, on a line, why a mail was not sent."
        if isinstance(exception, smtplib.SMTPRecipientsRefused):
            reasons = '; '.join(
                f'{address}: {code} {_decode(text)}' for address, (code, text)
                in exception.recipients.items())
            return gettext('helpdesk_mail.msg_refused', error=reasons)
        if isinstance(exception, (MailServerError, OAuthError)):
            return gettext('helpdesk_mail.msg_smtp_trouble',
                error=exception.message)
        if isinstance(exception, smtplib.SMTPAuthenticationError):
            return gettext('helpdesk_mail.msg_smtp_login')
        if isinstance(exception, smtplib.SMTPResponseException):
            return gettext('helpdesk_mail.msg_refused', error=(
                    f'{exception.smtp_code} {_decode(exception.smtp_error)}'))
        if isinstance(exception, (OSError, smtplib.SMTPException)):
            return gettext('helpdesk_mail.msg_smtp_down',
                error=(getattr(exception, 'strerror', None)
                    or firstline(str(exception))))
        return firstline(str(exception))

    @staticmethod
    def from_address(section):
        """
        Return the address that mails of the section come from.

        Raises NoSender with a text for people if there is none.
        """
        address = section.mail_address or parseaddr(
            config.get('email', 'from', default=''))[1]
        if '@' not in address:
            # Without "from" Tryton takes the user that it runs as
            raise NoSender(gettext(
                    'helpdesk_mail.msg_no_sender', section=section.rec_name))
        return address

    @classmethod
    def domain(cls, section):
        "Return the domain for the Message-IDs of the section's mails."
        try:
            return cls.from_address(section).rpartition('@')[2] or host()
        except NoSender:
            return host()

    @staticmethod
    def mark():
        "Return what tells our own mails from those of other helpdesks."
        pool = Pool()
        secret = pool.get('helpdesk.mail.key').get_secret()
        return signing.mark(secret)

    @classmethod
    @without_check_access
    def max_size(cls, section):
        "Return how large a mail of the section may be, in bytes."
        server = section.mail_server
        if server and server.max_size:
            return min(MAX_MAIL, server.max_size)
        return MAX_MAIL

    @classmethod
    def too_large(cls, section, files):
        """
        Return in plain words that files are too large for a mail, or None.

        files are tuples of a name and a number of bytes.
        """
        limit = cls.max_size(section)
        # base64 makes lines of 76 characters of 57 bytes (RFC 2045, 6.8)
        sizes = [(name, math.ceil(size / 57) * 78) for name, size in files]
        total = sum(size for _, size in sizes)
        if total > limit:
            return gettext(
                'helpdesk_mail.msg_answer_size',
                total=readable_size(total), limit=readable_size(limit),
                files=', '.join(
                    f'{plain(name or "")} ({readable_size(size)})'
                    for name, size in sizes))

    def _threads(self):
        """
        Return the mails that each ticket's thread consists of.

        A dictionary from the id of the ticket to the conversations that have
        a Message-ID, the newest first.
        """
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        newest = Conversation.newest(
            list({c.ticket.id for c in self.conversations}),
            MAX_REFERENCES * 2)
        mails = Conversation.browse(
            sorted({i for ids in newest.values() for i in ids}))
        by_id = {c.id: c for c in mails if c.message_id}
        return {
            ticket: [by_id[i] for i in ids if i in by_id]
            for ticket, ids in newest.items()}

    def render(self, conversation, footer, thread):
        """
        Return the conversation as an email.message.EmailMessage.

        footer is a plain text to go below the body, thread the other mails
        of the ticket, the newest first. Raises ValueError, with a text for
        people, if it cannot be a mail.
        """
        too_large = self.too_large(conversation.ticket.section, [
                (a.name, len(a.data or b''))
                for a in conversation.attachments])
        if too_large:
            raise ValueError(too_large)
        message = EmailMessage()
        self._address(message, conversation)
        message['Subject'] = plain(self.subject(conversation))
        message['Date'] = format_datetime(
            conversation.at.replace(tzinfo=dt.timezone.utc))
        message['Message-ID'] = f'<{conversation.message_id}>'
        self._thread(message, conversation, thread)
        message[filter_.MARK] = self.mark()
        if conversation.automatic:
            # RFC 3834, 5; the second is for Exchange
            message['Auto-Submitted'] = 'auto-replied'
            message['X-Auto-Response-Suppress'] = 'All'
        layout = conversation.mail_layout(footer, thread)
        message.set_content(compose.to_text(layout))
        message.add_alternative(compose.to_html(layout), subtype='html')
        for attachment in conversation.attachments:
            type_, encoding = mimetypes.guess_type(attachment.name or '')
            if not type_ or encoding:
                type_ = 'application/octet-stream'
            maintype, _, subtype = type_.partition('/')
            message.add_attachment(
                bytes(attachment.data or b''), maintype=maintype,
                subtype=subtype,
                filename=plain(safe_file_name(attachment.name or '')))
        return message

    def _address(self, message, conversation):
        ticket = conversation.ticket
        section = ticket.section.in_language(ticket.mail_language())
        from_address = self.from_address(section)
        message['From'] = _address(
            section.mail_name or section.name, from_address)
        # smtplib takes Bcc out of what it sends, and writes to them
        for name, text in [
                ('To', conversation.to_addresses),
                ('Cc', conversation.cc_addresses),
                ('Bcc', conversation.bcc_addresses)]:
            if addresses := stored(text):
                message[name] = [_address('', a) for a in addresses]
        if 'To' not in message:
            raise ValueError(gettext('helpdesk_mail.msg_no_recipient'))
        if section.mail_address and section.subaddress:
            secret = Pool().get('helpdesk.mail.key').get_secret()
            message['Reply-To'] = _address('', signing.reply_address(
                    secret, conversation.ticket.id, section.mail_address))

    @staticmethod
    def subject(conversation):
        "Return the subject, with the number of the ticket in it."
        number = f'[#{conversation.ticket.number}]'
        subject = conversation.subject or conversation.ticket.subject
        if number in subject:
            return subject
        if conversation.automatic:
            return f'{number} {subject}'
        return f'Re: {number} {subject}'

    def _thread(self, message, conversation, thread):
        """
        Make the mail part of the thread in the customer's mail program.

        RFC 5322, 3.6.4: it answers the newest mail before it.
        """
        thread = [c for c in thread if c.id != conversation.id
            and _MESSAGE_ID.fullmatch(c.message_id)]
        before = [c.message_id for c in thread]
        if not before:
            return
        received = [c.message_id for c in thread if c.direction == 'in']
        message['In-Reply-To'] = f'<{(received or before)[0]}>'
        message['References'] = ' '.join(
            f'<{m}>' for m in reversed(before[:MAX_REFERENCES]))


def _address(name, email):
    "Return an address header value; raise ValueError if it is none."
    try:
        return Address(display_name=plain(name), addr_spec=email)
    except (ValueError, IndexError, MessageError) as exception:
        raise ValueError(gettext(
                'helpdesk_mail.msg_address_invalid',
                address=email)) from exception


def readable_size(size):
    "Return a number of bytes as people read it."
    if size >= 1024 * 1024:
        return gettext('helpdesk_mail.msg_size_mb',
            size=f'{size / 1024 / 1024:.1f}')
    return gettext('helpdesk_mail.msg_size_kb', size=max(size // 1024, 1))


def _decode(text):
    if isinstance(text, bytes):
        text = text.decode('utf-8', 'replace')
    return firstline(text)
