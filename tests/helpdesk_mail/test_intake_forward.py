# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import time
import unittest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trytond.modules.helpdesk_mail.intake.forward import find
from trytond.modules.helpdesk_mail.intake.letter import Address
from trytond.modules.helpdesk_mail.intake.parse import parse

from tests.helpdesk_mail.corpus import FOLDER, letter

pytestmark = pytest.mark.once

# letter: (sender, subject, date, text begins, text ends, comment, files)
EXPECTED = {
    'gmail_es': (
        ('Íñigo Arana', 'inigo@clients.example'), "Pedido 1042 llegó roto",
        "jue, 12 nov 2026 a las 10:15", "Hola,", "Un saludo\nÍñigo",
        "¿Lo miráis vosotros?", []),
    'outlook_de': (
        ('Jürgen Weiß', 'juergen@shop.example'), "Rechnung für Oktober",
        "Donnerstag, 12. November 2026 10:15", "Guten Tag,", "Jürgen Weiß",
        "Bitte übernehmen.", []),
    'outlook_html_en': (
        ('Ada Client', 'ada@clients.example'), "Order",
        "Thursday, November 12, 2026 10:15 AM", "Hello,",
        "where is my order?", "Please handle.", []),
    'apple_fr': (
        ('Amélie Noël', 'amelie@atelier.example'), "Commande brisée",
        "12 novembre 2026 à 10:15:00 UTC+1", "Bonjour,",
        "> Votre commande est en route.", "Merci de vous en occuper.", []),
    'thunderbird_ca': (
        ('Marta Roca', 'marta@vivers.example'), "No rega",
        "Thu, 12 Nov 2026 10:15:00 +0100", "Bon dia,",
        "el controlador no rega.", "", []),
    'attached_en': (
        ('Carla', 'carla@clients.example'), "Offer",
        "Thu, 12 Nov 2026 10:15:00 +0100", "Our offer.", "Our offer.",
        "Yours.", ['offer.pdf']),
    # Nobody has an address; somebody writes for somebody; there are two; it
    # only looks like one; a machine wrote it
    'wg': None,
    'name_only_de': None,
    'behalf_en': None,
    'two_attached_es': None,
    'comment_only_en': None,
    'robot_en': None,
    }

HEADERS = [
    # Gmail, Outlook, Apple Mail and Thunderbird in five languages
    "From: %s\nDate: x\nSubject: S\nTo: y\n",
    "From: %s\nSent: x\nTo: y\nSubject: S\n",
    "De: %s\nFecha: x\nAsunto: S\nPara: y\n",
    "De: %s\nEnviado el: x\nPara: y\nCC: z\nAsunto: S\n",
    "*De:* %s\n*Enviado:* x\n*Para:* y\n*Asunto:* S\n",
    "De: %s\nData: x\nAssumpte: S\nPer a: y\n",
    "De: %s\nEnviat el: x\nPer a: y\nTema: S\n",
    "Von: %s\nGesendet: x\nAn: y\nBetreff: S\n",
    "Von: %s\nDatum: x\nBetreff: S\nAn: y\n",
    "Betreff: S\nDatum: x\nVon: %s\nAn: y\n",
    "De : %s\nEnvoyé : x\nÀ : y\nObjet : S\n",
    "De\xa0: %s\nDate\xa0: x\nObjet\xa0: S\nÀ\xa0: y\n",
    "> De: %s\n> Objet: S\n> Date: x\n> À: y\n",
    "Sujet : S\nDate : x\nDe : %s\nPour : y\n",
    ]


def write(text, subject="Fwd: S", sender='ana@helpdesk.example'):
    return parse(
        f'From: Ana <{sender}>\nSubject: {subject}\n'
        f'Content-Type: text/plain; charset=utf-8\n\n{text}'.encode())


