# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import re
import time
import unittest
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trytond.modules.helpdesk_mail.intake import agent, forward
from trytond.modules.helpdesk_mail.intake.acknowledge import acknowledge
from trytond.modules.helpdesk_mail.intake.addresses import (
    addresses, is_address)
from trytond.modules.helpdesk_mail.intake.charset import (
    clean_text, decode, one_line)
from trytond.modules.helpdesk_mail.intake.clean import (
    HINTS, clean_html, html_to_text)
from trytond.modules.helpdesk_mail.intake.compose import (
    Layout, to_html, to_text)
from trytond.modules.helpdesk_mail.intake.correspondents import (
    Correspondents, normalise, patterns)
from trytond.modules.helpdesk_mail.intake.file import (
    attachment_values, conversation_values, fold_letter, name_pictures,
    safe_file_name, shorten, ticket_values)
from trytond.modules.helpdesk_mail.intake.filter import Policy, judge
from trytond.modules.helpdesk_mail.intake.headers import (
    Head, decode_base64, decode_words, message_ids, parameters, parse_date,
    split, unfold)
from trytond.modules.helpdesk_mail.intake.identify import Sender, identify
from trytond.modules.helpdesk_mail.intake.invitation import (
    Invitation, read_invitation)
from trytond.modules.helpdesk_mail.intake.layout import (
    PICTURES, fold_html, fresh_html, page, picture_names, picture_type,
    rich_text)
from trytond.modules.helpdesk_mail.intake.letter import Address, Letter, Part
from trytond.modules.helpdesk_mail.intake.mime import Entity, Reader
from trytond.modules.helpdesk_mail.intake.parse import fingerprint, parse
from trytond.modules.helpdesk_mail.intake.protection import (
    protection_in, signed_content)
from trytond.modules.helpdesk_mail.intake.quote import Folded, fold
from trytond.modules.helpdesk_mail.intake.recipients import recipients
from trytond.modules.helpdesk_mail.intake.report import (
    Report, bounced_message_id, read)
from trytond.modules.helpdesk_mail.intake.rtf import decompress, read_rtf
from trytond.modules.helpdesk_mail.intake.signing import (
    agent_address, read_agent_address, read_message_id, read_reply_address,
    read_section_address, reply_address, section_address)
from trytond.modules.helpdesk_mail.intake.thread import (
    Thread, clues, is_forward, thread, without_forward)
from trytond.modules.helpdesk_mail.intake.tnef import unpack
from trytond.modules.helpdesk_mail.intake.trust import Trust, doubtful, trust
from trytond.modules.helpdesk_mail.intake.verdict import Verdict

from tests.helpdesk_mail.corpus import EXPECTED, letter, raw_letter
from tests.helpdesk_mail.test_intake_clean import Judge
from tests.helpdesk_mail.tnef import rtf_compressed, tnef

pytestmark = pytest.mark.once
SECRET = 'secret'
SEPARATOR = "-- Please write above this line --"
LINES = st.one_of(
    st.text(max_size=20),
    st.sampled_from([
            '', ' ', '>', '> a', '>> b', '-- ', '--', 'Hello', SEPARATOR,
            f'> {SEPARATOR}', 'On Mon 16 Nov 2026 10:00, Ann wrote:',
            'El 16/11/26 a les 10:00, Suport va escriure:', 'escribió:',
            'On Mon', 'De: a', 'Para: b', 'Asunto: c', 'Von: a', 'Betreff: b',
            'Sent from my iPhone', 'AVISO LEGAL: a', '_' * 32,
            '-----Original Message-----', '-- Forwarded message --',
            '-----BEGIN PGP SIGNED MESSAGE-----', '[cid:a]', '[image: a]',
            '-----BEGIN PGP SIGNATURE-----', '-----BEGIN PGP MESSAGE-----']))
