# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""Raw bytes into a Letter.

Decided here: what the sender, the subject, the text and the attachments of a
letter are.  Not here: whether it is wanted (filter.py), whose it is
(identify.py, thread.py) and what may be shown of it (clean.py).

Any bytes give a Letter, in a time that grows with their number only; what is
wrong with them is noted in ``defects``.
"""
import hashlib
import html
import re
from dataclasses import replace
from types import MappingProxyType

from . import tnef
from .addresses import addresses
from .charset import clean_text, decode, one_line
from .clean import html_to_text
from .headers import MAX_HEAD, decode_words, message_ids, parse_date, split
from .invitation import read_invitation
from .letter import Letter, Part
from .mime import Reader
from .protection import (
    SIGNATURE_NAMES, SIGNED, SMIME, protection_in, protection_of,
    signed_content)

MAX_PARTS = 200
MAX_DEPTH = 10
MAX_TEXT = 1_000_000

_META_CHARSET = re.compile(
    rb'<meta[^>]{0,200}charset=["\'\s]*([\w.:-]+)', re.I)
_SOURCE = re.compile(r'\bsrc\s?=\s?["\']?(?:cid:)?([^"\'\s>]+)', re.I)
_BLANKS = re.compile(rb'\s+')
_IDENTITY = ('from', 'to', 'cc', 'date', 'subject', 'message-id')


def parse(raw, max_parts=MAX_PARTS, max_depth=MAX_DEPTH):
    """Return the Letter in the raw bytes.  It never raises.

    Beyond ``max_parts`` parts or ``max_depth`` levels of multiparts, and
    beyond 1,000,000 characters of text, the rest is left out of the letter
    and a defect says so.
    """
    size, raw = len(raw), _lines(raw)
    reader = Reader(max_parts, max_depth)
    root = reader.read(raw)
    contents = _Contents(reader)
    contents.take(root, root=True)
    text, html_ = contents.text(), contents.html()
    return Letter(
        text=text, html=html_, parts=contents.parts(html_), size=size,
        fingerprint=fingerprint(raw),
        protection=contents.protection or protection_in(text),
        invitation=contents.invitation,
        **_envelope(root.head, reader.defects),
        # Last: the others note defects.
        defects=tuple(reader.defects))


def fingerprint(raw):
    """Return the SHA-256 of what doesn't change on the way, as hex.

    That leaves out what relays and mailboxes add (Received, line ends, the
    'From ' line of mbox, blank lines at the end).
    """
    block, body = split(_lines(raw))
    found = {}
    for line in re.split(rb'\n(?![ \t])', block):
        name, _, value = line.partition(b':')
        name = name.strip().lower().decode('latin-1')
        if name in _IDENTITY and name not in found:
            found[name] = _BLANKS.sub(b' ', value).strip()
    digest = hashlib.sha256()
    for name in _IDENTITY:
        digest.update(b'%s:%s\n' % (name.encode(), found.get(name, b'')))
    digest.update(body.replace(b'\r\n', b'\n').rstrip(b'\n'))
    return digest.hexdigest()


def _lines(raw):
    raw = bytes(raw).lstrip(b'\r\n')
    if b'\n' not in raw:
        # The line ends of old Macintosh programs.
        raw = raw.replace(b'\r', b'\n')
    return raw


def _envelope(head, defects):
    "Return the values of Letter that stand in the header."
    get = head.raw.get
    senders = addresses(*get('from', ()))
    if not senders:
        defects['no_sender'] = True
    elif len(senders) > 1:
        defects['several_senders'] = True
    if head.size >= MAX_HEAD:
        defects['head_cut'] = True
    ids = message_ids(*get('message-id', ()))
    return {
        'message_id': ids[0] if ids else '',
        'sender': senders[0] if senders else None,
        'reply_to': addresses(*get('reply-to', ())),
        'to': addresses(*get('to', ())),
        'cc': addresses(*get('cc', ())),
        'subject': decode_words(head.get('subject')),
        'date': parse_date(head.get('date')),
        'in_reply_to': message_ids(*get('in-reply-to', ())),
        'references': message_ids(*get('references', ()))[::-1],
        'headers': MappingProxyType({
                name: tuple(decode_words(v) for v in values)
                for name, values in head.raw.items()}),
        }


class _Contents:
    "Sorts the parts of a letter into texts and attachments."

    def __init__(self, reader):
        self.reader = reader
        self.defects = reader.defects
        self.bodies = []
        # What is read if there is no other text
        self.wrapped = []
        self.meetings = []
        self.files = []
        self.protection = ''
        self.invitation = ''

    def take(self, entity, root=False):
        "Sort the entity and what is in it."
        self.protection = self.protection or protection_of(entity)
        if entity.type == 'multipart/alternative' and entity.children:
            self._take_alternatives(entity)
        elif entity.children:
            mixed = entity.type == 'multipart/mixed'
            for child in entity.children:
                if mixed and _is_placed(child):
                    self.bodies.append(_place(child))
                self.take(child)
        elif self._is_body(entity, root):
            self.bodies.append(self._read(entity))
        elif (entity.type in tnef.TYPES
                or entity.name.lower() == 'winmail.dat'):
            self._take_tnef(entity)
        else:
            self.files.append(entity)
            if entity.type == 'text/calendar':
                self._take_invitation(entity)
            elif root and entity.type in SMIME and self.protection == SIGNED:
                content = signed_content(entity.data())
                if content:
                    self.take(self.reader.read(content, depth=1))

    def _is_body(self, entity, root):
        return (entity.type in {'text/plain', 'text/html'}
            and entity.disposition != 'attachment'
            and (root or not entity.name))

    def _take_alternatives(self, entity):
        "Keep the plain and the HTML version as one body (RFC 2046, 5.1.4)."
        inner = _Contents(self.reader)
        for child in entity.children:
            inner.take(child)
        plain = [plain for plain, _ in inner.bodies if plain.strip()]
        marked = [marked for _, marked in inner.bodies if marked.strip()]
        self.bodies.append(('\n'.join(plain), '\n'.join(marked)))
        self.wrapped.extend(inner.wrapped)
        self.meetings.extend(inner.meetings)
        self.files.extend(inner.files)
        self.protection = self.protection or inner.protection
        self.invitation = self.invitation or inner.invitation

    def _take_tnef(self, entity):
        "Take what is in a winmail.dat instead of it."
        unpacked = tnef.unpack(entity.data())
        if unpacked is None:
            self.defects['tnef'] = True
            self.files.append(entity)
            return
        text, marked, parts = unpacked
        self.wrapped.append((self._cut(text), self._cut(marked)))
        left = max(self.reader.parts_left, 0)
        if len(parts) > left:
            self.defects['too_many_parts'] = True
        self.files.extend(parts[:left])
        self.reader.parts_left = left - len(parts[:left])

    def _take_invitation(self, entity):
        found = read_invitation(
            entity.data(), entity.params.get('charset', ''))
        if found and not self.meetings:
            self.meetings.append(found.text)
            self.invitation = found.method or 'PUBLISH'

    def _read(self, entity):
        "Return the body as (plain, html), one of them empty."
        data, charset = entity.data(), entity.params.get('charset', '')
        if entity.type == 'text/html' and not charset:
            match = _META_CHARSET.search(data, 0, 2048)
            charset = match[1].decode('ascii', 'replace') if match else ''
        text = clean_text(decode(data[:4 * MAX_TEXT], charset))
        text = self._cut(text.removeprefix('\ufeff'))
        return ('', text) if entity.type == 'text/html' else (text, '')

    def _read_bodies(self):
        "Return those bodies that a person reads."
        if any((plain + marked).strip() for plain, marked in self.bodies):
            return self.bodies
        return self.wrapped or self.bodies

    def text(self):
        "Return what a person reads, from all bodies."
        text = self._cut('\n\n'.join(filter(None, (
                        (plain.strip('\n') if plain.strip()
                            else html_to_text(marked))
                        for plain, marked in self._read_bodies()))))
        return text if text.strip() else '\n\n'.join(self.meetings) or text

    def html(self):
        "Return the HTML of all bodies, '' if there is none."
        bodies = self._read_bodies()
        if not any(marked for _, marked in bodies):
            return ''
        return self._cut('\n'.join(
                marked or f'<pre>{html.escape(plain)}</pre>'
                for plain, marked in bodies))

    def parts(self, shown):
        "Return the attachments as Parts, given the HTML that shows some."
        sources = set(_SOURCE.findall(shown))
        parts = []
        for entity in self.files:
            part = entity if isinstance(entity, Part) else _part(entity)
            if part.data or part.name:
                parts.append(replace(part, inline=(
                            part.inline or part.content_id in sources)))
        return tuple(parts)

    def _cut(self, text):
        if len(text) > MAX_TEXT:
            self.defects['text_cut'] = True
            text = text[:MAX_TEXT]
        return text


def _is_placed(entity):
    "Tell if it is a picture between the texts, as Apple Mail sends them."
    return (entity.disposition == 'inline'
        and entity.type.startswith('image/') and bool(entity.name))


def _place(entity):
    "Return the body that shows where the picture is."
    part = _part(entity)
    if not part.content_id:
        return f'[image: {part.name}]', ''
    return f'[cid:{part.content_id}]', (
        f'<p><img src="cid:{html.escape(part.content_id)}"></p>')


def _part(entity):
    content_id = one_line(
        decode_words(entity.head.get('content-id'))).strip('<> ')
    return Part(
        name=SIGNATURE_NAMES.get(entity.type) or one_line(entity.name),
        type=entity.type, data=entity.data(), content_id=content_id,
        inline=entity.disposition == 'inline')
