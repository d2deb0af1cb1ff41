# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessButtonError, AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.test_ticket import STATES, TRANSITIONS
from tests.records import Helpdesk

# Where the buttons lead from each state, and so do stages
WAYS = {
    (source, target) for targets in TRANSITIONS.values()
    for source, target in targets.items()}


def setup_module():
    activate_module('helpdesk')


def make_stages(*rows):
    "Make stages of names, states and sections, in this order"
    pool = Pool()
    Stage = pool.get('helpdesk.stage')
    return Stage.create([{
                'name': name, 'state': state, 'sequence': i,
                'sections': [('add', [s.id for s in sections])],
                } for i, (name, state, *sections) in enumerate(rows)])


def choose(desk, ticket, stage, user=None, **values):
    "Save the ticket with another stage, as the client does"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    user, context = desk.as_user(user or desk.agent)
    with user, context:
        Ticket.write([Ticket(ticket.id)], {'stage': stage.id, **values})
    return Ticket(ticket.id)


@with_transaction()
def test_stages_obey_the_transitions():
    "D2: a stage of another state is that transition, or is refused"
    desk = Helpdesk()
    stages = dict(zip(STATES, make_stages(*((s, s) for s in STATES))))
    for source in STATES:
        for target in STATES:
            ticket = desk.make_ticket(state=source)
            assert ticket.stage == stages[source]
            if source == target or (source, target) in WAYS:
                ticket = choose(desk, ticket, stages[target], desk.manager)
                expected = target
            else:
                with pytest.raises(UserError, match="cannot go"):
                    choose(desk, ticket, stages[target], desk.manager)
                ticket = ticket.__class__(ticket.id)
                expected = source

            assert (ticket.state, ticket.stage) == (
                expected, stages[expected]), (source, target)


@with_transaction()
def test_stage_does_what_the_button_does():
    "D2: who resolves or closes by a stage does all that the button does"
    desk = Helpdesk()
    _, resolved, closed = make_stages(
        ("Analysis", 'open'), ("Solved", 'resolved'), ("Done", 'closed'))
    ticket = desk.make_ticket(state='open', unread=True)
    ticket = choose(desk, ticket, resolved)
    assert ticket.resolved_at and not ticket.unread
    ticket = choose(desk, ticket, closed)
    assert ticket.closed_at
    assert ticket.closed_by == 'team'


@with_transaction()
def test_only_managers_reopen_by_a_stage():
    "Design: closed goes to open for managers only"
    desk = Helpdesk()
    analysis, closed = make_stages(("Analysis", 'open'), ("Done", 'closed'))
    ticket = desk.make_ticket(state='closed')
    with pytest.raises((AccessError, AccessButtonError)):
        choose(desk, ticket, analysis)
    ticket = desk.make_ticket(state='closed')
    ticket = choose(desk, ticket, analysis, desk.manager)
    assert (ticket.state, ticket.closed_at) == ('open', None)


@with_transaction()
def test_buttons_take_the_first_stage():
    "D2: a transition takes the first stage of the state and the section"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        other = desk.make_section("Sales")
    _, first, second, *_ = make_stages(
        ("Theirs", 'open', other), ("First", 'open'), ("Second", 'open'),
        ("Wait", 'pending', other))
    ticket = desk.make_ticket()
    assert ticket.stage is None
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.open([Ticket(ticket.id)])
    assert Ticket(ticket.id).stage == first
    ticket = choose(desk, ticket, second)
    assert (ticket.state, ticket.stage) == ('open', second)
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.wait([Ticket(ticket.id)])
    assert Ticket(ticket.id).stage is None


@with_transaction()
def test_inactive_stages_are_not_taken():
    pool = Pool()
    Stage = pool.get('helpdesk.stage')
    desk = Helpdesk()
    old, new = make_stages(("Old", 'draft'), ("New", 'draft'))
    assert desk.make_ticket().stage == old
    Stage.write([old], {'active': False})
    assert desk.make_ticket().stage == new


@with_transaction()
def test_stage_of_another_section():
    "D2: a ticket takes no stage of a section that it is not in"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        other = desk.make_section("Sales")
    ours, theirs, theirs2 = make_stages(
        ("Ours", 'open', desk.section), ("Theirs", 'open', other),
        ("Second", 'open', other))
    ticket = desk.make_ticket(state='open')
    assert ticket.stage == ours
    with pytest.raises(UserError, match="Theirs"):
        choose(desk, ticket, theirs)
    # In another section the stages are others
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.write([Ticket(ticket.id)], {'section': other.id})
    assert Ticket(ticket.id).stage == theirs
    ticket = choose(desk, ticket, ours, section=desk.section.id)
    assert (ticket.section, ticket.stage) == (desk.section, ours)
    with pytest.raises(UserError, match="Theirs"):
        desk.make_ticket(stage=theirs)


