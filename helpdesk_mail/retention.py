# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
How long letters are kept as they came.

What became of a letter stays on record, with all that tells it from others,
so that it is not taken in again.
"""
import datetime as dt

from sql import Null
from trytond.i18n import gettext
from trytond.model import Index, ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.tools import grouped_slice
from trytond.transaction import inactive_records, without_check_access

from .exceptions import LetterError

# How many are removed in a transaction, and at most for a company each time
BATCH, LIMIT = 200, 20_000
KEPT = {'filed': 'mail_keep_filed', 'ignored': 'mail_keep_ignored'}


class Mail(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail'

    raw_removed_at = fields.DateTime("Raw Letter Removed", readonly=True,
        states={
            'invisible': ~Eval('raw_removed_at'),
            },
        help="When the letter as it came was removed because of its age.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t,
                (t.section, Index.Range()),
                (t.received_at, Index.Range()),
                where=(t.raw_removed_at == Null)
                & t.state.in_(list(KEPT))))
        cls.raw.states['invisible'] = Bool(Eval('raw_removed_at'))
        for button in ['retry', 'release']:
            states = cls._buttons[button]
            states['invisible'] |= Bool(Eval('raw_removed_at'))
            states['depends'] = [*states['depends'], 'raw_removed_at']

    @classmethod
    @without_check_access
    def remove_old(cls):
        """
        Queue the letters to remove that are old enough (scheduled action).

        Only those that have come to an end, in sections of companies that
        want it.
        """
        pool = Pool()
        Company = pool.get('company.company')
        Configuration = pool.get('helpdesk.configuration')
        Section = pool.get('helpdesk.section')
        now = dt.datetime.now()
        for company in Company.search([]):
            sections = Section.of_company(company)
            for state, name in KEPT.items():
                days = Configuration(1).get_multivalue(
                    name, company=company.id)
                if not days:
                    continue
                old = cls.search([
                        ['OR',
                            ('section', 'in', sections),
                            [
                                ('section', '=', None),
                                ('inbox.company', '=', company.id),
                                ],
                            ],
                        ('state', '=', state),
                        ('received_at', '<', now - dt.timedelta(days=days)),
                        ('raw_removed_at', '=', None),
                        ], order=[('received_at', 'ASC')], limit=LIMIT)
                for batch in grouped_slice(old, BATCH):
                    cls.__queue__.remove_raw(list(batch))

    @classmethod
    @without_check_access
    def remove_raw(cls, mails):
        "Remove the letters as they came, as a task of the queue."
        pool = Pool()
        Email = pool.get('inbound.email')
        mails = cls.search([
                ('id', 'in', [m.id for m in mails]),
                ('state', 'in', list(KEPT)),
                ('raw_removed_at', '=', None),
                ], order=[])
        if not mails:
            return
        # Required: Tryton would not write it empty. With the files of what
        # is no longer there.
        Email.data.set(Email, 'data', [m.email.id for m in mails], b'')
        cls.write(list(mails), {
                'raw_removed_at': dt.datetime.now().replace(microsecond=0),
                })

    @classmethod
    @ModelView.button
    def retry(cls, mails):
        cls.check_raw(mails)
        super().retry(mails)

    @classmethod
    def check_raw(cls, mails):
        "Check that the letters are there to be read again."
        for mail in mails:
            if mail.raw_removed_at:
                raise LetterError(gettext(
                        'helpdesk_mail.msg_mail_removed',
                        letter=mail.rec_name))


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    @classmethod
    def of_company(cls, company):
        "Return the ids of the sections of the company, also inactive ones."
        with inactive_records():
            return [s.id for s in cls.search(
                    [('company', '=', company.id)], order=[])]
