# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import datetime as dt

import pytest
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk.service_level import Level, match
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.times import MONDAY, Clock
from tests.records import Helpdesk

HOUR = dt.timedelta(hours=1)


def setup_module():
    activate_module('helpdesk')


def make_level(desk, name, **values):
    pool = Pool()
    ServiceLevel = pool.get('helpdesk.service_level')
    level, = ServiceLevel.create([{
                'name': name, 'company': desk.company.id, **values}])
    return level


def values(**values):
    "Return what a ticket has"
    return {
        'company': 1, 'party': None, 'category': None, 'type': None,
        'priority': 'normal', 'section': 1, **values}


@pytest.mark.once
@pytest.mark.parametrize('ticket,expected', [
        (values(), ["section", "all"]),
        (values(company=2), ["other"]),
        (values(priority='urgent', section=2), ["urgent", "all"]),
        (values(priority='urgent'), ["urgent here", "urgent", "section",
                "all"]),
        (values(party=7), ["customer", "section", "all"]),
        (values(party=7, priority='urgent', type=3), [
                "customer's type", "customer", "type", "urgent here", "urgent",
                "section", "all"]),
        (values(category=5), ["part", "whole", "section", "all"]),
        (values(category=4), ["whole", "section", "all"]),
        (values(category=5, type=3), [
                "part", "whole", "type", "section", "all"]),
        ])
def test_best_fit(ticket, expected):
    """
    X4: the level fits best that tells most about a ticket

    The customer tells most, then category, type, priority and section; of
    two that tell the same, the first in the list.
    """
    levels = [
        Level(1, "all", 1),
        Level(2, "section", 1, section=1),
        Level(3, "urgent", 1, priority='urgent'),
        Level(4, "urgent here", 1, priority='urgent', section=1),
        Level(5, "type", 1, type=3),
        Level(6, "customer", 1, party=7),
        Level(7, "customer's type", 1, party=7, type=3),
        Level(8, "whole", 1, category=4),
        Level(9, "part", 1, category=5),
        Level(10, "other", 2),
        ]
    ancestors = {5: (4, 5), 4: (4,)}.get(ticket['category'], ())
    assert [
        level.name for level in match(levels, ticket, ancestors)] == expected


@pytest.mark.once
def test_order_of_equals():
    levels = [Level(2, "first", 1), Level(1, "second", 1)]
    assert match(levels, values(), ())[0].name == "first"


@with_transaction()
def test_ticket_gets_level():
    "X4: a ticket gets the level that fits best, and says why"
    pool = Pool()
    Category = pool.get('helpdesk.category')
    Party = pool.get('party.party')
    desk = Helpdesk()
    customer, = Party.create([{'name': "Ada"}])
    whole, = Category.create([{'name': "Network"}])
    part, = Category.create([{'name': "VPN", 'parent': whole.id}])
    make_level(desk, "Old", active=False, party=customer.id)
    everybody = make_level(desk, "Everybody")
    network = make_level(desk, "Network", category=whole.id)
    gold = make_level(desk, "Gold", party=customer.id, priority='urgent')

    for given, level, reason in [
            ({}, everybody, "Fits best by: any ticket."),
            ({'category': part}, network,
                "Fits best by: Category.\n"
                "Fits less well: Everybody (any ticket)."),
            ({'category': part, 'party': customer, 'priority': 'urgent'},
                gold,
                "Fits best by: Customer, Priority.\n"
                "Fits less well: Network (Category); Everybody (any ticket)."),
            ]:
        ticket = desk.make_ticket(**given)
        assert ticket.service_level == level
        assert ticket.service_level_reason == reason


@with_transaction()
def test_parent_of_category_changes():
    "The levels of the categories above hold as the categories are now"
    pool = Pool()
    Category = pool.get('helpdesk.category')
    desk = Helpdesk()
    whole, part = Category.create([{'name': "Network"}, {'name': "VPN"}])
    level = make_level(desk, "Network", category=whole.id)
    assert not desk.make_ticket(category=part).service_level

    Category.write([part], {'parent': whole.id})
    assert desk.make_ticket(category=part).service_level == level


@with_transaction()
def test_no_level_fits():
    desk = Helpdesk()
    make_level(desk, "Urgent", priority='urgent', solution=HOUR)
    ticket = desk.make_ticket()

    assert not ticket.service_level and not ticket.service_level_reason
    assert not ticket.due and not ticket.solution_due


