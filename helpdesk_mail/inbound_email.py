# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import base64
import json
from email.message import EmailMessage
from email.utils import formataddr

from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction
from werkzeug.datastructures import Headers

from .intake.parse import parse

ACTION = 'helpdesk.mail|receive'


class Inbox(metaclass=PoolMeta):
    __name__ = 'inbound.email.inbox'

    helpdesk = fields.Boolean("Helpdesk",
        help="Letters that no rule takes become tickets.")
    company = fields.Many2One('company.company', "Company",
        help="The company whose mail it is: its default section gets the "
        "letters that no other takes, and its managers see them.\n"
        "Leave empty for all companies.")

    @classmethod
    def __register__(cls, module_name):
        table_h = cls.__table_handler__(module_name)
        is_new = not table_h.column_exist('helpdesk')
        super().__register__(module_name)
        if is_new:
            # The inboxes that are there already serve something else
            table = cls.__table__()
            Transaction().connection.cursor().execute(
                *table.update([table.helpdesk], [False]))

    @classmethod
    def default_helpdesk(cls):
        return True

    @classmethod
    def default_company(cls):
        return Transaction().context.get('company')

    def process(self, email_):
        pool = Pool()
        Mail = pool.get('helpdesk.mail')
        super().process(email_)
        # The webhook hands over letters that are not stored yet
        if self.helpdesk and not getattr(email_, 'rule', None):
            email_.result = Mail.receive(email_, None)

    def deliver(self, letters, **origin):
        """
        Store letters that came through one of our doors, unjudged.

        letters is a list of raw letters, as bytes, or of tuples of a raw
        letter and a dictionary of values of helpdesk.mail that tell where it
        came from. Return the helpdesk.mail records; letters that a rule
        gives to another part of Tryton have none: they are tasks of their
        own. After the commit the letters are ours.
        """
        pool = Pool()
        Email = pool.get('inbound.email')
        Mail = pool.get('helpdesk.mail')
        letters = [
            letter if isinstance(letter, tuple) else (letter, {})
            for letter in letters]
        emails = Email.create([
                # Tryton stores no letter of no bytes
                {'inbox': self.id, 'data': data or b'\r\n',
                    'data_type': 'raw'}
                for data, _ in letters])
        ours, others = [], []
        for email_, (_, values) in zip(emails, letters):
            rule = self._rule(email_)
            # Of one that was left on its server a person decides
            left = 'left_size' in values
            if rule and rule.action != ACTION and not left:
                others.append(email_)
            elif rule or self.helpdesk or left:
                ours.append((email_, rule, {**origin, **values}))
        for email_ in others:
            # What fails there must not keep us from taking the next letters
            Email.__queue__.process([email_])
        return Mail.receive_all(ours)

    def _rule(self, email_):
        "Return the first rule that fits the letter."
        value = None
        for rule in self.rules:
            if value is None and rule.has_conditions():
                value = email_.as_dict()
            if rule.match(value or {}):
                return rule


class Email(metaclass=PoolMeta):
    __name__ = 'inbound.email'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        # Who does not see the inbox does not see its letters
        cls.__access__.add('inbox')

    def raw_letter(self):
        """
        Return the letter as it came, as bytes (RFC 5322).

        Services that take letters apart have theirs put together again.
        Raises ValueError if there is no letter in the data.
        """
        data = bytes(self.data or b'')
        if self.data_type == 'raw':
            return data
        try:
            payload = json.loads(data)
            if self.data_type == 'postmark':
                return _from_postmark(payload)
            raw = payload[{
                    'mailchimp': 'raw_msg',
                    'mailpace': 'raw',
                    'sendgrid': 'email',
                    }[self.data_type]]
        except (AttributeError, KeyError, TypeError) as exception:
            raise ValueError("the data holds no letter") from exception
        return raw.encode('utf-8', 'surrogateescape')

    def as_dict(self):
        # Tryton's own leaves encodings in place and fails on odd headers
        try:
            letter = parse(self.raw_letter())
        except ValueError:
            return {}
        value = {
            'to': [a.email for a in letter.to],
            'cc': [a.email for a in letter.cc],
            'subject': letter.subject,
            'text': letter.text,
            'attachments': [{
                    'filename': p.name,
                    'type': p.type,
                    'data': p.data,
                    } for p in letter.parts],
            # Named in any case, as in letters
            'headers': Headers([
                    (name, values[0])
                    for name, values in letter.headers.items()]),
            }
        if letter.sender:
            value['from'] = letter.sender.email
        if letter.html:
            value['html'] = letter.html
        return value


class Rule(metaclass=PoolMeta):
    __name__ = 'inbound.email.rule'

    section = fields.Many2One('helpdesk.section', "Section",
        states={
            'invisible': Eval('action') != ACTION,
            },
        help="The section that gets the letters.\n"
        "Leave empty for the section whose address they were sent to.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.action.selection.append((ACTION, "Helpdesk Ticket"))

    def has_conditions(self):
        "Tell if the letter has to be read to know whether the rule fits."
        return bool(self.origin or self.destination or self.subject
            or self.attachment_name or self.headers)


def _from_postmark(payload):
    message = EmailMessage()
    for header in payload.get('Headers') or []:
        # Each once, and none that is set below
        if (header['Name'] not in message
                and not header['Name'].lower().startswith('content-')):
            message[header['Name']] = ' '.join(header['Value'].split())
    for name in ['From', 'To', 'Cc']:
        people = payload.get(f'{name}Full') or []
        people = [people] if isinstance(people, dict) else people
        if people:
            del message[name]
            message[name] = ', '.join(
                formataddr((p.get('Name', ''), p['Email'])) for p in people)
    del message['Subject']
    message['Subject'] = ' '.join((payload.get('Subject') or '').split())
    message.set_content(payload.get('TextBody') or '')
    if payload.get('HtmlBody'):
        message.add_alternative(payload['HtmlBody'], subtype='html')
    for attachment in payload.get('Attachments') or []:
        maintype, _, subtype = attachment['ContentType'].partition('/')
        message.add_attachment(
            base64.b64decode(attachment['Content']),
            maintype=maintype, subtype=subtype or 'octet-stream',
            filename=attachment['Name'])
    return bytes(message)
