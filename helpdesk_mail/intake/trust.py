# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""How far the sender of a letter can be believed.

Decided here: what our own mail server found out about the sender (RFC 8601)
and whether answers are asked for elsewhere.  Not here: who the sender is
(identify.py); a bad sign warns, it never changes whom the letter names.

A good result gives nobody any rights: a sender may have written it.
"""
import re
from dataclasses import dataclass, replace

from .correspondents import domain_of

MAX_RESULTS = 10_000
# Microsoft 365 leaves out its name, against RFC 8601, 2.2
UNNAMED = '-'

_RESULT = re.compile(r'\s*(dmarc|dkim|spf)\s*(?:/\s*\d+\s*)?=\s*([a-z]+)')


@dataclass(frozen=True)
class Trust:
    """What speaks for and against the sender.

    ``results`` are pairs of 'dmarc', 'dkim' or 'spf' and what a trusted
    server found, such as 'pass' or 'fail'; ``reply_to`` is the address that
    answers are asked to go to, if it is of another domain, else ''.
    """

    results: tuple[tuple[str, str], ...] = ()
    reply_to: str = ''

    @property
    def failed(self):
        "Whether the domain of the sender disowns the letter (RFC 7489)."
        return ('dmarc', 'fail') in self.results


def trust(letter, servers):
    """Return the Trust in the letter.

    ``servers`` are the names, in lower case, by which trusted mail servers
    sign their Authentication-Results, UNNAMED for one that does not; results
    of others are not looked at.
    """
    found = {}
    # Each server writes on top of what was there before
    for value in letter.headers.get('authentication-results', ()):
        results = _clauses(value[:MAX_RESULTS].lower())
        if _server(results[0]) not in servers:
            continue
        new = {}
        for result in results:
            match = _RESULT.match(result)
            # One good signature of several is enough (RFC 6376, 6.1)
            if match and new.get(match[1]) != 'pass':
                new[match[1]] = match[2]
        found = new | found
    return Trust(tuple(sorted(found.items())), _elsewhere(letter))


def doubtful(clues, trust):
    """Return the clues of a letter, as far as its sender may use them.

    The number of a ticket can be guessed: it proves nothing if the name of
    the sender is false.
    """
    if not trust.failed:
        return clues
    return tuple(
        replace(c, joins=False) if c.kind == 'number' else c for c in clues)


def _server(clause):
    "Return the name of the server in the first clause of its results."
    if _RESULT.match(clause):
        return UNNAMED
    return ''.join(clause.split()[:1])


def _clauses(value):
    "Return what stands between semicolons, without comments (RFC 5322)."
    clauses, text, depth, quoted, escaped = [], [], 0, False, False
    for char in value:
        if escaped:
            escaped = False
        elif char == '\\':
            escaped = True
        elif char == '"' and not depth:
            quoted = not quoted
        elif quoted:
            text.append(char)
        elif char == '(':
            depth += 1
        elif char == ')':
            depth = max(depth - 1, 0)
        elif depth:
            continue
        elif char == ';':
            clauses.append(''.join(text))
            text = []
        else:
            text.append(char)
    return [*clauses, ''.join(text)]


def _elsewhere(letter):
    "Return the first address to answer to that is of another domain."
    if not letter.sender:
        return ''
    own = domain_of(letter.sender.email)
    for address in letter.reply_to:
        domain = domain_of(address.email)
        if not (domain == own or domain.endswith(f'.{own}')
                or own.endswith(f'.{domain}')):
            return address.email
    return ''
