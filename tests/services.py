# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Real servers for tests, all on loopback and stopped at the end.

    @needs('dovecot')
    def test_fetch(self):
        with Dovecot() as dovecot:
            dovecot.deliver(letter)
            ...connect to dovecot.host, dovecot.port('imap')...
"""
import base64
import contextlib
import functools
import imaplib
import itertools
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from email import message_from_bytes, policy
from pathlib import Path

import pytest

__all__ = [
    'CI', 'Certificate', 'Dovecot', 'HOST', 'Relay', 'Sink', 'Wire', 'command',
    'free_port', 'listens', 'missing', 'needs', 'postgresql_uri', 'until']

CI = os.environ.get('CI', '').lower() in {'1', 'true', 'yes'}
HOST = '127.0.0.1'
POSTGRESQL_URI = 'postgresql://helpdesk:helpdesk@127.0.0.1:5432/'
# Debian keeps servers where only root looks
PATH = os.pathsep.join([os.environ.get('PATH', ''), '/usr/sbin', '/sbin'])
COMMANDS = {
    'chromium': 'chromium',
    'dovecot': 'dovecot',
    'getmail6': 'getmail',
    'gettext': 'msgfmt',
    'npm': 'npm',
    }
needs = pytest.mark.needs


@functools.lru_cache(None)
def missing(name):
    "Return why a service cannot be used, None if it can"
    if name == 'postgresql':
        return _postgresql_missing()
    if name not in COMMANDS:
        return f"{name} is no service that tests.services knows"
    if not command(name):
        return f"{name} is not installed"
    if name == 'dovecot':
        version = subprocess.check_output(
            [command(name), '--version'], text=True)
        if not version.startswith('2.3.'):
            return f"dovecot is {version.strip()}, its settings are for 2.3"


def postgresql_uri(database=''):
    "Return the URI of the PostgreSQL server, as trytond takes it"
    uri = os.environ.get('POSTGRESQL_URI') or POSTGRESQL_URI
    return uri.rstrip('/') + '/' + database


def _postgresql_missing():
    import psycopg
    try:
        psycopg.connect(postgresql_uri('postgres'), connect_timeout=5).close()
    except psycopg.Error as error:
        first_line = str(error).strip().splitlines()[0]
        return f"PostgreSQL cannot be reached: {first_line}"


def command(name):
    return shutil.which(COMMANDS[name], path=PATH)


def free_port():
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        return sock.getsockname()[1]


def until(condition, seconds=10, message="It did not happen in time"):
    "Return what the condition returns once it is true"
    end = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > end:
            raise TimeoutError(message)
        time.sleep(0.02)
    return result


def listens(port):
    with contextlib.suppress(OSError):
        socket.create_connection((HOST, port), timeout=1).close()
        return True


class Sink:
    """
    An SMTP server that keeps what it is sent.

    `messages` are email.message.EmailMessage objects; `envelopes` the
    aiosmtpd envelopes. Set `refuse` to an answer such as '550 No such user'
    to refuse recipients, `refuse_address` to refuse one of them with
    `refuse_with`, `refuse_data` to refuse the letter itself.
    stop() and start() take the server down and up again on the same port.

    With a Certificate it speaks STARTTLS or, as security says, TLS. With
    users, passwords by name, or with a TokenServer it wants a login; `logins`
    are the names that logged in, `connections` counts the clients. size is
    the largest mail it takes, in bytes.
    """

    def __init__(self, port=None, *, certificate=None, security='starttls',
            users=None, token_server=None, size=None):
        self.port = port or free_port()
        self.users = users or {}
        self.token_server = token_server
        self.logins = []
        self.connections = 0
        self._settings = {}
        if size:
            self._settings['data_size_limit'] = size
        if certificate:
            name = {'starttls': 'tls_context', 'ssl': 'ssl_context'}
            self._settings[name[security]] = certificate.context()
        if users or token_server:
            self._settings.update(
                authenticator=self._check_password, auth_required=True,
                auth_require_tls=security == 'starttls')
            if not token_server:
                self._settings['auth_exclude_mechanism'] = ['XOAUTH2']
        self.envelopes = []
        self.refuse = None
        self.refuse_address = None
        self.refuse_with = '550 No such user here'
        self.refuse_data = None
        self._controller = None

    @property
    def uri(self):
        "What trytond.conf takes as uri in [email]"
        return f'smtp://{HOST}:{self.port}'

    @property
    def messages(self):
        return [
            message_from_bytes(e.original_content, policy=policy.default)
            for e in self.envelopes]

    def wait(self, count, seconds=10):
        "Return the messages once there are that many"
        until(lambda: len(self.envelopes) >= count, seconds,
            f"Fewer than {count} messages came")
        return self.messages

    def clear(self):
        self.envelopes.clear()

    def start(self):
        from aiosmtpd.controller import Controller
        self._controller = Controller(
            self, hostname=HOST, port=self.port, **self._settings)
        self._controller.start()

    def stop(self):
        if self._controller:
            self._controller.stop()
            self._controller = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *args):
        self.stop()

    async def handle_EHLO(self, server, session, envelope, hostname, answers):
        if session.ssl or 'tls_context' not in self._settings:
            self.connections += 1
        session.host_name = hostname
        return answers

    def _check_password(self, server, session, envelope, mechanism, login):
        from aiosmtpd.smtp import AuthResult
        name = login.login.decode()
        success = self.users.get(name) == login.password.decode()
        if success:
            self.logins.append(name)
        return AuthResult(success=success, handled=False)

    async def auth_XOAUTH2(self, server, args):
        from aiosmtpd.smtp import AuthResult
        text = base64.b64decode(args[1]).decode()
        user, token = re.fullmatch(
            'user=(.*)\1auth=Bearer (.*)\1\1', text).groups()
        success = self.token_server.opens(token, user)
        if success:
            self.logins.append(user)
        else:
            # As Microsoft and Google do
            await server.challenge_auth(b'{"status":"401"}')
        return AuthResult(success=success, handled=False)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.refuse:
            return self.refuse
        if address == self.refuse_address:
            return self.refuse_with
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        if self.refuse_data:
            return self.refuse_data
        self.envelopes.append(envelope)
        return '250 Message accepted for delivery'


class Relay(Sink):
    """
    An SMTP server that lays each letter into the mailbox of its recipient.

    `mailboxes` maps addresses to lists of raw letters; what goes elsewhere is
    only kept. With `strip` the letters lose the header fields whose names
    begin so, in lower case, as programs do that know nothing of them.
    """

    def __init__(self, *addresses, strip=(), port=None):
        super().__init__(port)
        self.mailboxes = {address: [] for address in addresses}
        self.strip = tuple(strip)

    def take(self, address):
        "Return what has come for the address, and empty the mailbox"
        letters = []
        while self.mailboxes[address]:
            letters.append(self.mailboxes[address].pop(0))
        return letters

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(
            envelope.original_content, policy=policy.SMTP)
        for name in set(message.keys()):
            if self.strip and name.lower().startswith(self.strip):
                del message[name]
        for address in envelope.rcpt_tos:
            if address in self.mailboxes:
                self.mailboxes[address].append(bytes(message))
        return await super().handle_DATA(server, session, envelope)


class Certificate:
    "A certificate for this machine; `path` is the file to trust."

    def __init__(self, folder):
        import trustme
        authority = trustme.CA()
        self._certificate = authority.issue_cert(HOST, 'localhost')
        self.path = Path(folder) / 'ca.pem'
        authority.cert_pem.write_to_path(self.path)

    def context(self):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._certificate.configure_cert(context)
        return context


DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
listen = {host}
protocols = imap pop3
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
auth_failure_delay = 0
auth_mechanisms = plain login {mechanisms}
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
mail_max_userip_connections = 0
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
{oauth}
passdb {{
  driver = passwd-file
  args = scheme=plain username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
first_valid_uid = 1
first_valid_gid = 1
service anvil {{
  chroot =
  # Without it no wrong password makes the next wait
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Done {{
    auto = create
  }}
}}
"""


