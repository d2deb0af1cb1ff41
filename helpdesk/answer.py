# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool
from trytond.transaction import Transaction, check_access, without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .exceptions import AnswerError, AnswerStaleWarning

# How much of what is new a warning shows
NEWS, NEWS_LENGTH = 5, 500


class _TalkStart(ModelView):

    ticket = fields.Many2One('helpdesk.ticket', "Ticket", readonly=True)
    text = fields.Text("Text", required=True,
        help="What you have to say.")
    attachments = fields.One2Many(
        'helpdesk.ticket.answer.attachment', None, "Attachments",
        help="The files that go with the text.")


class AnswerAttachment(ModelView):
    __name__ = 'helpdesk.ticket.answer.attachment'

    name = fields.Char("Name", required=True,
        help="What the file is called.")
    data = fields.Binary("File", filename='name', required=True,
        help="The file that goes with the text.")


class AnswerStart(_TalkStart):
    __name__ = 'helpdesk.ticket.answer.start'

    kind = fields.Selection(
        'get_kinds', "Way", required=True, sort=False,
        help="How the customer gets the answer.")
    to = fields.Function(fields.Char("To",
            help="Who gets the answer."),
        'on_change_with_to')
    seen = fields.Integer("Seen", readonly=True)

    @classmethod
    def get_kinds(cls):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        kinds = Conversation.fields_get(['kind'])['kind']['selection']
        allowed = cls._kinds()
        return [(k, n) for k, n in kinds if k in allowed]

    @classmethod
    def _kinds(cls):
        "Return the kinds of conversation an agent can answer with."
        return ['phone']

    @classmethod
    def kind_for(cls, ticket):
        "Return the kind of conversation to propose for the ticket."
        return 'phone'

    @fields.depends('ticket', 'kind', methods=['_recipients'])
    def on_change_with_to(self, name=None):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        if self.ticket:
            # Who asks by the network may name any ticket
            Ticket.read([self.ticket.id], ['id'])
            return ', '.join(filter(None, self._recipients()))

    @fields.depends('ticket')
    def _recipients(self):
        "Return whom the answer goes to, for people."
        return [
            self.ticket.contact_name or (
                self.ticket.party.rec_name if self.ticket.party else None),
            self.ticket.phone]


class NoteStart(_TalkStart):
    __name__ = 'helpdesk.ticket.note.start'


class _Talk(Wizard):
    "Write to a ticket."

    _direction = None

    def default_start(self, fields):
        self._check()
        return {'ticket': self.record.id}

    def _check(self):
        "Check that the user may write to the ticket."
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        ModelAccess = pool.get('ir.model.access')
        # A wizard runs without the checks
        with check_access():
            ModelAccess.check(Conversation.__name__, 'create')
        self.model.check_workable([self.record])
        self.record.check_not_merged()

    def _values(self):
        "Return the values of the conversation to create."
        pool = Pool()
        User = pool.get('res.user')
        user = User(Transaction().user)
        return {
            'ticket': self.record.id,
            'direction': self._direction,
            **pool.get('helpdesk.conversation').said_by(user),
            'body': self.start.text,
            'attachments': [('create', [
                        {'name': a.name, 'data': a.data}
                        for a in self.start.attachments])],
            }

    def _talk(self):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        self._check()
        if not (self.start.text or '').strip():
            raise AnswerError(gettext('helpdesk.msg_answer_empty'))
        # The values are read with the rights of the user
        values = self._values()
        with without_check_access():
            conversation, = Conversation.create([values])
        return conversation

    def end(self):
        return 'reload'


class Answer(_Talk):
    __name__ = 'helpdesk.ticket.answer'

    _direction = 'out'

    start = StateView(
        'helpdesk.ticket.answer.start', 'helpdesk.answer_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Send and Resolve", 'resolve', 'tryton-ok'),
            Button("Send", 'send', 'tryton-email'),
            Button("Send and Wait", 'wait', 'tryton-email', default=True),
            ])
    send = StateTransition()
    wait = StateTransition()
    resolve = StateTransition()

    def default_start(self, fields):
        pool = Pool()
        Start = pool.get('helpdesk.ticket.answer.start')
        return {
            **super().default_start(fields),
            'kind': Start.kind_for(self.record),
            'seen': self._newest(),
            }

    def _newest(self):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        newest = Conversation.newest([self.record.id], 1)[self.record.id]
        return newest[0] if newest else None

    def _values(self):
        return {
            **super()._values(),
            'kind': self.start.kind,
            'subject': self.record.subject,
            }

    def _talk(self):
        pool = Pool()
        Warning = pool.get('res.user.warning')
        # The warning tells what was said
        self._check()
        if self.record.state == 'closed':
            raise AnswerError(gettext(
                    'helpdesk.msg_answer_closed',
                    ticket=self.record.rec_name))
        newest = self._newest()
        if newest != self.start.seen:
            name = Warning.format(f'answer_stale.{newest}', [self.record])
            if Warning.check(name):
                raise AnswerStaleWarning(
                    name, gettext('helpdesk.msg_answer_stale',
                        ticket=self.record.rec_name),
                    self._news())
        return super()._talk()

    def _news(self):
        "Return what was said since the wizard was opened, to be read in it."
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        news = Conversation.search([
                ('ticket', '=', self.record.id),
                ('id', '>', self.start.seen or 0),
                ], limit=NEWS)
        return '\n\n'.join(
            f'{c.author or ""} · {c.way}\n{(c.body or "")[:NEWS_LENGTH]}'
            for c in news)

    def transition_send(self):
        self._talk()
        return 'end'

    def transition_wait(self):
        self._talk()
        self._move('pending', 'wait')
        return 'end'

    def transition_resolve(self):
        self._talk()
        self._move('resolved', 'resolve')
        return 'end'

    @without_check_access
    def _move(self, state, transition):
        "Bring the ticket to the state, through open where it must."
        # The answer may have changed the state of the ticket
        ticket = self.model(self.record.id)
        if ticket.state == state:
            return
        if (ticket.state, state) not in self.model._transitions:
            self.model.open([ticket])
        getattr(self.model, transition)([self.model(ticket.id)])


class Note(_Talk):
    __name__ = 'helpdesk.ticket.note'

    _direction = 'internal'

    start = StateView(
        'helpdesk.ticket.note.start', 'helpdesk.note_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Save", 'save', 'tryton-save', default=True),
            ])
    save = StateTransition()

    def _values(self):
        return {
            **super()._values(),
            'kind': 'note',
            }

    def transition_save(self):
        self._talk()
        return 'end'
