# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import unittest

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trytond.modules.helpdesk_mail.intake.recipients import (
    recipients, stored, without)

pytestmark = pytest.mark.once


class RecipientsTestCase(unittest.TestCase):
    "What people type as recipients"

    def test_addresses(self):
        "ML23: names, commas, semicolons and lines separate addresses"
        for text, expected in [
                ('', []),
                (' , ;\n', []),
                ('Ada@Example.org', ['ada@example.org']),
                ('a@x.org, b@x.org; c@x.org\nd@x.org',
                    ['a@x.org', 'b@x.org', 'c@x.org', 'd@x.org']),
                ('"Lovelace, Ada" <ada@x.org>, A <ADA@x.org>', ['ada@x.org']),
                ]:
            self.assertEqual(recipients(text), (expected, []), text)

    def test_wrong(self):
        "What is no address is named, and the others are kept"
        for text, wrong in [
                ('ada', ['ada']),
                ('ada@', ['ada@']),
                ('a@b@c', ['a@b@c']),
                ('a..b@x.org', ['a..b@x.org']),
                ('bob@x.org ada@x.org', ['bob@x.org ada@x.org']),
                ]:
            found, bad = recipients(f'ok@x.org, {text}')
            self.assertEqual((found, bad), (['ok@x.org'], wrong), text)

    @given(st.text())
    def test_any_text(self, text):
        "SE8: no text makes an address with a line end or a comma in it"
        found, _ = recipients(text)
        for email in found:
            self.assertFalse(set(email) & set('\r\n, ;<>"'), email)

    def test_without(self):
        self.assertEqual(
            without(['a', 'b', 'c'], ['b'], ['c', 'd']), ['a'])

    def test_stored(self):
        "What we stored is taken apart at the commas"
        self.assertEqual(stored(None, '', ' , '), [])
        self.assertEqual(
            stored('a@x.org, b@x.org', None, 'a@x.org'),
            ['a@x.org', 'b@x.org', 'a@x.org'])
