# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The page where a customer says who else follows a ticket.
"""
from dataclasses import dataclass

from trytond.pool import Pool

from .pages import Page


@dataclass(frozen=True)
class Person:
    id: int
    email: str
    name: str


def people_changeable(ticket, visitor, visibility):
    """
    Tell whether who acts for the customer may say who is in copy.

    visitor is the Visitor who does, visibility that of the ticket's section.
    A link does not suffice: who got hold of one would go on reading once it
    is revoked.
    """
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    return bool(
        visitor.user
        and ticket.state != 'closed'
        and visibility == 'public'
        and Configuration.has_participants())


class PeoplePage(Page):
    template = 'people.html'

    def __init__(self, request, visitor, ticket, typed='', error=None):
        """
        visitor is the Visitor who may change who is in copy of the ticket;
        typed is what to show again with its forms.Error.
        """
        super().__init__(
            request, language=ticket.language, visitor=visitor,
            company=ticket.company)
        pool = Pool()
        Participant = pool.get('helpdesk.participant')
        self.ticket = ticket
        self.typed = typed
        self._error = error
        self.people = [
            Person(p.id, p.email, p.name)
            for p in Participant.of_customer(ticket)]

    @property
    def heading(self):
        return self.text('people_heading', number=self.ticket.number)

    @property
    def errors(self):
        return [('email', self.error)] if self._error else []

    @property
    def error(self):
        if self._error:
            return self.text(self._error.key, **self._error.variables)

    @property
    def ticket_address(self):
        return self.path('tickets', self.ticket.number)

    @property
    def address(self):
        return self.path('tickets', self.ticket.number, 'people')

    @property
    def remove_address(self):
        return self.path('tickets', self.ticket.number, 'people', 'remove')
