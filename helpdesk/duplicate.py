# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Likeness of tickets, and those that may be about the same.
"""
import datetime as dt
from collections import namedtuple

from rapidfuzz import fuzz, utils
from trytond.model import fields
from trytond.pool import PoolMeta
from trytond.pyson import Eval
from trytond.transaction import check_access

from .workflow import OVER_STATES

# How much of a text is compared: more tells little and takes long
COMPARED = 2000
# How many tickets are compared, of the newest
CANDIDATES = 200
LIKE = 0.5
SHOWN = 10
RECENT = dt.timedelta(days=90)

Likeness = namedtuple('Likeness', 'subject text customer product overall')


def likeness(one, other):
    """
    Return how like two tickets are, a Likeness of floats from 0 to 1.

    The tickets have subject, description, party, email and product.
    """
    subject = _ratio(one.subject, other.subject)
    text = _ratio(one.description, other.description)
    customer = float(bool(
            (one.party and one.party == other.party)
            or (one.email and one.email == other.email)))
    product = float(bool(one.product and one.product == other.product))
    weighted = [(subject, 5), (customer, 2), (product, 1)]
    if one.description and other.description:
        weighted.append((text, 4))
    overall = (
        sum(v * w for v, w in weighted) / sum(w for _, w in weighted))
    return Likeness(
        *(round(v, 2) for v in [subject, text, customer, product, overall]))


def _ratio(one, other):
    if not one or not other:
        return 0.0
    return fuzz.token_sort_ratio(
        one[:COMPARED], other[:COMPARED],
        processor=utils.default_process) / 100


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    possible_duplicates = fields.Function(fields.Many2Many(
            'helpdesk.ticket', None, None, "Possible Duplicates",
            readonly=True,
            states={
                'invisible': ~Eval('possible_duplicates'),
                },
            help="Other open tickets of the last 90 days from the same "
            "customer or about the same product, the most alike first."),
        'get_possible_duplicates')

    @classmethod
    def get_possible_duplicates(cls, tickets, name):
        result = {t.id: [] for t in tickets}
        new = [t for t in tickets if t.state in {'draft', 'open'}]
        found = cls._duplicate_candidates(new)
        for ticket in new:
            alike = []
            for other in found:
                if other == ticket or other.company != ticket.company:
                    continue
                like = likeness(ticket, other)
                if (like.customer or like.product) and like.overall >= LIKE:
                    alike.append((-like.overall, -other.id))
            result[ticket.id] = [-i for _, i in sorted(alike)[:SHOWN]]
        return result

    @classmethod
    def _duplicate_candidates(cls, tickets):
        "Return the open tickets the user may see that may be the same."
        same = ['OR']
        for name in ['party', 'email', 'product']:
            values = {getattr(t, name) for t in tickets} - {None, ''}
            if values:
                same.append((name, 'in', [
                            getattr(v, 'id', v) for v in values]))
        if not same[1:]:
            return []
        with check_access():
            return list(cls.search([
                        ('company', 'in',
                            list({t.company.id for t in tickets})),
                        ('state', 'not in', OVER_STATES),
                        ('create_date', '>=', dt.datetime.now() - RECENT),
                        same,
                        ], order=[('id', 'DESC')], limit=CANDIDATES))
