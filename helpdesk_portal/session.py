# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What keeps a visitor recognised between two pages.

Decided here: the cookies for the token of a guest link, the key of an
account's session and a stranger's visit, and the token against forged
requests. Not decided here: whether a link or session is still good.
"""
import hashlib
import hmac
import secrets

ACCOUNT_COOKIE = 'helpdesk_session'
VISIT_COOKIE = 'helpdesk_visit'
GUEST_COOKIE = 'helpdesk_guest'
BOARD_COOKIE = 'helpdesk_board'
CSRF_FIELD = 'csrf_token'
CSRF_HEADER = 'X-CSRF-Token'


def guest_token(request):
    "Return the token of the guest link in the cookie, or an empty str"
    return request.cookies.get(GUEST_COOKIE, '')


def set_guest_token(response, token, path, secure):
    """
    Let the browser send the token back below the path, and only there.

    SameSite is Lax and not Strict: the first page is opened from a mail, and
    Strict would keep the cookie back on the redirect to the ticket.
    """
    response.set_cookie(GUEST_COOKIE, token,
        path=path, secure=secure, httponly=True, samesite='Lax')


def account_key(request):
    "Return the key of the account's session in the cookie, or an empty str"
    key = request.cookies.get(ACCOUNT_COOKIE, '')
    # PostgreSQL refuses NUL
    return key if key.isprintable() else ''


def set_account_key(response, key, path, secure, seconds=None):
    """
    Let the browser send the key back to the portal, which is below the path.

    It does so for the seconds, or until it is closed.
    """
    response.set_cookie(ACCOUNT_COOKIE, key, path=path, secure=secure,
        httponly=True, samesite='Lax', max_age=seconds)


def forget_account_key(response, path, secure):
    response.delete_cookie(ACCOUNT_COOKIE, path=path, secure=secure,
        httponly=True, samesite='Lax')


def visit_token(request):
    "Return the token of a stranger's visit in the cookie, or an empty str"
    return request.cookies.get(VISIT_COOKIE, '')


def new_visit_token():
    return secrets.token_urlsafe()


def set_visit_token(response, token, path, secure):
    """
    Let the browser send back the token that a stranger's forms are made for.

    It gives no right to anything. Without it another site could log somebody
    in as somebody else.
    """
    response.set_cookie(VISIT_COOKIE, token,
        path=path, secure=secure, httponly=True, samesite='Lax')


def board_key(request):
    "Return the key of an agent's session in the cookie, or an empty str"
    return request.cookies.get(BOARD_COOKIE, '')


def set_board_key(response, key, path, secure):
    """
    Let the browser send the key back to the board, which is at the path.

    SameSite can be Strict: who comes from elsewhere opens the board from
    the Tryton client.
    """
    response.set_cookie(BOARD_COOKIE, key,
        path=path, secure=secure, httponly=True, samesite='Strict')


def forget_board_key(response, path, secure):
    response.delete_cookie(BOARD_COOKIE,
        path=path, secure=secure, httponly=True, samesite='Strict')


def csrf_token(token):
    """
    Return what a form must send back to prove that we made it.

    It follows from the secret in the cookie, which another site neither knows
    nor can set, so there is nothing to store and no time limit to miss while
    somebody writes a long answer.
    """
    return hmac.new(
        token.encode('utf-8', 'replace'), b'helpdesk portal form',
        hashlib.sha256).hexdigest()


def csrf_valid(request, token):
    "Tell whether the form of the request was made for the token"
    return is_csrf_token(request.form.get(CSRF_FIELD, ''), token)


def csrf_header_valid(request, token):
    "Tell whether a script of a page made for the token sent the request"
    return is_csrf_token(request.headers.get(CSRF_HEADER, ''), token)


def is_csrf_token(value, token):
    "Tell whether the str is what a form made for the token sends back"
    return hmac.compare_digest(
        value.encode('utf-8', 'replace'), csrf_token(token).encode())
