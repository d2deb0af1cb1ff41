# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import threading
import unittest
from collections import Counter

from trytond import backend
from trytond.exceptions import UserError, UserWarning
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    DB_NAME, RouteTestCase, activate_module, with_transaction)
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.records import Helpdesk

from .chats import (
    MINUTE, SECOND, as_rpc, begin, bells, get, handed, in_chat, join,
    make_agents, make_channel, post, reread)


def setup_module():
    activate_module('helpdesk_portal')


@with_transaction()
def test_random():
    "Visitors are handed out at random, and nobody gets too many (B8)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk, capacity=20)
    agents = make_agents(desk, 3)
    join(desk, channel, *agents)
    chats = begin(channel, 30)
    got = Counter(reread(c).operator for c in chats)
    assert set(got) == set(agents)
    assert max(got.values()) <= 20
    # In turn it would be
    order = [reread(c).operator.id for c in chats]
    assert order != (order[:3] * 10)

    begin(channel, 40)
    active = Chat.search([('state', '=', 'active')])
    assert set(Counter(c.operator for c in active).values()) == {20}
    assert Chat.search([('state', '=', 'waiting')], count=True) == 10


@with_transaction()
def test_capacity():
    "The chats of all channels count, and who waits longest is next (B8)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk, capacity=2)
    other = make_channel(desk, name="Repairs", capacity=1)
    join(desk, channel, desk.agent)
    join(desk, other, desk.agent)
    first, = begin(other)
    second, third, fourth = begin(channel, 3)
    fifth, = begin(other)
    states = [reread(c).state for c in [first, second, third, fourth, fifth]]
    assert states == ['active', 'active', 'waiting', 'waiting', 'waiting']

    Chat.end([reread(second)], 'visitor')
    assert reread(third).operator == desk.agent
    assert reread(fourth).state == 'waiting'
    Chat.end([reread(first), reread(third)], 'visitor')
    assert reread(fourth).operator == desk.agent
    assert reread(fifth).state == 'waiting'
    Chat.end([reread(fourth)], 'visitor')
    assert reread(fifth).operator == desk.agent


@with_transaction()
def test_rehand():
    "Who does not answer loses the visitor to somebody else (B8)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    agent, second = make_agents(desk, 2)
    join(desk, channel, agent)
    chat, = begin(channel)
    handed(chat, MINUTE - 10 * SECOND)
    join(desk, channel, second)
    Chat.rehand()
    assert reread(chat).operator == agent
    handed(chat, 10 * SECOND)
    Chat.rehand()
    assert reread(chat).operator == second
    # The visitor has not heard of the first one
    assert [m.content for m in reread(chat).messages()] == ["Hello?"]

    # Who has come, however, is missed
    get(desk, second, chat)
    handed(chat, MINUTE)
    reread(chat).say("Anybody?")
    assert reread(chat).operator == agent
    assert [m.content for m in reread(chat).messages()][1:] == [
        "Agent1 has joined.",
        "Anybody?",
        "Agent1 had to leave. Somebody else will answer.",
        ]
    post(desk, agent, chat, "Yes")
    handed(chat, 2 * MINUTE)
    Chat.rehand()
    assert reread(chat).operator == agent


@with_transaction()
def test_rehand_nobody():
    "Where nobody else is there the operator keeps the visitor (B8)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    Session = pool.get('ir.session')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    unlimited = make_channel(desk, answer_within=None)
    agent, second = make_agents(desk, 2)
    join(desk, channel, agent)
    join(desk, unlimited, agent)
    chat, = begin(channel)
    patient, = begin(unlimited)
    handed(chat, 2 * MINUTE)
    handed(patient, 2 * MINUTE)
    join(desk, unlimited, second)
    Chat.rehand()
    assert reread(chat).operator == reread(patient).operator == agent

    # Who is gone does not, even in the middle of a talk
    post(desk, agent, chat, "Yes")
    reread(chat).say("Fine")
    handed(chat, 2 * MINUTE)
    Session.delete(Session.search([('create_uid', '=', agent.id)]))
    Chat.rehand()
    assert (reread(chat).state, reread(chat).operator) == ('waiting', None)
    join(desk, channel, second)
    assert reread(chat).operator == second


@with_transaction()
def test_leave():
    "Who leaves keeps whom he talks to, and no others (B8)"
    pool = Pool()
    Channel = pool.get('helpdesk.chat.channel')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    agent, second = make_agents(desk, 2)
    join(desk, channel, agent)
    first, new = begin(channel, 2)
    post(desk, agent, first, "Yes")
    as_rpc(desk, agent, lambda: Channel.leave([Channel(channel.id)]))
    assert reread(first).operator == agent
    assert reread(new).state == 'waiting'
    join(desk, channel, agent)
    assert reread(new).operator == agent
    assert Channel(channel.id).operators[0].rec_name == agent.rec_name


