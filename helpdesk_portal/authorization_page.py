# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What the page of a ticket shows while its customer has something to authorize.
"""
from trytond.pool import Pool

from . import prose
from .decision import MAX_NAME, Decision


class AuthorizationPart:
    "The question, and the forms to authorize and to deny it"
    max_name = MAX_NAME

    def __init__(self, page, decision=Decision()):
        """
        page is the TicketPage; decision the Decision to show again with its
        errors.
        """
        pool = Pool()
        Authorization = pool.get('helpdesk.authorization')
        self.page = page
        self.decision = decision
        asked = Authorization.asked([page.ticket])
        self.asked = asked[0] if asked else None
        self.decidable = page.ticket.may_decide_on_portal(page.visitor)

    @property
    def signature(self):
        return self.asked.signature

    @property
    def question(self):
        return prose.paragraphs(self.asked.question)

    @property
    def question_hash(self):
        return self.asked.question_hash

    @property
    def by(self):
        return self.page.text(
            'authorization_by', name=self.asked.asked_by or self.page.brand)

    @property
    def at(self):
        return self.page.moment(self.asked.asked_at)

    @property
    def address(self):
        return self.page.path('tickets', self.page.number, 'authorize')

    @property
    def name(self):
        return self.decision.name or self.page.ticket.contact_name

    @property
    def denying(self):
        "Whether the form to deny it is open"
        return self.decision.state == 'denied'

    @property
    def errors(self):
        return [(name, self.error(name)) for name in self.decision.errors]

    def error(self, name):
        error = self.decision.errors.get(name)
        if error:
            return self.page.text(error.key, **error.variables)
