# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import hashlib

from sql.conditionals import Coalesce
from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, Unique, fields
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk.export import CheckedExportMixin
from trytond.modules.helpdesk.lookup import CheckedSearchMixin
from trytond.pool import Pool
from trytond.pyson import Eval, If
from trytond.tools import grouped_slice
from trytond.transaction import without_check_access

from .intake import filter, parse
from .lock import write_first
from .receive import BATCH, receive

WAITING = ['received', 'failed']
# A letter that failed is judged again after these pauses, then by a person
PAUSES = [dt.timedelta(minutes=m) for m in [1, 5, 15, 60, 4 * 60, 12 * 60]]


class Mail(CheckedSearchMixin, CheckedExportMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.mail'
    _rec_name = 'subject'

    email = fields.Many2One(
        'inbound.email', "Letter", required=True, readonly=True,
        ondelete='RESTRICT',
        help="The letter as it came.")
    inbox = fields.Many2One(
        'inbound.email.inbox', "Inbox", readonly=True,
        help="Where it was delivered.")
    section = fields.Many2One(
        'helpdesk.section', "Section", readonly=True,
        help="The section it was given to.")
    state = fields.Selection([
            ('received', "Received"),
            ('filed', "Filed"),
            ('held', "Held"),
            ('ignored', "Ignored"),
            ('failed', "Failed"),
            ], "State", required=True, readonly=True, sort=False,
        help="Received: not yet processed.\n"
        "Filed: part of a ticket.\n"
        "Held: waits for a person to decide.\n"
        "Ignored: kept, but part of no ticket.\n"
        "Failed: could not be processed; it is tried again by itself.")
    reason_key = fields.Char("Reason Key", readonly=True)
    reason_detail = fields.Char("Reason Detail", readonly=True)
    reason = fields.Function(fields.Char("Reason",
            states={
                'invisible': ~Eval('reason'),
                },
            help="Why the letter ended like this."),
        'get_reason', searcher='search_reason')
    sender = fields.Char("Sender", readonly=True,
        help="The address the letter came from.")
    subject = fields.Char("Subject", readonly=True,
        help="What the letter is about.")
    message_id = fields.Char("Message-ID", readonly=True,
        help="The name of the letter among all letters.")
    fingerprint = fields.Char("Fingerprint", readonly=True,
        help="The same for the same letter, through whichever door it comes.")
    received_at = fields.DateTime("Received At", required=True, readonly=True,
        help="When the letter came.")
    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", readonly=True, ondelete='SET NULL',
        states={
            'invisible': ~Eval('ticket'),
            },
        help="The ticket the letter is part of, or about.")
    conversation = fields.Many2One(
        'helpdesk.conversation', "Conversation", readonly=True,
        ondelete='SET NULL',
        states={
            'invisible': ~Eval('conversation'),
            },
        help="The entry of the ticket that the letter became, "
        "or the mail that the report is about.")
    account = fields.Many2One(
        'helpdesk.mail.account', "Account", readonly=True,
        ondelete='SET NULL',
        states={
            'invisible': ~Eval('account'),
            },
        help="The mailbox it was fetched from.")
    uid_validity = fields.Char("UID Validity", readonly=True)
    uid = fields.Char("UID", readonly=True,
        help="What the mailbox calls it.")
    tries = fields.Integer("Tries", readonly=True,
        states={
            'invisible': ~Eval('tries'),
            },
        help="How often processing failed.")
    next_try = fields.DateTime("Next Try", readonly=True,
        states={
            'invisible': ~Eval('next_try'),
            },
        help="When it is tried again.")
    released = fields.Boolean("Released", readonly=True,
        help="A person decided that it becomes part of a ticket.")
    raw = fields.Function(
        fields.Binary("Raw Letter", filename='raw_name'), 'get_raw')
    raw_name = fields.Function(fields.Char("File Name"), 'get_raw_name')

    @classmethod
    def __setup__(cls):
        for field in [cls.message_id, cls.fingerprint, cls.uid]:
            field.search_unaccented = False
        super().__setup__()
        cls._order = [('received_at', 'DESC'), ('id', 'DESC')]
        t = cls.__table__()
        cls._sql_constraints = [
            ('uid_unique', Unique(t, t.account, t.uid_validity, t.uid),
                'helpdesk_mail.msg_mail_uid_unique'),
            ]
        cls._sql_indexes.update({
                Index(t, (t.email, Index.Equality())),
                Index(t, (Coalesce(t.fingerprint, ''), Index.Equality())),
                Index(t, (t.ticket, Index.Range())),
                Index(t, (t.conversation, Index.Range())),
                Index(t,
                    (t.received_at, Index.Range(order='DESC')),
                    (t.id, Index.Range(order='DESC'))),
                Index(t, (t.state, Index.Equality(cardinality='low')),
                    where=t.state != 'filed'),
                })
        waits = Eval('state').in_(['held', 'failed', 'received'])
        cls._buttons.update(
            retry={
                'invisible': ~waits,
                'icon': 'tryton-refresh',
                'depends': ['state'],
                },
            release={
                'invisible': ~Eval('state').in_(['held', 'ignored']),
                'icon': 'tryton-forward',
                'depends': ['state'],
                },
            discard={
                'invisible': ~waits,
                'icon': 'tryton-cancel',
                'depends': ['state'],
                },
            )

    @classmethod
    def default_state(cls):
        return 'received'

    @classmethod
    def default_received_at(cls):
        return dt.datetime.now().replace(microsecond=0)

    @classmethod
    def default_tries(cls):
        return 0

    @classmethod
    @without_check_access
    def get_raw(cls, mails, name):
        raw = {}
        for mail in cls.browse(mails):
            try:
                raw[mail.id] = cls.raw.cast(mail.email.raw_letter())
            except ValueError:
                raw[mail.id] = mail.email.data
        return raw

    def get_reason(self, name):
        "Return it in the language of whoever reads it."
        key = self.reason_key
        if not key:
            return
        if '.' not in key:
            key = f'helpdesk_mail.msg_reason_{key}'
        return gettext(key, detail=self.reason_detail or '')

    @classmethod
    def search_reason(cls, name, clause):
        "Search by the words, in the language of whoever searches."
        pool = Pool()
        ModelData = pool.get('ir.model.data')
        _, operator, value = clause
        if value is None:
            return [('reason_key', operator, None)]
        with without_check_access():
            messages = ModelData.search([
                    ('model', '=', 'ir.message'),
                    ('fs_id', 'like', 'msg_reason_%'),
                    ], order=[])
        negated = operator.startswith(('not', '!'))
        words = value if isinstance(value, list) else [value]
        words = [(w or '').strip('%').lower() for w in words]
        keys = []
        for message in messages:
            key = message.fs_id.removeprefix('msg_reason_')
            text = gettext(
                f'{message.module}.{message.fs_id}', detail='').lower()
            if any(w in text for w in words):
                keys.extend([key, f'{message.module}.{message.fs_id}'])
        return [('reason_key', 'not in' if negated else 'in', keys)]

    def get_raw_name(self, name):
        return f'letter-{self.id}.eml'

    def get_rec_name(self, name):
        return self.subject or f'({self.id})'

    @classmethod
    def check_modification(cls, mode, mails, values=None, external=False):
        super().check_modification(
            mode, mails, values=values, external=external)
        if external:
            raise AccessError(gettext('helpdesk_mail.msg_mail_kept'))

    @classmethod
    def filters(cls):
        """
        Return the filters that letters go through, in their order.

        Each takes an intake.letter.Letter and an intake.filter.Policy and
        returns an intake.verdict.Verdict or None. The reason of a verdict
        is the end of the id of a message of this module, or the id of a
        message with its module.
        """
        return filter.FILTERS

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree', 'visual',
                If(Eval('state') == 'failed', 'danger',
                    If(Eval('state') == 'held', 'warning',
                        If(Eval('state') == 'ignored', 'muted', '')))),
            ]

    @classmethod
    @without_check_access
    def receive(cls, email_, rule):
        "Take a letter from a rule of inbound_email."
        if not email_.id or email_.id < 0:
            email_.save()
        mail, = cls.receive_all([(email_, rule, {})])
        return mail

    @classmethod
    @without_check_access
    def receive_all(cls, letters):
        """
        Take letters that are stored, and have them judged after the commit.

        letters are tuples of an inbound.email, its rule or None, and values
        of the helpdesk.mail to create. Return the new records.
        """
        pool = Pool()
        Email = pool.get('inbound.email')
        mails = cls.create([{
                    'email': email_.id,
                    'inbox': email_.inbox.id,
                    'section': (
                        rule.section.id if rule and rule.section else None),
                    'fingerprint': cls._fingerprint(email_),
                    **values,
                    } for email_, rule, values in letters])
        for mail, (email_, rule, _) in zip(mails, letters):
            email_.rule = rule
            email_.result = mail
        Email.save([e for e, _, _ in letters])
        cls._queue(mails)
        return mails

    @staticmethod
    def _fingerprint(email_):
        "Return what tells the same letter before it is read."
        try:
            return parse.fingerprint(email_.raw_letter())
        except ValueError:
            return hashlib.sha256(bytes(email_.data or b'')).hexdigest()

    @classmethod
    def _queue(cls, mails):
        for batch in grouped_slice(mails, BATCH):
            cls.__queue__.judge(list(batch))

    @classmethod
    @without_check_access
    def judge(cls, mails):
        """
        Judge the letters that wait for it, as a task of the queue.

        Letters that are judged already are left alone: the same task can run
        twice.
        """
        if not mails:
            return
        cls._hold(mails)
        receive(list(cls.search([
                        ('id', 'in', [m.id for m in mails]),
                        ('state', 'in', WAITING),
                        ], order=[('id', 'ASC')])))

    @classmethod
    def _hold(cls, mails):
        """
        Keep other processes from judging the letters until the commit.

        And the same letters that came through another door: of two that are
        judged at once neither would know of the other.
        """
        cls.lock(cls.search(['OR',
                    ('id', 'in', [m.id for m in mails]),
                    [
                        ('fingerprint', 'in', [
                                m.fingerprint for m in mails
                                if m.fingerprint]),
                        ('state', 'in', WAITING),
                        ],
                    ]))
        write_first(cls, mails)

    @classmethod
    def failed(cls, mail, exception):
        "Note that judging failed, and when it will be tried again."
        if mail.state not in WAITING:
            # Somebody else was faster
            return
        tries = (mail.tries or 0) + 1
        pause = PAUSES[tries - 1] if tries <= len(PAUSES) else None
        now = dt.datetime.now().replace(microsecond=0)
        cls.write([mail], {
                'state': 'failed',
                'reason_key': 'failed',
                'reason_detail': type(exception).__name__,
                'tries': tries,
                'next_try': now + pause if pause else None,
                })

    @classmethod
    @ModelView.button
    def retry(cls, mails):
        cls.write(mails, {
                'state': 'received',
                'reason_key': None,
                'reason_detail': None,
                'tries': 0,
                'next_try': None,
                })
        cls._queue(mails)

    @classmethod
    @ModelView.button
    def release(cls, mails):
        cls.write(mails, {'released': True})
        cls.retry(mails)

    @classmethod
    @ModelView.button
    def discard(cls, mails):
        cls.write(mails, {
                'state': 'ignored',
                'reason_key': 'discarded',
                'reason_detail': None,
                'next_try': None,
                })
