# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import unittest

import pytest
from trytond.modules.helpdesk_mail.intake.layout import (
    fold_html, fresh_html, rich_text)
from trytond.modules.helpdesk_mail.intake.quote import Folded, fold

pytestmark = pytest.mark.once
SEPARATOR = "-- Please write above this line --"

# What mail programs write above what they quote
GMAIL = """\
El lun, 16 nov 2026 a las 10:00, Soporte (<s@x.example>)|escribió:
Missatge de Suport <s@x.example> del dia dl., 16 de nov. 2026 a les|10:00:
On Mon, Nov 16, 2026 at 10:00 AM Support <s@x.example> wrote:
On Mon, Nov 16, 2026 at 10:00 AM|Support <s@x.example> wrote:
Am Mo., 16. Nov. 2026 um 10:00 Uhr schrieb Support <s@x.example>:
Le lun. 16 nov. 2026 à 10:00, Support <s@x.example> a écrit :
Em seg., 16 de nov. de 2026 às 10:00, Suporte <s@x.example>|escreveu:
Il giorno lun 16 nov 2026 alle ore 10:00 Supporto <s@x.example>|ha scritto:
Op ma 16 nov 2026 om 10:00 schreef Support <s@x.example>:
El 16/11/26 a las 10:00, Soporte escribió:
El 16/11/26 a les 10:00, Suport ha escrit:
Am 16.11.26 um 10:00 schrieb Support:
Le 16/11/2026 à 10:00, Support a écrit :
Op 16 nov. 2026 om 10:00 heeft Support <s@x.example> het volgende geschreven:
Support <s@x.example> wrote:"""
INTROS = [intro.replace('|', '\n') for intro in GMAIL.split('\n')]
OUTLOOK = """\
De: Soporte|Enviado: lunes, 16 de noviembre de 2026|Para: Marta|Asunto: RE: a
De: Soporte|Enviado el: lunes, 16|Para: Marta|CC: Ana|Asunto: RE: a
De: Suport|Enviat el: dilluns, 16 de novembre|Per a: Marta|Tema: RE: a
De: Suport|Data: dilluns, 16 de novembre|Per a: Marta|Assumpte: RE: a
From: Support|Sent: Monday, November 16, 2026|To: Marta|Subject: RE: a
*From:* Support|*Date:* Monday|*To:* Marta|*Subject:* a
Von: Support|Gesendet: Montag, 16. November|An: Marta|Betreff: AW: a
De : Support|Envoyé : lundi 16 novembre 2026|À : Marta|Objet : RE: a
De: Suporte|Enviada em: segunda-feira, 16|Para: Marta|Assunto: RE: a
Da: Supporto|Inviato: lunedì 16 novembre|A: Marta|Oggetto: R: a
Van: Support|Verzonden: maandag 16 november|Aan: Marta|Onderwerp: RE: a"""
RULES = """\
-----Original Message-----
-----Mensaje original-----
-------- Missatge original --------
-----Ursprüngliche Nachricht-----
-----Message d'origine-----
-----Mensagem original-----
-----Messaggio originale-----
-----Oorspronkelijk bericht-----"""
SIGNATURES = """\
-- |Marta
--|Marta|Roca
Enviado desde mi iPhone
Enviat des del meu iPhone
Sent from my iPhone
Get Outlook for iOS<https://aka.ms/x>
Obtener Outlook para Android
Obteniu l'Outlook per a Android
Von meinem iPhone gesendet
Gesendet von Outlook für Android
Envoyé de mon iPhone
Obtenir Outlook pour iOS
Enviado do meu iPhone
Inviato da iPhone
Verzonden vanaf mijn iPhone
AVISO LEGAL: este mensaje es confidencial.|Bórrelo.
AVÍS LEGAL: aquest missatge és confidencial.
CONFIDENTIALITY NOTICE: this e-mail is confidential."""
# Nothing of it is folded
FRESH = [
    "El director me escribió:\nquiero otra máquina.",
    "My colleague wrote:\nit is broken.",
    "Envío perdido.\n\nDe: Barcelona\nPara: Madrid\n\n¿Dónde está?",
    "a\n--\n" + "b\n" * 30,
    "> only\n> a quote",
    "On Mon, Nov 16, 2026 at 10:00 AM Support <s@x.example> wrote:\n> a",
    "Sent from my iPhone",
    "Sent from my iPhone it looks wrong.\nWhy?",
    "See:\n\n---------- Forwarded message ---------\nFrom: A <a@b.c>\n"
    "Date: Mon\nSubject: x\n\nHello\n\nOn 1/1/26 10:00, B wrote:\n> x",
    "Voir :\n\nDébut du message transféré :\n\n> De: A\n> Objet: b",
    "",
    "\n\n",
    ]


