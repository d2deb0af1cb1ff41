# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk.test_notice import bell, wants
from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


@with_transaction(user=0)
def test_letters():
    "D5: a new letter is told as a new ticket, the next as an answer"
    desk = helpdesk()
    mail, = deliver(letter("My printer burns.", subject="Printer"))
    ticket = mail.ticket
    assert bell(desk.agent) == [
        (f"#{ticket.number}: Nobody is responsible", "Printer")]
    ticket.employee = desk.agent.employee
    ticket.save()
    bell(desk.agent)
    confirmation, = sent(ticket)
    deliver(letter("Hurry!", In_Reply_To=f'<{confirmation.message_id}>'))
    assert bell(desk.agent) == [
        (f"#{ticket.number}: The customer answered", "Printer")]


@with_transaction(user=0)
def test_machines_are_not_told():
    "D5: an absence note of the customer rings no bell"
    desk = helpdesk()
    mail, = deliver(letter("My printer burns."))
    ticket = mail.ticket
    ticket.employee = desk.agent.employee
    ticket.save()
    bell(desk.agent)
    confirmation, = sent(ticket)
    deliver(letter(
            "I am away.", In_Reply_To=f'<{confirmation.message_id}>',
            Auto_Submitted='auto-replied'))
    assert not bell(desk.agent)


@with_transaction(user=0)
def test_notice_is_no_letter():
    "ML11: a notice that comes back to a section makes no ticket"
    pool = Pool()
    Notice = pool.get('helpdesk.notice')
    Ticket = pool.get('helpdesk.ticket')
    User = pool.get('res.user')
    desk = helpdesk()
    User.write([desk.agent], {'email': 'support@example.com'})
    wants(desk.agent, unassigned='none', assigned='mail')
    ticket = desk.make_ticket()
    notice, = Notice.create([{
                'user': desk.agent.id, 'ticket': ticket.id,
                'event': 'assigned'}])
    back, = deliver(bytes(notice.render()))

    assert back.state == 'ignored'
    assert list(Ticket.search([])) == [ticket]


@with_transaction(user=0)
def test_silent_letters():
    "Imports of old letters tell nobody"
    desk = helpdesk()
    with Transaction().set_context(helpdesk_notify=False):
        deliver(letter())
    assert not bell(desk.agent)
