# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Which tickets a customer asks to have listed.

Decided here: what of an address is believed, and how to ask for something
else. Not decided here: which tickets there are. Nothing here knows Tryton, the
database or the request; parameters come in as a dictionary.
"""
import re
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from ..helpdesk_mail.intake.charset import one_line

STATES = ('all', 'waiting', 'open', 'over')
SCOPES = ('mine', 'shared')
MAX_TEXT = 200
MAX_WORDS = 10


@dataclass(frozen=True)
class Filter:
    "What is listed: of which state, whose, with which words, which page"
    state: str = STATES[0]
    scope: str = SCOPES[0]
    text: str = ''
    page: int = 1

    @property
    def words(self):
        return self.text.split()[:MAX_WORDS]

    @property
    def narrow(self):
        "Whether it leaves something out that could be found"
        return bool(self.text) or self.state != STATES[0]

    def query(self, **values):
        """
        Return the query of the address of this filter with other values.

        What is as without a query is left out; page is 1 unless given.
        """
        other = replace(self, **{'page': 1, **values})
        found = {
            'state': other.state, 'of': other.scope, 'q': other.text,
            'page': other.page}
        usual = {'state': STATES[0], 'of': SCOPES[0], 'q': '', 'page': 1}
        query = urlencode({k: v for k, v in found.items() if v != usual[k]})
        return f'?{query}' if query else ''


def read_filter(values):
    """
    Return the Filter that is asked for.

    values is a dictionary of str as the browser sent it. What isn't known
    counts as not asked for (SE13). Never raise.
    """
    state, scope = values.get('state'), values.get('of')
    page = values.get('page', '')
    return Filter(
        state if state in STATES else STATES[0],
        scope if scope in SCOPES else SCOPES[0],
        ' '.join(one_line(values.get('q', '')[:MAX_TEXT]).split()),
        int(page) if re.fullmatch('[1-9][0-9]{0,3}', page) else 1)
