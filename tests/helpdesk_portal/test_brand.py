# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import re
import unittest

from trytond import backend
from trytond.model.exceptions import (
    AccessError, DomainValidationError, SQLConstraintError)
from trytond.modules.company.tests import create_company
from trytond.modules.helpdesk_portal.brand import MAX_LOGO
from trytond.modules.helpdesk_portal.exceptions import (
    BrandColorError, BrandLinkError, BrandLogoError)
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    DB_NAME, activate_module, with_transaction)
from trytond.transaction import Transaction

from tests.records import Helpdesk

from . import tools
from .case import PortalTestCase

PNG = b'\x89PNG\r\n\x1a\n' + b'\0' * 20
HOSTILE = '"><script>alert(1)</script>'


class BrandTestCase(unittest.TestCase):
    "What a company looks like (X7)"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        activate_module('helpdesk_portal')

    def make(self, helpdesk, **values):
        pool = Pool()
        Brand = pool.get('helpdesk.brand')
        with Transaction().set_context(helpdesk.context):
            brand, = Brand.create([{
                        'company': helpdesk.company.id, **values}])
        return brand

    @with_transaction()
    def test_valid(self):
        helpdesk = Helpdesk()
        brand = self.make(
            helpdesk, color='#8a1538', logo=PNG,
            privacy_policy='https://soler.example/privacy',
            legal_notice='https://soler.example/legal?x=1')
        self.assertEqual(brand.rec_name, helpdesk.company.rec_name)
        brand.name = "Soler Help"
        brand.save()
        self.assertEqual(brand.rec_name, "Soler Help")
        Brand = Pool().get('helpdesk.brand')
        for name in ["Soler Help", helpdesk.company.rec_name]:
            self.assertEqual(
                list(Brand.search([('rec_name', '=', name)])), [brand])

    @with_transaction()
    def test_invalid(self):
        helpdesk = Helpdesk()
        brand = self.make(helpdesk)
        Brand = Pool().get('helpdesk.brand')
        for error, values in [
                (BrandColorError, {'color': 'red'}),
                (BrandColorError, {'color': '#12345'}),
                (BrandColorError, {'color': '#;}*{a:'}),
                (BrandLinkError, {'privacy_policy': 'http://a.example'}),
                (BrandLinkError, {'legal_notice': 'javascript:alert(1)'}),
                (BrandLinkError, {'legal_notice': 'https://'}),
                (BrandLinkError, {'legal_notice': 'https://[a'}),
                (BrandLinkError, {'legal_notice': 'https://a.example/ b'}),
                (BrandLogoError, {'logo': b'<svg onload="alert(1)"/>'}),
                (BrandLogoError, {'logo': b'GIF'}),
                (BrandLogoError, {'logo': PNG + b'\0' * MAX_LOGO}),
                ]:
            with self.subTest(values=list(values.values())[0][:30]):
                with self.assertRaises(error):
                    Brand.write([brand], values)

    @with_transaction()
    def test_one_for_each_company(self):
        helpdesk = Helpdesk()
        self.make(helpdesk)
        with self.assertRaises(SQLConstraintError):
            self.make(helpdesk)

    @with_transaction()
    def test_access(self):
        "Agents see the brand, administrators of the helpdesk make it"
        helpdesk = Helpdesk()
        brand = self.make(helpdesk)
        Brand = Pool().get('helpdesk.brand')
        admin = helpdesk.make_user('admin2', [], 'group_helpdesk_admin')
        user, context = helpdesk.as_user(helpdesk.agent)
        with user, context:
            self.assertEqual(list(Brand.search([])), [brand])
            with self.assertRaises(AccessError):
                Brand.write([Brand(brand.id)], {'color': '#000000'})
        user, context = helpdesk.as_user(admin)
        with user, context:
            Brand.write([Brand(brand.id)], {'color': '#000000'})

    @with_transaction()
    def test_other_company(self):
        "Nobody touches the brand of a company that is not theirs (SE12)"
        helpdesk = Helpdesk()
        other = tools.create_company("Other")
        third = tools.create_company("Third")
        Brand = Pool().get('helpdesk.brand')
        with Transaction().set_context(company=other.id):
            brand, = Brand.create([{'company': other.id}])
        admin = helpdesk.make_user('admin2', [], 'group_helpdesk_admin')
        user, context = helpdesk.as_user(admin)
        with user, context:
            self.assertEqual(list(Brand.search([])), [])
            with self.assertRaises(AccessError):
                Brand.read([brand.id], ['color'])
            with self.assertRaises((AccessError, DomainValidationError)):
                Brand.create([{'company': third.id}])

    @with_transaction()
    def test_shown(self):
        helpdesk = Helpdesk()
        Brand = Pool().get('helpdesk.brand')
        company = helpdesk.company
        for id_ in [None, company.id]:
            shown = Brand.shown(id_, 'en')
            self.assertEqual(shown['company'], company.id)
            self.assertEqual(shown['name'], company.rec_name)
            self.assertIsNone(shown['color'])
            self.assertIsNone(shown['logo'])
        brand = self.make(helpdesk, color='#8a1538', logo=PNG)
        logo = Brand.shown(company.id, 'en')['logo']
        self.assertTrue(logo)
        brand.logo = PNG + b'2'
        brand.save()
        self.assertNotEqual(Brand.shown(company.id, 'en')['logo'], logo)
        company.timezone = 'Europe/Madrid'
        company.save()
        self.assertEqual(
            Brand.shown(company.id, 'en')['zone'], 'Europe/Madrid')

    @with_transaction()
    def test_shown_without_company(self):
        "A page of no company shows the first brand, and never a wrong name"
        helpdesk = Helpdesk()
        other = tools.create_company("Other")
        Brand = Pool().get('helpdesk.brand')
        self.assertIsNone(Brand.shown(None, 'en')['name'])
        with Transaction().set_context(company=other.id):
            Brand.create([{'company': other.id, 'name': "Other Help"}])
        self.make(helpdesk, name="Ours")
        self.assertEqual(Brand.shown(None, 'en')['name'], "Other Help")
        self.assertEqual(
            Brand.shown(helpdesk.company.id, 'en')['name'], "Ours")

    @with_transaction()
    def test_translated(self):
        helpdesk = Helpdesk()
        pool = Pool()
        Brand = pool.get('helpdesk.brand')
        Lang = pool.get('ir.lang')
        Lang.write(Lang.search([('code', '=', 'es')]), {'translatable': True})
        brand = self.make(helpdesk, welcome="Welcome")
        with Transaction().set_context(language='es'):
            Brand.write([Brand(brand.id)], {'welcome': "Hola"})
        for code, expected in [('en', "Welcome"), ('es', "Hola")]:
            self.assertEqual(
                Brand.shown(helpdesk.company.id, code)['welcome'], expected)


