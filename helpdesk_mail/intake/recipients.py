# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""What somebody typed as recipients into mail addresses.

Decided here: what separates addresses, which of them are none, and that
nobody is written to twice.  Not here: who should get a mail.
"""
import re
from email.errors import MessageError
from email.headerregistry import Address

from .addresses import addresses

MAX_LENGTH = 20_000

_QUOTED = re.compile(r'"[^"]*"')
_SEPARATOR = re.compile(r'[,;\n]')


def recipients(text):
    """Return the addresses in the text, and what in it is none.

    Two lists of texts; the addresses are in lower case, each once.
    """
    found, wrong = {}, []
    # A comma in a name separates nothing
    for part in _SEPARATOR.split(_QUOTED.sub(' ', text[:MAX_LENGTH])):
        part = part.strip()
        if not part:
            continue
        emails = [a.email for a in addresses(part)]
        if len(emails) == 1 and _is_sendable(emails[0]):
            found.setdefault(emails[0])
        else:
            wrong.append(part)
    return list(found), wrong


def stored(*texts):
    """Return the addresses in lists that we stored, in their order.

    ``texts`` have addresses alone, between commas, or are None.
    """
    return [
        a for text in texts for a in map(str.strip, (text or '').split(','))
        if a]


def without(emails, *others):
    "Return those of the addresses that are in none of the other lists."
    return [e for e in emails if not any(e in o for o in others)]


def _is_sendable(email):
    try:
        Address(addr_spec=email)
    except (ValueError, IndexError, MessageError):
        return False
    return True
