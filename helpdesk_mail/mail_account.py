# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from trytond.i18n import gettext
from trytond.model import (
    DeactivableMixin, ModelSQL, ModelView, Workflow, fields)
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.transaction import without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .exceptions import MailboxError, MailboxPasswordError
from .hidden import HiddenMixin, is_given
from .mail_source import PORTS, SOURCES, Access, Unreadable
from .mail_trouble import Explained
from .receive import BATCH, MAX_LETTER
from .secret import SecretChar

# So much is kept in memory at once, apart from a single larger letter
MAX_FETCH = 20 * 1024 * 1024
# What an integer of the database holds
MAX_SIZE = 2 ** 31 - 1
# After so many runs without an end letters are fetched one by one, then
# without their texts, then not at all
SINGLY, HEAD_ONLY, NOT_AT_ALL = 3, 5, 7
# Runs that wait in the queue together are one attempt
ATTEMPT = dt.timedelta(minutes=4)


class Account(Workflow, HiddenMixin, DeactivableMixin, ModelSQL, ModelView):
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
        'get_hidden', setter='set_hidden')
    secret = SecretChar("Secret", readonly=True, loading='lazy')
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
    next_run = fields.Function(fields.DateTime("Next Run",
            help="When letters are looked for again."),
        'get_next_run')
    attempts = fields.Integer("Attempts", readonly=True,
        help="How often fetching was begun since it last came to an end.")
    attempted_at = fields.DateTime("Attempted At", readonly=True)

    del _states

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('inbox')
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

    @classmethod
    def default_attempts(cls):
        return 0

    @fields.depends('protocol', 'security')
    def on_change_protocol(self):
        self.port = PORTS.get((self.protocol, self.security))

    @fields.depends(methods=['on_change_protocol'])
    def on_change_security(self):
        self.on_change_protocol()

    @classmethod
    @without_check_access
    def get_next_run(cls, accounts, name):
        pool = Pool()
        Cron = pool.get('ir.cron')
        now = dt.datetime.now().replace(microsecond=0)
        times = [c.next_call or now for c in Cron.search([
                    ('method', '=', 'helpdesk.mail.account|fetch'),
                    ])]
        next_run = min(times, default=None)
        return {
            a.id: next_run if a.state == 'confirmed' and a.active else None
            for a in cls.browse(accounts)}

    @classmethod
    def check_modification(cls, mode, accounts, values=None, external=False):
        super().check_modification(
            mode, accounts, values=values, external=external)
        if mode == 'write':
            cls._check_password(accounts, values)

    @classmethod
    def _check_password(cls, accounts, values):
        "Send the password to no server and no user that it isn't for."
        names = {'host', 'port', 'security', 'username'} & values.keys()
        if is_given(values.get('password')) or 'secret' in values:
            return
        for account in accounts:
            if account.secret and any(
                    getattr(account, n) != values[n] for n in names):
                raise MailboxPasswordError(gettext(
                        'helpdesk_mail.msg_mailbox_password',
                        account=account.rec_name))

    @classmethod
    def copy(cls, accounts, default=None):
        default = default.copy() if default is not None else {}
        # A copy may be made for another server
        default.setdefault('secret')
        default.setdefault('uid_validity')
        default.setdefault('last_uid', '0')
        default.setdefault('skipped')
        default.setdefault('since')
        default.setdefault('last_run')
        default.setdefault('attempts', 0)
        default.setdefault('attempted_at')
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
        cls.write(accounts, {'attempts': 0})

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
        Note that letters will be fetched, and queue it.

        So it is known after the commit if fetching them ends the process.
        """
        cls.lock(accounts)
        now = dt.datetime.now().replace(microsecond=0)
        for account in accounts:
            last = account.attempted_at
            if not (account.attempts and last and last + ATTEMPT > now):
                account.attempts = (account.attempts or 0) + 1
                account.attempted_at = now
            cls.__queue__.take_letters([account])
        cls.save(accounts)

    @classmethod
    @without_check_access
    def take_letters(cls, accounts):
        """
        Store the next letters of the accounts, as a task of the queue.

        The place up to which letters are ours is stored with them, so
        whoever is killed before the commit fetches them again. What is left
        is another task.
        """
        cls.lock(accounts)
        accounts = [
            a for a in accounts if a.state == 'confirmed' and a.active]
        for account in accounts:
            if account.take():
                cls.__queue__.take_letters([account])
        cls.save(accounts)
        cls.tell_troubles(accounts)

    def take(self):
        "Store the next letters; return whether there are more."
        self.attempts = self.attempts or 1
        begun = False
        try:
            with self.open() as source:
                begun = True
                more = self._take(source)
                self._note_end(more)
                done = {} if more else self.tidy(source)
        except MailboxError as exception:
            if not begun:
                # No letter is to blame
                self.attempts -= 1
            self.note_run(exception)
            return False
        self.tidied(done)
        self.note_run()
        return more

    def _note_end(self, more):
        "Note that fetching came to an end, and that it begins again."
        # One by one until the letter is found that the others wait for
        searching = SINGLY < self.attempts <= HEAD_ONLY
        self.attempts = 0
        if more:
            self.attempts = SINGLY + 1 if searching else 1
            self.attempted_at = dt.datetime.now().replace(microsecond=0)

    def tidy(self, source):
        """
        Do with letters that are ours what shall be done, on the server.

        Return the records of helpdesk.mail by what was done with them.
        """
        return {}

    def tidied(self, done):
        "Note what was done, as tidy() returns it, when the server is left."

    def note_run(self, error=None):
        "Note how a run ended; error is a MailboxError or None."
        self.last_run = dt.datetime.now().replace(microsecond=0)

    @classmethod
    def tell_troubles(cls, accounts):
        "Tell of accounts that fail, and that work again, after a run."

    def open(self):
        """
        Return a context manager of the mailbox on its server.

        Raises MailboxError, in plain words and without secrets.
        """
        return Explained(SOURCES[self.protocol], self)

    def access(self):
        "Return how to get into the mailbox, a mail_source.Access."
        return Access(
            self.host, self.port, self.security, self.username,
            self.secret or '', self.folder)

    def secrets(self):
        "Return what must not be shown, wherever it appears, as str."
        return [self.secret] if self.secret else []

    def check_tidying(self, source):
        "Raise what is going to be wrong with tidying up the mailbox."

    def _take(self, source):
        "Store the next letters; return whether there are more."
        uids = self._new(source)
        batch, sizes = self._batch(source, uids)
        known = self._known(source, batch)
        # What has no size is gone by now
        wanted = [u for u in batch if u in sizes and u not in known]
        letters = self._read(source, wanted, sizes)
        mails = self.inbox.deliver([
                (data, {'uid': str(uid), **values})
                for uid, data, values in letters],
            account=self.id, uid_validity=source.validity)
        self.delivered(mails)
        if self.protocol == 'imap':
            if batch:
                self.last_uid = str(batch[-1])
        else:
            ours = {m.uid for m in mails}
            self._skip([u for u, *_ in letters if u not in ours], source)
            if len(letters) < len(wanted):
                raise Unreadable()
        return len(batch) < len(uids)

    def _read(self, source, uids, sizes):
        """
        Fetch letters, and of those that are left on the server their heads.

        Return tuples of UID, raw letter and values of helpdesk.mail, in the
        order of the UIDs; what is gone by now is missing.
        """
        left = [
            u for u in uids
            if sizes[u] > MAX_LETTER or self.attempts > HEAD_ONLY]
        letters = source.letters([u for u in uids if u not in left])
        if self.attempts > NOT_AT_ALL:
            heads = {u: b'\r\n' for u in left}
        else:
            heads = source.heads(left)
        return [
            (u, letters[u], {}) if u in letters
            else (u, heads[u] or b'\r\n', {
                    'left_size': min(sizes[u], MAX_SIZE)})
            for u in uids if u in letters or u in heads]

    def delivered(self, mails):
        "Do what follows when letters have been stored."

    def _skip(self, uids, source):
        "Remember letters on a POP3 server that are none of helpdesk.mail."
        listed = set(source.uids())
        self.skipped = '\n'.join(
            u for u in [*(self.skipped or '').splitlines(), *uids]
            if u in listed)

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

    def _batch(self, source, uids):
        """
        Return the first UIDs, as many as fit into memory, at least one.

        And the sizes of the letters, in bytes by UID.
        """
        uids = uids[:1 if self.attempts > SINGLY else BATCH]
        if not uids:
            return [], {}
        sizes, total = source.sizes(uids), 0
        batch = []
        for uid in uids:
            size = sizes.get(uid, 0)
            # Of larger ones only the head is fetched
            total += size if size <= MAX_LETTER else 0
            if batch and total > MAX_FETCH:
                break
            batch.append(uid)
        return batch, sizes

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

    def import_existing(self, source):
        "Begin with the first letter in the mailbox."
        self.last_uid = '0'
        self.skipped = None
        self.since = None
        self.save()


class ConfirmStart(ModelView):
    __name__ = 'helpdesk.mail.account.confirm.start'

    count = fields.Integer("Letters", readonly=True,
        help="So many letters are in the mailbox now.")
    oldest = fields.DateTime("Oldest", readonly=True,
        states={
            'invisible': ~Eval('oldest'),
            },
        help="When the first of them came.")
    newest = fields.DateTime("Newest", readonly=True,
        states={
            'invisible': ~Eval('newest'),
            },
        help="When the last of them came.")
    existing = fields.Selection([
            ('import', "Import them as tickets"),
            ('skip', "Leave them out"),
            ('continue', "Go on with those not yet fetched"),
            ], "What is there already", required=True, sort=False,
        states={
            'invisible': Eval('count', 0) == 0,
            },
        help="What becomes of the letters that are in the mailbox now.\n"
        "Nobody is told of what is imported: neither the senders nor the "
        "agents.")


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
            self.record.check_tidying(source)
            oldest, newest = source.span()
            return {
                'count': source.count,
                'oldest': oldest,
                'newest': newest,
                'existing': 'continue' if self.record.last_run else 'skip',
                }

    def transition_confirm(self):
        with self._source() as source, without_check_access():
            if self.start.existing == 'skip':
                self.record.skip_existing(source)
            elif self.start.existing == 'import':
                self.record.import_existing(source)
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