class PagesTestCase(PortalTestCase):
    "The brand on the pages (X7)"

    def brand(self, **values):
        with self.transaction():
            pool = Pool(DB_NAME)
            Brand = pool.get('helpdesk.brand')
            Section = pool.get('helpdesk.section')
            company = Section(self.section).company
            with Transaction().set_context(company=company.id):
                Brand.delete(Brand.search([]))
                Brand.create([{'company': company.id, **values}])
        self.addCleanup(self.no_brand)
        return company.id

    def no_brand(self):
        with self.transaction():
            Brand = Pool(DB_NAME).get('helpdesk.brand')
            Brand.delete(Brand.search([]))

    def start(self):
        response = self.client().get(f'{self.base}/')
        self.assertEqual(response.status_code, 200)
        return response.get_data(as_text=True)

    def test_none(self):
        "Without a brand the page has the name of the company"
        page = self.start()
        self.assertIn(f'<a href="{self.base}/">Muebles Soler</a>', page)
        self.assertNotIn('/brand/', page)
        self.assertIn("Helpdesk · Muebles Soler</title>", page)

    def test_brand(self):
        company = self.brand(
            name="Soler Help", logo=PNG, color='#ffdd00',
            welcome="Good morning.\n\nWe are there from 8 to 18 h.",
            footer="Muebles Soler, Girona",
            privacy_policy='https://soler.example/privacy',
            legal_notice='https://soler.example/legal')
        number, token = self.ticket()
        ticket = self.page(self.guest(number, token), number)
        missing = self.client().get(f'{self.base}/nothing')
        for page in [
                self.start(), ticket, missing.get_data(as_text=True)]:
            logo = re.search(
                r'<img class="logo" src="([^"]*)" alt="Soler Help">', page)[1]
            style = re.search(r'href="([^"]*/brand/[^"]*)"', page)[1]
            self.assertIn("Muebles Soler, Girona", page)
            for name in ['privacy', 'legal']:
                self.assertIn(f'href="https://soler.example/{name}"', page)
        self.assertIn("<p>Good morning.</p>", self.start())
        self.assertTrue(logo.startswith(f'{self.base}/brand/{company}/logo?'))

        response = self.client().get(logo)
        self.assertEqual(response.get_data(), PNG)
        self.assertEqual(response.headers['Content-Type'], 'image/png')
        self.assertIn('sandbox', response.headers['Content-Security-Policy'])
        response = self.client().get(style)
        self.assertIn('--accent: #', response.get_data(as_text=True))
        self.assertEqual(
            response.headers['Content-Type'], 'text/css; charset=utf-8')
        for address in [logo, style]:
            headers = self.client().get(address).headers
            self.assertIn('immutable', headers['Cache-Control'])
            self.assertEqual(headers['X-Content-Type-Options'], 'nosniff')
            self.assertNotIn('Set-Cookie', headers)

    def test_changed(self):
        "What was changed has another address, so that it is seen at once"
        self.brand(color='#ffdd00', logo=PNG)
        first = re.findall(r'"([^"]*/brand/[^"]*)"', self.start())
        self.brand(color='#8a1538', logo=PNG + b'2')
        second = re.findall(r'"([^"]*/brand/[^"]*)"', self.start())
        self.assertEqual(len(first), 2)
        self.assertEqual(len({*first, *second}), 4)

    def test_inert(self):
        "SE1: the texts are but text"
        self.brand(name=HOSTILE, welcome=HOSTILE, footer=HOSTILE, logo=PNG)
        page = self.start()
        self.assertNotIn('<script>', page)
        self.assertIn('&lt;script&gt;', page)

    @unittest.skipIf(backend.name != 'sqlite', "counts on SQLite")
    def test_no_statement(self):
        "Pages cost no statement for brand, zone and languages, once known"
        self.brand(color='#ffdd00', logo=PNG, welcome="Hello")
        number, token = self.ticket({'body': "Help"})
        client = self.guest(number, token)
        with self.transaction():
            connection = Transaction().connection
        for path in ['', f'tickets/{number}']:
            with self.subTest(path=path):
                client.get(f'{self.base}/{path}')
                with tools.count_statements(connection) as statements:
                    client.get(f'{self.base}/{path}')
                self.assertEqual([
                        s for s in statements if re.search(
                            'FROM "(helpdesk_brand|ir_lang|company_company)"',
                            s)], [])


