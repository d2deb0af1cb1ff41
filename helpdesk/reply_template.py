# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from collections import defaultdict

from trytond.i18n import gettext, lazy_gettext
from trytond.model import (
    DeactivableMixin, ModelSQL, ModelView, Unique, fields, sequence_ordered)
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval, If
from trytond.tools import timezone as tz
from trytond.transaction import Transaction, check_access

from . import placeholder
from .exceptions import AnswerError, ReplyTemplateError

# The part of a name before the dot is a record of _sources. The value is what
# Model.read returns of it for the path.
PLACEHOLDERS = {
    'ticket.number': (
        lazy_gettext('helpdesk.msg_placeholder_ticket_number'), 'number'),
    'ticket.subject': (
        lazy_gettext('helpdesk.msg_placeholder_ticket_subject'), 'subject'),
    'ticket.section': (
        lazy_gettext('helpdesk.msg_placeholder_ticket_section'),
        'section.name'),
    'ticket.state': (
        lazy_gettext('helpdesk.msg_placeholder_ticket_state'),
        'state:string'),
    'ticket.deadline': (
        lazy_gettext('helpdesk.msg_placeholder_ticket_deadline'),
        'deadline'),
    'ticket.created': (
        lazy_gettext('helpdesk.msg_placeholder_ticket_created'),
        'create_date'),
    'ticket.closes': (
        lazy_gettext('helpdesk.msg_placeholder_ticket_closes'),
        'closes_at'),
    'ticket.contact_name': (
        lazy_gettext('helpdesk.msg_placeholder_ticket_contact_name'),
        'contact_name'),
    'party.name': (
        lazy_gettext('helpdesk.msg_placeholder_party_name'), 'name'),
    'party.code': (
        lazy_gettext('helpdesk.msg_placeholder_party_code'), 'code'),
    'contact.name': (
        lazy_gettext('helpdesk.msg_placeholder_contact_name'), 'name'),
    'agent.name': (
        lazy_gettext('helpdesk.msg_placeholder_agent_name'), 'party.name'),
    'agent.email': (
        lazy_gettext('helpdesk.msg_placeholder_agent_email'),
        'party.email'),
    'sale.number': (
        lazy_gettext('helpdesk.msg_placeholder_sale_number'), 'number'),
    'sale.reference': (
        lazy_gettext('helpdesk.msg_placeholder_sale_reference'),
        'reference'),
    'sale.date': (
        lazy_gettext('helpdesk.msg_placeholder_sale_date'), 'sale_date'),
    'sale.state': (
        lazy_gettext('helpdesk.msg_placeholder_sale_state'),
        'state:string'),
    'company.name': (
        lazy_gettext('helpdesk.msg_placeholder_company_name'),
        'party.name'),
    'today': (lazy_gettext('helpdesk.msg_placeholder_today'), None),
    }


