# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import unittest

import pytest
from trytond.modules.helpdesk_mail.intake.charset import (
    clean_text, decode, one_line)

pytestmark = pytest.mark.once
SPANISH = "¿Cuándo llegará mi pedido? Mañana no estaré en la oficina."
RUSSIAN = "Здравствуйте! Мы до сих пор не получили счёт за октябрь."
GREEK = "Καλημέρα σας, δεν έχουμε λάβει ακόμα το τιμολόγιο του Οκτωβρίου."
JAPANESE = "こんにちは。先月の請求書がまだ届いていません。よろしくお願いします。"


class CharsetTestCase(unittest.TestCase):
    "Bytes whose charset is told, not told or told wrongly"

    def test_told(self):
        "The charset that a letter names"
        for text, charset in [
                (SPANISH, 'iso-8859-1'), (SPANISH, 'utf-8'),
                (SPANISH, '"UTF-8"'), (SPANISH, 'utf-16'),
                ("„5 €“", 'windows-1252'), ("„5 €“", 'utf-7'),
                (RUSSIAN, 'koi8-r'), (RUSSIAN, 'windows-1251'),
                (GREEK, 'iso-8859-7'), (JAPANESE, 'iso-2022-jp'),
                (JAPANESE, 'shift_jis')]:
            with self.subTest(charset):
                self.assertEqual(
                    decode(text.encode(charset.strip('"')), charset), text)

    def test_lies(self):
        "ML15: a charset that is missing, unknown or wrong"
        for text, real, told in [
                (SPANISH, 'latin-1', 'us-ascii'),
                (SPANISH, 'latin-1', 'utf-8'),
                (SPANISH, 'latin-1', ''),
                (SPANISH, 'latin-1', 'x-unknown'),
                (SPANISH, 'utf-8', 'iso-8859-1'),
                (SPANISH, 'utf-8', 'windows-1252'),
                (SPANISH, 'utf-8', 'us-ascii'),
                (SPANISH, 'utf-8', 'base64'),
                (SPANISH, 'utf-8', 'idna'),
                (SPANISH, 'utf-8', 'unicode_escape'),
                (SPANISH, 'utf-8', '\x00'),
                (SPANISH, 'utf-8', '../../x'),
                ("„5 €“ – l’été", 'cp1252', 'iso-8859-1'),
                ("Año", 'latin-1', ''),
                (RUSSIAN, 'cp1251', ''),
                (RUSSIAN, 'koi8-r', 'us-ascii'),
                (GREEK, 'cp1253', 'utf-8'),
                (JAPANESE, 'cp932', ''),
                ("您好，我没有收到发票，请重新发送，谢谢", 'gb18030', 'gb2312'),
                ]:
            with self.subTest(real=real, told=told):
                self.assertEqual(decode(text.encode(real), told), text)

    def test_scratch(self):
        "ML15: one bad byte doesn't change the charset of the rest"
        self.assertEqual(
            decode((SPANISH * 2).encode() + b'\xff', 'utf-8'),
            SPANISH * 2 + '\ufffd')

    def test_clean_text(self):
        "What a database or a report refuses"
        for text, expected in [
                ('a\r\nb\rc\n', 'a\nb\nc\n'),
                ('a\x00\x08\x1bb\tc', 'ab\tc'),
                ('a\ud800b', 'a\ufffdb'),
                ('😀', '😀'),
                ]:
            with self.subTest(ascii(text)):
                self.assertEqual(clean_text(text), expected)

    def test_one_line(self):
        "SE8: one line stays one"
        for text, expected in [
                ('a\r\n b', 'a  b'), ('a\nb', 'a b'), ('\x00a\x7f', 'a'),
                ('a\u2028b', 'a b'), ('a\u202eb', 'ab'), ('a\x85b', 'a b'),
                ('a\udc80b', 'a\ufffdb')]:
            with self.subTest(ascii(text)):
                self.assertEqual(one_line(text), expected)
