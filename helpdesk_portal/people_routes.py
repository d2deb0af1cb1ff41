# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.modules.helpdesk_mail.intake.charset import one_line
from trytond.protocols.wrappers import HTTPStatus, abort, redirect

from .people_page import PeoplePage, people_changeable
from .routes import get, identifier, path, post
from .ticket_routes import TICKET, find_ticket


@get(f'{TICKET}/people')
def people(request, pool, number):
    return PeoplePage(request, *_find(request, pool, number)).response()


@post(f'{TICKET}/people')
def add(request, pool, number):
    Participant = pool.get('helpdesk.participant')
    visitor, ticket = _find(request, pool, number, sent=True)
    typed = one_line(request.form.get('email', ''))[:1000]
    error = Participant.add_on_portal(ticket, typed)
    if error:
        return PeoplePage(
            request, visitor, ticket, typed=typed, error=error).response(
            HTTPStatus.UNPROCESSABLE_ENTITY)
    return _back(request, ticket)


@post(f'{TICKET}/people/remove')
def remove(request, pool, number):
    Participant = pool.get('helpdesk.participant')
    visitor, ticket = _find(request, pool, number, sent=True)
    Participant.remove_on_portal(
        ticket, identifier(request.form.get('person', '')))
    return _back(request, ticket)


def _find(request, pool, number, sent=False):
    visitor, ticket = find_ticket(request, pool, number, sent=sent)
    if not (people_changeable(ticket, visitor, ticket.section.visibility)
            and ticket.is_decided_by(visitor)):
        abort(HTTPStatus.NOT_FOUND)
    return visitor, ticket


def _back(request, ticket):
    return redirect(
        path(request, 'tickets', ticket.number, 'people'),
        HTTPStatus.SEE_OTHER)
