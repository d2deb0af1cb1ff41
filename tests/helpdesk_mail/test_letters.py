# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import pytest
from trytond.exceptions import UserError, UserWarning
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter


def setup_module():
    activate_module('helpdesk_mail')


def run(desk, name, records, state, user=None, **values):
    "Run a wizard as the client of a user does"
    pool = Pool()
    Wizard = pool.get(name, type='wizard')
    context_ = {
        'active_model': records[0].__name__,
        'active_ids': [r.id for r in records],
        'active_id': records[0].id,
        }
    user, context = desk.as_user(user or desk.manager)
    with user, context, Transaction().set_context(context_):
        session, *_ = Wizard.create()
        try:
            wizard = Wizard(session)
            Wizard.execute(session, {}, 'start')
            result = Wizard.execute(session, {'start': values}, state)
        finally:
            Wizard.delete(session)
        del wizard
    return result


def make(desk, mails, **values):
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    values.setdefault('section', desk.section.id)
    run(desk, 'helpdesk.mail.make_ticket', mails, 'make', **values)
    Mail.judge(mails)
    return Mail.browse(mails)


def move(desk, records, ticket, **values):
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    run(desk, 'helpdesk.mail.move', records, 'move', ticket=ticket.id,
        **values)
    if records[0].__name__ == 'helpdesk.mail':
        Mail.judge(records)
    return [r.__class__(r.id) for r in records]


@with_transaction()
def test_make_ticket():
    "ML5: held and ignored letters become tickets, whatever the reason"
    pool = Pool()
    Party = pool.get('party.party')
    desk = helpdesk()
    with Transaction().set_context(desk.context):
        sales = desk.make_section("Sales")
    party = Party(name="Somebody")
    party.save()
    letters = deliver(
        bytes(range(256)) * 4,
        letter("one"), letter("one"),
        letter("x", sender='MAILER-DAEMON <mailer-daemon@example.org>'),
        letter("y", sender="Support <support@example.com>"))
    unfiled = [m for m in letters if m.state != 'filed']
    assert [m.state for m in unfiled] == ['held'] + ['ignored'] * 3
    made = make(desk, unfiled, section=sales.id, party=party.id)

    assert {m.state for m in made} == {'filed'}
    assert len({m.ticket for m in made}) == 4
    for mail in made:
        assert mail.ticket.section == sales
        assert mail.ticket.party == party
        assert mail.new_ticket


@with_transaction()
def test_make_ticket_of_an_answer():
    "A letter that a person wants as a ticket joins no other"
    desk = helpdesk(unknown_sender='none')
    first, again = deliver(letter("one"), letter("one"))
    made, = make(desk, [again])
    assert made.ticket != first.ticket


@with_transaction()
def test_make_ticket_refused():
    "SE12: agents, filed letters, and sections one does not see are refused"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    desk = helpdesk()
    filed, held = deliver(letter("one"), b'nothing')
    section = desk.section.id
    name = 'helpdesk.mail.make_ticket'
    with pytest.raises(UserError, match="part of a ticket"):
        run(desk, name, [filed], 'make', section=section)
    with pytest.raises(AccessError):
        run(desk, name, [held], 'make', user=desk.agent, section=section)
    assert Mail(held.id).state == 'held'


@with_transaction()
def test_move_held_letter():
    "ML5: a held letter is moved to a ticket, and its sender can go on there"
    desk = helpdesk()
    ticket = desk.make_ticket(email='bob@example.org', state='open')
    held, = deliver(letter(
            "one", sender='', message_id='<one@example.org>'))
    stranger, duplicate = deliver(letter("two"), letter("two"))
    assert (held.state, duplicate.state) == ('held', 'ignored')
    held, duplicate = move(desk, [held, duplicate], ticket)

    assert {held.state, duplicate.state} == {'filed'}
    assert {held.ticket, duplicate.ticket} == {ticket}
    assert not held.new_ticket
    ticket = ticket.__class__(ticket.id)
    assert ticket.unread
    assert [p.email for p in ticket.participants] == ['ada@example.org']
    more, = deliver(letter(
            "three", subject=f"Re: [#{ticket.number}]"))
    assert more.ticket == ticket


@with_transaction()
def test_move_filed_letter():
    """
    ML7: a letter on the wrong ticket moves to the right one with its files;
    notes tell of it; the ticket that only it made is closed by the team
    """
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = helpdesk()
    right = desk.make_ticket(email='bob@example.org', state='open')
    mail, = deliver(letter(
            "My printer burns.", attachments=[('fire.jpg', b'\xff\xd8')]))
    wrong, conversation = mail.ticket, mail.conversation
    Ticket.wait([right])
    mail, = move(desk, [mail], right)

    assert (mail.ticket, mail.conversation) == (right, conversation)
    right, wrong = Ticket.browse([right, wrong])
    conversation = conversation.__class__(conversation.id)
    assert conversation.ticket == right
    assert [a.name for a in conversation.attachments] == ['fire.jpg']
    assert (right.state, right.unread) == ('open', True)
    assert (wrong.state, wrong.closed_by) == ('closed', 'team')
    assert right.number in wrong.conversations[0].body
    notes = [c for c in right.conversations if c.kind == 'note']
    assert wrong.number in notes[0].body
    assert notes[0].direction == 'internal'


