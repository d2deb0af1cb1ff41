# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""What a mail of ours says, as text and as HTML.

Decided here: what stands above and below a text, and how it looks.  Whatever
was written is escaped, nothing of it is ever a template, and the HTML makes
nobody's mail program ask a server for anything.
Not here: the words (layout.py), the headers (outgoing.py).
"""
import html
import re
from dataclasses import dataclass

from .clean import clean_html

MAX_QUOTED = 20_000

_LINK = re.compile(r'(?:https?://|mailto:)[^\s<>"]+', re.I)
_BLANKS = re.compile(r'^ +|  +', re.M)
# No colour for the text and none behind it: that is for the reader's program,
# which may be dark. This grey can be read on white and on black.
_GREY = 'color:#767676'
_BODY = (
    'font-family:-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif;'
    'font-size:15px;line-height:1.5;max-width:42em')
_PARAGRAPH = 'margin:0 0 1em'
_BELOW = f'border-top:1px solid #999999;padding-top:0.75em;{_GREY}'
_QUOTE = 'margin:0;padding-left:1em;border-left:3px solid #999999'


@dataclass(frozen=True)
class Layout:
    "A mail as plain texts, and HTML where somebody wrote some."
    body: str
    html: str = ''
    separator: str = ''
    signature: str = ''
    footer: str = ''
    quoted_head: str = ''
    quoted: str = ''
    language: str = ''


def to_text(layout):
    "Return the mail as a plain text."
    text = '\n\n'.join(filter(None, [
                layout.separator.strip(), layout.body.rstrip()]))
    below = '\n\n'.join(_below(layout))
    if below:
        # By these four characters programs know a signature (RFC 3676, 4.3)
        text += f'\n\n-- \n{below}'
    quoted = layout.quoted.strip()[:MAX_QUOTED]
    if quoted:
        lines = '\n'.join(
            f'>{line}' if line.startswith('>') else f'> {line}'.rstrip()
            for line in quoted.splitlines())
        text += f'\n\n{layout.quoted_head}\n{lines}'
    return f'{text}\n'


def to_html(layout):
    "Return the mail as a page of HTML."
    parts = []
    if layout.separator.strip():
        parts.append(
            f'<div style="{_GREY};font-size:12px;margin:0 0 1em">'
            f'{_inline(layout.separator.strip())}</div>')
    parts.append(
        f'<div>{clean_html(layout.html)}</div>' if layout.html
        else text_to_html(layout.body))
    below = _below(layout)
    if below:
        texts = ''.join(map(text_to_html, below))
        parts.append(f'<div style="{_BELOW}">{texts}</div>')
    quoted = layout.quoted.strip()[:MAX_QUOTED]
    if quoted:
        parts.append(
            f'<div><p style="{_PARAGRAPH}">{_inline(layout.quoted_head)}</p>'
            f'<blockquote style="{_QUOTE}">{text_to_html(quoted)}'
            '</blockquote></div>')
    language = html.escape(layout.language.replace('_', '-'))
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n'
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'</head>\n<body>\n<div style=\'{_BODY}\'>\n'
        + '\n'.join(parts)
        + '\n</div>\n</body>\n</html>\n')


def text_to_html(text):
    """Return paragraphs of HTML that read like the text.

    Addresses of pages and mailboxes that it spells out can be followed.
    """
    return ''.join(
        f'<p style="{_PARAGRAPH}">{_inline(paragraph)}</p>'
        for paragraph in _paragraphs(text))


def _below(layout):
    return list(filter(None, [
                layout.signature.strip(), layout.footer.strip()]))


def _paragraphs(text):
    "Return the lines of the text in groups that blank lines part."
    groups = [[]]
    for line in text.splitlines():
        if line.strip():
            groups[-1].append(line.rstrip())
        elif groups[-1]:
            groups.append([])
    return ['\n'.join(group) for group in groups if group]


def _inline(text):
    "Return the escaped text with its links and line ends."
    pieces, end = [], 0
    for match in _LINK.finditer(text):
        link = _trimmed(match.group())
        if link.endswith((':', '/')) and link.count('/') < 3:
            # A scheme alone leads nowhere
            continue
        pieces.append(_escape(text[end:match.start()]))
        address = html.escape(link)
        pieces.append(
            f'<a href="{address}" rel="noopener noreferrer">{address}</a>')
        end = match.start() + len(link)
    pieces.append(_escape(text[end:]))
    return ''.join(pieces)


def _trimmed(link):
    "Return the link without what ends the sentence around it."
    link = link.rstrip('.,;:!?\'')
    if link.endswith(')') and '(' not in link:
        link = link.rstrip(').,;:!?\'')
    return link


def _escape(text):
    text = _BLANKS.sub(
        lambda m: '\N{NO-BREAK SPACE}' * len(m.group()),
        text.replace('\t', '    '))
    return html.escape(text).replace('\n', '<br>\n')
