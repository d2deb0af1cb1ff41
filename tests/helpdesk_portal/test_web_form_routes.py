# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import json
import re

from trytond.modules.helpdesk_portal import routes
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME

from . import tools
from .test_routes import SCRIPT
from .web_form_case import ORIGIN, TYPED, WebFormTestCase


class SectionsTestCase(WebFormTestCase):
    "Which sections customers are offered (B4, D3)"

    def other_section(self, **values):
        Section = Pool(DB_NAME).get('helpdesk.section')
        with self.transaction():
            first = Section(self.section)
            section = tools.create_section("Sales", first.company, **values)
            id_ = section.id
        self.addCleanup(self.remove, id_)
        return id_

    def remove(self, id_):
        Section = Pool(DB_NAME).get('helpdesk.section')
        with self.transaction():
            Section.delete([Section(id_)])

    def test_start(self):
        "The section's description shows, the way in and the login too"
        page = self.client().get(f'{self.base}/').get_data(as_text=True)
        self.assertIn(f'href="{self.form}"', page)
        self.assertIn("Technical Support", page)
        self.assertIn("We help &lt;you&gt;.", page)
        self.assertIn(f'href="{self.base}/login"', page)

    def test_not_open(self):
        "Nothing opens by itself"
        for values in [
                {}, {'visibility': 'public'},
                {'web_form': 'everyone'},
                {'web_form': 'everyone', 'visibility': 'internal'},
                {'web_form': 'everyone', 'visibility': 'public',
                    'active': False},
                ]:
            with self.subTest(values=values):
                id_ = self.other_section(**values)
                page = self.client().get(
                    f'{self.base}/').get_data(as_text=True)
                self.assertNotIn(f'/new/{id_}"', page)
                for path in ['new', 'embed']:
                    for method in ['get', 'post']:
                        response = getattr(self.client(), method)(
                            f'{self.base}/{path}/{id_}')
                        self.assertEqual(response.status_code, 404)

    def test_choose(self):
        "One form is shown at once, of several one is chosen"
        response = self.client().get(f'{self.base}/new')
        self.assertEqual(response.status_code, 303)
        self.assertEqual(response.headers['Location'], self.form)
        id_ = self.other_section(web_form='registered', visibility='public')
        page = self.client().get(f'{self.base}/new').get_data(as_text=True)
        self.assertIn(f'href="{self.form}"', page)
        self.assertIn(f'/new/{id_}"', page)
        self.assertIn("please log in", page)

    def test_no_section(self):
        for name in ['0', '999999', 'x', '1%00', '-1', '1' * 30]:
            with self.subTest(name=name):
                for path in ['new', 'embed']:
                    self.assertEqual(self.client().get(
                            f'{self.base}/{path}/{name}').status_code, 404)

    def test_registered(self):
        "A form for registered customers sends strangers to the login"
        self.change_section(web_form='registered')
        for method in ['get', 'post']:
            response = getattr(self.client(), method)(self.form)
            self.assertEqual(response.status_code, 303)
            self.assertEqual(response.headers['Location'],
                f'{self.base}/login?next={self.form}')
        self.assertEqual(
            self.client().get(self.embed).status_code, 404)
        before = self.count('helpdesk.ticket')
        self.assertEqual(self.send(self.log_in()).status_code, 303)
        self.assertEqual(self.count('helpdesk.ticket'), before + 1)

    def test_language(self):
        "PO9: the form comes in the visitor's language"
        page = self.client().get(
            self.form, headers={'Accept-Language': 'es'})
        self.assertEqual(page.headers['Content-Language'], 'es')


