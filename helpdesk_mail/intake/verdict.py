# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""What shall become of a letter.

Decided here: the words for it.  Not here: which letter gets which (filter.py).
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """What shall become of a letter, and why.

    ``action`` is 'file' (it goes on a ticket), 'hold' (a person has to look
    at it) or 'ignore' (it is kept on record only).
    ``reason`` is a key, '' for the ordinary letter of a person.
    ``automatic`` tells that a machine wrote it: such a letter changes no
    state and no clock, and is never answered automatically (RFC 3834).
    ``answer`` tells that an automatic answer may be sent: also False for a
    person who writes through a mailing list or asked for none.
    """

    action: str
    reason: str = ''
    automatic: bool = False
    answer: bool = True
