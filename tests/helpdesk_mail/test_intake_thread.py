# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import unittest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trytond.modules.helpdesk_mail.intake.parse import parse
from trytond.modules.helpdesk_mail.intake.signing import (
    message_id, reply_address)
from trytond.modules.helpdesk_mail.intake.thread import (
    Clue, Thread, clues, is_forward, thread)

from tests.helpdesk_mail.corpus import letter

pytestmark = pytest.mark.once
SECRET = b'a secret of the tests'
ADDRESS = reply_address(SECRET, 17, 'support@helpdesk.example')
MESSAGE = message_id(SECRET, 17, 'x', 'helpdesk.example')
OTHER = message_id(SECRET, 18, 'x', 'helpdesk.example')
ORIGINAL = 'helpdesk.17.n0nce.aaaaaaaaaaaaaaaa@helpdesk.example'
FORGED = message_id(b'guessed', 17, 'x', 'helpdesk.example')


def write(*lines):
    return parse('\n'.join(
            ['From: ann@example.com', *lines, '', 'Hello']).encode())


class CluesTestCase(unittest.TestCase):
    "What hints at a ticket"

    def test_clues(self):
        "Reply address, own Message-IDs, foreign ones, number: in this order"
        for lines, expected in [
                ([], ()),
                ([f'To: Support <{ADDRESS}>'], (Clue('address', 17),)),
                ([f'Cc: {ADDRESS.upper()}'], (Clue('address', 17),)),
                ([f'Delivered-To: {ADDRESS}'], (Clue('address', 17),)),
                ([f'In-Reply-To: <{MESSAGE}>'], (Clue('message', 17),)),
                ([f'References: <a@b> <{OTHER}> <{MESSAGE}>'],
                    (
                        Clue('message', 17), Clue('message', 18),
                        Clue('reference', 'a@b'))),
                (['In-Reply-To: <c@d>', 'References: <a@b> <c@d>'],
                    (Clue('reference', 'c@d'), Clue('reference', 'a@b'))),
                (['Subject: Re: [#HD-12/3] Order'],
                    (Clue('number', 'HD-12/3'),)),
                (['Subject: [# 4 ] [#5]'],
                    (Clue('number', '4'), Clue('number', '5'))),
                (
                    [f'To: {ADDRESS}', f'References: <a@b> <{OTHER}>',
                        'Subject: [#19]'],
                    (
                        Clue('address', 17), Clue('message', 18),
                        Clue('reference', 'a@b'), Clue('number', '19'))),
                ]:
            with self.subTest(lines=lines):
                self.assertEqual(clues(write(*lines), SECRET), expected)

    def test_no_clues(self):
        "ML7: similar subjects, Thread-Index and bare numbers are no clue"
        for line in [
                'Subject: Re: Your order 17', 'Subject: Ticket #17',
                'Subject: [17] Order', 'Subject: [#] Order',
                'Thread-Index: AQHb2', 'Thread-Topic: [#17] Order',
                'X-Helpdesk-Ticket: 17', 'To: support+17@helpdesk.example']:
            with self.subTest(line):
                self.assertEqual(clues(write(line), SECRET), ())

    def test_forged(self):
        "SE6: a guessed Message-ID proves no ticket"
        self.assertEqual(
            clues(write(f'In-Reply-To: <{FORGED}>'), SECRET),
            (Clue('reference', FORGED),))
        self.assertEqual(
            clues(write('To: support+17-aaaaaaaaaaaaaaaa@x.example'), SECRET),
            ())

    def test_forward(self):
        "ML9: a forwarded letter tells of the ticket, but joins it not"
        for subject, expected in [
                ('WG: Order', False), ('Fwd: Order', False),
                ('FW: Re: Order', False), ('RV: Pedido', False),
                ('TR : Commande', False), ('I: Ordine', False),
                ('ENC: Pedido', False), ('转发：订单', False),
                ('Re: WG: Order', True), ('AW: Order', True),
                ('Form: Order', True), ('Info: Order', True),
                ('VS: Tilaus', True)]:
            with self.subTest(subject):
                self.assertEqual(is_forward(subject), not expected)
                found = clues(write(
                        f'Subject: {subject}', f'References: <{MESSAGE}>'),
                    SECRET)
                self.assertEqual(found, (Clue('message', 17, expected),))
        self.assertEqual(
            clues(write('Subject: WG: [#17] Order', f'To: {ADDRESS}'),
                SECRET),
            (Clue('address', 17), Clue('number', '17')))

    def test_limit(self):
        "SE15: a letter has so many clues and not more"
        references = ' '.join(f'<{i}@x>' for i in range(1000))
        found = clues(write(
                f'References: {references}', 'Subject: ' + '[#1]' * 100),
            SECRET)
        self.assertEqual(len(found), 51)
        self.assertEqual(found[0], Clue('reference', '999@x'))

    @settings(deadline=None, database=None)
    @given(st.text(), st.lists(st.text(max_size=60), max_size=5))
    def test_any_text(self, subject, others):
        "SE15: no text is an error, and none is proof"
        raw = f'From: a@b\nSubject: {subject}\nTo: {others}\nReferences: <' \
            + '> <'.join(others)
        kinds = {c.kind for c in clues(
                parse(raw.encode('utf-8', 'replace')), SECRET)}
        self.assertLessEqual(kinds, {'reference', 'number'})


