# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import unittest

import pytest
from trytond.modules.helpdesk_mail.intake.acknowledge import acknowledge
from trytond.modules.helpdesk_mail.intake.filter import Policy, judge

from tests.helpdesk_mail.corpus import letter

pytestmark = pytest.mark.once


class AcknowledgeTestCase(unittest.TestCase):
    "Which letters get an automatic answer"

    def test_acknowledge(self):
        "ML11: new tickets of people do, within a limit"
        for new, wanted, sent, expected in [
                (True, True, 0, (True, '')),
                (True, True, 4, (True, '')),
                (True, True, 5, (False, 'limit')),
                (False, True, 0, (False, 'not_new')),
                (True, False, 0, (False, 'not_wanted')),
                ]:
            with self.subTest(new=new, wanted=wanted, sent=sent):
                found = letter('plain')
                self.assertEqual(acknowledge(
                        found, judge(found, Policy()), new, wanted, sent, 5),
                    expected)

    def test_machines(self):
        "ML11: machines, lists and bounces never do"
        for name, reason in [
                ('vacation_es', 'automatic'),
                ('mailing_list', 'no_answer'),
                ('delivery_report', 'not_filed'),
                ('read_receipt', 'not_filed'),
                ('no_from', 'not_filed'),
                ]:
            with self.subTest(letter=name):
                found = letter(name)
                self.assertEqual(acknowledge(
                        found, judge(found, Policy()), True, True, 0, 5),
                    (False, reason))
