# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What was done on the portal within the last hour, so that nobody does it
without end.

It goes by the network that somebody comes from, as [session] ip_network_4 and
ip_network_6 divide them, and by the address that they give.
"""
import datetime as dt

from sql.aggregate import Count
from trytond.modules.helpdesk_mail.section_address import plain
from trytond.res.user import LoginAttempt
from trytond.transaction import Transaction


def mailbox(email):
    """
    Return the address without what somebody may vary in it.

    A mailbox has as many addresses with a plus sign as one likes, and of many
    providers with dots.
    """
    local, _, domain = plain(email.lower()).rpartition('@')
    return f'{local.replace(".", "")}@{domain}'


class Attempt(LoginAttempt):
    __name__ = 'helpdesk.portal.attempt'
    _table = None  # Needed to reset LoginAttempt._table

    @staticmethod
    def delay():
        return dt.datetime.now() - dt.timedelta(hours=1)

    @classmethod
    def note(cls, what, email):
        "Note that something, a word of the code, was done with the address"
        cls.add(cls._login(what, email))

    @classmethod
    def is_over(cls, what, limit, email=None):
        """
        Tell whether something was done as often as the limit within an hour.

        By the e-mail address or, without one, by the network of the request.
        None is no limit.
        """
        if limit is None:
            return False
        if email is not None:
            return cls.count(cls._login(what, email)) >= limit
        return cls._count_network(what) >= limit

    @classmethod
    def _count_network(cls, what):
        transaction = Transaction()
        cursor = transaction.connection.cursor()
        table = cls.__table__()
        _, network = transaction.remote_address()
        cursor.execute(*table.select(Count(table.id),
                where=(table.ip_network == (str(network) if network else None))
                & table.login.like(f'{what} %')
                & (table.create_date >= cls.delay())))
        count, = cursor.fetchone()
        return count

    @staticmethod
    def _login(what, email):
        return f'{what} {mailbox(email)}'
