# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import random

import pytest
from trytond.model.exceptions import AccessError, ValidationError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.records import Helpdesk

NOW = dt.datetime.now().replace(microsecond=0)


def setup_module():
    activate_module('helpdesk')


def say(ticket, body, direction='in', minutes=0, files=(), **values):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    conversation, = Conversation.create([{
                'ticket': ticket.id,
                'kind': 'note' if direction == 'internal' else 'phone',
                'direction': direction,
                'at': NOW + dt.timedelta(minutes=minutes),
                'body': body,
                'attachments': [
                    ('create', [{'name': n, 'data': b'x'} for n in files])],
                **values,
                }])
    return conversation


def said(ticket):
    return {c.body for c in ticket.conversations if c.kind != 'note'}


def fresh(record):
    return record.__class__(record.id)


def run(desk, records, user=None, **values):
    "Return the new ticket that a user makes by the wizard"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    Wizard = pool.get('helpdesk.conversation.split', type='wizard')
    user, context = desk.as_user(user or desk.agent)
    with user, context, Transaction().set_context(
            active_model=records[0].__name__, active_id=records[0].id,
            active_ids=[r.id for r in records]):
        session_id, start, _ = Wizard.create()
        view = Wizard.execute(session_id, {}, start)['view']
        defaults = {
            n: v for n, v in view['defaults'].items() if '.' not in n}
        result = Wizard.execute(
            session_id, {'start': {**defaults, **values}}, 'split')
        (_, data), = result['actions']
    return Ticket(data['res_id'][0])


@with_transaction()
def test_split():
    "AG4: a conversation moves to a ticket of its own, with links and notes"
    desk = Helpdesk()
    ticket = desk.make_ticket(email='ada@example.org', contact_name="Ada")
    first = say(ticket, "Fire")
    second = say(
        ticket, "And an invoice", minutes=1, files=['a.pdf'],
        subject="Invoice")
    new = run(desk, [second])
    ticket = fresh(ticket)

    assert said(ticket) == {first.body}
    assert said(new) == {second.body}
    assert [a.name for a in fresh(second).attachments] == ['a.pdf']
    assert (new.subject, new.channel, new.state) == (
        "Invoice", 'phone', 'open')
    assert (new.email, new.contact_name) == ('ada@example.org', "Ada")
    assert new.section == ticket.section
    assert new.split_from == new.preceding == ticket
    assert list(ticket.split_into) == [new]
    for one, other in [(ticket, new), (new, ticket)]:
        note, = [c for c in one.conversations if c.kind == 'note']
        assert f'#{other.number}' in note.body
        row, = [h for h in one.history if h.what == 'split_into']
        assert (row.old_name, row.new_name, row.who) == (
            f'#{ticket.number}', f'#{new.number}', "Agent")


@with_transaction()
def test_times():
    "AG4: who wrote last and whether it is answered is right in both"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    say(ticket, "one", minutes=-20)
    say(ticket, "answer", 'out', minutes=-10)
    say(ticket, "two", minutes=1)
    say(ticket, "note", 'internal', minutes=5)
    ticket = fresh(ticket)
    assert ticket.unread
    new = Ticket.split([ticket.conversations[1]])
    ticket = fresh(ticket)
    assert (ticket.unread, new.unread) == (False, True)
    assert ticket.last_communication_at == NOW - dt.timedelta(minutes=10)
    assert new.last_communication_at == NOW + dt.timedelta(minutes=1)
    assert ticket.first_answer_at and not new.first_answer_at

    say(ticket, "three", minutes=2)
    answer, = [c for c in fresh(ticket).conversations if c.body == "answer"]
    other = Ticket.split([answer])
    assert not fresh(ticket).first_answer_at
    # It does not come before the ticket
    assert other.first_answer_at >= other.create_date.replace(microsecond=0)
    assert not other.unread


@with_transaction()
def test_choose_from_ticket():
    "AG4: on the ticket the user chooses several conversations, and values"
    pool = Pool()
    Party = pool.get('party.party')
    desk = Helpdesk()
    party = Party(name="Eva")
    party.save()
    ticket = desk.make_ticket()
    keep, one, two, note = [
        say(ticket, "keep"), say(ticket, "one"), say(ticket, "two"),
        say(ticket, "note", 'internal')]
    new = run(desk, [ticket], conversations=[one.id, two.id, note.id],
        subject="Other", party=party.id, priority='high',
        employee=desk.agent.employee.id)
    assert said(new) == {"one", "two"}
    assert fresh(note).ticket == new
    assert (new.subject, new.party, new.priority, new.employee) == (
        "Other", party, 'high', desk.agent.employee)
    assert said(fresh(ticket)) == {keep.body}


@with_transaction()
def test_customer():
    "AG4: the customer is who wrote it, if known, else that of the ticket"
    pool = Pool()
    Party = pool.get('party.party')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    company, ada, bob = Party.create([
            {'name': n} for n in ["Company", "Ada", "Bob"]])
    ticket = desk.make_ticket(
        party=company, contact=ada, contact_name="Ada",
        email='ada@example.org')
    say(ticket, "keep")
    by_ada = say(ticket, "ada", party=ada.id)
    by_bob = say(ticket, "bob", party=bob.id, author="Bob")
    own, other = Ticket.split([by_ada]), Ticket.split([by_bob])
    assert (own.party, own.contact, own.email) == (
        company, ada, 'ada@example.org')
    assert (other.party, other.contact, other.contact_name) == (
        bob, None, "Bob")
    assert not other.email


