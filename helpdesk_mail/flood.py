# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
How many tickets one address may make in an hour.

A machine that answers each confirmation, and does not say that it is one,
is stopped by it, and so is who floods the helpdesk.
"""
import datetime as dt

from sql import Literal
from sql.aggregate import Count
from sql.conditionals import Coalesce
from trytond.i18n import gettext
from trytond.model import Index, fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction

HOUR = dt.timedelta(hours=1)
# So long the managers are not told of the same address again
TOLD = dt.timedelta(days=1)


class Flood:
    "Holds the letters of a batch that would make too many tickets."

    def __init__(self, items):
        pool = Pool()
        Mail = pool.get('helpdesk.mail')
        self._made = Mail.count_new_tickets(
            {i.sender.email for i in items}, dt.datetime.now() - HOUR)
        self._limits = {}
        self._held = {}

    def lets_in(self, item):
        "Tell if the letter may make a ticket."
        email, limit = item.sender.email, self._limit(item.section.company)
        if item.mail.imported:
            # Years of letters come within the hour
            return True
        if (item.mail.released or limit is None
                or self._made.get(email, 0) < limit):
            self._made[email] = self._made.get(email, 0) + 1
            return True
        self._held.setdefault(email, item)
        return False

    def _limit(self, company):
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        if company not in self._limits:
            self._limits[company] = Configuration(1).get_multivalue(
                'mail_tickets_per_hour', company=company.id)
        return self._limits[company]

    def tell(self):
        "Tell the managers of each new address, once."
        pool = Pool()
        Mail = pool.get('helpdesk.mail')
        if not self._held:
            return
        known = {m.sender for m in Mail.search([
                    ('sender', 'in', list(self._held)),
                    ('reason_key', '=', 'flood'),
                    ('received_at', '>=', dt.datetime.now() - TOLD),
                    ], order=[])}
        Mail.tell_managers([
                i for e, i in self._held.items() if e not in known])


class Mail(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail'

    new_ticket = fields.Boolean("New Ticket", readonly=True,
        help="The letter made its ticket.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t,
                (Coalesce(t.sender, ''), Index.Equality()),
                (t.received_at, Index.Range())))

    @classmethod
    def default_new_ticket(cls):
        return False

    @classmethod
    def count_new_tickets(cls, senders, since):
        """
        Count the tickets that letters of the senders made.

        senders are addresses, since a naive UTC time. Return a dictionary.
        """
        if not senders:
            return {}
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(
                table.sender, Count(table.id),
                # As the index has it
                where=fields.SQL_OPERATORS['in'](
                    Coalesce(table.sender, ''), list(senders))
                & (table.received_at >= since)
                & (table.new_ticket == Literal(True))
                # Its sender is the colleague, who did not write it
                & (Coalesce(table.reason_key, '') != 'forwarded')
                & ~Coalesce(table.imported, Literal(False)),
                group_by=[table.sender]))
        return dict(cursor)

    @classmethod
    def tell_managers(cls, items):
        "Ring the bells of the managers for letters that are held."
        pool = Pool()
        ModelData = pool.get('ir.model.data')
        Notification = pool.get('res.notification')
        User = pool.get('res.user')
        if (not items
                or not Transaction().context.get('helpdesk_notify', True)):
            return
        managers = User.search([
                ('groups', '=', ModelData.get_id(
                        'helpdesk', 'group_helpdesk_manager')),
                ], order=[])
        Notification.create([
                Notification.about(item.mail, user, gettext(
                        'helpdesk_mail.msg_flood', *user.notice_language(),
                        address=item.sender.email))
                for item in items for user in managers
                if item.section.company in user.companies])
