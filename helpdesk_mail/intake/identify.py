# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""Who wrote a letter.

Decided here: whom the From line names and which parties have that address.
Not here: whether to believe it.  Reply-To never names the sender, it only
says where an answer may go.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Sender:
    """Whom the From line names.

    ``email`` is in lower case, ``name`` one line to show: the written name
    or else the address; both '' if the letter has no sender.  ``parties``
    are the ids of the parties with that address, in the order of the look-up.
    """

    email: str = ''
    name: str = ''
    parties: tuple[int, ...] = ()

    @property
    def party(self):
        "The id of the one party it can be, None if none or several can."
        return self.parties[0] if len(self.parties) == 1 else None


def identify(letter, parties_of):
    """Return the Sender of the letter.

    ``parties_of`` takes an address in lower case and returns the ids of the
    parties that have it, or None.
    """
    if not letter.sender:
        return Sender()
    email = letter.sender.email
    return Sender(
        email, letter.sender.name or email, tuple(parties_of(email) or ()))
