# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from functools import partial

from trytond.protocols.wrappers import HTTPStatus

from .decision import read_decision
from .routes import LIMITS, post
from .ticket_page import TicketPage
from .ticket_routes import TICKET, done, find_ticket

# What the page says of it, by what went wrong
STATUSES = {
    'authorization_not_yours': HTTPStatus.FORBIDDEN,
    'authorization_changed': HTTPStatus.CONFLICT,
    }


@post(f'{TICKET}/authorize')
def authorize(request, pool, number):
    Ticket = pool.get('helpdesk.ticket')
    visitor, ticket = find_ticket(request, pool, number, sent=True)
    decision = Ticket.decide_on_portal(
        ticket, visitor, partial(read_decision, request.form), {
            'ip_address': request.remote_addr,
            'user_agent': request.user_agent.string,
            })
    if decision.valid:
        return done(request, ticket, decision.state)
    key = next(iter(decision.errors.values())).key
    return TicketPage(
        request, visitor, ticket, LIMITS, decision=decision).response(
        STATUSES.get(key, HTTPStatus.UNPROCESSABLE_ENTITY))
