# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from collections import defaultdict

from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction

from .readable import readable_ids

# What a ticket can be about if the modules are activated
DOCUMENTS = [
    'sale.line', 'sale.opportunity', 'sale.complaint', 'sale.subscription',
    'stock.shipment.out', 'stock.shipment.out.return', 'account.invoice',
    'purchase.purchase', 'production', 'project.work']


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    visible_origin = fields.Function(fields.Reference(
            "Origin", selection='get_origin',
            states={
                'readonly': Eval('state') == 'closed',
                },
            help="The document the request is about, if you may see it."),
        'get_visible_origin', setter='set_visible_origin')

    @classmethod
    def _get_origin(cls):
        return super()._get_origin() + [
            m for m in DOCUMENTS if _is_activated(m)]

    @classmethod
    def get_origin(cls):
        pool = Pool()
        ModelAccess = pool.get('ir.model.access')
        origins = super().get_origin()
        if Transaction().check_access:
            access = ModelAccess.get_access([m for m, _ in origins if m])
            origins = [
                (m, n) for m, n in origins if not m or access[m]['read']]
        return origins

    @classmethod
    def get_visible_origin(cls, tickets, name):
        pool = Pool()
        ids = defaultdict(set)
        origins = {t.id: t.origin for t in tickets}
        for origin in filter(None, origins.values()):
            if not isinstance(origin, str) and origin.id >= 0:
                ids[origin.__name__].add(origin.id)
        visible = {
            (model, id_) for model, found in ids.items()
            for id_ in readable_ids(pool.get(model), found)}
        return {
            ticket: str(origin) if (
                origin and not isinstance(origin, str)
                and (origin.__name__, origin.id) in visible) else None
            for ticket, origin in origins.items()}

    @classmethod
    def set_visible_origin(cls, tickets, name, value):
        cls.write(tickets, {'origin': value})


def _is_activated(model):
    pool = Pool()
    try:
        pool.get(model)
    except KeyError:
        return False
    return True
