# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Canned answers that go out by themselves.

They go to addresses that anybody may have given (PO5): nothing that a sender
wrote is ever in them.
"""
import datetime as dt

from trytond.i18n import gettext
from trytond.model import fields
from trytond.modules.helpdesk import placeholder
from trytond.modules.helpdesk.workflow import OVER_STATES
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access

from .exceptions import AutomaticTemplateError
from .intake import acknowledge

# Those whose values are ours
SAFE_PLACEHOLDERS = {
    'ticket.number', 'ticket.section', 'ticket.state', 'ticket.deadline',
    'ticket.created', 'ticket.closes', 'agent.name', 'agent.email',
    'company.name', 'today'}


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    _domain = [
        ['OR',
            ('sections', '=', None),
            ('sections', '=', Eval('id', -1)),
            ],
        ]
    acknowledge_template = fields.Many2One(
        'helpdesk.reply_template', "Text of Confirmation",
        ondelete='RESTRICT', domain=_domain,
        states={
            'invisible': ~Eval('acknowledge'),
            },
        help="The canned answer that confirms a new ticket.\n"
        "Leave empty to use the standard text.")
    follow_up_template = fields.Many2One(
        'helpdesk.reply_template', "Confirm Further Letters",
        ondelete='RESTRICT', domain=_domain,
        help="The canned answer to a letter that adds to a ticket.\n"
        "Leave empty to send none.")
    over_template = fields.Many2One(
        'helpdesk.reply_template', "Tell When Resolved",
        ondelete='RESTRICT', domain=_domain,
        help="The canned answer that the customer gets when the ticket is "
        "resolved, or closed without that.\n"
        "Leave empty to send none.")
    del _domain

    @classmethod
    def validate_fields(cls, sections, field_names):
        super().validate_fields(sections, field_names)
        if field_names and field_names.isdisjoint(cls.automatic_templates()):
            return
        for section in sections:
            for name in cls.automatic_templates():
                template = getattr(section, name)
                if template:
                    template.check_automatic(section)

    @classmethod
    def automatic_templates(cls):
        "Return the names of the fields with canned answers of machines."
        return ['acknowledge_template', 'follow_up_template', 'over_template']


class ReplyTemplate(metaclass=PoolMeta):
    __name__ = 'helpdesk.reply_template'

    @classmethod
    def check_placeholders(cls, templates, field_names=None):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        super().check_placeholders(templates, field_names)
        if field_names and 'text' not in field_names:
            return
        names = Section.automatic_templates()
        ids = [t.id for t in templates]
        with without_check_access():
            sections = Section.search(
                ['OR', *((name, 'in', ids) for name in names)])
        for section in sections:
            for name in names:
                template = getattr(section, name)
                if template and template.id in ids:
                    template.check_automatic(section)

    def check_automatic(self, section):
        "Raise AutomaticTemplateError if it says what a sender wrote."
        unsafe = self._unsafe()
        if unsafe:
            raise AutomaticTemplateError(gettext(
                    'helpdesk_mail.msg_automatic_placeholder',
                    template=self.rec_name, section=section.rec_name,
                    wrong=', '.join(unsafe),
                    valid=', '.join(map(
                            placeholder.write, sorted(SAFE_PLACEHOLDERS)))))

    def _unsafe(self):
        names, _ = placeholder.names(self.text or '')
        return [
            placeholder.write(n) for n in names if n not in SAFE_PLACEHOLDERS]

    def automatic_text(self, ticket):
        """
        Return the text for the customer of the ticket, None if it can't be.

        That is when it is in another language, or a placeholder has no value.
        """
        if (not self.active or self._unsafe()
                or (self.language and ticket.language
                    and self.language != ticket.language)):
            return None
        text, missing = self.fill(self.text, ticket, ticket.employee)
        return None if missing else text


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    @classmethod
    def _acknowledgement(cls, ticket):
        return cls._filled(
            super()._acknowledgement(ticket), ticket,
            ticket.section.acknowledge_template)

    @classmethod
    @without_check_access
    def acknowledge_more(cls, tickets):
        """
        Confirm that a letter has been added to a ticket.

        tickets are tuples of a ticket and the address that wrote.
        """
        return cls.create([
                cls._filled(
                    cls._automatic(ticket, email, 'follow_up'), ticket,
                    ticket.section.follow_up_template)
                for ticket, email in tickets])

    @classmethod
    @without_check_access
    def tell_over(cls, tickets):
        "Tell the customers that their tickets are resolved."
        return cls.create([cls._over(t) for t in cls.within_limit(tickets)])

    @classmethod
    def _over(cls, ticket):
        return cls._filled(
            cls._automatic(ticket, ticket.email, 'over'), ticket,
            ticket.section.over_template)

    @classmethod
    def within_limit(cls, tickets):
        """
        Return the tickets whose customers may get another automatic mail.

        Of several with the same customer the first ones.
        """
        tickets = list(tickets)
        sent = cls.count_automatic(
            {t.email for t in tickets},
            dt.datetime.now() - dt.timedelta(hours=1))
        within = []
        for ticket in tickets:
            if sent[ticket.email] < acknowledge.LIMIT:
                sent[ticket.email] += 1
                within.append(ticket)
        return within

    @staticmethod
    def _filled(values, ticket, template):
        "Return the values with the text of the template, if it can be used."
        text = template.automatic_text(ticket) if template else None
        return {**values, 'body': text} if text else values

    @classmethod
    def confirm_more(cls, items):
        "Confirm the letters of a batch that added to tickets."
        more = [
            i for i in items if not i.new and i.sender
            and i.matter.ticket.section.follow_up_template]
        if not more:
            return
        sent = cls.count_automatic(
            {i.sender.email for i in more},
            dt.datetime.now() - dt.timedelta(hours=1))
        wanted = {}
        for item in more:
            ticket, email = item.matter.ticket, item.sender.email
            is_wanted, _ = acknowledge.acknowledge(
                item.letter, item.verdict, True, True, sent.get(email, 0))
            if is_wanted and (ticket, email) not in wanted:
                sent[email] += 1
                wanted[ticket, email] = None
        if wanted:
            cls.acknowledge_more(list(wanted))


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def resolve(cls, tickets):
        waiting = cls._not_over(tickets)
        super().resolve(tickets)
        cls._tell_over(waiting)

    @classmethod
    def close(cls, tickets):
        waiting = cls._not_over(tickets)
        super().close(tickets)
        cls._tell_over(waiting)

    @classmethod
    @without_check_access
    def _not_over(cls, tickets):
        "Return those of the tickets whose customers wait for their end."
        if not Transaction().context.get('helpdesk_acknowledge', True):
            return []
        return [
            t for t in cls.browse(tickets)
            if t.email and t.state not in OVER_STATES + ['draft']
            and t.section.over_template]

    @classmethod
    def _tell_over(cls, tickets):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        History = pool.get('helpdesk.history')
        # Who has closed it themselves knows
        if tickets and History.current_actor() != 'customer':
            with without_check_access():
                over = [
                    t for t in cls.browse(tickets) if t.state in OVER_STATES]
            if over:
                Conversation.tell_over(over)
