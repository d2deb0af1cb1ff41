# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The page with the board of a section, and the one that leads to it.

The cards are not in the page: its scripts fetch them, see board_routes.
"""
from trytond.pool import Pool

from . import session
from .account_pages import NoticePage
from .pages import Page

# What the scripts say, and what they put into it. They know braces only.
WORDS = {
    'total': ['number'],
    'loading': [],
    'again': [],
    'empty': [],
    'nothing': [],
    'unread': [],
    'due': ['due'],
    'overdue': ['due'],
    'responsible': ['name'],
    'nobody': [],
    'tags': ['tags'],
    'move': ['number'],
    'lifted': ['number', 'column'],
    'over': ['column', 'count'],
    'moved': ['number', 'column'],
    'stays': ['number', 'column'],
    'refused': ['number', 'column', 'reason'],
    'failed': [],
    'elsewhere': ['number', 'column'],
    'gone': ['number'],
    'stale': ['time'],
    'fresh': [],
    'signed_out': [],
    }
KEYS = ['arrows', 'enter', 'space', 'choose', 'escape', 'tab']


class BoardPage(Page):
    "The board, for agents"
    template = 'board.html'
    scripts = [
        'board_words.js', 'board_card.js', 'board.js', 'board_hand.js']
    styles = ['board.css']

    def __init__(self, request, user, sections, section, filters):
        """
        user is the res.user who is signed in; sections the helpdesk.section
        that they see, section that of the board or None; filters has what is
        shown of it: mine, a bool, tag, an id or None, and text.
        """
        super().__init__(
            request, language=user.language,
            company=section.company if section else None)
        self.user = user
        self.sections = sections
        self.section = section
        self.filters = filters

    def _choose_language(self, default):
        # As in Tryton, whose words are on the cards
        return default or super()._choose_language(default)

    @property
    def heading(self):
        return self.text('board_heading')

    @property
    def form_token(self):
        return session.csrf_token(session.board_key(self.request))

    @property
    def tags(self):
        "Return the id and name of each tag, and if it is chosen"
        pool = Pool()
        Tag = pool.get('helpdesk.tag')
        return [
            (t.id, t.name, t.id == self.filters.tag) for t in Tag.search([])]

    @property
    def words(self):
        "Return what the scripts say, by name"
        return {
            name: self.text(
                f'board_page_{name}', **{v: f'{{{v}}}' for v in variables})
            for name, variables in WORDS.items()}

    @property
    def keys(self):
        "Return the keys and what each does"
        return [
            (self.text(f'board_page_key_{key}'),
                self.text(f'board_page_key_{key}_text'))
            for key in KEYS]


class EnterPage(Page):
    """
    The page that signs an agent in, with a form that its script sends.

    What only looks at addresses, such as a scanner of mails, sends no form.
    """
    template = 'board_enter.html'
    scripts = ['board_enter.js']

    def __init__(self, request, token):
        "token is the str in the address, which is good for once"
        super().__init__(request)
        self.token = token

    @property
    def heading(self):
        return self.text('board_enter_heading')

    @property
    def navigation(self):
        # It is no page of the customers'
        return []

    @property
    def address(self):
        return self.path('board', 'enter', self.token)


class NoBoardPage(NoticePage):
    "Says why there is no board, to agents"

    @property
    def navigation(self):
        # As above
        return []
