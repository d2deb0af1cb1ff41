# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Answering by mail: to whom, with which files, and not too much of them.
"""
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.transaction import check_access

from .intake.recipients import recipients, without
from .outgoing import readable_size


class AnswerStart(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket.answer.start'

    _states = {
        'invisible': Eval('kind') != 'email',
        }
    reply = fields.Selection([
            ('customer', "To Customer"),
            ('all', "To All"),
            ], "Reply", sort=False, states=_states,
        help="To Customer: who watches the ticket gets a copy.\n"
        "To All: so does everybody who was in copy before.")
    to_addresses = fields.Char("To",
        states={
            **_states,
            'required': Eval('kind') == 'email',
            },
        help="Who gets the answer. Separate several addresses by commas.")
    cc_addresses = fields.Char("Cc", states=_states,
        help="Who gets a copy. What they answer becomes part of the ticket.")
    bcc_addresses = fields.Char("Bcc", states=_states,
        help="Who gets a copy without the others knowing.")
    ticket_file = fields.Selection(
        'get_ticket_files', "Add File of the Ticket", sort=False,
        help="Adds a file of the ticket to those that go with the text.")
    has_files = fields.Boolean("Has Files", readonly=True)
    del _states

    @classmethod
    def __setup__(cls):
        super().__setup__()
        # What can be changed says it already
        cls.to.states['invisible'] = Eval('kind') == 'email'
        cls.ticket_file.states['invisible'] = ~Eval('has_files')

    @classmethod
    def _kinds(cls):
        return ['email'] + super()._kinds()

    @classmethod
    def kind_for(cls, ticket):
        if ticket.email:
            return 'email'
        return super().kind_for(ticket)

    @fields.depends(
        'kind', 'ticket', 'to_addresses', 'cc_addresses', 'bcc_addresses')
    def _recipients(self):
        if self.kind != 'email':
            return super()._recipients()
        return [self.to_addresses, self.cc_addresses, self.bcc_addresses]

    @fields.depends('to_addresses', 'cc_addresses', 'bcc_addresses')
    def on_change_with_to(self, name=None):
        return super().on_change_with_to(name)

    @fields.depends('ticket', 'reply', 'to_addresses')
    def on_change_reply(self):
        if not self.ticket or not self.reply:
            return
        self._check_ticket()
        to, cc = self.ticket.mail_recipients(self.reply)
        if not self.to_addresses:
            self.to_addresses = ', '.join(to)
        found, _ = recipients(self.to_addresses or '')
        self.cc_addresses = ', '.join(without(cc, found))

    @fields.depends('ticket', 'to_addresses')
    def autocomplete_to_addresses(self):
        return self._suggestions(self.to_addresses)

    @fields.depends('ticket', 'cc_addresses')
    def autocomplete_cc_addresses(self):
        return self._suggestions(self.cc_addresses)

    @fields.depends('ticket', 'bcc_addresses')
    def autocomplete_bcc_addresses(self):
        return self._suggestions(self.bcc_addresses)

    def _suggestions(self, typed):
        "Return what is typed with each of those who take part added to it."
        if not self.ticket:
            return []
        self._check_ticket()
        before, comma, last = (typed or '').rpartition(',')
        present, _ = recipients(before)
        before = f'{before.strip()}, ' if comma else ''
        last = last.strip().lower()
        emails = [self.ticket.email] if self.ticket.email else []
        emails += [p.email for p in self.ticket.participants]
        return [
            f'{before}{email}' for email in without(emails, present)
            if email.startswith(last) and email != last]

    @fields.depends('ticket')
    def get_ticket_files(self):
        "Return the files that the user sees, as Tryton takes a selection."
        pool = Pool()
        Attachment = pool.get('ir.attachment')
        if not self.ticket:
            return [(None, "")]
        self._check_ticket()
        files = Attachment.browse([f.id for f in self.ticket.files])
        return [(None, "")] + [
            (str(f.id), f'{f.name} ({readable_size(f.data_size)})')
            for f in files if f.type == 'data' and f.data_size]

    @fields.depends('ticket', 'ticket_file', 'attachments')
    def on_change_ticket_file(self):
        pool = Pool()
        Attachment = pool.get('helpdesk.ticket.answer.attachment')
        if not self.ticket_file:
            return
        names = dict(self.get_ticket_files())
        if self.ticket_file in names:
            self.attachments = [*(self.attachments or []), Attachment(
                    name=names[self.ticket_file], data=None,
                    ticket_file=self.ticket_file)]
        self.ticket_file = None

    @check_access
    def _check_ticket(self):
        # Who asks by the network may name any ticket
        self.ticket.__class__.read([self.ticket.id], ['id'])


class AnswerAttachment(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket.answer.attachment'

    ticket_file = fields.Char("File of the Ticket", readonly=True,
        help="Which file of the ticket goes with the text.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        is_file = Bool(Eval('ticket_file'))
        cls.name.states['readonly'] = is_file
        cls.data.states['invisible'] = is_file
        cls.data.states['required'] = ~is_file
        cls.data.required = False


class Answer(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket.answer'

    def default_start(self, fields):
        reply = self.record.mail_reply()
        to, cc = self.record.mail_recipients(reply)
        return {
            **super().default_start(fields),
            'reply': reply,
            'to_addresses': ', '.join(to),
            'cc_addresses': ', '.join(cc),
            'has_files': bool(self.record.files),
            }

    def _values(self):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        values = super()._values()
        values['attachments'] = [
            ('create', self._with_files(created))
            for _, created in values['attachments']]
        if self.start.kind == 'email':
            values.update(Conversation.recipient_values(
                    self.record, self.start.to_addresses,
                    self.start.cc_addresses, self.start.bcc_addresses))
            Conversation.check_size(self.record, [
                    f for _, created in values['attachments']
                    for f in created])
        return values

    def _with_files(self, created):
        """
        Return the attachments to create, with the files of the ticket.

        created are dictionaries of values, one for each that was chosen.
        """
        pool = Pool()
        Attachment = pool.get('ir.attachment')
        chosen = [
            getattr(a, 'ticket_file', None) for a in self.start.attachments]
        known = {i for i, _ in self.start.get_ticket_files() if i}
        files = {
            str(f.id): {'name': f.name, 'data': f.data}
            for f in Attachment.browse([
                    int(i) for i in chosen if i in known])}
        return [
            files[file] if file else values
            for file, values in zip(chosen, created)
            if not file or file in files]
