# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The frame of the portal's routes, and the few that belong to no concept.

The others stand in the files named after what they show: guest_routes,
ticket_routes, ...
"""
import json
import logging
import random
import re
import time
from functools import wraps
from urllib.parse import urlencode

import trytond.config as config
from trytond import backend
from trytond.exceptions import RateLimitException, UserError, UserWarning
from trytond.modules.helpdesk_mail.intake.file import safe_file_name
from trytond.protocols.wrappers import (
    HTTPStatus, Response, abort, allow_null_origin, exceptions, redirect,
    set_max_request_size, with_pool, with_transaction)
from trytond.transaction import Transaction
from trytond.wsgi import app

from . import addresses, forms, pages, session

logger = logging.getLogger(__name__)

BASE = '/<database_name>/helpdesk'
LIMITS = forms.Limits(
    size=config.getint('helpdesk', 'max_upload', default=10 * forms.MIB))
# What is somewhat over the limit is read all the same, so that the page comes
# back with the text that was typed.
MAX_REQUEST = 3 * LIMITS.size + forms.MIB
# Of that, what is no file
MAX_FORM = 2 * forms.MIB
# The fields that hold what takes long to write again
TEXTS = ['text', 'reason', 'comment']
# After how many seconds it is worth another try, unless the error says so
RETRY_AFTER = 60
# For so many seconds what is sent waits for who is changing the same: an
# agent, or the first of two taps on a button with a large file. Tryton by
# itself gives up after a third of a second
PATIENCE = 10
# What scripts are told of in words of its own
DATA_ERRORS = {400, 403, 404, 413, 429, 500, 503}
# SQLSTATE of a serialization failure, a deadlock and a lock of others
CONFLICTS = {'40001', '40P01', '55P03'}


def portal_page(func):
    """
    Turn what goes wrong into a page, and add the headers to all.

    Tryton answers a UserError differently from series to series, and shows
    people the text of any exception (SE17). The path is not logged: it may
    hold the token of a link.
    """
    @wraps(func)
    def wrapper(request, pool, *args, **kwargs):
        response, trouble = tried(func, request, pool, *args, **kwargs)
        if trouble:
            response, more = tried(_error, request, pool, *trouble)
            if more:
                # There may be neither translations nor a brand
                code, seconds = more
                response = Response(
                    "Please try again in a minute.", status=code,
                    headers={'Retry-After': str(seconds)})
        return pages.secured(response)
    return wrapper


def data_page(func):
    """
    Turn what goes wrong into JSON for the script that asked, in plain words.

    See portal_page.
    """
    @wraps(func)
    def wrapper(request, pool, *args, **kwargs):
        response, trouble = tried(func, request, pool, *args, **kwargs)
        if trouble:
            response, more = tried(_data_error, request, pool, *trouble)
            if more:
                response = data({}, more[0])
        return pages.secured(response)
    return wrapper


def patient(func):
    "Begin again for some time if others are changing the same"
    @wraps(func)
    def wrapper(request, pool, *args, **kwargs):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return func(request, pool, *args, **kwargs)
            except backend.DatabaseOperationalError as error:
                if (getattr(error, 'sqlstate', None) not in CONFLICTS
                        or time.monotonic() > end):
                    raise
            # Not all at once again
            time.sleep(random.uniform(.05, .2))
    return wrapper


def tried(func, request, pool, *args, **kwargs):
    """
    Return the response of the function, and None.

    If something goes wrong, return None, and a pair of the status and the
    seconds after which it is worth another try.
    """
    code, seconds = HTTPStatus.INTERNAL_SERVER_ERROR, RETRY_AFTER
    try:
        return func(request, pool, *args, **kwargs), None
    except exceptions.HTTPException as error:
        code = error.code or code
        seconds = getattr(error, 'retry_after', None) or seconds
    except RateLimitException:
        code = HTTPStatus.TOO_MANY_REQUESTS
    except (UserError, UserWarning) as error:
        logger.info("refused %s: %s", func.__name__, error)
        code = HTTPStatus.BAD_REQUEST
    except backend.DatabaseOperationalError:
        logger.exception("database failed on %s", func.__name__)
        code = HTTPStatus.SERVICE_UNAVAILABLE
    except Exception:
        logger.exception("failed on %s", func.__name__)
    return None, (int(code), seconds)


def _error(request, pool, code, seconds):
    with Transaction().start(pool.database_name, 0, readonly=True):
        return pages.ErrorPage(
            request, code,
            visitor=visitor(request, pool) if code < 500 else None,
            retry_after=seconds if code in {429, 503} else None,
            typed=_typed(request),
            limit=forms.mebibytes(LIMITS.size)).response()


def _data_error(request, pool, code, seconds):
    with Transaction().start(pool.database_name, 0, readonly=True):
        key = code if code in DATA_ERRORS else 500 if code >= 500 else 400
        response = data({
                'error': pages.Page(request).text(f'data_error_{key}'),
                }, code)
    if code in {429, 503}:
        response.headers['Retry-After'] = str(seconds)
    return response


def data(values, code=200):
    "Return the values as JSON, with the status"
    return Response(
        json.dumps(values), status=code, content_type='application/json')


def _typed(request):
    "Return the text that was sent with a form"
    request.max_form_memory_size = MAX_FORM
    try:
        return next(filter(None, map(request.form.get, TEXTS)), '')
    except exceptions.HTTPException:
        # It is too large to be read
        return ''


def _route(rule, methods):
    """
    Decorate a page of the portal.

    Browsers call the origin of a page that asks for no referrer null. What
    changes something is proven by the token in the form instead.
    """
    def decorator(func):
        return app.route(rule, methods=methods)(
            allow_null_origin(set_max_request_size(MAX_REQUEST)(
                    with_pool(portal_page(
                            patient(with_transaction()(func)))))))
    return decorator


def get(rule):
    "Decorate what shows a page: it can't change anything"
    return _route(rule, methods={'GET'})


def post(rule):
    """
    Decorate what a form is sent to.

    It is called again when the database asks for it, and begins with
    check_form.
    """
    return _route(rule, methods={'POST'})


@get(f'{BASE}/static/<name>')
def static(request, pool, name):
    return pages.static_file(name) or abort(HTTPStatus.NOT_FOUND)


def nothing(request, pool, anything):
    abort(HTTPStatus.NOT_FOUND)


# Tryton would answer 405 to those that only another route has
_route(f'{BASE}/<path:anything>', methods={
        'GET', 'POST', 'PUT', 'PATCH', 'DELETE'})(nothing)


def visitor(request, pool):
    """
    Return the Visitor who is logged in, or None for a stranger.

    The holder of a guest link is found by ticket_routes, below whose path
    the cookie is sent.
    """
    User = pool.get('web.user')
    return User.helpdesk_visitor(session.account_key(request))


def check_form(request, token):
    """
    Refuse what was not sent by a form made for the token.

    token is that of the Visitor, or session.visit_token for a stranger.
    """
    request.max_form_memory_size = MAX_FORM
    if not token or not session.csrf_valid(request, token):
        abort(HTTPStatus.FORBIDDEN)


def to_login(request, back):
    "Lead a stranger to the login, and from there to the path of a page"
    return redirect(
        f'{path(request, "login")}?{urlencode({"next": back}, safe="/:")}',
        HTTPStatus.SEE_OTHER)


def identifier(value):
    "Return the id in an address, 0 for what can't be one"
    return int(value) if re.fullmatch('[0-9]{1,9}', value) else 0


def uploaded(request, name='files'):
    "Yield the forms.File that the form has in the field"
    for file in request.files.getlist(name):
        # A transaction that is tried again finds it read to the end
        file.stream.seek(0)
        yield forms.File(
            file.filename or '', file.mimetype, file.stream.read())


def path(request, *parts):
    "Return the path of a page of the portal"
    return addresses.path(
        request.root_path, Transaction().database.name, *parts)


def download(name, data):
    "Return the file for the disk: it is never shown in our name (SE2)"
    response = Response(
        data or b'', content_type='application/octet-stream',
        headers={'Content-Security-Policy': pages.FILE_POLICY})
    response.headers.set('Content-Disposition', 'attachment',
        filename=safe_file_name(name) or 'attachment.bin')
    return response
