# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import time
import unittest

from trytond.modules.helpdesk_portal.prose import linked, paragraphs


class ProseTestCase(unittest.TestCase):
    "Plain text becomes paragraphs with links"

    def test_paragraphs(self):
        for text, expected in [
                ('', []),
                (' \n\n ', []),
                ("one", ["one"]),
                ("one\ntwo", ["one\ntwo"]),
                ("one\n\ntwo", ["one", "two"]),
                ("one\r\n \t\r\n\r\ntwo\n", ["one", "two"]),
                ("    code\n\n  more", ["    code", "  more"]),
                ]:
            with self.subTest(text=text):
                self.assertEqual(
                    [''.join(p for p, _ in pieces)
                        for pieces in paragraphs(text)],
                    expected)

    def test_links(self):
        for text, links in [
                ("none", []),
                ("see http://example.com", ['http://example.com']),
                ("(https://example.com/a?b=c#d).",
                    ['https://example.com/a?b=c#d']),
                ("https://example.com/a_(b), and more",
                    ['https://example.com/a_(b)']),
                ("<https://example.com>", ['https://example.com']),
                ('"https://example.com/x"', ['https://example.com/x']),
                ("HTTP://EXAMPLE.COM!", ['HTTP://EXAMPLE.COM']),
                ("http://a.com http://b.com", [
                        'http://a.com', 'http://b.com']),
                ]:
            with self.subTest(text=text):
                pieces = linked(text)
                self.assertEqual([a for _, a in pieces if a], links)
                self.assertEqual(''.join(p for p, _ in pieces), text)

    def test_no_other_schemes(self):
        "SE1: nothing that runs becomes a link"
        for text in [
                'javascript:alert(1)', 'data:text/html,x', 'file:///etc',
                'xhttp://example.com', 'vbscript:http', 'www.example.com']:
            with self.subTest(text=text):
                self.assertEqual(linked(text), [(text, None)])

    def test_pathological(self):
        "SE15: a hostile text takes no longer than a usual one"
        for text in [
                'http://a' + ')' * 200_000,
                'http://' * 50_000,
                '\n \t' * 100_000,
                '\n' + ' ' * 200_000 + 'x',
                'h' * 200_000,
                ]:
            with self.subTest(text=text[:10]):
                started = time.monotonic()
                paragraphs(text)
                self.assertLess(time.monotonic() - started, 2)
