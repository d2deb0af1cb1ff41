# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from trytond.model import ModelSQL
from trytond.model.exceptions import AccessButtonError, AccessError
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


def visible(desk, user):
    "Return the subjects of the tickets that the user sees"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    user, context = desk.as_user(user)
    with user, context:
        return {t.subject for t in Ticket.search([])}


@with_transaction()
def test_rights():
    "SE12: no model is left to everybody by forgetting to give rights to it"
    pool = Pool()
    Access = pool.get('ir.model.access')
    models = {
        name for name, Model in pool.iterobject()
        if name.startswith('helpdesk.') and issubclass(Model, ModelSQL)
        and not Model.__access__}
    assert {
        a.model for a in Access.search([('model', 'in', list(models))])
        } == models


@with_transaction()
def test_opening_hours_of_company():
    "SE12, C10: only administrators say when a company works"
    pool = Pool()
    Value = pool.get('helpdesk.configuration.work_calendar')
    desk = Helpdesk()
    for who in [desk.agent, desk.manager]:
        user, context = desk.as_user(who)
        with user, context, pytest.raises(AccessError):
            Value.create([{'company': desk.company.id}])


@with_transaction()
def test_sections():
    "A3, D4: agents see their sections and the open ones, managers all"
    desk = Helpdesk(visibility='private')
    with Transaction().set_context(desk.context):
        sales = desk.make_section("Sales", visibility='private')
        internal = desk.make_section("IT", visibility='internal')
    other = desk.make_user('other', [sales])
    for section in [desk.section, sales, internal]:
        desk.make_ticket(section=section, subject=section.name)

    assert visible(desk, desk.agent) == {"Support", "IT"}
    assert visible(desk, other) == {"Sales", "IT"}
    assert visible(desk, desk.manager) == {"Support", "Sales", "IT"}


@with_transaction()
def test_membership_counts_at_once():
    "Who joins or leaves a section sees its tickets, or no longer does"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    desk = Helpdesk(visibility='private')
    desk.make_ticket()
    newcomer = desk.make_user('newcomer', [])
    assert not visible(desk, newcomer)
    section = Section(desk.section.id)
    section.members = [*section.members, newcomer.employee]
    section.save()
    assert visible(desk, newcomer)
    section.members = [
        m for m in section.members if m != newcomer.employee]
    section.save()
    assert not visible(desk, newcomer)


@with_transaction()
def test_companies():
    "Nobody sees the tickets of a company that is not theirs"
    from trytond.modules.company.tests import create_company
    desk = Helpdesk()
    desk.make_ticket(subject="Ours")
    elsewhere = Helpdesk.__new__(Helpdesk)
    elsewhere.company = create_company(name="Elsewhere")
    elsewhere.context = {'company': elsewhere.company.id}
    with Transaction().set_context(elsewhere.context):
        elsewhere.section = elsewhere.make_section("Theirs")
    elsewhere.make_ticket(subject="Theirs")

    assert visible(desk, desk.agent) == {"Ours"}
    assert visible(desk, desk.manager) == {"Ours"}


@with_transaction()
def test_new_tickets_are_new():
    "SE12: nobody makes a ticket that was answered or closed already"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    values = {
        'subject': "New", 'section': desk.section.id,
        'company': desk.company.id}
    user, context = desk.as_user(desk.agent)
    with user, context:
        Ticket.create([values])
        for name in ['first_answer_at', 'last_communication_at',
                'resolved_at', 'closed_at']:
            with pytest.raises(AccessError):
                Ticket.create([{**values, name: dt.datetime(2026, 1, 1)}])


@with_transaction()
def test_hidden_ticket_stays_hidden():
    "SE12: nothing of a hidden ticket is read or done by its id"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    Conversation = pool.get('helpdesk.conversation')
    History = pool.get('helpdesk.history')
    desk = Helpdesk(visibility='private')
    ticket = desk.make_ticket(state='open')
    note, = Conversation.create([{
                'ticket': ticket.id, 'kind': 'note', 'direction': 'internal',
                'body': "secret"}])
    row, = ticket.history
    other = desk.make_user('other', [])
    user, context = desk.as_user(other)
    with user, context:
        for Model, id_ in [
                (Ticket, ticket.id), (Conversation, note.id),
                (History, row.id)]:
            with pytest.raises((AccessError, AccessButtonError)):
                Model.read([id_], ['rec_name'])
            assert not Model.search([('id', '=', id_)])
        for do in [Ticket.close, Ticket.take]:
            with pytest.raises((AccessError, AccessButtonError)):
                do([Ticket(ticket.id)])
        with pytest.raises((AccessError, AccessButtonError)):
            Ticket.write([Ticket(ticket.id)], {'subject': "mine"})
        with pytest.raises((AccessError, AccessButtonError)):
            Conversation.create([{
                        'ticket': ticket.id, 'kind': 'note',
                        'direction': 'internal', 'body': "me too"}])
        Wizard = pool.get('helpdesk.ticket.note', type='wizard')
        with Transaction().set_context(
                active_model='helpdesk.ticket', active_id=ticket.id,
                active_ids=[ticket.id]):
            with pytest.raises(AccessError):
                session_id, _, _ = Wizard.create()
                Wizard.execute(session_id, {
                        'start': {'text': "me too", 'attachments': []}},
                    'save')


