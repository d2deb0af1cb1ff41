# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import time
import unittest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trytond.modules.helpdesk_mail.intake.parse import parse
from trytond.modules.helpdesk_mail.intake.report import (
    Failure, bounced_message_id, read)

from tests.helpdesk_mail.test_intake_parse import letter

pytestmark = pytest.mark.once
ORIGINAL = 'helpdesk.17.n0nce.aaaaaaaaaaaaaaaa@helpdesk.example'
GONE = 'gone@clients.example'


class ReportTestCase(unittest.TestCase):
    "What a report about the delivery of a letter says"

    def test_letters(self):
        "ML13: who did not get which letter, and why, also in the old ways"
        for name, recipients, action, status, cause in [
                ('delivery_report', (GONE,), 'failed', '5.1.1', 'no_address'),
                ('delivery_delayed',
                    (GONE,), 'delayed', '4.4.7', 'unreachable'),
                ('dsn_qmail', (GONE,), 'failed', '5.2.2', 'mailbox_full'),
                ('dsn_exim', (GONE,), 'failed', '', 'no_address'),
                ('dsn_exchange', (GONE, 'g.one@internal.clients.example'),
                    'failed', '5.7.1', 'refused'),
                ('dsn_original_below', (GONE,), 'failed', '', 'no_address'),
                ('dsn_exim_warning', (GONE,), 'delayed', '', 'unreachable'),
                ]:
            with self.subTest(letter=name):
                report = read(letter(name))
                self.assertEqual(report.message_ids[0], ORIGINAL)
                failure = report.failures[0]
                self.assertEqual(failure.recipients, recipients)
                self.assertEqual(failure.action, action)
                self.assertEqual(failure.status, status)
                self.assertEqual(failure.cause, cause)
                self.assertTrue(failure.reason)
                self.assertEqual(report.failed, action == 'failed')

    def test_words_of_the_server(self):
        "ML13: the server's own words, on a line"
        for name, reason in [
                ('delivery_report', "550 5.1.1 no such user"),
                ('dsn_qmail',
                    "192.0.2.7 does not like recipient. Remote host said: "
                    "552 5.2.2 mailbox is over quota Giving up on 192.0.2.7."),
                ('dsn_original_below', "does not exist."),
                ]:
            with self.subTest(letter=name):
                self.assertEqual(
                    read(letter(name)).failures[0].reason, reason)

    def test_told_to_people(self):
        "ML13: what became of a letter, in the words of a machine"
        for subject, text, action in [
                ("Undeliverable", "a@example.com: unknown user", 'failed'),
                ("Mail", "It could not be delivered to a@example.com.",
                    'failed'),
                ("Delivery delayed", "a@example.com", 'delayed'),
                ("Mail", "We could not yet reach a@example.com.\n\n"
                    "You do not need to resend your message.", 'delayed'),
                ("Successful delivery", "To a@example.com", 'delivered'),
                ("Mail", "Your mail to a@example.com was delivered.",
                    'delivered'),
                ]:
            with self.subTest(subject=subject, text=text):
                report = read(parse((
                            f'From: MAILER-DAEMON\nSubject: {subject}\n\n'
                            f'{text}').encode()))
                failure, = report.failures
                self.assertEqual(failure.recipients, ('a@example.com',))
                self.assertEqual(failure.action, action)
                self.assertEqual(report.failed, action == 'failed')

    def test_several_recipients(self):
        "ML13: each recipient has an end of its own"
        raw = letter_of_status(
            'Final-Recipient: rfc822; a@example.com\nAction: delivered\n'
            'Status: 2.0.0',
            'Final-Recipient: rfc822; b@example.com\nAction: failed\n'
            'Status: 5.2.1',
            'Final-Recipient: rfc822; c@example.com\nStatus: 4.4.1',
            'Final-Recipient: rfc822; d@example.com\nStatus: 5.0.0')
        report = read(parse(raw))
        self.assertEqual(
            [(f.recipients[0][0], f.action) for f in report.failures],
            [('a', 'delivered'), ('b', 'failed'), ('c', 'delayed'),
                ('d', 'failed')])
        self.assertTrue(report.failed)

    def test_cause(self):
        "ML13: codes and words of servers are told in plain words"
        for status, reason, cause in [
                ('5.1.1', '', 'no_address'),
                ('5.1.10', '', 'no_address'),
                ('5.1.8', '', ''),
                ('5.2.1', '', 'mailbox_off'),
                ('5.2.2', '', 'mailbox_full'),
                ('5.2.3', '', 'too_large'),
                ('5.3.4', '', 'too_large'),
                ('4.4.7', '', 'unreachable'),
                ('5.7.26', '', 'refused'),
                ('5.0.0', '550 no such user here', 'no_address'),
                ('', 'Host or domain name not found', 'unreachable'),
                ('', 'message looks like spam', 'refused'),
                ('', 'something', ''),
                ]:
            with self.subTest(status=status, reason=reason):
                self.assertEqual(
                    Failure((), 'failed', status, reason).cause, cause)

    def test_bounced_message_id(self):
        "ML13: a bounce names the letter that it returns"
        for name, message_id in [
                ('delivery_report', ORIGINAL),
                ('delivery_delayed', ORIGINAL),
                ('nested_letter', 'inner-1@supplier.example'),
                ('plain', ''),
                ]:
            with self.subTest(letter=name):
                self.assertEqual(
                    bounced_message_id(letter(name)), message_id)

    @settings(max_examples=200, deadline=None)
    @given(st.binary(max_size=2000))
    def test_anything(self, data):
        "ML1: any bytes give a report, and no exception"
        read(parse(data))
        read(parse(letter_of_status(data.decode('latin-1'))))

    def test_time(self):
        "ML1: a report as large as it may be takes no time"
        for text in [
                b'a' * 500_000, b'a@' * 250_000, b'a@b.c\n' * 80_000,
                b'-' * 500_000, b'--- copy of the message\n' * 20_000,
                b'message-id:' * 40_000, b'a@b.' * 100_000,
                ]:
            with self.subTest(text[:10]):
                start = time.process_time()
                read(parse(b'From: MAILER-DAEMON\n\n' + text))
                self.assertLess(time.process_time() - start, 3)
        for field in ['\n', 'Final-Recipient: rfc822; a@b.c\n\n']:
            with self.subTest(field):
                report = parse(letter_of_status(field * 300_000))
                start = time.process_time()
                read(report)
                self.assertLess(time.process_time() - start, 1)


def letter_of_status(*recipients):
    "Return a raw delivery report with these fields for each recipient"
    status = '\n\n'.join(['Reporting-MTA: dns; mx', *recipients])
    return (
        'From: MAILER-DAEMON\n'
        'Content-Type: multipart/report; report-type=delivery-status;'
        ' boundary=x\n\n'
        '--x\nContent-Type: text/plain\n\nIt failed.\n'
        f'--x\nContent-Type: message/delivery-status\n\n{status}\n--x--\n'
        ).encode()
