# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""The letter that somebody forwarded.

Decided here: who wrote it, when, about what, and what it says, from the
attached letter or from the lines that mail programs put above it in English,
Spanish, Catalan, German and French.  Not here: whether it is taken for a
letter of its own.

A wrong guess gives a ticket to the wrong person.  Whatever can be read in two
ways is not read at all.
"""
import re
from dataclasses import dataclass, replace

from .agent import fresh
from .charset import one_line
from .filter import Policy, judge
from .letter import Address
from .parse import parse
from .thread import is_forward, without_forward

MAX_LINES = 2000
MAX_LINE = 1000
MAX_BLOCK = 25

_NAMES = {
    'from': ['from', 'de', 'von', 'remitente', 'expéditeur'],
    'date': [
        'date', 'sent', 'fecha', 'enviado', 'enviado el', 'enviat',
        'enviat el', 'data', 'datum', 'gesendet', 'envoyé'],
    'to': [
        'to', 'para', 'per a', 'per', 'a', 'an', 'à', 'destinatario',
        'destinatari', 'destinataire', 'pour'],
    'cc': ['cc', 'kopie', 'copia', 'còpia', 'copie', 'copie à', 'cci', 'bcc'],
    'subject': [
        'subject', 'asunto', 'assumpte', 'tema', 'betreff', 'objet',
        'sujet'],
    'reply_to': [
        'reply-to', 'responder a', 'respon a', 'antwort an', 'répondre à'],
    }
_KINDS = {name: kind for kind, names in _NAMES.items() for name in names}
_LABEL = re.compile(
    r'[ \t]{0,8}\*{0,2}([A-Za-zÀ-ÿ][A-Za-zÀ-ÿ -]{0,20}?)[ \t\xa0]{0,2}\*{0,2}'
    r'[:：]\*{0,2}(?=\s|\Z)(.*)')
_QUOTED = re.compile(r'[ \t]{0,3}>[ \t]?')
_EMAIL = re.compile(
    r'[^\s<>()\[\]:;,"\'@]{1,64}@[^\s<>()\[\]:;,"\'@]{1,200}')
# Somebody wrote in the name of somebody else
_BEHALF = re.compile(
    r'\b(?:on behalf of|en nombre de|en nom de|im auftrag von|im namen von'
    r'|de la part de|au nom de|via|vía)\b', re.I)
# What programs write above the lines that name the sender
_RULE = re.compile(
    r'\s{0,9}(?:[-_=*]{2,}.{0,100}|.{0,60}(?:forwarded|reenvia[dt]'
    r'|weitergeleitet|transf[eé]r|réexpédi).{0,40}:)\s{0,9}', re.I)


@dataclass(frozen=True)
class Forwarded:
    """A letter that was forwarded.

    ``letter`` is it, as a Letter that keeps the Message-ID and the header of
    the letter around it; ``date`` is when it was written, in the words of
    the mail program, '' if that is not said; ``comment`` is what the person
    who forwarded it wrote above; ``parts`` are the files of that person.
    """

    letter: object
    date: str = ''
    comment: str = ''
    parts: tuple = ()


def find(letter):
    """Return the Forwarded in the letter, None if it can't be told.

    Only what a person wrote counts: reports and machines have no questions.
    """
    if not letter.sender:
        return None
    found = _attached(letter)
    if found is None and is_forward(letter.subject):
        found = _inline(letter)
    if found is None or found.letter.sender.email == letter.sender.email:
        return None
    verdict = judge(found.letter, Policy())
    # The header is of the person who forwarded it: only the sender tells
    if verdict.action != 'file' or verdict.automatic:
        return None
    return found


def _attached(letter):
    letters = [p for p in letter.parts if p.type == 'message/rfc822']
    if len(letters) != 1:
        return None
    inner = parse(letters[0].data)
    if (not inner.sender or 'several_senders' in inner.defects
            or not (is_forward(letter.subject) or not letter.subject
                or letter.subject == inner.subject)):
        return None
    verdict = judge(inner, Policy())
    if verdict.action != 'file' or verdict.automatic:
        return None
    return Forwarded(
        _rewritten(
            letter, inner.sender, inner.subject, inner.text, inner.html,
            inner.parts),
        date=inner.header('date'),
        comment=_comment(letter.text),
        parts=tuple(
            p for p in letter.parts if p is not letters[0] and not p.inline))


def _inline(letter):
    lines = letter.text.split('\n')
    for start in range(min(len(lines), MAX_LINES)):
        values, end = _block(lines, start)
        if 'from' in values and len(values) >= 3 and (
                'date' in values or 'subject' in values):
            break
    else:
        return None
    sender = _sender(values['from'])
    if sender is None or any(
            p.type == 'message/rfc822' for p in letter.parts):
        return None
    rest = lines[end:]
    if _QUOTED.match(lines[start]):
        rest = [_QUOTED.sub('', line, count=1) for line in rest]
    text = '\n'.join(rest).strip()
    if not (text or letter.parts):
        return None
    return Forwarded(
        _rewritten(
            letter, sender,
            one_line(values.get('subject', '')).strip()
            or without_forward(letter.subject),
            text, '', letter.parts),
        date=one_line(values.get('date', '')).strip(),
        comment=_comment('\n'.join(lines[:start])))


def _block(lines, start):
    "Return the values of the header lines from there on, and where they end."
    values, last, blank = {}, None, False
    number = start
    for number in range(start, min(len(lines), start + MAX_BLOCK)):
        line = _QUOTED.sub('', lines[number][:MAX_LINE], count=1)
        if not line.strip():
            # Programs that write HTML leave lines between them
            if last is None or blank or len(values) >= 4:
                break
            blank = True
            continue
        match = _LABEL.fullmatch(line)
        kind = _KINDS.get(match[1].strip().lower()) if match else None
        if (kind is None and last in {'from', 'to', 'cc'} and not blank
                and ('@' in line or values[last].endswith((',', ';')))):
            # A long line was broken
            values[last] += f' {line.strip()}'
            continue
        if kind is None or kind in values:
            break
        values[kind], last, blank = match[2].strip(), kind, False
    else:
        number += 1
    return values, number


def _sender(value):
    "Return the one Address in the value, else None."
    emails = {e.lower().strip('.') for e in _EMAIL.findall(value)}
    if len(emails) != 1 or _BEHALF.search(value):
        return None
    name = re.split(r'[<(\[]', value, maxsplit=1)[0].strip(' "\'*')
    email = emails.pop()
    return Address('' if '@' in name else one_line(name), email)


def _comment(text):
    "Return what somebody wrote above a letter, without the signature."
    lines = text.rstrip().split('\n')
    while lines and (not lines[-1].strip() or _RULE.fullmatch(lines[-1])):
        lines.pop()
    return fresh('\n'.join(lines))


def _rewritten(letter, sender, subject, text, html, parts):
    return replace(
        letter, sender=sender, reply_to=(), subject=subject, text=text,
        html=html, parts=parts)
