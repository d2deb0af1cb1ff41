# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import io
import time
import unittest
from contextlib import ExitStack
from unittest.mock import patch

from PIL import Image
from pypdf import PdfReader
from trytond import backend
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk_portal import (
    ticket_document, ticket_report, ticket_report_routes)
from trytond.modules.helpdesk_portal.exceptions import ReportError
from trytond.modules.helpdesk_portal.ticket_document import (
    TicketDocument, direction, picture_address)
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    DB_NAME, TestCase, activate_module, with_transaction)
from trytond.transaction import Transaction, check_access

from tests import records

from . import tools
from .case import PortalTestCase
from .pictures import images_of, picture

HOSTILE = '<b>x</b> <script>alert(1)</script> ]]> &lt; ${1} {}'


def report(ticket, user=0, **data):
    "Return the pypdf.PdfReader of the ticket's PDF, printed by the user"
    Report = Pool().get('helpdesk.ticket', type='report')
    with Transaction().set_user(user):
        extension, content, _, _ = Report.execute([ticket.id], data)
    assert extension == 'pdf'
    return PdfReader(io.BytesIO(content))


def text_of(pdf):
    return '\n'.join(page.extract_text() for page in pdf.pages)


class TicketReportTestCase(TestCase):
    "The PDF of a ticket (B15)"

    @classmethod
    def setUpClass(cls):
        activate_module('helpdesk_portal')

    @with_transaction()
    def test_content(self):
        "It has what matters to the customer, the oldest message first"
        pool = Pool()
        Address = pool.get('party.address')
        section = tools.create_section()
        party = section.company.party
        party.addresses = [Address(street="Carrer Major 12", city="Terrassa")]
        party.save()
        ticket = tools.create_ticket(
            section, description="The lamp is dark.")
        tools.say(ticket, "First words", files=[('bill.txt', b'x' * 2000)])
        tools.say(ticket, "Last words", 'out', minutes=5)
        Ticket = pool.get('helpdesk.ticket')
        Ticket.close([ticket])

        text = text_of(report(Ticket(ticket.id)))

        for words in [
                "Muebles Soler", "Carrer Major 12", "Terrassa",
                f"Ticket {ticket.number}", "It does not start",
                "Technical Support", tools.CUSTOMER, "Closed",
                "The lamp is dark.", "First words", "Last words", "bill.txt",
                "2 KiB", "Our team", "Received", "1 / "]:
            with self.subTest(words=words):
                self.assertIn(words, text)
        self.assertLess(text.index("First words"), text.index("Last words"))

    @with_transaction()
    def test_nothing_internal(self):
        "SE11: no note, no Bcc, no quote and nothing that the page hides"
        ticket = tools.create_ticket(tools.create_section())
        tools.say(ticket, "A note of ours", 'internal', files=[
                ('internal.txt', b'x')])
        tools.say(ticket, "Hello", 'out', bcc_addresses='boss@example.com')
        tools.say(ticket, "Fresh", quoted="> Quoted words")
        tools.say(
            ticket, "From a machine", automatic=True)
        tools.say(ticket, "From Eve", from_address='eve@example.com')

        text = text_of(report(ticket))

        self.assertIn("Fresh", text)
        for words in [
                "A note of ours", "internal.txt", "boss", "Quoted words",
                "From a machine", "From Eve"]:
            self.assertNotIn(words, text)

    @with_transaction()
    def test_accessible(self):
        "It is tagged, and has a title and a language (PDF/UA)"
        ticket = tools.create_ticket(tools.create_section())
        tools.say(ticket, "See [a.png]", files=[('a.png', picture())])

        pdf = report(ticket)
        root = pdf.trailer['/Root']

        self.assertTrue(root['/MarkInfo']['/Marked'])
        self.assertIn('/StructTreeRoot', root)
        self.assertEqual(root['/Lang'], 'en')
        self.assertTrue(root['/ViewerPreferences']['/DisplayDocTitle'])
        self.assertEqual(
            pdf.metadata.title,
            f"Ticket {ticket.number}: It does not start")
        self.assertIn(b'pdfuaid', root['/Metadata'].get_data())
        tags, alternatives = set(), set()

        def walk(element):
            element = element.get_object()
            if isinstance(element, dict):
                tags.add(element.get('/S'))
                alternatives.add(element.get('/Alt'))
                kids = element.get('/K', [])
                for kid in kids if isinstance(kids, list) else [kids]:
                    walk(kid)

        walk(root['/StructTreeRoot'])
        self.assertLessEqual(
            {'/H1', '/H2', '/H3', '/P', '/Table', '/TH', '/TD', '/Figure'},
            tags)
        self.assertIn('a.png', alternatives)

    @with_transaction()
    def test_language(self):
        "It speaks the customer's language, or the one of who reads it"
        pool = Pool()
        Lang = pool.get('ir.lang')
        catalan, = Lang.search([('code', '=', 'ca')])
        spanish, = Lang.search([('code', '=', 'es')])
        ticket = tools.create_ticket(
            tools.create_section(), language=catalan.id)

        self.assertEqual(report(ticket).trailer['/Root']['/Lang'], 'ca')
        for language, code in [
                (spanish, 'es'), ('es', 'ca'), (7, 'ca'), ({}, 'ca')]:
            pdf = report(ticket, language=language)
            self.assertEqual(pdf.trailer['/Root']['/Lang'], code)

    @with_transaction()
    def test_pictures(self):
        "A picture stands in its place, once; what only looks like one doesn't"
        ticket = tools.create_ticket(tools.create_section())
        tools.say(
            ticket, "Look: [a.png] and [b.jpg] and [c.png] and [d.png]",
            files=[
                ('a.png', picture()),
                ('b.jpg', b'\xff\xd8\xff but no picture'),
                ('c.png', b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
                ('e.png', picture(30, 30)),
                ])

        pdf = report(ticket)
        text = text_of(pdf)

        self.assertEqual(len(images_of(pdf)), 1)
        self.assertNotIn('[a.png]', text)
        for words in ['[b.jpg]', '[c.png]', '[d.png]', 'e.png']:
            self.assertIn(words, text)

    @with_transaction()
    def test_logo_and_signature(self):
        "The logo is on top; an authorization shows the signature (B13)"
        Authorization = Pool().get('helpdesk.authorization')
        section = tools.create_section()
        section.company.logo = picture()
        section.company.save()
        ticket = tools.create_ticket(section)
        for question, state, values in [
                ("May we?", 'granted', {
                        'signature_kind': 'drawn',
                        'signature_picture': picture(50, 20),
                        'ip_address': '192.0.2.7',
                        }),
                ("And now?", 'denied', {'reason': "Too dear"}),
                ]:
            authorization, = Authorization.ask([(ticket, question, True)])
            Authorization.settle([authorization], state, {
                    'decided_by': "Marta", 'decided_email': tools.CUSTOMER,
                    **values})
        pdf = report(ticket)

        self.assertEqual(len(images_of(pdf)), 2)
        text = text_of(pdf)
        for words in [
                "May we?", "Authorized by Marta", "Signed by hand",
                tools.CUSTOMER, '192.0.2.7', "Denied by Marta", "Too dear",
                Authorization.hash("May we?")]:
            self.assertIn(words, text.replace('\n', ''))

    @with_transaction()
    def test_hostile(self):
        "SE1: markup and templates in what people wrote are but text"
        ticket = tools.create_ticket(
            tools.create_section(), subject=HOSTILE, description=HOSTILE,
            contact_name=HOSTILE)
        tools.say(
            ticket, HOSTILE, author=HOSTILE,
            files=[(f'{HOSTILE[:20]}.txt', b'x')])
        text = ''.join(text_of(report(ticket)).split())

        self.assertGreaterEqual(
            text.count('<script>alert(1)</script>]]>&lt;${1}{}'), 4)

    @with_transaction()
    def test_cut(self):
        "Of very many messages it has the newest, and says so"
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        ticket = tools.create_ticket(tools.create_section())
        Conversation.create([{
                    'ticket': ticket.id,
                    'kind': 'email',
                    'direction': 'in',
                    'at': tools.NOW,
                    'from_address': tools.CUSTOMER,
                    'body': f"Message {i}",
                    } for i in range(12)])
        with patch.object(ticket_document, 'MAX_MESSAGES', 10):
            text = text_of(report(ticket))

        self.assertIn("the newest 10 messages", text)
        self.assertIn("Message 2\n", text)
        self.assertNotIn("Message 1\n", text)

    @with_transaction()
    def test_cut_text(self):
        "A text without an end, or of empty lines, fills no thousand pages"
        for text in ["word " * 100_000, "x\n\n" * 100_000, "x" * 300_000]:
            ticket = tools.create_ticket(tools.create_section())
            tools.say(ticket, "Older")
            tools.say(ticket, text, minutes=1)
            with self.subTest(text=text[:5]), \
                    patch.object(ticket_document, 'MAX_TEXT', 20_000):
                pdf = report(ticket)
                self.assertLess(len(pdf.pages), 25)
                text = text_of(pdf)
                self.assertIn("This message is longer.", text)
                self.assertIn("the newest 1 messages", text)

    @unittest.skipIf(backend.name != 'sqlite', "counts on SQLite")
    @with_transaction()
    def test_statements(self):
        "It takes as many statements for a long conversation as for a short"
        pool = Pool()
        Lang = pool.get('ir.lang')
        section = tools.create_section()

        def statements(count):
            ticket = tools.create_ticket(section)
            for i in range(count):
                tools.say(ticket, "See [a.png]", minutes=i, files=[
                        ('a.png', picture()), ('b.txt', b'x')])
            ticket = pool.get('helpdesk.ticket')(ticket.id)
            with Transaction().set_context(language='en'), \
                    tools.count_statements(
                        Transaction().connection) as counted:
                TicketDocument(ticket, Lang.get('en'))
            return len(counted)

        statements(1)
        self.assertEqual(statements(2), statements(15))

    @with_transaction()
    def test_same(self):
        "The same makes the same"
        Report = Pool().get('helpdesk.ticket', type='report')
        html = f'<p>Hello <img src="{picture_address(picture())}"/></p>'
        self.assertEqual(Report.to_pdf(html), Report.to_pdf(html))

    def test_direction(self):
        for text, expected in [
                ("", 'ltr'), ("123, a", 'ltr'), ("مرحبا a", 'rtl'),
                ("1. שלום", 'rtl'), ("a مرحبا", 'ltr')]:
            with self.subTest(text=text):
                self.assertEqual(direction(text), expected)

    def test_picture_address(self):
        "Only real pictures that fit into memory are shown (SE15)"
        large = io.BytesIO()
        Image.new('1', (10_000, 10_000)).save(large, 'PNG')
        for data, shown in [
                (picture(), True),
                (picture(format='GIF'), True),
                (picture(format='BMP'), True),
                (picture(format='WEBP'), True),
                (picture(format='JPEG'), True),
                (None, False),
                (b'', False),
                (b'<svg/>', False),
                (b'BM<svg xmlns="http://www.w3.org/2000/svg"/>', False),
                (picture()[:20], False),
                (b'%!PS-Adobe-3.0 EPSF-3.0', False),
                (picture() + bytes(ticket_document.MAX_PICTURE_BYTES), False),
                (large.getvalue(), False),
                ]:
            with self.subTest(data=data and data[:10]):
                self.assertEqual(bool(picture_address(data)), shown)


class TicketReportAccessTestCase(TestCase):
    "Who prints a ticket from the client (SE12)"

    @classmethod
    def setUpClass(cls):
        activate_module('helpdesk_portal')

    @with_transaction()
    def test_agent(self):
        "An agent gets what the customer gets"
        desk = records.Helpdesk()
        ticket = desk.make_ticket(email=tools.CUSTOMER)
        tools.say(ticket, "Hello")
        tools.say(ticket, "A note of ours", 'internal')
        user, context = desk.as_user(desk.agent)
        with user, context:
            text = text_of(report(ticket, user=desk.agent.id))

        self.assertIn("Hello", text)
        self.assertNotIn("A note of ours", text)

    @with_transaction()
    def test_too_many(self):
        "Who selects all tickets keeps no process busy for hours (SE15)"
        Report = Pool().get('helpdesk.ticket', type='report')
        desk = records.Helpdesk()
        tickets = [desk.make_ticket() for _ in range(3)]
        with Transaction().set_user(desk.agent.id), \
                patch.object(ticket_report, 'MAX_TICKETS', 2):
            with self.assertRaises(ReportError):
                Report.execute([t.id for t in tickets], {})
            extension, _, _, _ = Report.execute(
                [t.id for t in tickets[:2]], {})
            self.assertEqual(extension, 'zip')

    @with_transaction()
    def test_others(self):
        "Agents of other sections and other users get nothing"
        pool = Pool()
        ModelData = pool.get('ir.model.data')
        Report = pool.get('helpdesk.ticket', type='report')
        User = pool.get('res.user')
        action = ModelData.get_id('helpdesk_portal', 'report_ticket')
        desk = records.Helpdesk(visibility='private')
        other = desk.make_user('other', [desk.make_section("Other")])
        ticket = desk.make_ticket()
        clerk = User(name="Clerk", login='clerk')
        clerk.save()
        for user in [other, clerk]:
            with Transaction().set_user(user.id), check_access():
                with self.assertRaises(AccessError):
                    Report.execute([ticket.id], {'action_id': action})

    @with_transaction()
    def test_other_action(self):
        "Nobody gets at a ticket by the action of another report"
        pool = Pool()
        ActionReport = pool.get('ir.action.report')
        Report = pool.get('helpdesk.ticket', type='report')
        desk = records.Helpdesk(visibility='private')
        ticket = desk.make_ticket()
        user = desk.make_user('other', [desk.make_section("Other")])
        action = ActionReport(
            name="Loose", report_name='loose', extension='pdf',
            template_extension='html')
        action.save()
        for data in [
                {'action_id': action.id},
                {'action_id': action.id, 'model': 'ir.lang'},
                {'model': 'ir.lang'}]:
            with self.subTest(data=data), \
                    Transaction().set_user(user.id), check_access():
                with self.assertRaises(AccessError):
                    Report.execute([ticket.id], data)


class TicketReportRouteTestCase(PortalTestCase):
    "Download and Print on the page (B15)"

    def pdf(self, response):
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.content_type, 'application/pdf')
        return PdfReader(io.BytesIO(response.get_data()))

    def test_download(self):
        number, token = self.ticket({'body': "Help"})
        client = self.guest(number, token)
        page = self.page(client, number)
        address = f'{self.base}/tickets/{number}.pdf'
        self.assertIn(f'href="{address}"', page)
        self.assertIn(f'href="{address}?show"', page)

        response = client.get(address)
        shown = client.get(
            f'{address}?show', headers={'Accept-Language': 'es'})

        self.assertIn("Help", text_of(self.pdf(response)))
        self.assertEqual(
            response.headers['Content-Disposition'],
            f'attachment; filename={number}.pdf')
        self.assertEqual(
            response.headers['X-Content-Type-Options'], 'nosniff')
        self.assertIn("frame-ancestors 'none'",
            response.headers['Content-Security-Policy'])
        self.assertIn('private', response.headers['Cache-Control'])
        self.assertTrue(
            shown.headers['Content-Disposition'].startswith('inline'))
        self.assertEqual(
            self.pdf(shown).trailer['/Root']['/Lang'], 'es')

    def test_others(self):
        "SE4: strangers and other customers don't learn that it is there"
        number, token = self.ticket({'body': "Mine"})
        other, other_token = self.ticket(
            {'body': "Other"}, email='other@example.com')
        client = self.guest(number, token)
        for who, address in [
                (self.client(), number), (client, other),
                (client, 'nothing'), (client, '%00'),
                (self.guest(other, other_token), number)]:
            with self.subTest(address=address):
                response = who.get(f'{self.base}/tickets/{address}.pdf')
                self.assertEqual(response.status_code, 404)

    def test_number(self):
        "A number may have a slash, and may end as the address of a PDF does"
        pool = Pool(DB_NAME)
        for given in ['2026/11/7', 'A.pdf', 'a/b.pdf']:
            number, token = self.ticket({'body': "Help"})
            with self.transaction():
                Ticket = pool.get('helpdesk.ticket')
                Ticket.write([self.record(number)], {'number': given})
            with self.subTest(number=given):
                client = self.client()
                location = client.get(
                    f'{self.base}/guest/{token}').headers['Location']
                page = client.get(location)
                self.assertEqual(page.status_code, 200)
                self.assertIn('text/html', page.content_type)
                pdf = self.pdf(client.get(f'{location}.pdf'))
                self.assertIn(given, pdf.metadata.title)

    def test_one_at_a_time(self):
        "Who makes very many PDFs doesn't keep the pages from others (SE15)"
        number, token = self.ticket({'body': "Help"})
        client = self.guest(number, token)
        with patch.object(ticket_report_routes, 'PATIENCE', .1), \
                ticket_report_routes._making:
            began = time.monotonic()
            response = client.get(f'{self.base}/tickets/{number}.pdf')
            self.assertEqual(response.status_code, 503)
            self.assertLess(time.monotonic() - began, 5)
            self.page(client, number)
        self.pdf(client.get(f'{self.base}/tickets/{number}.pdf'))

    def test_few_wait(self):
        "Nor does who asks for very many at once (SE15)"
        number, token = self.ticket({'body': "Help"})
        client = self.guest(number, token)
        with ExitStack() as waiting:
            for _ in range(ticket_report_routes.WAITING):
                waiting.enter_context(ticket_report_routes._waiting)
            with ticket_report_routes._making:
                began = time.monotonic()
                response = client.get(f'{self.base}/tickets/{number}.pdf')
            self.assertEqual(response.status_code, 503)
            self.assertLess(
                time.monotonic() - began, ticket_report_routes.PATIENCE / 2)
        self.pdf(client.get(f'{self.base}/tickets/{number}.pdf'))

    @unittest.skipIf(backend.name != 'sqlite', "counts on SQLite")
    def test_read_only(self):
        "Making it writes nothing: a GET can't on PostgreSQL"
        number, token = self.ticket({'body': "Help"})
        client = self.guest(number, token)
        with self.transaction() as transaction:
            # On SQLite in memory, all transactions share one connection
            connection = transaction.connection
        with tools.count_statements(connection) as counted:
            self.pdf(client.get(f'{self.base}/tickets/{number}.pdf'))
        self.assertEqual(
            [s for s in counted if not s.startswith(('SELECT', 'WITH'))], [])


del PortalTestCase
