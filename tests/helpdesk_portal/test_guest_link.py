# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import unittest
from unittest.mock import patch

import trytond.config as config
from trytond import backend
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk_portal.visibility import Visitor
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    TestCase, activate_module, with_transaction)
from trytond.transaction import Transaction, check_access

from . import tools


def create_agent(login='agent', group='group_helpdesk'):
    pool = Pool()
    Group = pool.get('res.group')
    ModelData = pool.get('ir.model.data')
    User = pool.get('res.user')
    user = User(name=login, login=login)
    user.groups = [Group(ModelData.get_id('helpdesk', group))]
    user.save()
    return user


class GuestLinkTestCase(TestCase):
    "One link opens one ticket, for some time (B11, PO1)"

    @classmethod
    def setUpClass(cls):
        activate_module('helpdesk_portal')

    @with_transaction()
    def test_make(self):
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        section = tools.create_section()
        one = tools.create_ticket(section)
        two = tools.create_ticket(section, email='two@example.com')

        addresses = GuestLink.make([one, two])
        links = GuestLink.search([], order=[('id', 'ASC')])

        self.assertEqual(
            [(k.ticket, k.email) for k in links],
            [(one, one.email), (two, 'two@example.com')])
        self.assertNotEqual(addresses[one], addresses[two])
        # 256 random bits in base64
        self.assertEqual(len(addresses[one].rpartition('/')[2]), 43)

    @with_transaction()
    def test_make_none(self):
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')

        self.assertEqual(GuestLink.make([]), {})

    @with_transaction()
    def test_only_hash_stored(self):
        "Who reads the database can open no ticket"
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        ticket = tools.create_ticket(tools.create_section())

        token = tools.link_token(ticket)
        cursor = Transaction().connection.cursor()
        table = GuestLink.__table__()
        cursor.execute(*table.select(table.email, table.token_hash))

        (email, hash_), = cursor
        self.assertEqual(email, tools.CUSTOMER)
        self.assertEqual(len(hash_), 64)
        self.assertNotIn(token, hash_)

    @with_transaction()
    def test_find(self):
        "SE5: nothing but the very token is found"
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        ticket = tools.create_ticket(tools.create_section())
        token = tools.link_token(ticket)
        link, = GuestLink.search([])

        self.assertEqual(GuestLink.find(token), link)
        for wrong in [
                None, '', ' ', '%', token.swapcase(), token.lower(),
                token.upper(), token[:-1], token + ' ', f' {token}',
                token.replace(token[0], '.'), link.token_hash,
                '\x00', '\udcff', 'x' * 100_000]:
            with self.subTest(wrong=wrong):
                self.assertIsNone(GuestLink.find(wrong))

    @with_transaction()
    def test_expires(self):
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        GuestLink = pool.get('helpdesk.guest_link')
        ticket = tools.create_ticket(tools.create_section())
        configuration = Configuration(1)
        configuration.guest_link_days = 3
        configuration.save()
        token = tools.link_token(ticket)
        link, = GuestLink.search([])

        self.assertAlmostEqual(
            link.expires_at, dt.datetime.now() + dt.timedelta(days=3),
            delta=dt.timedelta(minutes=1))

        link.expires_at = dt.datetime.now() - dt.timedelta(seconds=1)
        link.save()

        self.assertFalse(link.valid)
        self.assertIsNone(GuestLink.find(token))

    @with_transaction()
    def test_default_days(self):
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')

        self.assertEqual(Configuration(1).guest_link_days, 90)

    @with_transaction()
    def test_remove_expired(self):
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        ticket = tools.create_ticket(tools.create_section())
        kept = []
        for days in [400, 300, -1]:
            kept.append(tools.link_token(ticket))
            link = GuestLink.search([], order=[('id', 'DESC')], limit=1)[0]
            link.expires_at = dt.datetime.now() - dt.timedelta(days=days)
            link.save()

        GuestLink.remove_expired()

        # Who has one that expired lately can ask for a new one
        self.assertEqual(
            {k.token_hash for k in GuestLink.search([])},
            {GuestLink.hash(t) for t in kept[1:]})
        self.assertEqual(
            [bool(GuestLink.find(t)) for t in kept], [False, False, True])

    @with_transaction()
    def test_customer_changed(self):
        "The former customer of a ticket loses sight of it"
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        GuestLink = pool.get('helpdesk.guest_link')
        ticket = tools.create_ticket(tools.create_section())
        token = tools.link_token(ticket)
        link = GuestLink.find(token)
        visitor = Visitor.of_link(link, token)
        self.assertEqual(Ticket.search(Ticket.visible_to(visitor)), [ticket])

        ticket.email = 'jordi@example.com'
        ticket.save()

        self.assertEqual(Ticket.search(Ticket.visible_to(visitor)), [])
        self.assertFalse(GuestLink(link.id).valid)

    @with_transaction()
    def test_revoke(self):
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        ticket = tools.create_ticket(tools.create_section())
        token = tools.link_token(ticket)
        other = tools.link_token(ticket)
        elsewhere = tools.link_token(tools.create_ticket(ticket.section))
        agent = create_agent()
        link, = GuestLink.search([
                ('token_hash', '=', GuestLink.hash(token))])

        with Transaction().set_user(agent.id), check_access():
            GuestLink.revoke([GuestLink(link.id)])

        # Each mail had a link: to end one would not end the access
        self.assertIsNone(GuestLink.find(token))
        self.assertIsNone(GuestLink.find(other))
        self.assertIsNotNone(GuestLink.find(elsewhere))

    @with_transaction()
    def test_agents_read_no_hash(self):
        "Agents see who has a link; the hash is nobody's business (SE13)"
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        ticket = tools.create_ticket(tools.create_section())
        tools.link_token(ticket)
        link, = GuestLink.search([])
        for group in [
                'group_helpdesk', 'group_helpdesk_manager',
                'group_helpdesk_admin']:
            agent = create_agent(group, group)
            with self.subTest(group=group), \
                    Transaction().set_user(agent.id), check_access():
                values, = GuestLink.read(
                    [link.id], ['email', 'expires_at', 'valid'])
                self.assertEqual(values['email'], tools.CUSTOMER)
                for leak in [
                        lambda: GuestLink.read([link.id], ['token_hash']),
                        lambda: GuestLink.search(
                            [('token_hash', 'like', 'a%')]),
                        lambda: GuestLink.search(
                            [], order=[('token_hash', 'ASC')]),
                        lambda: GuestLink.export_data(
                            [link], ['token_hash'])]:
                    with self.assertRaises(AccessError):
                        leak()

    @with_transaction()
    def test_agents_make_no_links(self):
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        ticket = tools.create_ticket(tools.create_section())
        tools.link_token(ticket)
        link, = GuestLink.search([])
        agent = create_agent()
        with Transaction().set_user(agent.id), check_access():
            for change in [
                    lambda: GuestLink.create([{
                                'ticket': ticket.id,
                                'email': 'agent@example.com',
                                'expires_at': dt.datetime(2100, 1, 1),
                                'token_hash': GuestLink.hash('mine'),
                                }]),
                    lambda: GuestLink.write(
                        [link], {'expires_at': dt.datetime(2100, 1, 1)}),
                    lambda: GuestLink.delete([link])]:
                with self.assertRaises(AccessError):
                    change()

    @with_transaction()
    def test_strangers_see_no_links(self):
        "Who may not see a ticket doesn't see who has a link to it"
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        User = pool.get('res.user')
        tools.link_token(tools.create_ticket(tools.create_section()))
        user = User(name="Clerk", login='clerk')
        user.save()

        with Transaction().set_user(user.id), check_access():
            with self.assertRaises(AccessError):
                GuestLink.search([])

    @with_transaction()
    def test_copy(self):
        "No two links have the same token"
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        tools.link_token(tools.create_ticket(tools.create_section()))
        link, = GuestLink.search([])

        with self.assertRaises(UserError):
            GuestLink.copy([link])

    @with_transaction()
    def test_address(self):
        "Links lead to the configured address, never to a request's host"
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        database = Transaction().database.name
        request = {'http_host': 'evil.example.com', 'is_secure': True}

        with Transaction().set_context(_request=request):
            self.assertNotIn('evil', GuestLink.address('t'))
        with patch.object(config, 'get') as get:
            get.return_value = 'https://help.example.com/'
            self.assertEqual(
                GuestLink.address('t'),
                f'https://help.example.com/{database}/helpdesk/guest/t')


