# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
What becomes, in the mailbox, of letters that are ours.

A run only touches what an earlier one has stored and committed, known by its
UIDVALIDITY and UID. Killed in between, the next run does it again.
"""
import datetime as dt

from trytond.i18n import gettext
from trytond.model import Index, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval, If
from trytond.transaction import without_check_access

from .exceptions import MailboxError
from .mail_source import TargetMissing

# So many letters in a run, to keep commands to the server short
TIDY = 500


class Account(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail.account'

    _states = {
        'readonly': Eval('state') != 'draft',
        }

    after = fields.Selection([
            ('leave', "Leave as They Are"),
            ('flag', "Mark as Read"),
            ('move', "Move to a Folder"),
            ('delete', "Delete"),
            ], "Taken Letters", required=True, sort=False,
        domain=[
            If(Eval('protocol') == 'pop3',
                ('after', 'in', ['leave', 'delete']),
                ()),
            ],
        states=_states,
        help="What becomes of letters on the server once they are stored in "
        "the helpdesk.\n"
        "By POP3 they can only be left or deleted.")
    after_folder = fields.Char("Move to Folder",
        states={
            'readonly': _states['readonly'],
            'invisible': Eval('after') != 'move',
            'required': Eval('after') == 'move',
            },
        help="The folder of the mailbox that taken letters are moved to.")
    after_days = fields.Integer("Delete after Days", required=True,
        domain=[
            ('after_days', '>=', 0),
            ],
        states={
            'readonly': _states['readonly'],
            'invisible': Eval('after') != 'delete',
            },
        help="How long taken letters stay on the server; with 0 they are "
        "deleted by the next run.")

    del _states

    @classmethod
    def default_after(cls):
        return 'leave'

    @classmethod
    def default_after_days(cls):
        return 30

    @fields.depends('after')
    def on_change_protocol(self):
        super().on_change_protocol()
        if self.protocol == 'pop3' and self.after in {'flag', 'move'}:
            self.after = 'leave'

    @classmethod
    def validate_fields(cls, accounts, field_names):
        super().validate_fields(accounts, field_names)
        if field_names and not field_names & {
                'after', 'after_folder', 'folder'}:
            return
        for account in accounts:
            if (account.after == 'move'
                    and account.after_folder == account.folder):
                raise MailboxError(gettext(
                        'helpdesk_mail.msg_mailbox_same_folder',
                        folder=account.folder))

    def check_tidying(self, source):
        super().check_tidying(source)
        if self.after == 'move':
            folders = source.folders()
            if self.after_folder not in folders:
                raise TargetMissing(', '.join(folders))

    @without_check_access
    def tidy(self, source):
        pool = Pool()
        Mail = pool.get('helpdesk.mail')
        done = super().tidy(source)
        if self.after == 'leave':
            return done
        mails = list(Mail.search(
                self._to_tidy(source), order=[('received_at', 'ASC')],
                limit=TIDY))
        if mails:
            uids = source.remaining([source.key(m.uid) for m in mails])
            if uids:
                self._tidy(source, uids)
            uids = {str(u) for u in uids}
            done[self.after] = [m for m in mails if m.uid in uids]
            done['gone'] = [m for m in mails if m.uid not in uids]
        return done

    def _to_tidy(self, source):
        "Return the domain of what is to be done."
        before = ['new'] if self.after == 'flag' else ['new', 'flag']
        domain = [
            ('account', '=', self.id),
            ('uid_validity', '=', source.validity),
            ('in_mailbox', 'in', before),
            ('state', 'in', ['filed', 'held', 'ignored']),
            ('left_size', '=', None),
            ]
        if self.after == 'delete':
            now = dt.datetime.now()
            domain.append((
                    'received_at', '<=',
                    now - dt.timedelta(days=self.after_days)))
        return domain

    def _tidy(self, source, uids):
        if self.after == 'flag':
            source.mark_read(uids)
        elif self.after == 'move':
            source.move(uids, self.after_folder)
        elif self.after == 'delete':
            source.delete(uids)

    @without_check_access
    def tidied(self, done):
        pool = Pool()
        Mail = pool.get('helpdesk.mail')
        super().tidied(done)
        for what, mails in done.items():
            Mail.write(mails, {'in_mailbox': what})


class Mail(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail'

    in_mailbox = fields.Selection([
            (None, ""),
            ('new', "As It Came"),
            ('flag', "Marked as Read"),
            ('move', "Moved"),
            ('delete', "Deleted"),
            ('gone', "Gone"),
            ], "In the Mailbox", readonly=True, sort=False,
        states={
            'invisible': ~Eval('account'),
            },
        help="What the helpdesk has done with the letter on the server.\n"
        "Gone: somebody else has moved or deleted it.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(
                t, (t.account, Index.Equality()),
                (t.received_at, Index.Range()),
                where=t.in_mailbox.in_(['new', 'flag'])))

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        if mode == 'create' and values.get('account'):
            values.setdefault('in_mailbox', 'new')
        return values
