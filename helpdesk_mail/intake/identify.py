# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""Who wrote a letter.

Decided here: whom the From line names, which parties have that address, and
which organisation has its domain.  Not here: whether to believe it.  Reply-To
never names the sender, it only says where an answer may go.
"""
from dataclasses import dataclass

from .correspondents import domain_of
from .freemail import is_free


@dataclass(frozen=True)
class Sender:
    """Whom the From line names.

    ``email`` is in lower case, ``name`` one line to show: the written name
    or else the address; both '' if the letter has no sender.  ``parties``
    are the ids of the parties with that address, in the order of the look-up.
    ``organisation`` is the id of the party whose domain the address of a
    sender without a party is in: the sender's tickets are for it, but it is
    not the sender, and what is said on its other tickets is not for them.
    """

    email: str = ''
    name: str = ''
    parties: tuple[int, ...] = ()
    organisation: int | None = None

    @property
    def party(self):
        "The id of the one party it can be, None if none or several can."
        return self.parties[0] if len(self.parties) == 1 else None

    @property
    def known(self):
        "Whether anything is known of who it is."
        return bool(self.parties or self.organisation)


def identify(letter, parties_of, organisation_of=lambda domain: None):
    """Return the Sender of the letter.

    ``parties_of`` takes an address in lower case and returns the ids of the
    parties that have it, or None; ``organisation_of`` takes a domain and
    returns the id of the one party that has it, or None.
    """
    if not letter.sender:
        return Sender()
    email = letter.sender.email
    parties = tuple(parties_of(email) or ())
    domain, organisation = domain_of(email), None
    if not parties and not is_free(domain):
        organisation = organisation_of(domain)
    return Sender(email, letter.sender.name or email, parties, organisation)
