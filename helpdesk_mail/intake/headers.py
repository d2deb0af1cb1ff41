# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""The lines on top of a letter or of one of its parts.

Decided here: where the header ends, what its words (RFC 2047), parameters
(RFC 2231), Message-IDs and dates say.
Not here: what they mean.  Nothing raises, and time grows with the size only,
which is why neither the header classes nor ``decode_header`` of the standard
library are used: some raise on odd input, some take a square of its length,
and each Python release differs.
"""
import binascii
import datetime as dt
import re
from email.message import Message
from email.utils import parsedate_tz

from .charset import decode, one_line

MAX_HEAD = 256 * 1024
MAX_VALUE = 64 * 1024
MAX_PARAMETERS = 4 * 1024
MAX_IDS = 100

_HEAD = re.compile(
    rb'(?:>?From [^\n]*\n)?'
    rb'(?:(?:[!-9;-~]+[ \t]*:|[ \t])[^\n]*(?:\n|\Z))*')
_FIELD = re.compile(
    rb'^([!-9;-~]+)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)', re.M)
_WORD = re.compile(
    r'=\?([^?\s*]{1,60})(?:\*[^?\s]{0,20})?\?([bq])\?'
    # A question mark inside is forbidden, but some write it.
    r'([^?]*(?:\?(?!=)[^?\s]*){0,5})\?=', re.I)
_PARAMETER = re.compile(r';\s*([\w-]+)\s*=\s*"?([^";]*)')
_ID = re.compile(r'<\s*([^<>\s]+)\s*>')


class Head:
    """The header fields of one part.

    ``raw`` maps lower-case names to lists of values: unfolded to one line
    of text, encoded words not yet decoded.  ``size`` counts bytes.
    """

    def __init__(self, block):
        self.size = len(block)
        self.raw = {}
        for name, value in _FIELD.findall(block):
            self.raw.setdefault(name.decode('ascii').lower(), []).append(
                unfold(value))

    def get(self, name):
        "Return the first value of the lower-case name, '' if there is none."
        values = self.raw.get(name)
        return values[0] if values else ''


def split(raw):
    "Return the header block and the body of a letter or part, as bytes."
    end = _HEAD.match(raw, 0, MAX_HEAD).end()
    body = raw[end:]
    if body[:1] == b'\n':
        body = body[1:]
    elif body[:2] == b'\r\n':
        body = body[2:]
    return raw[:end], body


def unfold(value):
    "Return the bytes of a header value as one line of text."
    text = decode(value[:MAX_VALUE])
    if '\n' in text:
        text = text.replace('\r', '').replace('\n', '')
    return one_line(text)


def decode_words(text):
    "Return the one line of text with its encoded words read (RFC 2047)."
    if '=?' not in text:
        return text
    result, words, charset, last = [], b'', '', 0
    for match in _WORD.finditer(text):
        between = text[last:match.start()]
        name = match[1].lower()
        # Blanks between two words don't count (6.2), and a character may be
        # torn between two words, although it must not (5.3).
        if last == 0 or between.strip() or name != charset:
            result.append(decode(words, charset))
            if last == 0 or between.strip():
                result.append(between)
            words, charset = b'', name
        words += _word_bytes(match[2], match[3])
        last = match.end()
    result.append(decode(words, charset))
    result.append(text[last:])
    return one_line(''.join(result))


def _word_bytes(encoding, text):
    data = text.encode('utf-8')
    if encoding in 'qQ':
        return binascii.a2b_qp(data.replace(b' ', b'_'), header=True)
    return decode_base64(data)


def decode_base64(data):
    "Return the decoded bytes, as far as they can be read (RFC 2045, 6.8)."
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        pass
    data = re.sub(rb'[^A-Za-z0-9+/]', b'', data)
    if len(data) % 4 == 1:
        data = data[:-1]
    return binascii.a2b_base64(data + b'=' * (-len(data) % 4))


def parameters(value):
    """Return the value before the first semicolon and a dict of the rest.

    Names are lower-case, values decoded by RFC 2231, or by RFC 2047 where
    the sender used that instead.
    """
    value = value[:MAX_PARAMETERS]
    main = value.split(';', 1)[0].strip().lower()
    if ';' not in value:
        return main, {}
    message = Message()
    message['X'] = value
    try:
        pairs = message.get_params([], 'X')[1:]
    except (AttributeError, LookupError, TypeError, ValueError):
        # Several releases fail on odd continuations.
        pairs = _PARAMETER.findall(value)
    return main, {
        name.lower(): _parameter(text) for name, text in pairs}


def _parameter(value):
    if isinstance(value, tuple):
        charset, _, text = value
        return one_line(
            decode(text.encode('latin-1', 'replace'), charset or ''))
    return decode_words(value)


def message_ids(*values):
    "Return the Message-IDs, without brackets, in order, each once."
    found = {}
    for value in values:
        ids = _ID.findall(value)
        if not ids and '<' not in value:
            # Some forget the brackets.
            ids = [v for v in value.split() if '@' in v]
        found.update(dict.fromkeys(ids[-MAX_IDS:]))
    return tuple(found)


def parse_date(value):
    "Return the date as naive UTC, None if it can't be read (RFC 5322, 3.3)."
    parsed = None
    try:
        parsed = parsedate_tz(value[:100])
        if parsed:
            offset = dt.timedelta(seconds=parsed[9] or 0)
            return dt.datetime(*parsed[:6]) - offset
    except (LookupError, OverflowError, TypeError, ValueError):
        pass
