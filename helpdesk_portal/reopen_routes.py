# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.protocols.wrappers import HTTPStatus

from . import forms
from .routes import LIMITS, post, uploaded
from .ticket_page import TicketPage
from .ticket_routes import TICKET, done, find_ticket


@post(f'{TICKET}/reopen')
def reopen(request, pool, number):
    Ticket = pool.get('helpdesk.ticket')
    visitor, ticket = find_ticket(request, pool, number, sent=True)
    answer = forms.read_answer(
        request.form.get('text'), uploaded(request), LIMITS)
    # To say why is welcome, but not needed
    nothing = not answer.text and not answer.files
    if not answer.valid and not (nothing and ticket.state != 'closed'):
        return TicketPage(
            request, visitor, ticket, LIMITS, answer=answer).response(
            HTTPStatus.UNPROCESSABLE_ENTITY)
    filed = Ticket.reopen_on_portal(ticket, visitor, answer)
    if filed and ticket.merged_into:
        # It was merged while the page was open
        return done(request, ticket,
            'answered' if filed == ticket.merge_target else 'follow_up')
    if filed not in {None, ticket}:
        return done(request, ticket, 'follow_up')
    return done(request, ticket, 'reopened' if filed else 'open_already')
