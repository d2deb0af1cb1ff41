# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
What goes wrong with mailboxes: said in plain words, in the reader's
language, and told to the administrators once.
"""
import datetime as dt
import socket
import ssl

from imapclient.exceptions import IMAPClientAbortError
from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval, If
from trytond.tools import firstline
from trytond.transaction import without_check_access

from .exceptions import MailboxError
from .mail_source import ERRORS, Trouble

# An account that fails in so many runs, for so long, is a case for a person
FAILED_RUNS = 3
FAILING = dt.timedelta(minutes=30)
# The first that fits; what remains is told as the server says it
KINDS = [
    (ssl.SSLCertVerificationError, 'certificate'),
    (ssl.SSLError, 'tls'),
    (socket.gaierror, 'unknown_host'),
    (ConnectionRefusedError, 'refused'),
    (TimeoutError, 'timeout'),
    ((ConnectionError, EOFError, IMAPClientAbortError), 'broken'),
    ]


class Explained:
    "Opens the mailbox of an account, and raises MailboxError at any trouble."

    def __init__(self, Source, account):
        self._Source = Source
        self._account = account

    def __enter__(self):
        try:
            with without_check_access():
                # The password is not for users to read
                access = self._account.access()
            self._manager = self._Source.open(access)
            return self._manager.__enter__()
        except (Trouble, *ERRORS) as exception:
            raise self._account.mailbox_error(exception) from exception

    def __exit__(self, type_, value, traceback):
        try:
            handled = self._manager.__exit__(type_, value, traceback)
            # A generator hands back what was raised in the with
            if not handled and isinstance(value, (Trouble, *ERRORS)):
                raise value
            return handled
        except (Trouble, *ERRORS) as exception:
            raise self._account.mailbox_error(exception) from exception


class Account(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail.account'

    last_error = fields.Function(fields.Char("Last Error",
            help="Why letters could not be fetched; empty if they could."),
        'get_last_error')
    error_key = fields.Char("Error Key", readonly=True)
    error_detail = fields.Text("Error Detail", readonly=True)
    failing_since = fields.DateTime("Failing Since", readonly=True,
        states={
            'invisible': ~Eval('failing_since'),
            },
        help="Since then no run has succeeded.")
    failed_runs = fields.Integer("Failed Runs", readonly=True,
        states={
            'invisible': ~Eval('failing_since'),
            },
        help="How often letters could not be fetched since then.")
    warned_at = fields.DateTime("Warned At", readonly=True,
        states={
            'invisible': ~Eval('warned_at'),
            },
        help="When the administrators were told that it keeps failing.")

    @classmethod
    def default_failed_runs(cls):
        return 0

    def get_last_error(self, name):
        if self.error_key:
            return self.explain(self.error_key, self.error_detail)

    @classmethod
    def copy(cls, accounts, default=None):
        default = default.copy() if default is not None else {}
        for name in ['error_key', 'error_detail', 'failing_since',
                'warned_at']:
            default.setdefault(name)
        default.setdefault('failed_runs', 0)
        return super().copy(accounts, default=default)

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree', 'visual',
                If(Bool(Eval('last_error')), 'danger', '')),
            ]

    @classmethod
    def confirm(cls, accounts):
        super().confirm(accounts)
        cls.write(accounts, {
                'error_key': None,
                'error_detail': None,
                'failing_since': None,
                'failed_runs': 0,
                'warned_at': None,
                })

    @without_check_access
    def mailbox_error(self, exception):
        "Return what went wrong with the mailbox as a MailboxError."
        if isinstance(exception, Trouble):
            key, detail = exception.key, exception.detail
        else:
            key = next(
                (k for kind, k in KINDS if isinstance(exception, kind)),
                'unreachable')
            detail = (getattr(exception, 'verify_message', None)
                or getattr(exception, 'strerror', None)
                or firstline(str(exception)) or type(exception).__name__)
        for secret in self.secrets():
            detail = detail.replace(secret, '…')
        return MailboxError(self.explain(key, detail), key, detail)

    def explain(self, key, detail, *language):
        """
        Return in plain words what is wrong with the mailbox.

        key and detail are as those of a mail_source.Trouble; language is a
        code, without it the one of the context.
        """
        if '.' not in key:
            key = f'helpdesk_mail.msg_mailbox_{key}'
        return gettext(key, *language, host=self.host, port=self.port,
            user=self.username, folder=self.folder or '', detail=detail or '',
            target=self.after_folder or '')

    def note_run(self, error=None):
        super().note_run(error)
        self.error_key = error.key if error else None
        self.error_detail = error.detail if error else None
        if error:
            self.failed_runs = (self.failed_runs or 0) + 1
            self.failing_since = self.failing_since or self.last_run
        else:
            self.failed_runs = 0
            self.failing_since = None

    @classmethod
    def tell_troubles(cls, accounts):
        super().tell_troubles(accounts)
        failing, working = [], []
        for account in accounts:
            if account.warned_at and not account.failing_since:
                account.warned_at = None
                working.append(account)
            elif account.is_failing() and not account.warned_at:
                account.warned_at = account.last_run
                failing.append(account)
        cls.warn(failing, 'mailbox_fails')
        cls.warn(working, 'mailbox_works')
        cls.save(failing + working)

    def is_failing(self):
        "Tell if it failed so often and so long that it won't mend itself."
        return (self.failing_since is not None
            and self.failed_runs >= FAILED_RUNS
            and self.failing_since + FAILING <= self.last_run)

    @classmethod
    @without_check_access
    def warn(cls, accounts, event):
        """
        Tell the administrators of the helpdesk, by their bell and by mail.

        event is the end of the id of a message that begins with msg_notice_.
        """
        pool = Pool()
        Notice = pool.get('helpdesk.notice')
        Notification = pool.get('res.notification')
        if not accounts:
            return
        users = cls.administrators()
        Notification.create([
                Notification.about(
                    account, user, account.warning(event, user))
                for account in accounts for user in users])
        notices = Notice.create([
                {'user': user.id, 'account': account.id, 'event': event}
                for account in accounts for user in users if user.email])
        if notices:
            Notice.__queue__.send(notices)

    def warning(self, event, user):
        "Return in the user's language what has to be known of the account."
        return gettext(f'helpdesk_mail.msg_notice_{event}',
            *user.notice_language(), account=self.name)

    def warning_detail(self, event, user):
        "Return in the user's language what to do about it, or None."
        language = user.notice_language()
        if event == 'mailbox_fails' and self.error_key:
            return self.explain(self.error_key, self.error_detail, *language)
        if event == 'mailbox_left':
            return gettext('helpdesk_mail.msg_mailbox_left', *language)

    @classmethod
    def administrators(cls):
        "Return the users who are told when something is wrong with mail."
        pool = Pool()
        Group = pool.get('res.group')
        ModelData = pool.get('ir.model.data')
        User = pool.get('res.user')
        groups = Group.search([
                ('parent', 'child_of', [ModelData.get_id(
                            'helpdesk', 'group_helpdesk_admin')], 'parent'),
                ])
        return list(User.search([
                    ('groups', 'in', [g.id for g in groups]),
                    ], order=[('id', 'ASC')]))
