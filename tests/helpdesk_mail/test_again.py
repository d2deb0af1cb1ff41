# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import datetime as dt

import pytest
import trytond.config as config
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail.test_receive import helpdesk
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


@pytest.fixture
def worker():
    if not config.has_section('queue'):
        config.add_section('queue')
    config.set('queue', 'worker', 'True')
    yield
    config.set('queue', 'worker', 'False')


def store(count):
    "Store letters, whose tasks are lost"
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    inbox = Inbox(name="Support")
    inbox.save()
    mails = inbox.deliver([letter(f"Letter {i}") for i in range(count)])
    lose_tasks()
    return mails


def lose_tasks():
    pool = Pool()
    Queue = pool.get('ir.queue')
    Queue.delete(Queue.search([]))


def tasks():
    pool = Pool()
    Queue = pool.get('ir.queue')
    return [
        (t.data['method'], list(t.data['instances'])) for t in Queue.search(
            [('finished_at', '=', None)], order=[('id', 'ASC')])]


def again(mails):
    "Run the task of the scheduled action, and lose those that follow"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    lose_tasks()
    later(mails)
    Mail.judge_again(mails)
    return tasks()


def later(mails):
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    for mail in Mail.browse(mails):
        if mail.begun_at:
            mail.begun_at -= dt.timedelta(minutes=2)
            mail.save()


@with_transaction(user=0)
def test_letters_that_kill():
    """
    ML1: what is left undone again and again is judged alone, then held; the
    others come first
    """
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    helpdesk()
    mails = store(30)
    ids = [m.id for m in mails]
    for begun in range(3):
        assert again(mails) == [
            ('judge_again', ids[25:]), ('judge', ids[:25])]
        assert again(mails[25:]) == [('judge', ids[25:])]
        assert {m.begun for m in Mail.browse(mails)} == {begun + 1}
    # The newcomer is not kept waiting by the others
    new, = store(1)
    assert again([*mails, new]) == [
        ('judge_again', ids), ('judge', [new.id])]
    assert again(mails) == [('judge_again', ids[1:]), ('judge', ids[:1])]
    Mail.judge(mails[1:])
    assert again(mails) == [('judge', ids[:1])]
    assert again(mails) == []
    deadly = Mail(ids[0])
    assert (deadly.state, deadly.reason_key) == ('held', 'kills')
    assert "ended several times" in deadly.reason
    Mail.retry([deadly])
    assert Mail(deadly.id).begun == 0


@with_transaction(user=0)
def test_tasks_that_lag():
    "X1: tasks that wait in the queue together count once"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    helpdesk()
    mails = store(1)
    for _ in range(10):
        Mail.judge_again(mails)
    mail, = Mail.browse(mails)
    assert (mail.state, mail.begun) == ('received', 1)


@with_transaction(user=0)
def test_queue_does_not_grow():
    "X1: what a task waits for is not queued again, however often one looks"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    helpdesk()
    store(3)
    Mail.judge_waiting()
    assert len(tasks()) == 1


def test_queue_does_not_grow_with_worker(worker):
    "X1: what a task waits for is not queued again, however often one looks"
    _test_queue_does_not_grow_with_worker()


@with_transaction(user=0)
def _test_queue_does_not_grow_with_worker():
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    Queue = pool.get('ir.queue')
    helpdesk()
    *mails, failed = store(3)
    Mail.write([failed], {
            'state': 'failed',
            'next_try': dt.datetime.now() - dt.timedelta(minutes=1)})
    for _ in range(3):
        Mail.judge_waiting()
    assert tasks() == [
        ('judge_again', [m.id for m in [*mails, failed]])]
    # Who took them may have been killed
    Queue.write(Queue.search([]), {'dequeued_at': dt.datetime.now()})
    Mail.judge_waiting()
    assert len(tasks()) == 2


def test_queue_of_mails_does_not_grow(worker):
    "X1: a mail that a task waits for is not queued again"
    _test_queue_of_mails_does_not_grow()


@with_transaction(user=0)
def _test_queue_of_mails_does_not_grow():
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk = helpdesk()
    ticket = desk.make_ticket(email='ada@example.org', state='open')
    conversations = Conversation.create([{
                'ticket': ticket.id, 'kind': 'email', 'direction': 'out',
                'body': "Hello"} for _ in range(2)])
    Conversation.write(conversations, {
            'next_try': dt.datetime.now() - dt.timedelta(minutes=2)})
    before = [t for t in tasks() if t[0] == 'send']
    Conversation.send_waiting()
    assert [t for t in tasks() if t[0] == 'send'] == before

    lose_tasks()
    for _ in range(3):
        Conversation.send_waiting()
    assert tasks() == [('send', [c.id for c in conversations])]
