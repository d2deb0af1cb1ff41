# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
Token servers: OAuth 2.0 (RFC 6749) with PKCE (RFC 7636).

Decided here: how a token is asked for, and what a server's answer means.
Not here: how long a token is kept, and where (oauth.py).
"""
import datetime as dt
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from requests import RequestException

TIMEOUT = 30  # seconds
# For servers that do not say how long a token is good
LIFETIME = 60 * 60  # seconds
# Nobody listens there: the address in the browser's bar is all that is wanted
REDIRECT = 'http://localhost'
LOOPBACK = {'localhost', '127.0.0.1', '::1'}


class TokenRefused(Exception):
    "The server gives no token, for the reason in the text."


class TokenServerDown(Exception):
    "The server cannot be reached, or its answer makes no sense."


class ForeignAddress(Exception):
    "The address does not belong to the sign-in that was begun."


@dataclass(frozen=True)
class Token:
    access: str
    refresh: str | None
    expires_at: dt.datetime  # naive UTC


def is_safe(url):
    "Tell if secrets may be sent to the URL: by https, or within the machine."
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (
            parts.scheme == 'https'
            or parts.scheme == 'http' and parts.hostname in LOOPBACK)
    except ValueError:
        return False


class Client:
    "What a token server knows us by."

    def __init__(self, token_url, client_id, secret, scope, in_body):
        self._url = token_url
        if not secret:
            method = 'none'
        elif in_body:
            method = 'client_secret_post'
        else:
            # The one that each server must support (RFC 6749, 2.3.1)
            method = 'client_secret_basic'
        self._settings = {
            'client_id': client_id,
            'client_secret': secret,
            'token_endpoint_auth_method': method,
            'scope': scope or None,
            'redirect_uri': REDIRECT,
            'code_challenge_method': 'S256',
            'default_timeout': TIMEOUT,
            }

    def by_credentials(self):
        "Return a Token for the client itself (RFC 6749, 4.4)."
        return self._ask(lambda session: session.fetch_token(
                self._url, grant_type='client_credentials',
                allow_redirects=False))

    def by_refresh_token(self, token):
        "Return a Token for a refresh token (RFC 6749, 6)."
        return self._ask(lambda session: session.refresh_token(
                self._url, refresh_token=token, allow_redirects=False))

    def by_code(self, code, verifier):
        "Return a Token for an authorization code (RFC 6749, 4.1.3)."
        return self._ask(lambda session: session.fetch_token(
                self._url, grant_type='authorization_code', code=code,
                code_verifier=verifier, allow_redirects=False))

    def sign_in(self, authorize_url, **parameters):
        "Return the URL to sign in at, the state and the verifier."
        verifier = generate_token(64)
        with OAuth2Session(**self._settings) as session:
            url, state = session.create_authorization_url(
                authorize_url, code_verifier=verifier, **parameters)
        return url, state, verifier

    def _ask(self, request):
        with OAuth2Session(**self._settings) as session:
            for hook in ['access_token_response', 'refresh_token_response']:
                session.register_compliance_hook(hook, _look_for_error)
            try:
                answer = request(session)
            except RequestException as exception:
                raise TokenServerDown(_reason(exception)) from exception
            except ValueError as exception:
                # Not JSON, or another kind of JSON
                raise TokenServerDown(str(exception)) from exception
        access = answer.get('access_token')
        # It stands in a line of the mail protocols
        if (not isinstance(access, str) or not access.isascii()
                or not access.isprintable()):
            raise TokenServerDown("no access token in its answer")
        try:
            seconds = int(answer.get('expires_in') or LIFETIME)
        except (TypeError, ValueError):
            seconds = LIFETIME
        return Token(access, answer.get('refresh_token') or None,
            dt.datetime.now().replace(microsecond=0)
            + dt.timedelta(seconds=seconds))


def code_of(address, state):
    """
    Return the authorization code in the address that a browser was sent to.

    Raises ForeignAddress if it isn't for the state, TokenRefused if the
    sign-in has failed.
    """
    try:
        query = parse_qs(urlsplit(address.strip()).query)
    except ValueError as exception:
        raise ForeignAddress() from exception
    values = {name: value for name, (value, *_) in query.items()}
    if not state or not hmac.compare_digest(
            values.get('state', '').encode(), state.encode()):
        raise ForeignAddress()
    if 'error' in values:
        raise TokenRefused(_error(values))
    if 'code' not in values:
        raise ForeignAddress()
    return values['code']


def _look_for_error(response):
    # Authlib fails at descriptions with quotes or line ends
    if response.status_code < 500:
        try:
            answer = response.json()
        except ValueError:
            return response
        if isinstance(answer, dict) and answer.get('error'):
            raise TokenRefused(_error(answer))
    return response


def _error(answer):
    text = str(answer['error'])
    if description := answer.get('error_description'):
        text += f': {description}'
    return ' '.join(text.split())


def _reason(exception):
    "Return what the operating system says, without the layers above it."
    reason = exception
    while reason:
        if getattr(reason, 'strerror', None):
            return reason.strerror
        reason = reason.__cause__ or reason.__context__
    response = getattr(exception, 'response', None)
    if response is not None:
        return f'{response.status_code} {response.reason}'
    return type(exception).__name__