class ThreadTestCase(unittest.TestCase):
    "Which ticket a letter belongs to"

    tickets = {
        Clue('address', 17): 17, Clue('message', 17): 17,
        Clue('message', 17, False): 17, Clue('message', 18): 18,
        Clue('reference', 'a@b'): 20, Clue('number', '19'): 19}

    def thread(self, *found, takes_part=frozenset([17, 18, 19, 20])):
        return thread(found, self.tickets.get, takes_part.__contains__)

    def test_first(self):
        "The strongest clue to a ticket decides"
        for found, expected in [
                ((), None),
                ((Clue('address', 17), Clue('number', '19')), 17),
                ((Clue('message', 99), Clue('message', 18)), 18),
                ((Clue('reference', 'x'), Clue('number', '19')), 19),
                ((Clue('number', '99'),), None),
                ]:
            with self.subTest(found=found):
                self.assertEqual(self.thread(*found).ticket, expected)

    def test_copied(self):
        "ML10: somebody in copy answers the letter that made the ticket"
        clue = Clue('reference', 'a@b')
        self.assertEqual(self.thread(clue), Thread(20, None, clue))

    def test_stranger(self):
        "ML8 SE6: a stranger's letter makes a ticket that names the other"
        for clue, ticket in self.tickets.items():
            with self.subTest(clue=clue):
                self.assertEqual(
                    self.thread(clue, takes_part=frozenset()),
                    Thread(None, ticket, clue))

    def test_next(self):
        "ML8: who doesn't take part in one ticket may do so in the next"
        found = (Clue('message', 17), Clue('message', 18))
        self.assertEqual(
            self.thread(*found, takes_part=frozenset([18])),
            Thread(18, None, found[1]))
        self.assertEqual(
            self.thread(*found, takes_part=frozenset()),
            Thread(None, 17, found[0]))

    def test_forward(self):
        "ML9: a forwarded letter makes a ticket that names the other"
        clue = Clue('message', 17, False)
        self.assertEqual(self.thread(clue), Thread(None, 17, clue))
        self.assertEqual(
            self.thread(clue, Clue('number', '19')).ticket, 19)

    def test_letters(self):
        "The letters of the corpus"
        for name, expected in [
                ('plain', ()),
                ('outlook_reply', (
                        Clue('reference', ORIGINAL),
                        Clue('reference', 'first@clients.example'),
                        Clue('number', '17'))),
                ('forward_wg', (
                        Clue('reference', 'supplier-9@supplier.example',
                            False),
                        Clue('reference', 'supplier-8@supplier.example',
                            False))),
                ]:
            with self.subTest(letter=name):
                self.assertEqual(clues(letter(name), SECRET), expected)
