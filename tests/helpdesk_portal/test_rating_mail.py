# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import re

from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk.sales import make_party
from tests.helpdesk.test_erase import erase
from tests.helpdesk_mail.mailing import running_sink, send
from tests.helpdesk_mail.test_automatic import lang, set_template
from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter


def setup_module():
    activate_module('helpdesk_portal')


def make_desk(**values):
    return helpdesk(**{'acknowledge': False, 'ask_rating': True, **values})


def resolve(desk, *tickets, button='resolve', user=None):
    "Press the button as an agent does"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    user, context = desk.as_user(user or desk.agent)
    with user, context:
        getattr(Ticket, button)(Ticket.browse([t.id for t in tickets]))


def make_resolved(desk, **values):
    ticket = desk.make_ticket(
        **{'email': 'ada@example.org', 'state': 'open', **values})
    resolve(desk, ticket)
    return ticket


def ask():
    "Let the scheduled action ask, and forget what is in memory"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    for cache in Transaction().cache.values():
        cache.clear()
    with Transaction().set_user(0):
        Ticket.ask_ratings()
    for cache in Transaction().cache.values():
        cache.clear()


def later(**delta):
    "Let time have passed since the tickets were resolved"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    Ticket = pool.get('helpdesk.ticket')
    for Model, name in [(Ticket, 'rating_ask_at'), (Conversation, 'at')]:
        for record in Model.search([(name, '!=', None)]):
            table = Model.__table__()
            Transaction().connection.cursor().execute(*table.update(
                    [getattr(table, name)],
                    [getattr(record, name) - dt.timedelta(**delta)],
                    where=table.id == record.id))


def asked(ticket):
    return [
        c for c in sent(ticket.__class__(ticket.id)) if c.asks_rating]


def links(text):
    return re.findall(r'https?://\S+/helpdesk/rate/([\w-]+)\?score=(\d)', text)


def check_headers(message, ticket):
    assert message['To'] == 'ada@example.org'
    assert message['Subject'] == f"[#{ticket.number}] How did we do?"
    assert message['Auto-Submitted'] == 'auto-replied'
    assert message['X-Auto-Response-Suppress'] == 'All'
    assert message['In-Reply-To'] == '<one@example.org>'
    assert f'+{ticket.id}-' in message['Reply-To']
    assert 'Cc' not in message


@with_transaction()
def test_mail():
    "X5, AG11: a mail asks in the thread of the ticket, with five links"
    pool = Pool()
    Rating = pool.get('helpdesk.rating')
    Request = pool.get('helpdesk.rating.request')
    desk = make_desk(subaddress=True)
    mail, = deliver(letter(
            "Buy pills", subject="Pills", message_id='<one@example.org>'))
    ticket = mail.ticket
    resolve(desk, ticket)
    assert not asked(ticket)
    ask()

    question, = asked(ticket)
    assert question.automatic
    assert not links(question.body)
    with running_sink() as sink:
        send(question)
    message, = sink.messages
    check_headers(message, ticket)
    text = message.get_body(('plain',)).get_content()
    html = message.get_body(('html',)).get_content()
    assert "ills" not in text + html
    found = links(text)
    assert [score for _, score in found] == list('54321')
    token, = {token for token, _ in found}
    assert "Very Good: http" in text
    assert len(re.findall(f'href="[^"]+/rate/{token}.score=', html)) == 5
    # The link to the ticket goes along, and is another
    assert '/guest/' in text and token not in text.partition('/guest/')[2]
    assert Request.find(token).ticket == ticket
    # No letter of ours opens or rates anything
    back, = deliver(bytes(message))
    assert back.state == 'ignored'
    assert ticket.__class__(ticket.id).state == 'resolved'
    assert not Rating.search([])


@with_transaction()
def test_language():
    "PO9: the mail asks in the customer's language"
    desk = make_desk()
    ticket = make_resolved(desk, language=lang('es'))
    ask()
    question, = asked(ticket)
    with running_sink() as sink:
        send(question)
    assert 'lang="es"' in sink.messages[0].get_body(('html',)).get_content()


@with_transaction()
def test_off():
    "X5: no section asks unless it is told to"
    desk = make_desk(ask_rating=False)
    assert not desk.make_section("Sales").ask_rating
    ticket = make_resolved(desk)
    ask()
    assert not asked(ticket)


@with_transaction()
def test_once():
    "X5: a customer is asked once each time that the ticket is resolved"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    ticket = make_resolved(desk)
    for _ in range(2):
        ask()
    resolve(desk, ticket, button='close')
    ask()
    assert len(asked(ticket)) == 1
    Ticket.reopen([Ticket(ticket.id)])
    ask()
    assert len(asked(ticket)) == 1
    resolve(desk, ticket)
    ask()
    assert len(asked(ticket)) == 2


@with_transaction()
def test_delay():
    "X5: the section says how long after, and a reopened ticket isn't asked"
    desk = make_desk(rating_delay=dt.timedelta(hours=24))
    ticket, reopened, closed = (
        make_resolved(desk, email=f'{i}@example.org') for i in range(3))
    ask()
    later(hours=23)
    ask()
    assert not asked(ticket)
    deliver(letter(
            "Not at all", sender='1@example.org',
            subject=f'[#{reopened.number}]'))
    assert reopened.__class__(reopened.id).state == 'open'
    resolve(desk, closed, button='close')
    later(hours=1)
    ask()
    assert [len(asked(t)) for t in [ticket, reopened, closed]] == [1, 0, 1]


