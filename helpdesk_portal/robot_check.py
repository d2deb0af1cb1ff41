# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Telling people from robots, in the way that the configuration says.
"""
from trytond.pool import Pool

from . import proof_of_work, recaptcha
from .web_form_page import PROOF_FIELD, RECAPTCHA_FIELD

_PERSON = 'helpdesk_portal.person'


def is_person(request, secret, nonce, values):
    """
    Tell whether it is a person who sends the request.

    secret and nonce are those of the stamp that it brings back; values what
    finds the str of a field by its name, like dict.get.
    """
    # A transaction that is tried again can't ask Google a second time
    environ = request.environ
    if _PERSON not in environ:
        environ[_PERSON] = _ask(secret, nonce, values)
    return environ[_PERSON]


def _ask(secret, nonce, values):
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    configuration = Configuration(1)
    if configuration.robot_check == 'altcha':
        return proof_of_work.is_solved(secret, nonce, values(PROOF_FIELD))
    if configuration.robot_check == 'recaptcha':
        return recaptcha.is_person(
            configuration.recaptcha_key, values(RECAPTCHA_FIELD),
            configuration.recaptcha_score)
    return True
