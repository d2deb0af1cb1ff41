# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import unittest

import pytest
from trytond.modules.helpdesk_mail.intake.identify import Sender, identify
from trytond.modules.helpdesk_mail.intake.parse import parse

from tests.helpdesk_mail.corpus import letter

pytestmark = pytest.mark.once


class IdentifyTestCase(unittest.TestCase):
    "Who wrote a letter"

    def test_identify(self):
        "The sender is known by the address, in whatever case"
        parties = {
            'marta@vivers-roca.example': [7],
            'inigo@clients.example': [8, 9],
            }
        for name, sender, party in [
                ('plain', Sender(
                        'marta@vivers-roca.example', 'Marta Roca', (7,)), 7),
                ('vacation_es', Sender(
                        'inigo@clients.example', 'Íñigo Arana', (8, 9)),
                    None),
                ('missing_charset', Sender(
                        'zakaz@pekarna.example', 'zakaz@pekarna.example'),
                    None),
                ('no_from', Sender(), None),
                ]:
            with self.subTest(letter=name):
                found = identify(letter(name), parties.get)
                self.assertEqual(found, sender)
                self.assertEqual(found.party, party)

    def test_reply_to(self):
        "ML17: neither Reply-To nor Sender nor the name make somebody else"
        found = identify(parse(
                b'From: "boss@bank.example" <eve@evil.example>\n'
                b'Sender: boss@bank.example\n'
                b'Reply-To: boss@bank.example\n\nx'),
            {'boss@bank.example': [1]}.get)
        self.assertEqual(
            found, Sender('eve@evil.example', 'boss@bank.example'))

    def test_organisation(self):
        "PO4: an unknown sender writes for who has the domain, known ones not"
        organisations = {'firm.example': 5, 'gmail.com': 6}
        for email, party, organisation, known in [
                ('ann@firm.example', None, 5, True),
                ('Ann@FIRM.example', None, 5, True),
                ('bob@firm.example', 7, None, True),
                ('ann@mail.firm.example', None, None, False),
                ('ann@gmail.com', None, None, False),
                ('ann@other.example', None, None, False),
                ]:
            with self.subTest(email=email):
                found = identify(
                    parse(f'From: {email}\n\nx'.encode()),
                    {'bob@firm.example': [7]}.get, organisations.get)
                self.assertEqual(
                    (found.party, found.organisation, found.known),
                    (party, organisation, known))
