# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""Rich Text as Outlook wraps it into a winmail.dat (MS-OXRTFCP, MS-OXRTFEX).

Decided here: the words and line ends in it, or the HTML that it was made
of.  Not here: fonts, tables and pictures, which nobody misses in a letter.
Time grows with the length only, and what is no Rich Text is no text.
"""
import html
import re
import struct

from .charset import clean_text, decode

MAX_RTF = 4_000_000

# What the compression knows before the first byte (MS-OXRTFCP, 2.1.2.1)
_DICTIONARY = (
    b'{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman '
    b'\\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes '
    b'New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain'
    b'\\f0\\fs20\\b\\i\\u\\tab\\tx')
_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,9})? ?|\\'([0-9a-f]{2})|\\([^a-z])"
    rb'|([{}])|[\r\n]+|([^\\{}\r\n]+|\\)', re.I)
_BREAKS = {
    b'par': '\n', b'line': '\n', b'row': '\n', b'sect': '\n', b'page': '\n',
    b'tab': '\t', b'cell': '\t', b'emdash': '—', b'endash': '–',
    b'bullet': '•', b'lquote': '‘', b'rquote': '’', b'ldblquote': '“',
    b'rdblquote': '”'}
_SKIPPED = {
    b'fonttbl', b'colortbl', b'stylesheet', b'pict', b'info', b'object',
    b'header', b'footer', b'themedata', b'datastore', b'listtable'}
_SYMBOLS = {b'~': '\xa0', b'_': '-', b'{': '{', b'}': '}', b'\\': '\\'}


def decompress(data):
    "Return the bytes of Rich Text in a compressed property."
    if len(data) < 16:
        return b''
    size, kind = struct.unpack_from('<4xI4s', data)
    if kind == b'MELA':
        return data[16:16 + size][:MAX_RTF]
    if kind != b'LZFu':
        return b''
    window = bytearray(_DICTIONARY.ljust(4096, b'\0'))
    at, offset, result = len(_DICTIONARY), 16, bytearray()
    while offset < len(data) and len(result) < min(size, MAX_RTF):
        control, offset = data[offset], offset + 1
        for bit in range(8):
            if control >> bit & 1:
                if offset + 1 >= len(data):
                    return bytes(result)
                reference = data[offset] << 8 | data[offset + 1]
                offset += 2
                start, count = reference >> 4, (reference & 15) + 2
                if start == at:
                    return bytes(result)
            elif offset < len(data):
                start, count = None, 1
            else:
                return bytes(result)
            for step in range(count):
                if start is None:
                    byte, offset = data[offset], offset + 1
                else:
                    byte = window[(start + step) % 4096]
                result.append(byte)
                window[at] = byte
                at = (at + 1) % 4096
    return bytes(result)


def read_rtf(data):
    "Return the plain text and the HTML in Rich Text, one of them empty."
    data = data[:MAX_RTF]
    if not data.startswith(b'{\\rtf'):
        return '', ''
    reader = _Reader(b'\\fromhtml' in data[:2000])
    for match in _TOKEN.finditer(data):
        reader.take(match)
    text = clean_text(''.join(reader.result)).strip()
    return ('', text) if reader.marked else (text, '')


class _Reader:
    "Collects the text; ``marked`` tells that it was made of HTML."

    def __init__(self, marked):
        self.marked = marked
        self.result = []
        self.charset = 'cp1252'
        # Of the open groups: whether they are skipped, are a tag of HTML,
        # hold what stands for such a tag, and what \u is followed by
        self.skip, self.tag, self.stand_in, self.after = (
            False, False, False, 1)
        self.open = []
        self.star = False
        self.left_out = 0

    def take(self, match):
        "Take one token."
        word, number, code, symbol, brace, text = match.groups()
        if brace == b'{':
            if len(self.open) < 10_000:
                self.open.append(
                    (self.skip, self.tag, self.stand_in, self.after))
            self.star = False
        elif brace == b'}':
            if self.open:
                self.skip, self.tag, self.stand_in, self.after = (
                    self.open.pop())
        elif symbol == b'*':
            self.star = True
        elif word:
            self._word(word.lower(), int(number) if number else None)
        elif symbol:
            self._add(_SYMBOLS.get(symbol, ''))
        elif code:
            self._byte(bytes([int(code, 16)]))
        elif text:
            left_out, self.left_out = self.left_out, 0
            self._add(decode(text[left_out:], self.charset))

    def _word(self, word, number):
        star, self.star = self.star, False
        if word == b'htmltag':
            self.tag, self.skip = True, False
        elif star or word in _SKIPPED:
            self.skip = True
        elif word == b'htmlrtf':
            self.stand_in = number != 0
        elif word == b'ansicpg' and number:
            self.charset = f'cp{number}'
        elif word == b'uc':
            self.after = max(number or 0, 0)
        elif word == b'u' and number is not None:
            self._add(chr(number % 0x10000))
            self.left_out = self.after
        elif word in _BREAKS:
            self._add(_BREAKS[word])

    def _byte(self, byte):
        if self.left_out:
            self.left_out -= 1
        else:
            self._add(decode(byte, self.charset))

    def _add(self, text):
        if self.skip or self.stand_in or not text:
            return
        if self.marked and not self.tag:
            text = html.escape(text, quote=False)
        self.result.append(text)
