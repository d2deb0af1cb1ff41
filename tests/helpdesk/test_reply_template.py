# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

import pytest
from trytond.model.exceptions import AccessError, ForeignKeyError
from trytond.modules.helpdesk.exceptions import AnswerError, ReplyTemplateError
from trytond.pool import Pool
from trytond.pyson import PYSONDecoder, PYSONEncoder
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.records import Helpdesk


def setup_module():
    activate_module('helpdesk')


def make(text="Hello", name="Greeting", **values):
    "Make a canned answer"
    pool = Pool()
    ReplyTemplate = pool.get('helpdesk.reply_template')
    template = ReplyTemplate(name=name, text=text, **values)
    template.save()
    return template


def lang(code):
    pool = Pool()
    Lang = pool.get('ir.lang')
    return Lang.get(code)


def make_sale(desk, party):
    pool = Pool()
    Sale = pool.get('sale.sale')
    currency = desk.company.currency
    with Transaction().set_context(desk.context):
        sale = Sale(
            party=party, company=desk.company, currency=currency,
            number='S-7', reference='PO 12', sale_date=dt.date(2026, 11, 2))
        sale.save()
    return sale


def give_group(user, module, name):
    pool = Pool()
    ModelData = pool.get('ir.model.data')
    User = pool.get('res.user')
    user = User(user.id)
    user.groups = [*user.groups, ModelData.get_id(module, name)]
    user.save()


class Dialog:
    "The wizard Answer as a client goes through it"

    def __init__(self, ticket):
        pool = Pool()
        self.Wizard = pool.get('helpdesk.ticket.answer', type='wizard')
        self.Start = pool.get('helpdesk.ticket.answer.start')
        self.ticket = ticket
        with self.context():
            self.session_id, start, _ = self.Wizard.create()
            defaults = self.Wizard.execute(
                self.session_id, {}, start)['view']['defaults']
        self.values = {
            'text': None, 'attachments': [],
            **{k: v for k, v in defaults.items() if '.' not in k}}

    def context(self):
        return Transaction().set_context(
            active_model='helpdesk.ticket', active_id=self.ticket.id,
            active_ids=[self.ticket.id])

    def insert(self, template):
        start = self.Start(**{**self.values, 'template': template.id})
        start.on_change_template()
        assert start.template is None
        self.values['text'] = start.text

    def notified(self):
        return self.Start(**self.values).on_change_notify()

    def send(self):
        with self.context():
            self.Wizard.execute(
                self.session_id, {'start': self.values}, 'send')


@with_transaction()
def test_unknown_placeholder():
    "C19: an unknown placeholder is an error when it is saved"
    for text, wrong in [
            ("Dear ${party.nmae},", '${party.nmae}'),
            ("${Ticket.Number}", '${Ticket.Number}'),
            ("Dear ${party.name,", '${party.name,'),
            ("${ today }", '${ today }'),
            ]:
        with pytest.raises(ReplyTemplateError) as error:
            make(text)
        assert wrong in str(error.value)
        assert '${party.name}' in str(error.value)
    template = make("Dear ${party.name}, it costs $5, $${today}.")
    with pytest.raises(ReplyTemplateError):
        template.text = "${ticket.secret}"
        template.save()


@with_transaction()
def test_placeholders_are_explained():
    "C19: the form says what can stand in the text, on a new one, too"
    pool = Pool()
    ReplyTemplate = pool.get('helpdesk.reply_template')
    explained = make().placeholders

    assert "${ticket.number}  Number of the ticket\n" in explained
    assert ReplyTemplate.default_placeholders() == explained
    make(explained)


def values_of(ticket):
    "Return what stands in English for each placeholder"
    pool = Pool()
    Date = pool.get('ir.date')
    # Where the company is it may be tomorrow already
    with Transaction().set_context(company=ticket.company.id):
        today = Date.today()
    return {
        'ticket.number': ticket.number,
        'ticket.subject': "The printer is on fire",
        'ticket.section': "Support",
        'ticket.state': "Draft",
        'ticket.deadline': '11/02/2026\N{NO-BREAK SPACE}23:30',
        'ticket.created': '10/31/2026\N{NO-BREAK SPACE}09:00',
        'ticket.closes': '11/05/2026\N{NO-BREAK SPACE}12:15',
        'ticket.contact_name': "Ada L.",
        'party.name': "Ada Ltd.",
        'party.code': ticket.party.code,
        'contact.name': "Ada",
        'agent.name': "Agent",
        'agent.email': 'agent@example.com',
        'sale.number': 'S-7',
        'sale.reference': 'PO 12',
        'sale.date': '11/02/2026',
        'sale.state': "Draft",
        'company.name': ticket.company.party.name,
        'today': today.strftime('%m/%d/%Y'),
        }


