# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import logging
import re
from functools import wraps

import trytond.config as config
from trytond import backend
from trytond.exceptions import UserError, UserWarning
from trytond.modules.helpdesk_mail.intake.file import safe_file_name
from trytond.modules.helpdesk_mail.intake.layout import picture_type
from trytond.protocols.wrappers import (
    HTTPStatus, Response, abort, allow_null_origin, exceptions, redirect,
    set_max_request_size, with_pool, with_transaction)
from trytond.transaction import Transaction
from trytond.wsgi import app

from . import addresses, forms, pages, session
from .ticket_page import TicketPage
from .visibility import Visitor

logger = logging.getLogger(__name__)

BASE = '/<database_name>/helpdesk'
# A number may have a slash
TICKET = f'{BASE}/tickets/<path:number>'
LIMITS = forms.Limits(
    size=config.getint('helpdesk', 'max_upload', default=10 * forms.MIB))
# What is somewhat over the limit is read all the same, so that the page comes
# back with the text that was typed.
MAX_REQUEST = 3 * LIMITS.size + forms.MIB
# Of that, what is no file
MAX_FORM = 2 * forms.MIB


def portal_page(func):
    """
    Turn what goes wrong into a page, and add the headers to all.

    Tryton answers a UserError differently from series to series, and shows
    people the text of any exception (SE17). The path is not logged: it may
    hold the token of a link.
    """
    @wraps(func)
    def wrapper(request, pool, *args, **kwargs):
        try:
            response = func(request, pool, *args, **kwargs)
        except exceptions.HTTPException as error:
            response = _error(request, pool, error.code)
        except (UserError, UserWarning) as error:
            logger.info("refused %s: %s", func.__name__, error)
            response = _error(request, pool, HTTPStatus.BAD_REQUEST)
        except backend.DatabaseOperationalError:
            logger.exception("database failed on %s", func.__name__)
            response = _error(request, pool, HTTPStatus.SERVICE_UNAVAILABLE)
        except Exception:
            logger.exception("failed on %s", func.__name__)
            response = _error(request, pool, HTTPStatus.INTERNAL_SERVER_ERROR)
        return pages.secured(response)
    return wrapper


def _error(request, pool, code):
    try:
        with Transaction().start(pool.database_name, 0, readonly=True):
            return pages.ErrorPage(
                request, int(code),
                limit=forms.mebibytes(LIMITS.size)).response()
    except backend.DatabaseOperationalError:
        # Without a database there are no translations either
        return Response(
            "Please try again in a minute.",
            status=HTTPStatus.SERVICE_UNAVAILABLE)


def _route(rule, methods):
    """
    Decorate a page of the portal.

    Browsers call the origin of a page that asks for no referrer null. What
    changes something is proven by the token in the form instead.
    """
    def decorator(func):
        return app.route(rule, methods=methods)(
            allow_null_origin(set_max_request_size(MAX_REQUEST)(
                    with_pool(portal_page(with_transaction()(func))))))
    return decorator


def _get(rule):
    return _route(rule, methods={'GET'})


def _post(rule):
    return _route(rule, methods={'POST'})


@_get(f'{BASE}/')
def start(request, pool):
    return pages.StartPage(request).response()


@_get(f'{BASE}/static/<name>')
def static(request, pool, name):
    return pages.static_file(name) or abort(HTTPStatus.NOT_FOUND)


@_get(f'{BASE}/<path:anything>')
def nothing(request, pool, anything):
    abort(HTTPStatus.NOT_FOUND)


@_get(f'{BASE}/guest/<token>')
def guest(request, pool, token):
    GuestLink = pool.get('helpdesk.guest_link')
    _, ticket = _visible(pool, token)
    path = _path(request, 'tickets', ticket.number)
    response = redirect(path, HTTPStatus.SEE_OTHER)
    session.set_guest_token(
        response, token, path, secure=GuestLink.is_secure(request))
    return response


