# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import datetime as dt
import time
import unittest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trytond.modules.helpdesk_mail.intake.clean import clean_html
from trytond.modules.helpdesk_mail.intake.file import file_names
from trytond.modules.helpdesk_mail.intake.filter import Policy, judge
from trytond.modules.helpdesk_mail.intake.parse import (
    MAX_TEXT, fingerprint, parse)

from tests.helpdesk_mail.corpus import EXPECTED, letter, raw_letter

pytestmark = pytest.mark.once


class LettersTestCase(unittest.TestCase):
    "Letters as they come"

    def test_line_ends(self):
        "A letter says the same with the line ends of every system"
        for name in EXPECTED:
            data = raw_letter(name)
            if b'\r' in data:
                continue
            with self.subTest(letter=name):
                one = parse(data)
                two = parse(data.replace(b'\n', b'\r\n'))
                self.assertEqual(one.subject, two.subject)
                self.assertEqual(one.sender, two.sender)
                self.assertEqual(one.text, two.text)
                self.assertEqual(one.fingerprint, two.fingerprint)
                self.assertEqual(len(one.parts), len(two.parts))

    def test_recipients(self):
        "TR2: To without an '@' is no error"
        for name, to, cc in [
                ('plain', ['support@helpdesk.example'],
                    ['pere@vivers-roca.example']),
                ('to_without_at', [], []),
                ('outlook_reply',
                    ['support@helpdesk.example', 'sales@helpdesk.example'],
                    []),
                ]:
            with self.subTest(letter=name):
                found = letter(name)
                self.assertEqual([a.email for a in found.to], to)
                self.assertEqual([a.email for a in found.cc], cc)

    def test_reply_to(self):
        "ML17: Reply-To doesn't become the sender"
        found = letter('mailing_list')
        self.assertEqual(found.sender.email, 'users@lists.example')
        self.assertEqual(
            [a.email for a in found.reply_to],
            ['lena@member.example', 'users@lists.example'])

    def test_date(self):
        "Dates become UTC; what is no date is none"
        for name, date in [
                ('plain', dt.datetime(2026, 11, 2, 8, 15, 1)),
                ('outlook_reply', dt.datetime(2026, 11, 16, 18, 4, 5)),
                ('truncated', None),
                ('empty', None),
                ]:
            with self.subTest(letter=name):
                self.assertEqual(letter(name).date, date)

    def test_references(self):
        "References are newest first, without brackets"
        found = letter('outlook_reply')
        ours = 'helpdesk.17.n0nce.aaaaaaaaaaaaaaaa@helpdesk.example'
        self.assertEqual(
            found.message_id, 'AM0PR01@AM0PR01.prod.outlook.example')
        self.assertEqual(found.in_reply_to, (ours,))
        self.assertEqual(found.references, (ours, 'first@clients.example'))

    def test_inline(self):
        "ML19: pictures that the HTML shows are inline however they are named"
        for part in letter('inline_cid').parts:
            with self.subTest(part=part.content_id):
                self.assertTrue(part.inline)
        self.assertFalse(letter('multipart_base64_qp').parts[0].inline)

    def test_nested(self):
        "A letter attached to a letter stays a file and names no one"
        found = letter('nested_letter')
        self.assertEqual(found.sender.email, 'pia@clients.example')
        self.assertIn(b'offer.pdf', found.parts[0].data)

    def test_html(self):
        "HTML is kept as received, beside the text"
        found = letter('multipart_base64_qp')
        self.assertIn('<b>1042</b>', found.html)
        self.assertEqual(letter('plain').html, '')

    def test_defects(self):
        "What is wrong with a letter is noted"
        for name, defects in [
                ('plain', ()),
                ('no_from', ('no_sender',)),
                ('two_senders', ('several_senders',)),
                ('truncated', ('no_end_boundary',)),
                ]:
            with self.subTest(letter=name):
                self.assertEqual(letter(name).defects, defects)

    def test_no_second_line(self):
        "SE8: no value of a header has more than one line"
        for name in EXPECTED:
            found = letter(name)
            values = [found.subject, found.message_id]
            values += [v for vs in found.headers.values() for v in vs]
            values += [a.name for a in found.to + found.cc]
            values += [p.name for p in found.parts]
            if found.sender:
                values += found.sender
            for value in values:
                with self.subTest(letter=name, value=value):
                    self.assertEqual(len(value.splitlines() or ['']), 1)


