# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
import unittest
from unittest.mock import patch
from urllib.parse import unquote

from trytond import backend
from trytond.cache import Cache
from trytond.exceptions import UserWarning
from trytond.modules.helpdesk_portal import board, board_routes
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from . import tools
from .board_case import BoardTestCase


class BoardRoutesTestCase(BoardTestCase):
    "The board for those who are signed in to it (C18)"

    def columns(self, data):
        return {c['key']: c for c in data['columns']}

    def cards(self, data, key):
        return [c['id'] for c in self.columns(data)[key]['cards']]

    def test_data(self):
        "C18: the columns are the section's stages, with counts and cards"
        first = self.make("First", contact_name="Ada", priority='high')
        late = self.make("Late", deadline=dt.datetime(2020, 1, 1),
            employee=self.employee)
        soon = self.make("Soon", deadline=dt.datetime(2080, 1, 1))
        open_ = self.make("Open", state='open')
        client = self.signed_in()
        data = self.ask(client)
        self.assertEqual(data['section']['id'], self.section)
        self.assertEqual(
            [c['name'] for c in data['columns']],
            ["New", "Doing", "Testing", "Done", "Archive"])
        self.assertEqual(
            [c['count'] for c in data['columns']], [3, 1, 0, 0, 0])
        self.assertEqual(self.cards(data, self.new), [late, soon, first])
        self.assertEqual(self.cards(data, self.doing), [open_])
        card = self.columns(data)[self.new]['cards'][0]
        self.assertTrue(card['overdue'])
        self.assertTrue(card['mine'])
        self.assertEqual(card['responsible'], "Agent")
        self.assertEqual(card['due'], '2020-01-01T00:00:00Z')
        self.assertEqual(
            unquote(card['url']), f'/#{DB_NAME}/model/helpdesk.ticket/{late}')
        card = self.columns(data)[self.new]['cards'][2]
        self.assertEqual(card['customer'], "Ada")
        self.assertEqual(card['priority_name'], "High")
        self.assertIsNone(card['due'])
        self.assertIsNone(self.columns(data)[self.new]['after'])
        self.assertEqual(self.columns(data)[self.done]['state_name'],
            "Resolved")

    def test_closed(self):
        "What was closed lately stays, what was closed before does not"
        Ticket = Pool(DB_NAME).get('helpdesk.ticket')
        tickets = [self.make(state='closed') for _ in range(2)]
        with self.transaction():
            Ticket.write([Ticket(tickets[0])], {
                    'closed_at': dt.datetime.now() - dt.timedelta(days=8)})
        data = self.ask(self.signed_in())
        self.assertEqual(self.cards(data, self.archive), tickets[1:])

    def test_states(self):
        "A section without stages has a column for each state"
        Stage = Pool(DB_NAME).get('helpdesk.stage')
        with self.transaction():
            Stage.write(Stage.browse(self.stages), {'active': False})
        ticket = self.make()
        client = self.signed_in()
        data = self.ask(client)
        self.assertEqual([c['key'] for c in data['columns']], [
                'state-draft', 'state-open', 'state-pending',
                'state-authorization', 'state-third_party',
                'state-resolved', 'state-closed'])
        answer = self.move(client, ticket, 'state-draft', 'state-open')
        self.assertEqual(answer['card']['column'], 'state-open')
        self.assertEqual(answer['counts'], {'state-open': 1})
        self.move(client, ticket, 'state-open', 'state-draft', status=422)

    def test_left_over(self):
        "Tickets of a stage that is no more keep their column"
        pool = Pool(DB_NAME)
        Stage = pool.get('helpdesk.stage')
        Ticket = pool.get('helpdesk.ticket')
        ticket = self.make()
        with self.transaction():
            Stage.write([Stage(self.stages[0])], {'active': False})
        data = self.ask(self.signed_in())
        self.assertEqual(self.cards(data, self.new), [ticket])
        with self.transaction():
            Stage.delete([Stage(self.stages[3])])
        ticket = self.make(state='open')
        with self.transaction():
            Ticket.resolve([Ticket(ticket)])
        data = self.ask(self.signed_in())
        self.assertEqual(data['columns'][-1]['key'], 'state-resolved')
        self.assertEqual(self.cards(data, 'state-resolved'), [ticket])

    def test_filters(self):
        pool = Pool(DB_NAME)
        Tag = pool.get('helpdesk.tag')
        with self.transaction():
            tag, = Tag.create([{'name': "Printer"}])
            tag = tag.id
        mine = self.make(employee=self.employee)
        tagged = self.make(tags=[('add', [tag])])
        text = self.make("The Café machine")
        client = self.signed_in()
        for filters, expected in [
                ({'mine': '1'}, [mine]),
                ({'tag': tag}, [tagged]),
                ({'text': 'cafe'}, [text]),
                ({'text': 'cafe', 'mine': '1'}, []),
                ({'text': '%'}, [mine, tagged, text]),
                ({'text': '+'}, []),
                ({'text': '\0', 'tag': 'x'}, [mine, tagged, text]),
                ]:
            with self.subTest(filters=filters):
                data = self.ask(client, **filters)
                column = self.columns(data)[self.new]
                self.assertEqual(
                    [c['id'] for c in column['cards']], expected)
                self.assertEqual(column['count'], len(expected))
        data = self.ask(client, tag=tag)
        self.assertEqual(
            self.columns(data)[self.new]['cards'][0]['tags'], ["Printer"])

    def test_cards(self):
        "Cards come as the column scrolls, each once, in their order"
        when = dt.datetime(2080, 1, 1)
        ids = [
            self.make(deadline=when + dt.timedelta(i // 2) if i % 3 else None)
            for i in range(12)]
        client = self.signed_in()
        with patch.object(board, 'PAGE', 5):
            data = self.ask(client)
            column = self.columns(data)[self.new]
            found, after = column['cards'], column['after']
            self.assertEqual(len(found), 5)
            while after:
                answer = self.ask(
                    client, 'cards', column=self.new, after=after)
                found += answer['cards']
                after = answer['after']
        ids = [c['id'] for c in found]
        self.assertEqual(len(ids), 12)
        self.assertEqual(sorted(set(ids)), sorted(ids))
        keys = [(c['due'] is None, c['due'] or '', c['id']) for c in found]
        self.assertEqual(keys, sorted(keys))
        for column, after in [
                (self.new, ''), (self.new, 'x~1'), ('', '~1'),
                ('state-x', '~1'), (self.new, '2026-99-01T00:00:00~1')]:
            with self.subTest(column=column, after=after):
                answer = self.ask(
                    client, 'cards', status=400, column=column, after=after)
                self.assertIn("load the page again", answer['error'])

    def test_move(self):
        "C18: a card that is moved changes stage, state and history"
        Ticket = Pool(DB_NAME).get('helpdesk.ticket')
        ticket = self.make()
        client = self.signed_in()
        for old, new, state in [
                (self.new, self.doing, 'open'),
                (self.doing, self.testing, 'open'),
                (self.testing, self.done, 'resolved'),
                (self.done, self.archive, 'closed')]:
            answer = self.move(client, ticket, old, new)
            self.assertEqual(answer['card']['column'], new)
            self.assertEqual(answer['counts'], {new: 1})
            with self.transaction():
                record = Ticket(ticket)
                self.assertEqual(f'stage-{record.stage.id}', new)
                self.assertEqual(record.state, state)
                row = record.history[0]
                self.assertEqual(row.user.id, self.agent)
                self.assertEqual(row.employee.id, self.employee)
                self.assertEqual(row.actor, 'agent')
                self.assertEqual(record.write_uid.id, self.agent)

    def test_move_meanwhile(self):
        "Somebody else was faster: the card is where they put it"
        ticket = self.make()
        client, other = self.signed_in(), self.signed_in(self.manager)
        self.move(other, ticket, self.new, self.doing)
        answer = self.move(
            client, ticket, self.new, self.testing, status=409)
        self.assertEqual(answer['card']['column'], self.doing)
        self.assertIn("meanwhile", answer['error'])

    def test_move_refused(self):
        "What a rule refuses is said, and nothing has changed"
        pool = Pool(DB_NAME)
        Section = pool.get('helpdesk.section')
        Stage = pool.get('helpdesk.stage')
        Ticket = pool.get('helpdesk.ticket')
        with self.transaction():
            section = Section(self.section)
            section.close_reason_required = True
            section.save()
            stage, = Stage.create([{
                        'name': "Elsewhere", 'state': 'open',
                        'sections': [('add', [self.other])]}])
            elsewhere = f'stage-{stage.id}'
        ticket = self.make()
        closed = self.make(state='closed')
        client = self.signed_in()
        for id_, old, new, status, text in [
                (ticket, self.new, self.archive, 422, "reason"),
                (ticket, self.new, elsewhere, 422, "Elsewhere"),
                (ticket, self.new, self.done, 422, "Resolved"),
                # A manager may
                (closed, self.archive, self.doing, 403, ""),
                (ticket, self.new, 'stage-999999', 422, ""),
                (ticket, self.new, 'x', 400, "load the page"),
                (ticket, self.new, None, 400, "load the page"),
                ('1', self.new, self.doing, 400, "load the page"),
                (10 ** 30, self.new, self.doing, 400, "load the page"),
                (-1, self.new, self.doing, 400, "load the page"),
                ]:
            with self.subTest(new=new, id=id_):
                answer = self.move(client, id_, old, new, status=status)
                self.assertIn(text, answer['error'])
                self.assertTrue(answer['error'])
        with self.transaction():
            self.assertEqual(Ticket(ticket).state, 'draft')
            self.assertEqual(f'stage-{Ticket(ticket).stage.id}', self.new)
            self.assertEqual(len(Ticket(ticket).history), 2)
        self.move(
            self.signed_in(self.manager), closed, self.archive, self.doing)

    def test_move_undone(self):
        "Nothing stays of what is refused, also when caches are looked after"
        Ticket = Pool(DB_NAME).get('helpdesk.ticket')
        ticket = self.make(state='closed')
        client = self.signed_in()
        with patch.object(Cache, '_clean_last', dt.datetime(2020, 1, 1)):
            self.move(client, ticket, self.archive, self.doing, status=403)
        with self.transaction():
            self.assertEqual(f'stage-{Ticket(ticket).stage.id}', self.archive)
            self.assertNotIn(
                'agent', {row.actor for row in Ticket(ticket).history})

    def test_move_warning(self):
        "What the client would ask about is to be done there"
        Ticket = Pool(DB_NAME).get('helpdesk.ticket')
        ticket = self.make()
        client = self.signed_in()
        with patch.object(Ticket, 'open',
                side_effect=UserWarning('name', "Really?")):
            answer = self.move(
                client, ticket, self.new, self.doing, status=422)
        self.assertIn("Really?", answer['error'])
        self.assertIn("Tryton client", answer['error'])

    def test_forged(self):
        "SE6: what no page of ours sent moves nothing"
        ticket = self.make()
        client = self.signed_in()
        for csrf in ['', 'x', '\u00e9']:
            self.move(
                client, ticket, self.new, self.doing, status=403, csrf=csrf)
        response = client.post(f'{self.base}/board/leave',
            data={'csrf_token': 'x'})
        self.assertEqual(response.status_code, 403)
        self.ask(client)

    def test_garbage(self):
        client = self.signed_in()
        for body in [
                '', '[]', '{}', '{"ticket": 1}', 'x', '\xff', 'null',
                '[' * 9000]:
            with self.subTest(body=body[:20]):
                response = client.post(f'{self.base}/board/move', data=body,
                    content_type='application/json',
                    headers={'X-CSRF-Token': client.csrf})
                self.assertEqual(response.status_code, 400)
                self.assertTrue(response.json['error'])

    def test_changes(self):
        "What others change is answered, what they don't is waited for"
        Ticket = Pool(DB_NAME).get('helpdesk.ticket')
        ticket, other = self.make(), self.make()
        client, colleague = self.signed_in(), self.signed_in(self.manager)
        mark = self.ask(client)['mark']
        with patch.object(board_routes, 'WAIT', .1):
            answer = self.ask(client, 'changes', mark=mark)
        self.assertEqual(
            (answer['cards'], answer['gone'], answer['counts']),
            ([], [], {self.new: 2}))
        self.assertNotIn('reload', answer)

        self.move(colleague, ticket, self.new, self.doing)
        answer = self.ask(client, 'changes', mark=mark)
        cards = {c['id']: c['column'] for c in answer['cards']}
        self.assertEqual(cards[ticket], self.doing)
        self.assertEqual(answer['counts'], {self.new: 1, self.doing: 1})
        self.assertNotIn('reload', answer)
        mark = answer['mark']

        with self.transaction():
            Ticket.write([Ticket(other)], {'section': self.public})
        answer = self.ask(client, 'changes', mark=mark)
        self.assertEqual(answer['gone'], [other])
        self.assertEqual(answer['counts'], {self.doing: 1})

        with self.transaction():
            Ticket.write([Ticket(ticket)], {'unread': True})
        answer = self.ask(client, 'changes', mark=answer['mark'])
        self.assertEqual(
            [(c['id'], c['unread']) for c in answer['cards']],
            [(ticket, True)])

    def test_changes_closed(self):
        "What moves among what is closed is told, too"
        pool = Pool(DB_NAME)
        Stage = pool.get('helpdesk.stage')
        Ticket = pool.get('helpdesk.ticket')
        with self.transaction():
            stage, = Stage.create([{
                        'name': "Cellar", 'state': 'closed',
                        'sections': [('add', [self.section])]}])
            stage = stage.id
        ticket, old = self.make(state='closed'), self.make(state='closed')
        with self.transaction():
            Ticket.write([Ticket(old)], {
                    'closed_at': dt.datetime.now() - dt.timedelta(days=8)})
        client = self.signed_in()
        mark = self.ask(client)['mark']
        with self.transaction():
            Ticket.write([Ticket(ticket)], {'stage': stage})
        answer = self.ask(client, 'changes', mark=mark)
        self.assertEqual(
            {c['id']: c['column'] for c in answer['cards']},
            {ticket: f'stage-{stage}'})
        # What is no longer there is none of its business
        with self.transaction():
            Ticket.write([Ticket(old)], {'stage': stage})
        with patch.object(board_routes, 'WAIT', .1):
            self.assertEqual(
                self.ask(client, 'changes', mark=answer['mark'])['cards'], [])

    def test_changes_filtered(self):
        "What no longer fits the filters is gone"
        Ticket = Pool(DB_NAME).get('helpdesk.ticket')
        ticket = self.make(employee=self.employee)
        client = self.signed_in()
        mark = self.ask(client, mine='1')['mark']
        with self.transaction():
            Ticket.write([Ticket(ticket)], {'employee': None})
        answer = self.ask(client, 'changes', mark=mark, mine='1')
        self.assertEqual(answer['gone'], [ticket])
        self.assertEqual(answer['counts'], {})

    def test_changes_reload(self):
        "Other columns, or what can't be told, is read anew"
        Stage = Pool(DB_NAME).get('helpdesk.stage')
        client = self.signed_in()
        mark = self.ask(client)['mark']
        for bad in ['', 'x', mark + '1' * 30, mark.replace('.', ',')]:
            answer = self.ask(client, 'changes', mark=bad)
            self.assertTrue(answer['reload'])
        with self.transaction():
            Stage.write([Stage(self.stages[0])], {'name': "Newer"})
        answer = self.ask(client, 'changes', mark=mark)
        self.assertTrue(answer['reload'])

    def test_changes_wait(self):
        "It waits without a transaction, and not too many do"
        client = self.signed_in()
        mark = self.ask(client)['mark']
        transactions = []

        def wait(database, key, known, seconds):
            transactions.append(Transaction().database)
            self.make("Meanwhile")
            return 'another'

        with patch.object(board_routes.watch, 'wait', wait):
            answer = self.ask(client, 'changes', mark=mark)
        self.assertEqual(transactions, [None])
        self.assertEqual(
            [c['subject'] for c in answer['cards']], ["Meanwhile"])
        self.assertNotIn('pause', answer)

        with patch.object(board_routes.watch, '_limit', 0):
            answer = self.ask(client, 'changes', mark=answer['mark'])
        self.assertEqual(answer['pause'], board_routes.PAUSE)
        self.assertEqual(answer['cards'], [])

        with patch.object(board_routes.watch, 'wait') as wait:
            answer = client.get(f'{self.base}/board/changes', query_string={
                    'section': self.section, 'mark': answer['mark']},
                multithread=False).json
        self.assertEqual(answer['pause'], board_routes.PAUSE)
        wait.assert_not_called()

    @unittest.skipIf(backend.name != 'sqlite', "counts on SQLite")
    def test_statements(self):
        "However many cards there are, it takes as many statements"
        client = self.signed_in()
        pool = Pool(DB_NAME)
        Party = pool.get('party.party')
        Tag = pool.get('helpdesk.tag')
        with self.transaction():
            parties = [p.id for p in Party.create(
                    [{'name': f"Party {i}"} for i in range(40)])]
            tags = [t.id for t in Tag.create(
                    [{'name': f"Tag {i}"} for i in range(3)])]
        counts = []
        for number in [2, 40]:
            for i in range(number):
                self.make(party=parties[i], employee=self.employee,
                    tags=[('add', tags)])
            for _ in range(2):
                with self.transaction():
                    connection = Transaction().connection
                with tools.count_statements(connection) as statements:
                    data = self.ask(client)
            counts.append(len(statements))
        self.assertEqual(len(self.columns(data)[self.new]['cards']), 30)
        self.assertEqual(*counts)
        self.assertLessEqual(counts[0], 30)


del BoardTestCase
