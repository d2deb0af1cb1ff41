# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk.test_notice import bell
from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


def limit(desk, number):
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    with Transaction().set_context(desk.context):
        Configuration(1).set_multivalue('mail_tickets_per_hour', number)


def told(user):
    return [t for t, _ in bell(user) if 'too many' in t]


@with_transaction(user=0)
def test_flood():
    """
    ML11: above the limit letters are held, with the reason; the managers are
    told once; others are not concerned
    """
    desk = helpdesk()
    limit(desk, 3)
    mails = deliver(*(letter(f"Letter {i}") for i in range(5)))
    assert [m.state for m in mails] == ['filed'] * 3 + ['held'] * 2
    assert {m.reason_key for m in mails[3:]} == {'flood'}
    assert 'too many tickets' in mails[4].reason
    assert [m.new_ticket for m in mails] == [True] * 3 + [False] * 2
    assert len(told(desk.manager)) == 1
    assert not told(desk.agent)

    again, other = deliver(
        letter("Letter 6"), letter("Hello", sender='bob@example.org'))
    assert (again.state, other.state) == ('held', 'filed')
    assert not told(desk.manager)


@with_transaction(user=0)
def test_answers_are_no_flood():
    "ML11: what joins a ticket is not limited"
    desk = helpdesk()
    limit(desk, 1)
    first, = deliver(letter("one", message_id='<one@example.org>'))
    answers = deliver(*(
            letter(f"more {i}", References='<one@example.org>')
            for i in range(3)))
    assert {m.ticket for m in answers} == {first.ticket}


@with_transaction(user=0)
def test_flood_in_a_batch():
    "ML11: what answers a letter that is held does not join it"
    desk = helpdesk()
    limit(desk, 1)
    mails = deliver(
        letter("one"), letter("two", message_id='<two@example.org>'),
        letter("three", References='<two@example.org>'))
    assert [m.state for m in mails] == ['filed', 'held', 'held']


@with_transaction(user=0)
def test_flood_let_in():
    "ML5, ML11: a person lets in what was held; without a limit all come in"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    desk = helpdesk()
    limit(desk, 1)
    one, two, three = deliver(letter("one"), letter("two"), letter("three"))
    Mail.release([two])
    Mail.judge([two])
    assert Mail(two.id).state == 'filed'
    limit(desk, None)
    Mail.retry([three])
    Mail.judge([three])
    assert Mail(three.id).state == 'filed'


@with_transaction(user=0)
def test_limit_by_default():
    "ML11: thirty tickets an hour, unless set otherwise; five confirmations"
    helpdesk()
    mails = deliver(*(letter(f"Letter {i}") for i in range(32)))
    assert [m.state for m in mails].count('held') == 2
    assert sum(len(sent(m.ticket)) for m in mails if m.ticket) == 5