TEXTS = st.lists(LINES, max_size=30).map('\n'.join)
MARKUP = st.lists(st.one_of(
        LINES, st.sampled_from([
                '<p>', '</p>', '<div>', '</div>', '<blockquote>', '<br>',
                '</blockquote>', '<table><tr><td>', '</td></tr></table>',
                '<b>', '</b>', '<li>', '<pre>', '</pre>', '<hr>', '<h1>',
                '<img src="cid:a">', '<img src=a alt=b>', '<a href="//e">',
                '<a href="https://e.example">', '</a>', '<script>', '&lt;',
                '<details><summary></summary>', '</details>', '<p>&nbsp;</p>',
                '<img src="cid:&quot;><script>">',
                *(f'<div class="{name}">' for name in HINTS),
                '<div id="divRplyFwdMsg">'])),
    max_size=40).map(''.join)
ICS = st.lists(st.one_of(
        st.text(max_size=20), st.sampled_from([
                'BEGIN:VCALENDAR', 'BEGIN:VEVENT', 'END:VEVENT', ' ',
                'METHOD:REPLY', 'SUMMARY:a\\nb', 'DTSTART:20261124T100000Z',
                'DTEND:99999999T999999', 'ATTENDEE;PARTSTAT=ACCEPTED;CN="a',
                'ORGANIZER;CN=a:mailto:b', ';' * 50, ':'])),
    max_size=20).map('\n'.join)
RTF = st.lists(st.one_of(
        st.binary(max_size=10), st.sampled_from([
                rb'\par', b'{', b'}', rb'{\*', rb"\'e9", rb'\u233?', b'\\',
                rb'\htmlrtf', rb'\htmlrtf0', rb'{\*\htmltag <p>}',
                rb'\ansicpg99999', rb'\uc9', rb'\u-1', rb'\fonttbl'])),
    max_size=30).map(b''.join)


def some(strategy, examples=60):
    "Return the decorator that tests with values of the strategy"
    def decorate(function):
        return settings(
            deadline=None, database=None, max_examples=examples)(
            given(strategy)(function))
    return decorate


