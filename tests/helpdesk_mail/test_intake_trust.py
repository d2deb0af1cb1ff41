# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import time
import unittest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trytond.modules.helpdesk_mail.intake.parse import parse
from trytond.modules.helpdesk_mail.intake.thread import Clue
from trytond.modules.helpdesk_mail.intake.trust import Trust, doubtful, trust

pytestmark = pytest.mark.once
SERVERS = frozenset(['mx.example.com'])


def read(*values, reply_to=None, servers=SERVERS):
    lines = ['From: Ada <ada@clients.example>']
    lines += [f'Authentication-Results: {v}' for v in values]
    if reply_to:
        lines.append(f'Reply-To: {reply_to}')
    return trust(parse('\n'.join([*lines, '', 'Hello']).encode()), servers)


class TrustTestCase(unittest.TestCase):
    "How far the sender of a letter can be believed"

    def test_results(self):
        "ML17: what a trusted server found (RFC 8601)"
        for values, expected in [
                ([], {}),
                (['mx.example.com; none'], {}),
                (['mx.example.com; dmarc=fail'], {'dmarc': 'fail'}),
                (['MX.example.com 1; DMARC = Fail (p=reject)'],
                    {'dmarc': 'fail'}),
                (['"mx.example.com"; dmarc=fail'], {'dmarc': 'fail'}),
                (['(our (own) server) mx.example.com (x); dmarc/1=pass'],
                    {'dmarc': 'pass'}),
                ([
                        'mx.example.com;\n spf=pass smtp.mailfrom=a@b;\n'
                        ' dkim=fail header.d=x;\n dkim=pass header.d=b;\n'
                        ' dkim=fail header.d=y;\n dmarc=pass header.from=b'],
                    {'dkim': 'pass', 'dmarc': 'pass', 'spf': 'pass'}),
                (['mx.example.com; spf=fail reason="; dmarc=pass"'],
                    {'spf': 'fail'}),
                (['mx.example.com; spf=fail (dmarc=pass; dkim=pass)'],
                    {'spf': 'fail'}),
                (['mx.example.com; iprev=pass; x-dmarc=fail'], {}),
                # Others, and those that write no name
                (['other.example; dmarc=fail'], {}),
                (['dmarc=fail; mx.example.com'], {}),
                (['other.example; dmarc=fail', 'mx.example.com; dmarc=pass'],
                    {'dmarc': 'pass'}),
                # What was there already is below
                (['mx.example.com; dmarc=fail', 'mx.example.com; dmarc=pass'],
                    {'dmarc': 'fail'}),
                (['mx.example.com; spf=pass', 'mx.example.com; dmarc=fail'],
                    {'dmarc': 'fail', 'spf': 'pass'}),
                ]:
            with self.subTest(values=values):
                found = read(*values)
                self.assertEqual(dict(found.results), expected)
                self.assertEqual(
                    found.failed, expected.get('dmarc') == 'fail')

    def test_nobody_is_trusted(self):
        "ML17: without a server to trust, nothing is believed"
        self.assertEqual(
            read('mx.example.com; dmarc=fail', servers=frozenset()), Trust())

    def test_unnamed(self):
        "ML17: what Microsoft 365 writes, if it is said to be trusted"
        value = ('spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=b; '
            'dkim=none (message not signed) header.d=none;dmarc=fail '
            'action=none header.from=clients.example;compauth=fail')
        self.assertTrue(read(value, servers=frozenset(['-'])).failed)
        self.assertFalse(read(value).failed)
        self.assertFalse(
            read('; dmarc=fail', servers=frozenset(['-'])).failed)

    def test_reply_to(self):
        "ML17: answers that are asked to go to another domain"
        for value, expected in [
                (None, ''),
                ('ada@clients.example', ''),
                ('Desk <desk@CLIENTS.example>', ''),
                ('ada@mail.clients.example', ''),
                ('ada@evilclients.example', 'ada@evilclients.example'),
                ('ada@clients.example.evil', 'ada@clients.example.evil'),
                ('ada@clients.example, eve@evil.example',
                    'eve@evil.example'),
                ('nobody', ''),
                ]:
            with self.subTest(value=value):
                self.assertEqual(read(reply_to=value).reply_to, expected)

    def test_doubtful(self):
        "ML17, SE9: a disowned letter joins no ticket by its number"
        clues = (Clue('message', 1), Clue('number', '2'))
        self.assertEqual(doubtful(clues, Trust()), clues)
        self.assertEqual(
            doubtful(clues, Trust((('dmarc', 'fail'),))),
            (Clue('message', 1), Clue('number', '2', False)))

    @settings(deadline=None, database=None)
    @given(st.lists(st.text(
                st.sampled_from('mx.example.com;=()"\\ dmarcfilps')),
            max_size=3))
    def test_any_text(self, values):
        "SE15: no header is an error"
        read(*[v.replace('\n', ' ') for v in values])

    def test_time(self):
        "SE15: long headers take no long time"
        start = time.perf_counter()
        for piece in '(', '"', ';', 'dkim=', '\\', 'dkim=pass;':
            read(*['mx.example.com; ' + piece * 60_000] * 4)
        self.assertLess(time.perf_counter() - start, 5)