@with_transaction()
def test_move_from_ticket_in_use():
    "A ticket that has something of its own stays as it is"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = helpdesk()
    right = desk.make_ticket(email='bob@example.org', state='open')
    first, = deliver(letter("one", message_id='<one@example.org>'))
    second, = deliver(letter("two", References='<one@example.org>'))
    assert second.ticket == first.ticket
    move(desk, [second], right)
    assert Ticket(first.ticket.id).state == 'open'
    move(desk, [first], right)
    # A note of the first move is on it
    assert Ticket(first.ticket.id).state == 'open'
    assert len([
            c for c in Ticket(right.id).conversations
            if c.direction == 'in']) == 2


@with_transaction()
def test_move_to_closed_ticket():
    "E5: for a closed ticket a new one is offered that follows it up"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    Warning = pool.get('res.user.warning')
    desk = helpdesk()
    closed = desk.make_ticket(email='bob@example.org', state='open')
    Ticket.close([closed])
    mail, = deliver(letter())
    with pytest.raises(UserWarning, match="is closed") as raised:
        move(desk, [mail], closed)
    user, context = desk.as_user(desk.manager)
    with user:
        Warning(user=desk.manager, name=raised.value.name).save()
    mail, = move(desk, [mail], closed)

    assert mail.ticket.preceding == closed
    assert mail.ticket.state == 'open'
    assert Ticket(closed.id).state == 'closed'


@with_transaction()
def test_move_by_agent():
    "A6, SE12: an agent moves what is on his tickets, to tickets he works on"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = helpdesk()
    with Transaction().set_context(desk.context):
        board = desk.make_section("Board", visibility='private')
    mail, = deliver(letter())
    hidden = desk.make_ticket(section=board, state='open')
    right = desk.make_ticket(state='open')
    name = 'helpdesk.mail.move'
    with pytest.raises(AccessError):
        run(desk, name, [mail.conversation], 'move', user=desk.agent,
            ticket=hidden.id)
    with pytest.raises(AccessError):
        run(desk, name, [mail], 'move', user=desk.agent, ticket=right.id)
    run(desk, name, [mail.conversation], 'move', user=desk.agent,
        ticket=right.id)
    assert mail.__class__(mail.id).ticket == right
    Ticket.write([right], {'section': board.id})
    with pytest.raises(AccessError):
        run(desk, name, [mail.conversation], 'move', user=desk.agent,
            ticket=hidden.id)


@with_transaction()
def test_move_what_is_no_letter():
    "What did not come as a letter stays where it is, in plain words"
    desk = helpdesk()
    mail, = deliver(letter())
    confirmation, = sent(mail.ticket)
    with pytest.raises(UserError, match="did not come as a letter"):
        run(desk, 'helpdesk.mail.move', [confirmation], 'move',
            user=desk.agent, ticket=mail.ticket.id)


@with_transaction()
def test_search():
    "Letters are found by the words of their reason"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    helpdesk()
    filed, same, held = deliver(letter("one"), letter("one"), b'x')
    for domain, found in [
            ([('reason', 'ilike', '%same as letter%')], [same]),
            ([('reason', 'ilike', '%who sent it%')], [held]),
            ([('reason', '=', None)], [filed]),
            ([('sender', 'ilike', '%ada@%')], [filed, same]),
            ([('section.name', '=', "Support"), ('state', '=', 'filed')],
                [filed]),
            ]:
        assert set(Mail.search(domain)) == set(found), domain


@with_transaction()
def test_move_tells_nobody_of_an_end():
    "C19: who wrote a letter that is moved is not told that it is resolved"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    ReplyTemplate = pool.get('helpdesk.reply_template')
    desk = helpdesk(acknowledge=False)
    template = ReplyTemplate(name="Over", text="It is over.")
    template.save()
    desk.section.over_template = template
    desk.section.save()
    first, second = deliver(letter("one"), letter("two"))
    source = second.ticket
    Mail.move_to([second], first.ticket)

    source = source.__class__(source.id)
    assert source.state == 'closed'
    assert not [c for c in source.conversations if c.direction == 'out']


@with_transaction()
def test_error_is_not_repeated():
    "SE17: of an error people read that there was one, not what it said"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    desk = helpdesk()
    mail, = pool.get('inbound.email.inbox').create([{'name': "Support"}]
        )[0].deliver([letter()])
    Mail.failed(mail, RuntimeError("session 0123456789abcdef"))

    user, context = desk.as_user(desk.manager)
    with user, context:
        row, = Mail.read([mail.id], [
                n for n, f in Mail._fields.items()
                if f._type in {'char', 'text', 'selection'}])
    assert row['state'] == 'failed'
    assert row['reason']
    assert not [v for v in row.values() if '0123456789' in str(v)]
