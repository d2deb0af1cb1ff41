# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from unittest.mock import patch

from trytond.modules.helpdesk_portal import board
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME

from tests.records import Helpdesk

from . import tools
from .board_case import BoardTestCase


class BoardAccessTestCase(BoardTestCase):
    "Everybody sees on the board what they see in the client (SE12, SE13)"

    def delete(self, name, ids):
        Model = Pool(DB_NAME).get(name)
        with self.transaction():
            Model.delete(Model.browse(ids))

    def allow_writing(self, accesses, value):
        Access = Pool(DB_NAME).get('ir.model.access')
        with self.transaction():
            Access.write(Access.browse(accesses), {'perm_write': value})

    def test_sections(self):
        "SE12: other sections, by their id or that of a ticket, aren't there"
        ticket = self.make(section=self.other)
        client = self.signed_in()
        for what in ['data', 'cards', 'changes']:
            answer = self.ask(
                client, what, status=404, section=self.other, column='x')
            self.assertIn("no section", answer['error'])
        response = client.get(f'{self.base}/board?section={self.other}')
        self.assertEqual(response.status_code, 404)
        self.move(client, ticket, 'state-draft', 'state-open', status=404)
        self.move(client, 999999, 'state-draft', 'state-open', status=404)
        manager = self.signed_in(self.manager)
        self.assertEqual(
            self.ask(manager, section=self.other)['section']['id'],
            self.other)

    def test_companies(self):
        "SE13: agents of another company see and move nothing of this one"
        pool = Pool(DB_NAME)
        ticket = self.make()
        with self.transaction():
            desk_class = Helpdesk.__new__(Helpdesk)
            desk_class.company = tools.create_company("Other")
            section = desk_class.make_section("Other")
            user = desk_class.make_user('stranger', [section]).id
            boss = desk_class.make_user(
                'boss', [], 'group_helpdesk_manager').id
            self.assertTrue(pool.get('helpdesk.section')(section.id))
            other = section.id
        for who in [user, boss]:
            client = self.signed_in(who)
            self.assertEqual(
                self.ask(client, section='')['section']['id'], other)
            self.ask(client, status=404, section=self.section)
            self.move(client, ticket, self.new, self.doing, status=404)

    def test_group(self):
        "Who is no agent has no board"
        pool = Pool(DB_NAME)
        User = pool.get('res.user')
        with self.transaction():
            desk = Helpdesk.__new__(Helpdesk)
            desk.company = pool.get('company.company')(self.company)
            user = desk.make_user('leaver', []).id
        client = self.signed_in(user)
        self.ask(client)
        with self.transaction():
            User.write([User(user)], {
                    'groups': [('remove', [g.id for g in User(user).groups])],
                    })
        answer = self.ask(client, status=401)
        self.assertIn("signed out", answer['error'])

    def test_field_access(self):
        "What the user may not read of tickets is on no card"
        pool = Pool(DB_NAME)
        Access = pool.get('ir.model.field.access')
        with self.transaction():
            accesses = Access.create([{
                        'model': 'helpdesk.ticket', 'field': name,
                        'perm_read': False}
                    for name in ['party', 'contact_name', 'email']])
            accesses = [a.id for a in accesses]
        self.addCleanup(self.delete, 'ir.model.field.access', accesses)
        self.make(contact_name="Ada", email='ada@example.com')
        data = self.ask(self.signed_in())
        card, = data['columns'][0]['cards']
        self.assertIsNone(card['customer'])

    def test_rule(self):
        "SE12: a record rule that hides a ticket hides its card"
        pool = Pool(DB_NAME)
        Group = pool.get('ir.rule.group')
        shown, hidden = self.make(), self.make(priority='urgent')
        client = self.signed_in()
        mark = self.ask(client)['mark']
        with self.transaction():
            group, = Group.create([{
                        'name': "Nothing urgent", 'model': 'helpdesk.ticket',
                        'global_p': True,
                        'rules': [('create', [{
                                        'domain':
                                        '[["priority", "!=", "urgent"]]',
                                        }])],
                        }])
        self.addCleanup(self.delete, 'ir.rule.group', [group.id])
        data = self.ask(client)
        self.assertEqual(
            [c['id'] for c in data['columns'][0]['cards']], [shown])
        self.assertEqual(data['columns'][0]['count'], 1)
        answer = self.ask(client, 'cards', column=self.new, after='~0')
        self.assertEqual([c['id'] for c in answer['cards']], [shown])
        self.move(client, hidden, self.new, self.doing, status=404)
        self.move(client, shown, self.new, self.doing)
        answer = self.ask(client, 'changes', mark=mark)
        self.assertTrue(answer['reload'])
        self.assertEqual((answer['cards'], answer['gone']), ([], []))

    def test_section_left(self):
        "SE12: what left for a section that isn't seen is read anew"
        Ticket = Pool(DB_NAME).get('helpdesk.ticket')
        ticket = self.make()
        client = self.signed_in()
        mark = self.ask(client)['mark']
        with self.transaction():
            Ticket.write([Ticket(ticket)], {'section': self.other})
        answer = self.ask(client, 'changes', mark=mark)
        self.assertTrue(answer['reload'])
        self.assertEqual((answer['cards'], answer['gone']), ([], []))

    def test_company_left(self):
        "SE13: who works for another company now sees that one's board"
        pool = Pool(DB_NAME)
        User = pool.get('res.user')
        with self.transaction():
            desk = Helpdesk.__new__(Helpdesk)
            desk.company = tools.create_company("Another")
            desk.make_section("Elsewhere")
            user = desk.make_user('mover', [])
            home = pool.get('company.company')(self.company)
            user.companies = [home, *user.companies]
            user.save()
            user, employee = user.id, user.employee.id
            company = desk.company.id
        client = self.signed_in(user)
        self.ask(client, status=404)
        with self.transaction():
            User.write([User(user)], {'company': self.company,
                    'employee': None})
        self.ask(client)
        with self.transaction():
            User.write([User(user)], {
                    'company': company, 'employee': employee})
        self.ask(client, status=404)

    def test_write_access(self):
        "Who may not write tickets moves none"
        pool = Pool(DB_NAME)
        Access = pool.get('ir.model.access')
        with self.transaction():
            accesses = [a.id for a in Access.search([
                        ('model', '=', 'helpdesk.ticket'),
                        ('perm_write', '=', True)])]
        self.allow_writing(accesses, False)
        self.addCleanup(self.allow_writing, accesses, True)
        ticket = self.make()
        answer = self.move(
            self.signed_in(), ticket, self.new, self.doing, status=403)
        self.assertTrue(answer['error'])

    def test_strangers(self):
        "Customers, guests and strangers have no board"
        number, token = self.ticket()
        guest = self.guest(number, token)
        for client in [self.client(), guest]:
            client.csrf = 'x'
            for what in ['data', 'cards', 'changes']:
                answer = self.ask(client, what, status=401)
                self.assertIn("signed out", answer['error'])
            self.move(client, 1, self.new, self.doing, status=401)
            response = client.get(f'{self.base}/board')
            self.assertEqual(response.status_code, 403)
            self.assertNotIn('data-csrf', response.get_data(as_text=True))

    def test_trouble(self):
        "SE17: what goes wrong gives nothing away"
        client = self.signed_in()
        with patch.object(
                    board.Board, 'data', side_effect=ValueError("secret")), \
                self.assertLogs(level='ERROR'):
            answer = self.ask(client, status=500)
        self.assertNotIn("secret", answer['error'])
        response = client.get(f'{self.base}/board/data')
        for name, value in [
                ('Cache-Control', 'private, no-store'),
                ('X-Content-Type-Options', 'nosniff')]:
            self.assertEqual(response.headers[name], value)


del BoardTestCase
