# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""Names and addresses out of From, To, Cc and Reply-To.

Decided here: who is meant by an address header (RFC 5322, 3.4), also by
those that break its rules.  Not here: who that is (identify.py).

The standard library is not used for it: its parser recurses, and since 3.12
it gives up a whole list for one bad address, before it did not.  Encoded
words are read after the list is taken apart, so that a comma or an '@'
inside of one can't invent an address (RFC 2047, 6.1).
"""
import re

from .charset import one_line
from .headers import MAX_VALUE, decode_words
from .letter import Address

MAX_ADDRESSES = 200
MAX_NAME = 200

_TOKEN = re.compile(
    r'(?P<word>=\?[^?\s]+\?[bBqQ]\?[^?]*\?=)'
    r'|"(?P<quoted>(?:[^"\\]|\\.)*)(?P<open>"|\\?\Z)'
    r'|<(?P<angle>[^<>]*)>'
    r'|(?P<mark>[,;:()])'
    r'|(?P<text>[^",;:()<>=]+|.)')
# Longer local parts than RFC 5321 allows do exist.
_EMAIL = re.compile(r'[^\s@<>()",;:\\]{1,190}@[^\s@<>()",;:\\]{1,190}')
_LOOSE = str.maketrans('"()', '   ')


def addresses(*values):
    "Return the tuple of Address in the raw header values, each mailbox once."
    found = {}
    for value in values:
        value = value[:MAX_VALUE]
        mailboxes = _mailboxes(value)
        if mailboxes is None:
            mailboxes = _mailboxes(value.translate(_LOOSE)) or []
        for name, email in mailboxes:
            found.setdefault(email, Address(name, email))
            if len(found) == MAX_ADDRESSES:
                return tuple(found.values())
    return tuple(found.values())


def is_address(text):
    "Tell whether the text is one plain address such as 'ann@example.com'."
    return bool(_EMAIL.fullmatch(text))


def _mailboxes(value):
    "Return (name, email) pairs, None if a quote or comment never ends."
    result, box, depth = [], _Mailbox(), 0
    for token in _TOKEN.finditer(value):
        kind, text = token.lastgroup, token.group()
        if kind == 'open':
            if not token['open'].startswith('"'):
                return None
            kind, text = 'quoted', token['quoted'].replace('\\', '')
        if text == '(' and kind == 'mark':
            depth += 1
        elif text == ')' and kind == 'mark':
            depth = max(depth - 1, 0)
        elif depth:
            box.comment.append(text)
        elif kind == 'mark':
            # 'name:' opens a group, ';' ends it; Outlook separates with it.
            if text != ':':
                result.extend(box.pair())
            box = _Mailbox()
        elif kind == 'angle':
            box.angle = box.angle or token['angle'].strip()
        else:
            box.text.append(text)
    result.extend(box.pair())
    return None if depth else result


class _Mailbox:

    def __init__(self):
        self.text = []
        self.comment = []
        self.angle = ''

    def pair(self):
        "Return a list of at most one (name, email)."
        text = ''.join(self.text).strip()
        email, name = self.angle, text
        if not email:
            email, name = text.strip("' "), ''.join(self.comment)
        # An old source route, or a 'mailto:'.
        email = email.rpartition(':')[2].strip()
        if not _EMAIL.fullmatch(email):
            return []
        name = one_line(decode_words(name))[:MAX_NAME].strip(" '\"")
        return [(name, email.lower())]
