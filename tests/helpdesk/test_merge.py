# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import datetime as dt
import random

import pytest
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk.exceptions import MergeError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction, inactive_records

from tests.helpdesk.sales import make_party, make_product, make_sale
from tests.records import Helpdesk

# Our words, or those of Tryton, which from 8.2 on refuses what is readonly
KEPT = "merged into|not allowed to modify the field"


def setup_module():
    activate_module(['helpdesk', 'timesheet'])


def fresh(ticket):
    return ticket.__class__(ticket.id)


def merge(tickets, target, **options):
    "Merge as Tryton itself does, whoever sees them"
    with Transaction().set_user(0):
        target.__class__.merge(
            list(map(fresh, tickets)), fresh(target), **options)


def unmerge(*tickets):
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    with Transaction().set_user(0):
        Ticket.unmerge(list(map(fresh, tickets)))


def say(ticket, body, **values):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    values.setdefault('kind', 'email')
    values.setdefault('direction', 'in')
    conversation, = Conversation.create([
            {'ticket': ticket.id, 'body': body, **values}])
    return conversation


def attach(record, name):
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    attachment, = Attachment.create([
            {'resource': str(record), 'name': name, 'data': b'x'}])
    return attachment


@with_transaction()
def test_merge():
    "D7: what was said, its files, tags and people go on in the target"
    pool = Pool()
    Tag = pool.get('helpdesk.tag')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    red, blue = Tag.create([{'name': "Red"}, {'name': "Blue"}])
    target = desk.make_ticket(email='ada@example.org', tags=[red])
    ticket = desk.make_ticket(email='bob@example.org', tags=[red, blue])
    said = say(ticket, "It burns")
    files = [attach(ticket, 'a.txt'), attach(said, 'b.txt')]
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.merge([ticket, target], target)
    ticket, target = fresh(ticket), fresh(target)
    assert (ticket.state, ticket.closed_by, ticket.active) == (
        'closed', 'team', False)
    assert ticket.merged_into == ticket.merge_target == target
    assert [c.body for c in target.conversations] == ["It burns"]
    assert target.unread and target.last_communication_at == said.at
    assert set(target.tags) == {red, blue} and set(ticket.tags) == {red}
    assert {p.email for p in target.participants} == {'bob@example.org'}
    assert [str(f.__class__(f.id).resource) for f in files] == [
        str(target), str(said)]
    assert ('merged', f'#{ticket.number}') in {
        (h.what, h.new_name) for h in target.history}
    assert ('merged_into', f'#{target.number}') in {
        (h.what, h.new_name) for h in ticket.history}
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert fresh(ticket).visible_merged_into == target
        act, = fresh(target).merges
        assert act.ticket == ticket
        assert fresh(ticket).history
        with pytest.raises((MergeError, AccessError), match=KEPT):
            Ticket.write([fresh(ticket)], {'subject': "Other"})
        with pytest.raises(UserError):
            Ticket.reopen([fresh(ticket)])
        with pytest.raises(AccessError):
            Ticket.write([fresh(target)], {'merged_into': ticket.id})


@with_transaction()
def test_people_stay():
    "D7 SE12: people of another customer take part only if it is chosen"
    desk = Helpdesk()
    target, ticket = desk.make_ticket(), desk.make_ticket(
        email='bob@example.org')
    merge([ticket], target, participants=False)
    assert not fresh(target).participants


@with_transaction()
def test_refused():
    "AG4: what cannot be merged is refused in plain words"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    stranger = desk.make_user('stranger', [])
    one, two, three = (desk.make_ticket() for _ in range(3))
    with Transaction().set_context(desk.context):
        board = desk.make_section("Board", visibility='private')
    hidden = desk.make_ticket(section=board)
    with pytest.raises(MergeError, match="two"):
        merge([one], one)
    with pytest.raises(MergeError, match="not merged"):
        unmerge(one)
    user, context = desk.as_user(stranger)
    with user, context, pytest.raises(AccessError):
        Ticket.merge([hidden], two)
    user, context = desk.as_user(stranger)
    with user, context, pytest.raises(AccessError):
        Ticket.merge([two], hidden)
    merge([one], two)
    for tickets, target in [([three], one), ([one], three)]:
        with pytest.raises(MergeError, match="was merged"):
            merge(tickets, target)
    Ticket.close([three])
    with pytest.raises(MergeError, match="closed"):
        merge([two], three)


