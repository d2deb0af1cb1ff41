# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""What becomes of a letter by which one of our own people answers.

Decided here: when it goes on to the customer, becomes a note, or waits for a
person.  Not here: whose address it is and who may work on the ticket
(colleague.py).

What goes to the customer cannot be taken back: whatever is in doubt, waits.
"""
import re
from dataclasses import dataclass, replace

from .quote import fold
from .signing import read_agent_address
from .thread import recipients
from .verdict import Verdict

# Around the line of a notice above which the answer is written
RULE = '-=-=-'

# Larger pictures, in bytes, are what the agent has to show
MAX_LOGO = 50_000

_QUOTED = re.compile(r'^[ \t]{0,3}>', re.M)


@dataclass(frozen=True)
class Claim:
    """What a letter to a signed address of an agent claims, and what is true.

    ``proved`` tells that the address is the sender's and that the sender
    may work on its ticket; ``wanted`` is what the section does with such
    letters: 'hold', 'note' or 'send'; ``open`` tells that the customer of
    the ticket can be answered.
    """

    proved: bool = False
    wanted: str = 'hold'
    open: bool = False


def addressed(letter, secret):
    """Return the ticket and the user whose signed address the letter went to.

    They are ids.  None if there is no such address, or more than one.
    """
    found = {
        read_agent_address(secret, a) for a in recipients(letter)} - {None}
    return found.pop() if len(found) == 1 else None


def answer(letter, separators=()):
    """Return the letter as the customer may get it.

    Without what it quotes, the signature, which has the agent's own address,
    the HTML and the small pictures shown within it.  ``separators`` are as
    for fresh.
    """
    return replace(
        letter, text=fresh(letter.text, separators), html='',
        parts=tuple(
            p for p in letter.parts
            if not (p.inline and p.content_id
                and p.type.startswith('image/')
                and len(p.data) <= MAX_LOGO)))


def fresh(text, separators=()):
    """Return what of the text is new, '' if nothing is.

    ``separators`` are lines that ask to write above them.
    """
    folded = fold(text, separators)
    if not (folded.quoted or folded.signature):
        # What has nothing fresh is left as it is: see if that is so
        if fold(f'x\n\n{text}').text.strip() == 'x':
            return ''
    return folded.text.strip()


def judge(answer, verdict, claim):
    """Return the Verdict on a letter to a signed address of an agent.

    ``answer`` is what the function answer returns, ``verdict`` what
    filter.py says of the letter, ``claim`` a Claim.  With the action 'file'
    the reason is 'agent_sent' or 'agent_noted'.
    """
    if verdict.automatic:
        # The customer is not interested in who of us is away
        return Verdict(
            'ignore', 'agent_automatic', automatic=True, answer=False)
    reasons = (
        ('agent_unproved', not claim.proved),
        ('agent_not_wanted', claim.wanted not in {'note', 'send'}),
        ('agent_closed', claim.wanted == 'send' and not claim.open),
        ('agent_empty', not (answer.text or answer.parts)),
        # It may be more of the notice than the customer may read
        ('agent_quotes', RULE in answer.text or _QUOTED.search(answer.text)),
        )
    for reason, applies in reasons:
        if applies:
            return Verdict('hold', reason, answer=False)
    return Verdict(
        'file', 'agent_sent' if claim.wanted == 'send' else 'agent_noted',
        answer=False)
