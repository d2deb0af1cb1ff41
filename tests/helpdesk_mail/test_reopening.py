# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction

from tests.helpdesk_mail.test_receive import deliver, helpdesk
from tests.records import letter

DAY = dt.timedelta(days=1)


def setup_module():
    activate_module('helpdesk_mail')


def closed(desk, days):
    "Return a ticket that was closed some days ago"
    ticket = desk.make_ticket(email='ada@example.org', state='open')
    ticket.close([ticket])
    ticket = ticket.__class__(ticket.id)
    ticket.__class__.write(
        [ticket], {'closed_at': ticket.closed_at - days * DAY})
    return ticket.__class__(ticket.id)


def answer(ticket, **headers):
    mail, = deliver(letter(
            f"About {ticket.number}", subject=f'Re: [#{ticket.number}]',
            **headers))
    return mail


@with_transaction()
def test_within():
    "AG13: within its time an answer opens the closed ticket again"
    desk = helpdesk(reopen_within=3 * DAY)
    ticket = closed(desk, 2)
    mail = answer(ticket)
    ticket = ticket.__class__(ticket.id)
    assert mail.ticket == ticket
    assert (ticket.state, ticket.unread) == ('open', True)
    assert (ticket.closed_at, ticket.closed_by) == (None, None)
    assert (ticket.history[0].new, ticket.history[0].actor) == (
        'open', 'customer')


@with_transaction()
def test_later():
    "AG13, E5: later, or where none is reopened, it makes a follow-up"
    desk = helpdesk(reopen_within=3 * DAY)
    for within in [3 * DAY, None]:
        desk.section.reopen_within = within
        desk.section.save()
        ticket = closed(desk, 4 if within else 0)
        mail = answer(ticket)
        assert ticket.__class__(ticket.id).state == 'closed'
        assert mail.ticket.preceding == ticket


@with_transaction()
def test_archived():
    "D8, E5: what answers an archived ticket finds it, as any closed one"
    desk = helpdesk()
    for within in [None, 3 * DAY]:
        desk.section.reopen_within = within
        desk.section.save()
        ticket = closed(desk, 0)
        ticket.archive([ticket])
        mail = answer(ticket)
        ticket = ticket.__class__(ticket.id)
        if within:
            assert mail.ticket == ticket
            assert (ticket.state, ticket.active) == ('open', True)
        else:
            assert mail.ticket.preceding == ticket
            assert (ticket.state, ticket.active) == ('closed', False)


@with_transaction()
def test_absurdly_late():
    "AG13: a time that no calendar has keeps no letter out"
    desk = helpdesk(reopen_within=dt.timedelta.max)
    ticket = closed(desk, 4)
    assert answer(ticket).ticket == ticket
    assert ticket.__class__(ticket.id).state == 'open'


@with_transaction()
def test_machine():
    "AG13, ML7: what a machine answers opens nothing"
    desk = helpdesk(reopen_within=3 * DAY)
    ticket = closed(desk, 1)
    answer(ticket, Auto_Submitted='auto-generated')
    assert ticket.__class__(ticket.id).state == 'closed'


@with_transaction()
def test_call():
    "AG13: a call that an agent notes on a closed ticket leaves it closed"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk = helpdesk(reopen_within=3 * DAY)
    ticket = closed(desk, 1)
    Conversation.create([{
                'ticket': ticket.id, 'kind': 'phone', 'direction': 'in',
                'body': "Thanks"}])
    assert ticket.__class__(ticket.id).state == 'closed'
