# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.protocols.wrappers import HTTPStatus, redirect

from . import session
from .routes import BASE, get, path
from .ticket_routes import visible


@get(f'{BASE}/guest/<token>')
def guest(request, pool, token):
    GuestLink = pool.get('helpdesk.guest_link')
    _, ticket = visible([GuestLink.helpdesk_visitor(token)], pool)
    address = path(request, 'tickets', ticket.number)
    response = redirect(address, HTTPStatus.SEE_OTHER)
    session.set_guest_token(
        response, token, address, secure=GuestLink.is_secure(request))
    return response