@with_transaction()
def test_values():
    "C19: placeholders of ticket, customer, agent, sale, company and date"
    pool = Pool()
    Party = pool.get('party.party')
    ReplyTemplate = pool.get('helpdesk.reply_template')
    desk = Helpdesk()
    desk.company.timezone = 'Europe/Madrid'
    desk.company.save()
    customer, contact = Party.create([{'name': "Ada Ltd."}, {'name': "Ada"}])
    ticket = desk.make_ticket(
        party=customer, contact=contact, contact_name="Ada L.",
        sale=make_sale(desk, customer),
        deadline=dt.datetime(2026, 11, 2, 22, 30))
    table = ticket.__class__.__table__()
    Transaction().connection.cursor().execute(*table.update(
            [table.create_date, table.closes_at],
            [dt.datetime(2026, 10, 31, 8), dt.datetime(2026, 11, 5, 11, 15)]))
    agent = desk.agent.employee.party
    agent.contact_mechanisms = [
        {'type': 'email', 'value': 'agent@example.com'}]
    agent.save()
    give_group(desk.agent, 'sale', 'group_sale')
    expected = values_of(ticket)

    assert set(expected) == set(ReplyTemplate._placeholders())
    templates = {n: make(f'<${{{n}}}>', n) for n in expected}
    user, context = desk.as_user(desk.agent)
    with user, context:
        for name, value in expected.items():
            assert templates[name].render(ticket) == (f'<{value}>', []), name


@with_transaction()
def test_language_of_the_customer():
    "C19: dates and names are in the language of the ticket"
    pool = Pool()
    Lang = pool.get('ir.lang')
    desk = Helpdesk()
    spanish = lang('es')
    Lang.write([spanish], {'translatable': True})
    ticket = desk.make_ticket(
        language=spanish, deadline=dt.datetime(2026, 11, 2, 9, 5))
    template = make("${ticket.deadline}")
    user, context = desk.as_user(desk.agent)
    with user, context:
        text, missing = template.render(ticket)

    assert text == '02/11/2026\N{NO-BREAK SPACE}09:05'
    assert not missing


@with_transaction()
def test_what_the_agent_may_not_read():
    "SE12: no value comes from what the agent may not read"
    pool = Pool()
    Party = pool.get('party.party')
    desk = Helpdesk()
    customer, = Party.create([{'name': "Ada"}])
    ticket = desk.make_ticket(
        party=customer, sale=make_sale(desk, customer))
    template = make("${sale.number} ${party.name}")
    user, context = desk.as_user(desk.agent)
    with user, context:
        assert template.render(ticket) == (
            "${sale.number} Ada", ['sale.number'])


@with_transaction()
def test_hidden_ticket():
    "SE12: a canned answer tells nothing of a ticket that one does not see"
    desk = Helpdesk(visibility='private')
    with Transaction().set_context(desk.context):
        board = desk.make_section("Board", visibility='private')
    hidden = desk.make_ticket(section=board)
    ticket = desk.make_ticket()
    template = make("${ticket.number}")
    secret = make("secret", sections=[board])
    user, context = desk.as_user(desk.agent)
    with user, context:
        with pytest.raises(AccessError):
            template.render(hidden)
        with pytest.raises(AccessError):
            secret.render(ticket)


@with_transaction()
def test_insert():
    "C19: inserting shows the final text, behind what is written already"
    desk = Helpdesk()
    ticket = desk.make_ticket()
    hello = make("Your request ${ticket.number}.\n")
    bye = make("Regards,\n${agent.name}")
    user, context = desk.as_user(desk.agent)
    with user, context:
        dialog = Dialog(ticket)
        dialog.insert(hello)
        assert dialog.values['text'] == f"Your request {ticket.number}.\n"
        dialog.values['text'] += "It works.\n\n"
        dialog.insert(bye)
        assert dialog.values['text'] == (
            f"Your request {ticket.number}.\nIt works.\n\nRegards,\nAgent")
        assert not dialog.notified()
        dialog.send()

    conversation, = ticket.__class__(ticket.id).conversations
    assert conversation.body.endswith("Regards,\nAgent")


