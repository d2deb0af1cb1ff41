# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import unittest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trytond.modules.helpdesk_mail.intake.correspondents import (
    Correspondents, domain_of, normalise, patterns)
from trytond.modules.helpdesk_mail.intake.freemail import is_free

pytestmark = pytest.mark.once


class CorrespondentsTestCase(unittest.TestCase):
    "What holds for addresses and domains"

    def test_normalise(self):
        "C3: one form for what people write"
        for text, normal in [
                ('Ann@Example.COM', 'ann@example.com'),
                ('  example.com\n', 'example.com'),
                ('@example.com', 'example.com'),
                ('*@example.com', 'example.com'),
                ('*.example.com', 'example.com'),
                ('.example.com', 'example.com'),
                ('MÜLLER.de', 'xn--mller-kva.de'),
                ('ann@müller.de', 'ann@xn--mller-kva.de'),
                ('josé@example.com', 'josé@example.com'),
                ('ann@localhost', 'ann@localhost'),
                ('host_1.example.com', 'host_1.example.com'),
                ]:
            with self.subTest(text=text):
                self.assertEqual(normalise(text), normal)
                self.assertEqual(normalise(normal), normal)

    def test_nonsense(self):
        "C3: what is no address is no pattern"
        for text in ['', '*', '@', 'com', 'example.', 'a b@example.com',
                'ann@', '-a.com', 'a-.com', 'ann@@example.com', 'a..b',
                '*@*', 'ann*@example.com', 'x' * 300 + '.com', '\ud800.com',
                'ann@' + '.'.join(['a' * 60] * 5)]:
            with self.subTest(text=text[:20]):
                with self.assertRaises(ValueError):
                    normalise(text)

    def test_patterns(self):
        "C3: an address falls under its domain and those above it"
        self.assertEqual(patterns('Ann@Mail.Example.com'), (
                'ann@mail.example.com', 'mail.example.com', 'example.com'))
        self.assertEqual(patterns('root@localhost'), ('root@localhost',))
        self.assertEqual(
            patterns('ann@müller.de'),
            ('ann@xn--mller-kva.de', 'xn--mller-kva.de'))
        for email in ['ann@example.com.', 'ann@example.com。']:
            self.assertEqual(
                patterns(email), ('ann@example.com', 'example.com'))
        self.assertLess(len(patterns('a@' + 'b.' * 90 + 'com')), 10)
        for odd in ['', '@', 'x', 'a@b..c', 'ann@\ud800.com', 'a@é' * 80]:
            with self.subTest(odd=odd[:9]):
                self.assertTrue(patterns(odd))

    def test_flags(self):
        "C3, C4, C5: each list is for one thing"
        lists = Correspondents(
            blocked={'example.org'}, no_automatic={'ann@example.com'},
            not_in_copy={'example.net'})
        for email, blocked, automatic, copies in [
                ('ann@example.com', False, False, True),
                ('bob@example.com', False, True, True),
                ('bob@x.example.org', True, True, True),
                ('bob@myexample.org', False, True, True),
                ('all@example.net', False, True, False),
                ]:
            with self.subTest(email=email):
                self.assertEqual((
                        lists.is_blocked(email), lists.gets_automatic(email),
                        lists.gets_copies(email)),
                    (blocked, automatic, copies))

    def test_free_mail(self):
        "PO4: the domains of nobody"
        for domain in ['gmail.com', 'outlook.com', 'outlook.es',
                'hotmail.co.uk', 'yahoo.com', 'yahoo.com.ar', 'gmx.de',
                'gmx.net', 'web.de', 'icloud.com', 'proton.me',
                'telefonica.net', 'movistar.es', 'qq.com']:
            with self.subTest(domain=domain):
                self.assertTrue(is_free(domain))
        for domain in ['example.com', 'yahoo.example.com', 'mail.acme.es',
                'live.acme.com', 'gmail.acme.com', 'outlook', 'msn.berlin',
                'mail.com.acme.es']:
            with self.subTest(domain=domain):
                self.assertFalse(is_free(domain))

    @settings(deadline=None, database=None)
    @given(st.one_of(
            st.text(), st.from_regex(r'\A[a-zé.@*-]*@[a-zü.-]*\Z')))
    def test_any_text(self, text):
        "ML1: no text is an error but for who lists it"
        self.assertLess(len(patterns(text)), 10)
        is_free(domain_of(text))
        self.assertFalse(Correspondents().is_blocked(text))
        try:
            normal = normalise(text)
        except ValueError:
            return
        self.assertEqual(normalise(normal), normal)
        if '@' in normal:
            self.assertIn(normal, patterns(normal))

    def test_domain(self):
        "PO4: the domain in the form in which it is compared"
        self.assertEqual(domain_of('a@MÜLLER.de'), 'xn--mller-kva.de')
        self.assertEqual(domain_of('a@Example.com'), 'example.com')
