# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from trytond.i18n import gettext
from trytond.model import (
    DeactivableMixin, ModelSQL, ModelView, Workflow, fields)
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.tools import firstline
from trytond.transaction import without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .exceptions import MailboxError
from .mail_source import ERRORS, PORTS, SOURCES, FolderMissing, LoginRefused
from .receive import BATCH

# So much is kept in memory at once, apart from a single larger letter
MAX_FETCH = 20 * 1024 * 1024


class Account(Workflow, DeactivableMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.mail.account'

    _states = {
        'readonly': Eval('state') != 'draft',
        }

    name = fields.Char("Name", required=True,
        help="What you call the mailbox.")
    inbox = fields.Many2One(
        'inbound.email.inbox', "Inbox", required=True, states=_states,
        help="The inbox the letters are delivered to.")
    protocol = fields.Selection([
            ('imap', "IMAP"),
            ('pop3', "POP3"),
            ], "Protocol", required=True, sort=False, states=_states,
        help="How the letters are fetched.")
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
    username = fields.Char("User", required=True, states=_states,
        help="The name to log in with.")
    password = fields.Function(fields.Char("Password",
            states={
                'readonly': _states['readonly'],
                'required': Eval('id', -1) < 0,
                },
            help="Can be written, but not read."),
        'get_password', setter='set_password')
    secret = fields.Char("Secret", readonly=True, loading='lazy')
    folder = fields.Char("Folder",
        states={
            'readonly': _states['readonly'],
            'invisible': Eval('protocol') != 'imap',
            'required': Eval('protocol') == 'imap',
            },
        help="The folder the letters are in.")
    state = fields.Selection([
            ('draft', "Draft"),
            ('confirmed', "Confirmed"),
            ], "State", required=True, readonly=True, sort=False,
        help="Letters are fetched once the account is confirmed.")
    uid_validity = fields.Char("UID Validity", readonly=True)
    last_uid = fields.Char("Last UID", readonly=True,
        help="Up to this letter all are fetched.")
    skipped = fields.Text("Skipped", readonly=True,
        help="The letters on a POP3 server that were left out.")
    since = fields.DateTime("Since", readonly=True,
        help="Letters from before were left out.")
    last_run = fields.DateTime("Last Run", readonly=True,
        help="When letters were last looked for.")
    last_error = fields.Char("Last Error", readonly=True,
        help="Why letters could not be fetched; empty if they could.")

    del _states

    @classmethod
    def __setup__(cls):
        super().__setup__()
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
    def default_protocol(cls):
        return 'imap'

    @classmethod
    def default_security(cls):
        return 'ssl'

    @classmethod
    def default_port(cls):
        return PORTS['imap', 'ssl']

    @classmethod
    def default_folder(cls):
        return 'INBOX'

    @classmethod
    def default_state(cls):
        return 'draft'

    @classmethod
    def default_last_uid(cls):
        return '0'

    @fields.depends('protocol', 'security')
    def on_change_protocol(self):
        self.port = PORTS.get((self.protocol, self.security))

    @fields.depends(methods=['on_change_protocol'])
    def on_change_security(self):
        self.on_change_protocol()

    def get_password(self, name):
        return '*' * 10 if self.secret else None

    @classmethod
    def set_password(cls, accounts, name, value):
        # What is read comes back when the rest of the form is saved
        if value and value.strip('*'):
            cls.write(accounts, {'secret': value})

    @classmethod
    def copy(cls, accounts, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('uid_validity')
        default.setdefault('last_uid', '0')
        default.setdefault('skipped')
        default.setdefault('since')
        default.setdefault('last_run')
        default.setdefault('last_error')
        return super().copy(accounts, default=default)

    @classmethod
    @ModelView.button_action('helpdesk_mail.wizard_mail_account_confirm')
    def test_and_confirm(cls, accounts):
        pass

    @classmethod
    @ModelView.button
    @Workflow.transition('draft')
    def draft(cls, accounts):
        pass

    @classmethod
    @Workflow.transition('confirmed')
    def confirm(cls, accounts):
        cls.write(accounts, {'last_error': None})

    @classmethod
    def fetch(cls):
        "Queue the fetching of each confirmed account (scheduled action)."
        with without_check_access():
            accounts = cls.search([('state', '=', 'confirmed')])
        for account in accounts:
            cls.__queue__.fetch_letters([account])

    @classmethod
    @without_check_access
    def fetch_letters(cls, accounts):
        """
        Store the next letters of the accounts, as a task of the queue.

        The place up to which letters are ours is stored with them, so
        whoever is killed before the commit fetches them again. What is left
        is another task.
        """
        cls.lock(accounts)
        for account in accounts:
            account.last_run = dt.datetime.now().replace(microsecond=0)
            try:
                with account.open() as source:
                    more = account._take(source)
            except MailboxError as exception:
                account.last_error = exception.message
            else:
                account.last_error = None
                if more:
                    cls.__queue__.fetch_letters([account])
        cls.save(accounts)

    def open(self):
        """
        Return a context manager of the mailbox on its server.

        Raises MailboxError, in plain words and without secrets.
        """
        return self._open(self.secret or '')

    def _open(self, password):
        return _Explained(
            SOURCES[self.protocol].open(
                self.host, self.port, self.security, self.username,
                password, self.folder), self)

    def _take(self, source):
        "Store the next letters; return whether there are more."
        uids = self._new(source)
        batch = self._batch(source, uids[:BATCH])
        known = self._known(source, batch)
        letters = source.letters([u for u in batch if u not in known])
        self.inbox.deliver(
            [(data, {'uid': str(uid)}) for uid, data in letters.items()],
            account=self.id, uid_validity=source.validity)
        if self.protocol == 'imap' and batch:
            self.last_uid = str(batch[-1])
        return len(batch) < len(uids)

    def _new(self, source):
        "Return the UIDs of the letters that may not be ours yet."
        if self.protocol == 'imap':
            if source.validity != self.uid_validity:
                # The server counts anew (RFC 3501, 2.3.1.1): what we have
                # already is recognised by its fingerprint
                self.uid_validity = source.validity
                self.last_uid = str(
                    source.last_before(self.since) if self.since else 0)
            return source.uids(after=int(self.last_uid or 0))
        uids = source.uids()
        known = {*(self.skipped or '').splitlines(),
            *self._known(source, uids)}
        return [u for u in uids if u not in known]

    def _known(self, source, uids):
        "Return those of the UIDs whose letters are ours."
        pool = Pool()
        Mail = pool.get('helpdesk.mail')
        known = {m.uid for m in Mail.search([
                    ('account', '=', self.id),
                    ('uid_validity', '=', source.validity),
                    ('uid', 'in', [str(u) for u in uids]),
                    ])}
        return {u for u in uids if str(u) in known}

    @staticmethod
    def _batch(source, uids):
        "Return the first UIDs, as many as fit into memory, at least one."
        if not uids:
            return []
        sizes, total = source.sizes(uids), 0
        batch = []
        for uid in uids:
            total += sizes.get(uid, 0)
            if batch and total > MAX_FETCH:
                break
            batch.append(uid)
        return batch

    def skip_existing(self, source):
        "Leave out what is in the mailbox now."
        uids = source.uids()
        if self.protocol == 'imap':
            self.uid_validity = source.validity
            self.last_uid = str(uids[-1]) if uids else '0'
        else:
            self.skipped = '\n'.join(uids)
        # Servers tell the time of a letter in full seconds
        self.since = (dt.datetime.now().replace(microsecond=0)
            + dt.timedelta(seconds=1))
        self.save()

    def import_existing(self):
        "Begin with the first letter in the mailbox."
        self.last_uid = '0'
        self.skipped = None
        self.since = None
        self.save()


class _Explained:
    "Raises what goes wrong with a mailbox as MailboxError."

    def __init__(self, manager, account):
        self._manager = manager
        self._account = account

    def __enter__(self):
        try:
            return self._manager.__enter__()
        except (LoginRefused, FolderMissing, *ERRORS) as exception:
            raise self._explain(exception) from exception

    def __exit__(self, type_, value, traceback):
        try:
            handled = self._manager.__exit__(type_, value, traceback)
            # A generator hands back what was raised in the with
            if not handled and isinstance(value, ERRORS):
                raise value
            return handled
        except (LoginRefused, FolderMissing, *ERRORS) as exception:
            raise self._explain(exception) from exception

    def _explain(self, exception):
        account = self._account
        if isinstance(exception, LoginRefused):
            text = gettext('helpdesk_mail.msg_mailbox_login',
                host=account.host, user=account.username)
        elif isinstance(exception, FolderMissing):
            text = gettext('helpdesk_mail.msg_mailbox_folder',
                host=account.host, folder=account.folder)
        else:
            error = (getattr(exception, 'strerror', None)
                or firstline(str(exception)) or type(exception).__name__)
            if account.secret:
                error = error.replace(account.secret, '…')
            text = gettext('helpdesk_mail.msg_mailbox_unreachable',
                host=account.host, port=account.port, error=error)
        return MailboxError(text)


class ConfirmStart(ModelView):
    __name__ = 'helpdesk.mail.account.confirm.start'

    count = fields.Integer("Letters", readonly=True,
        help="So many letters are in the mailbox now.")
    existing = fields.Selection([
            ('import', "Import them as tickets"),
            ('skip', "Leave them out"),
            ('continue', "Go on with those not yet fetched"),
            ], "What is there already", required=True, sort=False,
        states={
            'invisible': Eval('count', 0) == 0,
            },
        help="What becomes of the letters that are in the mailbox now.\n"
        "Each letter that makes a ticket may be confirmed by mail.")


class Confirm(Wizard):
    __name__ = 'helpdesk.mail.account.confirm'

    start = StateView(
        'helpdesk.mail.account.confirm.start',
        'helpdesk_mail.mail_account_confirm_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Confirm", 'confirm', 'tryton-ok', default=True),
            ])
    confirm = StateTransition()

    def default_start(self, fields):
        with self._source() as source:
            return {
                'count': source.count,
                'existing': 'continue' if self.record.last_run else 'skip',
                }

    def transition_confirm(self):
        with self._source() as source, without_check_access():
            if self.start.existing == 'skip':
                self.record.skip_existing(source)
            elif self.start.existing == 'import':
                self.record.import_existing()
            self.model.confirm([self.record])
        return 'end'

    def _source(self):
        pool = Pool()
        ModelAccess = pool.get('ir.model.access')
        ModelAccess.check(self.model.__name__, 'write')
        # The password is not for users to read
        with without_check_access():
            return self.record.open()

    def end(self):
        return 'reload'
