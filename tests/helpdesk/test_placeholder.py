# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import unittest

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trytond.modules.helpdesk import placeholder

pytestmark = pytest.mark.once

VALUES = {
    'ticket.number': '12',
    'party.name': "Ada",
    'price': '$5',
    'trick': '${party.name}',
    'empty': '',
    'nothing': None,
    'año.día': "hoy",
    }


class PlaceholderTestCase(unittest.TestCase):
    "C19: texts with placeholders"

    def test_render(self):
        "Values take the places of placeholders, and of nothing else"
        for text, expected, missing in [
                ("", "", []),
                ("Hello", "Hello", []),
                ("${ticket.number}", "12", []),
                ("#${ticket.number}: ${party.name}!", "#12: Ada!", []),
                ("${party.name}${party.name}", "AdaAda", []),
                ("${año.día}", "hoy", []),
                ("a\n${party.name}\nb", "a\nAda\nb", []),
                # Dollar signs
                ("$5 and 5$", "$5 and 5$", []),
                ("$party.name", "$party.name", []),
                ("$ {party.name}", "$ {party.name}", []),
                ("$$5", "$5", []),
                ("$${party.name}", "${party.name}", []),
                ("$$${party.name}", "$Ada", []),
                ("$$$${party.name}", "$${party.name}", []),
                # What a value holds is no placeholder
                ("${price}", "$5", []),
                ("${trick}", "${party.name}", []),
                # Without a value
                ("${sale.number}", "${sale.number}", ['sale.number']),
                ("${empty}${nothing}${empty}", "${empty}${nothing}${empty}",
                    ['empty', 'nothing']),
                # Malformed
                ("${", "${", []),
                ("${party.name", "${party.name", []),
                ("${party.name\n}", "${party.name\n}", []),
                ("${}", "${}", []),
                ("${party.}", "${party.}", []),
                ("${a${party.name}}", "${aAda}", []),
                ]:
            with self.subTest(text=text):
                self.assertEqual(
                    placeholder.render(text, VALUES.get),
                    (expected, missing))

    def test_names(self):
        "The names and what is malformed are found, with the place"
        for text, names, malformed in [
                ("", [], []),
                ("$5 $$ $${a.b} $a", [], []),
                ("${b} ${a.b} ${b}", ['b', 'a.b'], []),
                ("${ a.b }", [], [(0, "${ a.b }")]),
                ("Dear ${party.name,\nyes", [], [(5, "${party.name,")]),
                ("x ${", [], [(2, "${")]),
                ("${1a}${.a}${a..b}", [], [
                        (0, "${1a}${.a}${a..b}"), (5, "${.a}${a..b}"),
                        (10, "${a..b}")]),
                ("${a${b}}", ['b'], [(0, "${a${b}}")]),
                ("${a-b}" + 'x' * 99, [], [(0, "${a-b}" + 'x' * 24)]),
                ("${Ticket.Number} ${ñandú}", ['Ticket.Number', 'ñandú'], []),
                ]:
            with self.subTest(text=text):
                self.assertEqual(
                    placeholder.names(text), (names, malformed))

    def test_write(self):
        "A placeholder that is written is found again"
        text = placeholder.write('ticket.number')
        self.assertEqual(text, '${ticket.number}')
        self.assertEqual(placeholder.names(text), (['ticket.number'], []))

    @given(st.text(alphabet='$${}ab.1 \nñ'))
    def test_odd_texts(self, text):
        "Whatever the text: without a value nothing but $$ changes"
        rendered, missing = placeholder.render(text, lambda name: None)
        names, _ = placeholder.names(text)
        self.assertEqual(missing, names)
        self.assertEqual(rendered, text.replace('$$', '$'))

    @given(st.text(), st.text(min_size=1))
    def test_odd_values(self, text, value):
        "A value is put in as it is, and a text without dollars stays"
        text = text.replace('$', '')
        rendered, _ = placeholder.render(
            f'{text}${{a}}{text}', {'a': value}.get)
        self.assertEqual(rendered, f'{text}{value}{text}')
