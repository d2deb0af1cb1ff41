# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Texts with placeholders, such as ${ticket.number}.

Decided here: what a placeholder looks like, and what a text becomes when
values take their places. Not here: which placeholders there are, and what
their values are.

The notation is that of the standard string.Template (PEP 292), with dotted
names that always stand in braces: a dollar sign that no brace follows, as in
$5, stands for itself. Two dollar signs are one, so $${ is a brace behind a
dollar sign that begins no placeholder.
"""
import re
from typing import NamedTuple

EXCERPT = 30

_NAME = r'[^\W\d]\w*(?:\.[^\W\d]\w*)*'
_PLACE = re.compile(
    rf'\$(?:(?P<sign>\$)|\{{(?P<name>{_NAME})\}}|(?P<brace>\{{))')


class Malformed(NamedTuple):
    "What begins like a placeholder but is none"

    position: int
    text: str


def write(name):
    "Return the placeholder as it is written in a text."
    return f'${{{name}}}'


def names(text):
    """
    Return the names of the placeholders, and what is malformed.

    The names are a list in the order of the text, each once; what is
    malformed is a list of Malformed, with its position as an index and the
    beginning of what stands there.
    """
    found, malformed = {}, []
    for match in _PLACE.finditer(text):
        if match['name']:
            found.setdefault(match['name'])
        elif match['brace']:
            start = match.start()
            excerpt = text[start:start + EXCERPT].splitlines()[0]
            malformed.append(Malformed(start, excerpt))
    return list(found), malformed


def render(text, value):
    """
    Put values into a text.

    value is a function that takes a name and returns a text, or None or an
    empty one where there is no value. Return the text, in which placeholders
    without a value stay as they are, and the names of these, each once. A
    value is not looked through for placeholders.
    """
    missing = {}

    def fill(match):
        if match['sign']:
            return '$'
        if match['name']:
            filled = value(match['name'])
            if filled:
                return filled
            missing.setdefault(match['name'])
        return match[0]

    return _PLACE.sub(fill, text), list(missing)
