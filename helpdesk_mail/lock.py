# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.transaction import Transaction


def write_first(Model, records):
    """
    Become the one writer of an SQLite database, which locks no records.

    What is read after it is what the writer before has committed. Other
    databases lock the records and need nothing.
    """
    transaction = Transaction()
    if records and not transaction.database.has_select_for():
        table = Model.__table__()
        transaction.connection.cursor().execute(*table.update(
                [table.id], [table.id], where=table.id == int(records[0])))


def commit_between(Model, records):
    """
    Commit what is done, and lock the records that are next.

    As the first thing in the new transaction, which so sees what others have
    committed to them. Raises DatabaseOperationalError if others have them.
    """
    transaction = Transaction()
    transaction.commit()
    transaction.database.lock_records(
        transaction.connection, Model._table, [int(r) for r in records])
