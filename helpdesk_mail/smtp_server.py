# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import contextlib
import smtplib
import ssl

from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, Workflow, fields
from trytond.pool import PoolMeta
from trytond.pyson import Eval
from trytond.sendmail import get_smtp_server
from trytond.tools import firstline
from trytond.transaction import without_check_access

from .exceptions import MailServerError, OAuthError, SecretMissingError
from .hidden import HiddenMixin, is_given
from .sasl import smtp_login
from .secret import SecretChar

TIMEOUT = 60  # seconds
PORTS = {
    'ssl': 465,
    'starttls': 587,
    'none': 25,
    }


class Server(Workflow, HiddenMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.mail.server'

    _states = {
        'readonly': Eval('state') != 'draft',
        }

    name = fields.Char("Name", required=True,
        help="What you call the server.")
    host = fields.Char("Server", required=True, states=_states,
        help="The name of the mail server.")
    port = fields.Integer("Port", required=True,
        domain=[
            ('port', '>', 0),
            ('port', '<', 65536),
            ],
        states=_states,
        help="Where the server listens.")
    security = fields.Selection([
            ('ssl', "TLS"),
            ('starttls', "STARTTLS"),
            ('none', "None"),
            ], "Security", required=True, sort=False, states=_states,
        help="How the connection is protected.\n"
        "Without protection anybody on the way can read the password.")
    authentication = fields.Selection([
            ('none', "None"),
            ('password', "Password"),
            ('oauth', "OAuth 2.0"),
            ], "Authentication", required=True, sort=False, states=_states,
        help="How to log in.")
    username = fields.Char("User",
        states={
            'readonly': _states['readonly'],
            'invisible': Eval('authentication') == 'none',
            'required': Eval('authentication') != 'none',
            },
        help="The name to log in with.")
    password = fields.Function(fields.Char("Password",
            states={
                'readonly': _states['readonly'],
                'invisible': Eval('authentication') != 'password',
                },
            help="Can be written, but not read."),
        'get_hidden', setter='set_hidden')
    secret = SecretChar("Secret", readonly=True, loading='lazy')
    oauth = fields.Many2One(
        'helpdesk.mail.oauth', "OAuth 2.0 Client", ondelete='RESTRICT',
        states={
            'readonly': _states['readonly'],
            'invisible': Eval('authentication') != 'oauth',
            'required': Eval('authentication') == 'oauth',
            },
        help="Gets the tokens to log in with.")
    max_size = fields.Integer("Largest Mail",
        domain=['OR',
            ('max_size', '=', None),
            ('max_size', '>', 0),
            ],
        help="So many bytes a mail may have; empty if the server does not "
        "say.\n"
        "Filled in by the test, if the server tells.")
    state = fields.Selection([
            ('draft', "Draft"),
            ('confirmed', "Confirmed"),
            ], "State", required=True, readonly=True, sort=False,
        help="Mails are sent once the server is confirmed.")
    tested = fields.Char("Test", readonly=True,
        states={
            'invisible': ~Eval('tested'),
            },
        help="What the last test has shown.")

    del _states

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order.insert(0, ('name', 'ASC'))
        cls._transitions |= {
            ('draft', 'confirmed'),
            ('confirmed', 'draft'),
            }
        cls._buttons.update(
            test_and_confirm={
                'invisible': Eval('state') != 'draft',
                'icon': 'tryton-ok',
                'depends': ['state'],
                },
            draft={
                'invisible': Eval('state') != 'confirmed',
                'icon': 'tryton-back',
                'depends': ['state'],
                },
            )

    @classmethod
    def default_security(cls):
        return 'starttls'

    @classmethod
    def default_port(cls):
        return PORTS['starttls']

    @classmethod
    def default_authentication(cls):
        return 'password'

    @classmethod
    def default_state(cls):
        return 'draft'

    @fields.depends('security')
    def on_change_security(self):
        self.port = PORTS.get(self.security)

    @classmethod
    def check_modification(cls, mode, servers, values=None, external=False):
        super().check_modification(
            mode, servers, values=values, external=external)
        if (mode != 'write' or not external
                or is_given(values.get('password'))):
            return
        names = {'host', 'port', 'security'} & values.keys()
        for server in servers:
            if server.secret and any(
                    getattr(server, n) != values[n] for n in names):
                # Or it could be had by logging in elsewhere
                raise SecretMissingError(gettext(
                        'helpdesk_mail.msg_mail_server_secret_missing',
                        server=server.rec_name))

    @classmethod
    def copy(cls, servers, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('secret')
        default.setdefault('state', 'draft')
        default.setdefault('tested')
        return super().copy(servers, default=default)

    @classmethod
    @ModelView.button
    def test_and_confirm(cls, servers):
        for server in servers:
            connection = server.open()
            try:
                code, answer = connection.noop()
                if code != 250:
                    raise smtplib.SMTPResponseException(code, answer)
                size = connection.esmtp_features.get('size', '')
            except (OSError, smtplib.SMTPException) as exception:
                raise server._explain(exception) from exception
            finally:
                _close(connection)
            # RFC 1870: without a number, or with 0, there is no fixed limit
            if size.isdigit() and int(size):
                server.max_size = int(size)
            server.tested = gettext(
                f'helpdesk_mail.msg_mail_server_{server.authentication}_works',
                host=server.host, user=server.username)
        cls.save(servers)
        cls.confirm(servers)

    @classmethod
    @ModelView.button
    @Workflow.transition('draft')
    def draft(cls, servers):
        cls.write(servers, {'tested': None})

    @classmethod
    @Workflow.transition('confirmed')
    def confirm(cls, servers):
        pass

    @without_check_access
    def open(self):
        """
        Return a connection to the server, a smtplib.SMTP, logged in.

        Raises MailServerError or OAuthError, in plain words and without
        secrets.
        """
        try:
            if self.authentication == 'oauth':
                return self.oauth.use(
                    self._open, smtplib.SMTPAuthenticationError)
            return self._open(self.secret or '')
        except (OSError, UnicodeError, smtplib.SMTPException) as exception:
            raise self._explain(exception) from exception

    def _open(self, password):
        context = ssl.create_default_context()
        if self.security == 'ssl':
            connection = smtplib.SMTP_SSL(
                self.host, self.port, timeout=TIMEOUT, context=context)
        else:
            connection = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
        with contextlib.ExitStack() as stack:
            stack.callback(connection.close)
            if self.security == 'starttls':
                connection.starttls(context=context)
            connection.ehlo_or_helo_if_needed()
            if self.authentication != 'none':
                smtp_login(connection, self.username, password)
            stack.pop_all()
        return connection

    def _explain(self, exception):
        if isinstance(exception, smtplib.SMTPAuthenticationError):
            # Without its text, which may hold what was sent
            name = ('msg_oauth_login' if self.authentication == 'oauth'
                else 'msg_mail_server_login')
            text = gettext(f'helpdesk_mail.{name}',
                host=self.host, user=self.username)
        elif isinstance(exception, UnicodeError):
            text = gettext('helpdesk_mail.msg_mail_server_ascii',
                host=self.host)
        else:
            error = (getattr(exception, 'strerror', None)
                or firstline(str(exception)) or type(exception).__name__)
            if self.secret:
                error = error.replace(self.secret, '…')
            text = gettext('helpdesk_mail.msg_mail_server_down',
                host=self.host, port=self.port, error=error)
        return MailServerError(text)


class Connections:
    """
    Connections to mail servers, each opened once and used for many mails.

    A context manager, which closes them.
    """

    def __init__(self):
        self._open = {}
        self._down = {}

    def __enter__(self):
        return self

    def __exit__(self, *args):
        for connection in self._open.values():
            _close(connection)

    def send(self, server, message, from_address, to_addresses):
        """
        Give the message to the server; return who was refused.

        server is a helpdesk.mail.server, or None for Tryton's own;
        to_addresses is the list of those who get the message now. Raises the
        exceptions of smtplib and of Server.open.
        """
        return self._get(server).send_message(
            message, from_addr=from_address, to_addrs=to_addresses)

    def _get(self, server):
        key = server.id if server else None
        if key in self._down:
            # Not a minute of waiting for each mail
            raise self._down[key]
        connection = self._open.get(key)
        if connection and not _is_alive(connection):
            connection.close()
            connection = None
        if not connection:
            try:
                connection = self._open[key] = self._connect(server)
            except (MailServerError, OAuthError, OSError,
                    smtplib.SMTPException) as exception:
                self._down[key] = exception
                raise
        return connection

    @staticmethod
    def _connect(server):
        if not server:
            return get_smtp_server(strict=True)
        if server.state != 'confirmed':
            raise MailServerError(gettext(
                    'helpdesk_mail.msg_mail_server_draft',
                    server=server.rec_name))
        return server.open()


def _is_alive(connection):
    "Tell if the server still listens; many end a connection when it is idle."
    try:
        code, _ = connection.noop()
    except (OSError, smtplib.SMTPException):
        return False
    return code == 250


def _close(connection):
    with contextlib.suppress(OSError, smtplib.SMTPException):
        connection.quit()
    connection.close()


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    mail_server = fields.Many2One(
        'helpdesk.mail.server', "SMTP Server", ondelete='RESTRICT',
        help="The server that takes the mails of the section.\n"
        "Leave empty to use the server that Tryton uses.")
