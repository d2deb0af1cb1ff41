# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What stands in the document of one ticket, for its customer.

Decided here: what is shown and how much of it. The conversations are those of
the customer's page, whoever prints it: nothing internal (SE11).
"""
import base64
import datetime as dt
import io
import unicodedata
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError
from trytond.modules.helpdesk_mail.intake.file import safe_file_name
from trytond.modules.helpdesk_mail.intake.layout import picture_type
from trytond.pool import Pool
from trytond.tools import timezone as tz
from trytond.transaction import Transaction

from . import forms, prose
from .pages import Moment
from .ticket_page import PLACE, File, with_pictures

# Making pages takes time and memory for each of these
MAX_MESSAGES = 200
MAX_TEXT = 100_000
# A line, however short, takes as much room as so many characters
LINE = 50
MAX_CHANGES = 100
MAX_PICTURES = 20
MAX_PICTURE_BYTES = 5 * forms.MIB
MAX_PICTURE_DOTS = 20_000_000


@dataclass(frozen=True)
class Entry:
    "A conversation as it is printed"
    author: str
    badge: str | None
    at: Moment
    paragraphs: list
    cut: bool
    files: list


@dataclass(frozen=True)
class Change:
    "That the ticket came into a state, and who brought it there"
    state: str
    who: str
    at: Moment


@dataclass(frozen=True)
class Authorization:
    """
    A question put to the customer, and what became of it.

    decision is a plain sentence that says who decided what and when, proof
    the sentences on what is kept of it, signature the address of a picture
    or None.
    """
    question: str
    decision: str
    proof: list
    signature: str | None


class TicketDocument:
    "The words and pictures of a ticket for the template of its report"

    def __init__(self, ticket, lang, logo=None):
        """
        ticket is the helpdesk.ticket, lang the ir.lang to write in, logo the
        bytes of a picture or None.
        """
        self.ticket = ticket
        self.lang = lang
        self.zone = (
            tz.get_tzinfo(ticket.company.timezone)
            if ticket.company.timezone else tz.SERVER)
        self.logo = picture_address(logo)
        self.authorizations = [
            self._authorization(a) for a in ticket.decided_authorizations()]
        self._description, _ = _fitting(ticket.description or '', MAX_TEXT)
        self.entries, self.is_cut = self._entries()
        self.changes = self._changes()

    @property
    def language(self):
        return self.lang.code.replace('_', '-')

    @property
    def direction(self):
        return self.lang.direction

    def text(self, key, **variables):
        "Return the message of the module in the language of the document"
        return self.lang.helpdesk_text(key, **variables)

    def moment(self, value):
        "Return the Moment of a naive UTC datetime, or None"
        if not value:
            return
        value = value.replace(tzinfo=dt.timezone.utc)
        return Moment(
            self.lang.strftime(
                value.astimezone(self.zone), f'{self.lang.date} %H:%M'),
            value.isoformat(timespec='minutes'))

    @property
    def title(self):
        return self.text(
            'ticket_heading',
            number=self.ticket.number, subject=self.ticket.subject)

    def _authorization(self, authorization):
        "Return the Authorization for a helpdesk.authorization"
        decision = self.text(
            f'document_{authorization.state}',
            name=authorization.decided_by or '****',
            at=self.moment(authorization.decided_at).text)
        proof = []
        if authorization.reason:
            proof.append(self.text(
                    'authorization_reason', reason=authorization.reason))
        if authorization.signature_kind:
            proof.append(self.text(
                    f'document_signed_{authorization.signature_kind}'))
        if authorization.ip_address:
            proof.append(self.text(
                    'document_decided_from',
                    email=authorization.decided_email or '****',
                    address=authorization.ip_address))
        proof.append(self.text(
                'document_question_hash', hash=authorization.question_hash))
        return Authorization(
            authorization.question, decision, proof,
            picture_address(authorization.signature_picture))

    @property
    def company(self):
        return self.ticket.company.rec_name

    @property
    def company_address(self):
        address = self.ticket.company.party.address_get()
        return address.full_address.splitlines() if address else []

    @property
    def facts(self):
        "Return what is known of the ticket, as pairs of words"
        ticket = self.ticket
        dates = [
            (self.text(f'ticket_{key}'), moment.text)
            for key, moment in [
                ('opened', self.moment(ticket.create_date)),
                ('last', self.moment(ticket.last_communication_at)),
                ('resolved', self.resolved),
                ('closed', self.closed),
                ] if moment]
        return [(name, text) for name, text in [
                (self.text('document_customer'), self.customer),
                (self.text('document_section'), self.section),
                (self.text('document_state'), self.state(ticket.state)),
                *dates,
                ] if text]

    @property
    def customer(self):
        ticket = self.ticket
        name = ticket.contact_name or (
            ticket.party.name if ticket.party else None)
        return ' · '.join(filter(None, [name, ticket.email]))

    @property
    def section(self):
        return self.ticket.section.in_language(self.lang.code).name

    def state(self, state):
        return self.text(f'state_{state}')

    @property
    def resolved(self):
        if self.ticket.state in {'resolved', 'closed'}:
            return self.moment(self.ticket.resolved_at)

    @property
    def closed(self):
        if self.ticket.state == 'closed':
            return self.moment(self.ticket.closed_at)

    @property
    def description(self):
        return self._paragraphs(self._description, {})

    @property
    def is_description_cut(self):
        return self._description != (self.ticket.description or '')

    @property
    def made(self):
        return self.text(
            'document_made', at=self.moment(dt.datetime.now()).text)

    @property
    def cut_text(self):
        if self.is_cut:
            return self.text('document_cut', count=len(self.entries))

    def _entries(self):
        "Return the newest conversations, the oldest first; and if some lack"
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        found = list(Conversation.search([
                    Conversation.on_portal(self.ticket),
                    ],
                order=[('at', 'DESC'), ('id', 'DESC')],
                limit=MAX_MESSAGES + 1))
        shown, left = [], MAX_TEXT
        for conversation in found[:MAX_MESSAGES]:
            if left <= 0:
                break
            body = conversation.body or ''
            text, left = _fitting(body, left)
            shown.append((conversation, text, text != body))
        shown.reverse()
        files = self._files([c for c, _, _ in shown])
        pictures = self._pictures(shown, files)
        return (
            [self._entry(*s, files[str(s[0])], pictures) for s in shown],
            len(shown) < len(found))

    def _entry(self, conversation, body, cut, files, pictures):
        placed = {
            name: File(name, '', None, pictures[id_])
            for id_, name, _ in files if id_ in pictures}
        hidden = conversation.signature_files() | placed.keys()
        return Entry(
            author=conversation.author or '',
            badge=(
                self.text('message_team')
                if conversation.direction == 'out' else None),
            at=self.moment(conversation.at),
            paragraphs=self._paragraphs(body, placed),
            cut=cut,
            files=[
                (name, self._size(size))
                for _, name, size in files if name not in hidden])

    @staticmethod
    def _paragraphs(text, pictures):
        """
        Return the paragraphs as pairs: direction, pieces.

        An address is text here: what is printed can't be followed.
        """
        return [
            (direction(''.join(text for text, _ in pieces)), [
                    p for text, _ in pieces
                    for p in with_pictures(text, None, pictures)])
            for pieces in prose.paragraphs(text)]

    @staticmethod
    def _files(conversations):
        "Return id, name and size of files by reference of the conversation"
        pool = Pool()
        Attachment = pool.get('ir.attachment')
        files = {str(c): [] for c in conversations}
        with Transaction().set_context({'ir.attachment.data': 'size'}):
            attachments = Attachment.search_read([
                    ('resource', 'in', list(files)),
                    ('type', '=', 'data'),
                    ],
                order=[('id', 'ASC')],
                fields_names=['name', 'resource', 'data'])
        for values in attachments:
            files[values['resource']].append((
                    values['id'], safe_file_name(values['name']),
                    values['data'] or 0))
        return files

    @staticmethod
    def _pictures(shown, files):
        "Return the addresses of the pictures that texts show, by their file"
        pool = Pool()
        Attachment = pool.get('ir.attachment')
        wanted = []
        for conversation, body, _ in shown:
            places = set(PLACE.findall(body))
            wanted += [
                id_ for id_, name, size in files[str(conversation)]
                if name in places and size <= MAX_PICTURE_BYTES]
        # The newest, as with what was said
        addresses = {
            a.id: picture_address(a.data)
            for a in Attachment.browse(wanted[-MAX_PICTURES:])}
        return {id_: address for id_, address in addresses.items() if address}

    def _changes(self):
        "Return the states that the ticket was in, the first one first"
        pool = Pool()
        History = pool.get('helpdesk.history')
        changes = History.search([
                ('ticket', '=', self.ticket.id),
                ('what', '=', 'state'),
                ],
            order=[('at', 'DESC'), ('id', 'DESC')], limit=MAX_CHANGES)
        return [
            Change(
                self.state(c.new), self.text(f'document_by_{c.actor}'),
                self.moment(c.at))
            for c in reversed(list(changes))]

    def _size(self, size):
        if size >= forms.MIB:
            return self.text('size_mib', size=forms.mebibytes(size))
        return self.text('size_kib', size=-(-size // 1024))


def direction(text):
    "Return the direction of a text by its first letter: 'ltr' or 'rtl'"
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in {'L', 'R', 'AL'}:
            return 'ltr' if kind == 'L' else 'rtl'
    return 'ltr'


def _fitting(text, room):
    "Return what of the text fits into the room, and the room that is left"
    fitting = []
    for line in text.splitlines(keepends=True):
        fitting.append(line[:room])
        room -= max(len(line), LINE)
        if room <= 0:
            break
    return ''.join(fitting), room


def picture_address(data):
    """
    Return the data: URI of the picture in the bytes, None if it is none.

    Nor if it is so large that showing it would take all memory.
    """
    type_ = picture_type(data or b'')
    if not type_ or len(data) > MAX_PICTURE_BYTES:
        return
    try:
        # It reads the head only
        with Image.open(io.BytesIO(data)) as picture:
            width, height = picture.size
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError,
            ValueError, SyntaxError):
        return
    if width * height <= MAX_PICTURE_DOTS:
        data = base64.b64encode(data).decode('ascii')
        return f'data:{type_};base64,{data}'
