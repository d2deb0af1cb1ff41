# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import re
import time
import unittest
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trytond.modules.helpdesk_mail.intake.clean import (
    MAX_HTML, clean_html, html_to_text)

from tests.helpdesk_mail.corpus import letter

pytestmark = pytest.mark.once
TAGS = {
    'a', 'b', 'blockquote', 'br', 'code', 'div', 'em', 'h1', 'h2', 'h3', 'h4',
    'h5', 'h6', 'hr', 'i', 'img', 'li', 'ol', 'p', 'pre', 's', 'small',
    'span', 'strong', 'sub', 'sup', 'table', 'tbody', 'td', 'tfoot', 'th',
    'thead', 'tr', 'u', 'ul'}
ATTRIBUTES = {
    'alt', 'colspan', 'dir', 'height', 'href', 'lang', 'rel', 'rowspan',
    'src', 'start', 'target', 'title', 'width'}
HOSTILE = [
    '<script>alert(1)</script>', '<img src=x onerror=alert(1)>',
    '<svg onload=alert(1)>', '<a href="javascript:alert(1)">x</a>',
    '<a href=" java\tscript:alert(1)">x</a>', '<a href="/logout">x</a>',
    '<a href="//evil.example/">x</a>', '<a href="data:text/html,x">x</a>',
    '<img src="https://evil.example/p.gif">', '<img src="//evil.example">',
    '<img src="data:image/svg+xml;base64,x">', '<img srcset="https://e 1x">',
    '<p style="background:url(https://evil.example)">', '<style>@import "x"',
    '<link rel=stylesheet href="https://evil.example">', '<base href="//e">',
    '<meta http-equiv=refresh content="0;url=//e">', '<iframe src="//e">',
    '<table background="https://evil.example">', '<video poster="//e">',
    '<input type=image src="//e">', '<form action="//e"><button>', '<body ',
    '<object data="//e">', '<embed src="//e">', '<audio src="//e">', '<!--',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">', '-->',
    '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
    '<svg></p><style><a id="</style><img src=x onerror=alert(1)>">',
    '<![CDATA[',
    '<template><script>', '<a ping="//e" href="https://x.example">', '"', "'",
    '>', '<', '&lt;script&gt;', '&#60;script>', '<p id=x class=y>', '<title>']


class Judge(HTMLParser):
    "Collects what a browser would run or ask for."

    def __init__(self, markup):
        super().__init__()
        self.found = []
        self.feed(markup)

    def handle_starttag(self, tag, attributes):
        if tag not in TAGS:
            self.found.append(tag)
        for name, value in attributes:
            if (name not in ATTRIBUTES
                    or name == 'href' and not re.match(
                        r'\s*(https?://|mailto:|tel:)', value, re.I)
                    or name == 'src' and not re.match(
                        r'\s*(cid:|data:image/(?!svg))', value, re.I)):
                self.found.append((tag, name, value))

    def handle_comment(self, data):
        self.found.append(data)


