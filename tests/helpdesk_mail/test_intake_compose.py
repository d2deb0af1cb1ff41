# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import re
import unittest
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trytond.modules.helpdesk_mail.intake.compose import (
    MAX_QUOTED, Layout, text_to_html, to_html, to_text)

pytestmark = pytest.mark.once


class _Page(HTMLParser):
    "What a program that shows HTML makes of a page"

    def __init__(self, markup):
        super().__init__()
        self.tags, self.links, self.text = [], [], ''
        self.addresses = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name == 'href':
                self.links.append(value)
            elif name in {'src', 'background', 'action', 'data', 'srcset'}:
                self.addresses.append(value)

    def handle_data(self, data):
        self.text += data


class ComposeTestCase(unittest.TestCase):
    "A mail of ours as text and as HTML"

    def test_text(self):
        "C14: the separator is above, signature and footer are below"
        self.assertEqual(
            to_text(Layout(
                    "Done.\n", separator="Write above", signature="Ana\n",
                    footer="Your link")),
            "Write above\n\nDone.\n\n-- \nAna\n\nYour link\n")
        self.assertEqual(to_text(Layout("Done.")), "Done.\n")

    def test_quoted(self):
        "ML24: the last letter is quoted below everything, its quotes deeper"
        text = to_text(Layout(
                "Done.", signature="Ana", quoted_head="Ada wrote:",
                quoted="It burns.\n\n> Really?"))
        self.assertEqual(
            text,
            "Done.\n\n-- \nAna\n\nAda wrote:\n> It burns.\n>\n>> Really?\n")
        page = _Page(to_html(Layout(
                    "Done.", quoted_head="Ada wrote:",
                    quoted="It <b>burns</b>.")))
        self.assertIn('blockquote', page.tags)
        self.assertNotIn('b', page.tags)
        self.assertLess(
            len(to_text(Layout("", quoted='x' * 2 * MAX_QUOTED))),
            MAX_QUOTED + 100)

    def test_injection(self):
        "SE1: nothing that anybody wrote becomes HTML, wherever it stands"
        evil = '"\'><script>alert(1)</script><img src=x onerror=1> ${a} {b}'
        for name in [
                'body', 'separator', 'signature', 'footer', 'quoted',
                'quoted_head', 'language']:
            values = {'body': 'a', 'quoted': 'b', name: evil}
            page = _Page(to_html(Layout(**values)))
            self.assertNotIn('script', page.tags, name)
            self.assertNotIn('img', page.tags, name)
            if name != 'language':
                self.assertIn('${a} {b}', page.text, name)

    def test_html(self):
        "SE1: HTML of one's own goes out without what could do harm"
        page = _Page(to_html(Layout(
                    'a', html='<p>It is <b>done</b><script>x</script>'
                    '<img src="https://track.example.org/1.gif"></p>')))
        self.assertIn('b', page.tags)
        self.assertNotIn('script', page.tags)
        self.assertFalse(page.addresses)

    def test_no_requests(self):
        "Nothing in a mail of ours is fetched from anywhere"
        markup = to_html(Layout(
                "See https://example.com/a.png", signature="Ana",
                footer="Link", quoted="x", separator="Above"))
        page = _Page(markup)
        self.assertFalse(page.addresses)
        self.assertNotIn('url(', markup)
        self.assertFalse({'link', 'style', 'img'} & set(page.tags))

    def test_dark(self):
        "The mail has no background, and its text the reader's colour"
        markup = to_html(Layout("Done.", signature="Ana"))
        self.assertIn('name="color-scheme" content="light dark"', markup)
        self.assertNotIn('background', markup)
        colours = set(re.findall(r'(?<![-\w])color:(#\w+)', markup))
        self.assertEqual(colours, {'#767676'})

    def test_links(self):
        "Links to pages and mailboxes can be followed, nothing else"
        for text, links in [
                ("See https://example.com/a?b=1&c=2.",
                    ['https://example.com/a?b=1&c=2']),
                ("(http://example.com/x)", ['http://example.com/x']),
                ("https://en.example.org/wiki/A_(b)",
                    ['https://en.example.org/wiki/A_(b)']),
                ("mailto:a@example.com!", ['mailto:a@example.com']),
                ("javascript:alert(1) data:text/html,x file:///etc", []),
                ('https://a.example/"onclick="x', ['https://a.example/']),
                ("https:// mailto:", []),
                ("<https://example.com>", ['https://example.com']),
                ]:
            self.assertEqual(_Page(text_to_html(text)).links, links, text)

    def test_paragraphs(self):
        "Paragraphs, line ends and indents stay as they were written"
        markup = text_to_html("One\ntwo\n\n\n  - three\r\n")
        page = _Page(markup)
        self.assertEqual(page.tags, ['p', 'br', 'p'])
        self.assertIn('\N{NO-BREAK SPACE}' * 2 + '- three', page.text)

    @given(st.text())
    def test_any_text(self, text):
        "SE1: any text becomes paragraphs and links, and can still be read"
        page = _Page(text_to_html(text))
        self.assertLessEqual(set(page.tags), {'p', 'br', 'a'})
        self.assertEqual(
            re.sub(r'\s+', '', page.text), re.sub(r'\s+', '', text))

    @given(st.text(alphabet='htps:/mailo.()<>"\'& @x\n\t', max_size=200))
    def test_any_links(self, text):
        "SE1: whatever looks like a link leads to a page or a mailbox"
        page = _Page(text_to_html(text))
        self.assertLessEqual(set(page.tags), {'p', 'br', 'a'})
        for link in page.links:
            self.assertRegex(link, r'(?i)\A(https?://|mailto:).')