class QuoteTestCase(unittest.TestCase):
    "ML25: what a person wrote, apart from what stands below"

    def check(self, text, fresh, quoted='', signature='', separators=()):
        with self.subTest(text=text):
            self.assertEqual(
                fold(text, separators), Folded(fresh, quoted, signature))

    def test_above_quote(self):
        "An answer above the quote, as Gmail, Apple and telephones write it"
        for intro in INTROS:
            quoted = f"{intro}\n\n> Restart it.\n>\n> Support"
            self.check(f"Broken.\n\nMarta\n\n{quoted}\n",
                "Broken.\n\nMarta", quoted)
            self.check(f"Broken.\n{quoted}\n", "Broken.", quoted)
            marked = quoted.replace(intro, '> ' + intro.replace(
                    '\n', '\n> '))
            self.check(f"Broken.\n\n{marked}", "Broken.", marked)

    def test_without_marks(self):
        "A quote without marks, as programs make it of HTML"
        for intro in INTROS:
            self.check(f"Broken.\n\n{intro}\n\nRestart it.\n",
                "Broken.", f"{intro}\n\nRestart it.")

    def test_below_quote(self):
        "An answer below the quote, as Thunderbird writes it"
        for intro in INTROS:
            self.check(
                f"{intro}\n> Restart it.\n\nBroken.\n\n-- \nMarta\n",
                "Broken.", f"{intro}\n> Restart it.", "-- \nMarta")

    def test_header(self):
        "The header of an earlier letter, as Outlook writes it"
        for header in OUTLOOK.split('\n'):
            header = header.replace('|', '\n')
            for rule in ['', '_' * 32 + '\n', *(
                        f'{r}\n' for r in RULES.split('\n'))]:
                quoted = f"{rule}{header}\n\nRestart it."
                self.check(f"Broken.\n\n{quoted}\n", "Broken.", quoted)

    def test_signature(self):
        "Signatures, also those of telephones and lawyers"
        for signature in SIGNATURES.split('\n'):
            signature = signature.replace('|', '\n')
            self.check(f"Broken.\n\n{signature}\n",
                "Broken.", signature=signature)
            self.check(f"Broken.\n\n{signature}\n\n> Restart it.",
                "Broken.", "> Restart it.", signature)

    def test_fresh(self):
        "In doubt a line is fresh, and what has nothing fresh stays whole"
        for text in FRESH:
            with self.subTest(text=text):
                folded = fold(text)
                self.assertEqual(folded.text.strip(), text.strip())
                self.assertFalse(folded.quoted or folded.signature)

    def test_interleaved(self):
        "An answer between the lines keeps what it answers"
        text = "> Which version?\n\n4.2\n\n> Which system?\n\nLinux"
        self.check(text, text)
        self.check(f"{text}\n\n> Bye", text, "> Bye")

    def test_separator(self):
        "What stands below our own line is quoted"
        for text, fresh in [
                (f"Yes.\n\n{SEPARATOR}\nHello", "Yes."),
                (f"Yes.\n\n> {SEPARATOR}\n> Hello\n\nno", "Yes."),
                (f"Yes.\n\n>> *{SEPARATOR.upper()}*\n", "Yes."),
                (f"Yes.\n\nSupport wrote:\n{SEPARATOR}\nHello", "Yes."),
                (f"Yes.\n\nOn 1/1/26 10:00,\nS wrote:\n\n> {SEPARATOR}",
                    "Yes."),
                (f"> {SEPARATOR}\n> Hello\n\nBelow.", "Below."),
                (f"{SEPARATOR}\n\nBelow.", f"{SEPARATOR}\n\nBelow."),
                ]:
            with self.subTest(text=text):
                self.assertEqual(fold(text, (SEPARATOR,)).text, fresh)
        self.check(f"Yes.\n\n{SEPARATOR}", f"Yes.\n\n{SEPARATOR}")


class LayoutTestCase(unittest.TestCase):
    "ML25: the same for HTML"

    def test_fold(self):
        for markup, fresh in [
                ('<p>a</p><blockquote>q</blockquote>', '<p>a</p>'),
                ('<p>a</p><blockquote>q</blockquote><p>b</p>', None),
                ('<blockquote>q</blockquote>', None),
                ('<div>a<br>On 1/1/26 10:00, S wrote:<br>q</div>',
                    '<div>a<br></div>'),
                ('<p>a</p><div class="quote">Xyz:</div><blockquote>q'
                    '</blockquote>', '<p>a</p>'),
                ('<p>a</p><div class="rest">Xyz: b</div><p>q</p>',
                    '<p>a</p>'),
                ('<p>a</p><div class="sign">Ann</div>', '<p>a</p>'),
                ('<table><tr><td>a</td></tr><tr><td>-- <br>Ann</td></tr>'
                    '</table>', '<table><tr><td>a</td></tr></table>'),
                ('<pre>a\n-- \nAnn\n</pre>', '<pre>a\n</pre>'),
                ('<p><img src="cid:a"></p><blockquote>q</blockquote>',
                    '<p><img src="cid:a"></p>'),
                ('<p><img alt=""></p><blockquote>q</blockquote>', None),
                (f'<p>a</p><div>{SEPARATOR}</div><p>q</p>', '<p>a</p>'),
                ]:
            with self.subTest(markup):
                folded = fold_html(markup, (SEPARATOR,))
                if fresh is None:
                    self.assertEqual(folded, markup)
                else:
                    self.assertEqual(fresh_html(folded), fresh)
                    self.assertEqual(folded.count('<details>'), 1)

    def test_rich_text(self):
        "What Tryton's rich text does not know becomes what it knows"
        for markup, rich in [
                ('<p>a</p><p>b</p>', '<div>a</div><div><br></div>'
                    '<div>b</div><div><br></div>'),
                ('<p>a</p><p>&nbsp;</p><p>b</p>',
                    '<div>a</div><div>&nbsp;</div><div>b</div>'),
                ('<ul><li>a</li></ul>', '<div><div>• a</div></div>'),
                ('<h1>a</h1>', '<div><b>a</b></div>'),
                ('<strong>a</strong><em>b</em><s>c</s>', '<b>a</b><i>b</i>c'),
                ('<a href="https://a.example">here</a>',
                    'here (https://a.example)'),
                ('<a href="https://a.example">a.example</a>', 'a.example'),
                ('<pre>a\nb</pre>', '<div>a<br>b</div>'),
                ('<img src="cid:a.png" alt="b">', '[a.png]'),
                ('<img alt="">', ''),
                ('<font color="#f00">a</font>b', 'ab'),
                ('a &lt;b&gt;', 'a &lt;b&gt;'),
                ]:
            with self.subTest(markup):
                self.assertEqual(rich_text(markup), rich)