class FormTestCase(WebFormTestCase):
    "From the form to a ticket (B4)"

    def test_ticket(self):
        response = self.send(
            email='Vila@example.com', phone="93 123", company="Vila S.L.",
            files=[('a.txt', b'a'), ('a.txt', b'b')])

        self.assertEqual(response.status_code, 303)
        self.assertEqual(
            response.headers['Location'], f'{self.form}/thanks')
        with self.transaction():
            ticket = self.last_ticket()
            self.assertEqual(ticket.subject, TYPED['subject'])
            self.assertEqual(ticket.description, TYPED['text'])
            self.assertEqual(ticket.section.id, self.section)
            self.assertEqual(ticket.channel, 'web')
            self.assertEqual(ticket.state, 'open')
            self.assertTrue(ticket.unread)
            self.assertEqual(ticket.contact_name, "Joan Vila")
            self.assertEqual(ticket.email, 'vila@example.com')
            self.assertEqual(ticket.phone, "93 123")
            self.assertEqual(ticket.customer_company, "Vila S.L.")
            self.assertEqual(ticket.language.code, 'en')
            self.assertEqual(ticket.party.name, "Joan Vila")
            said = [c for c in ticket.conversations if c.direction == 'in']
            self.assertEqual([c.kind for c in said], ['web'])
            self.assertEqual(said[0].body, TYPED['text'])
            self.assertEqual(
                sorted(a.name for a in said[0].attachments),
                ['a-2.txt', 'a.txt'])

    def test_thanks(self):
        "A stranger gets to know no number, since the address isn't proven"
        client = self.client()
        response = self.send(client)
        page = client.get(
            response.headers['Location']).get_data(as_text=True)
        self.assertIn("Thank you", page)
        with self.transaction():
            number = self.last_ticket().number
        self.assertNotIn(f' {number}.', page)
        page = client.get(f'{self.form}/thanks?ticket={number}').get_data(
            as_text=True)
        self.assertNotIn(f' {number}.', page)
        self.assertEqual(client.get(
                f'{self.form}/thanks?ticket=%00').status_code, 200)

    def test_acknowledged(self):
        "The mail has the link, and nothing of what was typed (PO5)"
        self.send(
            name="CHEAP PILLS", subject="CHEAP PILLS", text="CHEAP PILLS",
            company="CHEAP PILLS", files=[('PILLS.txt', b'PILLS')])
        mail, = self.mails()
        self.assertEqual(mail['To'], 'joan@example.com')
        self.assertIn("We have received your request", mail['Subject'])
        self.assertNotIn('PILLS', mail.as_string())
        for part in mail.walk():
            if not part.is_multipart():
                self.assertNotIn('PILLS', part.get_content())
        self.assertIn('/guest/', mail.get_body(('plain',)).get_content())
        self.assertEqual(mail['Auto-Submitted'], 'auto-replied')

    def test_acknowledged_limit(self):
        "PO5: nobody's mailbox is filled by way of the form"
        self.configure(web_form_per_address=None)
        for _ in range(7):
            self.send(email='victim@example.com')
        self.assertEqual(len(self.mails()), 5)

    def test_not_acknowledged(self):
        Address = Pool(DB_NAME).get('helpdesk.mail.address')
        with self.transaction():
            address, = Address.create([
                    {'pattern': 'silent@example.com', 'no_automatic': True}])
            id_ = address.id

        def remove():
            with self.transaction():
                Address.delete([Address(id_)])
        self.addCleanup(remove)
        self.assertEqual(
            self.send(email='silent@example.com').status_code, 303)
        self.assertEqual(self.mails(), [])

    def test_party(self):
        "The party is found by the address as with letters"
        Party = Pool(DB_NAME).get('party.party')
        with self.transaction():
            party, = Party.create([{
                        'name': "Vila S.L.",
                        'contact_mechanisms': [('create', [{
                                        'type': 'email',
                                        'value': 'Known@example.com',
                                        }])],
                        }])
            id_ = party.id
        before = self.count('party.party')
        self.send(email='known@EXAMPLE.com')
        with self.transaction():
            self.assertEqual(self.last_ticket().party.id, id_)
            self.assertEqual(self.last_ticket().email, 'known@example.com')
        self.assertEqual(self.count('party.party'), before)

    def test_no_party(self):
        before = self.count('party.party')
        for choice in ['none', 'hold']:
            with self.subTest(choice):
                self.change_section(unknown_sender=choice)
                self.send(email=f'{choice}@example.com')
                with self.transaction():
                    self.assertIsNone(self.last_ticket().party)
        self.assertEqual(self.count('party.party'), before)

    def test_joins_nothing(self):
        "Somebody else's address joins none of their tickets and shows none"
        number, _ = self.ticket({'body': "Secret"}, subject="Secret 1")
        client = self.client()
        response = self.send(
            client, email=tools.CUSTOMER, subject=f"Re: [#{number}] Secret 1")
        self.assertEqual(response.status_code, 303)
        page = client.get(
            response.headers['Location']).get_data(as_text=True)
        self.assertNotIn('Secret', page)
        with self.transaction():
            ticket = self.last_ticket()
            self.assertNotEqual(ticket.number, number)
            self.assertIsNone(ticket.preceding)
            self.assertEqual(len(self.record(number).conversations), 1)
        self.assertEqual(
            client.get(f'{self.base}/tickets/{number}').status_code, 404)

    def test_errors(self):
        "Errors stand at their fields, and what was typed is kept"
        before = self.count('helpdesk.ticket')
        response = self.send(
            name='', email='nobody', phone='93 123', text="Long story",
            files=[('a.txt', b'a')])
        page = response.get_data(as_text=True)

        self.assertEqual(response.status_code, 422)
        self.assertIn('<title>Error: ', page)
        self.assertEqual(page.count('<h1>'), 1)
        for name in ['name', 'email']:
            self.assertIn(f'<a href="#{name}">', page)
            self.assertIn(f'id="{name}-error"', page)
            self.assertIn(f'aria-describedby="{name}-error"', page)
        self.assertNotIn('id="phone-error"', page)
        for kept in ['nobody', '93 123', "Long story", TYPED['subject']]:
            self.assertIn(kept, page)
        self.assertIn("choose the files again", page)
        self.assertEqual(self.count('helpdesk.ticket'), before)

    def test_mended(self):
        "The page that came back can be sent"
        client = self.client()
        response = self.send(client, name='')
        page = response.get_data(as_text=True)
        hidden = dict(re.findall(
                r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        response = self.post_form(client, {
                **TYPED, **hidden, 'altcha': self.proof(page)})
        self.assertEqual(response.status_code, 303)
        self.assertNotIn('mailed', response.headers['Location'])

    def test_injection(self):
        "SE1: script that was typed is but text on the page"
        hostile = f'"\'>{SCRIPT}'
        page = self.send(
            name=hostile, email=hostile, subject=hostile, text=hostile,
            company=hostile, phone=hostile, category=hostile,
            ).get_data(as_text=True)
        self.assertNotIn('<script>', page)
        self.assertGreaterEqual(page.count('&lt;script&gt;'), 5)

    def test_headers_injection(self):
        "SE8: line breaks in what was typed add no header"
        self.send(
            name="Joan\r\nBcc: a@example.com",
            subject="Hello\r\nBcc: a@example.com")
        with self.transaction():
            ticket = self.last_ticket()
            self.assertEqual(ticket.subject, "Hello Bcc: a@example.com")
            self.assertEqual(ticket.contact_name, "Joan Bcc: a@example.com")
        for mail in self.mails():
            self.assertIsNone(mail['Bcc'])
        self.assertEqual(self.send(
                email='joan@example.com\r\nBcc: a@example.com').status_code,
            422)

    def test_addresses(self):
        "Requests from addresses that can't be answered are no tickets"
        for email in [
                'a', 'a@', '@example.com', 'a@b@example.com', 'a b@c.com',
                'a@localhost', 'Joan <joan@example.com>', 'a@example.com,b@c',
                'support@example.com']:
            with self.subTest(email=email):
                self.assertEqual(self.send(email=email).status_code, 422)

    def test_blocked_address(self):
        "C3: who makes no tickets by mail makes none by the form"
        Address = Pool(DB_NAME).get('helpdesk.mail.address')
        with self.transaction():
            address, = Address.create([
                    {'pattern': 'spam.example', 'blocked': True}])
            id_ = address.id

        def remove():
            with self.transaction():
                Address.delete([Address(id_)])
        self.addCleanup(remove)
        self.assertEqual(
            self.send(email='joan@spam.example').status_code, 422)

    def test_files(self):
        self.configure(web_form_allowed='pdf, exe')
        for name, status in [
                ('a.exe', 422), ('a.txt', 422), ('a.PDF', 303)]:
            with self.subTest(name=name):
                self.assertEqual(
                    self.send(files=[(name, b'x')]).status_code, status)

    def test_too_large(self):
        response = self.send(
            files=[('a.txt', b'x' * (routes.LIMITS.size + 1))])
        self.assertEqual(response.status_code, 422)

    def test_category(self):
        "The form asks for the category if the section has any"
        pool = Pool(DB_NAME)
        Category = pool.get('helpdesk.category')
        Section = pool.get('helpdesk.section')
        page, _ = self.fields(self.client())
        self.assertNotIn('name="category"', page)
        with self.transaction():
            other = tools.create_section(
                "Sales", Section(self.section).company).id
            ids = [c.id for c in Category.create([
                        {'name': "Hardware", 'sequence': 1},
                        {'name': "Software", 'sequence': 2},
                        {'name': "Prices", 'sequence': 3,
                            'sections': [('add', [other])]},
                        {'name': "Old", 'active': False},
                        ])]
            Category.create([
                    {'name': "Printers", 'parent': ids[0], 'sequence': 9}])

        def remove():
            with self.transaction():
                Category.delete(
                    Category.search([('active', 'in', [True, False])]))
                Section.delete([Section(other)])
        self.addCleanup(remove)
        page, _ = self.fields(self.client())
        self.assertEqual(
            re.findall(r'<option value="[0-9]*">([^<]*)', page),
            ["Please choose", "Hardware", "Hardware / Printers", "Software"])
        self.assertEqual(self.send().status_code, 422)
        self.assertEqual(self.send(category=ids[2]).status_code, 422)
        self.assertEqual(self.send(category=ids[1]).status_code, 303)
        with self.transaction():
            self.assertEqual(self.last_ticket().category.id, ids[1])
        self.configure(use_categories=False)
        page, _ = self.fields(self.client())
        self.assertNotIn('name="category"', page)

    def test_mail_values(self):
        "The ticket gets what the section gives to new tickets"
        self.change_section(ticket_priority='urgent')
        self.send()
        with self.transaction():
            self.assertEqual(self.last_ticket().priority, 'urgent')


class KnownTestCase(WebFormTestCase):
    "The form of who is logged in (B4)"

    def test_not_asked(self):
        page, hidden = self.fields(self.log_in())
        self.assertIn('marta@example.com', page)
        self.assertIn('csrf_token', hidden)
        for name in ['name', 'email', 'phone', 'company']:
            self.assertNotIn(f'id="{name}"', page)
        self.assertNotIn('data-challenge', page)

    def test_ticket(self):
        "Nobody who is logged in writes in the name of somebody else"
        client = self.log_in()
        response = self.send(
            client, proof=False, name="Other", email='other@example.com')
        with self.transaction():
            ticket = self.last_ticket()
            number = ticket.number
            self.assertEqual(ticket.email, 'marta@example.com')
            self.assertEqual(ticket.contact_name, 'marta@example.com')
        self.assertEqual(response.headers['Location'],
            f'{self.form}/thanks?ticket={number}')
        page = client.get(
            response.headers['Location']).get_data(as_text=True)
        self.assertIn(f"Its number is {number}.", page)
        self.assertIn(f'href="{self.base}/tickets/{number}"', page)

    def test_party(self):
        Party = Pool(DB_NAME).get('party.party')
        with self.transaction():
            party, = Party.create([{'name': "Marta Soler"}])
            id_ = party.id
        self.send(self.log_in(party=id_))
        with self.transaction():
            self.assertEqual(self.last_ticket().contact_name, "Marta Soler")

    def test_forged(self):
        "SE4: a form that isn't ours makes nothing in somebody's name"
        client = self.log_in()
        before = self.count('helpdesk.ticket')
        for token in ['', 'wrong']:
            response = self.send(client, csrf_token=token)
            self.assertEqual(response.status_code, 422)
            self.assertIn(TYPED['text'], response.get_data(as_text=True))
        self.assertEqual(self.count('helpdesk.ticket'), before)

    def test_deactivated(self):
        "Whose account was deactivated is a stranger"
        client = self.log_in(active=False)
        page, _ = self.fields(client)
        self.assertIn('id="email"', page)


class LimitTestCase(WebFormTestCase):
    "How often somebody may write"

    def test_address(self):
        self.configure(web_form_per_address=2)
        for email, status in [
                ('joan@example.com', 303), ('JOAN+1@example.com', 303),
                ('joan+2@example.com', 429), ('other@example.com', 303)]:
            with self.subTest(email=email):
                response = self.send(email=email)
                self.assertEqual(response.status_code, status)
        response = self.send(email='joan@example.com')
        self.assertIn(
            "try again later", response.get_data(as_text=True))

    def test_network(self):
        self.configure(web_form_per_network=2)
        before = self.count('helpdesk.ticket')
        for number, status in enumerate([303, 303, 429]):
            response = self.send(email=f'{number}@example.com')
            self.assertEqual(response.status_code, status)
        self.assertEqual(self.count('helpdesk.ticket'), before + 2)

    def test_unconfirmed(self):
        "Mails that ask for confirmation count as well (PO5)"
        self.configure(web_form_per_address=2)
        statuses = [self.send(proof=False).status_code for _ in range(3)]
        self.assertEqual(statuses, [303, 303, 429])
        self.assertEqual(len(self.mails()), 2)

    def test_unconfirmed_without_limit(self):
        "PO5: however many requests are taken, few mails ask about them"
        self.configure(web_form_per_address=None)
        statuses = [
            self.send(proof=False, email=e).status_code for e in [
                'joan@example.com', 'joan+1@example.com', 'j.oan@example.com',
                'JOAN@example.com', 'joan@example.com', 'joan@example.com']]
        self.assertEqual(statuses, [303] * 5 + [429])
        self.assertEqual(len(self.mails()), 5)
        self.assertEqual(self.send().status_code, 303)


class EmbeddedTestCase(WebFormTestCase):
    "The form in a frame of another site (B4)"

    def test_frame(self):
        response = self.client().get(self.embed)
        policy = response.headers['Content-Security-Policy'].split('; ')
        self.assertIn(f'frame-ancestors {ORIGIN}', policy)
        self.assertNotIn('Set-Cookie', response.headers)
        page = response.get_data(as_text=True)
        self.assertIn(f'action="{self.embed}"', page)
        self.assertNotIn('class="banner"', page)
        self.assertEqual(page.count('<h1>'), 1)

    def test_send(self):
        client = self.client()
        response = self.send(client, self.embed)
        self.assertEqual(response.status_code, 303)
        self.assertEqual(
            response.headers['Location'], f'{self.embed}/thanks')
        response = client.get(response.headers['Location'])
        self.assertIn(f'frame-ancestors {ORIGIN}',
            response.headers['Content-Security-Policy'])

    def test_errors_framed(self):
        response = self.send(address=self.embed, name='')
        self.assertEqual(response.status_code, 422)
        self.assertIn(f'frame-ancestors {ORIGIN}',
            response.headers['Content-Security-Policy'])

    def test_login_not_read(self):
        "Another site can't have a ticket made in somebody's name"
        client = self.log_in()
        page, hidden = self.fields(client, self.embed)
        self.assertNotIn('marta@example.com', page)
        self.assertNotIn('csrf_token', hidden)
        self.assertEqual(
            self.send(client, self.embed, email='').status_code, 422)

    def test_not_framed(self):
        self.change_section(web_form_origins=None)
        for path in ['', '/thanks']:
            self.assertEqual(
                self.client().get(self.embed + path).status_code, 404)
        self.assertEqual(self.client().post(self.embed).status_code, 404)
        self.assertIn("frame-ancestors 'none'", self.client().get(
                self.form).headers['Content-Security-Policy'])


class SimilarTestCase(WebFormTestCase):
    "Tickets that may be about the same (PO10)"

    def similar(self, client, subject):
        response = client.get(
            f'{self.form}/similar', query_string={'subject': subject})
        self.assertEqual(response.status_code, 200)
        return response.get_data(as_text=True).strip()

    def test_own_open(self):
        mine, _ = self.ticket(subject="The printer jams")
        self.ticket(subject="Printer jams", email='other@example.com')
        over, _ = self.ticket(subject="Printer jams", state='closed')
        client = self.log_in()
        found = self.similar(client, "printer jams again")
        self.assertEqual(
            re.findall(r'href="[^"]*/tickets/([^"]*)"', found), [mine])
        for subject in ["Invoice", "p", "", "\x00", "x" * 9999]:
            with self.subTest(subject=subject):
                self.assertEqual(self.similar(client, subject), '')

    def test_stranger(self):
        self.ticket(subject="The printer jams")
        self.assertEqual(
            self.similar(self.client(), "The printer jams"), '')

    def test_hostile(self):
        self.ticket(subject=f"Printer {SCRIPT}")
        found = self.similar(self.log_in(), "Printer script alert")
        self.assertIn('&lt;script&gt;', found)
        self.assertNotIn('<script', found)

    def test_without_script(self):
        "They also show when the form comes back"
        mine, _ = self.ticket(subject="The printer jams")
        page = self.send(self.log_in(), text='').get_data(as_text=True)
        self.assertIn(f'href="{self.base}/tickets/{mine}"', page)


class ScriptTestCase(WebFormTestCase):
    "The page without and with script (SE3)"

    def test_challenge(self):
        page, _ = self.fields(self.client())
        self.assertNotRegex(page, r'<script(?! src=)|\son\w+=|\sstyle=')
        self.assertIn('/static/web_form.js?v=', page)
        challenge = re.search(r'data-challenge="([^"]+)"', page)[1]
        parameters = json.loads(
            challenge.replace('&#34;', '"'))['parameters']
        self.assertEqual(parameters['algorithm'], 'PBKDF2/SHA-256')