class CompaniesTestCase(PortalTestCase):
    "Each company has a brand of its own on its pages (X7)"

    @classmethod
    def setUpDatabase(cls):
        super().setUpDatabase()
        pool = Pool(DB_NAME)
        Brand = pool.get('helpdesk.brand')
        Request = pool.get('helpdesk.rating.request')
        Section = pool.get('helpdesk.section')
        Ticket = pool.get('helpdesk.ticket')
        first = Section(cls.section)
        second = tools.create_section(company=create_company("Fusteria Roca"))
        second.company.timezone = 'Atlantic/Canary'
        second.company.save()
        for section, values in [
                (first, {'name': "Soler Help", 'logo': PNG}),
                (second, {'name': "Roca Help"}),
                ]:
            with Transaction().set_context(company=section.company.id):
                Brand.create([{'company': section.company.id, **values}])
        Section.write([first, second], {
                'visibility': 'public', 'web_form': 'everyone'})
        ticket = tools.create_ticket(second)
        Ticket.open([ticket])
        Ticket.resolve([ticket])
        address, = Request.make([ticket])
        cls.other = second.id
        cls.rate = f'rate/{address.rpartition("/")[2]}'

    def test_pages(self):
        for path, name, logo in [
                (f'new/{self.section}', "Soler Help", True),
                (f'new/{self.other}', "Roca Help", False),
                (f'new/{self.other}/thanks', "Roca Help", False),
                (self.rate, "Roca Help", False),
                ]:
            with self.subTest(path=path):
                response = self.client().get(f'{self.base}/{path}')
                page = response.get_data(as_text=True)
                self.assertEqual(response.status_code, 200)
                self.assertIn(f'· {name}</title>', page)
                self.assertEqual('class="logo"' in page, logo)


del PortalTestCase
