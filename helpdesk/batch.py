# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Work of scheduled actions on any number of records.
"""
import logging

from trytond import backend
from trytond.exceptions import UserError
from trytond.tools import grouped_slice
from trytond.transaction import Transaction, TransactionError

SIZE = 500
logger = logging.getLogger(__name__)


def begin():
    """
    Become the one writer of an SQLite database, which has no snapshots.

    What is read after it nobody else changes, and what is written after it
    a rollback undoes. Without it, Tryton looks from time to time for outdated
    caches (Cache.sync), as a transaction starts or is committed, and leaves
    the one connection there is to SQLite in autocommit mode.
    """
    transaction = Transaction()
    connection = transaction.connection
    if (not transaction.database.has_select_for()
            and not connection.in_transaction):
        connection.cursor().execute('BEGIN IMMEDIATE')


def commit():
    "Commit what is done."
    Transaction().commit()


def rollback():
    "Take back what has been done since the last commit."
    Transaction().rollback()


def find(Model, domain, order=()):
    """
    Return the ids of all records of a model that fulfil a domain.

    By one query, which makes no records: these would be kept in memory.
    """
    cursor = Transaction().connection.cursor()
    cursor.execute(*Model.search(domain, order=list(order), query=True))
    return [id_ for id_, in cursor]


def in_batches(ids, work, size=SIZE):
    """
    Have work done on many records, each batch in a transaction of its own.

    ids is a list of ids, work is called with parts of it. It has to look
    first, in its transaction, at which of the records there still is
    something to do: another process may do the same at once, and whoever is
    killed begins anew. Where it fails, or another process has the records,
    the batch is halved until the record stands alone; that one is left to
    the next run, and logged. Return the number of records left so.

    The transaction that calls it is committed first.
    """
    waiting = [list(b) for b in grouped_slice(ids, size)][::-1]
    left = 0
    commit()
    while waiting:
        batch = waiting.pop()
        try:
            begin()
            work(batch)
            commit()
        except TransactionError:
            raise
        except Exception as error:
            rollback()
            if len(batch) == 1:
                expected = isinstance(
                    error, (backend.DatabaseOperationalError, UserError))
                # What is a mistake of ours keeps nobody else's back either
                logger.log(
                    logging.WARNING if expected else logging.ERROR,
                    "%s left %s to the next run: %s",
                    getattr(work, '__qualname__', work), batch[0], error,
                    exc_info=not expected)
                left += 1
            else:
                middle = len(batch) // 2
                waiting += [batch[middle:], batch[:middle]]
    return left
