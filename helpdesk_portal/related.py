# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The way from one ticket of a customer to the others.
"""
from dataclasses import dataclass

from trytond.pool import Pool
from trytond.transaction import inactive_records


@dataclass(frozen=True)
class Link:
    text: str
    address: str


class RelatedPart:
    "The tickets before and after this one that the visitor sees too"

    def __init__(self, page):
        "page is the TicketPage"
        self.page = page
        self.links = self._links()

    @property
    def back(self):
        "The address of the visitor's list, None for who has none"
        if self.page.visitor.user:
            return self.page.path('tickets')

    def _links(self):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        ticket, visitor = self.page.ticket, self.page.visitor
        # A guest sees one ticket only, and closed ones are followed up
        if not visitor.user or not (
                ticket.preceding or ticket.state == 'closed'):
            return []
        before = ticket.preceding.id if ticket.preceding else None
        with inactive_records():
            tickets = Ticket.search([
                    ['OR',
                        ('id', '=', before),
                        ('preceding', '=', ticket.id),
                        ],
                    Ticket.visible_to(visitor),
                    ], order=[('id', 'ASC')], limit=20)
        links = [self._link(t, before) for t in tickets]
        if target := self.page.merge_target:
            links.append(self._link(target, before, 'merged'))
        return links

    def _link(self, ticket, before, key=None):
        key = key or ('preceding' if ticket.id == before else 'following')
        return Link(
            self.page.text(f'related_{key}',
                number=ticket.number, subject=ticket.subject),
            self.page.path('tickets', ticket.number))
