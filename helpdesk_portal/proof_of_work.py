# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
That it costs something to send a form: ALTCHA's proof of work.

The browser has to find a number whose key, which takes long to derive, begins
with a certain byte. Nobody else is asked, and nothing is learned of who does
it. A challenge is bound to the nonce of its form, so it counts once.
"""
import altcha

ALGORITHM = 'PBKDF2/SHA-256'
# A computer tries 256 numbers on the average; a telephone needs a few seconds
COST = 5000
PREFIX = '00'
MAX_PAYLOAD = 4000


def challenge(secret, nonce, expires):
    """
    Return the challenge for the form with the nonce, as a dictionary for JSON.

    secret are bytes, expires is a number of seconds (POSIX).
    """
    return altcha.create_challenge(
        ALGORITHM, COST, key_prefix=PREFIX, expires_at=expires,
        data={'form': nonce}, hmac_secret=secret).to_dict()


def is_solved(secret, nonce, payload):
    """
    Tell whether the payload solves a challenge for the form with the nonce.

    payload is a str as ALTCHA's widget sends it, or None. Never raise.
    """
    if not payload or len(payload) > MAX_PAYLOAD:
        return False
    if not altcha.verify_solution(payload, secret).verified:
        return False
    solved = altcha.Payload.from_base64(payload).challenge.parameters
    return bool(solved.data) and solved.data.get('form') == nonce
