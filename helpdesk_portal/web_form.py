# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What somebody sends in the public form of a section.

Decided here: whether it is complete, and what of it is kept. Not decided
here: who may send it, whether a person did, and what becomes of it.
"""
import re
from dataclasses import dataclass, field

from ..helpdesk_mail.intake.charset import one_line
from ..helpdesk_mail.intake.file import MAX_SUBJECT
from .forms import Error, Limits, read_answer

# Stays empty: only robots see it
TRAP = 'website'
# Characters that the lines may have
LENGTHS = {
    'name': 100,
    'email': 254,
    'phone': 50,
    'company': 100,
    'subject': MAX_SUBJECT,
    }
_OF_SENDER = ['name', 'email', 'phone', 'company']
_REQUIRED = ['name', 'email', 'subject']
_ENDING = re.compile(r'\.([^.\s]+)\Z')
_ORIGIN = re.compile(
    r'https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?')


@dataclass(frozen=True)
class FileRule:
    """
    Which files may be sent: endings in lower case, without the dot.

    With none allowed, all are that are not blocked.
    """
    allowed: frozenset = frozenset()
    blocked: frozenset = frozenset()

    @classmethod
    def of(cls, allowed, blocked):
        "Return the rule for the endings as people write them"
        return cls(endings(allowed), endings(blocked))

    def lets_in(self, name):
        match = _ENDING.search(name.lower())
        ending = match[1] if match else ''
        return (ending not in self.blocked
            and (not self.allowed or ending in self.allowed))


@dataclass(frozen=True)
class Asked:
    """
    What a form asks for.

    sender tells whether it asks who writes; categories are the ids to choose
    from, none if it does not ask.
    """
    sender: bool = True
    categories: tuple = ()

    @property
    def required(self):
        names = list(_REQUIRED if self.sender else ['subject'])
        return names + ['category'] * bool(self.categories) + ['text']


@dataclass(frozen=True)
class Request:
    "What was typed, its files, and the errors by name of the field"
    name: str = ''
    email: str = ''
    phone: str = ''
    company: str = ''
    category: int | None = None
    subject: str = ''
    text: str = ''
    files: tuple = ()
    errors: dict = field(default_factory=dict)

    @property
    def valid(self):
        return not self.errors


def read(
        values, files, asked, is_email, rule=FileRule(), limits=Limits()):
    """
    Return the Request for what was typed and uploaded.

    values is what finds the str of a field by its name, like dict.get; files
    is an iterable of forms.File; asked the Asked. is_email tells whether mail
    can go to an address. Never raise.
    """
    names = [*(_OF_SENDER if asked.sender else []), 'subject']
    lines = {n: one_line(values(n) or '') for n in names}
    answer = read_answer(values('text'), files, limits)
    category = _category(values('category'), asked)
    errors = {n: _line_error(n, v) for n, v in lines.items()}
    if asked.sender and not errors['email'] and not is_email(lines['email']):
        errors['email'] = Error('email_invalid')
    if asked.categories and category is None:
        errors['category'] = Error('category_required')
    errors.update(answer.errors)
    if not errors.get('files'):
        errors['files'] = kind_error(answer.files, rule)
    errors[TRAP] = Error('trap') if values(TRAP) else None
    order = [*LENGTHS, 'category', 'text', 'files', TRAP]
    return Request(
        **lines, category=category, text=answer.text, files=answer.files,
        errors={n: errors[n] for n in order if errors.get(n)})


def _line_error(name, value):
    if name in _REQUIRED and not value:
        return Error(f'{name}_required')
    if len(value) > LENGTHS[name]:
        return Error('too_long', {'limit': LENGTHS[name]})


def _category(value, asked):
    if re.fullmatch('[0-9]{1,9}', value or '', re.ASCII):
        if int(value) in asked.categories:
            return int(value)


def kind_error(files, rule):
    "Return the Error of the first file that the FileRule keeps out, or None"
    for file in files:
        if not rule.lets_in(file.name):
            return Error('file_kind', {'name': file.name})


def endings(text):
    "Return the endings that a text like '.exe, bat' lists, as a frozenset"
    return frozenset(
        e for e in (
            e.lstrip('*.') for e in re.split(r'[\s,;]+', (text or '').lower()))
        if e)


def origins(text):
    """
    Return the origins that the text lists, and what of it is none.

    They are written like https://www.example.com, one or more to a line
    (RFC 6454); two lists of str.
    """
    valid, wrong = [], []
    for word in (text or '').split():
        origin = word.lower().rstrip('/')
        if _ORIGIN.fullmatch(origin) and '..' not in origin:
            valid.append(origin)
        else:
            wrong.append(word)
    return list(dict.fromkeys(valid)), wrong