@with_transaction()
def test_copy():
    "AG4: a copy leaves all where it is, also on a closed ticket"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    only = say(ticket, "only", files=['a.txt'])
    with pytest.raises(ValidationError, match="nothing would be left"):
        Ticket.split([only])
    Ticket.close([ticket])
    with pytest.raises(ValidationError, match="closed"):
        Ticket.split([only])
    before = fresh(ticket)
    facts = before.unread, before.last_communication_at, before.state
    new = run(desk, [only])
    ticket = fresh(ticket)
    assert said(ticket) == said(new) == {"only"}
    assert (ticket.unread, ticket.last_communication_at, ticket.state) == facts
    copied, = [c for c in new.conversations if c.body == "only"]
    assert [a.name for a in copied.attachments] == ['a.txt']
    assert Attachment.search([], count=True) == 2


@with_transaction()
def test_refused():
    "AG4, SE12: not from two tickets, a merged one, or without the right"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        board = desk.make_section("Board", visibility='private')
    ticket, other = desk.make_ticket(), desk.make_ticket()
    one, two, three = say(ticket, "1"), say(ticket, "2"), say(other, "3")
    with pytest.raises(ValidationError, match="one ticket"):
        Ticket.split([one, three])
    with pytest.raises(AccessError):
        run(desk, [one], section=board.id)
    secret = desk.make_ticket(section=board)
    hidden = say(secret, "secret")
    say(secret, "more")
    with pytest.raises(AccessError):
        run(desk, [hidden])
    with pytest.raises(AccessError):
        run(desk, [ticket], conversations=[hidden.id])
    Ticket.write([ticket], {'merged_into': other.id})
    with pytest.raises(ValidationError, match="merged"):
        Ticket.split([two])


@with_transaction()
def test_nothing_is_lost():
    "AG4: after any moves each conversation and each file is there once"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    Conversation = pool.get('helpdesk.conversation')
    Ticket = pool.get('helpdesk.ticket')
    dice = random.Random(8)
    desk = Helpdesk()
    tickets = [desk.make_ticket()]
    for i in range(30):
        say(tickets[0], f'said {i}', dice.choice(['in', 'out']), minutes=i,
            files=[f'{i}-{j}' for j in range(dice.randrange(3))])
    before = {
        (c.id, c.body, tuple(a.id for a in c.attachments))
        for c in Conversation.search([])}
    files = Attachment.search([], count=True)
    for _ in range(8):
        ticket = fresh(dice.choice(tickets))
        own = [c for c in ticket.conversations if c.kind != 'note']
        if len(own) < 2:
            continue
        chosen = dice.sample(own, dice.randrange(1, len(own)))
        tickets.append(Ticket.split(chosen))
        for one in [fresh(ticket), tickets[-1]]:
            spoken = [c for c in one.conversations if c.kind != 'note']
            assert one.last_communication_at == max(c.at for c in spoken)
            assert bool(one.first_answer_at) == any(
                c.direction == 'out' for c in spoken)
    after = {
        (c.id, c.body, tuple(a.id for a in c.attachments))
        for c in Conversation.search([('kind', '!=', 'note')])}
    assert after == before
    assert Attachment.search([], count=True) == files
    assert len(tickets) > 4


@with_transaction()
def test_left():
    "AG4: the notes of former splits are not enough to be left"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    last, one = say(ticket, "last"), say(ticket, "one")
    note = say(ticket, "note", 'internal')
    Ticket.split([one])
    with pytest.raises(ValidationError, match="nothing would be left"):
        Ticket.split([fresh(last)])
    new = Ticket.split([fresh(note)])
    assert fresh(note).ticket == new
    assert said(fresh(ticket)) == {"last"}


@with_transaction()
def test_hidden():
    "AG4, SE12: the links lead nobody to a ticket he may not see"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        board = desk.make_section("Board", visibility='private')
    ticket, secret = desk.make_ticket(), desk.make_ticket(section=board)
    one, two = [[say(t, "keep"), say(t, "go")][1] for t in [ticket, secret]]
    gone = Ticket.split([one], {'section': board.id, 'employee': None})
    come = Ticket.split([two], {'section': desk.section.id})
    assert list(fresh(ticket).split_into) == [gone]
    user, context = desk.as_user(desk.agent)
    with user, context:
        row, = Ticket.read([ticket.id], ['split_into'])
        assert not row['split_into']
        row, = Ticket.read([come.id], ['visible_preceding'])
        assert row['visible_preceding'] is None
        with pytest.raises(AccessError):
            Ticket.read([come.id], ['split_from.rec_name'])
        with pytest.raises(AccessError):
            Ticket.write([Ticket(ticket.id)], {'split_from': come.id})


@with_transaction()
def test_unmerge():
    "AG4, D7: what was merged and then split off stays where it is"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket, target = desk.make_ticket(), desk.make_ticket()
    say(ticket, "keep")
    moved = say(ticket, "go")
    say(target, "own")
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.merge([ticket], target)
        new = Ticket.split([fresh(moved)])
        with pytest.raises(ValidationError, match="something new"):
            Ticket.unmerge([fresh(ticket)])
    assert said(fresh(target)) == {"keep", "own"}
    assert said(fresh(new)) == {"go"}


@with_transaction()
def test_statements():
    "AG4, X11: many conversations are split in as many statements as one"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()

    def count(number):
        ticket = desk.make_ticket()
        say(ticket, "keep")
        chosen = [
            say(ticket, f'said {i}', minutes=i, files=['a'])
            for i in range(number)]
        with Statements() as statements:
            Ticket.split([c.id for c in chosen])
        return statements.count

    count(1)
    assert count(20) == count(2)
