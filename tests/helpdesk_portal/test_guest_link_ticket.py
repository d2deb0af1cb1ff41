# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import re

from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk_mail.intake import acknowledge
from trytond.modules.helpdesk_portal.exceptions import GuestLinkError
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    DB_NAME, TestCase, activate_module, with_transaction)
from trytond.transaction import Transaction

from tests import records

from . import tools
from .case import PortalTestCase


def mails(ticket):
    "Return the mails to the customer, the oldest first"
    Conversation = Pool().get('helpdesk.conversation')
    return list(Conversation.search([
                ('ticket', '=', ticket.id),
                ('direction', '=', 'out'),
                ], order=[('id', 'ASC')]))


class GuestLinkTicketTestCase(TestCase):
    "Agents deal with the links of a ticket (B11, PO1)"

    @classmethod
    def setUpClass(cls):
        activate_module('helpdesk_portal')

    def desk(self, **values):
        desk = records.Helpdesk(visibility='private', **values)
        desk.section.mail_address = 'support@example.com'
        desk.section.save()
        return desk

    @with_transaction()
    def test_send(self):
        "A new link goes out by mail, and the old ones stop"
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        Conversation = pool.get('helpdesk.conversation')
        Ticket = pool.get('helpdesk.ticket')
        desk = self.desk()
        ticket = desk.make_ticket(
            email=tools.CUSTOMER, channel='email', subject="Buy cheap pills")
        old = [tools.link_token(ticket), tools.link_token(ticket)]
        user, context = desk.as_user(desk.agent)
        with user, context:
            Ticket.send_guest_link([Ticket(ticket.id)])

        mail, = mails(ticket)
        self.assertEqual(mail.to_addresses, tools.CUSTOMER)
        self.assertEqual(mail.delivery, 'queued')
        self.assertTrue(mail.automatic)
        # PO5: nothing that a sender wrote
        self.assertNotIn("pills", mail.subject + mail.body)
        footer = Conversation.mail_footer([mail])[mail.id]
        new = footer.rpartition('/guest/')[2].strip()
        self.assertEqual(GuestLink.find(new).ticket, ticket)
        for token in old:
            self.assertIsNone(GuestLink.find(token))

    @with_transaction()
    def test_send_language(self):
        "The mail speaks the customer's language (PO9)"
        pool = Pool()
        Lang = pool.get('ir.lang')
        Message = pool.get('ir.message')
        ModelData = pool.get('ir.model.data')
        Ticket = pool.get('helpdesk.ticket')
        spanish, = Lang.search([('code', '=', 'es')])
        spanish.translatable = True
        spanish.save()
        with Transaction().set_user(0), \
                Transaction().set_context(language='es'):
            message = Message(ModelData.get_id(
                    'helpdesk_portal', 'msg_guest_link_subject'))
            message.text = "Un enlace nuevo: %(number)s"
            message.save()
        ticket = self.desk().make_ticket(
            email=tools.CUSTOMER, channel='email', language=spanish)

        Ticket.send_guest_link([ticket])

        mail, = mails(ticket)
        self.assertEqual(mail.subject, f"Un enlace nuevo: {ticket.number}")

    @with_transaction()
    def test_revoke_all(self):
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        Ticket = pool.get('helpdesk.ticket')
        desk = self.desk()
        ticket = desk.make_ticket(email=tools.CUSTOMER)
        other = desk.make_ticket(email=tools.CUSTOMER)
        tokens = [tools.link_token(ticket), tools.link_token(ticket)]
        kept = tools.link_token(other)
        user, context = desk.as_user(desk.agent)
        with user, context:
            Ticket.revoke_guest_links([Ticket(ticket.id)])
            links = Ticket(ticket.id).guest_links
            self.assertEqual([k.valid for k in links], [False, False])

        for token in tokens:
            self.assertIsNone(GuestLink.find(token))
        self.assertIsNotNone(GuestLink.find(kept))

    @with_transaction()
    def test_access(self):
        "SE12: agents of other sections don't see, end or send links"
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        Ticket = pool.get('helpdesk.ticket')
        desk = self.desk()
        stranger = desk.make_user('stranger', [desk.make_section("Other")])
        ticket = desk.make_ticket(email=tools.CUSTOMER, channel='email')
        token = tools.link_token(ticket)
        link, = GuestLink.search([])
        user, context = desk.as_user(stranger)
        with user, context:
            self.assertEqual(list(GuestLink.search([])), [])
            for act in [
                    lambda: GuestLink.read([link.id], ['email']),
                    lambda: GuestLink.revoke([GuestLink(link.id)]),
                    lambda: Ticket.revoke_guest_links([Ticket(ticket.id)]),
                    lambda: Ticket.send_guest_link([Ticket(ticket.id)])]:
                with self.assertRaises(AccessError):
                    act()

        self.assertIsNotNone(GuestLink.find(token))
        self.assertEqual(mails(ticket), [])

    @with_transaction()
    def test_hash(self):
        "Nor does the ticket lead to the hash of a link (SE13)"
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        desk = self.desk()
        ticket = desk.make_ticket(email=tools.CUSTOMER)
        tools.link_token(ticket)
        user, context = desk.as_user(desk.agent)
        with user, context:
            ticket = Ticket(ticket.id)
            for leak in [
                    lambda: Ticket.search(
                        [('guest_links.token_hash', 'like', '%')]),
                    lambda: Ticket.search([
                            ('guest_links', 'where', [
                                    ('token_hash', 'like', '%')])]),
                    lambda: Ticket.export_data(
                        [ticket], ['guest_links/token_hash'])]:
                with self.assertRaises((AccessError, NotImplementedError)):
                    leak()

    @with_transaction()
    def test_copy(self):
        "A copied ticket has no links"
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        ticket = self.desk().make_ticket(email=tools.CUSTOMER)
        tools.link_token(ticket)

        copy, = Ticket.copy([ticket])

        self.assertEqual(list(copy.guest_links), [])

    @with_transaction()
    def test_switched_off(self):
        "Without guest links no mail has one, and none opens anything"
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        Conversation = pool.get('helpdesk.conversation')
        GuestLink = pool.get('helpdesk.guest_link')
        Ticket = pool.get('helpdesk.ticket')
        section = self.desk().section
        ticket = tools.create_ticket(section)
        token = tools.link_token(ticket)
        link = GuestLink.find(token)
        mail = tools.say(ticket, "Hello", 'out', to_addresses=tools.CUSTOMER)
        for record in [Configuration(1), section]:
            with self.subTest(record=record.__name__):
                record.guest_links = False
                record.save()
                ticket = Ticket(ticket.id)

                self.assertIsNone(GuestLink.find(token))
                self.assertFalse(GuestLink(link.id).valid)
                self.assertEqual(
                    Conversation.mail_footer([mail])[mail.id], '')
                with self.assertRaises(GuestLinkError):
                    Ticket.send_guest_link([ticket])
                Ticket.ask_for_guest_link(token)
                self.assertEqual(mails(ticket), [mail])

                record.guest_links = True
                record.save()
                self.assertEqual(GuestLink.find(token), link)

    @with_transaction()
    def test_moved(self):
        "In a section without guest links the ticket's link opens nothing"
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        Ticket = pool.get('helpdesk.ticket')
        desk = self.desk()
        private = desk.make_section("Private", guest_links=False)
        ticket = desk.make_ticket(email=tools.CUSTOMER)
        token = tools.link_token(ticket)

        Ticket.write([ticket], {'section': private.id})

        self.assertIsNone(GuestLink.find(token))

    @with_transaction()
    def test_ask(self):
        "Who asks with an old link gets few mails, at the ticket's address"
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        Ticket = pool.get('helpdesk.ticket')
        ticket = tools.create_ticket(self.desk().section)
        token = tools.link_token(ticket)
        good = tools.link_token(ticket)
        link = GuestLink.find(token)
        link.expires_at = dt.datetime.now() - dt.timedelta(days=30)
        link.save()

        for wrong in ['', 'x', '\x00', '%', token[:-1]]:
            Ticket.ask_for_guest_link(wrong)
        self.assertEqual(mails(ticket), [])
        for _ in range(3 * acknowledge.LIMIT):
            Ticket.ask_for_guest_link(token)

        sent = mails(ticket)
        self.assertEqual(len(sent), acknowledge.LIMIT)
        self.assertEqual({m.to_addresses for m in sent}, {tools.CUSTOMER})
        # The link may be in other hands, which end nothing by it
        self.assertIsNotNone(GuestLink.find(good))

        ticket.email = 'jordi@example.com'
        ticket.save()
        Ticket.ask_for_guest_link(token)
        self.assertEqual(mails(ticket), sent)


