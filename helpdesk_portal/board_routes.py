# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The board's page, what its script asks for, and signing in to it.
"""
import datetime as dt
import json
import time
from functools import wraps

import trytond.config as config
from trytond.i18n import gettext
from trytond.modules.helpdesk.batch import begin
from trytond.pool import Pool
from trytond.protocols.wrappers import (
    HTTPStatus, Response, abort, allow_null_origin, redirect,
    set_max_request_size, with_pool, with_transaction)
from trytond.tools import timezone as tz
from trytond.transaction import Transaction
from trytond.wsgi import app

from . import addresses, pages, preference, session
from .board import Board, Filters, Mark, Refused, look
from .board_page import BoardPage, EnterPage, NoBoardPage
from .board_session import acting_as
from .routes import BASE, check_form, get, path, patient, post, tried
from .watch import Watch

BOARD = f'{BASE}/board'
# What the script sends is short
MAX_REQUEST = 10_000
MAX_ID = 2 ** 31
# For so many seconds an answer waits for something to change
WAIT = 20
# Seconds after which who finds too many waiting asks again. Each that waits
# keeps one of the threads of the process
PAUSE = 5
watch = Watch(
    look, pause=1,
    limit=config.getint('helpdesk', 'board_waiters', default=10))


def signed_in(func):
    "Call it as the user who is signed in, with the user"
    @wraps(func)
    def wrapper(request, pool, *args, **kwargs):
        Session = pool.get('helpdesk.board.session')
        user = Session.user_of(session.board_key(request))
        if not user:
            raise Refused(HTTPStatus.UNAUTHORIZED,
                pages.Page(request).text('board_signed_out_text'))
        with acting_as(user):
            return func(request, pool, user, *args, **kwargs)
    return wrapper


def answering(func):
    "Send what it returns, or why it can't be done, as JSON"
    def answered(request, pool, *args, **kwargs):
        try:
            return _json(func(request, pool, *args, **kwargs))
        except Refused as refused:
            return _json(refused.answer, refused.status)

    @wraps(func)
    def wrapper(request, pool, *args, **kwargs):
        response, trouble = tried(answered, request, pool, *args, **kwargs)
        if trouble:
            response, more = tried(_error, request, pool, *trouble)
            if more:
                # There may be no translations
                response = _json({'error': "Please try again."}, more[0])
        return pages.secured(response)
    return wrapper


def _error(request, pool, code, seconds):
    with Transaction().start(pool.database_name, 0, readonly=True):
        page = pages.ErrorPage(request, code, limit=MAX_REQUEST)
        return _json({'error': ' '.join(page.sentences)}, code)


def _json(answer, status=200):
    return Response(
        json.dumps(answer), status=status, content_type='application/json')


def asked(rule, methods):
    "Decorate what the script of the board asks for"
    def decorator(func):
        return app.route(f'{BOARD}/{rule}', methods=methods)(
            allow_null_origin(set_max_request_size(MAX_REQUEST)(
                    with_pool(answering(func)))))
    return decorator


def transacted(func):
    return patient(with_transaction()(signed_in(func)))


def moments(request, user):
    "Return a function that writes a naive UTC datetime as the user reads it"
    pool = Pool()
    Lang = pool.get('ir.lang')
    lang = user.language or Lang.get()
    zone = preference.zone(request, tz.available_timezones()) or (
        user.company and user.company.timezone)
    zone = tz.get_tzinfo(zone) if zone else tz.SERVER

    def moment(value):
        value = value.replace(tzinfo=dt.timezone.utc).astimezone(zone)
        return lang.strftime(value, f'{lang.date} %H:%M')
    return moment


def board_of(request, user):
    "Return the Board that is asked for"
    board = Board(Filters.of(request.args), moments(request, user))
    if not board.section:
        raise Refused(HTTPStatus.NOT_FOUND,
            gettext('helpdesk_portal.msg_board_no_section'))
    return board


@get(BOARD)
def show(request, pool):
    Session = pool.get('helpdesk.board.session')
    user = Session.user_of(session.board_key(request))
    if not user:
        return NoBoardPage(request, 'board_signed_out').response(
            HTTPStatus.FORBIDDEN)
    filters = Filters.of(request.args)
    with acting_as(user):
        try:
            section = Board(filters).section
        except Refused as refused:
            abort(refused.status)
        return BoardPage(
            request, user, Board.sections(), section, filters).response()


@get(f'{BOARD}/enter/<token>')
def show_enter(request, pool, token):
    # Programs that look at links must not use it up
    return EnterPage(request, token).response()


@post(f'{BOARD}/enter/<token>')
def enter(request, pool, token):
    Session = pool.get('helpdesk.board.session')
    Token = pool.get('helpdesk.board.token')
    found = Token.use(token)
    if not found:
        return NoBoardPage(request, 'board_expired').response(
            HTTPStatus.FORBIDDEN)
    user, section = found
    Session.leave(session.board_key(request))
    query = f'?section={section}' if section else ''
    address = path(request, 'board')
    response = redirect(address + query, HTTPStatus.SEE_OTHER)
    session.set_board_key(response, Session.make(user), address,
        secure=addresses.is_secure(request))
    return response


@post(f'{BOARD}/leave')
def leave(request, pool):
    Session = pool.get('helpdesk.board.session')
    key = session.board_key(request)
    check_form(request, key)
    Session.leave(key)
    address = path(request, 'board')
    response = redirect(address, HTTPStatus.SEE_OTHER)
    session.forget_board_key(
        response, address, secure=addresses.is_secure(request))
    return response


@asked('data', {'GET'})
@transacted
def data(request, pool, user):
    return board_of(request, user).data()


@asked('cards', {'GET'})
@transacted
def cards(request, pool, user):
    return board_of(request, user).page(
        request.args.get('column'), request.args.get('after', ''))


@asked('move', {'POST'})
@transacted
def move(request, pool, user):
    if not session.csrf_header_valid(request, session.board_key(request)):
        raise Refused(HTTPStatus.FORBIDDEN,
            gettext('helpdesk_portal.msg_error_403_text'))
    try:
        asked = json.loads(request.get_data())
        id_, old, new = asked['ticket'], asked['from'], asked['to']
    except (KeyError, RecursionError, TypeError, ValueError):
        id_ = None
    if not isinstance(id_, int) or not 0 < id_ < MAX_ID:
        raise Refused(
            HTTPStatus.BAD_REQUEST, gettext('helpdesk_portal.msg_board'))
    # What is refused half way is undone
    begin()
    return Board.move(
        Filters.of(request.args), id_, old, new, moments(request, user))


@asked('changes', {'GET'})
def changes(request, pool):
    mark = Mark.of(request.args.get('mark'))
    section, answer, is_new = _changes(request, pool, mark)
    if is_new:
        return answer
    if not request.environ.get('wsgi.multithread'):
        # The only thread of the process is there for all
        return {**answer, 'pause': PAUSE}
    # Neither a transaction nor a connection is held meanwhile
    began = time.monotonic()
    now = watch.wait(pool.database_name, section, mark.tickets, WAIT)
    if now != mark.tickets:
        # Meanwhile the user may have left, or lost their rights
        _, answer, _ = _changes(request, pool, mark)
    elif time.monotonic() - began < WAIT:
        # Too many wait already
        answer['pause'] = PAUSE
    return answer


@transacted
def _changes(request, pool, user, mark):
    board = board_of(request, user)
    return board.section.id, *board.changes(mark)