@with_transaction()
def test_undo():
    "D7: a merge can be undone until something new is said"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    target, one, two = (desk.make_ticket() for _ in range(3))
    Ticket.open([one])
    said = say(one, "Hello")
    merge([one], target)
    say(two, "Later")
    merge([two], target)
    user, context = desk.as_user(desk.agent)
    with user, context:
        act, = [m for m in fresh(target).merges if m.ticket == one]
        act.undo([act])
    one = fresh(one)
    assert (one.state, one.active, one.merged_into, one.closed_at) == (
        'open', True, None, None)
    assert list(one.conversations) == [said] and one.unread
    assert one.history[0].what in {'state', 'merged_into'}
    assert [c.body for c in fresh(target).conversations] == ["Later"]
    say(target, "New")
    with pytest.raises(MergeError, match="new was said"):
        unmerge(two)
    with pytest.raises(MergeError, match="not merged"):
        unmerge(one)


def state(tickets):
    "Return all that there is of the tickets, but what tells of merges"
    pool = Pool()
    result = {}
    with inactive_records():
        for model in ['helpdesk.ticket', 'helpdesk.conversation',
                'helpdesk.activity', 'helpdesk.participant', 'ir.attachment',
                'ir.note', 'helpdesk.ticket-helpdesk.tag',
                'helpdesk.ticket-product.product', 'timesheet.line',
                'ir.chat.follower']:
            Model = pool.get(model)
            # The next warning is worked out anew after each change
            names = [n for n, f in Model._fields.items()
                if f.sql_type() and n not in {
                    'write_date', 'write_uid', 'next_warning'}]
            rows = Model.read(
                [r.id for r in Model.search([], order=[('id', 'ASC')])],
                names)
            result[model] = {r['id']: r for r in rows}
    return result


BUTTONS = [[], ['open'], ['open', 'wait'], ['open', 'resolve'],
    ['open', 'wait_third_party'], ['open', 'close']]


def fill(dice, desk, ticket):
    "Give the ticket something of all that can move"
    pool = Pool()
    Activity = pool.get('helpdesk.activity')
    Note = pool.get('ir.note')
    Participant = pool.get('helpdesk.participant')
    Ticket = pool.get('helpdesk.ticket')
    Work = pool.get('timesheet.work')
    Line = pool.get('timesheet.line')
    for _ in range(dice.randrange(3)):
        attach(say(ticket, "Hello", direction=dice.choice(
                    ['in', 'out', 'internal'])), 'x')
    attach(ticket, 'y')
    Note.create([{'resource': str(ticket), 'message': "Hm"}])
    Activity.create([{
                'ticket': ticket.id, 'what': "Call",
                'due': dt.date(2026, 1, 1)}])
    Participant.create([
            {'ticket': ticket.id, 'email': e} for e in dice.sample(
                ['a@example.org', 'c@example.org'], dice.randrange(3))])
    work, = Work.create([{
                'origin': str(ticket), 'company': desk.company.id}])
    Line.create([{
                'work': work.id, 'company': desk.company.id,
                'employee': desk.agent.employee.id,
                'date': dt.date(2026, 1, 1),
                'duration': dt.timedelta(hours=1)}])
    with Transaction().set_user(dice.choice([desk.agent, desk.manager]).id):
        Ticket.follow([ticket])


def differences(before, after):
    "Return what of the states of the tickets is not the same"
    assert [set(rows) for rows in before.values()] == [
        set(rows) for rows in after.values()]
    return [
        (model, i, n, v, after[model][i][n])
        for model, rows in before.items() for i, row in rows.items()
        for n, v in row.items() if v != after[model][i][n]]


