# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The stamp of a public form: that we made it, when, and for which section.

Decided here: what a stamp looks like and whether it is good. Not here:
whether its form was sent already (nonce.py). A stranger's form has it in the
place of a token that follows from a cookie: it works without cookies, as in a
frame on another site, and there is nobody in whose name it could be forged.
"""
import hashlib
import hmac
import re
from dataclasses import dataclass

# So many seconds a form can be open
LIFE = 24 * 60 * 60
# Who has filled in a form sooner is no person
LEAST = 3
_STAMP = re.compile(r'([0-9]{1,12})\.([A-Za-z0-9_-]{16,64})\.([0-9a-f]{64})')


@dataclass(frozen=True)
class Stamp:
    "The nonce of a form, and since how many seconds it is open"
    text: str
    nonce: str
    made: int
    age: int

    @property
    def hasty(self):
        return self.age < LEAST

    @property
    def expires(self):
        return self.made + LIFE


def make(secret, section, nonce, now):
    """
    Return a new Stamp for a form of the section.

    secret are bytes, section is an id, nonce a str of letters for addresses,
    now a number of seconds (POSIX).
    """
    text = f'{now}.{nonce}'
    proof = _proof(secret, section, text)
    return Stamp(f'{text}.{proof}', nonce, now, 0)


def read(secret, section, text, now):
    "Return the Stamp that a form of the section sent, None if it isn't good"
    match = _STAMP.fullmatch(text or '')
    if not match:
        return
    made, nonce, proof = int(match[1]), match[2], match[3]
    if not hmac.compare_digest(
            proof, _proof(secret, section, f'{match[1]}.{nonce}')):
        return
    if 0 <= now - made <= LIFE:
        return Stamp(text, nonce, made, now - made)


def _proof(secret, section, text):
    return hmac.new(
        secret, f'helpdesk web form {section} {text}'.encode(),
        hashlib.sha256).hexdigest()
