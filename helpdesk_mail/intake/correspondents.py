# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""What holds for the addresses and domains that people listed.

Decided here: how an address or a domain is written so that it can be
compared, and which of the listed ones an address falls under.  Not here:
who listed them (mail_address.py), and what the lists are used for.
"""
import re
from collections.abc import Set
from dataclasses import dataclass

# Above it are names that nobody lists: a letter must not ask for many
MAX_LEVELS = 8

_LABEL = r'[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?'
_HOST = re.compile(rf'(?:{_LABEL}\.)*{_LABEL}')
_LOCAL = re.compile(r'[^\s@<>()",;:\\*]{1,64}')


def normalise(text):
    """Return the address or domain in the form in which it is compared.

    That is in lower case, a domain in letters that mail servers know
    (RFC 3490).  A leading '@', '*@' or '*.' of a domain is left out.  Raises
    ValueError for what is neither an address nor a domain with a dot.
    """
    text = re.sub(r'^\*?[@.]', '', text.strip().lower())
    local, at, domain = text.rpartition('@')
    domain = _ascii(domain)
    if (not _HOST.fullmatch(domain) or len(domain) > 253
            or (not _LOCAL.fullmatch(local) if at else '.' not in domain)):
        raise ValueError("neither an address nor a domain")
    return f'{local}{at}{domain}'


def domain_of(email):
    "Return the domain of the address in the form in which it is compared."
    return _ascii(email.rpartition('@')[2].lower())


def patterns(email):
    """Return what may be listed that the address falls under.

    A tuple of the address itself, its domain, and the domains above that
    one but for the uppermost: nobody lists all of 'com'.
    """
    domain = domain_of(email)
    labels = domain.split('.')[-MAX_LEVELS:]
    return (
        f"{email.rpartition('@')[0].lower()}@{domain}",
        *('.'.join(labels[i:]) for i in range(len(labels) - 1)))


@dataclass(frozen=True)
class Correspondents:
    """The addresses and domains for which something special holds.

    Sets of what normalise returns: ``blocked`` never make a ticket,
    ``no_automatic`` never get an automatic answer, ``not_in_copy`` are left
    out of the correspondence though they were in copy.
    """

    blocked: Set[str] = frozenset()
    no_automatic: Set[str] = frozenset()
    not_in_copy: Set[str] = frozenset()

    def is_blocked(self, email):
        "Tell whether letters of the address never make a ticket."
        return not self.blocked.isdisjoint(patterns(email))

    def gets_automatic(self, email):
        "Tell whether the address may get automatic answers."
        return self.no_automatic.isdisjoint(patterns(email))

    def gets_copies(self, email):
        "Tell whether the address may be in copy."
        return self.not_in_copy.isdisjoint(patterns(email))


def _ascii(domain):
    if not domain.isascii():
        try:
            domain = domain.encode('idna').decode('ascii').lower()
        except UnicodeError:
            pass
    # With the dot of the root it is the same domain
    return domain.rstrip('.')
