# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk.sales import make_party, make_sale, make_seller
from tests.helpdesk.test_erase import erase
from tests.helpdesk.test_notice import bell
from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


def make_resolved(desk, **values):
    "Return a ticket that its responsible resolved an hour ago"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    ticket = desk.make_ticket(
        **{'employee': desk.agent.employee, 'state': 'open', **values})
    Ticket.resolve([ticket])
    past(ticket)
    return Ticket(ticket.id)


def past(ticket):
    "Let it have been an hour ago that the ticket was resolved"
    pool = Pool()
    History = pool.get('helpdesk.history')
    Ticket = pool.get('helpdesk.ticket')
    ticket = Ticket(ticket.id)
    ago = ticket.resolved_at - dt.timedelta(hours=1)
    Ticket.write([ticket], {'resolved_at': ago})
    table = History.__table__()
    Transaction().connection.cursor().execute(*table.update(
            [table.at], [ago], where=table.ticket == ticket.id))


def rate(ticket, score, comment='', **values):
    pool = Pool()
    Rating = pool.get('helpdesk.rating')
    with Transaction().set_user(0):
        return Rating.record(
            ticket.__class__(ticket.id), score, comment, **values)


@with_transaction()
def test_record():
    "X5: the verdict is kept with whom it is about"
    desk = Helpdesk()
    ada = make_party()
    ticket = make_resolved(desk, party=ada)
    rating = rate(ticket, 4, "Quick", channel='email')

    assert (rating.ticket, rating.section, rating.employee, rating.party) == (
        ticket, desk.section, desk.agent.employee, ada)
    assert (rating.score, rating.verdict, rating.comment) == (
        4, '4', "Quick")
    assert (rating.channel, rating.resolved_at) == (
        'email', ticket.resolved_at)
    assert ticket.rating == '4'


@with_transaction()
def test_not_over():
    "X5: what is being worked on is not rated"
    pool = Pool()
    Rating = pool.get('helpdesk.rating')
    desk = Helpdesk()
    for state in ['draft', 'open', 'pending', 'third_party']:
        assert rate(desk.make_ticket(state=state), 5) is None
    assert not Rating.search([])


@with_transaction()
def test_second_thoughts():
    "X5: a second verdict takes the place of the first"
    pool = Pool()
    Rating = pool.get('helpdesk.rating')
    desk = Helpdesk()
    ticket = make_resolved(desk)
    rate(ticket, 1, "Bad")
    rate(ticket, 5)

    rating, = Rating.search([])
    assert (rating.score, rating.comment) == (5, None)
    assert ticket.__class__(ticket.id).rating == '5'


@with_transaction()
def test_rounds():
    "X5: a ticket that is resolved again is rated again; both are kept"
    pool = Pool()
    Rating = pool.get('helpdesk.rating')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = make_resolved(desk)
    rate(ticket, 1)
    Ticket.close([ticket])
    rate(ticket, 2)
    Ticket.reopen([Ticket(ticket.id)])
    assert rate(ticket, 3) is None
    Ticket.resolve([Ticket(ticket.id)])
    rate(ticket, 5)

    assert sorted(r.score for r in Rating.search([])) == [2, 5]
    assert Ticket(ticket.id).rating == '5'


@with_transaction()
def test_closed_at_once():
    "X5: a ticket closed without being resolved can be rated too"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket(state='open')
    Ticket.close([ticket])
    rating = rate(ticket, 3)
    assert rating.resolved_at == Ticket(ticket.id).closed_at


@with_transaction()
def test_whose_it_was():
    "X5: later moves don't shift the figures to others"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        sales, board = desk.make_section("Sales"), desk.make_section("Board")
    other = desk.make_user('other', [sales, board])
    ticket = make_resolved(desk)
    unassigned = make_resolved(desk, employee=None)
    for section in [sales, board]:
        for moved in [ticket, unassigned]:
            Ticket.write([Ticket(moved.id)], {
                    'section': section.id,
                    'employee': other.employee.id})

    rating = rate(ticket, 4)
    assert (rating.section, rating.employee) == (
        desk.section, desk.agent.employee)
    rating = rate(unassigned, 4)
    assert (rating.section, rating.employee) == (desk.section, None)