@with_transaction()
def test_who_is_asked():
    "X5: only customers whose ticket an agent resolved"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    closed = desk.make_ticket(email='ada@example.org', state='open')
    resolve(desk, closed, button='close')
    nobody = make_resolved(desk, email=None)
    system, customer, moved = (
        desk.make_ticket(email='ada@example.org', state='open')
        for _ in range(3))
    for ticket, context in [
            (system, {'helpdesk_actor': 'system'}),
            (customer, {'helpdesk_actor': 'customer'}),
            (moved, {'helpdesk_acknowledge': False})]:
        with Transaction().set_context(**context):
            Ticket.resolve([ticket])
    ask()
    for ticket in [closed, nobody, system, customer, moved]:
        assert not asked(ticket)


@with_transaction()
def test_addresses():
    "C4: who is blocked or never answered automatically is not asked"
    pool = Pool()
    Address = pool.get('helpdesk.mail.address')
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    Address.create([
            {'pattern': 'robots.example', 'no_automatic': True},
            {'pattern': 'spam.example', 'blocked': True}])
    tickets = [
        make_resolved(desk, email=f'a@{d}.example')
        for d in ['robots', 'spam']]
    ask()
    assert not any(asked(t) for t in tickets)
    assert not Ticket.search([('rating_ask_at', '!=', None)])


@with_transaction()
def test_limit():
    "PO5: nobody gets many in an hour, and nobody waits for days"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = make_desk()
    tickets = [make_resolved(desk) for _ in range(11)]
    for count, left in [(5, 6), (5, 6)]:
        ask()
        assert sum(len(asked(t)) for t in tickets) == count
        assert Ticket.search(
            [('rating_ask_at', '!=', None)], count=True) == left
    later(hours=2)
    ask()
    assert sum(len(asked(t)) for t in tickets) == 10
    later(minutes=23 * 60)
    ask()
    assert not Ticket.search([('rating_ask_at', '!=', None)])


@with_transaction()
def test_one_mail():
    "C19: where customers are told that it is resolved, that mail asks"
    pool = Pool()
    Address = pool.get('helpdesk.mail.address')
    desk = make_desk(rating_delay=dt.timedelta(hours=24))
    set_template(desk, 'over_template', "${ticket.number} is over.")
    ticket = make_resolved(desk)
    later(hours=25)
    ask()

    mail, = sent(ticket.__class__(ticket.id))
    assert mail.asks_rating
    assert mail.body == f"{ticket.number} is over."
    with running_sink() as sink:
        send(mail)
    text = sink.messages[0].get_body(('plain',)).get_content()
    assert text.startswith(f"{ticket.number} is over.")
    assert len(links(text)) == 5

    closed = desk.make_ticket(email='bob@example.org', state='open')
    resolve(desk, closed, button='close')
    told, = sent(closed.__class__(closed.id))
    assert not told.asks_rating

    Address.create([{'pattern': 'spam.example', 'blocked': True}])
    blocked = make_resolved(desk, email='a@spam.example')
    with running_sink() as sink:
        send(*sent(blocked.__class__(blocked.id)))
    assert not links(str(sink.messages[0]))


@with_transaction()
def test_rated_already():
    "X5: who has rated on the page is not asked"
    pool = Pool()
    Rating = pool.get('helpdesk.rating')
    desk = make_desk()
    ticket = make_resolved(desk)
    Rating.record(ticket.__class__(ticket.id), 5)
    ask()
    assert not asked(ticket)


@with_transaction()
def test_reopened_meanwhile():
    "X5: a mail that goes out late asks nothing about what is open again"
    desk = make_desk()
    ticket = make_resolved(desk)
    ask()
    question, = asked(ticket)
    resolve(desk, ticket, button='open')
    with running_sink() as sink:
        send(question)
    assert not links(str(sink.messages[0]))


@with_transaction()
def test_switched_off():
    "C1: without ratings nobody is asked, nor later of what was resolved then"
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    desk = make_desk()
    before = make_resolved(desk)
    configuration = Configuration(1)
    configuration.use_ratings = False
    configuration.save()
    ticket = make_resolved(desk)
    ask()
    configuration.use_ratings = True
    configuration.save()
    ask()
    assert not asked(before) + asked(ticket)


@with_transaction()
def test_send_again():
    "X5: the mail that failed asks with a new link"
    pool = Pool()
    Request = pool.get('helpdesk.rating.request')
    desk = make_desk()
    ticket = make_resolved(desk)
    ask()
    question, = asked(ticket)
    with running_sink() as sink:
        sink.refuse = '550 No such user'
        failed, = send(question)
        assert failed.delivery == 'failed'
        sink.refuse = None
        failed.send_again([failed])
        again, = send(failed)
    assert again.delivery == 'sent'
    (token, _), *_ = links(
        sink.messages[0].get_body(('plain',)).get_content())
    assert Request.find(token)


@with_transaction()
def test_copy():
    "X5: the copy of a resolved ticket is not asked about"
    desk = make_desk(rating_delay=dt.timedelta(hours=1))
    ticket = make_resolved(desk)
    copy, = ticket.copy([ticket.__class__(ticket.id)])
    assert not copy.rating_ask_at


@with_transaction()
def test_erase():
    "PO8, X10: the links of who is erased name nobody and open nothing"
    pool = Pool()
    Request = pool.get('helpdesk.rating.request')
    desk = make_desk()
    ada = make_party(email='ada@example.org')
    ticket = make_resolved(desk, party=ada)
    address, = Request.make([ticket.__class__(ticket.id)])
    token = address.rpartition('/')[2]
    assert Request.find(token)

    erase(ada)

    assert not Request.find(token)
    request, = Request.search([('ticket', '=', ticket.id)])
    assert request.email == '****'
