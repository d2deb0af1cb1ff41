# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
import trytond.config as config
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.records import Helpdesk
from tests.services import Sink


def setup_module():
    activate_module('helpdesk')


@pytest.fixture
def sink():
    with Sink() as sink:
        before = {
            k: config.get('email', k, default='') for k in ['uri', 'from']}
        config.set('email', 'uri', sink.uri)
        config.set('email', 'from', 'tryton@example.com')
        yield sink
        for key, value in before.items():
            config.set('email', key, value)


def commit():
    "Do what is done after a commit: the tasks, as another transaction"
    pool = Pool()
    Queue = pool.get('ir.queue')
    Ticket = pool.get('helpdesk.ticket')
    transaction = Transaction()

    def make_old():
        # Nobody else can lock what is not committed. If a lock had to be asked
        # for, the test would begin anew for ever: its tickets get new ids.
        new = transaction.create_records.pop(Ticket.__name__, [])
        transaction._locked_records[Ticket._table].update(new)

    make_old()
    while tasks := list(Queue.search([('finished_at', '=', None)])):
        for task in tasks:
            task.run()
    make_old()


def bell(user):
    "Return what the bell of the user has, the oldest first, and empty it"
    pool = Pool()
    Notification = pool.get('res.notification')
    commit()
    with Transaction().set_user(user.id):
        notifications = Notification.get()
    # Tryton cannot delete none of them on PostgreSQL
    if given := Notification.search([('user', '=', user.id)]):
        Notification.delete(given)
    return [
        (n['label'], n['description']) for n in reversed(notifications)]


def wants(user, **ways):
    pool = Pool()
    User = pool.get('res.user')
    with Transaction().set_user(user.id):
        User.set_preferences({
                f'helpdesk_notice_{k}': v for k, v in ways.items()})


def hear(ticket, **values):
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    return Conversation.create([{
                'ticket': ticket.id, 'kind': 'web', 'direction': 'in',
                'body': "Hello", **values}])


@with_transaction(user=0)
def test_assigned():
    "D5, AG8: who is made responsible is told, who takes a ticket is not"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket, taken = desk.make_ticket(), desk.make_ticket()
    bell(desk.agent)
    user, context = desk.as_user(desk.manager)
    with user, context:
        Ticket.write(
            [Ticket(ticket.id)], {'employee': desk.agent.employee.id})
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.take([Ticket(taken.id)])

    assert bell(desk.agent) == [
        (f"#{ticket.number}: You are responsible · Manager", ticket.subject)]
    assert not bell(desk.manager)


@with_transaction(user=0)
def test_created_for_somebody():
    "D5: who is made responsible from the start is told so, and only so"
    desk = Helpdesk()
    ticket = desk.make_ticket(employee=desk.agent.employee)

    assert bell(desk.agent) == [
        (f"#{ticket.number}: You are responsible", ticket.subject)]


@with_transaction(user=0)
def test_click_opens_the_ticket():
    "D5: the bell opens the ticket"
    pool = Pool()
    Notification = pool.get('res.notification')
    desk = Helpdesk()
    ticket = desk.make_ticket()
    commit()
    with Transaction().set_user(desk.agent.id):
        notification, = Notification.get()
    assert (notification['model'], notification['records']) == (
        'helpdesk.ticket', [ticket.id])


@with_transaction(user=0)
def test_unassigned():
    "D5: a new ticket for nobody is told to the members of its section"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        sales = desk.make_section("Sales")
    other = desk.make_user('other', [sales])
    with Transaction().set_user(desk.manager.id):
        Section.follow([desk.section])
    ticket = desk.make_ticket()
    new = [(f"#{ticket.number}: Nobody is responsible", ticket.subject)]

    assert bell(desk.agent) == new
    assert bell(desk.manager) == new
    assert not bell(other)
    Ticket.write([ticket], {'section': sales.id})
    assert bell(other) == new
    assert not bell(desk.agent)


@with_transaction(user=0)
def test_answered():
    "D5: an answer is told to who is responsible and to who follows, once"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    other = desk.make_user('other', [])
    ticket = desk.make_ticket(
        state='pending', employee=desk.agent.employee)
    with Transaction().set_user(desk.manager.id):
        Ticket.follow([ticket])
    for user in [desk.agent, desk.manager]:
        bell(user)
    hear(ticket)
    answered = [(f"#{ticket.number}: The customer answered", ticket.subject)]

    assert bell(desk.agent) == answered
    assert bell(desk.manager) == answered
    assert not bell(other)
    hear(ticket, direction='out')
    hear(ticket, direction='internal', kind='note')
    assert not bell(desk.agent)