class BodyTestCase(unittest.TestCase):
    "Which part is the text"

    def body(self, *lines):
        return parse('\n'.join(['From: a@example.com', *lines]).encode())

    def test_choice(self):
        "The plain text wins, unless it is empty"
        for case, plain, marked, text in [
                ('both', 'plain', '<p>html</p>', 'plain'),
                ('empty', ' ', '<p>html</p>', 'html'),
                ('none', '', '', ''),
                ]:
            with self.subTest(case):
                found = self.body(
                    'Content-Type: multipart/alternative; boundary=x', '',
                    '--x', '', plain,
                    '--x', 'Content-Type: text/html', '', marked, '--x--')
                self.assertEqual(found.text, text)

    def test_pieces(self):
        "Text before and after a picture stays together"
        found = self.body(
            'Content-Type: multipart/mixed; boundary=x', '',
            '--x', '', 'Look:',
            '--x', 'Content-Type: image/png', '', 'picture',
            '--x', 'Content-Type: text/html', '', '<b>Nice?</b>',
            '--x', 'Content-Disposition: attachment', '', 'a file', '--x--')
        self.assertEqual(found.text, 'Look:\n\nNice?')
        self.assertEqual(found.html, '<pre>Look:</pre>\n<b>Nice?</b>')
        self.assertEqual(
            [p.data for p in found.parts], [b'picture', b'a file'])

    def test_no_boundary(self):
        "ML15: a multipart without boundaries is read as text"
        for case in ['', '; boundary=x', '; boundary=""']:
            with self.subTest(case):
                found = self.body(
                    'Content-Type: multipart/mixed' + case, '', 'Hello')
                self.assertEqual(found.text, 'Hello')
                self.assertEqual(found.defects, ('no_boundary',))

    def test_odd_types(self):
        "ML15: a type that is none is text"
        for case in ['text', 'text/', '/', 'text plain', 'a/b/c', ';', '']:
            with self.subTest(case):
                found = self.body(f'Content-Type: {case}', '', 'Hello')
                self.assertEqual(found.text, 'Hello')

    def test_meta_charset(self):
        "HTML that names its charset inside is believed"
        found = parse(
            b'From: a@example.com\nContent-Type: text/html\n\n'
            b'<meta http-equiv=Content-Type content="text/html; charset='
            b'windows-1251"><p>\xcf\xf0\xe8\xe2\xe5\xf2</p>')
        self.assertEqual(found.text, 'Привет')

    def test_refused_characters(self):
        "PostgreSQL refuses NUL, UTF-8 lone surrogates, XML other controls"
        for body, text in [
                (b'a\x00b\x1bc\td', 'abc\td'),
                (b'a\xed\xa0\x80b', 'a\ufffd\ufffd\ufffdb'),
                ]:
            with self.subTest(body):
                found = parse(
                    b'From: a@example.com\n'
                    b'Content-Type: text/plain; charset=utf-8\n\n\xc3\xa1'
                    b'\xc3\xa1\xc3\xa1\xc3\xa1\xc3\xa1\xc3\xa1\xc3\xa1'
                    + body)
                self.assertEqual(found.text, 'ááááááá' + text)
        found = parse(
            b'From: a@example.com\n'
            b'Content-Type: text/plain; charset=utf-7\n\na+2AA-b')
        found.text.encode('utf-8')


class FingerprintTestCase(unittest.TestCase):
    "ML4: the same letter through two doors"

    raw = raw_letter('plain')

    def test_same(self):
        "What relays and mailboxes change doesn't count"
        for case, raw in [
                ('crlf', self.raw.replace(b'\n', b'\r\n')),
                ('received', b'Received: from x by y\n' + self.raw),
                ('mbox', b'From marta Mon Nov  2 2026\n' + self.raw),
                ('end', self.raw + b'\n\n'),
                ('folding', self.raw.replace(
                        b'shows error', b'shows\n error', 1)),
                ('order', self.raw.replace(b'Cc:', b'CC:')),
                ]:
            with self.subTest(case):
                self.assertEqual(fingerprint(raw), fingerprint(self.raw))
                self.assertEqual(
                    parse(raw).fingerprint, fingerprint(self.raw))

    def test_different(self):
        "ML5: similar letters are not the same"
        for case, old, new in [
                ('id', b'4F1A', b'4F1B'),
                ('date', b'09:15:01', b'09:15:02'),
                ('body', b'greenhouse 3', b'greenhouse 4'),
                ('subject', b'error 14\n', b'error 15\n'),
                ('recipient', b'<support@', b'<sales@'),
                ]:
            with self.subTest(case):
                self.assertNotEqual(
                    fingerprint(self.raw.replace(old, new, 1)),
                    fingerprint(self.raw))