class LostLinkRouteTestCase(PortalTestCase):
    "A link that opens nothing lets its customer ask for another (PO1)"

    def expire(self, token, **values):
        GuestLink = Pool(DB_NAME).get('helpdesk.guest_link')
        with self.transaction():
            GuestLink.write([GuestLink.find(token)], values or {
                    'expires_at': dt.datetime(2026, 1, 1)})

    def mails(self, number):
        with self.transaction():
            return len(mails(self.record(number)))

    def ask(self, client, token):
        "Press the button, and return the page that comes then"
        address = f'{self.base}/guest/{token}'
        page = client.get(address)
        self.assertEqual(page.status_code, 404)
        csrf = re.search(
            r'name="csrf_token" value="(\w+)"', page.get_data(as_text=True))
        response = client.post(address, data={'csrf_token': csrf[1]})
        self.assertEqual(response.status_code, 303)
        answer = client.get(response.headers['Location'])
        self.assertEqual(answer.status_code, 404)
        return [
            page.get_data(as_text=True).replace(csrf[1], ''),
            answer.get_data(as_text=True)]

    def test_ask(self):
        "The page is the same whether or not there ever was such a link"
        number, token = self.ticket()
        self.expire(token)
        revoked, revoked_token = self.ticket()
        self.expire(revoked_token, revoked_at=dt.datetime(2026, 1, 1))
        client = self.client()

        pages = [
            self.ask(client, t) for t in [token, revoked_token, 'nonsense']]

        self.assertEqual(pages[0], pages[1])
        self.assertEqual(pages[0], pages[2])
        self.assertIn("a new one is on its way", pages[0][1])
        self.assertEqual(self.mails(number), 1)
        self.assertEqual(self.mails(revoked), 1)

    def test_forged(self):
        "SE3: another site can't ask, and looking is not asking"
        number, token = self.ticket()
        self.expire(token)
        address = f'{self.base}/guest/{token}'
        client = self.client()
        for data in [{}, {'csrf_token': ''}, {'csrf_token': 'x'}]:
            self.assertEqual(
                client.post(address, data=data).status_code, 403)
        client.get(address)
        client.get(f'{address}?asked')
        for data in [{}, {'csrf_token': 'x'}]:
            self.assertEqual(
                client.post(address, data=data).status_code, 403)
        self.assertEqual(self.mails(number), 0)

    def test_used(self):
        "What is sent with a link is told to agents, what is read isn't"
        pool = Pool(DB_NAME)
        GuestLink = pool.get('helpdesk.guest_link')
        number, token = self.ticket()
        client = self.guest(number, token)
        self.page(client, number)
        with self.transaction():
            self.assertIsNone(GuestLink.find(token).used_at)

        self.post(client, number, "Hello")

        with self.transaction():
            self.assertAlmostEqual(
                GuestLink.find(token).used_at, dt.datetime.now(),
                delta=dt.timedelta(minutes=1))

    def test_revoked_while_open(self):
        "Who has the page open can't send any more"
        pool = Pool(DB_NAME)
        Ticket = pool.get('helpdesk.ticket')
        number, token = self.ticket()
        client = self.guest(number, token)
        page = self.page(client, number)
        csrf = re.search(r'name="csrf_token" value="(\w+)"', page)[1]
        with self.transaction():
            Ticket.revoke_guest_links([self.record(number)])

        for path in ['', '.pdf']:
            self.assertEqual(
                client.get(f'{self.base}/tickets/{number}{path}').status_code,
                404)
        self.assertEqual(
            client.post(f'{self.base}/tickets/{number}', data={
                    'text': "Hello", 'csrf_token': csrf}).status_code, 404)


del PortalTestCase
