# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What people send in the forms of their accounts.

Decided here: what can be an address and a name, how long a password has to
be, and what a form lacks. Not decided here: who has an account, and which
passwords Tryton refuses. Nothing here knows Tryton, the database or the
request.
"""
import re
from dataclasses import dataclass, field

from .forms import Error

# RFC 5321, 4.5.3.1.3: what fits between < and >
EMAIL_LENGTH = 254
NAME_LENGTH = 100
# NIST SP 800-63B, 5.1.1.2; more costs time to hash
PASSWORD_LENGTHS = range(8, 257)
# One address and nothing that a header takes for more than that
_EMAIL = re.compile(r'[^\s@<>()\[\],;:"\\]+@[^\s@<>()\[\],;:"\\]+')


@dataclass(frozen=True)
class Typed:
    "What was typed by name of the field, and the errors by the same"
    values: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)

    @property
    def valid(self):
        return not self.errors

    def get(self, name):
        return self.values.get(name, '')

    def with_errors(self, **errors):
        "Return the same with the errors added: Error or str by name"
        return Typed(self.values, {**self.errors, **errors})


def read(form, *names, optional=()):
    """
    Return what was Typed into the fields.

    form is a mapping from names to str. Each name is a key of READERS;
    optional names those that may be left empty. Never raise.
    """
    values, errors = {}, {}
    for name in names:
        value, error = READERS[name](form.get(name) or '')
        values[name] = value
        if not value and name in optional:
            continue
        if error:
            errors[name] = error
    return Typed(values, errors)


def _read_email(text):
    email = text.strip().lower()
    if not email:
        return email, Error('form_email_required')
    if (len(email) > EMAIL_LENGTH or not email.isprintable()
            or not _EMAIL.fullmatch(email)):
        return email, Error('account_email_invalid')
    return email, None


def _read_name(text):
    name = ' '.join(text.split())
    if not name:
        return name, Error('form_name_required')
    if len(name) > NAME_LENGTH or not name.isprintable():
        return name, Error('account_name_invalid', {'limit': NAME_LENGTH})
    return name, None


def _read_password(text):
    # What is wrong with it is only known to whoever keeps its hash
    if not text:
        return text, Error('account_password_required')
    if len(text) >= PASSWORD_LENGTHS.stop:
        return '', Error('account_password_wrong')
    return text, None


def _read_new_password(text):
    if not text:
        return text, Error('account_password_required')
    if len(text) < PASSWORD_LENGTHS.start:
        return text, Error('account_password_short', {
                'limit': PASSWORD_LENGTHS.start})
    if len(text) >= PASSWORD_LENGTHS.stop:
        return text, Error('account_password_long', {
                'limit': PASSWORD_LENGTHS.stop - 1})
    return text, None


READERS = {
    'email': _read_email,
    'name': _read_name,
    'password': _read_password,
    'new_password': _read_new_password,
    }
