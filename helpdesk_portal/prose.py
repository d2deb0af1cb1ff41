# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Plain text of a letter as paragraphs for a page.

Decided here: what is a paragraph and what becomes a link. What comes out is
data that the template escapes; no markup is made here.
"""
import re

_LINK = re.compile(r'\bhttps?://[^\s<>"\x00-\x1f]+', re.IGNORECASE)
# What follows an address in a sentence is no part of it, nor is a bracket that
# it closes without having opened it.
_PUNCTUATION = frozenset('.,;:!?\'*')
_BRACKETS = ['()', '[]']
_PARAGRAPHS = re.compile(r'\n(?:[ \t]*\n)+')


def paragraphs(text):
    """
    Return the text as a list of paragraphs.

    Each one is a list of pairs: a piece of text and the address it links to,
    or None. Only http and https become links.
    """
    text = text.replace('\r\n', '\n').strip('\n')
    return [linked(p) for p in _PARAGRAPHS.split(text) if p.strip()]


def linked(text):
    "Return the text as a list of pairs: piece, address or None"
    pieces, start = [], 0
    for match in _LINK.finditer(text):
        address = _trim(match.group())
        if start < match.start():
            pieces.append((text[start:match.start()], None))
        pieces.append((address, address))
        start = match.start() + len(address)
    if start < len(text):
        pieces.append((text[start:], None))
    return pieces


def _trim(address):
    excess = {c: address.count(c) - address.count(o) for o, c in _BRACKETS}
    end = len(address)
    while end:
        last = address[end - 1]
        if excess.get(last, 0) > 0:
            excess[last] -= 1
        elif last not in _PUNCTUATION:
            break
        end -= 1
    return address[:end]
