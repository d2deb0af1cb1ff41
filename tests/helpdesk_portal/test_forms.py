# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import unittest

from trytond.modules.helpdesk_portal.forms import (
    MIB, File, Limits, mebibytes, read_answer)

LIMITS = Limits(text=20, files=2, size=100)
PNG = File('a.png', 'image/png', b'png')


class FormsTestCase(unittest.TestCase):
    "What of a form is kept, and what is told to be wrong"

    def test_text(self):
        for sent, kept in [
                ("Hello", "Hello"),
                ("  Hello\r\nyou\r\n\r\n", "Hello\nyou"),
                ("one\rtwo", "one\ntwo"),
                ("nul\x00and\x1bescape", "nulandescape"),
                ("ñandú 😀", "ñandú 😀"),
                ]:
            with self.subTest(sent=sent):
                answer = read_answer(sent, [], LIMITS)
                self.assertEqual(answer.text, kept)
                self.assertTrue(answer.valid)

    def test_text_required(self):
        for sent in [None, '', '  \r\n\t ', '\x00']:
            with self.subTest(sent=sent):
                answer = read_answer(sent, [PNG], LIMITS)
                self.assertFalse(answer.valid)
                self.assertEqual(answer.errors['text'].key, 'text_required')

    def test_text_too_long(self):
        "Too long a text is not cut but given back"
        answer = read_answer('x' * 21, [], LIMITS)

        self.assertEqual(answer.errors['text'].key, 'text_too_long')
        self.assertEqual(
            answer.errors['text'].variables, {'limit': 20, 'length': 21})
        self.assertEqual(answer.text, 'x' * 21)

    def test_files_kept(self):
        answer = read_answer("See", [PNG], LIMITS)

        self.assertEqual(answer.files, (PNG,))
        self.assertTrue(answer.valid)

    def test_file_field_left_empty(self):
        "A browser sends a field for files left empty as a file of nothing"
        answer = read_answer("See", [
                File('', 'application/octet-stream', b'')], LIMITS)

        self.assertEqual(answer.files, ())
        self.assertTrue(answer.valid)

    def test_files_wrong(self):
        for files, key in [
                ([PNG] * 3, 'files_too_many'),
                ([File('a', '', b'x' * 60)] * 2, 'files_too_large'),
                ([File('a.png', '', b'')], 'file_empty'),
                ]:
            with self.subTest(key=key):
                answer = read_answer("See", files, LIMITS)
                self.assertFalse(answer.valid)
                self.assertEqual(answer.errors['files'].key, key)
                self.assertEqual(answer.text, "See")

    def test_file_names(self):
        "SE1, SE8: a name adds no header, no folder and no disguise"
        for sent, kept in [
                ('photo.jpg', 'photo.jpg'),
                ('ñandú.pdf', 'ñandú.pdf'),
                (r'C:\Users\me\photo.jpg', 'photo.jpg'),
                ('../../etc/passwd', 'passwd'),
                ('a\r\nSet-Cookie: b', None),
                ('annex\u202efdp.exe', 'annexfdp.exe'),
                ('', 'attachment-1.png'),
                ('..', 'attachment-1.png'),
                ('x' * 300 + '.jpeg', None),
                ]:
            with self.subTest(sent=sent):
                file, = read_answer(
                    "See", [File(sent, 'image/png', b'x')], LIMITS).files
                if kept:
                    self.assertEqual(file.name, kept)
                self.assertTrue(file.name.isprintable())
                self.assertLessEqual(len(file.name), 128)

    def test_file_extension_kept(self):
        file, = read_answer(
            "See", [File('x' * 300 + '.jpeg', '', b'x')], LIMITS).files

        self.assertTrue(file.name.endswith('.jpeg'))

    def test_same_names(self):
        "Telephones call every picture image.jpg"
        answer = read_answer("See", [
                File('image.jpg', '', b'1'), File('Image.jpg', '', b'2')],
            LIMITS)

        self.assertEqual(len({f.name.lower() for f in answer.files}), 2)
        self.assertEqual([f.data for f in answer.files], [b'1', b'2'])

    def test_mebibytes(self):
        for size, text in [
                (10 * MIB, '10'), (MIB // 2, '0.5'), (25 * MIB // 10, '2.5')]:
            with self.subTest(size=size):
                self.assertEqual(str(mebibytes(size)), text)
