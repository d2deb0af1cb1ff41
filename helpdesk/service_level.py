# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What is promised for which tickets.

Decided here: which service level fits a ticket, and why. Not here: when a
ticket is due by it (due_date.py, service.py).
"""
import datetime as dt
from typing import NamedTuple

from sql import Null
from trytond.cache import Cache
from trytond.i18n import gettext
from trytond.model import (
    DeactivableMixin, Index, ModelSQL, ModelView, fields, sequence_ordered)
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import (
    Transaction, inactive_records, without_check_access)

from .batch import in_batches
from .switch import Part
from .ticket import PRIORITIES
from .workflow import OVER_STATES

# What a level may ask of tickets; what comes first tells more about one
CRITERIA = ['party', 'category', 'type', 'priority', 'section']


class Level(NamedTuple):
    "What the tickets have to know of a service level; ids of records."
    id: int
    name: str
    company: int
    party: int = None
    category: int = None
    type: int = None
    priority: str = None
    section: int = None
    first_answer: dt.timedelta = None
    solution: dt.timedelta = None
    pause_third_party: bool = False


def match(levels, values, ancestors):
    """
    Return those of the levels that fit a ticket, the best first.

    levels are of Level, by their sequence; values has the company and the
    CRITERIA of the ticket. ancestors has the ids of the category of the
    ticket and of all those above it, from the top.
    """
    fitting = []
    for position, level in enumerate(levels):
        rank = _rank(level, values, ancestors)
        if rank is not None:
            fitting.append((rank, position, level))
    return [level for _, _, level in sorted(fitting, key=lambda f: f[:2])]


def _rank(level, values, ancestors):
    "Return how well a level fits, the least is the best; None if not at all."
    if level.company != values['company']:
        return
    rank = []
    for name in CRITERIA:
        wanted = getattr(level, name)
        if wanted is None:
            rank.append(0)
        elif name == 'category' and wanted in ancestors:
            # The nearer to the ticket's own, the better
            rank.append(-1 - ancestors.index(wanted))
        elif wanted == values[name]:
            rank.append(-1)
        else:
            return
    return tuple(rank)


class ServiceLevel(
        sequence_ordered(), DeactivableMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.service_level'

    name = fields.Char("Name", required=True,
        help="What the service level is called.")
    company = fields.Many2One(
        'company.company', "Company", required=True,
        help="The company that promises it.")
    section = fields.Many2One(
        'helpdesk.section', "Section", ondelete='CASCADE',
        domain=[
            ('company', '=', Eval('company', -1)),
            ],
        help="The section whose tickets it is for.\n"
        "Leave empty for all.")
    type = fields.Many2One(
        'helpdesk.type', "Type", ondelete='CASCADE',
        help="The type of the tickets that it is for.\n"
        "Leave empty for all.")
    category = fields.Many2One(
        'helpdesk.category', "Category", ondelete='CASCADE',
        help="The category of the tickets that it is for, "
        "with all that is part of it.\n"
        "Leave empty for all.")
    priority = fields.Selection(
        [(None, ""), *PRIORITIES], "Priority", sort=False,
        help="The priority of the tickets that it is for.\n"
        "Leave empty for all.")
    party = fields.Many2One(
        'party.party', "Customer", ondelete='CASCADE',
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="The customer whose tickets it is for.\n"
        "Leave empty for all.")
    first_answer = fields.TimeDelta("First Answer",
        domain=['OR',
            ('first_answer', '=', None),
            ('first_answer', '>', dt.timedelta()),
            ],
        help="In how much opening time the customer gets a first answer.\n"
        "Leave empty to promise none.")
    solution = fields.TimeDelta("Solution",
        domain=['OR',
            ('solution', '=', None),
            ('solution', '>', dt.timedelta()),
            ],
        help="In how much opening time the ticket is resolved, without the "
        "time in which it waits for the customer.\n"
        "Leave empty to promise none.")
    pause_third_party = fields.Boolean("Pause for Third Parties",
        help="The time in which a ticket waits for a third party does not "
        "count either.")
    warn_before = fields.TimeDelta("Warn Before",
        domain=['OR',
            ('warn_before', '=', None),
            ('warn_before', '>', dt.timedelta()),
            ],
        help="How much opening time before a ticket is due somebody is "
        "warned.\n"
        "Leave empty to warn nobody.")
    _levels_cache = Cache('helpdesk.service_level.levels', context=False)
    _ancestors_cache = Cache('helpdesk.service_level.ancestors', context=False)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(Index(t, (t.company, Index.Range())))

    @classmethod
    def default_company(cls):
        return Transaction().context.get('company')

    @classmethod
    def default_pause_third_party(cls):
        return False