class LimitsTestCase(unittest.TestCase):
    "SE15: time grows with the size only, and there are limits"

    def parse(self, raw):
        start = time.perf_counter()
        found = parse(raw)
        # Milliseconds, but machines may be busy.
        self.assertLess(time.perf_counter() - start, 10)
        return found

    def test_limits(self):
        "What is too much is left out and noted"
        part = b'--b\n\nx\n'
        multipart = b'Content-Type: multipart/mixed; boundary=b\n\n'
        nested = b''.join(
            b'Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n' % (i, i)
            for i in range(2000))
        for defect, raw in [
                ('too_many_parts', multipart + part * 100_000),
                ('too_deep', nested),
                ('text_cut', b'\n' + b'word \n' * 1_000_000),
                ('text_cut', multipart + b'--b\n\n' + b'\n' * 10_000_000),
                ('head_cut', b'X: y\n' * 1_000_000),
                ]:
            with self.subTest(defect):
                found = self.parse(b'From: a@example.com\n' + raw)
                self.assertIn(defect, found.defects)
                self.assertLessEqual(len(found.text), MAX_TEXT)

    def test_patterns(self):
        "What makes careless parsers take a square of the length"
        headers = [
            b'From', b'To', b'Subject', b'Date', b'References', b'X',
            b'Content-Type: multipart/mixed; boundary',
            b'Content-Disposition: attachment; filename']
        for piece in [
                b'=?', b'=?a?q?', b'=?a?q?x ', b'=?utf-8?b?', b'(', b'"',
                b'\\', b'"\\', b'<', b'<a', b'a@b,', b'a,', b';', b'a=b;',
                b'a*0=b;', b'\xff', b'\n ', b'\r', b' ', b'a\nb:', b'[#']:
            text = piece * (100_000 // len(piece))
            with self.subTest(piece):
                self.parse(
                    b'\n'.join(b'%s: %s' % (h, text) for h in headers)
                    + b'\n\n' + text)

    def test_caller_limits(self):
        "The caller may set limits of its own"
        raw = raw_letter('multipart_base64_qp')
        self.assertIn('too_many_parts', parse(raw, max_parts=1).defects)
        self.assertIn('too_deep', parse(raw, max_depth=1).defects)
        self.assertEqual(parse(raw, max_parts=4, max_depth=2).defects, ())


PIECES = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([
            b'\n', b'\r\n', b'\n\n', b' ', b'From: ', b'To: ', b'Subject: ',
            b'Date: ', b'Message-ID: <', b'References: ', b'Content-Type: ',
            b'Content-Disposition: attachment; ', b'Content-ID: <a>\n',
            b'Content-Transfer-Encoding: base64\n\n',
            b'Content-Transfer-Encoding: quoted-printable\n\n',
            b'multipart/mixed; boundary=b\n\n', b'\n--b\n', b'\n--b--\n',
            b'multipart/alternative; boundary="b"\n\n', b'text/html; ',
            b'message/rfc822\n\n', b'charset=utf-16', b'charset=idna',
            b'charset=hz', b'charset=', b'filename*0*=', b'filename*=x',
            b'; ', b'"', b'<', b'>', b'@', b',', b'=?utf-8?q?=C3?=',
            b'=?utf-7?b?K0FH?=', b'=?iso-2022-jp?q?=1B$B?=', b'a@b.c',
            b'<p>', b'<a href="', b'&#0;', b'&#xd800;', b'\x00', b'\x85',
            b'Fri, 13 Nov 2026 99:00:00 +9999', b'1 Jan 0000 00:00 -9999']))


class AnyBytesTestCase(unittest.TestCase):
    "SE15 ML15: any bytes give a letter that can be stored and shown"

    def check(self, raw):
        found = parse(raw)
        self.assertEqual(found.size, len(raw))
        for value in [found.subject, found.text, found.html,
                *(p.name for p in found.parts), *found.defects,
                *(v for vs in found.headers.values() for v in vs)]:
            value.encode('utf-8')
            self.assertNotIn('\x00', value)
        judge(found, Policy())
        clean_html(found.html)
        file_names(found.parts)

    @settings(deadline=None, database=None, max_examples=150)
    @given(st.binary(max_size=2000))
    def test_noise(self, raw):
        "Noise"
        self.check(raw)

    @settings(deadline=None, database=None, max_examples=300)
    @given(st.lists(PIECES, max_size=30))
    def test_pieces(self, pieces):
        "Pieces of letters in the wrong order"
        self.check(b''.join(pieces))

    @settings(deadline=None, database=None, max_examples=150)
    @given(st.sampled_from(sorted(EXPECTED)), st.data())
    def test_damage(self, name, data):
        "Letters damaged on the way"
        raw = bytearray(raw_letter(name))
        for _ in range(data.draw(st.integers(1, 5))):
            position = data.draw(st.integers(0, len(raw)))
            length = data.draw(st.integers(0, 20))
            raw[position:position + length] = data.draw(PIECES)
        self.check(bytes(raw))
