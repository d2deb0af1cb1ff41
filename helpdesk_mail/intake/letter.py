# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""What the steps hand to each other: a letter, taken apart.

Decided here: which facts of a letter the helpdesk knows.
Not here: how they are found (parse.py) and what they mean (the other steps).
"""
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple


class Address(NamedTuple):
    """One mailbox of an address header (RFC 5322, 3.4).

    ``name`` is one line of decoded text, '' if there is none;
    ``email`` is 'local@domain' in lower case and never empty.
    """

    name: str
    email: str


@dataclass(frozen=True)
class Part:
    """An attachment, or a picture shown inside the text.

    ``name`` is what the sender called it, decoded but not made safe, ''
    if it has none; ``type`` a lower-case 'type/subtype'; ``data`` the
    decoded bytes; ``content_id`` without angle brackets (RFC 2392);
    ``inline`` tells that the letter shows it within its text.
    """

    name: str
    type: str
    data: bytes = field(repr=False)
    content_id: str = ''
    inline: bool = False


@dataclass(frozen=True)
class Letter:
    """A letter, taken apart.  Nothing in it is to be trusted.

    Message-IDs are kept without angle brackets and in their own case.
    ``date`` is what the sender claims, as naive UTC, None if unreadable.
    ``references`` are newest first.  ``text`` is for people, always there,
    with line ends '\\n'; ``html`` is as received and must be cleaned before
    it is shown.  ``headers`` maps lower-case names to decoded one-line
    values.  ``size`` counts the bytes of the raw letter.  ``fingerprint``
    is the same through whichever door the letter comes.  ``protection`` is
    'signed' (by whom is not proved) or 'encrypted', else ''; ``invitation``
    the method of an invitation to a meeting (RFC 5546), else ''.
    ``defects`` are keys of what was wrong with it.
    """

    message_id: str = ''
    sender: Address | None = None
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ''
    date: dt.datetime | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    text: str = ''
    html: str = ''
    parts: tuple[Part, ...] = ()
    headers: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({}))
    size: int = 0
    fingerprint: str = ''
    protection: str = ''
    invitation: str = ''
    defects: tuple[str, ...] = ()

    def header(self, name, default=''):
        "Return the first value of the header, in whatever case it is named."
        values = self.headers.get(name.lower())
        return values[0] if values else default