@_get(TICKET)
def ticket(request, pool, number):
    Conversation = pool.get('helpdesk.conversation')
    visitor, ticket = _ticket(request, pool, number)
    before = None
    if 'before' in request.args:
        before, = Conversation.search([
                ('id', '=', _id(request.args['before'])),
                Conversation.on_portal(ticket),
                ]) or [None]
    return TicketPage(
        request, visitor, ticket, LIMITS, before=before).response()


@_post(TICKET)
def answer(request, pool, number):
    Ticket = pool.get('helpdesk.ticket')
    visitor, ticket = _ticket(request, pool, number, sent=True)
    answer = forms.read_answer(
        request.form.get('text'), _files(request), LIMITS)
    if not answer.valid:
        return TicketPage(
            request, visitor, ticket, LIMITS, answer=answer).response(
            HTTPStatus.UNPROCESSABLE_ENTITY)
    filed = Ticket.answer_on_portal(ticket, visitor, answer)
    return _done(
        request, ticket, 'answered' if filed == ticket else 'follow_up')


@_post(f'{TICKET}/close')
def close(request, pool, number):
    Ticket = pool.get('helpdesk.ticket')
    visitor, ticket = _ticket(request, pool, number, sent=True)
    Ticket.close_on_portal(ticket)
    return _done(request, ticket, 'closed')


@_get(f'{TICKET}/attachments/<id>')
def attachment(request, pool, number, id):
    return _download(_attachment(request, pool, number, id))


@_get(f'{TICKET}/pictures/<id>')
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
    visitor, ticket = _ticket(request, pool, number)
    attachments = Attachment.search([
            ('id', '=', _id(id)),
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


def _ticket(request, pool, number, sent=False):
    """
    Return the visitor and the ticket of this number that they may see.

    sent means that a form was sent, which then must be one of ours.
    """
    if not number.isprintable():
        # PostgreSQL refuses NUL
        abort(HTTPStatus.NOT_FOUND)
    visitor, ticket = _visible(
        pool, session.guest_token(request), ('number', '=', number))
    if sent:
        request.max_form_memory_size = MAX_FORM
        if not session.csrf_valid(request, visitor.token):
            abort(HTTPStatus.FORBIDDEN)
    return visitor, ticket


def _visible(pool, token, *domain):
    """
    Return the visitor with the token and the ticket that they may see.

    Whatever is wrong gives the same page, which so tells nothing.
    """
    GuestLink = pool.get('helpdesk.guest_link')
    Ticket = pool.get('helpdesk.ticket')
    link = GuestLink.find(token)
    visitor = Visitor.of_link(link, token) if link else None
    tickets = Ticket.search([*domain, Ticket.visible_to(visitor)], limit=1)
    if not tickets:
        abort(HTTPStatus.NOT_FOUND)
    ticket, = tickets
    return visitor, ticket


def _id(value):
    "Return the id in an address, 0 for what can't be one"
    return int(value) if re.fullmatch('[0-9]{1,9}', value) else 0


def _files(request):
    for file in request.files.getlist('files'):
        # A transaction that is tried again finds it read to the end
        file.stream.seek(0)
        yield forms.File(
            file.filename or '', file.mimetype, file.stream.read())


def _path(request, *parts):
    return addresses.path(
        request.root_path, Transaction().database.name, *parts)


def _done(request, ticket, what):
    path = _path(request, 'tickets', ticket.number)
    return redirect(f'{path}?done={what}', HTTPStatus.SEE_OTHER)


def _download(attachment):
    "Return the file for the disk: it is never shown in our name (SE2)"
    response = Response(
        attachment.data or b'', content_type='application/octet-stream',
        headers={'Content-Security-Policy': pages.FILE_POLICY})
    response.headers.set('Content-Disposition', 'attachment',
        filename=safe_file_name(attachment.name) or 'attachment.bin')
    return response
