# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import unittest

from trytond.modules.helpdesk_portal import form_stamp

SECRET, NONCE = b'secret', 'a' * 32


class FormStampTestCase(unittest.TestCase):
    "Which forms are ours, and how old they are (PO7)"

    def test_read(self):
        stamp = form_stamp.make(SECRET, 3, NONCE, 1000)
        for age, hasty in [(0, True), (2, True), (3, False), (86400, False)]:
            with self.subTest(age=age):
                read = form_stamp.read(SECRET, 3, stamp.text, 1000 + age)
                self.assertEqual(read.nonce, NONCE)
                self.assertEqual(read.age, age)
                self.assertEqual(read.hasty, hasty)
                self.assertEqual(read.expires, 1000 + 86400)

    def test_not_good(self):
        text = form_stamp.make(SECRET, 3, NONCE, 1000).text
        made, nonce, proof = text.split('.')
        for name, secret, section, value, now in [
                ("another secret", b'other', 3, text, 1010),
                ("another section", SECRET, 4, text, 1010),
                ("too old", SECRET, 3, text, 1001 + 86400),
                ("from the future", SECRET, 3, text, 999),
                ("younger", SECRET, 3, f'2000.{nonce}.{proof}', 2010),
                ("another nonce", SECRET, 3,
                    f'{made}.{"b" * 32}.{proof}', 1010),
                ("no proof", SECRET, 3, f'{made}.{nonce}.', 1010),
                ("nothing", SECRET, 3, None, 1010),
                ("nonsense", SECRET, 3, '\x00.é.<', 1010),
                ("other digits", SECRET, 3, text.replace('1000', '١٠٠٠', 1),
                    1010),
                ]:
            with self.subTest(name):
                self.assertIsNone(
                    form_stamp.read(secret, section, value, now))
