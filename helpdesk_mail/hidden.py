# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Passwords and other secrets, which are written but never read.

Decided here: what clients get to see instead. Not here: when one has to be
entered again, which depends on where it would be sent.
"""

SHOWN = '*' * 10


def is_given(secret):
    "Tell if a secret was entered, and is not just what is shown for it."
    return bool(secret and secret.strip('*').strip())


class HiddenMixin:
    "Model with fields of which clients see only whether they have a value."
    __slots__ = ()

    # The field that clients write, and the one that nobody reads
    _hidden = {'password': 'secret'}

    @classmethod
    def get_hidden(cls, records, names):
        return {
            name: {
                r.id: SHOWN if getattr(r, cls._hidden[name]) else None
                for r in records}
            for name in names}

    @classmethod
    def set_hidden(cls, records, name, value):
        # What is read comes back when the rest of the form is saved
        if is_given(value):
            cls.write(records, {cls._hidden[name]: value})