class ReplyTemplate(
        sequence_ordered(), DeactivableMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.reply_template'

    name = fields.Char("Name", required=True,
        help="What agents find the canned answer by.")
    sections = fields.Many2Many(
        'helpdesk.reply_template-helpdesk.section', 'template', 'section',
        "Sections",
        help="The sections in whose tickets it can be used.\n"
        "Leave empty for all sections.")
    language = fields.Many2One('ir.lang', "Language",
        help="The language of the text. It is offered for tickets in this "
        "language.\n"
        "Leave empty if it fits any language.")
    text = fields.Text("Text", required=True,
        help="What is inserted into the answer. Values take the places of "
        "the placeholders.")
    placeholders = fields.Function(fields.Text("Placeholders",
            help="What can stand in the text for a value of the ticket."),
        'get_placeholders')

    @classmethod
    def default_placeholders(cls):
        return '\n'.join(
            f'{placeholder.write(name)}  {label}'
            for name, (label, _) in cls._placeholders().items())

    @classmethod
    def get_placeholders(cls, templates, name):
        return dict.fromkeys(
            [t.id for t in templates], cls.default_placeholders())

    @classmethod
    def validate_fields(cls, templates, field_names):
        super().validate_fields(templates, field_names)
        cls.check_placeholders(templates, field_names)

    @classmethod
    def check_placeholders(cls, templates, field_names=None):
        "Raise ReplyTemplateError for what no value can take the place of."
        if field_names and 'text' not in field_names:
            return
        valid = cls._placeholders()
        for template in templates:
            names, malformed = placeholder.names(template.text)
            wrong = [placeholder.write(n) for n in names if n not in valid]
            wrong.extend(m.text for m in malformed)
            if wrong:
                raise ReplyTemplateError(gettext(
                        'helpdesk.msg_reply_template_placeholder',
                        template=template.name,
                        wrong=', '.join(wrong),
                        valid=', '.join(map(placeholder.write, valid))))

    @classmethod
    def _placeholders(cls):
        """
        Return the placeholders: by name what it means, and a path.

        The path is a name as Model.read takes it, for the record that
        _sources has under the part of the name before the dot; None if what
        _sources has is the value.
        """
        return PLACEHOLDERS.copy()

    @classmethod
    def _sources(cls, ticket):
        "Return what the values of a ticket's placeholders are read from."
        pool = Pool()
        Date = pool.get('ir.date')
        User = pool.get('res.user')
        with Transaction().set_context(company=ticket.company.id):
            today = Date.today()
        return {
            'ticket': ticket,
            'party': ticket.party,
            'contact': ticket.contact,
            'agent': User(Transaction().user).employee,
            'sale': ticket.sale,
            'company': ticket.company,
            'today': today,
            }

    @classmethod
    def unresolved(cls, text):
        "Return the placeholders in the text, as they are written there."
        valid = cls._placeholders()
        names, _ = placeholder.names(text or '')
        return [placeholder.write(n) for n in names if n in valid]

    def render(self, ticket):
        """
        Return the text for the ticket, and the placeholders without a value.

        The values are those that the current user may read, in the language
        of the ticket. Placeholders without one stay in the text.
        Raises AccessError if the user may not read the ticket or this.
        """
        Ticket = ticket.__class__
        with check_access():
            row, = self.__class__.read([self.id], ['text'])
            Ticket.read([ticket.id], ['id'])
            names, _ = placeholder.names(row['text'])
            return placeholder.render(
                row['text'], self._resolved(ticket, names).get)

    @classmethod
    def _resolved(cls, ticket, names):
        "Return the values that the current user may read, by name."
        pool = Pool()
        Configuration = pool.get('ir.configuration')
        Lang = pool.get('ir.lang')
        lang = ticket.language or Lang.get(Configuration.get_language())
        placeholders, sources = cls._placeholders(), cls._sources(ticket)
        wanted, values = defaultdict(dict), {}
        for name in names:
            source = name.partition('.')[0]
            if name in placeholders and sources.get(source):
                wanted[source][name] = placeholders[name][1]
        with Transaction().set_context(language=lang.code):
            for source, paths in wanted.items():
                for name, value in cls._read(sources[source], paths):
                    values[name] = cls._format(value, lang, ticket.company)
        return values

    @classmethod
    def _read(cls, source, paths):
        "Return the names and values of those that the user may read."
        wanted = [p for p in paths.values() if p]
        row = {}
        if wanted:
            try:
                row, = source.__class__.read([source.id], wanted)
            except AccessError:
                return []
        return [
            (name, _follow(row, path) if path else source)
            for name, path in paths.items()]

    @classmethod
    def _format(cls, value, lang, company):
        "Return the value as it is written in the language."
        if isinstance(value, dt.datetime):
            if company.timezone:
                value = value.replace(tzinfo=tz.UTC).astimezone(
                    tz.get_tzinfo(company.timezone))
            return lang.strftime(value, f'{lang.date} %H:%M')
        if isinstance(value, dt.date):
            return lang.strftime(value)
        return str(value or '')


class ReplyTemplateSection(ModelSQL):
    __name__ = 'helpdesk.reply_template-helpdesk.section'

    template = fields.Many2One(
        'helpdesk.reply_template', "Template", ondelete='CASCADE',
        required=True)
    # Without its last section a template would be that of all
    section = fields.Many2One(
        'helpdesk.section', "Section", ondelete='RESTRICT', required=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints = [
            ('template_section_unique', Unique(t, t.template, t.section),
                'helpdesk.msg_reply_template_section_unique'),
            ]


class AnswerStart(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket.answer.start'

    section = fields.Many2One(
        'helpdesk.section', "Section", readonly=True)
    language = fields.Many2One('ir.lang', "Language", readonly=True)
    template = fields.Many2One(
        'helpdesk.reply_template', "Canned Answer",
        domain=[
            ['OR',
                ('sections', '=', None),
                ('sections', '=', Eval('section', -1)),
                ],
            If(Bool(Eval('language')),
                ['OR',
                    ('language', '=', None),
                    ('language', '=', Eval('language', -1)),
                    ],
                ()),
            ],
        help="Adds its text to what is written, with the values of the "
        "ticket. Several can be added one after the other.")

    @fields.depends('ticket', 'template', 'text')
    def on_change_template(self):
        if not self.ticket or not self.template:
            return
        text, _ = self.template.render(self.ticket)
        self.text = '\n\n'.join(
            filter(None, [(self.text or '').rstrip(), text]))
        # The next one can be chosen
        self.template = None

    @fields.depends('text')
    def on_change_notify(self):
        pool = Pool()
        ReplyTemplate = pool.get('helpdesk.reply_template')
        notifications = super().on_change_notify()
        unresolved = ReplyTemplate.unresolved(self.text)
        if unresolved:
            notifications.append(('warning', gettext(
                        'helpdesk.msg_answer_placeholder',
                        placeholders=', '.join(unresolved))))
        return notifications


class Answer(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket.answer'

    def default_start(self, fields):
        language = self.record.language
        return {
            **super().default_start(fields),
            'section': self.record.section.id,
            'language': language.id if language else None,
            }

    def _talk(self):
        pool = Pool()
        ReplyTemplate = pool.get('helpdesk.reply_template')
        unresolved = ReplyTemplate.unresolved(self.start.text)
        if unresolved:
            raise AnswerError(gettext(
                    'helpdesk.msg_answer_placeholder',
                    placeholders=', '.join(unresolved)))
        return super()._talk()


def _follow(row, path):
    "Return the value that Model.read put into the row for the path."
    first, dot, rest = path.partition('.')
    if not dot:
        return row[path]
    related = row[f'{first}.']
    return _follow(related, rest) if related else None
