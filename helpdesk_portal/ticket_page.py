# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The page of one ticket, as its customer sees it.
"""
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from trytond.model import fields
from trytond.modules.helpdesk_mail.intake.file import safe_file_name
from trytond.pool import Pool
from trytond.transaction import Transaction

from . import forms, prose
from .authorization_page import AuthorizationPart
from .decision import Decision
from .pages import Moment, Page
from .people_page import people_changeable
from .rating_page import RatingPart
from .related import RelatedPart
from .timeline import TimelinePart

# How far the state dot is from trouble; the words say the same.
TONES = {
    'pending': 'wait',
    'authorization': 'wait',
    'resolved': 'good',
    'closed': 'over',
    }
# The name of a picture, as the text of a letter has it in its place
PLACE = re.compile(
    r'\[([^\[\]\n]{1,128}\.(?:bmp|gif|jpe?g|png|webp))\]', re.I)
DONE = {
    'answered', 'closed', 'closed_already', 'denied', 'follow_up', 'granted',
    'open_already', 'rated', 'reopened'}


@dataclass(frozen=True)
class File:
    name: str
    size: str
    address: str
    picture: str


@dataclass(frozen=True)
class Piece:
    "Some text, with what it links to and the picture that stands for it"
    text: str
    address: str | None = None
    picture: str | None = None


@dataclass(frozen=True)
class Message:
    "A conversation as it is shown"
    id: int
    side: str
    author: str
    badge: str
    at: Moment
    paragraphs: list
    quoted: list
    files: list


class TicketPage(Page):
    template = 'ticket.html'
    messages_shown = 100

    def __init__(
            self, request, visitor, ticket, limits, answer=forms.Answer(),
            decision=Decision(), before=None):
        """
        visitor is the Visitor who may see the ticket; limits the forms.Limits;
        answer the forms.Answer and decision the Decision to show again with
        their errors; before the helpdesk.conversation whose predecessors are
        shown, or None.
        """
        super().__init__(
            request, language=ticket.language, visitor=visitor,
            company=ticket.company)
        self.ticket = ticket
        self.limits = limits
        self.answer = answer
        self.before = before
        if not visitor.user:
            self.footer = self.text('page_footer')
        self.authorization = AuthorizationPart(self, decision)
        self.messages, self.has_older = self._messages()

    @property
    def heading(self):
        return self.text(
            'ticket_heading', number=self.number, subject=self.subject)

    @property
    def number(self):
        return self.ticket.number

    @property
    def subject(self):
        return self.ticket.subject

    @property
    def section(self):
        return self._section['name']

    @cached_property
    def _section(self):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        return Section.shown_on_portal(self.lang.code)[self.ticket.section.id]

    @property
    def state(self):
        return self.text(f'state_{self.ticket.state}')

    @property
    def tone(self):
        return TONES.get(self.ticket.state, '')

    @property
    def turn(self):
        if self.ticket.merged_into:
            if self.merge_target:
                return self.text(
                    'turn_merged', number=self.merge_target.number)
            return self.text('turn_merged_unseen')
        key = self.ticket.state
        if key == 'closed':
            key += '_' + (self.ticket.closed_by or 'team')
        return self.text(f'turn_{key}')

    @cached_property
    def merge_target(self):
        "The ticket in which this one goes on, if the visitor sees it"
        return self.ticket.merge_target_for(self.visitor)

    @property
    def opened(self):
        return self.moment(self.ticket.create_date)

    @property
    def last(self):
        return self.moment(self.ticket.last_communication_at)

    @property
    def resolved(self):
        if self.ticket.state in {'resolved', 'closed'}:
            return self.moment(self.ticket.resolved_at)

    @property
    def closes(self):
        return self.moment(self.ticket.closes_at)

    @property
    def closed(self):
        if self.ticket.state == 'closed':
            return self.moment(self.ticket.closed_at)

    @property
    def closable(self):
        return self.ticket.state != 'closed' and self.decides

    @cached_property
    def decides(self):
        "Whether the visitor acts for the ticket's customer"
        return self.ticket.is_decided_by(self.visitor)

    @property
    def reopen_address(self):
        if self.ticket.state == 'resolved':
            return self.path('tickets', self.number, 'reopen')

    @property
    def people_address(self):
        if people_changeable(
                self.ticket, self.visitor, self._section['visibility']) and (
                self.decides):
            return self.path('tickets', self.number, 'people')

    @cached_property
    def timeline(self):
        return TimelinePart(self)

    @cached_property
    def related(self):
        return RelatedPart(self)

    @property
    def done(self):
        key = self.request.args.get('done')
        return self.text(f'done_{key}') if key in DONE else None

    @cached_property
    def rating(self):
        return RatingPart(self)

    # The form to answer

    @property
    def address(self):
        return self.path('tickets', self.number)

    @property
    def pdf_address(self):
        return f'{self.address}.pdf'

    @property
    def close_address(self):
        return self.path('tickets', self.number, 'close')

    @property
    def answer_heading(self):
        state = self.ticket.merge_target.state
        if state == 'closed' or self.ticket.state == 'pending':
            return self.text(f'answer_heading_{state}')
        return self.text('answer_heading')

    @property
    def answer_help(self):
        target = self.ticket.merge_target
        if target.is_reopened_by_answer():
            return self.text('answer_help_reopened')
        if target.state == 'closed':
            return self.text('answer_help_closed')

    @property
    def answer_button(self):
        key = 'answer' if self.ticket.state == 'pending' else 'send'
        return self.text(f'form_{key}')

    @property
    def files_help(self):
        if self.answer.files:
            return self.text('form_files_again')
        return self.text(
            'form_files_help', files=self.limits.files,
            size=forms.mebibytes(self.limits.size))

    @property
    def typed(self):
        return self.answer.text

    @property
    def errors(self):
        return [
            *((name, self.error(name)) for name in self.answer.errors),
            *self.authorization.errors]

    def error(self, name):
        error = self.answer.errors.get(name)
        if error:
            return self.text(f'form_{error.key}', **error.variables)

    # The conversation

    @property
    def older(self):
        if self.has_older:
            last = self.messages[-1].id
            return f'{self.address}?before={last}#conversation'

    @property
    def newest(self):
        if self.before:
            return f'{self.address}#conversation'

    def _messages(self):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        # One more than shown tells whether there are older ones
        conversations = Conversation.page_on_portal(
            self.ticket, self.before, self.messages_shown + 1)
        shown = conversations[:self.messages_shown]
        files = self._files(shown)
        return (
            [self._message(c, files[str(c)]) for c in shown],
            len(conversations) > len(shown))

    def _message(self, conversation, files):
        mine = conversation.direction == 'in'
        if not mine:
            badge = self.text('message_team')
        elif self.visitor.wrote(conversation):
            badge = self.text('message_you')
        else:
            badge = None
        names = {f.name: f for f in files}
        # A picture that its place shows is not repeated below
        placed = set(PLACE.findall(conversation.body or '')) & names.keys()
        hidden = conversation.signature_files() | placed
        pictures = {name: names[name] for name in placed}
        return Message(
            id=conversation.id,
            side='mine' if mine else 'team',
            author=conversation.author or '',
            badge=badge,
            at=self.moment(conversation.at),
            paragraphs=self._paragraphs(conversation.body, pictures),
            quoted=self._paragraphs(conversation.quoted, pictures),
            files=[f for f in files if f.name not in hidden])

    @staticmethod
    def _paragraphs(text, pictures):
        "Return lists of Piece; pictures are the File by the name in the text"
        return [
            [p for text, address in pieces
                for p in with_pictures(text, address, pictures)]
            for pieces in prose.paragraphs(text or '')]

    def _files(self, conversations):
        "Return the files by reference of their conversation"
        pool = Pool()
        Attachment = pool.get('ir.attachment')
        table = Attachment.__table__()
        cursor = Transaction().connection.cursor()
        # Tryton would look up the conversations again for the references
        cursor.execute(*table.select(
                table.id, table.name, table.resource,
                where=fields.SQL_OPERATORS['in'](
                    table.resource, [str(c) for c in conversations])
                & (table.type == 'data'),
                order_by=[table.id]))
        rows = cursor.fetchall()
        with Transaction().set_context({'ir.attachment.data': 'size'}):
            sizes = {v['id']: v['data'] for v in Attachment.read(
                    [id_ for id_, *_ in rows], ['data'])} if rows else {}
        files = defaultdict(list)
        for id_, name, resource in rows:
            files[resource].append(File(
                    safe_file_name(name),
                    self._size(sizes[id_]),
                    self.path(
                        'tickets', self.number, 'attachments', str(id_)),
                    self.path(
                        'tickets', self.number, 'pictures', str(id_))))
        return files

    def _size(self, size):
        if size >= forms.MIB:
            return self.text('size_mib', size=forms.mebibytes(size))
        return self.text('size_kib', size=-(-size // 1024))


def with_pictures(text, address, pictures):
    "Yield the Piece of text, and those of the pictures in it"
    if address or not pictures:
        yield Piece(text, address)
        return
    # What stands between brackets comes at every second place
    for number, part in enumerate(PLACE.split(text)):
        if number % 2 and part in pictures:
            file = pictures[part]
            yield Piece(part, file.address, file.picture)
        elif part:
            yield Piece(f'[{part}]' if number % 2 else part)
