# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""Which ticket a letter belongs to.

Decided here: what counts as a clue, which counts more, and who may follow
it.  Not here: finding the ticket of a clue, and knowing who takes part in it.

Similar subjects, times or senders are no clue: that is how letters land on
the tickets of other customers.
"""
import re
from dataclasses import dataclass
from typing import Any

from .signing import read_message_id, read_reply_address

MAX_CLUES = 50

_NUMBER = re.compile(r'\[#\s{0,3}([^\W_][\w/.-]{0,39})\s{0,3}\]')
# What mail programs put before the subject of a forwarded letter: en, de,
# fr, es, it, pt, nl, sv, fi, pl, hu, tr, el, zh, ja.  Not VS: a Danish
# forward, but a Finnish answer.
_FORWARD = re.compile(
    r'\s*(?:fwd?|wg|wtr|weitergeleitet|tr|rv|reenv|rve|inoltra|i|enc|doorst'
    r'|vb|vl|pd|továbbítás|İlt|ilt|πρθ|转发|轉寄|転送)\s*[:：]', re.I)
_HEADERS_TO = (
    'delivered-to', 'x-original-to', 'x-envelope-to', 'x-forwarded-to')


@dataclass(frozen=True)
class Clue:
    """A hint at a ticket.

    ``kind`` and ``value`` are

    * 'address': the id of a ticket, proved by one of our reply addresses;
    * 'message': the id of a ticket, proved by one of our own Message-IDs;
    * 'reference': the Message-ID, without brackets, of somebody else's
      letter, which may be on a ticket;
    * 'number': the number of a ticket, as the subject writes it.

    ``joins`` is False where the letter tells of the ticket without being
    part of it.
    """

    kind: str
    value: Any
    joins: bool = True


@dataclass(frozen=True)
class Thread:
    """Where a letter goes.

    ``ticket`` is the ticket it joins, None for a new one; ``mentions`` the
    ticket that the new one has to name, None if there is none; ``clue`` the
    Clue that led to either of them.
    """

    ticket: Any = None
    mentions: Any = None
    clue: Clue | None = None


def clues(letter, secret):
    """Return the Clues of the letter, the strongest first, each once.

    ``secret`` is what signing.py got when our letters were sent.
    """
    found = []
    for address in recipients(letter):
        ticket = read_reply_address(secret, address)
        if ticket is not None:
            found.append(Clue('address', ticket))
    # A forwarded letter keeps the references of what it forwards, but
    # opens a matter of its own.
    joins = not is_forward(letter.subject)
    ids = dict.fromkeys(letter.in_reply_to + letter.references)
    own = {i: read_message_id(secret, i) for i in ids}
    found += [Clue('message', t, joins) for t in own.values() if t is not None]
    found += [Clue('reference', i, joins) for i, t in own.items() if t is None]
    found = list(dict.fromkeys(found))[:MAX_CLUES]
    numbers = dict.fromkeys(_NUMBER.findall(letter.subject[:1000]))
    return tuple(found + [Clue('number', n) for n in list(numbers)[:3]])


def is_forward(subject):
    "Tell whether the subject is marked as that of a forwarded letter."
    return bool(_FORWARD.match(subject))


def without_forward(subject):
    "Return the subject without what marks it as that of a forwarded letter."
    while match := _FORWARD.match(subject):
        subject = subject[match.end():]
    return subject.strip()


def without_number(subject):
    "Return the subject without the numbers of tickets in it."
    return ' '.join(_NUMBER.sub(' ', subject).split())


def thread(clues, ticket_of, takes_part):
    """Return the Thread that the clues lead to.

    ``ticket_of`` takes a Clue and returns its ticket or None; ``takes_part``
    takes a ticket and tells whether the sender of the letter is one of those
    who correspond on it.  A sender who isn't gets a new ticket, whatever
    number or Message-ID the letter carries.
    """
    mentions, because = None, None
    for clue in clues:
        ticket = ticket_of(clue)
        if ticket is None:
            continue
        if clue.joins and takes_part(ticket):
            return Thread(ticket=ticket, clue=clue)
        if mentions is None:
            mentions, because = ticket, clue
    return Thread(mentions=mentions, clue=because)


def recipients(letter):
    """Yield the addresses the letter was sent to, as they are written.

    Those of To and Cc come first, then what mail servers noted on its way.
    """
    for address in letter.to + letter.cc:
        yield address.email
    for name in _HEADERS_TO:
        yield from letter.headers.get(name, ())
