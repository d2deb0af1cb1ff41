# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What is promised for which tickets.

Decided here: which service level fits a ticket, and why. Not here: when a
ticket is due by it (due_date.py, service.py).
"""
import datetime as dt
from collections import defaultdict
from typing import NamedTuple

from trytond.cache import Cache
from trytond.i18n import gettext
from trytond.model import (
    DeactivableMixin, Index, ModelSQL, ModelView, fields, sequence_ordered)
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access

from .opening_time import UNITS
from .switch import Part
from .ticket import PRIORITIES

# What a level may ask of tickets; what comes first tells more about one
CRITERIA = ['party', 'category', 'type', 'priority', 'section']
# What changes when tickets are due
_TELLING = {
    *CRITERIA, 'first_answer', 'solution', 'pause_third_party', 'sequence',
    'active'}
PART = Part(
    fields={'helpdesk.ticket': [
            'service_level', 'service_level_reason', 'first_answer_due',
            'first_answer_met', 'first_answer_late', 'solution_due',
            'solution_left', 'solution_met', 'solution_late']},
    buttons={'helpdesk.ticket': ['tell_due_reason']},
    pages={'helpdesk.ticket': ['service']},
    menus=('menu_service_level',))


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
        states={
            'readonly': Eval('id', -1) >= 0,
            },
        help="The company that promises it.")
    section = fields.Many2One(
        'helpdesk.section', "Section", ondelete='RESTRICT',
        domain=[
            ('company', '=', Eval('company', -1)),
            ],
        help="The section whose tickets it is for.\n"
        "Leave empty for all.")
    type = fields.Many2One(
        'helpdesk.type', "Type", ondelete='RESTRICT',
        help="The type of the tickets that it is for.\n"
        "Leave empty for all.")
    category = fields.Many2One(
        'helpdesk.category', "Category", ondelete='RESTRICT',
        help="The category of the tickets that it is for, "
        "with all that is part of it.\n"
        "Leave empty for all.")
    priority = fields.Selection(
        [(None, ""), *PRIORITIES], "Priority", sort=False,
        help="The priority of the tickets that it is for.\n"
        "Leave empty for all.")
    party = fields.Many2One(
        'party.party', "Customer", ondelete='RESTRICT',
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="The customer whose tickets it is for.\n"
        "Leave empty for all.")
    first_answer = fields.TimeDelta("First Answer", UNITS,
        domain=['OR',
            ('first_answer', '=', None),
            ('first_answer', '>', dt.timedelta()),
            ],
        help="In how much opening time the customer gets a first answer.\n"
        "Leave empty to promise none.")
    solution = fields.TimeDelta("Solution", UNITS,
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
    warn_before = fields.TimeDelta("Warn Before", UNITS,
        domain=['OR',
            ('warn_before', '=', None),
            ('warn_before', '>', dt.timedelta()),
            ],
        help="How much opening time before a ticket is due its responsible "
        "is warned, or the members of the section if nobody is.\n"
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

    @classmethod
    def on_modification(cls, mode, levels, field_names=None):
        super().on_modification(mode, levels, field_names=field_names)
        cls._levels_cache.clear()
        # What tickets have cannot be deleted
        if mode == 'create' or (
                mode == 'write' and not _TELLING.isdisjoint(field_names)):
            cls.__queue__.renew(levels)

    @classmethod
    def matching(cls, values):
        """
        Return the levels that fit a ticket, the best first.

        values is a dictionary with the company and the CRITERIA of the
        ticket, ids of records or None. Return a list of Level. Costs no
        statement, but the first time.
        """
        levels = cls._levels().get(values['company'], ())
        ancestors = ()
        if values['category'] and any(level.category for level in levels):
            ancestors = cls._ancestors().get(values['category'], ())
        return match(levels, values, ancestors)

    @classmethod
    def _levels(cls):
        "Return the levels of each company, by their sequence."
        found = cls._levels_cache.get(None)
        if found is None:
            found = defaultdict(list)
            with without_check_access():
                for level in cls.search([('active', '=', True)]):
                    found[level.company.id].append(level._level())
            found = {c: tuple(levels) for c, levels in found.items()}
            cls._levels_cache.set(None, found)
        return found

    def _level(self):
        "Return what the tickets have to know of it."
        values = {}
        for name in Level._fields:
            value = getattr(self, name)
            values[name] = getattr(value, 'id', value)
        return Level(**values)

    @classmethod
    def _ancestors(cls):
        "Return the ids of each category and of those above it, from the top."
        pool = Pool()
        Category = pool.get('helpdesk.category')
        found = cls._ancestors_cache.get(None)
        if found is None:
            category = Category.__table__()
            cursor = Transaction().connection.cursor()
            cursor.execute(*category.select(category.id, category.parent))
            parents = dict(cursor.fetchall())
            found = {c: _way_up(c, parents) for c in parents}
            cls._ancestors_cache.set(None, found)
        return found

    @classmethod
    def reason(cls, id_, values):
        """
        Return why a level fits a ticket, in the words of the user.

        id_ is that of the level, values are as for matching. Costs no
        statement.
        """
        fitting = cls.matching(values)
        if not fitting or fitting[0].id != id_:
            return gettext('helpdesk.msg_service_level_changed')
        best, *others = fitting
        reason = gettext(
            'helpdesk.msg_service_level_best', criteria=cls._asks(best))
        if others:
            reason += '\n' + gettext(
                'helpdesk.msg_service_level_others',
                levels='; '.join(
                    f"{o.name} ({cls._asks(o)})" for o in others))
        return reason

    @classmethod
    def _asks(cls, level):
        "Return what a Level asks of tickets, in the words of the user."
        return ', '.join(
            cls.fields_get([name])[name]['string'] for name in CRITERIA
            if getattr(level, name) is not None
            ) or gettext('helpdesk.msg_service_level_any')

    @classmethod
    @without_check_access
    def renew(cls, levels):
        "Tell anew when open tickets are due (task of the queue)."
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        Ticket.renew_dues('company', sorted({v.company.id for v in levels}))


def _way_up(category, parents):
    way = []
    while category is not None:
        way.append(category)
        category = parents[category]
    return tuple(reversed(way))


class Category(metaclass=PoolMeta):
    __name__ = 'helpdesk.category'

    @classmethod
    def on_modification(cls, mode, categories, field_names=None):
        pool = Pool()
        ServiceLevel = pool.get('helpdesk.service_level')
        super().on_modification(mode, categories, field_names=field_names)
        ServiceLevel._ancestors_cache.clear()
        if mode == 'write' and 'parent' in field_names:
            levels = ServiceLevel.search([('category', '!=', None)])
            if levels:
                ServiceLevel.__queue__.renew(levels)


class Configuration(metaclass=PoolMeta):
    __name__ = 'helpdesk.configuration'

    use_service_levels = fields.Boolean("Service Levels",
        help="Promise first answers and solutions in opening hours.")

    @classmethod
    def default_use_service_levels(cls):
        return True

    @classmethod
    def parts(cls):
        return {**super().parts(), 'use_service_levels': PART}


class Replace(metaclass=PoolMeta):
    __name__ = 'party.replace'

    @classmethod
    def fields_to_replace(cls):
        return super().fields_to_replace() + [
            ('helpdesk.service_level', 'party'),
            ]
