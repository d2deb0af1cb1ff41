# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""Foreign HTML into HTML and text that are safe to show.

Decided here: which marks of a letter survive.  A short list of them does, no
style, and nothing that makes a browser ask a server for anything before
somebody follows a link.
Not here: which part of a letter is its HTML (parse.py).
"""
import html
import re
from functools import partial
from types import MappingProxyType

import html2text
import nh3

MAX_HTML = 500_000
MAX_TAGS = 20_000
MAX_NESTING = 100
MAX_ENTITIES = 20_000

_BLOCKS = {
    'blockquote', 'br', 'div', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'li',
    'ol', 'p', 'pre', 'table', 'tbody', 'td', 'tfoot', 'th', 'thead', 'tr',
    'ul'}
_TAGS = _BLOCKS | {
    'a', 'b', 'code', 'em', 'i', 'img', 's', 'small', 'span', 'strong',
    'sub', 'sup', 'u'}
_ATTRIBUTES = {
    '*': {'dir', 'lang'},
    'a': {'href', 'title'},
    'img': {'alt', 'height', 'src', 'width'},
    'ol': {'start'},
    'td': {'colspan', 'rowspan'},
    'th': {'colspan', 'rowspan'},
    }
# What the classes and ids of mail programs say: a quote, that a quote
# begins, a signature
HINTS = {
    'gmail_attr': 'quote', 'moz-cite-prefix': 'quote',
    'yahoo_quoted': 'quote', 'divrplyfwdmsg': 'rest',
    'gmail_signature': 'sign', 'moz-signature': 'sign', 'signature': 'sign',
    'ms-outlook-mobile-signature': 'sign', 'applemailsignature': 'sign',
    'x_signature': 'sign'}
_WITH_HINTS = {**_ATTRIBUTES, 'blockquote': set()}
for _tag in ['blockquote', 'div', 'p', 'pre', 'span', 'table', 'td']:
    _WITH_HINTS[_tag] = _WITH_HINTS.get(_tag, set()) | {'class', 'id'}
_WITH_CONTENT = {
    'iframe', 'math', 'noscript', 'object', 'script', 'style', 'svg',
    'template', 'title'}
_NESTING = {'blockquote', 'ol', 'ul'}
_NESTING_TAG = re.compile(r'<(?:blockquote|ol|ul)\b')
# No relative address: it would lead into the site that shows the letter.
_LINK = re.compile(r'\s*(?:https?://|mailto:|tel:)', re.I)
# No SVG: it may hold scripts and requests.
_PICTURE = re.compile(
    r'\s*(?:cid:|data:image/(?:bmp|gif|jpe?g|png|webp);base64,)', re.I)
_CID = re.compile(r'\s*cid:', re.I)
# Two steps: in one, each tag would be looked for up to the end.
_IMAGE = re.compile(r'<img\b[^<>]*>', re.I)
_IMAGE_CID = re.compile(
    r'\bsrc\s?=\s?["\']?cid:([^"\'\s>]{1,200})', re.I)
# Formatting left open is repeated in every following paragraph (HTML,
# 13.2.4.3), without limit if attributes differ.
_FORMATTING = re.compile(
    r'<(b|big|code|em|font|i|s|small|strike|strong|tt|u)(?=[\s/])[^>]*>',
    re.I)
_START_TAG = re.compile(r'<[a-z]', re.I)
_TAG = re.compile(r'<[^>]*>')
# nh3 takes a square of their number in one text; a comment ends a text.
_ENTITIES = re.compile(r'(?:[&\xa0][^&\xa0]*){1000}')
_BARE_AMPERSAND = re.compile(r'&(?![a-z#])', re.I)
_BLANKS = re.compile(r'\s{4,}')
_ESCAPED = re.compile(r'^([ \t]*(?:\d+)?)\\(?=[.+-])', re.M)


def clean_html(markup, contents=MappingProxyType({}), hints=False):
    """Return HTML that runs nothing and requests nothing.

    Pictures stay if they are part of the letter, as 'cid:' (RFC 2392) or as
    'data:'; of others the alternative text stays.  ``contents`` maps the
    Content-IDs of the letter, which some programs name without 'cid:', to
    the names that stand for them.  ``hints`` keeps what mail programs say of
    a quote or a signature, as one of the classes of HINTS.
    HTML is cut after 500,000 characters; with more than 20,000 tags only its
    text stays.
    """
    return nh3.clean(
        _bounded(markup), tags=_TAGS, clean_content_tags=_WITH_CONTENT,
        attributes=_WITH_HINTS if hints else _ATTRIBUTES,
        attribute_filter=partial(_attribute, contents),
        link_rel='noopener noreferrer nofollow',
        set_tag_attribute_values={'a': {'target': '_blank'}},
        url_schemes={'cid', 'data', 'http', 'https', 'mailto', 'tel'})


def html_to_text(markup):
    """Return what a person reads in the HTML.

    Links keep their address; where a picture of the letter is, '[cid:...]'
    tells its Content-ID.
    """
    bounded = _IMAGE.sub(_place_of_image, _bounded(markup))
    tags = _BLOCKS | {'a'}
    if len(_NESTING_TAG.findall(bounded)) > MAX_NESTING:
        # Each level indents every line below it.
        tags = tags - _NESTING
    cleaned = nh3.clean(
        bounded, tags=tags, clean_content_tags=_WITH_CONTENT,
        attributes={'a': {'href'}}, link_rel=None,
        attribute_filter=partial(_attribute, {}))
    converter = html2text.HTML2Text(bodywidth=0)
    converter.ignore_images = True
    converter.ignore_tables = True
    converter.unicode_snob = True
    # html2text takes a square of the length of blank lines.
    text = converter.handle(
        _BLANKS.sub(_fewer_blanks, cleaned.replace('&nbsp;', ' ')))
    text = '\n'.join(line.rstrip() for line in text.split('\n'))
    # It also escapes what Markdown would take for a list.
    return _BLANKS.sub(_fewer_blanks, _ESCAPED.sub(r'\1', text)).strip()


def _place_of_image(match):
    found = _IMAGE_CID.search(match.group())
    return f'[cid:{found[1]}]' if found else match.group()


def _fewer_blanks(match):
    blanks = match.group()
    return '\n\n' if blanks.count('\n') > 2 else blanks


def _attribute(contents, tag, name, value):
    "Return the value the attribute may have, None to drop it."
    if tag == 'a' and name == 'href':
        return value if _LINK.match(value) else None
    if tag == 'img' and name == 'src':
        content = _CID.sub('', value).replace('%40', '@')
        if content in contents:
            return f'cid:{contents[content]}'
        return value if _PICTURE.match(value) else None
    if name in {'class', 'id'}:
        found = HINTS.keys() & value.lower().split()
        return HINTS[min(found)] if found else None
    return value


def _bounded(markup):
    "Return the HTML without what takes a square of its length to parse."
    markup = _BARE_AMPERSAND.sub('&amp;', markup[:MAX_HTML])
    end = markup.rfind('>') + 1
    # A tag that never ends is none.
    markup = markup[:end] + markup[end:].replace('<', '&lt;')
    if len(_START_TAG.findall(markup)) > MAX_TAGS:
        markup = html.escape(html.unescape(_TAG.sub(' ', markup)))
    else:
        markup = _FORMATTING.sub(r'<\1>', markup)
    if markup.count('&') + markup.count('\xa0') > MAX_ENTITIES:
        markup = _ENTITIES.sub(r'\g<0><!---->', markup)
    return markup
