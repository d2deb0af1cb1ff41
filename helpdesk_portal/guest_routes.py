# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.protocols.wrappers import HTTPStatus, redirect
from trytond.transaction import inactive_records

from . import addresses, session
from .guest_page import LostLinkPage
from .routes import BASE, check_form, get, path, post

GUEST = f'{BASE}/guest/<token>'


@get(GUEST)
def guest(request, pool, token):
    GuestLink = pool.get('helpdesk.guest_link')
    Ticket = pool.get('helpdesk.ticket')
    secure = addresses.is_secure(request)
    visitor = GuestLink.helpdesk_visitor(token)
    with inactive_records():
        tickets = list(Ticket.search(Ticket.visible_to(visitor), limit=1))
    for ticket in tickets:
        address = path(request, 'tickets', ticket.number)
        response = redirect(address, HTTPStatus.SEE_OTHER)
        # The second is no path below the first
        for address in [address, f'{address}.pdf']:
            session.set_guest_token(response, token, address, secure=secure)
        return response
    return LostLinkPage(request).response(HTTPStatus.NOT_FOUND)


@post(GUEST)
def ask(request, pool, token):
    Ticket = pool.get('helpdesk.ticket')
    check_form(request, session.visit_token(request))
    Ticket.ask_for_guest_link(token)
    address = path(request, 'guest', token)
    return redirect(f'{address}?asked', HTTPStatus.SEE_OTHER)
