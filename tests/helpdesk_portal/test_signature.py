# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import base64
import unittest
import zlib

import pytest
from trytond.modules.helpdesk_portal.decision import (
    MAX_NAME, MAX_REASON, read_decision)
from trytond.modules.helpdesk_portal.signature import (
    MAX_SIZE, PREFIX, NotDrawn, read_drawing)

from .drawing import MAGIC, chunk, data_url, drawing, header, pixels

pytestmark = pytest.mark.once


def png(*chunks):
    return MAGIC + b''.join(chunks) + chunk(b'IEND', b'')


GOOD = [header(), chunk(b'IDAT', pixels())]
# What our page does not draw
REFUSED = [
    ('text', 'Marta'),
    ('no prefix', base64.b64encode(drawing()).decode()),
    ('svg', data_url(b'<svg/>').replace('png', 'svg+xml')),
    ('no base64', f'{PREFIX}%%%%'),
    ('no ascii', f'{PREFIX}ñandú'),
    ('line breaks', data_url(drawing()) + '\n'),
    ('no picture', data_url(b'<script>alert(1)</script>')),
    ('jpeg', data_url(b'\xff\xd8\xff' + bytes(100))),
    ('nothing', PREFIX),
    ('magic alone', data_url(MAGIC)),
    ('cut off', data_url(drawing()[:-6])),
    ('cut chunk', data_url(drawing()[:40])),
    ('long chunk', data_url(MAGIC + b'\xff\xff\xff\xffIHDR')),
    ('no header', data_url(png(GOOD[1]))),
    ('no header at all', data_url(png())),
    ('two headers', data_url(png(GOOD[0], *GOOD))),
    ('short header', data_url(png(chunk(b'IHDR', b'1'), GOOD[1]))),
    ('no pixels', data_url(png(GOOD[0]))),
    ('no zlib', data_url(png(GOOD[0], chunk(b'IDAT', b'abc')))),
    ('half the pixels', data_url(
            png(header(height=8), GOOD[1]))),
    ('too many pixels', data_url(
            png(header(height=2), GOOD[1]))),
    ('behind the pixels', data_url(
            png(GOOD[0], chunk(b'IDAT', pixels() + b'x')))),
    ('unknown filter', data_url(
            png(GOOD[0], chunk(b'IDAT', pixels(filter=5))))),
    ('no width', data_url(png(header(width=0), GOOD[1]))),
    ('wide', data_url(png(header(width=2001), GOOD[1]))),
    ('huge', data_url(
            png(header(width=2 ** 31, height=2 ** 31), GOOD[1]))),
    ('palette', data_url(png(header(kind=3), GOOD[1]))),
    ('interlaced', data_url(png(header(interlace=1), GOOD[1]))),
    ('16 bits', data_url(png(header(depth=16), GOOD[1]))),
    ('wrong checksum', data_url(
            drawing().replace(b'IDAT', b'IDAU'))),
    ('large', data_url(drawing() + bytes(MAX_SIZE))),
    ('very large', PREFIX + 'A' * 10 ** 6),
    ]


class DrawingTestCase(unittest.TestCase):
    "What is sent as a signature drawn (B13)"

    def test_drawing(self):
        self.assertEqual(read_drawing(data_url(drawing())), drawing())

    def test_nothing_else_kept(self):
        "B13: of a picture only what was drawn is kept"
        data = png(
            header(), chunk(b'tEXt', b'Comment\0<script>'),
            chunk(b'IDAT', pixels()[:10]), chunk(b'IDAT', pixels()[10:]),
            chunk(b'eXIf', b'here')) + b'<html>'
        self.assertEqual(read_drawing(data_url(data)), drawing())

    def test_empty(self):
        "B13: an empty drawing is no signature"
        self.assertIsNone(read_drawing(''))
        self.assertIsNone(read_drawing(data_url(drawing(ink=b''))))

    def test_refused(self):
        "B13: what our page doesn't draw is refused"
        for name, value in REFUSED:
            with self.subTest(name), self.assertRaises(NotDrawn):
                read_drawing(value)

    def test_bomb(self):
        "B13: a small picture that unpacks to a huge one costs nothing"
        bomb = zlib.compress(bytes(10 ** 8), 9)
        self.assertLess(len(bomb), MAX_SIZE)
        with self.assertRaises(NotDrawn):
            read_drawing(data_url(png(
                        header(width=2000, height=2000),
                        chunk(b'IDAT', bomb))))

    def test_never_another_exception(self):
        "Whatever byte is damaged, it is a drawing or it is not"
        good = drawing()
        for position in range(len(good)):
            damaged = bytearray(good)
            damaged[position] ^= 0xff
            for data in [bytes(damaged), good[:position]]:
                try:
                    read_drawing(data_url(data))
                except NotDrawn:
                    continue
                self.fail(position)


class DecisionTestCase(unittest.TestCase):
    "What the form says (B13)"

    def read(self, signature=True, **form):
        return read_decision(
            {'decision': 'granted', 'question': 'abc', **form}, signature)

    def test_without_signature(self):
        "Nothing is kept that was not asked for"
        decision = self.read(
            signature=False, name="Eve", drawing=data_url(drawing()),
            reason="So", agree='1')
        self.assertTrue(decision.valid)
        self.assertEqual(
            (decision.state, decision.question_hash), ('granted', 'abc'))
        self.assertEqual(
            (decision.name, decision.kind, decision.picture, decision.reason),
            ('', None, None, ''))

    def test_typed(self):
        decision = self.read(name=" Marta\r\n Soler\u202e ", agree='1')
        self.assertTrue(decision.valid)
        self.assertEqual(
            (decision.name, decision.kind, decision.picture),
            ("Marta Soler", 'typed', None))

    def test_drawn(self):
        "Who draws needs no tick"
        decision = self.read(name="Marta", drawing=data_url(drawing()))
        self.assertTrue(decision.valid)
        self.assertEqual(
            (decision.kind, decision.picture), ('drawn', drawing()))

    def test_not_signed(self):
        for form, errors in [
                ({}, {'signer', 'agree'}),
                ({'name': ' \t'}, {'signer', 'agree'}),
                ({'name': "Marta"}, {'agree'}),
                ({'agree': '1'}, {'signer'}),
                ({'name': 'x' * (MAX_NAME + 1), 'agree': '1'}, {'signer'}),
                ({'name': "Marta", 'agree': '1', 'drawing': 'x'},
                    {'drawing'}),
                ({'name': "Marta", 'drawing': data_url(drawing(ink=b''))},
                    {'agree'}),
                ]:
            with self.subTest(form=form):
                decision = self.read(**form)
                self.assertEqual(set(decision.errors), errors)
                self.assertFalse(decision.valid)

    def test_denied(self):
        "Nobody has to sign to deny"
        decision = self.read(
            decision='denied', reason=" Too\r\nexpensive\0 ", name="Eve")
        self.assertTrue(decision.valid)
        self.assertEqual(
            (decision.state, decision.reason, decision.name),
            ('denied', "Too\nexpensive", ''))
        self.assertFalse(self.read(
                decision='denied', reason='x' * (MAX_REASON + 1)).valid)

    def test_unclear(self):
        for decision in ['', 'withdrawn', 'asked', '\0']:
            with self.subTest(decision=decision):
                self.assertFalse(self.read(decision=decision).valid)

    def test_question(self):
        "It counts for the text that was shown only"
        for question, is_on in [
                ('abc', True), ('', False), ('abcd', False), ('\ud800', False),
                ('ñ', False)]:
            with self.subTest(question=question):
                decision = self.read(signature=False, question=question)
                self.assertEqual(decision.is_on('abc'), is_on)
