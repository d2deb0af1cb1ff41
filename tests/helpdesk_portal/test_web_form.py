# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import unittest

from trytond.modules.helpdesk_portal.forms import File, Limits
from trytond.modules.helpdesk_portal.web_form import (
    Asked, FileRule, endings, origins, read)

ASKED = Asked(categories=(4, 7))
GOOD = {
    'name': "Marta",
    'email': 'marta@example.com',
    'category': '7',
    'subject': "Printer",
    'text': "It jams.",
    }


def is_email(text):
    return text.count('@') == 1


def read_form(files=(), asked=ASKED, rule=FileRule(), **changes):
    values = {**GOOD, **changes}
    return read(
        values.get, files, asked, is_email, rule,
        Limits(text=100, files=2, size=1000))


class WebFormTestCase(unittest.TestCase):
    "What of the public form is kept, and what is told to be wrong (B4)"

    def test_good(self):
        typed = read_form(phone=" 93 123 ", company="Soler")
        self.assertTrue(typed.valid)
        self.assertEqual(typed.name, "Marta")
        self.assertEqual(typed.email, 'marta@example.com')
        self.assertEqual(typed.phone, "93 123")
        self.assertEqual(typed.company, "Soler")
        self.assertEqual(typed.category, 7)
        self.assertEqual(typed.subject, "Printer")
        self.assertEqual(typed.text, "It jams.")

    def test_errors(self):
        "Each field tells what is wrong with it, and all is kept"
        for changes, field, key in [
                ({'name': ''}, 'name', 'name_required'),
                ({'name': None}, 'name', 'name_required'),
                ({'name': ' \x00\r\n'}, 'name', 'name_required'),
                ({'name': 'x' * 101}, 'name', 'too_long'),
                ({'email': ''}, 'email', 'email_required'),
                ({'email': 'marta'}, 'email', 'email_invalid'),
                ({'phone': '1' * 51}, 'phone', 'too_long'),
                ({'company': 'x' * 101}, 'company', 'too_long'),
                ({'category': ''}, 'category', 'category_required'),
                ({'category': None}, 'category', 'category_required'),
                ({'category': '5'}, 'category', 'category_required'),
                ({'category': '٧'}, 'category', 'category_required'),
                ({'subject': ''}, 'subject', 'subject_required'),
                ({'subject': 'x' * 256}, 'subject', 'too_long'),
                ({'text': ' '}, 'text', 'text_required'),
                ({'text': 'x' * 101}, 'text', 'text_too_long'),
                ({'website': 'http://spam'}, 'website', 'trap'),
                ]:
            with self.subTest(changes=changes):
                typed = read_form(**changes)
                self.assertEqual(list(typed.errors), [field])
                self.assertEqual(typed.errors[field].key, key)
                self.assertFalse(typed.valid)
                if 'text' not in changes:
                    self.assertEqual(typed.text, "It jams.")

    def test_order(self):
        "Errors come in the order of the fields"
        typed = read({'website': 'x'}.get, [], ASKED, is_email)
        self.assertEqual(list(typed.errors), [
                'name', 'email', 'subject', 'category', 'text', 'website'])

    def test_known_sender(self):
        "Who is logged in isn't asked, and can't say to be somebody else"
        typed = read_form(
            asked=Asked(sender=False), name='', email='other@example.com')
        self.assertTrue(typed.valid)
        self.assertEqual((typed.name, typed.email, typed.category),
            ('', '', None))

    def test_one_line(self):
        "SE8: no line break gets into what may become a header"
        typed = read_form(
            name="Marta\r\nBcc: x@example.com", subject="a\nb\x0bc\u2028d")
        self.assertEqual(typed.name, "Marta Bcc: x@example.com")
        self.assertNotRegex(typed.subject, r'[\n\r\x0b\u2028]')

    def test_files(self):
        rule = FileRule.of('', '.EXE, *.bat;js')
        for name, good in [
                ('a.pdf', True), ('a', True), ('exe', True),
                ('a.exe', False), ('a.EXE', False), ('a.exe.', False),
                ('a.pdf.exe', False), ('a.exe.pdf', True), ('a.js ', False),
                ]:
            with self.subTest(name=name):
                typed = read_form([File(name, '', b'x')], rule=rule)
                self.assertEqual(typed.valid, good)
                if not good:
                    self.assertEqual(typed.errors['files'].key, 'file_kind')

    def test_files_allowed(self):
        rule = FileRule.of('pdf, png', 'png')
        for name, good in [
                ('a.pdf', True), ('a.png', False), ('a.doc', False),
                ('a', False)]:
            with self.subTest(name=name):
                self.assertEqual(rule.lets_in(name), good)

    def test_files_limits(self):
        "The limits are those of an answer"
        file = File('a.pdf', '', b'x')
        for files, key in [
                ([file] * 3, 'files_too_many'),
                ([File('a.pdf', '', b'x' * 1001)], 'files_too_large'),
                ([File('a.pdf', '', b'')], 'file_empty'),
                ]:
            with self.subTest(key):
                self.assertEqual(
                    read_form(files).errors['files'].key, key)

    def test_endings(self):
        self.assertEqual(
            endings(' .Exe, *.bat;js\ncom '), {'exe', 'bat', 'js', 'com'})
        self.assertEqual(endings(None), frozenset())

    def test_origins(self):
        for text, valid in [
                (None, []),
                ('', []),
                ('https://www.example.com', ['https://www.example.com']),
                ('https://Example.com/ http://localhost:8000',
                    ['https://example.com', 'http://localhost:8000']),
                ('https://a.example\nhttps://a.example',
                    ['https://a.example']),
                ]:
            with self.subTest(text=text):
                self.assertEqual(origins(text), (valid, []))
        for text in [
                '*', 'example.com', 'https://', 'ftp://example.com',
                'https://example.com/shop', "https://a.example;", "'self'",
                'https://*.example.com', 'https://user@example.com',
                'https://a..example', 'https://a.example:port',
                'javascript:alert(1)', 'null']:
            with self.subTest(text=text):
                self.assertEqual(origins(text), ([], [text]))