@with_transaction()
def test_take():
    "A colleague takes a visitor who waits, joined or not (B8)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk, capacity=1)
    agent, second = make_agents(desk, 2)
    waiting, = begin(channel)
    as_rpc(desk, second, lambda: Chat.take([Chat(waiting.id)]))
    assert reread(waiting).operator == second
    for user in [agent, second]:
        assert as_rpc(desk, user, lambda: Chat.read(
                [waiting.id], ['is_mine'])[0]['is_mine']) is (user == second)
    assert [m.content for m in reread(waiting).messages()] == [
        "Hello?", "Agent1 has joined."]


@with_transaction()
def test_take_from():
    "To take a visitor from a colleague asks for a second thought (B8)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    Warning = pool.get('res.user.warning')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk, capacity=1)
    agent, second = make_agents(desk, 2)
    join(desk, channel, agent)
    chat, other = begin(channel, 2)
    get(desk, agent, chat)
    assert reread(other).state == 'waiting'
    try:
        as_rpc(desk, second, lambda: Chat.take([Chat(chat.id)]))
    except UserWarning as warning:
        assert agent.name in warning.message
        name = warning.name
    else:
        raise AssertionError
    Warning.create([{'user': second.id, 'name': name, 'always': True}])
    as_rpc(desk, second, lambda: Chat.take([Chat(chat.id)]))
    assert reread(chat).operator == second
    assert "taken over" in bells(agent)[-2]
    # The next one is for who has time now
    assert reread(other).operator == agent
    # Who takes is there
    handed(chat, 2 * MINUTE)
    Chat.rehand()
    assert reread(chat).operator == second
    Chat.end([reread(chat)], 'visitor')
    try:
        in_chat(desk, agent, lambda: Chat.take([Chat(chat.id)]))
    except UserError as error:
        assert "has ended" in error.message
    else:
        raise AssertionError


def hand_over(desk, who, chat, operator=None, note=None):
    Wizard = Pool().get('helpdesk.chat.hand_over', type='wizard')
    Start = Pool().get('helpdesk.chat.hand_over.start')

    def run():
        session, _, _ = Wizard.create()
        with Transaction().set_context(
                active_model='helpdesk.chat', active_id=chat.id,
                active_ids=[chat.id]):
            Wizard.execute(session, {}, 'start')
            choices = dict(Start(chat=chat.id).get_operators())
            Wizard.execute(session, {'start': {
                        'chat': chat.id,
                        'operator': str(operator.id) if operator else None,
                        'note': note,
                        }}, 'hand_over')
        return choices
    return as_rpc(desk, who, run)


@with_transaction()
def test_hand_over():
    "A visitor is handed to a colleague, or to whoever is there (B8)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    agent, second, third = make_agents(desk, 3)
    join(desk, channel, agent)
    chat, = begin(channel)
    post(desk, agent, chat, "One moment")
    join(desk, channel, second)
    choices = hand_over(desk, agent, chat, second, "Wants a discount")
    assert set(choices) == {None, str(second.id)}
    assert reread(chat).operator == second
    shown = get(desk, second, chat)
    assert ("Wants a discount", 'internal') in [
        (m['content'], m['audience']) for m in shown]
    assert [m.content for m in reread(chat).messages()][-2:] == [
        "Agent had to leave. Somebody else will answer.",
        "Agent1 has joined."]
    try:
        hand_over(desk, second, chat, third)
    except UserError as error:
        assert "no longer there" in error.message
    else:
        raise AssertionError
    hand_over(desk, second, chat)
    assert reread(chat).operator == agent

    # Nobody gets back whom he gives away
    as_rpc(desk, second, lambda: pool.get('helpdesk.chat.channel').leave(
            [pool.get('helpdesk.chat.channel')(channel.id)]))
    hand_over(desk, agent, chat)
    assert reread(chat).state == 'waiting'
    Chat.rehand()
    assert reread(chat).state == 'waiting'
    join(desk, channel, third)
    assert reread(chat).operator == third


@with_transaction()
def test_finish():
    "The operator ends the chat, and then nothing can be said (B8)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    join(desk, channel, desk.agent)
    chat, = begin(channel)
    as_rpc(desk, desk.agent, lambda: Chat.finish([Chat(chat.id)]))
    chat = reread(chat)
    assert (chat.state, chat.ended_by) == ('ended', 'operator')
    assert chat.messages()[-1].content == "The chat has ended."
    for expected, values in [
            ("has ended, so", {}),
            ("marta@example.com", {'email': 'marta@example.com'}),
            ("answer there", {'ticket': desk.make_ticket().id})]:
        Chat.write([chat], values)
        try:
            post(desk, desk.agent, chat, "Wait")
        except UserError as error:
            assert expected in error.message
        else:
            raise AssertionError
    post(desk, desk.agent, chat, "Was rude", 'internal')
    try:
        reread(chat).say("Hello?")
    except UserError as error:
        assert "begin a new one" in error.message
    else:
        raise AssertionError
    count = len(chat.messages())
    Chat.end([reread(chat)], 'visitor')
    assert reread(chat).ended_by == 'operator'
    assert len(chat.messages()) == count


