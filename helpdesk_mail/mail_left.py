# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
Letters that were left on their server, all but the header.

Either they are larger than the limit, or fetching them failed again and
again. They are held, told to the administrators, and stay in the mailbox.
"""
from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.transaction import without_check_access

from .exceptions import MailboxError
from .intake.verdict import Verdict
from .receive import MAX_LETTER


class Account(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail.account'

    def delivered(self, mails):
        super().delivered(mails)
        if any(m.is_left() for m in mails):
            self.warn([self], 'mailbox_left')

    @without_check_access
    def fetch_whole(self, mail):
        "Return the raw letter of a mail, however large it is."
        with self.open() as source:
            uid = source.key(mail.uid)
            letters = {}
            if source.validity == mail.uid_validity:
                letters = source.letters([uid])
        if uid not in letters:
            raise MailboxError(gettext(
                    'helpdesk_mail.msg_mailbox_letter_gone',
                    account=self.rec_name))
        return letters[uid]


class Mail(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail'

    left_size = fields.Integer("Size on the Server", readonly=True,
        states={
            'invisible': ~Eval('left_size'),
            },
        help="In bytes. Only the header was fetched, the letter itself is "
        "still in the mailbox.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        release = cls._buttons['release']
        release['invisible'] |= Bool(Eval('left_size'))
        release['depends'] = [*release['depends'], 'left_size']
        cls._buttons.update(
            fetch_whole={
                'invisible': (
                    ~Eval('left_size')
                    | ~Eval('state').in_(['held', 'ignored'])),
                'icon': 'tryton-download',
                'depends': ['left_size', 'state'],
                },
            )

    def is_left(self):
        "Tell if only the header of the letter is here."
        return self.left_size is not None

    def verdict_left(self, verdict):
        """
        Return the verdict if the letter was left on the server.

        verdict is what its header alone got, an intake.verdict.Verdict.
        """
        if not self.is_left() or verdict.action == 'ignore':
            return verdict
        reason = 'left_large' if self.left_size > MAX_LETTER else 'left_failed'
        return Verdict('hold', reason, answer=False)

    @classmethod
    @ModelView.button
    def fetch_whole(cls, mails):
        pool = Pool()
        Email = pool.get('inbound.email')
        heads = []
        for mail in mails:
            if not mail.account:
                raise MailboxError(gettext(
                        'helpdesk_mail.msg_mailbox_letter_gone', account=''))
            heads.append(mail.email)
            mail.email, = Email.create([{
                        'inbox': mail.email.inbox.id,
                        'rule': (
                            mail.email.rule.id if mail.email.rule else None),
                        'result': str(mail),
                        'data': mail.account.fetch_whole(mail),
                        'data_type': 'raw',
                        }])
            mail.fingerprint = cls._fingerprint(mail.email)
            mail.left_size = None
            mail.raw_removed_at = None
        cls.save(mails)
        Email.delete(heads)
        cls.release(mails)
