# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessButtonError, AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


def strangers(desk):
    "Return an agent of another, private section, and who has no group"
    pool = Pool()
    User = pool.get('res.user')
    with Transaction().set_context(desk.context):
        sales = desk.make_section("Sales", visibility='private')
    other = desk.make_user('other', [sales])
    nobody = desk.make_user('nobody', [])
    nobody.groups = []
    User.save([nobody])
    return other, nobody


def as_client(user):
    "Act for the user as the chat of the client, which checks by itself"
    return Transaction().set_user(user.id)


def followers(record):
    pool = Pool()
    Follower = pool.get('ir.chat.follower')
    return {f.user.login for f in Follower.search([
                ('channel.resource', '=', str(record))])}


@with_transaction()
def test_chat_obeys_the_rules():
    "D5, TR3, SE12: only who sees the ticket reads, writes or follows its chat"
    pool = Pool()
    Channel = pool.get('ir.chat.channel')
    desk = Helpdesk(visibility='private')
    ticket = desk.make_ticket()
    with as_client(desk.agent):
        Channel.subscribe(str(ticket))
        Channel.post(str(ticket), "He called again.")
        assert "He called again." in [
            m['content'] for m in Channel.get(str(ticket))]
    for stranger in strangers(desk):
        for resource in [ticket, desk.section]:
            for do, args in [
                    (Channel.get, []),
                    (Channel.post, ["Hello"]),
                    (Channel.subscribe, []),
                    (Channel.subscribe, ['agent']),
                    (Channel.unsubscribe, ['agent']),
                    (Channel.get_followers, []),
                    (Channel.search_followers, ['a'])]:
                with as_client(stranger), pytest.raises(AccessError):
                    do(str(resource), *args)
    assert followers(ticket) == {'agent'}


@with_transaction()
def test_chat_is_internal():
    "D5: no address follows a ticket, and nothing in its chat is public"
    pool = Pool()
    Channel = pool.get('ir.chat.channel')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    with as_client(desk.agent):
        with pytest.raises(UserError):
            Channel.subscribe_email(str(ticket), 'ada@example.org')
        message = Channel.post(str(ticket), "Hello", audience='public')
    assert message.audience == 'internal'


@with_transaction()
def test_who_does_not_see_it_is_not_made_a_follower():
    "D5: a colleague follows only what they see"
    pool = Pool()
    Channel = pool.get('ir.chat.channel')
    desk = Helpdesk(visibility='private')
    ticket = desk.make_ticket()
    other, _ = strangers(desk)
    with as_client(desk.agent):
        with pytest.raises(UserError):
            Channel.subscribe(str(ticket), 'other')
        Channel.subscribe(str(ticket), 'manager')
    assert followers(ticket) == {'manager'}


def test_bus_says_nothing(monkeypatch):
    "SE12: what colleagues write is not on the bus, where all may listen"
    _test_bus_says_nothing(monkeypatch)


@with_transaction()
def _test_bus_says_nothing(monkeypatch):
    from trytond.bus import Bus
    pool = Pool()
    Channel = pool.get('ir.chat.channel')
    published = []
    monkeypatch.setattr(
        Bus, 'publish', lambda *args: published.append(str(args)))
    desk = Helpdesk(visibility='private')
    ticket = desk.make_ticket(employee=desk.agent.employee)
    with as_client(desk.manager):
        Channel.post(str(ticket), "secret")
    assert any(f'chat:{ticket}' in p for p in published)
    assert not any("secret" in p for p in published)


@with_transaction()
def test_buttons():
    "D5: follow and unfollow a ticket or a section, and find what I follow"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket, other = desk.make_ticket(), desk.make_ticket()
    for Model, record in [(Ticket, ticket), (Section, desk.section)]:
        user, context = desk.as_user(desk.agent)
        with user, context:
            assert not Model(record.id).following
            Model.follow([Model(record.id)])
            assert Model(record.id).following
            assert list(Model.search([('following', '=', True)])) == [record]
            assert record not in Model.search([('following', '=', False)])
        assert followers(record) == {'agent'}
        user, context = desk.as_user(desk.manager)
        with user, context:
            assert not Model(record.id).following
        user, context = desk.as_user(desk.agent)
        with user, context:
            Model.unfollow([Model(record.id)])
            assert not Model(record.id).following
    assert not followers(other)


@with_transaction()
def test_hidden_ticket_is_not_followed():
    "SE12: the buttons do nothing for a ticket that one does not see"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk(visibility='private')
    ticket = desk.make_ticket()
    for stranger in strangers(desk):
        user, context = desk.as_user(stranger)
        with user, context, pytest.raises((AccessError, AccessButtonError)):
            Ticket.follow([Ticket(ticket.id)])
    assert not followers(ticket)


@with_transaction()
def test_section():
    "D5: who follows a section follows what is new in it, and what moves in"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        sales = desk.make_section("Sales")
    before = desk.make_ticket()
    moved = desk.make_ticket(section=sales)
    user, context = desk.as_user(desk.agent)
    with user, context:
        Section.follow([Section(desk.section.id)])
    after = desk.make_ticket()
    elsewhere = desk.make_ticket(section=sales)
    Ticket.write([moved], {'section': desk.section.id})

    assert [bool(followers(t)) for t in [before, after, elsewhere, moved]] == [
        False, True, False, True]


def create(desk, count):
    "Return how many statements it takes to create so many tickets"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    with Transaction().set_context(desk.context), Statements() as statements:
        Ticket.create([{
                    'subject': str(i), 'section': desk.section.id,
                    'company': desk.company.id} for i in range(count)])
    return statements


@with_transaction()
def test_statements():
    "Costs: a batch of tickets that nobody waits for costs two statements"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    desk = Helpdesk()
    section = Section(desk.section.id)
    section.members = []
    section.save()
    create(desk, 1)
    statements = create(desk, 25)
    ours = [k for k in statements.queries if 'ir_chat' in k or 'notice' in k]
    assert sum(statements.queries[k] for k in ours) == 2


@with_transaction()
def test_statements_with_followers():
    "Costs: what a follower costs does not grow with the tickets"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    desk = Helpdesk()
    Section.follow([desk.section])
    counts = []
    for count in [5, 25]:
        kinds = create(desk, count).kinds()
        counts.append({
                k: n for k, n in kinds.items()
                if 'chat' in k and k.startswith('SELECT')})
    # Once in a while Tryton counts anew how many channels there are
    assert counts[0].keys() == counts[1].keys()
    assert all(n <= counts[0][k] + 1 for k, n in counts[1].items())


@with_transaction()
def test_deleted_ticket_leaves_no_chat():
    pool = Pool()
    Channel = pool.get('ir.chat.channel')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    with as_client(desk.agent):
        Channel.subscribe(str(ticket))
        Channel.post(str(ticket), "Hello")
    resource = str(ticket)
    Ticket.delete([ticket])
    assert not Channel.search([('resource', '=', resource)])
