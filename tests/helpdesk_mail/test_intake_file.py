# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import datetime as dt
import unittest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trytond.modules.helpdesk_mail.intake.file import (
    MAX_FILE_NAME, attachment_values, conversation_values, file_names,
    safe_file_name, shorten, ticket_values)
from trytond.modules.helpdesk_mail.intake.identify import identify
from trytond.modules.helpdesk_mail.intake.letter import Letter, Part
from trytond.modules.helpdesk_mail.intake.verdict import Verdict

from tests.helpdesk_mail.corpus import letter

pytestmark = pytest.mark.once


class FileTestCase(unittest.TestCase):
    "What is saved of a letter"

    def test_ticket(self):
        "B7: subject, text and sender become a ticket"
        found = letter('plain')
        sender = identify(found, {'marta@vivers-roca.example': [7]}.get)
        self.assertEqual(ticket_values(found, sender), {
                'subject': "Irrigation controller shows error 14",
                'description': found.text,
                'channel': 'email',
                'contact_name': "Marta Roca",
                'email': 'marta@vivers-roca.example',
                'party': 7,
                })

    def test_subject(self):
        "A ticket has a subject of a sensible length"
        for subject, expected in [
                ('', '(none)'), ('a', 'a'), ('a' * 255, 'a' * 255),
                ('a' * 256, 'a' * 254 + '…'),
                ('a' * 250 + ' ' * 50 + 'b', 'a' * 250 + '…')]:
            with self.subTest(subject):
                found = Letter(subject=subject)
                values = ticket_values(
                    found, identify(found, {}.get), '(none)')
                self.assertEqual(values['subject'], expected)
                self.assertLessEqual(len(shorten(subject)), 255)

    def test_conversation(self):
        "A letter becomes a conversation at the time it was received"
        found = letter('multipart_base64_qp')
        values = conversation_values(
            found, Verdict('file', 'list'), identify(found, {}.get),
            dt.datetime(2026, 11, 4, 7, 1))
        values.pop('html')
        self.assertEqual(values, {
                'kind': 'email',
                'direction': 'in',
                'at': dt.datetime(2026, 11, 4, 7, 1),
                'author': "Íñigo Arana",
                'party': None,
                'subject': "Pedido 1042 llegó roto",
                'body': found.text,
                'message_id': 'CAF+10.42@mail.clients.example',
                'from_address': 'inigo@clients.example',
                'to_addresses':
                'support@helpdesk.example, sales@helpdesk.example',
                'cc_addresses': '',
                'quoted': '',
                'protection': '',
                'automatic': False,
                })

    def test_html(self):
        "SE1 SE3: only cleaned HTML is saved"
        found = letter('script')
        html = conversation_values(
            found, Verdict('file'), identify(found, {}.get),
            dt.datetime(2026, 11, 4))['html']
        for word in ['script', 'alert', 'evil.example', 'onclick', 'svg']:
            with self.subTest(word):
                self.assertNotIn(word, html)

    def test_attachments(self):
        "TR2 TR4: every file is saved, nameless and of the same name too"
        found = letter('nameless_attachment')
        self.assertEqual(
            [(v['name'], v['data'][:4]) for v in attachment_values(found)],
            [('attachment-1.pdf', b'%PDF'), ('attachment-2.png', b'\x89PNG')])
        for names, expected in [
                (['a.pdf', 'a.pdf', 'A.PDF'],
                    ['a.pdf', 'a-2.pdf', 'A-3.PDF']),
                (['a', 'a-2', 'a'], ['a', 'a-2', 'a-3']),
                (['', 'attachment-1.bin'],
                    ['attachment-1.bin', 'attachment-1-2.bin']),
                (['x' * 200, 'x' * 200], ['x' * 128, 'x' * 126 + '-2']),
                ]:
            with self.subTest(names=names):
                self.assertEqual(file_names(
                        [Part(n, 'application/x', b'x') for n in names]),
                    expected)

    def test_safe_file_name(self):
        "SE1 SE8: a file name is only a name"
        for name, expected in [
                ('a.pdf', 'a.pdf'),
                ('año 2026.pdf', 'año 2026.pdf'),
                ('../../etc/passwd', 'passwd'),
                ('C:\\fakepath\\a.pdf', 'a.pdf'),
                ('a\r\nX-Evil: 1.txt', 'a X-Evil_ 1.txt'),
                ('a\x00b.txt', 'a b.txt'),
                ('.htaccess', 'htaccess'),
                ('..', ''),
                ('/', ''),
                ('   ', ''),
                ('a.', 'a'),
                ('CON.txt', '_CON.txt'),
                ('invoice\u202efdp.exe', 'invoicefdp.exe'),
                ('<b>"x"|?*.txt', '_b__x____.txt'),
                ('x' * 200 + '.pdf', 'x' * 124 + '.pdf'),
                ]:
            with self.subTest(name):
                self.assertEqual(safe_file_name(name), expected)

    @settings(deadline=None, database=None)
    @given(st.lists(st.text(max_size=200), max_size=6))
    def test_any_names(self, names):
        "SE1: whatever they are called, files get safe names of their own"
        found = file_names([Part(n, 'text/plain', b'x') for n in names])
        self.assertEqual(len({n.lower() for n in found}), len(names))
        for name in found:
            self.assertTrue(0 < len(name) <= MAX_FILE_NAME)
            self.assertFalse(set('/\\<>:"|?*\0\r\n') & set(name))
