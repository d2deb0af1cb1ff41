# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from trytond import backend
from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from . import token_server
from .exceptions import OAuthError, OAuthURLError, SecretMissingError
from .hidden import HiddenMixin, is_given
from .mail_source import SOURCES, LoginRefused, Trouble
from .mail_trouble import Explained
from .sasl import Token
from .secret import SecretChar, SecretText
from .token_server import ForeignAddress, TokenRefused, TokenServerDown

# So long before its end a token is no longer used
MARGIN = dt.timedelta(minutes=2)
# So long another process may take to get a new token
PATIENCE = 2 * token_server.TIMEOUT  # seconds
MICROSOFT = 'https://login.microsoftonline.com/%s/oauth2/v2.0/%s'
OUTLOOK = 'https://outlook.office.com/'
SCOPES = {
    ('microsoft', 'client_credentials'): (
        'https://outlook.office365.com/.default'),
    ('microsoft', 'refresh_token'): ' '.join([
            'offline_access', f'{OUTLOOK}IMAP.AccessAsUser.All',
            f'{OUTLOOK}POP.AccessAsUser.All', f'{OUTLOOK}SMTP.Send']),
    ('google', 'refresh_token'): 'https://mail.google.com/',
    }


class OAuth(HiddenMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.mail.oauth'
    _hidden = {
        'client_secret': 'secret',
        'refresh_token': 'refresh_secret',
        }

    name = fields.Char("Name", required=True,
        help="What you call the client.")
    provider = fields.Selection([
            ('microsoft', "Microsoft 365"),
            ('google', "Google"),
            ('other', "Other"),
            ], "Provider", required=True, sort=False,
        help="Who gives the tokens. Fills in the addresses and the scope.")
    tenant = fields.Char("Tenant",
        states={
            'invisible': Eval('provider') != 'microsoft',
            'required': Eval('provider') == 'microsoft',
            },
        help="The directory (tenant) ID that Microsoft shows with the "
        "application, or the domain.")
    grant = fields.Selection([
            ('client_credentials', "Client Credentials"),
            ('refresh_token', "Refresh Token"),
            ], "Grant", required=True, sort=False,
        help="Whether the client gets tokens by itself, or on behalf of a "
        "user who has signed in once.")
    token_url = fields.Char("Token URL", required=True,
        help="Where tokens are given.")
    authorize_url = fields.Char("Authorization URL",
        states={
            'invisible': Eval('grant') != 'refresh_token',
            },
        help="Where the user signs in.")
    client_id = fields.Char("Client ID", required=True,
        help="The name of the application at the provider.")
    client_secret = fields.Function(fields.Char("Client Secret",
            help="Can be written, but not read."),
        'get_hidden', setter='set_hidden')
    scope = fields.Char("Scope",
        help="What the tokens are good for, separated by spaces.")
    refresh_token = fields.Function(fields.Char("Refresh Token",
            states={
                'invisible': Eval('grant') != 'refresh_token',
                },
            help="Can be written, but not read.\n"
            "The button gets one."),
        'get_hidden', setter='set_hidden')
    secret = SecretChar("Secret", readonly=True, loading='lazy')
    refresh_secret = SecretChar(
        "Stored Refresh Token", readonly=True, loading='lazy')
    access_secret = SecretText(
        "Access Token", readonly=True, loading='lazy')
    expires_at = fields.DateTime(
        "Expires On", readonly=True, loading='lazy')
    sign_in_secret = SecretChar("Sign-In", readonly=True, loading='lazy',
        help="Recognises the sign-in that was begun.")
    last_error = fields.Char("Last Error", readonly=True,
        help="Why there was no new token the last time; empty if there was.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order.insert(0, ('name', 'ASC'))
        cls._buttons.update(
            get_refresh_token={
                'invisible': Eval('grant') != 'refresh_token',
                'readonly': ~Eval('authorize_url'),
                'icon': 'tryton-launch',
                'depends': ['grant', 'authorize_url'],
                },
            )

    @classmethod
    def default_provider(cls):
        return 'microsoft'

    @classmethod
    def default_grant(cls):
        return 'client_credentials'

    @fields.depends('provider', 'tenant', 'grant')
    def on_change_provider(self):
        if self.provider == 'google':
            self.grant = 'refresh_token'
            self.token_url = 'https://oauth2.googleapis.com/token'
            self.authorize_url = (
                'https://accounts.google.com/o/oauth2/v2/auth')
        elif self.provider == 'microsoft' and self.tenant:
            tenant = self.tenant.strip()
            self.token_url = MICROSOFT % (tenant, 'token')
            self.authorize_url = MICROSOFT % (tenant, 'authorize')
        if self.provider in {'google', 'microsoft'}:
            self.scope = SCOPES.get((self.provider, self.grant))

    @fields.depends(methods=['on_change_provider'])
    def on_change_tenant(self):
        self.on_change_provider()

    @fields.depends(methods=['on_change_provider'])
    def on_change_grant(self):
        self.on_change_provider()

    @classmethod
    def set_hidden(cls, clients, name, value):
        # They are pasted from the pages of the provider
        super().set_hidden(clients, name, (value or '').strip())

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        if mode == 'write' and values.keys() & {
                'provider', 'token_url', 'client_id', 'scope', 'grant',
                'secret', 'refresh_secret'}:
            # The token was given for what it was before
            values = {'access_secret': None, 'expires_at': None, **values}
        if mode == 'write' and values.keys() & {'provider', 'token_url'}:
            values.setdefault('refresh_secret')
        return values

    @classmethod
    def validate_fields(cls, clients, field_names):
        super().validate_fields(clients, field_names)
        if field_names and not field_names & {'token_url', 'authorize_url'}:
            return
        for client in clients:
            for url in filter(None, [client.token_url, client.authorize_url]):
                if not token_server.is_safe(url):
                    raise OAuthURLError(gettext(
                            'helpdesk_mail.msg_oauth_url', url=url))

    @classmethod
    def check_modification(cls, mode, clients, values=None, external=False):
        super().check_modification(
            mode, clients, values=values, external=external)
        if (mode != 'write' or not external
                or is_given(values.get('client_secret'))):
            return
        # The provider limits to which mail servers the tokens go
        names = {'provider', 'token_url'} & values.keys()
        for client in clients:
            if client.secret and any(
                    getattr(client, n) != values[n] for n in names):
                # Or it could be had by sending it elsewhere
                raise SecretMissingError(gettext(
                        'helpdesk_mail.msg_oauth_secret_missing',
                        client=client.rec_name))

    @classmethod
    def copy(cls, clients, default=None):
        default = default.copy() if default is not None else {}
        for name in ['secret', 'refresh_secret', 'access_secret',
                'expires_at', 'sign_in_secret', 'last_error']:
            default.setdefault(name)
        return super().copy(clients, default=default)

    @classmethod
    @ModelView.button_action('helpdesk_mail.wizard_mail_oauth_sign_in')
    def get_refresh_token(cls, clients):
        pass

    @without_check_access
    def access_token(self, refused=None):
        """
        Return an access token, a string.

        refused is one that a mail server did not take: it gets another one.
        A new one is stored in a transaction of its own, as the refresh token
        that comes with it is the only one that is good from then on, whatever
        becomes of this transaction. Raises OAuthError, in plain words and
        without secrets.
        """
        if token := self._stored(refused):
            return token
        with self._alone():
            client = self.__class__(self.id)
            # Another process may have been faster
            token, error = client._stored(refused), None
            if not token:
                token = client._renew()
                error = client.last_error
                client.save()
        if error:
            raise OAuthError(error)
        return token

    def use(self, login, refusal):
        """
        Return login(token), with another token if the first is refused.

        A token may have been revoked before its time. refusal is the
        exception, or a tuple of them, that says so.
        """
        token = self.access_token()
        try:
            return login(token)
        except refusal:
            return login(self.access_token(refused=token))

    def _stored(self, refused):
        "Return the access token that is stored if it is good."
        if (self.access_secret
                and self.access_secret != refused
                and self.expires_at
                and self.expires_at > dt.datetime.now() + MARGIN):
            return Token(self.access_secret)

    @contextmanager
    def _alone(self):
        "A transaction of its own, in which no one else gets a new token."
        transaction = Transaction()
        if (not transaction.database.has_select_for()
                or self.id in transaction.create_records[self.__name__]):
            # SQLite has one writer, and what is new nobody else sees
            yield
            return
        with self._locked(transaction):
            yield

    def _locked(self, transaction):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return transaction.new_transaction(
                    _lock_records={self._table: [self.id]})
            except backend.DatabaseOperationalError:
                if time.monotonic() > end:
                    raise

    def _renew(self):
        "Set and return a new access token; if there is none, set the error."
        server = self._client()
        try:
            if self.grant == 'client_credentials':
                token = server.by_credentials()
            elif self.refresh_secret:
                token = server.by_refresh_token(self.refresh_secret)
            else:
                raise TokenRefused(gettext(
                        'helpdesk_mail.msg_oauth_no_refresh_token'))
        except (TokenRefused, TokenServerDown) as exception:
            self.access_secret = self.expires_at = None
            self.last_error = self._explain(exception)
            return
        self._keep(token)
        return Token(token.access)

    def _client(self):
        return token_server.Client(
            self.token_url, self.client_id, self.secret, self.scope,
            in_body=self.provider in {'microsoft', 'google'})

    def _keep(self, token):
        self.access_secret = token.access
        self.expires_at = token.expires_at
        if token.refresh:
            self.refresh_secret = token.refresh
        self.last_error = None

    def _explain(self, exception):
        "Return in plain words, on a line and without secrets, what is wrong."
        error = str(exception)
        for secret in [self.secret, self.refresh_secret, self.access_secret]:
            if secret:
                error = error.replace(secret, '…')
        if isinstance(exception, TokenServerDown):
            return gettext('helpdesk_mail.msg_oauth_down',
                host=urlsplit(self.token_url).hostname, error=error)
        return gettext('helpdesk_mail.msg_oauth_refused',
            host=urlsplit(self.token_url).hostname, client=self.rec_name,
            error=error)

    @without_check_access
    def begin_sign_in(self):
        "Return the URL at which a user allows the client to use the mailbox."
        parameters = {}
        if self.provider == 'google':
            # Google gives a refresh token only so
            parameters = {'access_type': 'offline', 'prompt': 'consent'}
        url, state, verifier = self._client().sign_in(
            self.authorize_url, **parameters)
        self.sign_in_secret = f'{state} {verifier}'
        self.save()
        return url

    @without_check_access
    def end_sign_in(self, address):
        """
        Store the refresh token for the address that the browser was sent to.

        Raises OAuthError, in plain words and without secrets.
        """
        state, _, verifier = (self.sign_in_secret or '').partition(' ')
        try:
            token = self._client().by_code(
                token_server.code_of(address, state), verifier)
        except ForeignAddress as exception:
            raise OAuthError(gettext(
                    'helpdesk_mail.msg_oauth_address')) from exception
        except (TokenRefused, TokenServerDown) as exception:
            raise OAuthError(self._explain(exception)) from exception
        if not token.refresh:
            raise OAuthError(gettext('helpdesk_mail.msg_oauth_not_lasting'))
        self._keep(token)
        self.sign_in_secret = None
        self.save()


class SignInStart(ModelView):
    __name__ = 'helpdesk.mail.oauth.sign_in.start'

    url = fields.Text("Sign in at", readonly=True,
        help="Open this address in a browser, sign in as the user of the "
        "mailbox, and agree.")
    address = fields.Text("Address you were sent to", required=True,
        help="At the end the browser shows an error. Copy the address from "
        "its bar, which begins with http://localhost.")


class SignIn(Wizard):
    __name__ = 'helpdesk.mail.oauth.sign_in'

    start = StateView(
        'helpdesk.mail.oauth.sign_in.start',
        'helpdesk_mail.mail_oauth_sign_in_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Get Refresh Token", 'exchange', 'tryton-ok',
                default=True),
            ])
    exchange = StateTransition()

    def default_start(self, fields):
        self._check()
        return {'url': self.record.begin_sign_in()}

    def transition_exchange(self):
        self._check()
        self.record.end_sign_in(self.start.address)
        return 'end'

    def _check(self):
        pool = Pool()
        ModelAccess = pool.get('ir.model.access')
        ModelAccess.check(self.model.__name__, 'write')

    def end(self):
        return 'reload'