@with_transaction()
def test_new_ticket_in_a_stage():
    "An agent may begin with a stage of the work"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    _, analysis, solved = make_stages(
        ("New", 'draft'), ("Analysis", 'open'), ("Solved", 'resolved'))
    user, context = desk.as_user(desk.agent)
    with user, context:
        values = {
            'subject': "By hand", 'company': desk.company.id,
            'section': desk.section.id, 'channel': 'phone'}
        ticket, = Ticket.create([{**values, 'stage': analysis.id}])
        assert Ticket(ticket.id).state == 'open'
        with pytest.raises(UserError, match="cannot go"):
            Ticket.create([{**values, 'stage': solved.id}])


@with_transaction()
def test_state_of_a_used_stage():
    "The state of a stage with tickets cannot be changed under them"
    pool = Pool()
    Stage = pool.get('helpdesk.stage')
    desk = Helpdesk()
    used, unused = make_stages(("New", 'draft'), ("Analysis", 'open'))
    desk.make_ticket()
    with pytest.raises(AccessError, match="New"):
        Stage.write([used], {'state': 'open'})
    Stage.write([used], {'state': 'draft', 'name': "Fresh"})
    Stage.write([unused], {'state': 'pending'})


@with_transaction()
def test_history_of_stages():
    "C17: the history notes the stages, also those that are gone"
    pool = Pool()
    Stage = pool.get('helpdesk.stage')
    desk = Helpdesk()
    new, analysis = make_stages(("New", 'draft'), ("Analysis", 'open'))
    ticket = desk.make_ticket()
    ticket = choose(desk, ticket, analysis)

    def rows():
        return [
            (h.old_name, h.new_name) for h in reversed(ticket.history)
            if h.what == 'stage']

    assert rows() == [('', "New"), ("New", "Analysis")]
    Stage.delete([new])
    ticket = ticket.__class__(ticket.id)
    assert rows() == [('', ''), ('', "Analysis")]


@with_transaction()
def test_copy_begins_anew():
    desk = Helpdesk()
    new, _ = make_stages(("New", 'draft'), ("Analysis", 'open'))
    ticket = desk.make_ticket(state='open')
    with Transaction().set_context(desk.context):
        copy, = ticket.copy([ticket])
    assert (copy.state, copy.stage) == ('draft', new)


@with_transaction()
def test_cost_does_not_grow():
    "Design: many tickets change their state in as many statements as few"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()

    def count(number):
        tickets = [desk.make_ticket() for _ in range(number)]
        tickets = Ticket.browse([t.id for t in tickets])
        with Statements() as statements:
            Ticket.open(list(tickets))
        return {
            k: n for k, n in statements.kinds().items()
            if not k.startswith('INSERT')}

    make_stages(("New", 'draft'), ("Analysis", 'open'))
    count(1)
    assert count(3) == count(9)


@with_transaction()
def test_without_stages():
    "States alone work, at no cost"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    Ticket.open([ticket])
    assert ticket.stage is None
    assert not ticket.has_stages
    with Statements() as statements:
        Ticket.wait([Ticket(ticket.id)])
    assert not any('stage' in k for k in statements.kinds())


@with_transaction()
def test_hidden_sections_of_a_stage():
    "SE12: a stage tells nobody of sections that they do not see"
    pool = Pool()
    Relation = pool.get('helpdesk.stage-helpdesk.section')
    Stage = pool.get('helpdesk.stage')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        board = desk.make_section("Board", visibility='private')
    stage, = make_stages(("Analysis", 'open', desk.section, board))
    hidden, = Relation.search([('section', '=', board.id)])
    user, context = desk.as_user(desk.agent)
    with user, context:
        values, = Stage.read([stage.id], ['sections'])
        assert list(values['sections']) == [desk.section.id]
        with pytest.raises(AccessError):
            Relation.read([hidden.id], ['section'])
    ticket = desk.make_ticket(state='open', section=board)
    assert ticket.stage == stage


@with_transaction()
def test_agents_do_not_configure():
    pool = Pool()
    desk = Helpdesk()
    user, context = desk.as_user(desk.agent)
    with user, context:
        for model in [
                'helpdesk.stage', 'helpdesk.tag', 'helpdesk.close_reason',
                'helpdesk.type', 'helpdesk.category',
                'helpdesk.ticket.attribute', 'helpdesk.ticket.attribute.set']:
            with pytest.raises(AccessError):
                pool.get(model).create([{'name': "Mine"}])
