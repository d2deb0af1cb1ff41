# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import json

from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk_portal import board_session
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from tests.records import Helpdesk

from .board_case import BoardTestCase


class BoardSessionTestCase(BoardTestCase):
    "Signing in to the board from the client (C18, SE5)"

    def user(self, login):
        "Return the id of a new agent"
        pool = Pool(DB_NAME)
        with self.transaction():
            desk = Helpdesk.__new__(Helpdesk)
            desk.company = pool.get('company.company')(self.company)
            return desk.make_user(login, []).id

    def count(self, name):
        Model = Pool(DB_NAME).get(name)
        with self.transaction():
            return Model.search([], count=True)

    def open_(self, user, **context):
        "Return the address that the wizard opens for the user"
        Open = Pool(DB_NAME).get('helpdesk.board.open', type='wizard')
        with Transaction().start(DB_NAME, user, context={
                    '_check_access': True, **context}):
            session, state, _ = Open.create()
            result = Open.execute(session, {}, state)
            Open.delete(session)
        (action, data), = result['actions']
        self.assertEqual(action['type'], 'ir.action.url')
        json.dumps(action)
        return action['url']

    def test_open(self):
        "C18: the client opens the board, nobody types a password"
        for context, query in [
                ({}, ''),
                ({'active_model': 'ir.ui.menu'}, ''),
                ({'active_model': 'helpdesk.section',
                    'active_id': self.section,
                    'active_ids': [self.section]},
                    f'?section={self.section}'),
                ]:
            with self.subTest(context=context):
                url = self.open_(self.agent, **context)
                base, _, token = url.rpartition('/')
                self.assertTrue(base.endswith(f'{self.base}/board/enter'))
                # 256 bits
                self.assertGreaterEqual(len(token), 43)
                client = self.client()
                response = client.post(f'{self.base}/board/enter/{token}',
                    headers={'Origin': 'null'})
                self.assertEqual(response.status_code, 303)
                self.assertEqual(response.headers['Location'],
                    f'{self.base}/board{query}')
                cookie = response.headers['Set-Cookie']
                for part in ['HttpOnly', 'SameSite=Strict',
                        f'Path={self.base}/board']:
                    self.assertIn(part, cookie)
                self.assertNotIn(token, cookie)
                self.ask(client)

    def test_stored(self):
        "SE5: neither the token nor the key is in the database"
        pool = Pool(DB_NAME)
        token = self.token()
        client = self.client()
        with self.transaction():
            Token = pool.get('helpdesk.board.token')
            self.assertNotIn(
                token, [t.token_hash for t in Token.search([])])
        client.post(f'{self.base}/board/enter/{token}')
        key = client.get_cookie('helpdesk_board', path=f'{self.base}/board')
        with self.transaction():
            Session = pool.get('helpdesk.board.session')
            self.assertNotIn(
                key.value, [s.token_hash for s in Session.search([])])
            self.assertTrue(Session.find(key.value))

    def test_once(self):
        "SE5: a token signs in once"
        token = self.token()
        address = f'{self.base}/board/enter/{token}'
        self.assertEqual(self.client().post(address).status_code, 303)
        client = self.client()
        response = client.post(address)
        self.assertEqual(response.status_code, 403)
        page = response.get_data(as_text=True)
        self.assertIn("once", page)
        # It is no page of the customers'
        self.assertNotIn(f'{self.base}/login', page)
        self.assertNotIn('Set-Cookie', response.headers)
        self.ask(client, status=401)

    def test_get(self):
        "A program that looks at the address neither signs in nor uses it up"
        sessions = self.count('helpdesk.board.session')
        token = self.token()
        address = f'{self.base}/board/enter/{token}'
        for method in ['GET', 'HEAD', 'GET']:
            client = self.client()
            response = client.open(address, method=method)
            self.assertEqual(response.status_code, 200)
            self.assertNotIn('helpdesk_board',
                response.headers.get('Set-Cookie', ''))
            self.ask(client, status=401)
        self.assertEqual(self.count('helpdesk.board.session'), sessions)
        self.assertEqual(self.client().post(address).status_code, 303)

    def test_wrong(self):
        for token in ['x', '%00', 'a' * 5000, '\u00e9']:
            client = self.client()
            response = client.post(f'{self.base}/board/enter/{token}')
            self.assertEqual(response.status_code, 403)
            client.set_cookie(
                'helpdesk_board', token[:100], path=f'{self.base}/board')
            self.ask(client, status=401)

    def expire(self, name):
        Model = Pool(DB_NAME).get(name)
        with self.transaction():
            Model.write(list(Model.search([])), {
                    'expires_at': dt.datetime.now() - dt.timedelta(seconds=1),
                    })

    def test_expired(self):
        "A token serves for a minute, a session for twelve hours"
        self.assertEqual(board_session.TOKEN, dt.timedelta(seconds=60))
        self.assertEqual(board_session.SESSION, dt.timedelta(hours=12))
        token = self.token()
        client = self.signed_in()
        self.expire('helpdesk.board.token')
        response = self.client().post(f'{self.base}/board/enter/{token}')
        self.assertEqual(response.status_code, 403)
        self.ask(client)
        self.expire('helpdesk.board.session')
        self.ask(client, status=401)

        Cron = Pool(DB_NAME).get('ir.cron')
        fresh = self.signed_in()
        with self.transaction():
            cron, = Cron.search([
                    ('method', '=', 'helpdesk.board.session|remove_expired')])
            Cron.run_once([cron])
        self.assertEqual(self.count('helpdesk.board.token'), 0)
        self.assertEqual(self.count('helpdesk.board.session'), 1)
        self.ask(fresh)

    def test_ends(self):
        "It ends with a new password, or when the user is deactivated"
        User = Pool(DB_NAME).get('res.user')
        for number, values in enumerate([
                    {'password': 'correct horse battery staple'},
                    {'active': False}]):
            with self.subTest(values=values):
                user = self.user(f'user{number}')
                client, token = self.signed_in(user), self.token(user)
                other = self.signed_in()
                with self.transaction():
                    User.write([User(user)], {'name': "Somebody"})
                self.ask(client)
                with self.transaction():
                    User.write([User(user)], values)
                self.ask(client, status=401)
                response = self.client().post(
                    f'{self.base}/board/enter/{token}')
                self.assertEqual(response.status_code, 403)
                self.ask(other)

    def test_group_left(self):
        "It ends with the group, and does not come back with it"
        pool = Pool(DB_NAME)
        Group = pool.get('res.group')
        ModelData = pool.get('ir.model.data')
        User = pool.get('res.user')
        with self.transaction():
            group = ModelData.get_id('helpdesk', 'group_helpdesk')
        for number, leave in enumerate([
                    lambda user: User.write(
                        [User(user)], {'groups': [('remove', [group])]}),
                    lambda user: Group.write(
                        [Group(group)], {'users': [('remove', [user])]})]):
            with self.subTest(number=number):
                user = self.user(f'leaver{number}')
                client, token = self.signed_in(user), self.token(user)
                other = self.signed_in()
                with self.transaction():
                    leave(user)
                with self.transaction():
                    for name in ['token', 'session']:
                        Model = pool.get(f'helpdesk.board.{name}')
                        self.assertFalse(Model.search([('user', '=', user)]))
                with self.transaction():
                    User.write(
                        [User(user)], {'groups': [('add', [group])]})
                self.ask(client, status=401)
                response = self.client().post(
                    f'{self.base}/board/enter/{token}')
                self.assertEqual(response.status_code, 403)
                self.ask(other)

    def test_leave(self):
        client, other = self.signed_in(), self.signed_in()
        key = client.get_cookie('helpdesk_board', path=f'{self.base}/board')
        response = client.post(f'{self.base}/board/leave',
            data={'csrf_token': client.csrf})
        self.assertEqual(response.status_code, 303)
        page = client.get(response.headers['Location'])
        self.assertIn("Open it again", page.get_data(as_text=True))
        self.ask(client, status=401)
        # Not only in this browser
        client.set_cookie(
            'helpdesk_board', key.value, path=f'{self.base}/board')
        self.ask(client, status=401)
        self.ask(other)

    def test_other_section(self):
        "SE12: a board isn't opened for a section that isn't seen"
        pool = Pool(DB_NAME)
        User = pool.get('res.user')
        with self.transaction():
            administrators = pool.get('ir.model.data').get_id(
                'helpdesk', 'group_helpdesk_admin')
        user = self.user('administrator')
        with self.transaction():
            User.write([User(user)], {
                    'groups': [('add', [administrators])]})
        url = self.open_(user, active_model='helpdesk.section',
            active_id=self.other, active_ids=[self.other])
        response = self.client().post(
            f'{self.base}/board/enter/{url.rpartition("/")[2]}')
        self.assertEqual(
            response.headers['Location'], f'{self.base}/board')

    def test_rpc(self):
        "SE12: clients see no tokens, and only agents open a board"
        pool = Pool(DB_NAME)
        for name in ['helpdesk.board.token', 'helpdesk.board.session']:
            Model = pool.get(name)
            self.assertEqual(Model.__rpc__, {})
            with Transaction().start(
                    DB_NAME, self.manager, context={'_check_access': True}):
                with self.assertRaises(AccessError):
                    Model.search([])
        user = self.user('nobody')
        User = pool.get('res.user')
        with self.transaction():
            User.write([User(user)], {
                    'groups': [('remove', [g.id for g in User(user).groups])],
                    })
        with self.assertRaises(AccessError):
            self.open_(user)


del BoardTestCase
