# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""Which letters are filed, held or ignored.

Decided here: who wrote a letter - a person, a machine, ourselves - from what
it says of itself (RFC 3834 and the habits of those who never read it).
Not here: what is done about it.
"""
import re
from dataclasses import dataclass

from .correspondents import Correspondents
from .headers import parameters
from .report import read
from .verdict import Verdict

MARK = 'X-Tryton-Helpdesk'

_ROBOT = re.compile(
    r'(?:[^@]*[-_.])?(?:(?:no|do[-_.]?not|nicht)[-_.]?'
    r'(?:reply|respond|responder|respondre|contestar?|antworten)'
    r'|auto-?repl(?:y|ies)|auto-?respon(?:se|der)|bounces?|notifications?)'
    r'(?:[-_.+][^@]*)?@')
# Exchange says auto-generated of absence notes too, others say nothing.
_ABSENCE = re.compile(
    r'\s*(?:automatic reply|auto(?:mated)? ?(?:reply|response)'
    r'|out of (?:the )?office|respuesta autom[aá]tica'
    r'|fuera de (?:la )?oficina|resposta autom[aà]tica'
    r"|fora de l'oficina|r[ée]ponse automatique|absence du bureau"
    r'|automatische antwort|abwesenheits\w*|risposta automatica'
    r'|fuori sede|automatisch antwoord|afwezig\w*)\b', re.I)


@dataclass(frozen=True)
class Policy:
    """What the filters have to know.

    ``own_mark`` is the value of X-Tryton-Helpdesk on what we send, '' if
    none; ``own_addresses`` the addresses, in lower case, that we send from;
    ``max_size`` the largest letter in bytes that is filed, None for any;
    ``correspondents`` the addresses and domains that people listed.
    """

    own_mark: str = ''
    own_addresses: frozenset[str] = frozenset()
    max_size: int | None = None
    correspondents: Correspondents = Correspondents()


def own(letter, policy):
    "Our own letter come back would talk to itself."
    marked = policy.own_mark and letter.header(MARK) == policy.own_mark
    if marked or (
            letter.sender and letter.sender.email in policy.own_addresses):
        return Verdict('ignore', 'own', automatic=True, answer=False)


def bounce(letter, policy):
    "What couldn't be delivered is no new request (RFC 3464)."
    kind, params = parameters(letter.header('Content-Type'))
    types = {part.type for part in letter.parts}
    report = kind == 'multipart/report'
    if report and (params.get('report-type') == 'disposition-notification'
            or 'message/disposition-notification' in types):
        return Verdict('ignore', 'receipt', automatic=True, answer=False)
    email = letter.sender.email if letter.sender else ''
    sender = letter.header('From').lower()
    if ((report and (
                    params.get('report-type', '').lower() == 'delivery-status'
                    or 'message/delivery-status' in types))
            or letter.header('X-Failed-Recipients')
            or 'mailer-daemon' in (email or sender)
            or (email.startswith('postmaster@') and _says_automatic(letter))):
        return Verdict(
            'ignore', 'bounce' if read(letter).failed else 'delivery_notice',
            automatic=True, answer=False)


def blocked(letter, policy):
    "People listed whose letters they do not want."
    if letter.sender and policy.correspondents.is_blocked(
            letter.sender.email):
        return Verdict('ignore', 'blocked', answer=False)


def too_large(letter, policy):
    "A person decides on letters above the limit."
    if policy.max_size is not None and letter.size > policy.max_size:
        return Verdict('hold', 'too_large', answer=False)


def unreadable(letter, policy):
    "Without a sender or any content there is nobody or nothing to help."
    if not letter.sender:
        return Verdict('hold', 'no_sender', answer=False)
    if not (letter.text.strip() or letter.parts or letter.subject):
        return Verdict('hold', 'empty', answer=False)


def automatic_reply(letter, policy):
    "An absence note informs, but it is no answer (RFC 3834, 5)."
    if (_word(letter, 'Auto-Submitted') == 'auto-replied'
            or _word(letter, 'Precedence') in {'auto_reply', 'auto-reply'}
            or _word(letter, 'X-Precedence') in {'auto_reply', 'auto-reply'}
            or _word(letter, 'X-Autoreply') not in {'', 'no'}
            or _word(letter, 'X-Autorespond') not in {'', 'no'}
            ):
        return Verdict('file', 'auto_replied', automatic=True, answer=False)
    if _ABSENCE.match(letter.subject):
        # People write about absence notes too
        reason = 'auto_replied' if _says_automatic(letter) else 'absence'
        return Verdict('file', reason, automatic=True, answer=False)


def automatic_other(letter, policy):
    "Answering a machine starts a loop (RFC 3834, 2)."
    if (_says_automatic(letter)
            or _word(letter, 'Precedence') in {'bulk', 'junk'}
            or (letter.sender and _ROBOT.match(letter.sender.email))):
        return Verdict('file', 'auto_generated', automatic=True, answer=False)


def no_answer(letter, policy):
    "A person on a mailing list: its other readers want no automatic answer."
    if (_word(letter, 'Precedence') == 'list'
            or any(name.startswith('list-') for name in letter.headers)):
        return Verdict('file', 'list', answer=False)
    if _word(letter, 'X-Auto-Response-Suppress') not in {'', 'none'}:
        return Verdict('file', 'no_answer_wanted', answer=False)


def invitation_reply(letter, policy):
    "A click on an invitation: a person, who expects no automatic answer."
    if letter.invitation in {'COUNTER', 'REPLY'}:
        return Verdict('file', 'invitation_reply', answer=False)


def never_answered(letter, policy):
    "People listed who gets no automatic answers."
    if letter.sender and not policy.correspondents.gets_automatic(
            letter.sender.email):
        return Verdict('file', 'no_automatic', answer=False)


# Ourselves and bounces first: both may come without a proper sender.
FILTERS = (
    own, bounce, blocked, too_large, unreadable, automatic_reply,
    automatic_other, no_answer, invitation_reply, never_answered)


def judge(letter, policy, filters=FILTERS):
    """Return the Verdict of the first filter that has one.

    A filter takes a Letter and the Policy and returns a Verdict or None.
    Without any, the letter is filed as one of a person.
    """
    for filter_ in filters:
        verdict = filter_(letter, policy)
        if verdict is not None:
            return verdict
    return Verdict('file')


def _says_automatic(letter):
    # Only notifications have an empty return path (RFC 5321, 4.5.5).
    return (_word(letter, 'Auto-Submitted') not in {'', 'no'}
        or '<>' in letter.headers.get('return-path', ()))


def _word(letter, name):
    return letter.header(name).split(';')[0].strip().lower()
