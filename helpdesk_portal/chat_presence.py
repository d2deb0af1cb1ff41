# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Who is at a client now.

Tryton notes when a client calls the server, but not when it only waits for
news on the bus, which is what that of an operator does between two visitors.
Both prove the session first, so that is when it is noted here.
"""
import datetime as dt

import trytond.config as config
from sql import Null
from trytond.cache import Cache
from trytond.model import Index, fields
from trytond.pool import PoolMeta
from trytond.transaction import Transaction

MINUTE = dt.timedelta(minutes=1)


def presence():
    "Return how long a client is taken to be there without being heard of"
    if config.getboolean('bus', 'allow_subscribe'):
        # A client waits on the bus so long before it asks again
        seconds = config.getint('bus', 'long_polling_timeout')
    else:
        seconds = config.getint('session', 'timeout')
    return MINUTE * 2 + dt.timedelta(seconds=seconds)


class Session(metaclass=PoolMeta):
    __name__ = 'ir.session'

    helpdesk_seen_at = fields.DateTime("Last Seen",
        help="When the client was last heard of.")
    _helpdesk_seen_cache = Cache('ir.session.helpdesk_seen', context=False)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(
            Index(t, (t.create_uid, Index.Equality(cardinality='high'))))

    @classmethod
    def check(cls, user, key, domain=None):
        found = super().check(user, key, domain=domain)
        if found:
            cls._note_seen(user, key)
        return found

    @classmethod
    def _note_seen(cls, user, key):
        now = dt.datetime.now().replace(microsecond=0)
        last = cls._helpdesk_seen_cache.get(key)
        if Transaction().readonly or last and now - last < MINUTE:
            return
        # Not write: Tryton takes the date of the last change for that of the
        # last call
        table = cls.__table__()
        Transaction().connection.cursor().execute(*table.update(
                [table.helpdesk_seen_at], [now],
                where=(table.create_uid == user) & (table.key == key)
                # Another process may have noted it
                & ((table.helpdesk_seen_at == Null)
                    | (table.helpdesk_seen_at <= now - MINUTE))))
        cls._helpdesk_seen_cache.set(key, now)

    @classmethod
    def at_client(cls):
        "Return a query of the ids of users who are at a client now"
        since = dt.datetime.now().replace(microsecond=0) - presence()
        table = cls.__table__()
        return table.select(
            table.create_uid,
            where=(table.helpdesk_seen_at >= since)
            | (table.write_date >= since)
            | (table.create_date >= since))
