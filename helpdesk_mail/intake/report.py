# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""What a report about the delivery of a letter says.

Decided here: which letter it is about, who did not get it and why, from what
is written for machines (RFC 3464) and, without that, for people (qmail, Exim,
old Exchange and their like).
Not here: whether it is true.  Anybody can write such a report.
"""
import re
from dataclasses import dataclass

from .charset import one_line
from .headers import Head, message_ids, split

MAX_FAILURES = 100
MAX_TEXT = 100_000
# A report has one (RFC 3464, 2)
MAX_STATUSES = 5
MAX_REASON = 300

_ORIGINALS = {
    'message/rfc822', 'message/global', 'message/rfc822-headers',
    'text/rfc822-headers', 'message/global-headers'}
_STATUSES = {'message/delivery-status', 'message/global-delivery-status'}
_BLANK = re.compile(rb'\r?\n[ \t]*\r?\n')
# The line from which on the letter itself is returned within the text
_BELOW = re.compile(
    r'^[ \t]*(?:-{3,}.{0,60}(?:copy of (?:the|your) message'
    r'|original message|unsent message|undelivered message|message header'
    r'|mensaje original|missatge original).{0,80}'
    r'|original message headers:?)[ \t]*$', re.I | re.M)
_ID_LINE = re.compile(r'^[ \t>]*message-id:[ \t]*(<[^<>\s]+>)', re.I | re.M)
_ADDRESS = re.compile(
    r'[^\s@<>()",;:\\\[\]\']{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}')
_STATUS = re.compile(r'\b([245]\.\d{1,3}\.\d{1,3})\b')
_DELAYED = re.compile(
    r'still being retried|could not send message for past'
    r'|(?:do|need) not (?:need to )?resend|(?:will|keep) (?:keep|continue to)'
    r' try|not yet been delivered|has not been delivered yet', re.I)
_DELIVERED = re.compile(
    r'(?:was|has been) (?:successfully )?delivered'
    r'|successful(?:ly)? (?:mail )?deliver(?:y|ed)', re.I)
_DELAYED_SUBJECT = re.compile(r'\bdelay', re.I)
_CAUSES = [
    (re.compile(r'\.(?:2\.2)\Z'), 'mailbox_full'),
    (re.compile(r'\.(?:2\.1)\Z'), 'mailbox_off'),
    (re.compile(r'\.(?:2\.3|3\.4)\Z'), 'too_large'),
    (re.compile(r'\.1\.(?:[1-46]|10)\Z'), 'no_address'),
    (re.compile(r'\.4\.\d+\Z'), 'unreachable'),
    (re.compile(r'\.7\.\d+\Z'), 'refused'),
    ]
_WORDS = [
    (re.compile(r'quota|mailbox (?:is )?full', re.I), 'mailbox_full'),
    (re.compile(r'too (?:large|big)|size limit|exceeds', re.I), 'too_large'),
    (re.compile(
        r'no such|unknown (?:user|address|recipient)|(?:user|recipient)'
        r' (?:is )?(?:unknown|not found)|does(?:n.t| not) exist|no mailbox'
        r'|invalid recipient', re.I), 'no_address'),
    (re.compile(r'disabled|inactive|suspended', re.I), 'mailbox_off'),
    (re.compile(
        r'timed? ?out|host (?:\S+ )?not found|no route|refused connection'
        r'|connection refused|unreachable|domain name', re.I), 'unreachable'),
    (re.compile(
        r'spam|block|policy|denied|reject|not allowed', re.I), 'refused'),
    ]


@dataclass(frozen=True)
class Failure:
    """What became of a letter for one recipient.

    ``recipients`` are the addresses that name him, in lower case: that which
    the letter was sent to and that to which it went on; ``action`` is
    'failed' for good, 'delayed', or another word of RFC 3464, 2.3.3;
    ``status`` a code as '5.1.1' (RFC 3463), '' if there is none; ``reason``
    a line of the server's own words.
    """

    recipients: tuple[str, ...]
    action: str
    status: str = ''
    reason: str = ''

    @property
    def cause(self):
        """The key of what was wrong, '' if that is not clear.

        'no_address', 'mailbox_full', 'mailbox_off', 'too_large',
        'unreachable' or 'refused'.
        """
        for pattern, cause in _CAUSES:
            if pattern.search(self.status):
                return cause
        for pattern, cause in _WORDS:
            if pattern.search(self.reason):
                return cause
        return ''


@dataclass(frozen=True)
class Report:
    """What a report says.

    ``message_ids`` are those that the letter it is about may have, without
    brackets, the likeliest first; ``failures`` say what became of it;
    ``failed`` that somebody will never get it.
    """

    message_ids: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    failed: bool = True


def read(letter):
    "Return the Report that the Letter is, as far as it is one."
    above, below = _divide(letter.text[:MAX_TEXT])
    statuses = [p for p in letter.parts if p.type in _STATUSES]
    failures = [
        failure for part in statuses[:MAX_STATUSES]
        for failure in _written_for_machines(part.data[:MAX_TEXT])]
    failures = (failures or _written_for_people(letter, above))[:MAX_FAILURES]
    if failures:
        failed = any(f.action == 'failed' for f in failures)
    else:
        failed = _action(letter, above) == 'failed'
    ids = [bounced_message_id(letter), *_ID_LINE.findall(below)]
    ids = [i.strip('<>') for i in ids if i]
    return Report(
        tuple(dict.fromkeys([
                    *ids, *letter.in_reply_to, *letter.references])),
        tuple(failures), failed)


def bounced_message_id(letter):
    """Return the Message-ID of the letter that a bounce returns, else ''.

    Anybody can write a bounce: check that the Message-ID is one of ours.
    """
    for part in letter.parts:
        if part.type in _ORIGINALS:
            head = Head(split(part.data.lstrip(b'\r\n'))[0])
            ids = message_ids(head.get('message-id'))
            if ids:
                return ids[0]
    return ''


def _divide(text):
    "Return the text of the report and that of the letter it returns."
    match = _BELOW.search(text)
    if match:
        return text[:match.start()], text[match.end():]
    return text, text


def _written_for_machines(data):
    "Yield the Failures of a delivery-status (RFC 3464, 2.1)."
    for block in _BLANK.split(data):
        head = Head(block.strip() + b'\n')
        recipients = tuple(dict.fromkeys(filter(None, (
                        _recipient(head.get(name)) for name in [
                            'original-recipient', 'final-recipient']))))
        if not recipients:
            # About the letter as a whole
            continue
        status = _STATUS.search(head.get('status'))
        status = status[1] if status else ''
        action = head.get('action').split(' ')[0].lower()
        if not action:
            action = 'delayed' if status[:1] in {'2', '4'} else 'failed'
        reason = head.get('diagnostic-code')
        kind, _, words = reason.partition(';')
        if kind.strip().isidentifier():
            reason = words
        yield Failure(recipients, action, status, _shorten(reason))


def _recipient(value):
    "Return the address of 'rfc822; address', in lower case."
    match = _ADDRESS.search(value.rpartition(';')[2])
    return match[0].lower() if match else ''


def _written_for_people(letter, above):
    "Return the Failures in the text that is above the returned letter."
    named = _ADDRESS.findall(letter.header('X-Failed-Recipients'))
    recipients = dict.fromkeys(
        a.lower().rstrip('.') for a in named or _ADDRESS.findall(above))
    action = _action(letter, above)
    failures = []
    for recipient in list(recipients)[:MAX_FAILURES]:
        reason = _reason(above, recipient)
        status = _STATUS.search(reason)
        failures.append(Failure(
                (recipient,), action, status[1] if status else '', reason))
    return failures


def _reason(text, recipient):
    "Return what the text says of the recipient: what follows the address."
    start = text.lower().find(recipient)
    if start < 0:
        return ''
    after = text[start + len(recipient):][:4 * MAX_REASON]
    paragraphs = re.split(r'\n[ \t]*\n', after)
    for paragraph in paragraphs[:2]:
        reason = _shorten(paragraph.lstrip(' \t\r\n>:,;-'))
        if any(c.isalpha() for c in reason):
            return reason
    return ''


def _action(letter, above):
    "Return what the text says that became of the letter."
    text = f'{letter.subject[:1000]}\n{above[:2000]}'
    if _DELAYED_SUBJECT.search(letter.subject) or _DELAYED.search(text):
        return 'delayed'
    return 'delivered' if _DELIVERED.search(text) else 'failed'


def _shorten(text):
    return ' '.join(one_line(text.replace('\n', ' ')).split())[:MAX_REASON]
