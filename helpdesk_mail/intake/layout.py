# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""Where the quote in clean HTML begins, and how each reader gets to see it.

Decided here: which parts of the HTML fold away, by the lines that a person
sees in it; what a page of its own shows; and what is left for a field that
knows but bold, italic and underlined text.
Not here: what is safe (clean.py): all functions take what came from there,
with each tag closed and each value quoted, and add no text of the letter.
"""
import base64
import html
import re

from .quote import kinds_of

PICTURES = {
    'image/bmp': (b'BM',),
    'image/gif': (b'GIF87a', b'GIF89a'),
    'image/jpeg': (b'\xff\xd8\xff',),
    'image/png': (b'\x89PNG\r\n\x1a\n',),
    'image/webp': (b'RIFF',),
    }
MAX_PICTURES = 20 * 1024 * 1024

_TOKEN = re.compile(
    r'<(/?)([a-z][a-z0-9]*)((?:\s[\w-]+="[^"]*")*)\s*/?>|([^<]+|<)')
_HINT = re.compile(r'\s(?:class|id)="([a-z]*)"')
_VALUE = re.compile(r'\s(alt|href|src)="([^"]*)"')
_INLINE = {
    'a', 'b', 'code', 'em', 'font', 'i', 'img', 's', 'small', 'span', 'strong',
    'sub', 'sup', 'u'}
_IN_LINE = _INLINE | {'br', None}
_EMPTY = {'br', 'hr', 'img'}
_BEGIN, _END = '<details><summary></summary>', '</details>'
_FOLDED = re.compile(re.escape(_BEGIN) + '.*?' + re.escape(_END), re.S)
_SOURCE = re.compile(r'\ssrc="cid:([^"]*)"')
_LINE = re.compile(r'[^\n]*\n|[^\n]+')
_PREFORMATTED = 'pre'
_MARK = re.compile('<[^>]*>')
_BLANK_PARAGRAPH = re.compile(r'<p(?: [^>]*)?>(?:\s|&nbsp;)*</p>')

# What the rich text of Tryton's clients shows; of all else they keep the
# bare text, in one line.
_RICH = {
    'b': 'b', 'strong': 'b', 'th': 'b', 'h1': 'b', 'h2': 'b', 'h3': 'b',
    'h4': 'b', 'h5': 'b', 'h6': 'b', 'i': 'i', 'em': 'i', 'u': 'u'}
_PAGE = (
    '<!DOCTYPE html><html><head><meta charset="utf-8">'
    '<meta http-equiv="Content-Security-Policy" content="default-src '
    "'none'; img-src data:; style-src 'unsafe-inline'\"><style>"
    'body {font-family: sans-serif} img {max-width: 100%; height: auto} '
    'blockquote {border-left: 2px solid #bbb; margin: 0; padding-left: 1em}'
    '</style></head><body>', '</body></html>')


def fold_html(markup, separators=(), fold=True):
    """Return the clean HTML with quotes and signatures in '<details>'.

    The HTML has hints (clean.py), of which nothing is left; ``fold`` False
    only takes them out.  What has nothing fresh is not folded.  The summary
    is empty until page fills it in.
    """
    tokens = list(_tokens(markup))
    folded = _folded(tokens, separators) if fold else []
    writer = _Writer()
    for number, token in enumerate(tokens):
        writer.take(token, bool(folded) and folded[number])
    return writer.text()


def fresh_html(markup):
    "Return the HTML without what fold_html folded."
    return _FOLDED.sub('', markup)


def picture_names(markup):
    "Return the names of the pictures that the HTML shows in their places."
    return {html.unescape(name) for name in _SOURCE.findall(markup)}


def picture_type(data):
    """Return the type of the picture in the bytes, '' if it is none.

    By the bytes and not by a name, and never one that may run something.
    """
    for type_, beginnings in PICTURES.items():
        if data.startswith(beginnings):
            return type_
    return ''


def page(markup, pictures, summary):
    """Return the HTML as a document of its own, which requests nothing.

    ``pictures`` maps names to bytes; ``summary`` is what the reader presses
    to see what is folded.
    """
    left = MAX_PICTURES

    def _as_data(match):
        nonlocal left
        data = pictures.get(html.unescape(match[1])) or b''
        type_ = picture_type(data)
        if not type_ or len(data) > left:
            return match[0]
        left -= len(data)
        data = base64.b64encode(data).decode('ascii')
        return f' src="data:{type_};base64,{data}"'

    begin, end = _PAGE
    markup = markup.replace(
        _BEGIN, f'<details><summary>{html.escape(summary)}</summary>')
    return begin + _SOURCE.sub(_as_data, markup) + end


def rich_text(markup):
    "Return what is not folded of the HTML for a field of rich text."
    # Who writes blank paragraphs wants no space between the others.
    spaced = not _BLANK_PARAGRAPH.search(markup)
    markup = fresh_html(markup)
    result, links = [], []
    for end, tag, attributes, text in _tokens(markup):
        values = dict(_VALUE.findall(attributes)) if tag else {}
        if text:
            if attributes == _PREFORMATTED:
                text = text.replace('\n', '<br>')
            result.append('&lt;' if text == '<' else text)
        elif tag == 'br':
            result.append('<br>')
        elif tag == 'hr':
            result.append('<div>———</div>')
        elif tag == 'img':
            name = values.get('src', '').removeprefix('cid:')
            if name.startswith('data:'):
                name = values.get('alt', '')
            result.append(f'[{name}]' if name.strip() else '')
        elif tag == 'a' and not end:
            links.append((len(result), values.get('href', '')))
        elif tag == 'a' and links:
            start, address = links.pop()
            shown = _MARK.sub('', ''.join(result[start:]))
            if shown.strip() not in address:
                result.append(f' ({address})')
        else:
            result.append(_rich_tag(end, tag, spaced))
    return ''.join(result).strip()


def _rich_tag(end, tag, spaced):
    "Return the tag as the field knows it."
    inner = f'<{end}{_RICH[tag]}>' if tag in _RICH else ''
    if tag in _INLINE:
        return inner
    if tag in {'td', 'th'}:
        return f'{inner}\u2003' if end else inner
    if not end:
        return f'<div>{inner}' + ('• ' if tag == 'li' else '')
    return f'{inner}</div>' + (
        '<div><br></div>' if spaced and tag == 'p' else '')


def _tokens(markup):
    """Yield the tokens of clean HTML as (end, tag, attributes, text).

    The lines of preformatted text are tokens of their own, and say so.
    """
    preformatted = 0
    for match in _TOKEN.finditer(markup):
        end, tag, attributes, text = match.groups()
        if tag == 'pre':
            preformatted += -1 if end else 1
        if text and preformatted > 0:
            for line in _LINE.findall(text):
                yield None, None, _PREFORMATTED, line
        else:
            yield end, tag, attributes, text


def _folded(tokens, separators):
    "Return for each token whether it folds away, nothing if none does."
    lines, numbers, signed = _lines(tokens)
    kinds = kinds_of(lines, separators)
    fresh = [
        number for number, (kind, line) in enumerate(zip(kinds, lines))
        if kind == 'fresh' and line.strip() and number not in signed]
    if not fresh:
        return []
    # A signature between fresh lines stays there.
    return [
        n < fresh[0] and bool(lines[n].strip()) or n > fresh[-1]
        for n in numbers]


def _lines(tokens):
    """Return the lines, the number of each token's line, and the signed.

    A line within a quote begins with '>', as it does in plain text.
    """
    lines, numbers, signed = [''], [], set()
    stack, hint, depth, rest = [], '', 0, False
    for end, tag, attributes, text in tokens:
        if tag not in _IN_LINE and lines[-1].strip():
            lines.append('')
        picture = tag == 'img' and any(
            value for _, value in _VALUE.findall(attributes))
        if text or picture:
            if not lines[-1].strip() and (tag or not text.isspace()):
                rest = rest or hint == 'rest'
                lines[-1] = '> ' if depth or rest or hint == 'quote' else ''
                if hint == 'sign':
                    signed.add(len(lines) - 1)
            lines[-1] += '[image]' if tag else ' '.join(
                html.unescape(text).rstrip('\n').split('\n'))
        numbers.append(len(lines) - 1)
        if tag in {'br', 'hr'} or text and attributes == _PREFORMATTED:
            lines.append('')
        elif tag and tag != 'img' and not end:
            stack.append((tag, hint))
            match = _HINT.search(attributes)
            hint = match[1] if match else hint
            depth += tag == 'blockquote'
        elif end and stack:
            tag, hint = stack.pop()
            depth -= tag == 'blockquote'
    return lines, numbers, signed


class _Writer:
    """Writes tokens, with those that fold away in elements of their own.

    What is open where one begins or ends is closed and opened again.
    """

    def __init__(self):
        self.result = []
        self.open = []
        # Opened, but not yet written
        self.pending = []
        self.within = False

    def take(self, token, folded):
        "Write one token."
        end, tag, attributes, text = token
        if text or tag in _EMPTY:
            if (folded != self.within
                    and (tag == 'img' or text and not text.isspace())):
                self._turn()
            self._flush()
            self.result.append(text or f'<{tag}{attributes}>')
        elif not end:
            attributes = _HINT.sub('', attributes)
            self.pending.append((tag, f'<{tag}{attributes}>'))
        else:
            self._flush()
            if self.open:
                self.result.append(f'</{self.open.pop()[0]}>')

    def _flush(self):
        for pair in self.pending:
            self.result.append(pair[1])
        self.open += self.pending
        self.pending = []

    def _turn(self):
        self.result += [f'</{tag}>' for tag, _ in reversed(self.open)]
        self.within = not self.within
        self.result.append(_BEGIN if self.within else _END)
        self.result += [start for _, start in self.open]

    def text(self):
        "Return the whole."
        self._flush()
        self.result += [f'</{tag}>' for tag, _ in reversed(self.open)]
        if self.within:
            self.result.append(_END)
        return ''.join(self.result)
