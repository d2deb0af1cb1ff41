# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""Invitations to meetings (RFC 5545, RFC 5546).

Decided here: what a person wants to know of one: what, when, where and who.
Not here: time zones; a time is told as the invitation tells it.  The file
itself stays an attachment, for a calendar to read.
"""
import re
from dataclasses import dataclass

from .charset import clean_text, decode, one_line

MAX_CALENDAR = 256 * 1024

_FOLD = re.compile(r'\n[ \t]')
_LINE = re.compile(
    r'([\w-]{1,30})((?:;[\w-]{1,30}=(?:"[^"\n]*"|[^";:\n]*))*):(.*)')
_PARAMETER = re.compile(r';([\w-]+)=(?:"([^"]*)"|([^";]*))')
_ESCAPE = re.compile(r'\\([nN,;\\])')
_TIME = re.compile(r'(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?')
_ANSWERS = {'ACCEPTED': '✔', 'DECLINED': '✘', 'TENTATIVE': '?'}


@dataclass(frozen=True)
class Invitation:
    """An invitation, or what became of it.

    ``method`` is 'REQUEST', 'CANCEL', 'REPLY' or another word of RFC 5546,
    '' if it has none; ``text`` tells the first meeting in some lines,
    without words of any language.
    """

    method: str
    text: str


def read_invitation(data, charset=''):
    "Return the Invitation in the bytes of a text/calendar, None without."
    text = clean_text(decode(data[:MAX_CALENDAR], charset))
    method, event, open_ = '', {}, []
    for line in _FOLD.sub('', text).split('\n'):
        match = _LINE.match(line)
        if not match:
            continue
        name, parameters, value = match.groups()
        name = name.upper()
        if name == 'BEGIN':
            open_.append(value.strip().upper())
        elif name == 'END':
            if open_ and open_.pop() == 'VEVENT':
                break
        elif name == 'METHOD' and not method:
            method = one_line(value).upper()[:20]
        elif open_ and open_[-1] == 'VEVENT':
            event.setdefault(name, (parameters, value.strip()))
    if method or event:
        return Invitation(method, _tell(method, event))


def _tell(method, event):
    def _get(name):
        value = event.get(name, ('', ''))[1][:1000]
        return one_line(_ESCAPE.sub(
                lambda m: ' ' if m[1] in 'nN' else m[1], value))

    lines = [_get('SUMMARY'), _when(event), _get('LOCATION')]
    if method == 'CANCEL' and any(lines):
        lines[0] = f'✘ {lines[0]}'.strip()
    if method == 'REPLY':
        answer = _parameters(event, 'ATTENDEE').get('PARTSTAT', '')
        lines.insert(0, ' '.join(filter(None, [
                        _ANSWERS.get(answer.upper(), ''),
                        _who(event, 'ATTENDEE')])))
    else:
        lines.append(_who(event, 'ORGANIZER'))
    return '\n'.join(filter(None, lines))


def _parameters(event, name):
    parameters, _ = event.get(name, ('', ''))
    return {
        key.upper(): one_line(quoted or plain)
        for key, quoted, plain in _PARAMETER.findall(parameters[:4000])}


def _who(event, name):
    email = one_line(event.get(name, ('', ''))[1][:300])
    if email.lower().startswith('mailto:'):
        email = email[7:]
    shown = _parameters(event, name).get('CN', '')[:200]
    return f'{shown} <{email}>' if shown and email else shown or email


def _when(event):
    "Return the day and the time, and the zone in the words of the sender."
    begin = _TIME.match(event.get('DTSTART', ('', ''))[1])
    if not begin:
        return ''
    end = _TIME.match(event.get('DTEND', ('', ''))[1])
    text = _day(begin)
    if begin[4]:
        text = f'{text} {begin[4]}:{begin[5]}'
        if end and end[4]:
            if end.group(1, 2, 3) != begin.group(1, 2, 3):
                text = f'{text} – {_day(end)} {end[4]}:{end[5]}'
            else:
                text = f'{text}–{end[4]}:{end[5]}'
        zone = 'UTC' if begin[6] else _parameters(event, 'DTSTART').get('TZID')
        if zone:
            text = f'{text} ({zone[:60]})'
    return text


def _day(match):
    return f'{match[1]}-{match[2]}-{match[3]}'
