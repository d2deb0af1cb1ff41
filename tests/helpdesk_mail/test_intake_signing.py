# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import unittest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trytond.modules.helpdesk_mail.intake.signing import (
    agent_address, mark, message_id, read_agent_address, read_message_id,
    read_reply_address, read_section_address, reply_address, section_address)

pytestmark = pytest.mark.once
SECRET = b'a secret of the tests'


class SigningTestCase(unittest.TestCase):
    "Message-IDs and addresses that only we can make"

    def test_message_id(self):
        "A Message-ID of ours leads to its ticket"
        value = message_id(SECRET, 17, 'Ab-1_', 'helpdesk.example')
        self.assertRegex(
            value,
            r'^helpdesk\.17\.Ab-1_\.[a-z2-7]{16}@helpdesk\.example$')
        for case in [value, f'<{value}>', f' {value} ', value.upper()]:
            with self.subTest(case):
                self.assertEqual(read_message_id(SECRET, case), 17)

    def test_reply_address(self):
        "A reply address of ours leads to its ticket, in whatever case"
        for address in ['support@helpdesk.example', 'a+b@helpdesk.example']:
            value = reply_address(SECRET, 17, address)
            self.assertTrue(value.startswith(address.split('@')[0] + '+17-'))
            for case in [value, value.upper(), f'<{value}>']:
                with self.subTest(case):
                    self.assertEqual(read_reply_address(SECRET, case), 17)

    def test_forged(self):
        "SE6: without the secret, or changed, it leads nowhere"
        value = message_id(SECRET, 17, 'x', 'helpdesk.example')
        address = reply_address(SECRET, 17, 'a@helpdesk.example')
        proof = address.partition('-')[2].partition('@')[0]
        for case in [
                value.replace('.17.', '.18.'), value.replace('.x.', '.y.'),
                value.replace('.17.', '.017.'), value.replace('.17.', '.٧.'),
                value.replace('helpdesk.17', 'helpdesk.-17'),
                value[1:], '', '<>', 'x@y', 'helpdesk.17.x.@y',
                f'helpdesk.17.x.{proof}@helpdesk.example']:
            with self.subTest(case):
                self.assertIsNone(read_message_id(SECRET, case))
        for case in [
                address.replace('+17', '+18'), address.replace('+17-', '+17'),
                'a@helpdesk.example', 'a+17-@helpdesk.example', '',
                'a+17-aaaaaaaaaaaaaaaa@helpdesk.example']:
            with self.subTest(case):
                self.assertIsNone(read_reply_address(SECRET, case))
        self.assertIsNone(read_message_id(b'other', value))
        self.assertIsNone(read_reply_address(b'other', address))

    def test_agent_address(self):
        "SE6: an address for one agent and one ticket, and for nothing else"
        value = agent_address(SECRET, 17, 3, 'support@helpdesk.example')
        for case in [value, value.upper(), f'<{value}>']:
            with self.subTest(case):
                self.assertEqual(read_agent_address(SECRET, case), (17, 3))
                self.assertIsNone(read_reply_address(SECRET, case))
        proof = value.split('-')[2].partition('@')[0]
        customers = reply_address(SECRET, 17, 'support@helpdesk.example')
        for case in [
                value.replace('-3-', '-4-'), value.replace('+17-', '+18-'),
                value.replace('+17-3-', '+3-17-'), customers,
                customers.replace('+17-', '+17-3-'),
                f'support+17-{proof}@helpdesk.example', '', 'a+1-2-@b.c']:
            with self.subTest(case):
                self.assertIsNone(read_agent_address(SECRET, case))
                if case != customers:
                    self.assertIsNone(read_reply_address(SECRET, case))
        self.assertIsNone(read_agent_address(b'other', value))
        self.assertIsNone(read_agent_address(b'', value))
        with self.assertRaises(ValueError):
            agent_address(SECRET, 17, 0, 'support@helpdesk.example')
        with self.assertRaises(ValueError):
            agent_address(SECRET, 17, 3, f'{"a" * 60}@helpdesk.example')

    def test_no_secret(self):
        "SE5: an empty secret proves nothing"
        value = message_id(SECRET, 17, 'x', 'helpdesk.example')
        for secret in ['', b'', None]:
            with self.subTest(secret=secret):
                self.assertIsNone(read_message_id(secret, value))
                with self.assertRaises(ValueError):
                    message_id(secret, 17, 'x', 'helpdesk.example')
                with self.assertRaises(ValueError):
                    reply_address(secret, 17, 'a@helpdesk.example')

    def test_mark(self):
        "SE6: the mark that all our letters carry leads to no ticket"
        value = mark(SECRET)
        self.assertEqual(value, mark(SECRET))
        self.assertNotEqual(value, mark(b'other'))
        for case in [
                value, f'helpdesk.1.mark.{value}@helpdesk.example',
                f'helpdesk.1.x.{value}@helpdesk.example']:
            with self.subTest(case):
                self.assertIsNone(read_message_id(SECRET, case))
        self.assertIsNone(
            read_reply_address(SECRET, f'a+1-{value}@helpdesk.example'))

    def test_text_secret(self):
        "The secret may be text"
        self.assertEqual(
            message_id('söcret', 1, 'x', 'y'),
            message_id('söcret'.encode(), 1, 'x', 'y'))

    def test_wrong(self):
        "What would break the format is refused"
        for ticket in [0, -1, None, '', '1 2']:
            with self.subTest(ticket=ticket):
                with self.assertRaises(ValueError):
                    reply_address(SECRET, ticket, 'a@helpdesk.example')
        for ticket, nonce, domain in [
                (0, 'x', 'y'), (-1, 'x', 'y'), (None, 'x', 'y'),
                (1, '', 'y'), (1, 'a b', 'y'), (1, 'a.b', 'y'),
                (1, 'x' * 65, 'y'), (1, 'x\n', 'y'), (1, 'x', ''),
                (1, 'x', 'a\r\nBcc: b'), (1, 'x', 'a>')]:
            with self.subTest(ticket=ticket, nonce=nonce, domain=domain):
                with self.assertRaises(ValueError):
                    message_id(SECRET, ticket, nonce, domain)
        for address in [
                '', 'a', '@b', 'a@', 'a@b@c', 'a@b\r\nBcc: c',
                'a' * 50 + '@b']:
            with self.subTest(address=address):
                with self.assertRaises(ValueError):
                    reply_address(SECRET, 17, address)

    @settings(deadline=None, database=None)
    @given(
        st.integers(1, 10 ** 19 - 1),
        st.from_regex(r'[A-Za-z0-9_-]{1,64}', fullmatch=True),
        st.one_of(st.binary(min_size=1), st.text(min_size=1)))
    def test_round_trip(self, ticket, nonce, secret):
        "What we make we can read"
        self.assertEqual(read_message_id(
                secret, message_id(secret, ticket, nonce, 'x.example')),
            ticket)
        self.assertEqual(read_reply_address(
                secret, reply_address(secret, ticket, 'help@x.example')),
            ticket)

    @settings(deadline=None, database=None)
    @given(st.one_of(
            st.text(),
            st.from_regex(r'\A<?helpdesk\.\d+\..*\..{16}@.*\Z'),
            st.from_regex(r'\A.*\+\d+-[a-z2-7]{16}@.*\Z')))
    def test_any_text(self, text):
        "SE5 SE6: no other text is ours, and none is an error"
        self.assertIsNone(read_message_id(SECRET, text))
        self.assertIsNone(read_reply_address(SECRET, text))
        self.assertIsNone(read_section_address(SECRET, text))

    def test_section(self):
        "C13: the address of a section is proved, and no ticket's"
        address = section_address(SECRET, 3, 'help@x.example')
        self.assertRegex(address, r'\Ahelp\+in-3-[a-z2-7]{16}@x\.example\Z')
        self.assertEqual(
            read_section_address(SECRET, f' <{address.upper()}> '), 3)
        self.assertIsNone(read_reply_address(SECRET, address))
        for other in [
                address.replace('-3-', '-4-'), address.replace('in-', ''),
                reply_address(SECRET, 3, 'help@x.example'), '']:
            with self.subTest(address=other):
                self.assertIsNone(read_section_address(SECRET, other))
        self.assertIsNone(read_section_address(b'other', address))