class MailFooterTestCase(TestCase):
    "Who gets a link by mail"

    @classmethod
    def setUpClass(cls):
        activate_module('helpdesk_portal')

    @with_transaction()
    def test_customer_alone(self):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        GuestLink = pool.get('helpdesk.guest_link')
        ticket = tools.create_ticket(tools.create_section())
        mail = tools.say(ticket, "Hello", 'out', to_addresses=tools.CUSTOMER)

        footer = Conversation.mail_footer([mail])[mail.id]

        token = footer.rpartition('/guest/')[2].strip()
        self.assertEqual(GuestLink.find(token).ticket, ticket)

    @with_transaction()
    def test_not_for_others(self):
        "SE9: who is in copy gets no link"
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        GuestLink = pool.get('helpdesk.guest_link')
        ticket = tools.create_ticket(tools.create_section())
        nobody = tools.create_ticket(ticket.section, email=None)
        for ticket, to, cc, linked in [
                (ticket, 'Marta@Example.com', None, True),
                (ticket, f'{tools.CUSTOMER}, {tools.CUSTOMER}', '', True),
                (ticket, tools.CUSTOMER, 'eve@example.com', False),
                (ticket, f'{tools.CUSTOMER}, eve@example.com', None, False),
                (ticket, 'eve@example.com', None, False),
                (ticket, f'x{tools.CUSTOMER}', None, False),
                (ticket, None, None, False),
                (nobody, None, None, False),
                ]:
            with self.subTest(to=to, cc=cc):
                mail = tools.say(
                    ticket, "Hello", 'out', to_addresses=to, cc_addresses=cc)
                footer = Conversation.mail_footer([mail])[mail.id]
                self.assertEqual('/guest/' in footer, linked)
        hidden = tools.say(
            tools.create_ticket(nobody.section),
            "Hello", 'out', to_addresses=tools.CUSTOMER,
            bcc_addresses='eve@example.com')
        self.assertNotIn(
            '/guest/', Conversation.mail_footer([hidden])[hidden.id])
        self.assertEqual(
            {k.email for k in GuestLink.search([])}, {tools.CUSTOMER})

    @unittest.skipIf(backend.name != 'sqlite', "counts on SQLite")
    @with_transaction()
    def test_many(self):
        "The statements stay the same in number"
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        section = tools.create_section()

        def statements(count):
            mails = []
            for _ in range(count):
                ticket = tools.create_ticket(section)
                mails.append(tools.say(
                        ticket, "Hello", 'out', to_addresses=tools.CUSTOMER))
            mails = Conversation.browse(mails)
            with tools.count_statements(
                    Transaction().connection) as counted:
                footers = Conversation.mail_footer(mails)
            self.assertEqual(len(set(footers.values())), count)
            # On SQLite Tryton inserts rows one by one
            return len([s for s in counted if not s.startswith('INSERT')])

        statements(1)
        self.assertEqual(statements(2), statements(20))
