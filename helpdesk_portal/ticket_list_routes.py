# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.protocols.wrappers import HTTPStatus, redirect

from .routes import BASE, get, path, to_login, visitor
from .ticket_filter import read_filter
from .ticket_list_page import TicketListPage


@get(f'{BASE}/tickets')
def tickets(request, pool):
    found = visitor(request, pool)
    wanted = read_filter(request.args)
    if not found:
        # Who comes back from there finds what they looked for
        back = path(request, 'tickets') + wanted.query(page=wanted.page)
        return to_login(request, back)
    page = TicketListPage(request, found, wanted)
    if wanted.page > 1 and not page.rows:
        # There are no longer as many
        return redirect(
            path(request, 'tickets') + wanted.query(), HTTPStatus.SEE_OTHER)
    return page.response()
