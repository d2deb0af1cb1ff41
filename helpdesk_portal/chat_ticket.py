# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A live chat that becomes a ticket, and goes on as its conversation.

Decided here: what the ticket gets, and what it has of the chat from then on.
An address that a stranger typed proves nothing: it makes nobody the customer.
"""
import datetime as dt
from collections import defaultdict

from sql import Null
from trytond.i18n import gettext
from trytond.model import Index, ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.tools import timezone as tz
from trytond.transaction import Transaction, check_access, without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .chat_form import indented
from .exceptions import ChatCommandError

# How long a subject is that nobody typed
SUBJECT = 80
PEOPLE = {'visitor', 'operator'}


class Chat(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(
            Index(t, (t.ticket, Index.Range()), where=t.ticket != Null))
        cls._buttons.update(
            create_ticket={
                'invisible': Bool(Eval('ticket')),
                'icon': 'tryton-create',
                'depends': ['ticket'],
                },
            )

    @classmethod
    def on_modification(cls, mode, chats, field_names=None):
        super().on_modification(mode, chats, field_names=field_names)
        if mode == 'write' and 'email' in field_names:
            for chat in chats:
                if chat.ticket:
                    chat._reach_visitor()

    @classmethod
    @ModelView.button_action('helpdesk_portal.wizard_chat_create_ticket')
    def create_ticket(cls, chats):
        pass

    def command_ticket(self, text):
        "Make a ticket of the chat with the text as its subject"
        ticket, told = self.make_ticket(text)
        self._ring(ticket, Transaction().user)
        return told or self.tell_operator(self._in_mine(
                'helpdesk_portal.msg_chat_ticket_already',
                number=ticket.number))

    def make_ticket(self, subject=None):
        """
        Make a ticket of the chat, as the current user.

        Without a subject, a str, it is what the visitor said first. Return
        the ticket, and the message that tells of it; if the chat is a ticket
        already, that one and None. Raise ChatCommandError if the user may not
        make tickets in the section.
        """
        self.check_make_ticket()
        # Who does it at the same time waits here
        self.touch([self])
        chat = self.__class__(self.id)
        if chat.ticket:
            return chat.ticket, None
        with Transaction().set_context(company=chat.company.id), \
                without_check_access():
            ticket = chat._make_ticket(subject)
            return ticket, chat._tell_ticket()

    def check_make_ticket(self):
        "Check that the user may make tickets in the section of the chat"
        pool = Pool()
        ModelAccess = pool.get('ir.model.access')
        User = pool.get('res.user')
        if Transaction().user == 0:
            return
        with check_access():
            if all(
                    ModelAccess.check(m, 'create', raise_exception=False)
                    for m in ['helpdesk.ticket', 'helpdesk.conversation']
                    ) and self.section.id in User.get_helpdesk_sections():
                return
        raise ChatCommandError(self._in_mine(
                'helpdesk_portal.msg_chat_ticket_access',
                section=self.section.rec_name))

    def first_said(self):
        "Return what the visitor said first, in some words, or ''"
        pool = Pool()
        Message = pool.get('ir.chat.message')
        with without_check_access():
            for message in Message.search([
                        ('channel.resource', '=', str(self)),
                        ('helpdesk_speaker', '=', 'visitor'),
                        ], order=[('id', 'ASC')], limit=1):
                return _shortened(message.content)
        return ''

    def speakers(self, messages):
        """
        Return who said each of the messages of people, as the visitor sees it.

        Visitors choose their names: one with that of an operator is told from
        them.
        """
        names = {
            u: self.shown_name(u) for u in {
                m.user for m in messages
                if m.helpdesk_speaker == 'operator'}}
        visitor = self.visitor
        if visitor.casefold() in {n.casefold() for n in names.values()}:
            word = gettext(
                'helpdesk_portal.msg_chat_visitor', *self.visitor_language())
            visitor = f'{visitor} ({word})'
        return [
            names[m.user] if m.helpdesk_speaker == 'operator' else visitor
            for m in messages]

    def future_ticket(self):
        "Return the ticket that the chat would become, which is not saved"
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        empty = {
            n: None for n, f in Ticket._fields.items()
            if f._type not in {'one2many', 'many2many'}
            and not isinstance(f, fields.Function)}
        return Ticket(**{
                **empty,
                'company': self.company,
                'section': self.section,
                'language': self.language,
                'party': self._party(),
                })

    def _make_ticket(self, subject):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        GuestLink = pool.get('helpdesk.guest_link')
        Ticket = pool.get('helpdesk.ticket')
        messages = self._said()
        values = self._ticket_values(subject, messages)
        ticket, = Ticket.create([values])
        said = [m for m in messages if m.audience == 'public']
        Conversation.create([
                *([self._transcript(ticket, said)] if said else []),
                *(self._conversation(ticket, m) for m in messages
                    if m.audience == 'internal')])
        responsible = self._responsible()
        if responsible and ticket.employee == responsible:
            # Who is responsible was there when it was said
            Ticket.mark_read([ticket])
        self.__class__.write([self], {
                'ticket': ticket.id,
                'email_asked': not ticket.email and self.state != 'ended',
                })
        GuestLink.make_for_chats([self])
        self._acknowledge(ticket)
        return ticket

    def _said(self):
        "Return what people said in the chat, the oldest first"
        pool = Pool()
        Message = pool.get('ir.chat.message')
        return list(Message.search([
                    ('channel.resource', '=', str(self)),
                    ('helpdesk_speaker', 'in', list(PEOPLE)),
                    ], order=[('id', 'ASC')]))

    def _ticket_values(self, subject, messages):
        first = next((
                m.content for m in messages
                if m.helpdesk_speaker == 'visitor'), '')
        party = self._party()
        responsible = self._responsible()
        values = {
            **self.section.mail_values(),
            'section': self.section.id,
            'company': self.company.id,
            'channel': 'chat',
            'subject': (
                ' '.join((subject or '').split()) or _shortened(first)
                or gettext(
                    'helpdesk_portal.msg_chat_ticket_subject',
                    visitor=self.visitor)),
            'description': first,
            'contact_name': self.visitor,
            'email': self._address(),
            'party': party.id if party else None,
            'language': self.language.id if self.language else None,
            'state': 'open',
            'first_answer_at': self.answered_at,
            'last_communication_at': dt.datetime.now().replace(microsecond=0),
            }
        if responsible:
            values['employee'] = responsible.id
        return values

    def _responsible(self):
        "Return the employee of the operator, who may be responsible, or None"
        pool = Pool()
        Section = pool.get('helpdesk.section')
        User = pool.get('res.user')
        employee = (self.operator or User(Transaction().user)).employee
        if employee and Section.assignable_pairs(
                {(self.section.id, employee.id)}):
            return employee

    def _party(self):
        return self.web_user.party if self.web_user else None

    def _typed(self):
        "Return the address of the visitor, who may have typed any, or None"
        email = self.web_user.email if self.web_user else self.email
        return email.strip().lower() if email else None

    def _address(self):
        "Return the address that the visitor can be written to at, or None"
        email = self._typed()
        return email if email and self.section.web_form_takes(email) else None

    def _transcript(self, ticket, messages):
        "Return the values of the conversation that has all that was said"
        pool = Pool()
        Lang = pool.get('ir.lang')
        lang = Lang.get(ticket.mail_language())
        zone = tz.get_tzinfo(self.company.timezone or 'UTC')
        said = []
        for name, message in zip(self.speakers(messages), messages):
            at = message.create_date.replace(tzinfo=tz.UTC).astimezone(zone)
            at = lang.strftime(at, f'{lang.date} %H:%M')
            # A text of several lines looks like what nobody else said
            text = indented(message.content.strip())
            said.append(f'{name} · {at}\n{text}')
        return {
            **self._said_by_visitor(ticket),
            'at': _at(messages[-1]),
            'body': '\n\n'.join(said),
            'attachments': _attachments(messages),
            }

    def _said_by_visitor(self, ticket):
        party = self._party()
        return {
            'ticket': ticket.id,
            'kind': 'chat',
            'direction': 'in',
            'author': self.visitor,
            'party': party.id if party else None,
            'from_address': self._typed(),
            'subject': ticket.subject,
            }

    def _conversation(self, ticket, message):
        "Return the values of the conversation for what somebody said"
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        if message.helpdesk_speaker == 'visitor':
            values = self._said_by_visitor(ticket)
        else:
            is_note = message.audience == 'internal'
            values = {
                **Conversation.said_by(message.user),
                'ticket': ticket.id,
                'kind': 'note' if is_note else 'chat',
                'direction': 'internal' if is_note else 'out',
                }
            if not is_note:
                # As the visitor saw it
                values.update(
                    author=self.shown_name(message.user),
                    subject=ticket.subject)
        return {
            **values,
            'at': _at(message),
            'body': message.content,
            'attachments': _attachments([message]),
            }

    def _acknowledge(self, ticket):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        if ticket.email and ticket._acknowledges_web(
                ticket.section, ticket.email):
            Conversation.acknowledge([ticket])

    def _tell_ticket(self, key='made'):
        """
        Tell both sides which ticket it is, and return what agents see.

        The address that a guest link has is no part of it, for agents read
        the messages: the visitor's page shows it.
        """
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        chat = self.__class__(self.id)
        ticket = chat.ticket
        text = [chat._in_theirs(
                f'helpdesk_portal.msg_chat_ticket_{key}',
                number=ticket.number)]
        if chat.web_user and chat.ticket_address():
            text.append(chat.ticket_address())
        if chat.email_asked:
            key = 'ticket_link' if chat._offers_link() else 'email_asked'
            text.append(chat._in_theirs(f'helpdesk_portal.msg_chat_{key}'))
        Channel.say(chat, '\n'.join(text), 'system')
        return chat._tell_agents(ticket)

    def _offers_link(self):
        "Tell whether an address is all that a link to the ticket takes"
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        return (self.ticket.section.guest_links
            and Configuration.has_guest_links())

    def _tell_agents(self, ticket):
        pool = Pool()
        Channel = pool.get('ir.chat.channel')
        return Channel.say(self, self._in_mine(
                'helpdesk_portal.msg_chat_ticket_agents',
                number=ticket.number, subject=ticket.subject),
            'system', 'internal')

    @staticmethod
    @without_check_access
    def _ring(ticket, user):
        """
        Let the bell of the user, an id, open the ticket, if the user sees it.

        Tryton's chat shows texts alone, in which an address is no link.
        """
        pool = Pool()
        Notification = pool.get('res.notification')
        User = pool.get('res.user')
        if user and ticket.seen_by(user, [ticket.id]):
            user = User(user)
            Notification.create([Notification.about(ticket, user, gettext(
                            'helpdesk_portal.msg_chat_ticket_bell',
                            *user.notice_language()))])

    @without_check_access
    def _reach_visitor(self):
        "Let the ticket have the address that the visitor has given since"
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        Ticket = pool.get('helpdesk.ticket')
        ticket, email = self.ticket, self._address()
        if not email or ticket.email or ticket.state == 'closed':
            return
        with Transaction().set_context(
                company=self.company.id, helpdesk_actor='customer'):
            Ticket.write([ticket], {'email': email})
            GuestLink.make_for_chats([self])
            self._acknowledge(ticket)
            self.tell([self], 'msg_chat_ticket_email',
                number=ticket.number, email=email)

    @classmethod
    @without_check_access
    def go_on(cls, messages):
        """
        File what people said in chats that are tickets with these.

        messages are of ir.chat.message, just made.
        """
        by_chat = defaultdict(list)
        for message in messages:
            by_chat[message.channel.resource].append(message)
        for chat, said in by_chat.items():
            if chat.ticket:
                chat._file(said)

    def _file(self, messages):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        # The chat stays with what its visitor sees
        ticket = self.ticket.merge_target
        context = {'company': self.company.id}
        if any(m.helpdesk_speaker == 'visitor' for m in messages):
            context['helpdesk_actor'] = 'customer'
        if self.state == 'active':
            # Who talks to the visitor need not be told
            context['helpdesk_notify'] = False
        with Transaction().set_context(context):
            if (ticket.state == 'closed' and 'helpdesk_actor' in context
                    and not ticket.is_reopened_by_answer()):
                ticket = self._follow_up(self.ticket, messages[0].content)
            Conversation.create(
                [self._conversation(ticket, m) for m in messages])

    def _follow_up(self, ticket, text):
        "Return a new ticket that follows up the closed one"
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        Ticket = pool.get('helpdesk.ticket')
        ticket, = Ticket.create([{
                    **ticket.follow_up_values(),
                    'description': text,
                    'channel': 'chat',
                    'state': 'open',
                    }])
        self.__class__.write([self], {'ticket': ticket.id})
        GuestLink.make_for_chats([self])
        self._tell_ticket('followed')
        if self.state == 'active' and self.operator:
            self._ring(ticket, self.operator.id)
        return ticket


class Message(metaclass=PoolMeta):
    __name__ = 'ir.chat.message'

    @classmethod
    def create(cls, vlist):
        pool = Pool()
        Chat = pool.get('helpdesk.chat')
        messages = super().create(vlist)
        # Messages of other chats need not be read for it
        Chat.go_on([
                m for m, values in zip(messages, vlist)
                if values.get('helpdesk_speaker') in PEOPLE])
        return messages


class CreateTicketStart(ModelView):
    __name__ = 'helpdesk.chat.create_ticket.start'

    subject = fields.Char("Subject", required=True,
        help="What it is about, in a few words.")


class CreateTicket(Wizard):
    __name__ = 'helpdesk.chat.create_ticket'

    start = StateView(
        'helpdesk.chat.create_ticket.start',
        'helpdesk_portal.chat_create_ticket_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Create", 'make', 'tryton-ok', default=True),
            ])
    make = StateTransition()

    def default_start(self, fields):
        self.record.check_make_ticket()
        return {'subject': self.record.first_said()}

    def transition_make(self):
        ticket, told = self.record.make_ticket(self.start.subject)
        if not told:
            raise ChatCommandError(gettext(
                    'helpdesk_portal.msg_chat_ticket_already',
                    number=ticket.number))
        return 'end'

    def end(self):
        return 'reload'


def _shortened(text):
    "Return the text on one line, short enough for a subject"
    text = ' '.join(text.split())
    if len(text) <= SUBJECT:
        return text
    start = text[:SUBJECT - 1]
    # Between two words, if there are any
    return (start.rpartition(' ')[0] or start) + '…'


def _at(message):
    return message.create_date.replace(microsecond=0)


def _attachments(messages):
    return [('create', [
                {'name': m.helpdesk_file.name, 'data': m.helpdesk_file.data}
                for m in messages if m.helpdesk_file])]
