# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What stands around the text of a mail, in the language of the customer.
"""
from trytond.i18n import gettext
from trytond.model import fields
from trytond.modules.helpdesk import placeholder
from trytond.modules.helpdesk.header import plain
from trytond.pool import Pool, PoolMeta
from trytond.tools import timezone as tz
from trytond.transaction import Transaction, without_check_access

from .exceptions import SignatureError
from .intake.compose import Layout
from .intake.recipients import stored


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    signature = fields.Text("Signature", translate=True,
        help="What stands below the answers of agents. The placeholders of "
        "canned answers can be used.\n"
        "A line with a placeholder that has no value is left out.")
    mail_separator = fields.Char("Separator", translate=True,
        help="The first line of mails to customers, such as \"Please write "
        "above this line\". What comes back below it is cut off.\n"
        "Leave empty to have none.")
    quote_history = fields.Boolean("Quote Last Letter",
        help="Repeat the last letter of the customer below an answer.")

    @classmethod
    def default_quote_history(cls):
        return False

    @classmethod
    def validate_fields(cls, sections, field_names):
        super().validate_fields(sections, field_names)
        cls.check_signature(sections, field_names)

    @classmethod
    def check_signature(cls, sections, field_names=None):
        "Raise SignatureError for what no value can take the place of."
        pool = Pool()
        ReplyTemplate = pool.get('helpdesk.reply_template')
        if field_names and 'signature' not in field_names:
            return
        for section in sections:
            wrong, valid = ReplyTemplate.wrong_placeholders(
                section.signature or '')
            if wrong:
                raise SignatureError(gettext(
                        'helpdesk_mail.msg_signature_placeholder',
                        section=section.rec_name,
                        wrong=', '.join(wrong), valid=', '.join(valid)))

    def in_language(self, language):
        "Return the section as customers read it; language is a code."
        with Transaction().set_context(language=language):
            return self.__class__(self.id)

    @classmethod
    @without_check_access
    def mail_separators(cls):
        "Return the set of the separators of all sections and languages."
        pool = Pool()
        Translation = pool.get('ir.translation')
        sections = cls.search([('mail_separator', '!=', None)])
        separators = {s.mail_separator for s in sections}
        separators.update(t.value for t in Translation.search([
                    ('name', '=', f'{cls.__name__},mail_separator'),
                    ('type', '=', 'model'),
                    ('value', '!=', None),
                    ]))
        return {plain(s) for s in separators} - {''}


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    def mail_layout(self, footer, thread):
        """
        Return the intake.compose.Layout of the conversation as a mail.

        footer is a plain text to go below, thread the other mails of the
        ticket, the newest first.
        """
        ticket = self.ticket
        language = ticket.mail_language()
        section = ticket.section.in_language(language)
        letter = None
        if section.quote_history and not self.automatic:
            letter = self._quotable(thread)
        return Layout(
            body=self.body or '',
            html=self.html or '',
            separator=plain(section.mail_separator or ''),
            signature='' if self.automatic else self._signature(section),
            footer=footer or '',
            quoted_head=self._quoted_head(letter, language) if letter else '',
            quoted=letter.body if letter else '',
            language=language)

    def _signature(self, section):
        pool = Pool()
        ReplyTemplate = pool.get('helpdesk.reply_template')
        lines = []
        for line in (section.signature or '').splitlines():
            text, missing = ReplyTemplate.fill(
                line, self.ticket, self.employee)
            if not missing:
                lines.append(text)
        return '\n'.join(lines)

    def _quotable(self, thread):
        "Return the last letter of somebody who gets this mail, or None."
        emails = stored(self.to_addresses, self.cc_addresses)
        # What others wrote to the section is not for the customer
        return next((
                c for c in thread
                if c.direction == 'in' and not c.automatic and c.body
                and c.at <= self.at and c.from_address in emails), None)

    def _quoted_head(self, letter, language):
        pool = Pool()
        Lang = pool.get('ir.lang')
        lang = Lang.get(language)
        at, company = letter.at, self.ticket.company
        if company.timezone:
            at = at.replace(tzinfo=tz.UTC).astimezone(
                tz.get_tzinfo(company.timezone))
        return gettext(
            'helpdesk_mail.msg_quoted_head', language,
            date=lang.strftime(at, f'{lang.date} %H:%M'),
            author=plain(letter.author or letter.from_address))


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    def mail_language(self):
        """
        Return the code of the language that the customer is written to in.

        That of the ticket, of the customer, or else of the company.
        """
        for lang in [
                self.language, self.party.lang if self.party else None,
                self.company.party.lang]:
            if lang:
                return lang.code
        return Transaction().language


class ReplyTemplate(metaclass=PoolMeta):
    __name__ = 'helpdesk.reply_template'

    @classmethod
    def wrong_placeholders(cls, text):
        "Return two lists: what can't stand in the text, and what can."
        valid = cls._placeholders()
        names, malformed = placeholder.names(text)
        wrong = [placeholder.write(n) for n in names if n not in valid]
        wrong.extend(m.text for m in malformed)
        return wrong, list(map(placeholder.write, valid))

    @classmethod
    @without_check_access
    def fill(cls, text, ticket, employee=None):
        """
        Return the text for the ticket, and the placeholders without a value.

        employee is the agent it speaks of. What it says does not depend on
        the current user: a queue may run it.
        """
        names, _ = placeholder.names(text)
        with Transaction().set_context(
                _helpdesk_agent=employee.id if employee else None):
            values = cls._resolved(ticket, names)
        return placeholder.render(text, values.get)

    @classmethod
    def _sources(cls, ticket):
        pool = Pool()
        Employee = pool.get('company.employee')
        sources = super()._sources(ticket)
        context = Transaction().context
        if '_helpdesk_agent' in context:
            agent = context['_helpdesk_agent']
            sources['agent'] = Employee(agent) if agent else None
        return sources