class Account(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail.account'

    authentication = fields.Selection([
            ('password', "Password"),
            ('oauth', "OAuth 2.0"),
            ], "Authentication", required=True, sort=False,
        states={
            'readonly': Eval('state') != 'draft',
            },
        help="How to log in.")
    oauth = fields.Many2One(
        'helpdesk.mail.oauth', "OAuth 2.0 Client", ondelete='RESTRICT',
        states={
            'readonly': Eval('state') != 'draft',
            'invisible': Eval('authentication') != 'oauth',
            'required': Eval('authentication') == 'oauth',
            },
        help="Gets the tokens to log in with.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.password.states['required'] &= (
            Eval('authentication') == 'password')
        cls.password.states['invisible'] = (
            Eval('authentication') != 'password')

    @classmethod
    def default_authentication(cls):
        return 'password'

    def open(self):
        if self.authentication != 'oauth':
            return super().open()
        return Explained(
            _ByToken(SOURCES[self.protocol], self.oauth), self)


class _ByToken:
    "Opens a mailbox by a token, and by another one if that is refused."

    def __init__(self, Source, client):
        self._Source = Source
        self._client = client

    @contextmanager
    def open(self, access):
        def open_(token):
            return stack.enter_context(
                self._Source.open(replace(access, password=token)))

        with ExitStack() as stack:
            try:
                source = self._client.use(open_, LoginRefused)
            except LoginRefused as exception:
                raise _MailboxRefused() from exception
            except OAuthError as exception:
                raise _NoToken(exception.message) from exception
            yield source


class _MailboxRefused(Trouble):
    "The server does not take the token for the mailbox."
    key = 'helpdesk_mail.msg_oauth_login'


class _NoToken(Trouble):
    "There is no token."
    key = 'helpdesk_mail.msg_oauth_trouble'
