# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.protocols.wrappers import HTTPStatus, abort, redirect

from . import forms, session
from .rating_page import RatingPage, RatingPart
from .routes import BASE, LIMITS, check_form, get, path, post
from .ticket_page import TicketPage
from .ticket_routes import TICKET, done, find_ticket

RATE = f'{BASE}/rate/<token>'


@get(RATE)
def rate(request, pool, token):
    # What the link says is only proposed: programs follow links as well
    proposed = forms.Rating(forms.read_score(request.args.get('score')))
    return RatingPage(request, _find(pool, token), proposed).response()


@post(RATE)
def rated(request, pool, token):
    check_form(request, session.visit_token(request))
    asked = _find(pool, token)
    sent = _read(request)
    if not sent.valid:
        return RatingPage(request, asked, sent).response(
            HTTPStatus.UNPROCESSABLE_ENTITY)
    if not asked.record(sent.score, sent.comment):
        return RatingPage(request, asked).response(HTTPStatus.CONFLICT)
    return redirect(path(request, 'rate', token), HTTPStatus.SEE_OTHER)


@post(f'{TICKET}/rate')
def rate_ticket(request, pool, number):
    Rating = pool.get('helpdesk.rating')
    visitor, ticket = find_ticket(request, pool, number, sent=True)
    sent = _read(request)
    if not ticket.may_rate_on_portal(visitor):
        page = TicketPage(request, visitor, ticket, LIMITS)
        page.rating = RatingPart(page, refused=True)
        return page.response(HTTPStatus.CONFLICT)
    if not sent.valid:
        page = TicketPage(request, visitor, ticket, LIMITS)
        page.rating = RatingPart(page, sent)
        return page.response(HTTPStatus.UNPROCESSABLE_ENTITY)
    Rating.record(ticket, sent.score, sent.comment)
    return done(request, ticket, 'rated')


def _find(pool, token):
    "Return the request for the token; all that is wrong gives the same page"
    Request = pool.get('helpdesk.rating.request')
    return Request.find(token) or abort(HTTPStatus.NOT_FOUND)


def _read(request):
    return forms.read_rating(
        request.form.get('score'), request.form.get('comment'))