class AnythingTestCase(unittest.TestCase):
    "TR2 SE15: each step takes anything and returns what it promises"

    def check_text(self, *values):
        for value in values:
            self.assertIsInstance(value, str)
            self.assertNotIn('\x00', value)
            value.encode('utf-8')

    @some(st.binary(max_size=300))
    def test_bytes(self, data):
        "charset, headers, mime, parse, tnef, rtf, invitation, protection"
        self.check_text(clean_text(decode(data)), fingerprint(data))
        head, body = split(data)
        self.assertEqual(head + body, data[:len(head)] + body)
        self.assertIsInstance(Head(head).raw, dict)
        self.assertIsInstance(Reader(10, 3).read(data), Entity)
        self.assertIsInstance(parse(data), Letter)
        self.assertIn(
            type(read_invitation(data)), {Invitation, type(None)})
        self.check_text(*read_rtf(data))
        self.assertIsInstance(decompress(data), bytes)
        self.assertIsInstance(decode_base64(data), bytes)
        self.check_text(unfold(data))
        self.assertIn(type(signed_content(data)), {bytes, type(None)})
        self.assertIn(picture_type(data), {'', *PICTURES})
        self.assertIsNone(unpack(data))

    @some(st.text(max_size=300))
    def test_text(self, text):
        "charset, headers, addresses, signing, thread"
        self.assertLess(len(one_line(text).splitlines()), 2)
        self.assertLess(len(decode_words(text).splitlines()), 99)
        self.assertIsInstance(message_ids(text), tuple)
        parse_date(text)
        self.assertTrue(all(
                isinstance(a, Address) for a in addresses(text)))
        self.assertIsNone(read_message_id(SECRET, text))
        self.assertIsNone(read_reply_address(SECRET, text))
        self.assertIsNone(read_agent_address(SECRET, text))
        self.assertIsNone(read_section_address(SECRET, text))
        self.assertIn(is_forward(text), {False, True})
        self.assertFalse(is_forward(without_forward(text)))
        self.assertIn(is_address(text), {False, True})
        self.assertIsInstance(parameters(text)[1], dict)
        self.assertIn(protection_in(text), {'', 'signed', 'encrypted'})
        self.assertLessEqual(len(safe_file_name(text)), 128)
        self.assertLessEqual(len(shorten(text, 10)), 10)

    @some(st.tuples(st.integers(1, 10 ** 18), st.integers(1, 10 ** 9)))
    def test_addresses(self, ids):
        "An address of ours is read as what it is, and as nothing else"
        readers = [
            read_reply_address, read_agent_address, read_section_address]
        for number, (address, expected) in enumerate([
                    (reply_address(SECRET, ids[0], 'a@b.example'), ids[0]),
                    (agent_address(SECRET, *ids, 'a@b.example'), ids),
                    (section_address(SECRET, ids[0], 'a@b.example'), ids[0]),
                    ]):
            for other, read_address in enumerate(readers):
                self.assertEqual(
                    read_address(SECRET, f'<{address.upper()}>'),
                    expected if other == number else None)
                self.assertIsNone(read_address('', address))

    @some(st.lists(TEXTS, min_size=6, max_size=6), 100)
    def test_compose(self, texts):
        "SE1: any texts give a mail, and HTML that makes nothing unsafe"
        layout = Layout(*texts[:1], '', *texts[1:], language=texts[0][:5])
        self.assertTrue(to_text(layout).endswith('\n'))
        page = to_html(layout)
        self.assertLessEqual(set(re.findall(r'<(\w+)', page)), {
                'html', 'head', 'meta', 'body', 'div', 'p', 'br', 'a',
                'blockquote'})

    @some(st.lists(st.sampled_from(
                list('aé.@*<>"(),;: \n\\\'') + ['a@b.example', 'xn--']),
            max_size=30).map(''.join), 200)
    def test_typed(self, text):
        "What people type as addresses is used or named, never an error"
        found, wrong = recipients(text)
        self.assertEqual(len(found), len(set(found)))
        self.assertTrue(all(map(is_address, found)))
        self.assertFalse(any('@' not in e for e in found))
        self.assertIsInstance(wrong, list)
        self.assertIn('.', f'{patterns(text)}.')
        try:
            pattern = normalise(text)
        except ValueError:
            return
        self.assertEqual(
            Correspondents(frozenset([pattern])).is_blocked(
                pattern if '@' in pattern else f'a@{pattern}'), True)

    @some(TEXTS, 300)
    def test_quote(self, text):
        "ML25: folding loses no line and leaves something fresh"
        for separators in [(), (SEPARATOR,)]:
            folded = fold(text, separators)
            self.assertIsInstance(folded, Folded)
            self.assertEqual(
                bool(folded.text.strip()), bool(text.strip()))
            self.assertEqual(*(
                    Counter(filter(str.strip, '\n'.join(t).split('\n')))
                    for t in [[text], vars(folded).values()]))

    @some(MARKUP, 200)
    def test_layout(self, markup):
        "ML25 SE1 SE3: folding HTML loses no text and makes nothing unsafe"
        pictures = {'a': 'a "b" <c>.png'}
        clean = clean_html(markup, pictures, hints=True)
        plain = fold_html(clean, fold=False)
        folded = fold_html(clean, (SEPARATOR,))
        text = ''.join(re.split(r'<[^>]*>', folded))
        self.assertEqual(text, ''.join(re.split(r'<[^>]*>', plain)))
        self.assertEqual(Judge(plain).found, [])
        self.assertNotIn('class=', plain)
        found = Judge(folded).found
        self.assertEqual(set(found) - {'details', 'summary'}, set())
        self.assertEqual(Judge(fresh_html(folded)).found, [])
        rich = rich_text(folded)
        self.assertLessEqual(
            set(re.findall(r'<(\w+)', rich)), {'b', 'br', 'div', 'i', 'u'})
        self.assertEqual(Judge(rich).found, [])
        self.assertLessEqual(
            picture_names(folded) - set(pictures.values()),
            picture_names(markup))
        self.check_text(
            page(folded, {'a "b" <c>.png': b'\x89PNG\r\n\x1a\n'}, "<b>"),
            html_to_text(markup))

    @some(ICS)
    def test_invitation(self, text):
        "Any calendar gives a text without control characters, or none"
        found = read_invitation(text.encode('utf-8', 'replace'))
        if found:
            self.check_text(found.text, found.method)

    @some(RTF, 150)
    def test_rtf(self, body):
        "ML20: any Rich Text gives a text"
        data = b'{\\rtf1\\ansi\\fromhtml1 ' + body
        self.check_text(*read_rtf(data))
        self.assertEqual(decompress(rtf_compressed(data)), data)

    @some(st.tuples(st.binary(max_size=60), st.integers(0, 400)), 150)
    def test_tnef(self, damage):
        "ML20: a damaged winmail.dat gives what can be read, or nothing"
        piece, at = damage
        data = bytearray(tnef(
                "text", '<p>html</p>', files=[('a.pdf', b'%PDF', 'id')]))
        data[at:at + len(piece)] = piece
        unpacked = unpack(bytes(data))
        if unpacked:
            text, html, parts = unpacked
            self.check_text(text, html, *(p.name for p in parts))
            self.assertTrue(all(isinstance(p, Part) for p in parts))

    @some(st.tuples(
            st.sampled_from(sorted(EXPECTED)),
            st.lists(st.tuples(st.integers(0, 3000), st.binary(max_size=9)),
                max_size=4)))
    def test_steps(self, damage):
        "filter, identify, thread, file and acknowledge on damaged letters"
        name, damages = damage
        data = bytearray(raw_letter(name))
        for at, piece in damages:
            data[at:at + len(piece)] = piece
        found = parse(bytes(data))
        verdict = judge(found, Policy())
        self.assertIsInstance(verdict, Verdict)
        self.assertIsInstance(read(found), Report)
        trusted = trust(found, {'mx.example'})
        self.assertIsInstance(trusted, Trust)
        self.assertEqual(doubtful((), trusted), ())
        self.assertIsNone(agent.addressed(found, SECRET))
        self.assertIsInstance(
            agent.judge(agent.answer(found), verdict, agent.Claim()), Verdict)
        self.assertIn(
            type(forward.find(found)), {forward.Forwarded, type(None)})
        self.assertIsInstance(bounced_message_id(found), str)
        sender = identify(found, {}.get)
        self.assertIsInstance(sender, Sender)
        leads = clues(found, SECRET)
        self.assertIsInstance(
            thread(leads, lambda c: None, lambda t: True), Thread)
        folded = fold_letter(found, (SEPARATOR,), encrypted="?")
        values = ticket_values(found, sender, folded=folded)
        self.check_text(values['subject'], values['description'])
        values = conversation_values(
            found, verdict, sender, None, folded=folded)
        self.check_text(values['body'], values['quoted'], values['html'])
        for values in attachment_values(found):
            self.check_text(values['name'])
            self.assertIsInstance(values['data'], bytes)
        self.assertEqual(
            len(acknowledge(found, verdict, True, True, 0, 5)), 2)


