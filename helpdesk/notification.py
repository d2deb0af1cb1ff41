# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import json

from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction, without_check_access


class Notification(metaclass=PoolMeta):
    __name__ = 'res.notification'

    @classmethod
    def about(cls, record, user, label):
        """
        Return the values of a notification that opens the record.

        record and user are records, label is what it says, a str.
        """
        return {
            'user': user.id,
            'label': label,
            'icon': 'tryton-helpdesk',
            'model': record.__name__,
            'records': json.dumps([record.id]),
            }

    @classmethod
    def get(cls, count=10):
        notifications = super().get(count=count)
        for name in cls._described():
            cls._describe(name, [
                    n for n in notifications
                    if n['model'] == name and n['records']
                    and not n['description']])
        return notifications

    @classmethod
    def _described(cls):
        """
        Return the names of the models whose records are described.

        They have seen_by and notice_name, as FollowMixin.
        """
        return ['helpdesk.ticket', 'helpdesk.section']

    @classmethod
    def _describe(cls, name, notifications):
        "Say what the notifications are about, to who sees it now."
        pool = Pool()
        Model = pool.get(name)
        if not notifications:
            return
        seen = Model.seen_by(
            Transaction().user, [n['records'][0] for n in notifications])
        with without_check_access():
            names = {r.id: r.notice_name() for r in Model.browse(sorted(seen))}
        for notification in notifications:
            notification['description'] = names.get(
                notification['records'][0])