@with_transaction()
def test_hidden_ticket_is_not_exported():
    "SE12: nothing of a hidden ticket is exported by its id"
    pool = Pool()
    Participant = pool.get('helpdesk.participant')
    desk = Helpdesk(visibility='private')
    ticket = desk.make_ticket(state='open')
    participant, = Participant.create([{
                'ticket': ticket.id, 'email': 'bob@example.org'}])
    row, = ticket.history
    other = desk.make_user('other', [])
    user, context = desk.as_user(other)
    with user, context:
        for record, name in [
                (ticket, 'subject'), (participant, 'email'), (row, 'new'),
                (row, 'ticket/subject')]:
            with pytest.raises(AccessError):
                record.__class__.export_data(
                    [record.__class__(record.id)], [name])


@with_transaction()
def test_nobody_puts_words_into_the_customers_mouth():
    "An agent writes down telephone calls, but no mail of the customer"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk = Helpdesk()
    ticket = desk.make_ticket(state='open')
    user, context = desk.as_user(desk.agent)
    with user, context:
        values = {'ticket': ticket.id, 'direction': 'in', 'body': "Hello"}
        Conversation.create([{**values, 'kind': 'phone'}])
        with pytest.raises((AccessError, AccessButtonError)):
            Conversation.create([{**values, 'kind': 'email'}])


@with_transaction()
def test_what_was_said_is_kept():
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    desk = Helpdesk()
    ticket = desk.make_ticket(state='open')
    note, = Conversation.create([{
                'ticket': ticket.id, 'kind': 'note', 'direction': 'internal',
                'body': "done"}])
    user, context = desk.as_user(desk.manager)
    with user, context:
        with pytest.raises((AccessError, AccessButtonError)):
            Conversation.write([Conversation(note.id)], {'body': "undone"})
        with pytest.raises((AccessError, AccessButtonError)):
            Conversation.delete([Conversation(note.id)])


@with_transaction()
def test_files_are_kept():
    "The files of a conversation are neither changed, removed nor added to"
    pool = Pool()
    Attachment = pool.get('ir.attachment')
    Conversation = pool.get('helpdesk.conversation')
    desk = Helpdesk()
    ticket = desk.make_ticket(state='open')
    sent, = Conversation.create([{
                'ticket': ticket.id, 'kind': 'phone', 'direction': 'out',
                'attachments': [
                    ('create', [{'name': 'a.txt', 'data': b'a'}])]}])
    attachment, = sent.attachments
    user, context = desk.as_user(desk.manager)
    with user, context:
        attachment = Attachment(attachment.id)
        assert bytes(attachment.data) == b'a'
        with pytest.raises(AccessError):
            Attachment.write([attachment], {'data': b'b'})
        with pytest.raises(AccessError):
            Attachment.delete([attachment])
        with pytest.raises(AccessError):
            Attachment.create([{
                        'name': 'b.txt', 'data': b'b',
                        'resource': str(sent)}])
        other, = Attachment.create([{
                    'name': 'b.txt', 'data': b'b', 'resource': str(ticket)}])
        with pytest.raises(AccessError):
            Attachment.write([other], {'resource': str(sent)})


@with_transaction()
def test_state_is_changed_by_buttons():
    "No client writes the state, the number or the clocks of a ticket"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    ticket = desk.make_ticket(state='open')
    user, context = desk.as_user(desk.manager)
    with user, context:
        for values in [
                {'state': 'closed'}, {'number': '1'}, {'unread': True},
                {'subject': "New", 'closed_by': 'customer'}]:
            with pytest.raises(AccessError):
                Ticket.write([Ticket(ticket.id)], values)
    assert Ticket(ticket.id).subject != "New"


@with_transaction()
def test_agent_creates_ticket():
    "An agent creates a ticket with all the fields that a client sends"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    user, context = desk.as_user(desk.agent)
    with user, context:
        ticket, = Ticket.create([{
                    'subject': "By hand", 'company': desk.company.id,
                    'section': desk.section.id, 'priority': 'normal',
                    'channel': 'phone', 'description': "Called",
                    'employee': desk.agent.employee.id}])
        with pytest.raises(AccessError):
            Ticket.create([{
                        'subject': "Forged", 'company': desk.company.id,
                        'section': desk.section.id, 'state': 'closed',
                        'closed_by': 'customer'}])
    assert Ticket(ticket.id).state == 'draft'


@with_transaction()
def test_form_with_hidden_tickets_around():
    "A ticket can be opened whose preceding and follow-up one may not see"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        private = desk.make_section("Board", visibility='private')
    hidden = desk.make_ticket(section=private)
    ticket = desk.make_ticket(preceding=hidden)
    desk.make_ticket(section=private, preceding=ticket)
    user, context = desk.as_user(desk.agent)
    with user, context:
        form = Ticket.fields_view_get(view_type='form')
        names = [n for n in form['fields'] if n != 'preceding']
        values, = Ticket.read([ticket.id], [
                *names, 'visible_preceding.rec_name', 'follow_ups.rec_name'])
    assert values['visible_preceding'] is None
    assert not values['follow_ups']


@with_transaction()
def test_strangers_see_nothing():
    "A user without any group of the helpdesk does not see it"
    pool = Pool()
    User = pool.get('res.user')
    desk = Helpdesk()
    desk.make_ticket()
    user = desk.make_user('stranger', [])
    user.groups = []
    User.save([user])
    with pytest.raises((AccessError, AccessButtonError)):
        visible(desk, user)
