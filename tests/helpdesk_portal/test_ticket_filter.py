# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import unittest

from trytond.modules.helpdesk_portal.ticket_filter import (
    MAX_TEXT, Filter, read_filter)


class FilterTestCase(unittest.TestCase):
    "SE13: only what is known is believed"

    def test_read(self):
        for values, expected in [
                ({}, Filter()),
                ({'state': 'open', 'of': 'shared', 'q': ' a  b ', 'page': '3'},
                    Filter('open', 'shared', 'a b', 3)),
                ({'state': 'draft'}, Filter()),
                ({'state': 'password_hash'}, Filter()),
                ({'of': 'everyone'}, Filter()),
                ({'order': 'email', 'company': '1'}, Filter()),
                ({'page': '0'}, Filter()),
                ({'page': '-1'}, Filter()),
                ({'page': '1e3'}, Filter()),
                ({'page': '١'}, Filter()),
                ({'page': '9' * 30}, Filter()),
                ({'page': '1\n'}, Filter()),
                ({'page': '9999'}, Filter(page=9999)),
                ({'q': 'a\x00b\r\nc\ud800'}, Filter(text='a b c\ufffd')),
                ({'q': 'x' * 10 ** 6}, Filter(text='x' * MAX_TEXT)),
                ]:
            with self.subTest(values=str(values)[:40]):
                self.assertEqual(read_filter(values), expected)

    def test_query(self):
        wanted = Filter('open', 'shared', 'a & b', 3)
        for found, expected in [
                (Filter().query(), ''),
                (wanted.query(page=3),
                    '?state=open&of=shared&q=a+%26+b&page=3'),
                (wanted.query(state='all'), '?of=shared&q=a+%26+b'),
                (wanted.query(text='', state='all', scope='mine'), ''),
                ]:
            self.assertEqual(found, expected)

    def test_words(self):
        self.assertEqual(len(Filter(text='a ' * 100).words), 10)