@with_transaction()
def test_unresolved_placeholder_is_not_sent():
    "AG12: a placeholder without a value is shown, and is never sent"
    desk = Helpdesk()
    ticket = desk.make_ticket()
    template = make("Order ${sale.number} for ${party.name}")
    user, context = desk.as_user(desk.agent)
    with user, context:
        dialog = Dialog(ticket)
        dialog.insert(template)
        assert dialog.values['text'] == template.text
        (kind, message), = dialog.notified()
        assert kind == 'warning'
        assert '${sale.number}, ${party.name}' in message
        with pytest.raises(AnswerError) as error:
            dialog.send()
        assert '${sale.number}, ${party.name}' in str(error.value)
        assert not ticket.__class__(ticket.id).conversations

        dialog.values['text'] = "Run echo ${HOME} and ${a.b}, and pay $5"
        assert not dialog.notified()
        dialog.send()
    assert len(ticket.__class__(ticket.id).conversations) == 1


@with_transaction()
def test_offered():
    "C19: offered are those of the section and the language, and the general"
    pool = Pool()
    ReplyTemplate = pool.get('helpdesk.reply_template')
    Start = pool.get('helpdesk.ticket.answer.start')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        sales = desk.make_section("Sales", visibility='internal')
    english, spanish = lang('en'), lang('es')
    for name, sections, language in [
            ("general", [], None),
            ("support", [desk.section], None),
            ("both", [desk.section, sales], english),
            ("sales", [sales], None),
            ("english", [], english),
            ("spanish", [], spanish),
            ]:
        make(name=name, sections=sections, language=language)
    domain = PYSONEncoder().encode(Start.template.domain)

    def offered(ticket):
        dialog = Dialog(ticket)
        return {t.name for t in ReplyTemplate.search(
                PYSONDecoder(dialog.values).decode(domain))}

    user, context = desk.as_user(desk.agent)
    with user, context:
        assert offered(desk.make_ticket(language=english)) == {
            "general", "support", "both", "english"}
        assert offered(desk.make_ticket(
                section=sales, language=spanish)) == {
            "general", "sales", "spanish"}
        assert offered(desk.make_ticket()) == {
            "general", "support", "both", "english", "spanish"}


@with_transaction()
def test_access():
    "Agents read those of their sections, managers and administrators write"
    pool = Pool()
    ReplyTemplate = pool.get('helpdesk.reply_template')
    desk = Helpdesk(visibility='private')
    with Transaction().set_context(desk.context):
        board = desk.make_section("Board", visibility='private')
    general = make(name="general")
    make(name="support", sections=[desk.section])
    hidden = make(name="board", sections=[board])
    admin = desk.make_user('boss', [], 'group_helpdesk_admin')

    def names():
        return {t.name for t in ReplyTemplate.search([])}

    user, context = desk.as_user(desk.agent)
    with user, context:
        assert names() == {"general", "support"}
        with pytest.raises(AccessError):
            ReplyTemplate.read([hidden.id], ['text'])
        with pytest.raises(AccessError):
            ReplyTemplate.write([general], {'text': "mine"})
        with pytest.raises(AccessError):
            ReplyTemplate.create([{'name': "mine", 'text': "mine"}])
    for who in [desk.manager, admin]:
        user, context = desk.as_user(who)
        with user, context:
            assert names() == {"general", "support", "board"}, who.login
            ReplyTemplate.write(
                [ReplyTemplate(hidden.id)],
                {'sections': [('add', [desk.section.id])]})
            ReplyTemplate.write(
                [ReplyTemplate(hidden.id)],
                {'sections': [('remove', [desk.section.id])]})


@with_transaction()
def test_section_in_use():
    "Deleting a section never makes its canned answers those of all"
    pool = Pool()
    Section = pool.get('helpdesk.section')
    desk = Helpdesk()
    with Transaction().set_context(desk.context):
        sales = desk.make_section("Sales")
    make(sections=[sales])
    with pytest.raises(ForeignKeyError):
        Section.delete([sales])
