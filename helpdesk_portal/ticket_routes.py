# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.modules.helpdesk_mail.intake.layout import picture_type
from trytond.protocols.wrappers import HTTPStatus, Response, abort, redirect
from trytond.transaction import inactive_records

from . import forms, pages, session
from .routes import (
    BASE, LIMITS, check_form, download, get, identifier, path, post, uploaded,
    visitor)
from .ticket_page import TicketPage

# A number may have a slash
TICKET = f'{BASE}/tickets/<path:number>'


@get(TICKET)
def ticket(request, pool, number):
    return show(request, pool, number)


def show(request, pool, number):
    "Return the page of the ticket"
    Conversation = pool.get('helpdesk.conversation')
    visitor, ticket = find_ticket(request, pool, number)
    before = None
    if 'before' in request.args:
        before, = Conversation.search([
                ('id', '=', identifier(request.args['before'])),
                Conversation.on_portal(ticket),
                ]) or [None]
    return TicketPage(
        request, visitor, ticket, LIMITS, before=before).response()


@post(TICKET)
def answer(request, pool, number):
    Ticket = pool.get('helpdesk.ticket')
    visitor, ticket = find_ticket(request, pool, number, sent=True)
    answer = forms.read_answer(
        request.form.get('text'), uploaded(request), LIMITS)
    if not answer.valid:
        return TicketPage(
            request, visitor, ticket, LIMITS, answer=answer).response(
            HTTPStatus.UNPROCESSABLE_ENTITY)
    filed = Ticket.answer_on_portal(ticket, visitor, answer)
    return done(
        request, ticket,
        'answered' if filed == ticket.merge_target else 'follow_up')


@post(f'{TICKET}/close')
def close(request, pool, number):
    Ticket = pool.get('helpdesk.ticket')
    visitor, ticket = find_ticket(request, pool, number, sent=True)
    if not ticket.is_decided_by(visitor):
        abort(HTTPStatus.FORBIDDEN)
    what = 'closed'
    if ticket.state == 'closed' and ticket.closed_by != 'customer':
        # The page was open for a while
        what = 'closed_already'
    Ticket.close_on_portal(ticket)
    return done(request, ticket, what)


@get(f'{TICKET}/attachments/<id>')
def attachment(request, pool, number, id):
    attachment = _attachment(request, pool, number, id)
    return download(attachment.name, attachment.data)


@get(f'{TICKET}/pictures/<id>')
def picture(request, pool, number, id):
    attachment = _attachment(request, pool, number, id)
    type_ = picture_type(attachment.data or b'')
    if not type_:
        abort(HTTPStatus.NOT_FOUND)
    return Response(
        attachment.data, content_type=type_,
        headers={'Content-Security-Policy': pages.FILE_POLICY})


def _attachment(request, pool, number, id):
    "Return the file of what was said in the ticket"
    Attachment = pool.get('ir.attachment')
    Conversation = pool.get('helpdesk.conversation')
    visitor, ticket = find_ticket(request, pool, number)
    attachments = Attachment.search([
            ('id', '=', identifier(id)),
            ('type', '=', 'data'),
            ('resource', 'like', f'{Conversation.__name__},%'),
            ])
    for attachment in attachments:
        if Conversation.search([
                    ('id', '=', attachment.resource.id),
                    Conversation.on_portal(ticket),
                    ]):
            return attachment
    abort(HTTPStatus.NOT_FOUND)


def is_number(request, pool, number):
    "Tell whether the visitor may see a ticket of this number"
    return bool(_find(request, pool, number))


def find_ticket(request, pool, number, sent=False):
    """
    Return the visitor and the ticket of this number that they may see.

    sent means that a form was sent, which then must be one of ours. Whatever
    is wrong gives the same page, which so tells nothing.
    """
    GuestLink = pool.get('helpdesk.guest_link')
    visitor, ticket = (
        _find(request, pool, number) or abort(HTTPStatus.NOT_FOUND))
    if sent:
        check_form(request, visitor.token)
        if visitor.ticket:
            GuestLink.use(visitor.token)
    return visitor, ticket


def _find(request, pool, number):
    "Return the Visitor and the ticket that they may see, or None"
    Ticket = pool.get('helpdesk.ticket')
    if not number.isprintable():
        # PostgreSQL refuses NUL
        return
    with inactive_records():
        tickets = list(Ticket.search([('number', '=', number)]))
    for candidate in filter(None, _visitors(request, pool)):
        for ticket in tickets:
            if ticket.is_visible_to(candidate):
                return candidate, ticket


def _visitors(request, pool):
    "Yield as whom the request may see a ticket: by account, then by link"
    GuestLink = pool.get('helpdesk.guest_link')
    yield visitor(request, pool)
    yield GuestLink.helpdesk_visitor(session.guest_token(request))


def done(request, ticket, what):
    "Return to the ticket's page, which says what was done"
    address = path(request, 'tickets', ticket.number)
    return redirect(f'{address}?done={what}', HTTPStatus.SEE_OTHER)
