# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What a customer decides in a form.

Decided here: whether the form says clearly what the customer wants, and
whether it is signed. Not decided here: who may decide, and what follows.
Nothing here knows Tryton, the database or the request.
"""
import hmac
from dataclasses import dataclass, field

from ..helpdesk_mail.intake.charset import clean_text, one_line
from .forms import Error
from .signature import NotDrawn, read_drawing

STATES = {'granted', 'denied'}
MAX_NAME = 100
MAX_REASON = 2000


@dataclass(frozen=True)
class Decision:
    """
    A decision as it was sent, and the errors by name of the field.

    state is granted or denied; question_hash that of the text the customer
    saw; kind None, drawn or typed for how it is signed, with the picture as
    bytes of a PNG.
    """
    state: str = ''
    question_hash: str = ''
    name: str = ''
    reason: str = ''
    kind: str | None = None
    picture: bytes | None = None
    errors: dict = field(default_factory=dict)

    @property
    def valid(self):
        return not self.errors

    def is_on(self, question_hash):
        "Tell whether it was taken on the question with this fingerprint"
        return hmac.compare_digest(
            self.question_hash.encode('utf-8', 'replace'),
            question_hash.encode())


def refused(key, **variables):
    "Return what is no decision, with the key of the message that says why"
    return Decision(errors={'state': Error(key, variables)})


def read_decision(form, signature):
    """
    Return the Decision of a form.

    form is a mapping of str; signature whether it must be signed to be
    granted. Nothing is kept that was not asked for. Never raise.
    """
    values = {
        'state': form.get('decision', ''),
        'question_hash': clean_text(form.get('question', ''))[:64],
        }
    if values['state'] == 'denied':
        reason = clean_text(form.get('reason', '')).strip()
        errors = {}
        if len(reason) > MAX_REASON:
            errors['reason'] = Error('authorization_reason_too_long', {
                    'limit': MAX_REASON, 'length': len(reason)})
        return Decision(**values, reason=reason, errors=errors)
    if values['state'] != 'granted':
        return Decision(
            **values, errors={'state': Error('authorization_unclear')})
    if not signature:
        return Decision(**values)
    return Decision(**values, **_signature(form))


def _signature(form):
    name = ' '.join(one_line(form.get('name', '')).split())
    errors, kind, picture = {}, None, None
    if not name:
        errors['signer'] = Error('form_name_required')
    elif len(name) > MAX_NAME:
        errors['signer'] = Error(
            'authorization_name_too_long', {'limit': MAX_NAME})
    try:
        picture = read_drawing(form.get('drawing', ''))
    except NotDrawn:
        errors['drawing'] = Error('authorization_drawing_unreadable')
    else:
        if picture:
            kind = 'drawn'
        elif form.get('agree'):
            kind = 'typed'
        else:
            errors['agree'] = Error('authorization_agree_required')
    return {
        'name': name, 'kind': kind, 'picture': picture, 'errors': errors}