class TimeTestCase(unittest.TestCase):
    "SE15: no input of a megabyte takes long"

    def quick(self, name, function, *args, seconds=4):
        with self.subTest(name):
            start = time.process_time()
            function(*args)
            self.assertLess(time.process_time() - start, seconds)

    def test_quote(self):
        "Lines that look like the beginning of something"
        for line in [
                '>', '> ' * 100, 'On ', 'On :', 'On 10:10 a@b wrote',
                'escribió:', 'Missatge de a del dia ' * 20 + ':', '-- ', '--',
                'From: a', 'a: b', '_' * 900, ':' * 900, ' ' * 900, '',
                'Aviso legal', 'Von meinem ' * 40, SEPARATOR, '*' * 900,
                'On 10:10 ' + 'x wrote ' * 100 + ':']:
            text = f'{line}\n' * (1_000_000 // (len(line) + 1))
            self.quick(line[:30], fold, text, (SEPARATOR,))
        for text in ['>' * 1_000_000, ':' * 1_000_000, 'On ' * 300_000]:
            self.quick(text[:30], fold, text, (SEPARATOR,))

    def test_layout(self):
        "HTML with many changes between fresh and quoted text"
        for name, markup in [
                ('deep', '<div>' * 90 + '<p>On 10:00 a@b wrote:</p>' * 9000),
                ('quotes', '<blockquote>q</blockquote><p>a</p>' * 6000),
                ('signatures', '<div>' * 200
                    + '<div class="moz-signature">s</div>a' * 6000),
                ('lines', '<pre>' + 'a\n' * 200_000),
                ('pictures', '<img src="cid:a">' * 15_000),
                ('links', '<a href="https://e.example">a' * 9000),
                ]:
            clean = clean_html(markup, hints=True)
            self.quick(name, fold_html, clean)
            self.quick(name, rich_text, clean)
        self.quick('image', html_to_text, '<img ' * 90_000 + '>')

    def test_tnef(self):
        "Numbers that promise more than there is"
        start = b'\x78\x9f\x3e\x22\x01\x00'
        many = b'\xff\xff\xff\xff'
        for name, data in [
                ('properties', start + b'\x01\x03\x90\x06\x00'
                    + b'\x04\0\0\0' + many + b'\0\0'),
                ('values', start + b'\x01\x03\x90\x06\x00\x0c\0\0\0'
                    + b'\x01\0\0\0\x02\x10\x01\0' + many + b'\0\0'),
                ('attributes', start + bytes(11) * 100_000),
                ('files', start + b'\x02\x02\x90' + bytes(8)
                    + (b'\x02\x02\x90' + bytes(8)) * 100_000),
                ]:
            self.quick(name, unpack, data)
        self.quick('rtf', read_rtf, b'{\\rtf1' + b'{\\*' * 300_000)
        self.quick('rtf', read_rtf, b'{\\rtf1' + b'\\u1 ' * 300_000)
        self.quick('compressed', decompress,
            b'\0\0\0\0\xff\xff\xff\x7fLZFu\0\0\0\0'
            + (b'\xff' + b'\0\x0f' * 8) * 60_000, seconds=9)

    def test_addresses(self):
        "Addresses that people type, and that letters name"
        for piece in [
                'a@b.c,', '"', '<', '(', 'a@', '@', '\\', ';', 'a ', '=?',
                '=?a?q?x?=', ':', 'a.', '\n', 'é', '"a" ', '<a@b.c> ']:
            text = piece * (1_000_000 // len(piece))
            self.quick(piece, recipients, text)
            self.quick(piece, addresses, text)
            self.quick(piece, patterns, text)
            self.quick(piece, read_agent_address, SECRET, text)
            self.quick(piece, is_forward, text)
            self.quick(piece, safe_file_name, text)

    def test_compose(self):
        "What we write, whatever the text"
        for piece in [
                'a', ' ', '\n', '\t', 'http://', 'http://a ', 'mailto:',
                '(', 'http://(((', '> ', '.', 'http://a' + '.' * 90, '<']:
            text = piece * (1_000_000 // len(piece))
            layout = Layout(text, quoted=text, signature=text, separator=text)
            self.quick(piece, to_text, layout)
            self.quick(piece, to_html, layout)

    def test_reports(self):
        "Reports that name many recipients, as a large part of a letter"
        for piece in [
                b'Final-Recipient: rfc822;a@b.c\n\n', b'\n', b'\n \n', b': ',
                b'a@b.c ', b'Action: failed\n', b'\n\t']:
            part = Part('', 'message/delivery-status',
                piece * (1_000_000 // len(piece)))
            self.quick(piece, read, Letter(parts=(part,)))

    def test_other(self):
        self.quick('calendar', read_invitation, b'BEGIN:VEVENT\n' * 80_000)
        self.quick('calendar', read_invitation, b'A' + b';A="' * 250_000)
        self.quick('pgp', protection_in,
            '-----BEGIN PGP MESSAGE-----\n' * 35_000)
        self.quick('cms', signed_content, b'0\x80\x06\x09' * 250_000)
        self.quick('places', name_pictures, '[cid:' * 200_000, ())

    def test_ordinary_letter(self):
        "Folding an ordinary letter takes less than a thousandth of a second"
        text = letter('gmail_es').text
        start = time.process_time()
        for _ in range(100):
            fold(text)
        self.assertLess(time.process_time() - start, .5)
