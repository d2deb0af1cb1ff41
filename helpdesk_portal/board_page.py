# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The page of the board, and the one that leads to it.
"""
from . import session
from .pages import Page


class BoardPage(Page):
    template = 'board.html'

    def __init__(self, request, user, sections, section, filters):
        super().__init__(request, language=user.language)
        self.sections = sections
        self.section = section
        self.filters = filters

    @property
    def heading(self):
        return self.text('board_heading')

    @property
    def navigation(self):
        return []

    @property
    def form_token(self):
        return session.csrf_token(session.board_key(self.request))


class EnterPage(Page):
    template = 'board_enter.html'

    def __init__(self, request, token):
        super().__init__(request)
        self.token = token

    @property
    def heading(self):
        return self.text('board_enter_heading')

    @property
    def navigation(self):
        return []
