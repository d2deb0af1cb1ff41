# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""What Exchange wraps into a winmail.dat: a text and files (MS-OXTNEF).

Decided here: which bytes of it are the text and which the files.  Not here:
whether the letter wants that text (parse.py).

The parsers one can install believe the numbers in the data: a file of
25 bytes that announces four thousand million properties keeps them busy for
minutes.  Here each step goes on by at least the bytes of its header.
"""
import re
import struct
from dataclasses import dataclass, field

from .charset import clean_text, decode, one_line
from .letter import Part
from .rtf import decompress, read_rtf

MAX_ATTRIBUTES = 5_000
MAX_PROPERTIES = 5_000
TYPES = {'application/ms-tnef', 'application/vnd.ms-tnef'}

_SIGNATURE = b'\x78\x9f\x3e\x22'
_BODY, _FILE_DATA, _FILE_TITLE = 0x800c, 0x800f, 0x8010
_NEW_FILE, _MESSAGE, _FILE, _CODE_PAGE = 0x9002, 0x9003, 0x9005, 0x9007
_PLAIN, _RTF, _HTML, _CHARSET = 0x1000, 0x1009, 0x1013, 0x3fde
_LONG_NAME, _SHORT_NAME, _SHOWN_NAME = 0x3707, 0x3704, 0x3001
_OBJECT, _TYPE, _CONTENT_ID = 0x3701, 0x370e, 0x3712
_NARROW, _WIDE = 0x1e, 0x1f
_SIZES = {
    0x02: 2, 0x0b: 2, 0x03: 4, 0x04: 4, 0x0a: 4, 0x05: 8, 0x06: 8, 0x07: 8,
    0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = {0x00, 0x0d, _NARROW, _WIDE, 0x102}
# Says that the object is a letter, of which the rest is the TNEF
_IS_LETTER = bytes.fromhex('0703020000000000c000000000000046')
_MIME = re.compile(r'[\w.+-]+/[\w.+-]+', re.A)


@dataclass
class _File:
    properties: dict = field(default_factory=dict)
    title: bytes = b''
    data: bytes = b''


def unpack(data):
    """Return the text, the HTML and the Parts in the bytes of a winmail.dat.

    None if the bytes are no TNEF, or if there is nothing in them.  What
    stands before a fault is returned.
    """
    if not data.startswith(_SIGNATURE):
        return
    charset, body, message, files = 'cp1252', b'', {}, []
    for name, value in _attributes(data):
        if name == _CODE_PAGE:
            charset = _code_page(value)
        elif name == _BODY:
            body = value
        elif name == _MESSAGE:
            message = _properties(value)
        elif name == _NEW_FILE:
            files.append(_File())
        elif files and name == _FILE_DATA:
            files[-1].data = value
        elif files and name == _FILE_TITLE:
            files[-1].title = value
        elif files and name == _FILE:
            files[-1].properties = _properties(value)
    text, html = _texts(message, body, charset)
    parts = tuple(filter(None, (_part(f, charset) for f in files)))
    if text.strip() or html.strip() or parts:
        return text, html, parts


def _attributes(data):
    "Yield the names and the values of the attributes."
    offset = 6
    for _ in range(MAX_ATTRIBUTES):
        if offset + 9 > len(data):
            return
        name, size = struct.unpack_from('<xH2xI', data, offset)
        yield name, data[offset + 9:offset + 9 + size]
        offset += 11 + size


def _properties(data):
    "Return a dictionary from the names of properties to (type, bytes)."
    found, offset = {}, 4
    try:
        for _ in range(MAX_PROPERTIES):
            kind, name = struct.unpack_from('<HH', data, offset)
            offset += 4
            if name >= 0x8000:
                offset = _after_name(data, offset)
            count, value = 1, None
            if kind & 0x1000 or kind in _VARIABLE:
                count, = struct.unpack_from('<I', data, offset)
                offset += 4
            for _ in range(min(count, MAX_PROPERTIES)):
                size = _SIZES.get(kind & 0xfff)
                if size is None:
                    if kind & 0xfff not in _VARIABLE:
                        return found
                    size, = struct.unpack_from('<I', data, offset)
                    offset += 4
                if offset >= len(data):
                    return found
                value = data[offset:offset + size]
                offset += size + -size % 4
            if value is not None:
                found.setdefault(name, (kind & 0xfff, value))
    except struct.error:
        # It ends in the middle.
        return found
    return found


def _after_name(data, offset):
    "Return where the name of a property ends that has a name of its own."
    kind, size = struct.unpack_from('<II', data, offset + 16)
    return offset + 24 + (size + -size % 4 if kind else 0)


def _code_page(value):
    number = int.from_bytes(value[:4], 'little')
    return {65001: 'utf-8', 20127: 'ascii', 28591: 'iso8859-1'}.get(
        number, f'cp{number}')


def _texts(message, body, charset):
    "Return the plain text and the HTML, one of them at the most."
    _, number = message.get(_CHARSET, (0, b''))
    internet = _code_page(number) if number else charset
    kind, marked = message.get(_HTML, (0, b''))
    if marked:
        return '', _text(kind, marked, internet)
    kind, plain = message.get(_PLAIN, (_NARROW, body))
    if plain.strip(b'\0 \r\n'):
        return _text(kind, plain, charset), ''
    _, rich = message.get(_RTF, (0, b''))
    return read_rtf(decompress(rich)) if rich else ('', '')


def _text(kind, value, charset):
    text = (value.decode('utf-16-le', 'replace') if kind == _WIDE
        else decode(value, charset))
    return clean_text(text.rstrip('\0'))


def _part(file, charset):
    "Return the Part, None without content."
    def _get(name):
        kind, value = file.properties.get(name, (_NARROW, b''))
        return _text(kind, value, charset).strip()

    _, data = file.properties.get(_OBJECT, (0, b''))
    letter = data.startswith(_IS_LETTER)
    data = (data[len(_IS_LETTER):] if letter else data) or file.data
    if not data:
        return
    name = (_get(_LONG_NAME) or _get(_SHORT_NAME)
        or decode(file.title, charset).strip('\0 ') or _get(_SHOWN_NAME))
    type_ = _get(_TYPE).lower()
    if not _MIME.fullmatch(type_):
        type_ = 'application/octet-stream'
    if letter:
        name, type_ = f"{name or 'letter'}.dat", 'application/ms-tnef'
    return Part(
        name=one_line(name), type=type_, data=data,
        content_id=one_line(_get(_CONTENT_ID)).strip('<> '))