@with_transaction()
def test_undo_gives_back():
    "D7: whatever there was, a merge undone leaves it as it was"
    pool = Pool()
    Tag = pool.get('helpdesk.tag')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    tags = Tag.create([{'name': str(i)} for i in range(3)])
    products = [make_product(str(i)) for i in range(2)]
    for seed in range(12):
        dice = random.Random(seed)
        tickets = [
            desk.make_ticket(
                tags=dice.sample(tags, dice.randrange(3)),
                product=dice.choice([None, *products]),
                products=dice.sample(products, dice.randrange(2)),
                email=dice.choice([None, 'a@example.org', 'b@example.org']))
            for _ in range(4)]
        target, others = tickets[0], tickets[1:]
        for ticket in tickets:
            fill(dice, desk, ticket)
        for ticket in others:
            for name in dice.choice(BUTTONS):
                getattr(Ticket, name)([fresh(ticket)])
        before = state(tickets)
        for ticket in dice.sample(others, 2):
            merge([ticket], target)
        merge([t for t in others if not fresh(t).merged_into], target)
        user, context = desk.as_user(desk.agent)
        with user, context:
            assert fresh(target).time_spent == dt.timedelta(hours=4)
        for ticket in dice.sample(others, 3):
            unmerge(ticket)
        assert not differences(before, state(tickets)), seed


@with_transaction()
def test_undo_refused():
    "D7: what was closed or merged since gives nothing back"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    one, two, three = (desk.make_ticket() for _ in range(3))
    merge([one], two)
    Ticket.close([fresh(two)])
    with pytest.raises(MergeError, match="closed or merged"):
        unmerge(one)
    Ticket.reopen([fresh(two)])
    merge([two], three)
    with pytest.raises(MergeError, match="closed or merged"):
        unmerge(one)
    assert fresh(one).merge_target == three
    unmerge(two)
    unmerge(one)
    assert fresh(one).merge_target == one


@with_transaction()
def test_concern():
    "D7: the target is about the product and the sale of what goes on in it"
    desk = Helpdesk()
    ada = make_party()
    printer, ink = make_product(), make_product("Ink")
    sale = make_sale(desk, ada)
    target = desk.make_ticket(party=ada)
    one = desk.make_ticket(party=ada, product=printer, sale=sale)
    two = desk.make_ticket(product=ink)
    stranger = make_party("Bob")
    other = desk.make_ticket(
        party=stranger, product=printer, sale=make_sale(desk, stranger))
    merge([other], target)
    assert (fresh(target).product, fresh(target).sale) == (printer, None)
    merge([one, two], target)
    assert (fresh(target).product, fresh(target).sale) == (printer, sale)
    assert list(fresh(target).products) == [ink]
    unmerge(one, two)
    assert not fresh(target).sale and not fresh(target).products
    assert fresh(target).product == printer


@with_transaction()
def test_wizard():
    "D7: the wizard compares the tickets, merges them and opens the target"
    pool = Pool()
    Wizard = pool.get('helpdesk.ticket.merge', type='wizard')
    desk = Helpdesk()
    tickets = [desk.make_ticket(email='ada@example.org') for _ in range(3)]
    user, context = desk.as_user(desk.agent)
    with user, context, Transaction().set_context(
            active_model='helpdesk.ticket', active_id=tickets[0].id,
            active_ids=[t.id for t in tickets], _check_access=False):
        session_id, start, _ = Wizard.create()
        defaults = Wizard.execute(session_id, {}, start)['view']['defaults']
        assert defaults['target'] == tickets[0].id
        assert defaults['participants']
        assert [(p['ticket'], p['chosen'], p['subject'], p['customer'])
            for p in defaults['pairs']] == [
                (t.id, True, 1, True) for t in tickets[1:]]
        pairs = [{n: v for n, v in p.items() if '.' not in n}
            for p in defaults['pairs']]
        result = Wizard.execute(session_id, {start: {
                    **{n: v for n, v in defaults.items() if '.' not in n},
                    'pairs': pairs,
                    }}, 'merge')
    (_, data), = result['actions']
    assert data['res_id'] == [tickets[0].id]
    assert all(fresh(t).merged_into == tickets[0] for t in tickets[1:])
