# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import re
import textwrap
import unittest

import pytest
from trytond.modules.helpdesk_mail.intake.correspondents import Correspondents
from trytond.modules.helpdesk_mail.intake.filter import FILTERS, Policy, judge
from trytond.modules.helpdesk_mail.intake.parse import parse
from trytond.modules.helpdesk_mail.intake.verdict import Verdict

from tests.environment import ROOT
from tests.helpdesk_mail.corpus import letter

pytestmark = pytest.mark.once
PERSON = Verdict('file')
REPLY = Verdict('file', 'auto_replied', automatic=True, answer=False)
ABSENCE = Verdict('file', 'absence', automatic=True, answer=False)
MACHINE = Verdict('file', 'auto_generated', automatic=True, answer=False)
LIST = Verdict('file', 'list', answer=False)
UNWANTED = Verdict('file', 'no_answer_wanted', answer=False)
OWN = Verdict('ignore', 'own', automatic=True, answer=False)
BOUNCE = Verdict('ignore', 'bounce', automatic=True, answer=False)
NOTICE = Verdict('ignore', 'delivery_notice', automatic=True, answer=False)
RECEIPT = Verdict('ignore', 'receipt', automatic=True, answer=False)


class FilterTestCase(unittest.TestCase):
    "Which letters are filed, held or ignored"

    def judge(self, *lines, policy=Policy(), sender='ann@example.com'):
        raw = '\n'.join([f'From: {sender}', *lines, '', 'Hello'])
        return judge(parse(raw.encode()), policy)

    def test_letters(self):
        "ML11 ML12: the letters of the corpus"
        for name, verdict in [
                ('plain', PERSON),
                ('vacation_es', REPLY),
                ('delivery_report', BOUNCE),
                ('delivery_delayed', NOTICE),
                ('read_receipt', RECEIPT),
                ('mailing_list', LIST),
                ('no_from', Verdict('hold', 'no_sender', answer=False)),
                ('empty', Verdict('hold', 'no_sender', answer=False)),
                ('nested_letter', PERSON),
                ]:
            with self.subTest(letter=name):
                self.assertEqual(judge(letter(name), Policy()), verdict)

    def test_machines(self):
        "ML11: machines are known by what they say of themselves"
        for line, verdict in [
                ('Subject: Hello', PERSON),
                ('Auto-Submitted: no', PERSON),
                ('Auto-Submitted: auto-replied', REPLY),
                ('Auto-Submitted: Auto-Replied; owner-email="x"', REPLY),
                ('X-Autoreply: yes', REPLY),
                ('Precedence: auto_reply', REPLY),
                ('Subject: Automatic reply: Order', ABSENCE),
                ('Subject: Fuera de la oficina: Pedido', ABSENCE),
                ('Subject: Resposta automàtica: Comanda', ABSENCE),
                ('Subject: Abwesenheitsnotiz: Bestellung', ABSENCE),
                ('Subject: Re: Automatic reply: Order', PERSON),
                ('Subject: The automatic reply is wrong', PERSON),
                ('Auto-Submitted: auto-generated', MACHINE),
                ('Auto-Submitted: auto-notified', MACHINE),
                ('Precedence: bulk', MACHINE),
                ('Precedence: junk', MACHINE),
                ('Return-Path: <>', MACHINE),
                ('Return-Path: <ann@example.com>', PERSON),
                ('Precedence: list', LIST),
                ('List-Id: <x.example.com>', LIST),
                ('List-Unsubscribe: <mailto:x@example.com>', LIST),
                ('X-Auto-Response-Suppress: All', UNWANTED),
                ('X-Auto-Response-Suppress: None', PERSON),
                ]:
            with self.subTest(line):
                self.assertEqual(self.judge(line), verdict)

    def test_robot_addresses(self):
        "ML11 SE9: senders that nobody reads"
        for sender, verdict in [
                ('no-reply@example.com', MACHINE),
                ('noreply@example.com', MACHINE),
                ('NoReply+12@example.com', MACHINE),
                ('do-not-reply@example.com', MACHINE),
                ('donotreply@example.com', MACHINE),
                ('shop.no_reply@example.com', MACHINE),
                ('no-responder@example.com', MACHINE),
                ('notifications@example.com', MACHINE),
                ('bounces+1=2@example.com', MACHINE),
                ('mailer-daemon@example.com', BOUNCE),
                ('postmaster@example.com', PERSON),
                ('reply@example.com', PERSON),
                ('nora@example.com', PERSON),
                ('automatismos@example.com', PERSON),
                ]:
            with self.subTest(sender):
                self.assertEqual(self.judge(sender=sender), verdict)

    def test_bounces(self):
        "ML13: what couldn't be delivered, also told in the old ways"
        for sender, line, verdict in [
                ('MAILER-DAEMON', '', BOUNCE),
                ('postmaster@example.com', 'Return-Path: <>', BOUNCE),
                ('ann@example.com', 'X-Failed-Recipients: b@x', BOUNCE),
                ('ann@example.com', 'Content-Type: multipart/report;'
                    ' report-type=delivery-status', BOUNCE),
                ('ann@example.com', 'Content-Type: multipart/report', PERSON),
                ]:
            with self.subTest(sender=sender, line=line):
                self.assertEqual(
                    self.judge(line or 'X: y', sender=sender), verdict)

    def test_own(self):
        "ML14: our own letter come back is ignored"
        policy = Policy(
            own_mark='mark', own_addresses=frozenset(['us@helpdesk.example']))
        for sender, line, verdict in [
                ('ann@example.com', 'X-Tryton-Helpdesk: mark', OWN),
                ('ann@example.com', 'X-Tryton-Helpdesk: other', PERSON),
                ('ann@example.com', 'X-Tryton-Helpdesk:', PERSON),
                ('US@helpdesk.example', 'X: y', OWN),
                # Before they are taken for bounces or for letters of nobody.
                ('nobody', 'X-Tryton-Helpdesk: mark', OWN),
                ]:
            with self.subTest(sender=sender, line=line):
                self.assertEqual(
                    self.judge(line, sender=sender, policy=policy), verdict)
        # SE5: no mark is no match.
        self.assertEqual(self.judge('X-Tryton-Helpdesk:'), PERSON)

    def test_listed(self):
        "C3, C4: who is blocked, and who gets no automatic answers"
        policy = Policy(correspondents=Correspondents(
                blocked={'spam.example'}, no_automatic={'ann@example.com'}))
        blocked = Verdict('ignore', 'blocked', answer=False)
        silent = Verdict('file', 'no_automatic', answer=False)
        for sender, line, verdict in [
                ('x@spam.example', 'Subject: Hello', blocked),
                ('x@news.spam.example', 'Precedence: bulk', blocked),
                ('ann@example.com', 'Subject: Hello', silent),
                ('ann@example.com', 'Precedence: list', LIST),
                ('bob@example.com', 'Subject: Hello', PERSON),
                # A mail of ours came back, whoever says so
                ('x@spam.example', 'X-Failed-Recipients: a@b.example',
                    BOUNCE),
                ]:
            with self.subTest(sender=sender, line=line):
                self.assertEqual(
                    self.judge(line, policy=policy, sender=sender), verdict)

    def test_size(self):
        "ML18: a letter above the limit is held, not lost"
        for size, verdict in [
                (None, PERSON), (1000, PERSON),
                (10, Verdict('hold', 'too_large', answer=False))]:
            with self.subTest(size=size):
                self.assertEqual(
                    self.judge('X: y', policy=Policy(max_size=size)), verdict)

    def test_content(self):
        "A letter without any content is held"
        for raw, verdict in [
                (b'From: a@example.com\n\n',
                    Verdict('hold', 'empty', answer=False)),
                (b'From: a@example.com\nSubject: x\n\n', PERSON),
                (b'From: a@example.com\n\nx', PERSON),
                ]:
            with self.subTest(raw):
                self.assertEqual(judge(parse(raw), Policy()), verdict)

    def test_documented_filter(self):
        "The filter in doc/extending.rst does what it says"
        text = (ROOT / 'doc' / 'extending.rst').read_text(encoding='utf-8')
        text = text.partition('\nFilters\n')[2]
        code = textwrap.dedent(
            re.search(r'code-block:: python\n\n((?: {4}.*\n|\n)+)', text)[1])

        class Base:
            @classmethod
            def filters(cls):
                return FILTERS

        names = {'Base': Base}
        exec(code.replace('metaclass=PoolMeta', 'Base'), names)
        found = parse(b'From: a@b.example\nList-Unsubscribe: <x>\n\nx')
        self.assertEqual(judge(found, Policy()).reason, 'list')
        self.assertEqual(
            judge(found, Policy(), names['Mail'].filters()).reason,
            'helpdesk_example.msg_reason_newsletter')

    def test_own_filters(self):
        "Another module puts filters before or after"
        def vip(letter, policy):
            if letter.sender.email == 'vip@example.com':
                return Verdict('file', 'vip')

        found = parse(b'From: vip@example.com\nPrecedence: bulk\n\nx')
        self.assertEqual(
            judge(found, Policy(), (vip, *FILTERS)), Verdict('file', 'vip'))
        self.assertEqual(judge(found, Policy(), (*FILTERS, vip)), MACHINE)
