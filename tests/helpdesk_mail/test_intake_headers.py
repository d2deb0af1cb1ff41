# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import datetime as dt
import unittest

import pytest
from trytond.modules.helpdesk_mail.intake.addresses import (
    MAX_ADDRESSES, addresses, is_address)
from trytond.modules.helpdesk_mail.intake.headers import (
    decode_base64, decode_words, message_ids, parameters, parse_date, split)

pytestmark = pytest.mark.once


class WordsTestCase(unittest.TestCase):
    "Encoded words in headers (RFC 2047)"

    def test_words(self):
        "ML15: encoded words are read, also those that break the rules"
        for value, text in [
                ('plain', 'plain'),
                ('=?utf-8?q?a=C3=B1o?=', 'año'),
                ('=?UTF-8?B?YcOxbw==?=', 'año'),
                ('=?UTF-8?B?YcOxbw?=', 'año'),
                ('=?iso-8859-1*es?Q?a=F1o_nuevo?= 2026', 'año nuevo 2026'),
                ('a =?utf-8?q?b?= c', 'a b c'),
                ('=?utf-8?q?a?= =?utf-8?q?b?=', 'ab'),
                ('=?utf-8?q?a?= =?latin-1?q?=F1?=', 'añ'),
                ('=?utf-8?q?=C3?= =?utf-8?q?=B1?=', 'ñ'),
                ('=?utf-8?q?Can you??=', 'Can you?'),
                ('=?utf-8?q?a?=x=?utf-8?q?b?=', 'axb'),
                ('=?nonsense?q?caf=E9?=', 'café'),
                ('=?utf-8?x?a?=', '=?utf-8?x?a?='),
                ('=?utf-8?q?', '=?utf-8?q?'),
                ('=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=', '日本'),
                ]:
            with self.subTest(value):
                self.assertEqual(decode_words(value), text)

    def test_one_line(self):
        "SE8: an encoded line break breaks no line"
        for value in [
                '=?utf-8?q?a=0D=0ABcc:_x?=', '=?utf-8?q?a=0Ab?=',
                '=?utf-8?q?a=C2=85b?=', '=?utf-8?q?a=E2=80=A8b?=']:
            with self.subTest(value):
                self.assertEqual(len(decode_words(value).splitlines()), 1)

    def test_direction(self):
        "SE1: a name can't turn the reading direction"
        self.assertEqual(
            decode_words('=?utf-8?q?invoice=E2=80=AEfdp.exe?='),
            'invoicefdp.exe')

    def test_base64(self):
        "ML15: base64 is read as far as it goes"
        for data, expected in [
                (b'aGVsbG8=', b'hello'),
                (b'aGVsbG8', b'hello'),
                (b'aGVs\nbG8=\n', b'hello'),
                (b'a', b''),
                (b'!!', b''),
                ]:
            with self.subTest(data):
                self.assertEqual(decode_base64(data), expected)


class FieldsTestCase(unittest.TestCase):
    "What headers say"

    def test_split(self):
        "The header ends at the first line that is none"
        for raw, body in [
                (b'A: b\n\nbody', b'body'),
                (b'A: b\r\n\r\nbody', b'body'),
                (b'A: b\n c\nbody', b'body'),
                (b'From x\nA: b\n\nbody', b'body'),
                (b'no header', b'no header'),
                (b'A: b', b''),
                ]:
            with self.subTest(raw):
                self.assertEqual(split(raw)[1], body)

    def test_parameters(self):
        "ML15: RFC 2231, RFC 2047 and plain parameters"
        for value, main, expected in [
                ('text/plain', 'text/plain', {}),
                ('TEXT/Plain; Charset="UTF-8"', 'text/plain',
                    {'charset': 'UTF-8'}),
                ("a; filename*=utf-8''a%C3%B1o", 'a', {'filename': 'año'}),
                ("a; filename*=utf-8''a%F1o", 'a', {'filename': 'año'}),
                ('a; filename*0="a b"; filename*1=c', 'a',
                    {'filename': 'a bc'}),
                ('a; filename="=?utf-8?q?a=C3=B1o?="', 'a',
                    {'filename': 'año'}),
                ('a; filename=a b.pdf', 'a', {'filename': 'a b.pdf'}),
                ('', '', {}),
                ]:
            with self.subTest(value):
                self.assertEqual(parameters(value), (main, expected))

    def test_message_ids(self):
        "Message-IDs with and without brackets"
        for value, expected in [
                ('<a@b>', ('a@b',)),
                ('<a@b> <c@d> <a@b>', ('a@b', 'c@d')),
                ('<a@b><c@d>', ('a@b', 'c@d')),
                ('a@b', ('a@b',)),
                ('Your letter of Monday', ()),
                ('<unfinished', ()),
                ]:
            with self.subTest(value):
                self.assertEqual(message_ids(value), expected)

    def test_date(self):
        "Dates as naive UTC"
        for value, expected in [
                ('Mon, 2 Nov 2026 10:00:00 +0100', dt.datetime(
                        2026, 11, 2, 9)),
                ('2 Nov 2026 10:00 GMT', dt.datetime(2026, 11, 2, 10)),
                ('Mon, 2 Nov 2026 10:00:00 -0000', dt.datetime(
                        2026, 11, 2, 10)),
                ('Mon, 32 Nov 2026 10:00:00 +0100', None),
                ('Mon, 2 Nov 9999 23:59:59 -9999999', None),
                ('tomorrow', None),
                ('', None),
                ]:
            with self.subTest(value):
                self.assertEqual(parse_date(value), expected)


