# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
An accent colour can be read wherever style.css puts it (X7).
"""
import re
import unittest
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from trytond.modules.helpdesk_portal import colors
from trytond.modules.helpdesk_portal.colors import (
    DARK, LIGHT, contrast, is_color, shades, style_sheet)

STYLE = Path(colors.__file__).parent / 'static' / 'style.css'
any_color = st.tuples(*[st.integers(0, 255)] * 3).map(
    lambda rgb: '#{:02x}{:02x}{:02x}'.format(*rgb))


def variables(sheet):
    "Return the variables of a style sheet, light and dark, as dicts"
    light, dark = re.findall(r':root\s*{([^{}]*--accent:[^{}]*)}', sheet)
    return [
        dict(re.findall(r'--([\w-]+):\s*(#\w{6});', v)) for v in [light, dark]]


class ContrastTestCase(unittest.TestCase):

    def test_contrast(self):
        "The examples of WCAG and of its tools"
        for one, other, expected in [
                ('#000000', '#ffffff', 21),
                ('#ffffff', '#ffffff', 1),
                ('#777777', '#ffffff', 4.48),
                ('#767676', '#ffffff', 4.54),
                ('#ff0000', '#ffffff', 4.0),
                ]:
            with self.subTest(one=one, other=other):
                self.assertAlmostEqual(
                    contrast(one, other), expected, places=2)
                self.assertEqual(contrast(one, other), contrast(other, one))

    def test_is_color(self):
        for value, expected in [
                ('#1d5fb4', True), ('#ABCDEF', True), ('', False),
                (None, False), ('red', False), ('#fff', False),
                ('#1d5fb4 ', False), ('#1d5fb4\n', False),
                ('#1d5fbg', False), ('#000000;}body{', False),
                ]:
            with self.subTest(value=value):
                self.assertIs(is_color(value), expected)


class ShadesTestCase(unittest.TestCase):

    def test_readable_stays(self):
        "A colour that can be read is the company's, unchanged"
        for color, scheme in [
                ('#1d5fb4', LIGHT), ('#8a1538', LIGHT), ('#000000', LIGHT),
                ('#83b5f7', DARK), ('#ffffff', DARK),
                ]:
            with self.subTest(color=color):
                self.assertEqual(shades(color, scheme)['accent'], color)

    def test_unreadable_changes(self):
        for color, scheme in [
                ('#ffdd00', LIGHT), ('#ffffff', LIGHT), ('#7fd6a2', LIGHT),
                ('#000000', DARK), ('#1d5fb4', DARK),
                ]:
            with self.subTest(color=color):
                self.assertNotEqual(shades(color, scheme)['accent'], color)

    @given(any_color)
    def test_any_color(self, color):
        "Text, links and buttons have the contrast, whatever the colour"
        own = variables(STYLE.read_text())
        for scheme, rest in zip([LIGHT, DARK], own):
            all_ = {**rest, **shades(color, scheme)}
            for one, others in {
                    'accent': ['ground', 'card', 'tint', 'on-accent'],
                    'accent-strong': ['ground', 'card', 'tint', 'on-accent'],
                    'text': ['tint'],
                    'quiet': ['tint'],
                    }.items():
                for other in others:
                    self.assertGreaterEqual(
                        contrast(all_[one], all_[other]), 4.5,
                        (color, one, other))

    @given(any_color)
    def test_style_sheet(self, color):
        "It has the same variables as style.css"
        light, dark = variables(style_sheet(color))
        self.assertEqual(light, shades(color, LIGHT))
        self.assertEqual(dark, shades(color, DARK))
        own, _ = variables(STYLE.read_text())
        self.assertLessEqual(light.keys(), own.keys())


class StyleTestCase(unittest.TestCase):
    "static/style.css"

    def test_grounds(self):
        "The grounds that are reckoned with are those of the style sheet"
        for scheme, own in zip([LIGHT, DARK], variables(STYLE.read_text())):
            self.assertEqual(own['ground'], scheme.ground)
            self.assertEqual(own['card'], scheme.card)
            self.assertEqual(own['on-accent'], scheme.on_accent)

    def test_own_colors(self):
        "Our own colours can be read, too"
        for own in variables(STYLE.read_text()):
            for one, others in {
                    'text': ['ground', 'card', 'tint'],
                    'quiet': ['ground', 'card', 'tint'],
                    'accent': ['ground', 'card', 'tint', 'on-accent'],
                    'accent-strong': ['ground', 'card', 'tint', 'on-accent'],
                    'good': ['card', 'good-tint'],
                    'wait': ['card', 'wait-tint'],
                    'bad': ['ground', 'card', 'bad-tint'],
                    'bad-strong': ['card', 'bad-tint'],
                    }.items():
                for other in others:
                    with self.subTest(one=one, other=other):
                        self.assertGreaterEqual(
                            contrast(own[one], own[other]), 4.5)

    def test_field_lines(self):
        "The borders of fields can be seen (WCAG 1.4.11)"
        for own in variables(STYLE.read_text()):
            self.assertGreaterEqual(contrast(own['field'], own['card']), 3)

    def test_small(self):
        self.assertLess(STYLE.stat().st_size, 25 * 1024)
