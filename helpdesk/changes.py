# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Writing what is different for each of many records in few statements.
"""
from collections import defaultdict

from sql import Column
from trytond.model import fields
from trytond.transaction import Transaction


def extend(args, changes):
    """
    Return the arguments of write with what else changes.

    changes is called with each record and its values, and returns a
    dictionary of plain values. Records that change alike stay together.
    """
    extended = []
    for records, values in zip(args[::2], args[1::2]):
        for also, group in _alike(
                (r, changes(r, values)) for r in records):
            extended += [group, {**values, **also}]
    return extended


def keep(Model, changes):
    """
    Keep values that nobody enters, without the records being changed.

    Written by write, nobody could save who has one of them open. changes is
    a dictionary of dictionaries of values by the ids of the records.
    """
    changes = {id_: values for id_, values in changes.items() if values}
    if not changes:
        return
    table = Model.__table__()
    cursor = Transaction().connection.cursor()
    for values, ids in _alike(changes.items()):
        cursor.execute(*table.update(
                [Column(table, n) for n in values],
                [Model._fields[n].sql_format(v) for n, v in values.items()],
                where=fields.SQL_OPERATORS['in'](table.id, ids)))
    for cache in Transaction().cache.values():
        cache.pop(Model.__name__, None)


def _alike(pairs):
    "Return tuples of values and what has them, for pairs of both."
    groups = defaultdict(list)
    for key, values in pairs:
        groups[tuple(values.items())].append(key)
    return [(dict(values), keys) for values, keys in groups.items()]
