# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import functools

from trytond.exceptions import RateLimitException
from trytond.protocols.wrappers import HTTPStatus, abort, redirect
from trytond.res.exceptions import PasswordError
from trytond.transaction import Transaction

from . import account_forms, account_pages, addresses, pages, session
from .forms import Error
from .routes import BASE, check_form, get, path, post, to_login, visitor

SENT = {'login', 'register', 'password'}
# Links that log in
LOGIN = ['login', 'register', 'invite']


def limited(func):
    """
    Answer who tried too often with a page.

    Nothing may be raised for it: that would take back what counts the tries.
    """
    @functools.wraps(func)
    def wrapper(request, pool, *args, **kwargs):
        try:
            return func(request, pool, *args, **kwargs)
        except RateLimitException:
            return account_pages.TooManyPage(
                request, visitor=visitor(request, pool)).response()
    return wrapper


@get(f'{BASE}/login')
def login(request, pool):
    next_path = _next_path(request, request.args)
    if visitor(request, pool):
        return redirect(
            next_path or path(request, 'tickets'), HTTPStatus.SEE_OTHER)
    return _login_page(request, pool, next_path).response()


@post(f'{BASE}/login')
@limited
def log_in(request, pool):
    User = pool.get('web.user')
    check_form(request, session.visit_token(request))
    next_path = _next_path(request, request.form)
    if 'other' in request.form:
        return _send_link(request, pool, next_path)
    typed = account_forms.read(request.form, 'email', 'password')
    if typed.valid:
        LoginLink = pool.get('helpdesk.login_link')
        user = User.helpdesk_authenticate(
            LoginLink.clean_email(typed.get('email')), typed.get('password'))
        if user:
            return _logged_in(request, pool, user, next_path)
        # The same whatever is wrong
        typed = typed.with_errors(email=Error('account_password_wrong'))
    return _login_page(request, pool, next_path, typed=typed).response(
        HTTPStatus.UNPROCESSABLE_ENTITY)


def _login_page(request, pool, next_path, **kwargs):
    Configuration = pool.get('helpdesk.configuration')
    return account_pages.LoginPage(
        request, Configuration(1).portal_register, next_path=next_path,
        **kwargs)


def _send_link(request, pool, next_path):
    typed = account_forms.read(request.form, 'email')
    if not typed.valid:
        return _login_page(request, pool, next_path, typed=typed).response(
            HTTPStatus.UNPROCESSABLE_ENTITY)
    return _ask(request, pool, 'login', typed, next_path=next_path)


def _ask(request, pool, purpose, typed, **values):
    "Have a mail sent; what is answered is the same whoever asks"
    LoginLink = pool.get('helpdesk.login_link')
    LoginLink.ask(
        purpose, typed.get('email'),
        language=pages.Page(request).lang, **values)
    return redirect(path(request, 'sent', purpose), HTTPStatus.SEE_OTHER)


@get(f'{BASE}/sent/<purpose>')
def sent(request, pool, purpose):
    if purpose not in SENT:
        abort(HTTPStatus.NOT_FOUND)
    return account_pages.NoticePage(
        request, f'sent_{purpose}',
        visitor=visitor(request, pool)).response()


@get(f'{BASE}/login/<token>')
def login_link(request, pool, token):
    LoginLink = pool.get('helpdesk.login_link')
    link = LoginLink.find(token, *LOGIN)
    if not link:
        return _dead_link(request)
    return account_pages.UseLinkPage(request, token, link.email).response()


@post(f'{BASE}/login/<token>')
def use_login_link(request, pool, token):
    LoginLink = pool.get('helpdesk.login_link')
    check_form(request, session.visit_token(request))
    link = LoginLink.use(token, *LOGIN)
    user = link.account(session.visit_token(request)) if link else None
    if not user:
        return _dead_link(request)
    return _logged_in(request, pool, user, _next_path(
            request, {'next': link.next_path}))


def _dead_link(request):
    "Return the answer to all links that are not in force, which says no more"
    return account_pages.NoticePage(request, 'dead_link').response(
        HTTPStatus.NOT_FOUND)


@post(f'{BASE}/logout')
def logout(request, pool):
    User = pool.get('web.user')
    found = visitor(request, pool)
    if found:
        check_form(request, found.token)
        User.helpdesk_log_out(found.token)
    response = redirect(
        path(request, 'login') + '?done=out', HTTPStatus.SEE_OTHER)
    session.forget_account_key(
        response, path(request), secure=addresses.is_secure(request))
    return response


@get(f'{BASE}/register')
def register(request, pool):
    _check_register(pool)
    return account_pages.RegisterPage(
        request, visitor=visitor(request, pool)).response()


@post(f'{BASE}/register')
@limited
def send_registration(request, pool):
    _check_register(pool)
    found = visitor(request, pool)
    visit = session.visit_token(request)
    check_form(request, found.token if found else visit)
    typed = account_forms.read(
        request.form, 'name', 'email', 'new_password',
        optional={'new_password'})
    typed = _checked(request, pool, typed,
        typed.get('name'), typed.get('email'))
    if not typed.valid:
        return account_pages.RegisterPage(
            request, visitor=found, typed=typed).response(
            HTTPStatus.UNPROCESSABLE_ENTITY)
    return _ask(request, pool, 'register', typed,
        name=typed.get('name'), password=typed.get('new_password'),
        visit=visit)


