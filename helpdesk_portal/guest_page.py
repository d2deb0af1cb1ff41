# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The page of a link that opens nothing, whatever the reason.
"""
from .pages import VisitPage


class LostLinkPage(VisitPage):
    template = 'lost_link.html'

    @property
    def heading(self):
        return self.text('lost_heading')

    @property
    def asked(self):
        return 'asked' in self.request.args