@with_transaction()
def test_history():
    "E7: the history tells what the customer thought, in words"
    desk = Helpdesk()
    ticket = make_resolved(desk)
    rate(ticket, 2)
    rate(ticket, 5)

    rows = [h for h in ticket.__class__(ticket.id).history
        if h.what == 'rating']
    assert [(h.old_name, h.new_name, h.actor, h.who) for h in rows] == [
        ("Bad", "Very Good", 'customer', "Customer"),
        ("", "Bad", 'customer', "Customer"),
        ]


@with_transaction()
def test_comment():
    "E7: agents read the comment among the conversations; nothing is reopened"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = make_resolved(desk, contact_name="Ada")
    rate(ticket, 2, "<b>100% slow</b>")
    rate(ticket, 3, "<b>100% slow</b>")

    ticket = Ticket(ticket.id)
    note, = ticket.conversations
    assert (note.kind, note.direction, note.author) == (
        'note', 'internal', "Ada")
    assert note.body == "The customer's rating: Bad\n\n<b>100% slow</b>"
    assert '<b>' not in note.content
    assert (ticket.state, ticket.unread) == ('resolved', False)
    assert not ticket.last_communication_at


@with_transaction(user=0)
def test_notice():
    "X5: the responsible and the followers are told of bad ratings only, once"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = make_resolved(desk)
    with Transaction().set_user(desk.manager.id):
        Ticket.follow([ticket])
    for user in [desk.agent, desk.manager]:
        bell(user)
    rate(ticket, 3)
    assert not bell(desk.agent)
    rate(ticket, 2)
    rate(ticket, 1)
    told = [(
            f"#{ticket.number}: The customer gave a bad rating",
            ticket.subject)]
    assert bell(desk.agent) == told
    assert bell(desk.manager) == told


@with_transaction()
def test_search():
    "X5: tickets are found by their last rating"
    pool = Pool()
    Rating = pool.get('helpdesk.rating')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    twice, bad, unrated = (make_resolved(desk) for _ in range(3))
    rate(twice, 1)
    Ticket.open([Ticket(twice.id)])
    Ticket.resolve([Ticket(twice.id)])
    rate(twice, 5)
    rate(bad, 1)
    for clause, found in [
            (('=', '1'), {bad}),
            (('!=', '1'), {twice, unrated}),
            (('in', ['1', '5']), {bad, twice}),
            (('not in', ['1', '5']), {unrated}),
            (('in', ['5', None]), {twice, unrated}),
            (('in', []), set()),
            (('not in', []), {twice, bad, unrated}),
            (('=', None), {unrated}),
            (('!=', None), {twice, bad}),
            ]:
        assert set(Ticket.search([('rating', *clause)])) == found, clause
    assert len(Rating.search([('verdict', '=', '1')])) == 2
    assert len(Rating.search([('verdict', 'in', ['1', '5'])])) == 3
    assert [r.score for r in Rating.search(
            [], order=[('verdict', 'ASC')])] == [1, 1, 5]


@with_transaction()
def test_figures():
    "X5: sections show the average and the number of the last 90 days"
    pool = Pool()
    Rating = pool.get('helpdesk.rating')
    Section = pool.get('helpdesk.section')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        sales = desk.make_section("Sales")
    for score in [5, 4, 4]:
        rate(make_resolved(desk), score)
    old = rate(make_resolved(desk), 1)
    Rating.write(
        [old], {'at': dt.datetime.now() - dt.timedelta(days=91)})

    support, sales = Section.browse([desk.section, sales])
    assert (support.rating_average, support.rating_count) == (4.3, 3)
    assert (sales.rating_average, sales.rating_count) == (None, 0)


@with_transaction()
def test_statements():
    "X11: what lists show of ratings costs the same for many as for few"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        sections = [desk.make_section(f"Section {i}") for i in range(9)]
    tickets = [make_resolved(desk) for _ in range(9)]
    for ticket in tickets:
        rate(ticket, 4)
    for Model, names, records in [
            (Ticket, ['rating'], tickets),
            (Section, ['rating_average', 'rating_count'], sections)]:
        counts = []
        for count in [2, 9]:
            Transaction().cache.clear()
            with Statements() as statements:
                Model.read([r.id for r in records[:count]], names)
            counts.append(statements.count)
        assert counts[0] == counts[1]