def _check_register(pool):
    Configuration = pool.get('helpdesk.configuration')
    if not Configuration(1).portal_register:
        abort(HTTPStatus.NOT_FOUND)


@get(f'{BASE}/password')
def password(request, pool):
    return account_pages.AskPasswordPage(
        request, visitor=visitor(request, pool)).response()


@post(f'{BASE}/password')
@limited
def send_password_link(request, pool):
    found = visitor(request, pool)
    check_form(
        request, found.token if found else session.visit_token(request))
    typed = account_forms.read(request.form, 'email')
    if not typed.valid:
        return account_pages.AskPasswordPage(
            request, visitor=found, typed=typed).response(
            HTTPStatus.UNPROCESSABLE_ENTITY)
    return _ask(request, pool, 'password', typed)


@get(f'{BASE}/password/<token>')
def password_link(request, pool, token):
    LoginLink = pool.get('helpdesk.login_link')
    link = LoginLink.find(token, 'password')
    if not link:
        return _dead_link(request)
    return account_pages.NewPasswordPage(
        request, token, link.email).response()


@post(f'{BASE}/password/<token>')
def use_password_link(request, pool, token):
    LoginLink = pool.get('helpdesk.login_link')
    check_form(request, session.visit_token(request))
    link = LoginLink.find(token, 'password')
    if not link:
        return _dead_link(request)
    typed = _checked(request, pool,
        account_forms.read(request.form, 'new_password'), '', link.email)
    if not typed.valid:
        return account_pages.NewPasswordPage(
            request, token, link.email, typed=typed).response(
            HTTPStatus.UNPROCESSABLE_ENTITY)
    link = LoginLink.use(token, 'password')
    user = link.account(None) if link else None
    if not user:
        return _dead_link(request)
    user.helpdesk_set_password(typed.get('new_password'))
    return _logged_in(request, pool, user, None)


@get(f'{BASE}/account')
def account(request, pool):
    found = visitor(request, pool)
    if not found:
        return to_login(request, path(request, 'account'))
    return _account_page(request, pool, found).response()


@post(f'{BASE}/account')
@limited
def set_password(request, pool):
    User = pool.get('web.user')
    found = visitor(request, pool)
    if not found:
        return to_login(request, path(request, 'account'))
    check_form(request, found.token)
    user = User(found.user)
    names = ['new_password']
    if user.password_hash:
        names.insert(0, 'password')
    typed = _checked(request, pool,
        account_forms.read(request.form, *names),
        user.party.name if user.party else '', user.email)
    if (typed.valid and user.password_hash
            and not User.helpdesk_authenticate(
                user.email, typed.get('password'))):
        typed = typed.with_errors(
            password=Error('account_current_password_wrong'))
    if not typed.valid:
        return _account_page(request, pool, found, typed=typed).response(
            HTTPStatus.UNPROCESSABLE_ENTITY)
    user.helpdesk_set_password(typed.get('new_password'), found.token)
    return redirect(
        path(request, 'account') + '?done=password', HTTPStatus.SEE_OTHER)


@post(f'{BASE}/account/sessions')
def end_sessions(request, pool):
    User = pool.get('web.user')
    found = visitor(request, pool)
    if not found:
        return to_login(request, path(request, 'account'))
    check_form(request, found.token)
    User.helpdesk_end_sessions([User(found.user)])
    response = redirect(
        path(request, 'login') + '?done=everywhere', HTTPStatus.SEE_OTHER)
    session.forget_account_key(
        response, path(request), secure=addresses.is_secure(request))
    return response


def _account_page(request, pool, found, **kwargs):
    User = pool.get('web.user')
    return account_pages.AccountPage(
        request, User(found.user), visitor=found, **kwargs)


def _next_path(request, values):
    "Return the page of the portal to open after logging in, or None"
    return addresses.own_path(values.get('next'), path(request))


def _checked(request, pool, typed, name, email):
    """
    Return what was Typed, with what Tryton has against the new password.

    name and email are those of whom it is for: they are no passwords.
    """
    User = pool.get('res.user')
    new = typed.get('new_password')
    if not new or 'new_password' in typed.errors:
        return typed
    lang = pages.Page(request).lang
    try:
        with Transaction().set_context(language=lang.code):
            User.validate_password(new, [User(name=name, email=email)])
    except PasswordError as error:
        return typed.with_errors(new_password=error.message)
    return typed


def _logged_in(request, pool, user, next_path):
    "Begin a session of the web.user and lead to where they wanted to go"
    Session = pool.get('web.user.session')
    key = user.helpdesk_log_in(session.account_key(request))
    response = redirect(
        next_path or path(request, 'tickets'), HTTPStatus.SEE_OTHER)
    session.set_account_key(
        response, key, path(request), addresses.is_secure(request),
        seconds=int(Session.timeout().total_seconds()))
    return response
