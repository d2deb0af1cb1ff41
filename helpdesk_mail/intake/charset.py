# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""Bytes into text, whatever charset they claim.

Decided here: whom to believe when a charset is missing, unknown or wrong.
Not here: where the text goes.  Nothing raises; what cannot be read becomes
U+FFFD, and the raw letter stays available for download.
"""
import codecs
import re

from charset_normalizer import from_bytes

# Slow on long input, or not meant for text (a Python escape, a host name).
_REFUSED = {
    'idna', 'punycode', 'unicode-escape', 'raw-unicode-escape', 'undefined'}
# As browsers do (https://encoding.spec.whatwg.org): the sender's program
# says the narrow name and writes the wide charset.
_WIDER = {
    'iso8859-1': 'cp1252', 'iso8859-9': 'cp1254', 'tis-620': 'cp874',
    'gb2312': 'gb18030', 'gbk': 'gb18030', 'shift_jis': 'cp932',
    'euc_kr': 'cp949'}
_CANDIDATES = [
    'cp1252', 'cp1250', 'cp1251', 'cp1253', 'koi8_r', 'cp932', 'gb18030',
    'big5', 'cp949']
_SAMPLE = 4096
_EIGHT_BIT = re.compile(rb'[\x80-\xff]')
_NOT_LATIN = re.compile(rb'[\x80-\xff]{3}')
# PostgreSQL refuses NUL, UTF-8 refuses surrogates, XML refuses the others.
_REFUSED_CHARACTERS = re.compile(
    '[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_LINE_CONTROL = re.compile('[\x00-\x1f\x7f-\x9f\u2028\u2029]+')
# What turns the reading direction makes 'exe.pdf' out of 'fdp.exe'.
_DIRECTION = re.compile('[\u202a-\u202e\u2066-\u2069\ufeff]')


def decode(data, charset=''):
    "Return the bytes as text, taking the named charset as a mere hint."
    codec = _codec(charset) if charset else ''
    if (codec in {'', 'ascii', 'utf-8'}
            or codec.startswith(('iso8859', 'cp125'))):
        # Text with umlauts that reads as UTF-8 is UTF-8, whatever it claims.
        try:
            return data.decode('utf-8')
        except UnicodeDecodeError:
            pass
        if codec in {'', 'ascii', 'utf-8'}:
            return _guess(data)
    codec = _WIDER.get(codec, codec)
    try:
        return data.decode(codec)
    except (LookupError, ValueError):
        if codec.startswith(('iso8859', 'cp125')):
            return data.decode(codec, 'replace')
        return _guess(data)


def _codec(charset):
    "Return Python's name of the charset, '' if it has none."
    try:
        name = codecs.lookup(charset.strip(' "\'')[:40]).name
    except (LookupError, ValueError):
        return ''
    return '' if name in _REFUSED else name


def _guess(data):
    text = data.decode('utf-8', 'replace')
    lost = text.count('\ufffd')
    if not lost:
        return text
    if sum(1 for c in text if c > '\x7f') > 2 * lost:
        # UTF-8 with a scratch, such as a letter cut within a character.
        return text
    if not _NOT_LATIN.search(data):
        # Single letters with accents between plain ones: too little to
        # measure, and in every other alphabet they come in rows.
        return data.decode('cp1252', 'replace')
    first = _EIGHT_BIT.search(data).start()
    sample = data[max(first - _SAMPLE // 4, 0):][:_SAMPLE]
    best = from_bytes(sample, cp_isolation=_CANDIDATES).best()
    return data.decode(best.encoding if best else 'cp1252', 'replace')


def clean_text(text):
    "Return the text with line ends '\\n' and without what databases refuse."
    if '\r' in text:
        text = text.replace('\r\n', '\n').replace('\r', '\n')
    return _REFUSED_CHARACTERS.sub(_replacement, text)


def _replacement(match):
    return '\ufffd' if match.group() >= '\ud800' else ''


def one_line(text):
    """Return the text as one line of visible characters.

    Line breaks and control characters become blanks, so that a value can't
    add a header or a line wherever it is written later (RFC 5322, 2.2).
    """
    text = _DIRECTION.sub('', _LINE_CONTROL.sub(' ', text))
    return _REFUSED_CHARACTERS.sub(_replacement, text).strip()