@with_transaction()
def test_averages():
    "X5: managers see averages by month, section and who was responsible"
    pool = Pool()
    Average = pool.get('helpdesk.rating.average')
    Rating = pool.get('helpdesk.rating')
    desk = Helpdesk()
    for score in [5, 4, 4]:
        rating = rate(make_resolved(desk), score)
        Rating.write([rating], {'at': dt.datetime(2026, 3, 31, 23, 59)})
    early = rate(make_resolved(desk), 1)
    Rating.write([early], {'at': dt.datetime(2026, 2, 1)})
    nobody = rate(make_resolved(desk, employee=None), 2)
    Rating.write([nobody], {'at': dt.datetime(2026, 3, 1)})
    agent = desk.agent.employee
    user, context = desk.as_user(desk.manager)
    with user, context:
        shown = Average.search([])
        assert {
            (a.month, a.section, a.employee, a.count, round(a.average, 1))
            for a in shown} == {
            (dt.date(2026, 3, 1), desk.section, agent, 3, 4.3),
            (dt.date(2026, 3, 1), desk.section, None, 1, 2.0),
            (dt.date(2026, 2, 1), desk.section, agent, 1, 1.0),
            }
        assert shown[0].month == dt.date(2026, 3, 1)
        assert Average.search([('average', '<', 2)])[0].count == 1
    user, context = desk.as_user(desk.agent)
    with user, context, pytest.raises(AccessError):
        Average.search([])


@with_transaction()
def test_access():
    "X5, SE12: ratings are read with the ticket, and nobody makes them"
    pool = Pool()
    Rating = pool.get('helpdesk.rating')
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        board = desk.make_section("Board", visibility='private')
    ada = make_party()
    ticket = make_resolved(desk, party=ada, sale=make_sale(desk, ada))
    hidden = make_resolved(desk, section=board, employee=None)
    shown, secret = rate(ticket, 5, "Thanks"), rate(hidden, 1)
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert Rating.search([]) == [shown]
        assert Rating(shown.id).comment == "Thanks"
        with pytest.raises(AccessError):
            Rating.read([secret.id], ['score'])
        for change in [
                lambda: Rating.write([Rating(shown.id)], {'score': 1}),
                lambda: Rating.delete([Rating(shown.id)]),
                lambda: Rating.create([{
                            'ticket': ticket.id,
                            'section': desk.section.id,
                            'score': 5,
                            'channel': 'web',
                            'at': shown.at,
                            'resolved_at': shown.at,
                            }]),
                lambda: Ticket.write([Ticket(ticket.id)], {
                        'ratings': [('write', [shown.id], {'score': 1})]}),
                ]:
            with pytest.raises(AccessError):
                change()
    user, context = desk.as_user(make_seller(desk))
    with user, context:
        assert Ticket.search([])
        assert not Rating.search([])


@with_transaction()
def test_copy():
    "X5: the copy of a ticket has no rating"
    desk = Helpdesk()
    ticket = make_resolved(desk)
    rate(ticket, 5)
    copy, = ticket.copy([ticket])
    assert not copy.ratings
    assert not copy.rating


@with_transaction()
def test_erase():
    "PO8, X10: the comment of who is erased goes, the score counts on"
    pool = Pool()
    Rating = pool.get('helpdesk.rating')
    desk = Helpdesk()
    ada = make_party(email='ada@example.org')
    ticket = make_resolved(desk, party=ada)
    rate(ticket, 2, "I am Ada")

    erase(ada)

    rating, = Rating.search([])
    assert (rating.score, rating.comment) == (2, None)
    assert not any(c.body for c in ticket.__class__(ticket.id).conversations)


@with_transaction()
def test_replace():
    "X5: the ratings of a party go to the one that takes its place"
    pool = Pool()
    Replace = pool.get('party.replace', type='wizard')
    assert ('helpdesk.rating', 'party') in Replace.fields_to_replace()
