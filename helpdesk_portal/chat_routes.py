# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The live chat as visitors have it: its pages, and what their script asks.

The script proves by the token in a header that the chat is its own. Browsers
send that to nobody else's pages, so nothing can be forged from another site.
"""
import json
import re
import secrets
import time
from functools import partial, wraps

from trytond.modules.helpdesk_mail.intake.charset import clean_text, one_line
from trytond.pool import Pool
from trytond.protocols.wrappers import (
    HTTPStatus, Response, abort, exceptions, set_max_request_size, with_pool,
    with_transaction)
from trytond.transaction import Transaction
from trytond.wsgi import app

from . import (
    chat_limits, chat_news, form_stamp, pages, robot_check, session, web_form)
from .chat_page import MAX_TEXT, ChatPage, widget
from .forms import read_answer
from .routes import (
    BASE, LIMITS, MAX_FORM, MAX_REQUEST, data, data_page, download, get,
    identifier, patient, uploaded, visitor)
from .watch import Watch

HEADER = 'X-Chat-Token'
# Of what the script sends, in bytes: each character may be written as twelve
MAX_DATA = 96 * 1024
# Seconds that the script waits for news
WAIT = 20
# So many pages wait at once for news of a chat, and from a network, so that
# nobody takes all the places there are
PER_CHAT, PER_NETWORK = 5, 25
_NONCE = re.compile('[A-Za-z0-9_-]{16,64}')
_PAGE = re.compile(r'https?://[^\s<>"]{1,490}')


def _look(ids):
    Chat = Pool().get('helpdesk.chat')
    return Chat.versions(ids)


watch = Watch(_look, per_key=PER_CHAT, per_who=PER_NETWORK)


def _route(rule, methods, size):
    def decorator(func):
        return app.route(f'{BASE}/chat/<id>/{rule}', methods=methods)(
            set_max_request_size(size)(with_pool(data_page(_told(func)))))
    return decorator


def _told(func):
    "Let who is refused know the reason"
    @wraps(func)
    def wrapper(request, pool, *args, **kwargs):
        try:
            return func(request, pool, *args, **kwargs)
        except exceptions.TooManyRequests as error:
            if not error.retry_after:
                raise
            response = data(
                {'error': error.description}, HTTPStatus.TOO_MANY_REQUESTS)
            response.headers['Retry-After'] = str(error.retry_after)
            return response
    return wrapper


def ask(rule):
    "Decorate what the script reads: it can't change anything"
    def decorator(func):
        return _route(rule, {'GET'}, MAX_DATA)(
            patient(with_transaction()(func)))
    return decorator


def tell(rule):
    """
    Decorate what the script sends as JSON.

    It is called again when the database asks for it.
    """
    def decorator(func):
        @wraps(func)
        def wrapper(request, pool, *args, **kwargs):
            return func(request, pool, _sent(request), *args, **kwargs)
        return _route(rule, {'POST'}, MAX_DATA)(
            patient(with_transaction()(wrapper)))
    return decorator


@get(f'{BASE}/chat/<id>')
def page(request, pool, id):
    channel = open_channel(pool, id)
    return ChatPage(
        request, channel, _new_stamp(channel),
        visitor=visitor(request, pool)).response()


# In a frame of another site browsers send no cookies: the chat there is that
# of a stranger, whoever is logged in.

@get(f'{BASE}/chat/<id>/frame')
def frame(request, pool, id):
    channel = open_channel(pool, id)
    return ChatPage(
        request, channel, _new_stamp(channel), embedded=True).response()


@get(f'{BASE}/chat/<id>/widget.js')
def script(request, pool, id):
    Channel = pool.get('helpdesk.chat.channel')
    channel = Channel.shown(identifier(id))
    # A site that has the line longer than we have the chat sees no error
    return Response(
        widget(request, channel) if channel else '',
        content_type='text/javascript; charset=utf-8',
        headers={
            'Cache-Control': 'public, max-age=300',
            # Sites that ask for it may have it (Spectre)
            'Cross-Origin-Resource-Policy': 'cross-origin',
            })


@ask('state')
def state(request, pool, id):
    channel = open_channel(pool, id)
    return data(chat_news.state(
            pages.Page(request), channel, _new_stamp(channel)))


@tell('begin')
def begin(request, pool, sent, id):
    return Beginning(request, pool, sent, open_channel(pool, id)).answer()


@_route('news', {'GET'}, MAX_DATA)
def news(request, pool, id):
    "Answer when there are news: meanwhile no transaction is open"
    known = identifier(request.args.get('version', ''))
    with _reading(request, pool):
        chat = _chat(request, pool, id)
        key, left = chat.id, chat.patience_left()
        _, network = Transaction().remote_address()
        # The only thread of a process is there for all
        if (chat.version != known or chat.state == 'ended'
                or not request.environ.get('wsgi.multithread')):
            return data(_news(request, chat))
    watch.wait(
        pool.database_name, key, known, min(left or WAIT, WAIT),
        str(network) if network else None)
    with _reading(request, pool):
        return data(_news(request, _chat(request, pool, id)))


@tell('say')
def say(request, pool, sent, id):
    chat = _chat(request, pool, id)
    text = _text(sent)
    nonce = _nonce(sent)
    if not chat.posted(nonce):
        if chat.state == 'ended':
            return _over(request)
        chat_limits.check_say(chat)
    return data(chat_news.message(chat, chat.say_once(nonce, text)))


@tell('seen')
def seen(request, pool, sent, id):
    chat = _chat(request, pool, id)
    read = sent.get('read')
    if chat.state != 'ended':
        chat.seen(
            read if type(read) is int and 0 < read < 2 ** 31 else 0,
            sent.get('typing') is True)
    return data({})


@tell('email')
def email(request, pool, sent, id):
    chat = _chat(request, pool, id)
    value = one_line(_str(sent, 'email'))
    error = _email_error(request, chat.channel, value)
    if error:
        return data({'errors': {'email': error}}, 422)
    if not chat.email:
        chat.set_email(value)
    return data({})


@tell('end')
def end(request, pool, sent, id):
    chat = _chat(request, pool, id)
    if chat.state != 'ended':
        chat.end([chat], 'visitor')
    return data({})


@_route('files', {'POST'}, MAX_REQUEST)
@patient
@with_transaction()
def send_file(request, pool, id):
    chat = _chat(request, pool, id)
    request.max_form_memory_size = MAX_FORM
    nonce = _nonce(request.form)
    message = chat.posted(nonce)
    if not message:
        if chat.state == 'ended':
            return _over(request)
        file, error = _file(request, pool)
        if error:
            text = pages.Page(request).text(
                f'form_{error.key}', **error.variables)
            return data({'error': text}, 422)
        chat_limits.check_say(chat)
        chat_limits.check_file(chat, len(file.data))
        message = chat.say_file_once(nonce, file)
    return data(chat_news.message(chat, message))


@ask('files/<file>')
def file(request, pool, id, file):
    chat = _chat(request, pool, id)
    found = chat.shown_file(identifier(file)) or abort(HTTPStatus.NOT_FOUND)
    return download(found.name, found.data)


class Beginning:
    "A visitor who begins, and what is answered"

    def __init__(self, request, pool, sent, channel):
        self.request = request
        self.pool = pool
        self.sent = sent
        self.channel = channel
        self.page = pages.Page(request)
        self.secret = channel.section.web_form_secret()
        self.stamp = form_stamp.read(
            self.secret, _stamped(channel), _str(sent, 'stamp'),
            int(time.time()))
        # In frames nobody is logged in: only the page has the token
        who = visitor(request, pool)
        self.visitor = who if who and session.is_csrf_token(
            _str(sent, 'csrf_token'), who.token) else None

    def answer(self):
        Chat = self.pool.get('helpdesk.chat')
        Nonce = self.pool.get('helpdesk.portal.nonce')
        nonce, text = _nonce(self.sent), _text(self.sent)
        token = Chat.token_for(self.channel, nonce)
        chat = Chat.with_token(token, ('channel', '=', self.channel.id))
        if chat:
            # The answer to the first time was lost
            return self._begun(chat, token)
        name, email, errors = self._identity()
        if errors:
            return data({'errors': errors}, 422)
        if (not self.stamp or self.stamp.hasty
                or Nonce.find(self.stamp.nonce)):
            return self._again()
        chat_limits.check_begin(self.request, self.channel, email)
        if not self._is_person():
            return data({'error': self.page.text('chat_robot')}, 422)
        Nonce.take(self.stamp.nonce, self.stamp.expires)
        chat, _ = Chat.begin(
            self.channel, name=name, email=email, language=self.page.lang,
            page=self._page(), web_user=self._web_user(), token=token)
        chat.say_once(nonce, text)
        return self._begun(Chat(chat.id), token)

    def _begun(self, chat, token):
        return data({'token': token, **chat_news.news(chat)})

    def _again(self):
        "Let the script try again with a stamp that is good"
        return data({
                'state': chat_news.state(
                    self.page, self.channel, _new_stamp(self.channel)),
                }, HTTPStatus.CONFLICT)

    def _identity(self):
        "Return the name and the address of the visitor, and the errors"
        if self.visitor:
            user = self._web_user()
            return (user.party.name if user.party else None,
                self.visitor.email, {})
        identity = self.channel.identity
        if identity == 'none':
            return None, None, {}
        errors = {}
        name = one_line(_str(self.sent, 'name'))
        email = one_line(_str(self.sent, 'email'))
        if identity == 'required' and not name:
            errors['name'] = self.page.text('form_name_required')
        elif len(name) > web_form.LENGTHS['name']:
            errors['name'] = self.page.text(
                'form_too_long', limit=web_form.LENGTHS['name'])
        if email or identity == 'required':
            error = _email_error(self.request, self.channel, email)
            if error:
                errors['email'] = error
        return name or None, email or None, errors

    def _web_user(self):
        User = self.pool.get('web.user')
        if self.visitor:
            return User(self.visitor.user)

    def _page(self):
        value = one_line(_str(self.sent, 'page'))
        return value if _PAGE.fullmatch(value) else None

    def _is_person(self):
        return bool(self.visitor) or robot_check.is_person(
            self.request, self.secret, self.stamp.nonce,
            partial(_str, self.sent))


def _reading(request, pool):
    return Transaction().start(
        pool.database_name, 0, readonly=True,
        context={'_request': request.context})


def open_channel(pool, id):
    "Return the channel that is open to visitors"
    Channel = pool.get('helpdesk.chat.channel')
    return Channel.shown(identifier(id)) or abort(HTTPStatus.NOT_FOUND)


def _chat(request, pool, id):
    "Return the chat of whoever has its token"
    Chat = pool.get('helpdesk.chat')
    channel = open_channel(pool, id)
    return (Chat.with_token(
            request.headers.get(HEADER, ''), ('channel', '=', channel.id))
        or abort(HTTPStatus.FORBIDDEN))


def _news(request, chat):
    return chat_news.news(chat, identifier(request.args.get('after', '')))


def new_stamp(channel, what):
    "Return a form_stamp.Stamp of the channel for what, a str"
    return form_stamp.make(
        channel.section.web_form_secret(), what,
        secrets.token_urlsafe(), int(time.time()))


def _new_stamp(channel):
    return new_stamp(channel, _stamped(channel))


def _stamped(channel):
    "Return what the stamps of the channel are made for: no section's form"
    return f'chat {channel.id}'


def _sent(request):
    "Return the dictionary that was sent"
    if request.mimetype != 'application/json':
        abort(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        sent = json.loads(request.get_data())
    except (ValueError, RecursionError):
        abort(HTTPStatus.BAD_REQUEST)
    if not isinstance(sent, dict):
        abort(HTTPStatus.BAD_REQUEST)
    return sent


def _str(sent, name):
    value = sent.get(name)
    return value if isinstance(value, str) else ''


def _nonce(sent):
    nonce = sent.get('nonce')
    if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
        abort(HTTPStatus.BAD_REQUEST)
    return nonce


def _text(sent):
    text = clean_text(_str(sent, 'text')).rstrip()
    if not text.strip():
        abort(HTTPStatus.BAD_REQUEST)
    if len(text) > MAX_TEXT:
        abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return text


def _file(request, pool):
    "Return the forms.File that was sent, and the forms.Error or None"
    Configuration = pool.get('helpdesk.configuration')
    answer = read_answer('-', uploaded(request, 'file'), LIMITS)
    if len(answer.files) != 1:
        abort(HTTPStatus.BAD_REQUEST)
    file, = answer.files
    return file, answer.errors.get('files') or web_form.kind_error(
        [file], Configuration(1).web_form_files())


def _email_error(request, channel, email):
    "Return what is wrong with the address, or None"
    if (len(email) > web_form.LENGTHS['email']
            or not channel.section.web_form_takes(email)):
        return pages.Page(request).text('form_email_invalid')


def _over(request):
    return data(
        {'error': pages.Page(request).text('chat_page_over')},
        HTTPStatus.CONFLICT)