DOVECOT_OAUTH = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth
}}
"""
DOVECOT_TOKENS = """
introspection_mode = get
introspection_url = {url}/introspect?token=
username_attribute = mailbox
active_attribute = active
active_value = true
"""


class Dovecot:
    """
    An IMAP and POP3 server of its own, with a mailbox for each user.

    It speaks plain text, STARTTLS and, on the ports imaps and pop3s, TLS;
    `certificate` is the file to trust. With a TokenServer it also takes the
    tokens of that, by the mechanisms.
    """
    host = HOST

    def __init__(self, users=None, token_server=None,
            mechanisms='xoauth2 oauthbearer'):
        self.users = users or {'support': 'secret'}
        self.token_server = token_server
        self.mechanisms = mechanisms if token_server else ''
        self.ports = {
            name: free_port() for name in ['imap', 'imaps', 'pop3', 'pop3s']}
        self._numbers = itertools.count(1)

    def port(self, protocol='imap'):
        return self.ports[protocol]

    @property
    def certificate(self):
        return self.folder / 'ca.pem'

    @property
    def log(self):
        path = self.folder / 'log'
        return path.read_text(errors='replace') if path.exists() else ''

    def __enter__(self):
        # root's own folders are closed to the user who shall read them
        self.folder = Path(tempfile.mkdtemp(prefix='dovecot-', dir='/tmp'))
        self._write_settings()
        self.start()
        return self

    def __exit__(self, *args):
        if self._process.poll() is None:
            # It takes seconds to end by itself, with nothing left to keep
            os.killpg(self._process.pid, signal.SIGKILL)
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        self._process = subprocess.Popen(
            [command('dovecot'), '-F', '-c', self.folder / 'dovecot.conf'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, start_new_session=True, **self._identity)
        try:
            until(self._is_up)
        except TimeoutError:
            self.stop()
            raise

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stderr.close()

    def deliver(self, *letters, user='support', seen=False):
        "Lay letters (bytes) into the inbox, as a mail server would"
        inbox = self.folder / 'mail' / user
        for letter in letters:
            name = f'{time.time():.6f}.{next(self._numbers)}.test'
            new = inbox / 'tmp' / name
            new.write_bytes(letter)
            self._give(new)
            new.rename(
                inbox / 'cur' / f'{name}:2,S' if seen
                else inbox / 'new' / name)

    @contextlib.contextmanager
    def imap(self, user='support', folder='INBOX'):
        "A session of imaplib, as of a person who uses the same mailbox"
        session = imaplib.IMAP4(
            self.host, self.port('imap'), timeout=60)
        session.login(user, self.users[user])
        session.select(folder)
        try:
            yield session
        finally:
            session.logout()

    def _is_up(self):
        if self._process.poll() is not None:
            raise RuntimeError(
                "Dovecot did not start: "
                + self._process.stderr.read().decode() + self.log)
        return all(map(listens, self.ports.values()))

    @property
    def _account(self):
        # Dovecot refuses mailboxes of root
        return pwd.getpwuid(os.getuid() or pwd.getpwnam('nobody').pw_uid)

    @property
    def _identity(self):
        if os.getuid():
            return {}
        return {
            'user': self._account.pw_uid, 'group': self._account.pw_gid,
            'extra_groups': []}

    def _give(self, path):
        if not os.getuid():
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _write_settings(self):
        import grp

        import trustme
        authority = trustme.CA()
        certificate = authority.issue_cert(self.host, 'localhost')
        authority.cert_pem.write_to_path(self.certificate)
        certificate.private_key_pem.write_to_path(self.folder / 'key.pem')
        certificate.cert_chain_pems[0].write_to_path(
            self.folder / 'cert.pem')
        for user in self.users:
            for name in ['cur', 'new', 'tmp']:
                (self.folder / 'mail' / user / name).mkdir(parents=True)
        (self.folder / 'users').write_text(''.join(
                f'{user}:{{PLAIN}}{password}\n'
                for user, password in self.users.items()))
        oauth = ''
        if self.token_server:
            oauth = DOVECOT_OAUTH.format(folder=self.folder)
            (self.folder / 'oauth').write_text(
                DOVECOT_TOKENS.format(url=self.token_server.url))
        (self.folder / 'dovecot.conf').write_text(DOVECOT.format(
                folder=self.folder, host=self.host, oauth=oauth,
                mechanisms=self.mechanisms,
                user=self._account.pw_name,
                group=grp.getgrgid(self._account.pw_gid).gr_name,
                **self.ports))
        for path in [self.folder, *self.folder.rglob('*')]:
            self._give(path)

    def trust(self):
        "Return an SSL context that trusts this server"
        return ssl.create_default_context(cafile=str(self.certificate))


class Wire:
    """
    Passes on connections to a port: a way to a server that breaks.

    After `cut` bytes from the server a connection is cut, after `stall`
    bytes nothing comes any more.
    """
    host = HOST

    def __init__(self, target, cut=None, stall=None):
        self.target = target
        self.cut = cut
        self.stall = stall

    def __enter__(self):
        self._server = socket.create_server((HOST, 0))
        self.port = self._server.getsockname()[1]
        self._sockets = [self._server]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *args):
        for sock in self._sockets:
            # Closing alone does not wake who waits in it
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                server = socket.create_connection((HOST, self.target))
                self._sockets += [client, server]
                for args in [
                        (client, server, None, None),
                        (server, client, self.cut, self.stall)]:
                    threading.Thread(
                        target=self._pass_on, args=args, daemon=True).start()

    @staticmethod
    def _pass_on(source, sink, cut, stall):
        count = 0
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                count += len(data)
                if cut is not None and count > cut:
                    break
                if stall is None or count <= stall:
                    sink.sendall(data)
        for sock in [source, sink]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