class AddressesTestCase(unittest.TestCase):
    "Who is meant by From, To and Cc"

    def test_addresses(self):
        "ML15 TR2: addresses are read, also where the list breaks the rules"
        for value, expected in [
                ('ann@example.com', [('', 'ann@example.com')]),
                ('<Ann@Example.COM>', [('', 'ann@example.com')]),
                ('Ann B <ann@example.com>', [('Ann B', 'ann@example.com')]),
                ('"B, Ann" <ann@example.com>', [
                        ('B, Ann', 'ann@example.com')]),
                ('ann@example.com (Ann)', [('Ann', 'ann@example.com')]),
                ('Ann (x (y) z) <ann@example.com>', [
                        ('Ann', 'ann@example.com')]),
                ('a@b.example, c@d.example', [
                        ('', 'a@b.example'), ('', 'c@d.example')]),
                ('a@b.example; c@d.example', [
                        ('', 'a@b.example'), ('', 'c@d.example')]),
                ('Team: a@b.example, c@d.example;', [
                        ('', 'a@b.example'), ('', 'c@d.example')]),
                ('undisclosed-recipients:;', []),
                ('helpdesk', []),
                ('Bob, ann@example.com', [('', 'ann@example.com')]),
                ('"unfinished <ann@example.com>', [
                        ('unfinished', 'ann@example.com')]),
                ('(unfinished ann@example.com', []),
                ("'Ann' <ann@example.com>", [('Ann', 'ann@example.com')]),
                ('<mailto:ann@example.com>', [('', 'ann@example.com')]),
                ('ann@example.com, ANN@example.com', [
                        ('', 'ann@example.com')]),
                ('"ann@bank.example" <eve@evil.example>', [
                        ('ann@bank.example', 'eve@evil.example')]),
                ('ann@bank.example <eve@evil.example>', [
                        ('ann@bank.example', 'eve@evil.example')]),
                ('a b@example.com', []),
                ('a@b@example.com', []),
                ('', []),
                ('((((((((', []),
                ]:
            with self.subTest(value):
                self.assertEqual(list(addresses(value)), expected)

    def test_encoded_word(self):
        "SE6: an encoded word can't hide an address (RFC 2047, 6.1)"
        for value, expected in [
                ('=?utf-8?q?B,_Ann?= <ann@example.com>', [
                        ('B, Ann', 'ann@example.com')]),
                ('=?utf-8?q?boss=40bank.example=3C=2C?= <eve@evil.example>',
                    [('boss@bank.example<,', 'eve@evil.example')]),
                ('=?utf-8?q?boss=40bank.example?=', []),
                ]:
            with self.subTest(value):
                self.assertEqual(list(addresses(value)), expected)

    def test_limit(self):
        "SE15: a list of addresses ends"
        value = ','.join(f'a{i}@example.com' for i in range(1000))
        self.assertEqual(len(addresses(value)), MAX_ADDRESSES)

    def test_is_address(self):
        "One plain address and nothing else"
        for value, expected in [
                ('ann@example.com', True), ('ann', False), ('', False),
                ('Ann <ann@example.com>', False), ('a@b, c@d', False),
                ('ann@example.com\n', False)]:
            with self.subTest(value):
                self.assertEqual(is_address(value), expected)