class CleanTestCase(unittest.TestCase):
    "HTML of letters that is safe to show"

    def test_kept(self):
        "ML25: what a person wrote stays"
        for markup in [
                '<p>a <b>b</b> <i>c</i><br>d</p>', '<ul><li>a</li></ul>',
                '<ol start="3"><li>a</li></ol>', '<h1>a</h1>',
                '<table><tbody><tr><td colspan="2">a</td></tr></tbody>'
                '</table>',
                '<blockquote>a</blockquote>', '<pre>a\n b</pre>',
                '<img src="cid:a@b">', '<img src="data:image/png;base64,AA">',
                '<p dir="rtl" lang="ar">a</p>', 'a &amp; b &lt; c', '']:
            with self.subTest(markup):
                self.assertEqual(clean_html(markup), markup)

    def test_links(self):
        "Links stay, and tell the other site nothing"
        for address in [
                'https://x.example/?a=1', 'HTTP://x.example', 'tel:+34',
                'mailto:a@b.example']:
            with self.subTest(address):
                found = clean_html(f'<a href="{address}">x</a>')
                self.assertIn(f'href="{address}"', found)
                self.assertIn('rel="noopener noreferrer nofollow"', found)

    def test_contents(self):
        "ML19: a picture named without 'cid:' is shown if it is there"
        markup = '<img src="logo@x">'
        self.assertEqual(
            clean_html(markup, {'logo@x': 'logo.png'}),
            '<img src="cid:logo.png">')
        self.assertEqual(clean_html(markup), '<img>')

    def test_hostile(self):
        "SE1 SE3: nothing runs and nothing is requested"
        for markup in HOSTILE:
            with self.subTest(markup):
                self.assertEqual(Judge(clean_html(markup)).found, [])

    def test_letters(self):
        "SE1 SE3: letters of the corpus"
        for name in ['script', 'outlook_reply', 'inline_cid', 'html_only']:
            with self.subTest(letter=name):
                self.assertEqual(
                    Judge(clean_html(letter(name).html)).found, [])

    @settings(deadline=None, database=None, max_examples=300)
    @given(st.lists(st.one_of(
                st.sampled_from(HOSTILE), st.text(max_size=10),
                st.sampled_from(sorted(TAGS)).map('<{}>'.format),
                st.sampled_from(sorted(TAGS)).map('</{}>'.format)),
            max_size=20))
    def test_any_mixture(self, pieces):
        "SE1 SE3: nor does it when hostile pieces are mixed"
        found = clean_html(''.join(pieces))
        self.assertEqual(Judge(found).found, [])
        self.assertEqual(Judge(clean_html(found)).found, [])

    @pytest.mark.slow
    def test_time(self):
        "SE15: pathological HTML is cleaned in seconds"
        for piece in [
                '<div>', '<b x=1><p>', '<ul><li>x', '<blockquote>x', '&',
                '\xa0', '<!--', '<b\n', ' \n', '<br>\n', '<pre>\n',
                '<b x=1><table></b></table><p>',
                '<div><table></div></table>']:
            markup = (piece * MAX_HTML)[:MAX_HTML]
            with self.subTest(piece):
                for function in [clean_html, html_to_text]:
                    start = time.perf_counter()
                    function(markup)
                    # One or two seconds, but machines may be busy.
                    self.assertLess(time.perf_counter() - start, 20)

    def test_time_of_pictures(self):
        "SE15: tags of pictures that never end are read in seconds"
        for piece, end in [
                ('<img ', '>'), ('<img ' + 'x' * 20, '>'),
                ('<img src=cid:a ' + 'src=cid:a ' * 50, '<p>')]:
            markup = (piece * 19_000)[:MAX_HTML - 10] + end
            with self.subTest(piece):
                start = time.perf_counter()
                html_to_text(markup)
                self.assertLess(time.perf_counter() - start, 20)

    def test_too_many_tags(self):
        "SE15: of HTML with too many tags the text stays"
        found = clean_html('<div>a &lt;b&gt;' * 25_000)
        self.assertNotIn('<', found)
        self.assertEqual(found.split()[:2], ['a', '&lt;b&gt;'])


class TextTestCase(unittest.TestCase):
    "HTML as text"

    def test_text(self):
        "TR2: HTML reads well as text"
        for markup, text in [
                ('', ''),
                ('<p>Hello,</p><p>it works.</p>', 'Hello,\n\nit works.'),
                ('a<br>b', 'a\nb'),
                ('<b>a</b> <i>b</i>', 'a b'),
                ('a &amp; b &lt;c&gt; &euro;', 'a & b <c> €'),
                ('<ul><li>a</li><li>b</li></ul>', '* a\n  * b'),
                ('<p>1. a</p><p>- b</p><p>+ c</p>', '1. a\n\n- b\n\n+ c'),
                ('a_b * c # d', 'a_b * c # d'),
                ('<a href="https://x.example">x</a>',
                    '[x](https://x.example)'),
                ('<a href="javascript:alert(1)">x</a>', 'x'),
                ('<style>p {}</style><script>x</script><title>t</title>y',
                    'y'),
                ('<table><tr><td>a</td><td>b</td></tr></table>', 'ab'),
                ('a&nbsp;b', 'a b'),
                ('<img src="https://x.example/p.gif">x', 'x'),
                ('<p><img alt="y" src="cid:a@b" width=1>x</p>',
                    '[cid:a@b]x'),
                ('<p>a</p>' + '\n' * 50 + '<p>b</p>', 'a\n\nb'),
                ]:
            with self.subTest(markup):
                self.assertEqual(html_to_text(markup), text)

    @settings(deadline=None, database=None)
    @given(st.text())
    def test_any_text(self, markup):
        "SE15: no text is an error"
        html_to_text(markup)
