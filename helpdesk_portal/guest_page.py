# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The page of a link that opens nothing, whatever the reason.
"""
from . import session
from .pages import Page


class LostLinkPage(Page):
    template = 'lost_link.html'
    csrf_field = session.CSRF_FIELD

    def __init__(self, request, visit):
        "visit is the token of the visitor's cookie"
        super().__init__(request)
        self.csrf_token = session.csrf_token(visit)

    @property
    def heading(self):
        return self.text('lost_heading')

    @property
    def asked(self):
        return 'asked' in self.request.args
