# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond import backend
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.benchmarks.statements import Statements
from tests.helpdesk_mail.test_receive import deliver, helpdesk
from tests.records import letter

# Once in a while Tryton counts anew how many records there are, and letters
# that come before and after a full second are written apart
SPARE = 15


def setup_module():
    activate_module('helpdesk_mail')


def make(model, name, **values):
    pool = Pool()
    Model = pool.get(f'helpdesk.{model}')
    record = Model(name=name, **values)
    record.save()
    return record


def make_inbox(section=None, **values):
    pool = Pool()
    Inbox = pool.get('inbound.email.inbox')
    Rule = pool.get('inbound.email.rule')
    inbox = Inbox(name="Rules", rules=[Rule(
                action='helpdesk.mail|receive', section=section, **values)])
    inbox.save()
    return inbox


@with_transaction()
def test_new_ticket_by_section():
    "C15: what a section gives to the tickets that letters make"
    first = make('stage', "First")
    stage, tag = make('stage', "By Mail"), make('tag', "mail")
    desk = helpdesk(mail_stage=stage, mail_tags=[tag])
    mail, = deliver(letter())

    assert mail.ticket.stage == stage
    assert list(mail.ticket.tags) == [tag]
    assert mail.ticket.state == 'open'
    by_hand = desk.make_ticket(state='open')
    assert by_hand.stage == first
    assert not by_hand.tags


@with_transaction()
def test_new_ticket_by_rule():
    "C15: what a rule gives goes before what its section gives"
    desk = helpdesk(
        ticket_priority='low', ticket_type=make('type', "Question"),
        mail_stage=make('stage', "By Mail"), mail_tags=[make('tag', "mail")])
    stage = make('stage', "Outside", state='third_party')
    type_, category = make('type', "Order"), make('category', "Printers")
    tag = make('tag', "rule")
    mail, = deliver(letter(), inbox=make_inbox(
            employee=desk.agent.employee, stage=stage, type=type_,
            category=category, priority='urgent', tags=[tag]))

    ticket = mail.ticket
    assert ticket.employee == desk.agent.employee
    assert (ticket.stage, ticket.state) == (stage, 'third_party')
    assert (ticket.type, ticket.category) == (type_, category)
    assert ticket.priority == 'urgent'
    assert {t.name for t in ticket.tags} == {"mail", "rule"}
    # What is left empty is for the section to say
    mail, = deliver(letter("two"), inbox=make_inbox(priority='high'))
    assert mail.ticket.priority == 'high'
    assert mail.ticket.type.name == "Question"
    assert mail.ticket.stage.name == "By Mail"
    assert mail.ticket.employee is None


@with_transaction()
def test_rule_that_does_not_fit():
    "C15: what a section may not have is left out, the letter is filed"
    desk = helpdesk(ticket_type=make('type', "Question"))
    with Transaction().set_context(desk.context):
        other = desk.make_section("Other")
    stranger = desk.make_user('stranger', [other])
    tag = make('tag', "old")
    inbox = make_inbox(
        employee=stranger.employee,
        stage=make('stage', "Theirs", sections=[other]),
        type=make('type', "Theirs", sections=[other]),
        category=make('category', "Theirs", sections=[other]),
        tags=[tag])
    tag.active = False
    tag.save()
    mail, = deliver(letter(), inbox=inbox)

    assert mail.state == 'filed'
    assert mail.ticket.employee is None
    assert mail.ticket.stage is None
    assert mail.ticket.type.name == "Question"
    assert mail.ticket.category is None
    assert not mail.ticket.tags


@with_transaction()
def test_follow_up_keeps_its_values():
    "C15, E5: what follows up a closed ticket keeps what that one had"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    helpdesk()
    inbox = make_inbox(priority='urgent')
    mail, = deliver(
        letter("one", message_id='<one@example.org>'), inbox=inbox)
    Ticket.write([mail.ticket], {'priority': 'low'})
    Ticket.close([mail.ticket])
    again, = deliver(
        letter("two", References='<one@example.org>'), inbox=inbox)

    assert again.ticket.preceding == mail.ticket
    assert again.ticket.priority == 'low'


@with_transaction()
def test_updated_ticket():
    "C16: what a section gives to the tickets that customers write on"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    first, stage = make('stage', "First"), make('stage', "Answered")
    tags = [make('tag', n) for n in ["mail", "again"]]
    helpdesk(mail_tags=tags[:1], update_stage=stage, update_tags=tags,
        update_priority='high')
    mail, = deliver(letter("one", message_id='<one@example.org>'))
    ticket = mail.ticket
    assert (ticket.stage, ticket.priority) == (first, 'normal')
    Ticket.wait([ticket])
    deliver(letter("two", References='<one@example.org>'))

    ticket = Ticket(ticket.id)
    assert (ticket.state, ticket.stage) == ('open', stage)
    assert ticket.priority == 'high'
    assert set(ticket.tags) == set(tags)
    deliver(letter("three", References='<one@example.org>'))
    assert len(Ticket(ticket.id).tags) == 2


