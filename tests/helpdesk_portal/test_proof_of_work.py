# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import base64
import json
import time
import unittest

import altcha
from trytond.modules.helpdesk_portal import proof_of_work

SECRET, NONCE = b'secret', 'n' * 32


def solve(challenge):
    "Return what the browser sends, as the library has it"
    challenge = altcha.Challenge.from_dict(challenge)
    return altcha.Payload(
        challenge, altcha.solve_challenge(challenge)).to_base64()


class ProofOfWorkTestCase(unittest.TestCase):
    "That a browser has worked for a form (B5, PO7)"

    def setUp(self):
        cost = proof_of_work.COST
        proof_of_work.COST = 10
        self.addCleanup(setattr, proof_of_work, 'COST', cost)

    def challenge(self, nonce=NONCE, secret=SECRET, seconds=60):
        return proof_of_work.challenge(
            secret, nonce, int(time.time()) + seconds)

    def test_solved(self):
        challenge = json.loads(json.dumps(self.challenge()))
        self.assertTrue(
            proof_of_work.is_solved(SECRET, NONCE, solve(challenge)))

    def test_not_solved(self):
        good = json.loads(base64.b64decode(solve(self.challenge())))

        def changed(change):
            payload = json.loads(json.dumps(good))
            change(payload)
            return base64.b64encode(json.dumps(payload).encode()).decode()
        easier = {**good['challenge']['parameters'], 'keyPrefix': ''}
        for name, payload in [
                ("nothing", None),
                ("empty", ''),
                ("no base64", '<é>'),
                ("no JSON", base64.b64encode(b'{').decode()),
                ("a list", base64.b64encode(b'[]').decode()),
                ("too long", 'A' * 5000),
                ("deep", base64.b64encode(b'[' * 2900).decode()),
                ("another counter",
                    changed(lambda p: p['solution'].update(counter=0))),
                ("no counter",
                    changed(lambda p: p['solution'].update(counter='x'))),
                ("too large a counter",
                    changed(lambda p: p['solution'].update(counter=2**40))),
                ("no parameters",
                    changed(lambda p: p['challenge'].update(parameters=[]))),
                ("an easier one", changed(
                        lambda p: p['challenge'].update(parameters=easier))),
                ("no signature", changed(
                        lambda p: p['challenge'].update(signature=None))),
                ("another secret", solve(self.challenge(secret=b'other'))),
                ("of another form", solve(self.challenge(nonce='o' * 32))),
                ("expired", solve(self.challenge(seconds=-1))),
                ]:
            with self.subTest(name):
                self.assertFalse(
                    proof_of_work.is_solved(SECRET, NONCE, payload))