@with_transaction(user=0)
def test_first_letter_is_no_answer():
    "D5: a ticket that comes with its first letter is told once, as new"
    desk = Helpdesk()
    ticket = desk.make_ticket(state='open')
    hear(ticket)

    assert bell(desk.agent) == [
        (f"#{ticket.number}: Nobody is responsible", ticket.subject)]


@with_transaction(user=0)
def test_changed():
    "D5: who follows is told of another state, who changed it is not"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket(
        state='open', employee=desk.agent.employee)
    with Transaction().set_user(desk.manager.id):
        Ticket.follow([ticket])
    bell(desk.agent)
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.resolve([Ticket(ticket.id)])

    assert bell(desk.manager) == [
        (f"#{ticket.number}: Resolved · Agent", ticket.subject)]
    assert not bell(desk.agent)


@with_transaction(user=0)
def test_chat():
    "D5: what a colleague writes in the chat is told to who is responsible"
    pool = Pool()
    Channel = pool.get('ir.chat.channel')
    Section = pool.get('helpdesk.section')
    desk = Helpdesk()
    ticket = desk.make_ticket(employee=desk.agent.employee)
    user, context = desk.as_user(desk.agent)
    with user, context:
        Section.follow([Section(desk.section.id)])
    bell(desk.agent)
    with Transaction().set_user(desk.manager.id):
        Channel.post(str(ticket), "secret")
        Channel.post(str(desk.section), "secret")

    assert set(bell(desk.agent)) == {
        (f"#{ticket.number}: New in the chat · Manager", ticket.subject),
        ("New in the chat of a section · Manager", "Support")}
    assert not bell(desk.manager)


@with_transaction(user=0)
def test_not_for_the_same_person():
    "D5: nobody is told of their own doing, also not as another user"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    twin = desk.make_user('twin', [])
    twin.employees = [desk.agent.employee]
    twin.employee = desk.agent.employee
    twin.save()
    ticket = desk.make_ticket(state='open', employee=desk.agent.employee)
    bell(twin)
    bell(desk.agent)
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.resolve([Ticket(ticket.id)])
    assert not bell(twin)


@with_transaction(user=0)
def test_who_no_longer_sees_it():
    "TR3, SE12: who may not see a ticket any more hears nothing of it"
    pool = Pool()
    Channel = pool.get('ir.chat.channel')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        board = desk.make_section("Board", visibility='private')
    ticket = desk.make_ticket(state='open')
    follower = desk.make_user('follower', [])
    with Transaction().set_user(follower.id):
        Ticket.follow([ticket])
    Ticket.wait([ticket])
    commit()
    Ticket.write([ticket], {'section': board.id})

    # What was told before no longer says what it is about
    assert bell(follower) == [
        (f"#{ticket.number}: Waiting for Customer", None)]
    hear(ticket)
    Ticket.resolve([ticket])
    with Transaction().set_user(desk.manager.id):
        Channel.post(str(ticket), "secret")
    assert not bell(follower)


@with_transaction(user=0)
def test_preferences():
    "D5: everybody chooses what rings the bell"
    desk = Helpdesk()
    wants(desk.agent, unassigned='none', answered='mail')
    ticket = desk.make_ticket()
    assert not bell(desk.agent)
    hear(ticket)
    assert not bell(desk.agent)


@with_transaction(user=0)
def test_preferences_are_shown():
    "D5: the choice is in the user's own preferences"
    pool = Pool()
    User = pool.get('res.user')
    desk = Helpdesk()
    with Transaction().set_user(desk.agent.id):
        view = User.get_preferences_fields_view()
        preferences = User.get_preferences()
    for event in [
            'assigned', 'answered', 'unassigned', 'due', 'missed', 'changed',
            'chat']:
        name = f'helpdesk_notice_{event}'
        assert name in view['fields']
        assert preferences[name] == 'bell'


@with_transaction(user=0)
def test_silence():
    "Imports tell nobody"
    desk = Helpdesk()
    with Transaction().set_context(helpdesk_notify=False):
        desk.make_ticket()
    assert not bell(desk.agent)