@with_transaction()
def test_updated_ticket_by_rule():
    "C16: what a rule gives to updated tickets goes before its section"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    desk = helpdesk(
        update_stage=make('stage', "Section"), update_priority='low',
        update_tags=[make('tag', "section")])
    with Transaction().set_context(desk.context):
        other = desk.make_section("Other")
    mail, = deliver(letter("one", message_id='<one@example.org>'))
    tags = [make('tag', "rule")]
    deliver(letter("two", References='<one@example.org>'), inbox=make_inbox(
            update_stage=make('stage', "Theirs", sections=[other]),
            update_priority='urgent', update_tags=tags))

    ticket = Ticket(mail.ticket.id)
    assert ticket.stage.name == "Section"
    assert ticket.priority == 'urgent'
    assert {t.name for t in ticket.tags} == {"section", "rule"}
    stage = make('stage', "Rule")
    deliver(letter("three", References='<one@example.org>'),
        inbox=make_inbox(update_stage=stage))
    ticket = Ticket(mail.ticket.id)
    assert (ticket.stage, ticket.priority) == (stage, 'low')


@with_transaction()
def test_switched_off():
    "C20: what is switched off is not shown in sections and rules either"
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    Rule = pool.get('inbound.email.rule')
    Section = pool.get('helpdesk.section')

    def shown(Model):
        return set(Model.fields_view_get(view_type='form')['fields'])

    names = {'stage', 'type', 'category', 'tags', 'update_stage'}
    assert names <= shown(Rule)
    assert {'mail_stage', 'update_tags'} <= shown(Section)
    configuration = Configuration(1)
    for part in ['types', 'categories', 'tags', 'stages']:
        setattr(configuration, f'use_{part}', False)
    configuration.save()
    assert names.isdisjoint(shown(Rule))
    assert 'priority' in shown(Rule)
    assert {'mail_stage', 'update_tags'}.isdisjoint(shown(Section))


@with_transaction()
def test_update_keeps_the_state():
    "C16: a letter moves no ticket to a stage of another state"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    stage = make('stage', "Answered")
    outside = make('stage', "Outside", state='third_party')
    helpdesk(update_stage=stage, update_priority='high')
    mail, = deliver(letter("one", message_id='<one@example.org>'))
    Ticket.wait_third_party([mail.ticket])
    deliver(letter("two", References='<one@example.org>'))

    ticket = Ticket(mail.ticket.id)
    assert (ticket.state, ticket.stage) == ('third_party', outside)
    assert ticket.priority == 'high'


@with_transaction()
def test_machine_updates_nothing():
    "C16, ML12: an absence note changes nothing of the ticket"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    helpdesk(update_priority='urgent')
    mail, = deliver(letter("one", message_id='<one@example.org>'))
    deliver(letter("two", References='<one@example.org>',
            Auto_Submitted='auto-replied'))

    assert Ticket(mail.ticket.id).priority == 'normal'


def count(inbox, name, number):
    "Count the statements to judge new letters, and answers to them"
    pool = Pool()
    Mail = pool.get('helpdesk.mail')
    total = 0
    for header in ['message_id', 'References']:
        mails = inbox.deliver([
                letter(f"{name} {header} {i}",
                    sender=f'{name}-{i}@example.org',
                    **{header: f'<{name}-{i}@example.org>'})
                for i in range(number)])
        with Statements() as statements:
            Mail.judge(mails)
        total += statements.count
    return total, {m.ticket.priority for m in Mail.browse(mails)}


def growth(inbox, name):
    "Return what twenty letters more cost, and the priorities of the tickets"
    count(inbox, f'{name}-warm', 1)
    few, _ = count(inbox, f'{name}-few', 4)
    many, priorities = count(inbox, f'{name}-many', 24)
    return many - few, priorities


@with_transaction()
def test_statements():
    "X11: what letters give to tickets costs no statement for each"
    desk = helpdesk()
    inbox = make_inbox()
    plain, priorities = growth(inbox, 'plain')
    assert priorities == {'normal'}
    stage = make('stage', "By Mail")
    tags = [make('tag', n) for n in "ab"]
    desk.section.mail_stage = desk.section.update_stage = stage
    desk.section.mail_tags = desk.section.update_tags = tags
    desk.section.update_priority = 'high'
    desk.section.save()
    rule, = inbox.rules
    rule.employee, rule.priority = desk.agent.employee, 'low'
    rule.tags = tags
    rule.save()
    given, priorities = growth(inbox, 'given')
    assert priorities == {'high'}
    # SQLite inserts row by row: the tags of the tickets, and in the history
    # stage and responsible of the new ones, the priority of the others
    rows = 5 * 20 if backend.name == 'sqlite' else 0
    assert given - plain <= rows + SPARE
