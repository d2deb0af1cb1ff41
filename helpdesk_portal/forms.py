# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What a visitor sends in a form.

Decided here: whether a form is complete, and what of it is kept. Not decided
here: who may send it and what becomes of it. Nothing here knows Tryton, the
database or the request; a form comes in as plain values.
"""
from dataclasses import dataclass, field

from ..helpdesk_mail.intake.charset import clean_text
from ..helpdesk_mail.intake.file import file_names

MIB = 2 ** 20


@dataclass(frozen=True)
class Limits:
    """
    What may be sent: characters, number of files, bytes of all files.

    comment is for the characters of a comment on a rating.
    """
    text: int = 50_000
    files: int = 10
    size: int = 10 * MIB
    comment: int = 2_000


@dataclass(frozen=True)
class Error:
    "What is wrong with a field: the key of a message and its variables"
    key: str
    variables: dict = field(default_factory=dict)


@dataclass(frozen=True)
class File:
    name: str
    type: str
    data: bytes


@dataclass(frozen=True)
class Answer:
    "An answer as typed, its files, and the errors by name of the field"
    text: str = ''
    files: tuple = ()
    errors: dict = field(default_factory=dict)

    @property
    def valid(self):
        return not self.errors


def read_answer(text, files, limits=Limits()):
    """
    Return the Answer for what was typed and uploaded.

    text is a str or None; files is an iterable of File with names as the
    browser sent them. Names come back safe for a header and for any disk, no
    two the same: telephones call every picture image.jpg. Never raise.
    """
    text = clean_text(text or '').strip()
    # A field for files left empty is sent as one without name nor content
    files = [f for f in files if f.name or f.data]
    files = tuple(
        File(n, f.type, f.data) for n, f in zip(file_names(files), files))
    errors = {
        'text': _text_error(text, limits),
        'files': _files_error(files, limits),
        }
    return Answer(text, files, {n: e for n, e in errors.items() if e})


@dataclass(frozen=True)
class Rating:
    "A score as chosen, its comment, and the errors by name of the field"
    score: int | None = None
    comment: str = ''
    errors: dict = field(default_factory=dict)

    @property
    def valid(self):
        return not self.errors


def read_rating(score, comment, limits=Limits()):
    """
    Return the Rating for what was chosen and typed, str or None.

    Never raise.
    """
    score = read_score(score)
    comment = clean_text(comment or '').strip()
    errors = {}
    if not score:
        errors['score'] = Error('score_required')
    if len(comment) > limits.comment:
        errors['comment'] = Error('comment_too_long', {
                'limit': limits.comment, 'length': len(comment)})
    return Rating(score, comment, errors)


def read_score(value):
    "Return the score from 1 to 5 that a str or None stands for, or None"
    return int(value) if value in {'1', '2', '3', '4', '5'} else None


def _text_error(text, limits):
    if not text:
        return Error('text_required')
    if len(text) > limits.text:
        return Error('text_too_long', {
                'limit': limits.text, 'length': len(text)})


def _files_error(files, limits):
    if len(files) > limits.files:
        return Error('files_too_many', {'limit': limits.files})
    if sum(len(f.data) for f in files) > limits.size:
        return Error('files_too_large', {'limit': mebibytes(limits.size)})
    for file in files:
        if not file.data:
            return Error('file_empty', {'name': file.name})


def mebibytes(size):
    "Return how many MiB the bytes are, with one decimal if it needs one"
    size = round(size / MIB, 1)
    return int(size) if size.is_integer() else size
