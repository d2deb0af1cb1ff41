# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import io

from pypdf import PdfReader
from trytond.model.exceptions import AccessError
from trytond.modules.company.tests import create_company
from trytond.modules.helpdesk.exceptions import OverviewError
from trytond.modules.helpdesk.section_overview_document import (
    Choice, Overview, duration, period_before)
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    TestCase, activate_module, with_transaction)
from trytond.transaction import Transaction

from tests.records import Helpdesk

TODAY = dt.date.today()


def data(desk, **values):
    return {
        'company': desk.company.id,
        'from_date': TODAY - dt.timedelta(days=6),
        'to_date': TODAY,
        'period': 'day',
        'hours': 'real',
        **values}


def overview(desk, section, lang, **values):
    return Overview(section, Choice(**data(desk, **values)), lang)


def read(content):
    pages = PdfReader(io.BytesIO(content)).pages
    # A line may be broken anywhere
    return pages, ' '.join(
        ' '.join(p.extract_text() for p in pages).split())


class SectionOverviewTestCase(TestCase):
    "The printed overview of sections (X6)"

    @classmethod
    def setUpClass(cls):
        activate_module('helpdesk')

    def test_period_before(self):
        "What is compared with is as long, whole months with whole months"
        date = dt.date
        for from_date, to_date, begin, end in [
                (date(2026, 3, 1), date(2026, 3, 31),
                    date(2026, 2, 1), date(2026, 2, 28)),
                (date(2026, 1, 1), date(2026, 12, 31),
                    date(2025, 1, 1), date(2025, 12, 31)),
                (date(2026, 1, 1), date(2026, 2, 28),
                    date(2025, 11, 1), date(2025, 12, 31)),
                (date(2026, 3, 1), date(2026, 3, 30),
                    date(2026, 1, 30), date(2026, 2, 28)),
                (date(2026, 3, 9), date(2026, 3, 9),
                    date(2026, 3, 8), date(2026, 3, 8))]:
            with self.subTest(from_date=from_date, to_date=to_date):
                self.assertEqual(
                    period_before(from_date, to_date), (begin, end))

    def test_duration(self):
        "Times are in hours and minutes"
        for value, text in [
                (dt.timedelta(), '0 h 00 min'),
                (dt.timedelta(seconds=29), '0 h 00 min'),
                (dt.timedelta(minutes=65), '1 h 05 min'),
                (dt.timedelta(days=2, minutes=59, seconds=40), '49 h 00 min'),
                ]:
            with self.subTest(value=value):
                self.assertEqual(duration(value).replace('\u00a0', ' '), text)

    def print(self, user, desk, sections, **values):
        Report = Pool().get('helpdesk.section.overview', type='report')
        user, context = desk.as_user(user)
        with user, context:
            return Report.execute(
                [s.id for s in sections], data(desk, **values))

    @with_transaction()
    def test_content(self):
        "It has the figures, the people and the tickets that are in work"
        desk = Helpdesk()
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        employee = desk.agent.employee
        done = desk.make_ticket(subject="Printed", employee=employee)
        desk.make_ticket(subject="The <b>kettle</b> leaks")
        with Transaction().set_context(desk.context):
            Ticket.open([done])
            Ticket.resolve([done])

        extension, content, _, name = self.print(
            desk.manager, desk, [desk.section])
        pages, text = read(content)

        self.assertEqual(extension, 'pdf')
        self.assertEqual(
            name, f"Overview - Support - {TODAY - dt.timedelta(days=6)} "
            f"to {TODAY}")
        for words in [
                "Section Overview", "Support", "Created", "Solved",
                "Backlog at the end", "By responsible", employee.rec_name,
                "The <b>kettle</b> leaks", "Oldest tickets in work today",
                "Before:", "1 / "]:
            with self.subTest(words=words):
                self.assertIn(words, text)
        self.assertNotIn("Printed", text)

    @with_transaction()
    def test_figures(self):
        "The figures are compared with those of the time before"
        desk = Helpdesk()
        pool = Pool()
        Lang = pool.get('ir.lang')
        Ticket = pool.get('helpdesk.ticket')
        done = desk.make_ticket()
        desk.make_ticket()
        with Transaction().set_context(desk.context):
            Ticket.open([done])
            Ticket.resolve([done])
            Ticket.write([done], {'solved_at': Ticket(done.id).resolved_at})

        groups = overview(desk, desk.section, Lang.get()).figures()

        lines = [line for _, lines in groups for line in lines]
        found = {label: rest for label, *rest in lines}
        self.assertEqual(found["Created"], ['2', '0', '+2'])
        self.assertEqual(found["Solved"], ['1', '0', '+1'])
        self.assertEqual(
            found["Backlog at the beginning"], ['0', '0', ''])
        self.assertEqual(found["Backlog at the end"], ['1', '0', '+1'])
        self.assertEqual(found["Application"], ['2', '0', '+2'])
        chart = overview(desk, desk.section, Lang.get()).chart()
        self.assertEqual(chart.count('<rect'), 2)

    @with_transaction()
    def test_nothing(self):
        "It is right without a ticket"
        desk = Helpdesk()
        for sections in [[], [desk.section]]:
            for period in ['day', 'week', 'month', 'year']:
                with self.subTest(sections=sections, period=period):
                    _, content, _, _ = self.print(
                        desk.manager, desk, sections, period=period)
                    _, text = read(content)
                    self.assertIn("No ticket is in work.", text)
                    self.assertIn("Created 0 0", text)

    @with_transaction()
    def test_sections(self):
        "Each section begins on a page of its own"
        desk = Helpdesk()
        other = desk.make_section("Repairs")

        _, content, _, name = self.print(
            desk.manager, desk, [desk.section, other])
        pages, _ = read(content)

        self.assertIn("2 Sections", name)
        self.assertEqual(
            [p.extract_text().count("Repairs") > 0 for p in pages],
            [False] * (len(pages) // 2) + [True] * (len(pages) // 2))

    @with_transaction()
    def test_long(self):
        "What would have too many periods is refused"
        desk = Helpdesk()
        with self.assertRaises(OverviewError):
            self.print(
                desk.manager, desk, [],
                from_date=TODAY - dt.timedelta(days=100))
        with self.assertRaises(OverviewError):
            self.print(
                desk.manager, desk, [],
                from_date=TODAY + dt.timedelta(days=1))

    @with_transaction()
    def test_agent(self):
        "SE12: who is no manager can't print it, nor with another report's id"
        desk = Helpdesk()
        pool = Pool()
        ActionReport = pool.get('ir.action.report')
        with self.assertRaises(AccessError):
            self.print(desk.agent, desk, [desk.section])
        action, = ActionReport.search([
                ('report_name', '!=', 'helpdesk.section.overview'),
                ('groups', '=', None),
                ], limit=1)
        with self.assertRaises(AccessError):
            self.print(
                desk.agent, desk, [desk.section], action_id=action.id)

    @with_transaction()
    def test_company(self):
        "SE12: nobody gets figures of a company that he does not work for"
        desk = Helpdesk()
        pool = Pool()
        Section = pool.get('helpdesk.section')
        company = create_company("Elsewhere")
        with Transaction().set_context(company=company.id):
            section = Section(name="Theirs", company=company)
            section.save()
        for sections, values in [
                ([], {'company': company.id}),
                ([section], {}),
                ([section], {'company': company.id})]:
            with self.subTest(sections=sections, values=values), \
                    self.assertRaises(AccessError):
                self.print(desk.manager, desk, sections, **values)

    @with_transaction()
    def test_wizard(self):
        "It offers the last month of the sections that were chosen"
        desk = Helpdesk()
        pool = Pool()
        Wizard = pool.get('helpdesk.section.print_overview', type='wizard')
        user, context = desk.as_user(desk.manager)
        with user, context, Transaction().set_context(
                active_model='helpdesk.section', active_id=desk.section.id,
                active_ids=[desk.section.id]):
            session, _, _ = Wizard.create()
            values = Wizard.execute(session, {}, 'start')['view']['defaults']
            self.assertEqual(values['sections'], [desk.section.id])
            self.assertEqual(
                values['to_date'], TODAY.replace(day=1) - dt.timedelta(days=1))
            self.assertEqual(values['from_date'].day, 1)
            values = {
                k: v for k, v in values.items() if not k.endswith('.')}
            (_, sent), = Wizard.execute(
                session, {'start': values}, 'print_')['actions']
        self.assertEqual(sent['ids'], [desk.section.id])
        self.assertEqual(sent['company'], desk.company.id)

        user, context = desk.as_user(desk.agent)
        with user, context, self.assertRaises(AccessError):
            Wizard.create()