def test_mail(sink):
    "D5, AG8: a notice by mail goes to the agent, in the agent's language"
    _test_mail(sink)


@with_transaction(user=0)
def _test_mail(sink):
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    User = pool.get('res.user')
    desk = Helpdesk()
    User.write([desk.agent], {'email': 'agent@example.com'})
    wants(desk.agent, assigned='both', unassigned='none')
    ticket = desk.make_ticket(
        subject="Fire", email='ada@example.org')
    user, context = desk.as_user(desk.manager)
    with user, context:
        Ticket.write(
            [Ticket(ticket.id)], {'employee': desk.agent.employee.id})

    assert len(bell(desk.agent)) == 1
    message, = sink.messages
    assert message['To'] == 'agent@example.com'
    assert message['From'] == 'tryton@example.com'
    assert message['Subject'] == f"[#{ticket.number}] Fire"
    assert message['Auto-Submitted'] == 'auto-generated'
    assert message['Message-ID'].endswith('@example.com>')
    text = message.get_content()
    assert "You are responsible · Manager" in text
    assert f'/model/helpdesk.ticket/{ticket.id}' in text
    assert not waiting()


def waiting():
    pool = Pool()
    Notice = pool.get('helpdesk.notice')
    return list(Notice.search([]))


def test_headers(sink):
    "SE8: what the customer calls a ticket adds no header to the mail"
    _test_headers(sink)


@with_transaction(user=0)
def _test_headers(sink):
    pool = Pool()
    User = pool.get('res.user')
    desk = Helpdesk()
    User.write([desk.agent], {'email': 'agent@example.com'})
    wants(desk.agent, unassigned='mail')
    desk.make_ticket(
        subject="=?utf-8?q?Fire=0d=0aX-Evil:_1=0d=0aBcc:_eve@example.org?=")
    commit()

    message, = sink.messages
    assert 'Bcc' not in message
    assert 'X-Evil' not in message
    assert sink.envelopes[0].rcpt_tos == ['agent@example.com']


def test_server_down(sink):
    "D5: a mail server that is down loses no notice"
    _test_server_down(sink)


@with_transaction(user=0)
def _test_server_down(sink):
    pool = Pool()
    Notice = pool.get('helpdesk.notice')
    User = pool.get('res.user')
    desk = Helpdesk()
    User.write([desk.agent], {'email': 'agent@example.com'})
    wants(desk.agent, unassigned='mail')
    sink.stop()
    ticket = desk.make_ticket()
    commit()
    notice, = waiting()
    assert notice.next_try > dt.datetime.now()
    sink.start()
    Notice.send_waiting()
    commit()
    assert not sink.messages
    notice.next_try = dt.datetime.now()
    notice.save()
    Notice.send_waiting()
    commit()

    message, = sink.messages
    assert f'[#{ticket.number}]' in message['Subject']
    assert not waiting()


def test_broken_address(sink):
    "D5, SE8: the address of one user does not keep others from being told"
    _test_broken_address(sink)


@with_transaction(user=0)
def _test_broken_address(sink):
    pool = Pool()
    User = pool.get('res.user')
    desk = Helpdesk()
    other = desk.make_user('other', [desk.section])
    User.write([desk.agent], {'email': 'agent@'})
    User.write([other], {'email': 'other@example.com'})
    wants(desk.agent, unassigned='mail')
    wants(other, unassigned='mail')
    desk.make_ticket()
    commit()

    assert [e.rcpt_tos for e in sink.envelopes] == [['other@example.com']]
    notice, = waiting()
    assert notice.user == desk.agent


def test_mail_of_hidden_ticket(sink):
    "SE12: a mail that waits is not sent to who no longer sees the ticket"
    _test_mail_of_hidden_ticket(sink)


@with_transaction(user=0)
def _test_mail_of_hidden_ticket(sink):
    pool = Pool()
    Notice = pool.get('helpdesk.notice')
    Ticket = pool.get('helpdesk.ticket')
    User = pool.get('res.user')
    desk = Helpdesk()
    User.write([desk.agent], {'email': 'agent@example.com'})
    wants(desk.agent, unassigned='mail')
    with Transaction().set_context(desk.context):
        board = desk.make_section("Board", visibility='private')
    sink.stop()
    ticket = desk.make_ticket()
    commit()
    Ticket.write([ticket], {'section': board.id})
    sink.start()
    Notice.send(waiting())

    assert not sink.messages
    assert not waiting()
