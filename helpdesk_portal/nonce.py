# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from sql import Conflict
from trytond.model import ModelSQL, Unique, fields
from trytond.pool import Pool
from trytond.transaction import Transaction


class Nonce(ModelSQL):
    __name__ = 'helpdesk.portal.nonce'

    nonce = fields.Char("Nonce", required=True, strip=False,
        help="Stands for a form that was sent.")
    expires_at = fields.DateTime("Expires On", required=True,
        help="When the form is too old to be sent again.")
    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", ondelete='SET NULL',
        help="The ticket that the form made.")

    @classmethod
    def __setup__(cls):
        cls.nonce.search_unaccented = False
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints = [
            ('nonce_unique', Unique(t, t.nonce),
                'helpdesk_portal.msg_nonce_unique'),
            ]

    @classmethod
    def find(cls, nonce):
        "Return the record of the form that was sent, or None"
        for record in cls.search([('nonce', '=', nonce)]):
            return record

    @classmethod
    def take(cls, nonce, expires):
        """
        Keep a form from being sent again until it expires.

        expires is a number of seconds (POSIX). A transaction that does the
        same at once waits for the commit. Then its view of the data is too
        old, and the database has it begin again (PostgreSQL: a serialization
        failure): it finds the record.
        """
        transaction = Transaction()
        expires_at = dt.datetime.fromtimestamp(
            expires, dt.timezone.utc).replace(tzinfo=None)
        if transaction.database.has_insert_on_conflict():
            table = cls.__table__()
            transaction.connection.cursor().execute(*table.insert(
                    [table.nonce, table.expires_at], [[nonce, expires_at]],
                    on_conflict=Conflict(table,
                        indexed_columns=[table.nonce],
                        columns=[table.nonce],
                        values=[nonce])))
        else:
            cls.create([{'nonce': nonce, 'expires_at': expires_at}])

    @classmethod
    def made(cls, nonce, ticket):
        "Remember the ticket that the form with the nonce made"
        record = cls.find(nonce)
        record.ticket = ticket
        record.save()

    @classmethod
    def remove_expired(cls):
        "Remove what is too old to matter (scheduled action)"
        pool = Pool()
        Attempt = pool.get('helpdesk.portal.attempt')
        cls.delete(cls.search([('expires_at', '<', dt.datetime.now())]))
        # They hold addresses of people
        Attempt.delete(Attempt.search(
                [('create_date', '<', Attempt.delay())]))
