# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The page with the tickets of a customer.
"""
from dataclasses import dataclass

from trytond.pool import Pool

from .pages import Moment, Page
from .ticket_filter import SCOPES, STATES
from .ticket_page import TONES


@dataclass(frozen=True)
class Row:
    "A ticket as it is listed"
    number: str
    subject: str
    address: str
    state: str
    tone: str
    waiting: bool
    section: str
    at: Moment
    customer: str | None


class TicketListPage(Page):
    template = 'ticket_list.html'
    rows_shown = 25

    def __init__(self, request, visitor, wanted):
        """
        visitor is the Visitor who is logged in, wanted the
        ticket_filter.Filter of what they want to see.
        """
        super().__init__(request, visitor=visitor)
        pool = Pool()
        Party = pool.get('party.party')
        Ticket = pool.get('helpdesk.ticket')
        self.organisations = [
            name for _, name in Party.shared_with(visitor)]
        self.wanted = wanted
        found = Ticket.list_on_portal(visitor, wanted, self.rows_shown)
        self.has_more = len(found) > self.rows_shown
        self.rows = self._rows(found[:self.rows_shown])

    @property
    def heading(self):
        return self.text('page_tickets')

    @property
    def address(self):
        return self.path('tickets')

    @property
    def tabs(self):
        "Return the text and address of each state, and if it is chosen"
        return [
            (self.text(f'list_state_{state}'),
                self.address + self.wanted.query(state=state),
                state == self.wanted.state)
            for state in STATES]

    @property
    def scopes(self):
        "Return value and text for whose tickets, and if it is chosen"
        if not self.organisations:
            return []
        organisations = ', '.join(filter(None, self.organisations))
        return [
            (scope,
                self.text(f'list_of_{scope}', organisations=organisations),
                scope == self.wanted.scope)
            for scope in SCOPES]

    @property
    def hidden(self):
        "Return what a new search keeps, as name and value"
        return [('state', self.wanted.state)] if (
            self.wanted.state != STATES[0]) else []

    @property
    def newer(self):
        if self.wanted.page > 1:
            return self.address + self.wanted.query(page=self.wanted.page - 1)

    @property
    def older(self):
        if self.has_more:
            return self.address + self.wanted.query(page=self.wanted.page + 1)

    @property
    def empty(self):
        "Return why nothing is listed, and text and address of what to do"
        if self.wanted.narrow:
            return (
                self.text('list_nothing_found'), self.text('list_show_all'),
                self.address + self.wanted.query(state=STATES[0], text=''))
        return (
            self.text('list_empty'), self.text('page_new'), self.path('new'))

    def _rows(self, found):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        Ticket = pool.get('helpdesk.ticket')
        own = dict(found)
        tickets = {
            v['id']: v for v in Ticket.read(list(own), [
                    'number', 'subject', 'state', 'section', 'contact_name',
                    'last_communication_at', 'create_date'])
            } if own else {}
        sections = Section.shown_on_portal(self.lang.code)
        return [
            self._row(tickets[id_], sections, own[id_]) for id_ in own]

    def _row(self, ticket, sections, own):
        state = ticket['state']
        return Row(
            number=ticket['number'],
            subject=ticket['subject'],
            address=self.path('tickets', ticket['number']),
            state=self.text(f'state_{state}'),
            tone=TONES.get(state, ''),
            waiting=state in {'pending', 'authorization'},
            section=sections[ticket['section']]['name'],
            at=self.moment(
                ticket['last_communication_at'] or ticket['create_date']),
            customer=None if own
            else ticket['contact_name'] or self.text('list_colleague'))
