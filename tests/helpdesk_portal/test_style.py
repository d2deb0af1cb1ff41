# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The style sheet goes with the templates.
"""
import re
from pathlib import Path

from trytond.modules import helpdesk_portal

ROOT = Path(helpdesk_portal.__file__).parent
STYLE = (ROOT / 'static' / 'style.css').read_text()
# What a page gets from Python
STATES = {'good', 'mine', 'over', 'team', 'wait'}
LARGEST = 25 * 1024


def rules():
    return re.sub(r'/\*.*?\*/', '', STYLE, flags=re.S)


def test_balance():
    "X7: no block is left open, which would take in all that follow"
    opened = []
    for before, bracket in re.findall(r'([^{}]*)([{}])', rules()):
        if bracket == '{':
            # A rule stands in a query of the media, never in another rule
            assert all(o.startswith('@') for o in opened), before
            opened.append(before.strip())
        else:
            opened.pop()
    assert not opened


def test_classes():
    "What no page uses is not there"
    templates = '\n'.join(
        p.read_text() for p in (ROOT / 'templates').glob('*.html')
        if p.name != 'ticket_report.html')
    used = {
        word
        for value in re.findall(r'class="((?:\{\{.*?\}\}|[^"])*)"', templates)
        for word in re.findall(r'[a-z][a-z-]*', value)}
    styled = set(re.findall(r'\.([a-z][a-z-]*)', re.sub(
                r'\{[^{}]*\}', '', rules())))
    assert not styled - used - STATES - {'width', 'narrow'}


def test_size():
    assert len(STYLE.encode()) < LARGEST
