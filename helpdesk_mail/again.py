# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Letters that are still not judged, and those that kill who judges them.
"""
import datetime as dt

from trytond.model import ModelView, fields
from trytond.pool import PoolMeta
from trytond.transaction import without_check_access

from .mail import WAITING
from .pending import not_queued
from .receive import BATCH

# A letter that was begun so often is judged alone, then no more
ALONE, GIVEN_UP = 3, 5
# Tasks that wait in the queue together are one attempt
ATTEMPT = dt.timedelta(minutes=1)


class Mail(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail'

    begun = fields.Integer("Begun", readonly=True,
        help="How often processing began again without coming to an end.")
    begun_at = fields.DateTime("Begun At", readonly=True,
        help="When processing began again the last time that counts.")

    @classmethod
    def default_begun(cls):
        return 0

    @classmethod
    @without_check_access
    def judge_waiting(cls):
        "Queue again the letters that wait to be judged (scheduled action)."
        waiting = cls.search(['OR',
                ('state', '=', 'received'),
                [
                    ('state', '=', 'failed'),
                    ('next_try', '<=', dt.datetime.now()),
                    ],
                ], order=[('id', 'ASC')])
        for method in ['judge', 'judge_again']:
            waiting = not_queued(cls, method, waiting)
        if waiting:
            cls.__queue__.judge_again(waiting)

    @classmethod
    @without_check_access
    def judge_again(cls, mails):
        """
        Judge letters that were not judged at once, as a task of the queue.

        A batch is a task of its own: that it has begun is committed before,
        so that it is known when the process is killed. The least tried come
        first, since what is behind them in the process would die as well.
        """
        mails = sorted(cls.search([
                    ('id', 'in', [m.id for m in mails]),
                    ('state', 'in', WAITING),
                    ]), key=lambda m: (m.begun or 0, m.id))
        now = dt.datetime.now().replace(microsecond=0)
        past = {
            m for m in mails if not m.begun_at or m.begun_at + ATTEMPT <= now}
        given_up = [
            m for m in mails if (m.begun or 0) >= GIVEN_UP and m in past]
        if given_up:
            cls.write(given_up, {'state': 'held', 'reason_key': 'kills'})
        mails = [m for m in mails if m not in given_up]
        if not mails:
            return
        begun = mails[0].begun or 0
        size = 1 if begun >= ALONE else BATCH
        batch = [m for m in mails if (m.begun or 0) == begun][:size]
        cls.write([m for m in batch if m in past], {
                'begun': begun + 1,
                'begun_at': now,
                })
        # Without a worker the last task is the first to be run
        if len(mails) > len(batch):
            cls.__queue__.judge_again(mails[len(batch):])
        cls.__queue__.judge(batch)

    @classmethod
    def failed(cls, mail, exception):
        # It has come to an end, if not to a good one
        cls.write([mail], {'begun': 0, 'begun_at': None})
        super().failed(mail, exception)

    @classmethod
    @ModelView.button
    def retry(cls, mails):
        cls.write(mails, {'begun': 0, 'begun_at': None})
        super().retry(mails)
