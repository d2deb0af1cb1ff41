# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import imaplib
import poplib
import smtplib
import unittest

import pytest

from tests.services import Dovecot, Sink, Wire, needs

pytestmark = pytest.mark.once
LETTER = b'From: a@example.com\r\nSubject: %d\r\n\r\nText %d\r\n'


@needs('dovecot')
class DovecotTestCase(unittest.TestCase):
    "The mail server of the tests"

    @classmethod
    def setUpClass(cls):
        cls.dovecot = Dovecot({
                    'support': 'secret', 'sales': 'geheim'})
        cls.dovecot.__enter__()
        cls.addClassCleanup(cls.dovecot.__exit__)

    def test_imap(self):
        "Letters delivered are there, unseen or seen"
        self.dovecot.deliver(LETTER % (1, 1), LETTER % (2, 2))
        self.dovecot.deliver(LETTER % (3, 3), seen=True)
        with self.dovecot.imap() as session:
            self.assertEqual(
                session.search(None, 'UNSEEN')[1], [b'1 2'])
            self.assertEqual(session.search(None, 'ALL')[1], [b'1 2 3'])

    def test_starttls(self):
        "The server can be spoken to with STARTTLS"
        with imaplib.IMAP4(
                self.dovecot.host, self.dovecot.port('imap')) as session:
            session.starttls(self.dovecot.trust())
            session.login('sales', 'geheim')

    def test_imaps(self):
        "The server can be spoken to with TLS"
        with imaplib.IMAP4_SSL(
                self.dovecot.host, self.dovecot.port('imaps'),
                ssl_context=self.dovecot.trust()) as session:
            session.login('sales', 'geheim')
            with self.assertRaises(imaplib.IMAP4.error):
                session.login('sales', 'wrong')

    def test_pop3(self):
        "The same letters are there by POP3"
        self.dovecot.deliver(LETTER % (1, 1), user='sales')
        session = poplib.POP3_SSL(
            self.dovecot.host, self.dovecot.port('pop3s'),
            context=self.dovecot.trust())
        session.user('sales')
        session.pass_('geheim')
        self.assertEqual(session.stat()[0], 1)
        session.quit()


class SinkTestCase(unittest.TestCase):
    "The SMTP server of the tests"

    def setUp(self):
        self.sink = Sink()
        self.sink.start()
        self.addCleanup(self.sink.stop)

    def send(self):
        with smtplib.SMTP('127.0.0.1', self.sink.port) as server:
            server.sendmail(
                'a@example.com', ['b@example.com'], LETTER % (1, 1))

    def test_messages(self):
        "What is sent is kept"
        self.send()
        message, = self.sink.wait(1)
        self.assertEqual(message['Subject'], '1')
        self.assertEqual(
            self.sink.envelopes[0].rcpt_tos, ['b@example.com'])

    def test_refuse(self):
        "It can refuse recipients and letters"
        self.sink.refuse = '550 No such user'
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.send()
        self.sink.refuse = None
        self.sink.refuse_data = '554 No'
        with self.assertRaises(smtplib.SMTPDataError):
            self.send()
        self.assertEqual(self.sink.messages, [])

    def test_down(self):
        "It can be down and come back"
        self.sink.stop()
        with self.assertRaises(OSError):
            self.send()
        self.sink.start()
        self.send()
        self.assertEqual(len(self.sink.messages), 1)


class WireTestCase(unittest.TestCase):
    "The way to a server that breaks"

    def test_cut(self):
        "What is passed on is the same until it is cut"
        with Sink() as sink, Wire(sink.port) as wire:
            with smtplib.SMTP(wire.host, wire.port) as session:
                self.assertEqual(session.noop()[0], 250)
            wire.cut = 60
            with self.assertRaises(smtplib.SMTPServerDisconnected):
                smtplib.SMTP(wire.host, wire.port).ehlo()