@with_transaction()
def test_level_changes():
    "X4: what is promised anew holds for open tickets, not for those over"
    pool = Pool()
    ServiceLevel = pool.get('helpdesk.service_level')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    with Clock(MONDAY) as clock:
        level = make_level(desk, "All", solution=8 * HOUR)
        open_, resolved = [
            desk.make_ticket(state='open') for _ in range(2)]
        Ticket.resolve([resolved])
        clock.now += HOUR
        ServiceLevel.write([level], {'solution': 4 * HOUR})
        other = make_level(desk, "Ours", section=desk.section.id)
        for _ in range(2):
            ServiceLevel.renew([level, other])

        assert Ticket(open_.id).service_level == other
        assert Ticket(resolved.id).service_level == level
        ServiceLevel.write([other], {'active': False})
        ServiceLevel.renew([other])
        assert Ticket(open_.id).service_level == level
        assert Ticket(open_.id).due == MONDAY + 4 * HOUR
        assert Ticket(open_.id).write_date == open_.write_date


@with_transaction()
def test_queued_when_it_matters():
    "Only what changes when tickets are due has them looked at"
    pool = Pool()
    Queue = pool.get('ir.queue')
    ServiceLevel = pool.get('helpdesk.service_level')
    desk = Helpdesk()
    level = make_level(desk, "All")
    before = Queue.search([], count=True)
    ServiceLevel.write([level], {'name': "Everybody"})
    assert Queue.search([], count=True) == before
    ServiceLevel.write([level], {'solution': HOUR})
    assert Queue.search([], count=True) > before


@with_transaction()
def test_matching_costs_nothing():
    "X11: levels come out of a cache"
    pool = Pool()
    ServiceLevel = pool.get('helpdesk.service_level')
    desk = Helpdesk()
    make_level(desk, "All")
    given = values(company=desk.company.id, section=desk.section.id)
    assert ServiceLevel.matching(given)
    with Statements() as statements:
        for _ in range(10):
            ServiceLevel.matching(given)
    assert not statements.count


@with_transaction()
def test_access():
    "Agents see the levels of the sections they see, admins make them"
    pool = Pool()
    ServiceLevel = pool.get('helpdesk.service_level')
    desk = Helpdesk()
    board = desk.make_section("Board", visibility='private')
    ours = make_level(desk, "Ours", section=desk.section.id)
    everybody = make_level(desk, "Everybody")
    make_level(desk, "Board", section=board.id)
    admin = desk.make_user('admin_', [], 'group_helpdesk_admin')

    user, context = desk.as_user(desk.agent)
    with user, context:
        assert set(ServiceLevel.search([])) == {ours, everybody}
        with pytest.raises(AccessError):
            make_level(desk, "Mine")
        with pytest.raises(AccessError):
            ServiceLevel.write([ours], {'solution': HOUR})
    user, context = desk.as_user(admin)
    with user, context:
        assert len(ServiceLevel.search([])) == 3
        ServiceLevel.write([ours], {'solution': HOUR})


@with_transaction()
def test_replaced_customer():
    "What was promised to a customer is promised to the one it is merged with"
    pool = Pool()
    Party = pool.get('party.party')
    Replace = pool.get('party.replace', type='wizard')
    assert ('helpdesk.service_level', 'party') in Replace.fields_to_replace()
    desk = Helpdesk()
    customer, = Party.create([{'name': "Ada"}])
    level = make_level(desk, "Gold", party=customer.id)
    assert level.party == customer


@with_transaction()
def test_hours_are_shown_as_such():
    "C10: 24 opening hours are not shown as one day"
    pool = Pool()
    User = pool.get('res.user')
    desk = Helpdesk()
    with Transaction().set_user(desk.agent.id):
        units = User.get_preferences(True)['helpdesk_hours']
    assert units == {'s': 1, 'm': 60, 'h': 3600}
    assert (pool.get('helpdesk.service_level').solution.converter
        == 'helpdesk_hours')
    Section = pool.get('helpdesk.section')
    for field in [Section.ticket_deadline, Section.close_after]:
        assert field.converter == 'helpdesk_hours', field.name