class ForwardTestCase(unittest.TestCase):
    "The letter that somebody forwarded"

    def test_letters(self):
        "ML21: who wrote a forwarded letter, and what"
        self.assertEqual(
            {p.stem for p in FOLDER.glob('forward_*.eml')},
            {f'forward_{n}' for n in EXPECTED})
        for name, expected in EXPECTED.items():
            with self.subTest(letter=name):
                found = find(letter(f'forward_{name}'))
                if expected is None:
                    self.assertIsNone(found)
                    continue
                sender, subject, date, begin, end, comment, files = expected
                self.assertEqual(found.letter.sender, Address(*sender))
                self.assertEqual(found.letter.subject, subject)
                self.assertEqual(found.date, date)
                self.assertTrue(found.letter.text.startswith(begin))
                self.assertTrue(found.letter.text.endswith(end))
                self.assertEqual(found.comment, comment)
                self.assertEqual([p.name for p in found.letter.parts], files)

    def test_programs(self):
        "ML21: as mail programs write it in en, es, ca, de, fr"
        for header in HEADERS:
            for value in [
                    'Ada <ada@clients.example>', '"Ada" <ada@clients.example>',
                    'Ada [mailto:ada@clients.example]',
                    'Ada <ada@clients.example<mailto:ada@clients.example>>']:
                with self.subTest(header=header, value=value):
                    found = find(write(
                            f"Look.\n\n-----\n{header % value}\nHello"))
                    self.assertEqual(
                        found.letter.sender,
                        Address("Ada", 'ada@clients.example'))
                    self.assertEqual(found.letter.subject, "S")
                    self.assertEqual(found.letter.text, "Hello")
                    self.assertEqual(found.comment, "Look.")

    def test_comment(self):
        "ML21: what was written above is all there"
        block = f"{HEADERS[0] % 'ada@clients.example'}\nHello"
        for above, comment in [
                ("Look:\n\n", "Look:"),
                ("\n\n---- Forwarded Message ----\n", ""),
                ("Look:\n\nAnfang der weitergeleiteten Nachricht:\n\n",
                    "Look:"),
                ("One\n\nTwo\n\n-- \nAna\n\n______________\n",
                    "One\n\nTwo"),
                ("", "")]:
            with self.subTest(above=above):
                self.assertEqual(find(write(above + block)).comment, comment)

    def test_unclear(self):
        "ML21: a wrong guess is worse than none"
        for sender in [
                '', 'Ada', 'a@x.example b@x.example', 'Ada (ada at x)',
                'info@x.example im Auftrag von Ada', 'Ada via Web <f@x.y>',
                'ana@helpdesk.example', 'no-reply@x.example']:
            for header in HEADERS[:2]:
                with self.subTest(sender=sender):
                    self.assertIsNone(find(write(f"{header % sender}\nHi")))
        block = HEADERS[0] % 'ada@clients.example'
        for case in [
                write(f"{block}\nHi", subject="Re: S"),
                write(f"{block}\nHi", subject="S"),
                write(block),
                write("From: ada@clients.example\n\nHi"),
                write("From: ada@clients.example\nTo: y\nCc: z\n\nHi"),
                parse(b'Subject: Fwd: S\n\nHi'),
                ]:
            with self.subTest(case=case.text):
                self.assertIsNone(find(case))

    def test_first(self):
        "ML21: the letter that was forwarded, not the one that it quotes"
        inner = HEADERS[1] % 'boss@clients.example'
        found = find(write(
                f"{HEADERS[1] % 'ada@clients.example'}\nHi\n\n{inner}\nHo"))
        self.assertEqual(found.letter.sender.email, 'ada@clients.example')
        self.assertIn("boss@clients.example", found.letter.text)

    @settings(deadline=None, database=None, max_examples=200)
    @given(st.lists(st.sampled_from([
                    *"".join(HEADERS).replace('%s', 'a@b.c').split('\n'),
                    "From: a@b.c, d@e.f", "> ", "", "-- ", "Hello", "\xa0",
                    "*" * 50]), max_size=30))
    def test_any_text(self, lines):
        "SE15: no letter is an error"
        find(write('\n'.join(lines)))

    def test_time(self):
        "SE15: long letters take no long time"
        start = time.perf_counter()
        for piece in [
                'From: ', 'From: a@b\n', 'a@', '>', 'From: x\n\n', '*', ' ',
                'From: x\nDate: x\n', 'A' * 20 + ' ', '[mailto:a@', '-']:
            find(write(piece * (900_000 // len(piece))))
        self.assertLess(time.perf_counter() - start, 20)