@with_transaction()
def test_reminded():
    "Who does not read is told again, not for each message (B8)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk, answer_within=None)
    join(desk, channel, desk.agent)
    chat, = begin(channel)
    assert len(bells(desk.agent)) == 1
    for _ in range(3):
        reread(chat).say("Hello?")
    assert len(bells(desk.agent)) == 1
    handed(chat, MINUTE)
    for _ in range(3):
        reread(chat).say("Hello?")
    Chat.rehand()
    assert len(bells(desk.agent)) == 2
    get(desk, desk.agent, chat)
    reread(chat).say("Fine")
    assert len(bells(desk.agent)) == 2
    Chat.rehand(dt.datetime.now() + 2 * MINUTE)
    Chat.rehand(dt.datetime.now() + 3 * MINUTE)
    assert len(bells(desk.agent)) == 3
    Chat.rehand(dt.datetime.now() + 9 * MINUTE)
    assert len(bells(desk.agent)) == 4


@with_transaction()
def test_colleague():
    "Who answers first has the visitor, others are shown as they are (B8)"
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    agent, second = make_agents(desk, 2)
    join(desk, channel, agent)
    chat, = begin(channel)
    post(desk, second, chat, "Do we know her?", 'internal')
    assert reread(chat).operator == agent
    post(desk, second, chat, "Hello")
    assert reread(chat).operator == second
    post(desk, agent, chat, "May I help?")
    assert reread(chat).operator == second
    assert [(m.shown_author(), m.content)
        for m in reread(chat).messages()] == [
        ("Visitor 0", "Hello?"),
        (None, "Agent1 has joined."),
        ("Agent1", "Hello"),
        ("Agent", "May I help?"),
        ]


@with_transaction()
def test_statements():
    "Handing out takes as many statements for many as for one (B8)"
    pool = Pool()
    Chat = pool.get('helpdesk.chat')
    Channel = pool.get('helpdesk.chat.channel')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk, capacity=None)
    join(desk, channel, desk.agent)

    def hand_out(count):
        as_rpc(desk, desk.agent, lambda: Channel.leave(
                [Channel(channel.id)]))
        begin(channel, count)
        join(desk, channel)
        pool.get('helpdesk.chat.operator').create([
                {'channel': channel.id, 'user': desk.agent.id}])
        with Statements() as statements:
            Chat.hand_out([Channel(channel.id)])
        return statements
    hand_out(1)
    few, many = hand_out(2), hand_out(12)
    growing = {
        k for k, n in many.kinds().items() if n > few.kinds().get(k, 0) + 1}
    # SQLite inserts the notices row by row
    assert growing <= {'INSERT res_notification'}


@with_transaction()
def test_talk_statements():
    "A message takes as many statements in a long talk as in a short (B8)"
    pool = Pool()
    IrChannel = pool.get('ir.chat.channel')
    desk = Helpdesk(visibility='public')
    channel = make_channel(desk)
    join(desk, channel, desk.agent)
    chat, = begin(channel)

    def costs(chat):
        with Statements() as said:
            reread(chat).say("Hello?")
        with Statements() as shown:
            get(desk, desk.agent, chat)
        with Statements() as answered:
            post(desk, desk.agent, chat, "Yes")
        return said.count, shown.count, answered.count
    costs(chat)
    before = costs(chat)
    for _ in range(20):
        IrChannel.say(reread(chat), "More")
    after = costs(chat)
    assert all(b <= a + 2 for a, b in zip(before, after)), (before, after)


@unittest.skipIf(
    backend.name == 'sqlite', "one transaction writes at a time")
class AtOnceTestCase(RouteTestCase):
    "Transactions that hand out at the same time (B8)"
    module = 'helpdesk_portal'

    @classmethod
    def setUpDatabase(cls):
        Configuration = Pool().get('helpdesk.configuration')
        # As Tryton does again when a singleton is made
        with Transaction().new_transaction(
                _lock_tables=[Configuration._table]):
            desk = Helpdesk(visibility='public')
            channel = make_channel(desk, capacity=2)
            agents = make_agents(desk, 2)
            cls.channel = channel.id
            join(desk, channel, *agents)

    def test_at_once(self):
        "No visitor gets two operators, and no operator too many"
        pool = Pool(DB_NAME)
        Chat = pool.get('helpdesk.chat')
        Channel = pool.get('helpdesk.chat.channel')
        barrier = threading.Barrier(6)

        def visit():
            barrier.wait()
            for _ in range(50):
                with Transaction().start(DB_NAME, 0) as transaction:
                    try:
                        chat, _ = Chat.begin(Channel(self.channel))
                        chat.say("Hello?")
                        transaction.commit()
                        return
                    except backend.DatabaseOperationalError:
                        transaction.rollback()
        threads = [threading.Thread(target=visit) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with Transaction().start(DB_NAME, 0):
            chats = list(Chat.search([('channel', '=', self.channel)]))
            self.assertEqual(len(chats), 6)
            got = Counter(c.operator for c in chats if c.operator)
            self.assertEqual(sorted(got.values()), [2, 2])
            bells = pool.get('res.notification').search([
                    ('model', '=', 'helpdesk.chat')])
            self.assertEqual(len(bells), 4)


del RouteTestCase
