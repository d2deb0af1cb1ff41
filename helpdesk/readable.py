# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from sql import Column, Null
from sql.aggregate import Count
from sql.conditionals import Case
from trytond.model import fields
from trytond.pool import Pool
from trytond.transaction import Transaction, check_access, inactive_records

from .workflow import OVER_STATES


def readable(Model, domain):
    """
    Return the query of the records of the domain that the user may read.

    It selects ids, with the rights of the user even where code runs without
    them. Return None if the user may not read the model at all.
    """
    pool = Pool()
    ModelAccess = pool.get('ir.model.access')
    with check_access():
        if Transaction().check_access:
            access = ModelAccess.get_access([Model.__name__])
            if not access[Model.__name__]['read']:
                return None
        return Model.search(domain, order=[], query=True)


def readable_ids(Model, ids):
    "Return the set of those ids of the model that the user may read."
    ids = set(ids)
    query = readable(Model, [('id', 'in', list(ids))]) if ids else None
    if query is None:
        return set()
    cursor = Transaction().connection.cursor()
    cursor.execute(*query)
    return {id_ for id_, *_ in cursor}


def readable_targets(records, name):
    """
    Return what a field of the records names, if the user may read it.

    The field is a Many2One. Return a dictionary from the ids of the records
    to those of the targets, also archived ones, or None.
    """
    targets = {r.id: getattr(r, name) for r in records}
    ids = {r: t.id if t else None for r, t in targets.items()}
    found = next(filter(None, targets.values()), None)
    if not found:
        return ids
    with inactive_records():
        visible = readable_ids(found.__class__, filter(None, ids.values()))
    return {r: t if t in visible else None for r, t in ids.items()}


class TicketCountMixin:
    "Counts the tickets of a record that the user sees."
    __slots__ = ()

    # The field of the ticket that names the record
    _helpdesk_ticket_field = None

    helpdesk_open_tickets = fields.Function(fields.Integer("Open Tickets",
            help="Tickets that are neither resolved nor closed."),
        'get_helpdesk_tickets')
    helpdesk_tickets = fields.Function(fields.Integer("Tickets",
            help="All tickets that you may see."),
        'get_helpdesk_tickets')

    @classmethod
    def get_helpdesk_tickets(cls, records, names):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        query = readable(Ticket, [
                (cls._helpdesk_ticket_field, 'in', [r.id for r in records]),
                ])
        if query is None:
            return {n: dict.fromkeys(map(int, records)) for n in names}
        counts = {n: dict.fromkeys(map(int, records), 0) for n in names}
        table = Ticket.__table__()
        column = Column(table, cls._helpdesk_ticket_field)
        columns = {
            'helpdesk_open_tickets': Count(Case(
                    (table.state.in_(OVER_STATES), Null), else_=1)),
            'helpdesk_tickets': Count(table.id),
            }
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(
                column, *(columns[n] for n in names),
                where=table.id.in_(query),
                group_by=[column]))
        for id_, *values in cursor:
            for name, value in zip(names, values):
                counts[name][id_] = value
        return counts
