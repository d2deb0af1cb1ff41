# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import unittest
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trytond.modules.helpdesk_mail.intake.agent import (
    RULE, Claim, addressed, answer, fresh, judge)
from trytond.modules.helpdesk_mail.intake.letter import Letter, Part
from trytond.modules.helpdesk_mail.intake.parse import parse
from trytond.modules.helpdesk_mail.intake.signing import (
    agent_address, reply_address)
from trytond.modules.helpdesk_mail.intake.verdict import Verdict

from tests.helpdesk_mail.corpus import FOLDER, letter

pytestmark = pytest.mark.once
SECRET = b'a secret of the tests'
SEPARATOR = f"{RULE} Write above this line {RULE}"
PROVED = Claim(proved=True, wanted='send', open=True)

# letter: what is new in it, and what becomes of it
EXPECTED = {
    'answer_gmail_es': ("El técnico va mañana.", 'agent_sent'),
    'answer_outlook_de': ("Der Techniker kommt morgen.", 'agent_sent'),
    'plain': ("It is on its way.", 'agent_sent'),
    'nothing_new': ("", 'agent_empty'),
    'between_lines': (None, 'agent_quotes'),
    }


class AgentTestCase(unittest.TestCase):
    "What becomes of the answers of agents"

    def test_letters(self):
        "AG7: what the customer gets of an answer"
        self.assertEqual(
            {p.stem for p in FOLDER.glob('agent_*.eml')},
            {f'agent_{n}' for n in EXPECTED})
        for name, (text, reason) in EXPECTED.items():
            with self.subTest(letter=name):
                found = answer(letter(f'agent_{name}'), [SEPARATOR])
                if text is not None:
                    self.assertEqual(found.text, text)
                self.assertEqual(
                    judge(found, Verdict('file'), PROVED).reason, reason)

    def test_parts(self):
        "AG7: the HTML and the pictures of a signature stay here, no others"
        logo = Part('logo.png', 'image/png', b'x', 'logo', True)
        shown = (
            Part('plan.png', 'image/png', b'x'),
            Part('photo.jpg', 'image/jpeg', b'x', inline=True),
            Part('screen.png', 'image/png', b'x' * 60_000, 'screen', True),
            Part('note.pdf', 'application/pdf', b'x', 'note', True))
        found = answer(Letter(
                text="Hello", html='<p>Hello</p>', parts=(logo, *shown)))
        self.assertEqual((found.html, found.parts), ('', shown))

    def test_fresh(self):
        "AG7: where nothing is new, nothing is left"
        for text, expected in [
                ("Yes", "Yes"), ("", ""), ("\n\n", ""), ("> Yes", ""),
                ("-- \nAnn", ""), ("Yes\n\n-- \nAnn", "Yes"),
                ("> No?\n\nYes", "Yes"),
                (f"Yes\n\n{SEPARATOR}\nSecret", "Yes"),
                (f"Yes\n\n> {SEPARATOR}\nSecret", "Yes")]:
            with self.subTest(text=text):
                self.assertEqual(fresh(text, [SEPARATOR]), expected)

    def test_judge(self):
        "AG7, SE6: only what is proved, wanted and new is sent"
        new = Letter(text="Hello")
        files = Letter(parts=(Part('a.pdf', 'application/pdf', b'x'),))
        person = Verdict('file')
        for letter_, verdict, claim, expected in [
                (new, person, PROVED, ('file', 'agent_sent')),
                (files, person, PROVED, ('file', 'agent_sent')),
                (new, person, replace(PROVED, wanted='note', open=False),
                    ('file', 'agent_noted')),
                (new, person, Claim(wanted='send', open=True),
                    ('hold', 'agent_unproved')),
                (new, person, replace(PROVED, wanted='hold'),
                    ('hold', 'agent_not_wanted')),
                (new, person, replace(PROVED, wanted='other'),
                    ('hold', 'agent_not_wanted')),
                (new, person, replace(PROVED, open=False),
                    ('hold', 'agent_closed')),
                (Letter(), person, PROVED, ('hold', 'agent_empty')),
                (Letter(text=f"a\n {RULE}"), person, PROVED,
                    ('hold', 'agent_quotes')),
                (Letter(text="a\n > b"), person, PROVED,
                    ('hold', 'agent_quotes')),
                (new, Verdict('file', automatic=True), PROVED,
                    ('ignore', 'agent_automatic')),
                ]:
            with self.subTest(expected=expected):
                found = judge(letter_, verdict, claim)
                self.assertEqual((found.action, found.reason), expected)
                self.assertFalse(found.answer)

    def test_addressed(self):
        "SE6: the one signed address that a letter went to"
        mine = agent_address(SECRET, 17, 3, 'support@helpdesk.example')
        other = agent_address(SECRET, 17, 4, 'support@helpdesk.example')
        customers = reply_address(SECRET, 17, 'support@helpdesk.example')
        for lines, expected in [
                ([f'To: {mine}'], (17, 3)),
                ([f'Cc: {mine.upper()}', f'To: {customers}'], (17, 3)),
                ([f'Delivered-To: {mine}'], (17, 3)),
                ([f'To: {mine}, {other}'], None),
                ([f'To: {customers}'], None),
                (['To: support@helpdesk.example'], None),
                ]:
            with self.subTest(lines=lines):
                self.assertEqual(addressed(
                        parse('\n'.join([*lines, '', 'x']).encode()),
                        SECRET), expected)

    @settings(deadline=None, database=None)
    @given(st.text(), st.text())
    def test_nothing_of_the_notice(self, above, below):
        "AG7: nothing below the line is sent, whatever stands above it"
        found = answer(
            Letter(text=f"{above}\n{SEPARATOR}\nSecret {below}"),
            [SEPARATOR])
        if judge(found, Verdict('file'), PROVED).action == 'file':
            self.assertNotIn("Secret", found.text)
