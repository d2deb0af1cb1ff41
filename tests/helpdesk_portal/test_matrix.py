# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
Every address of the portal, asked by everyone who might.
"""
import datetime as dt
import re
from dataclasses import dataclass, field
from unittest.mock import patch

from trytond.modules.helpdesk_portal import session
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction
from trytond.wsgi import app

from . import tools
from .accounts import AccountTestCase
from .pictures import picture

BASE = '/<database_name>/helpdesk'
TICKET = '/tickets/<path:number>'

ACCOUNTS = {'owner', 'reader', 'colleague', 'watcher', 'other'}
STRANGERS = {'stranger', 'guest', 'deactivated', 'expired', 'revoked'}
EVERYBODY = ACCOUNTS | STRANGERS
# Of the ticket
DECIDE = {'guest', 'owner', 'reader'}
SEE = DECIDE | {'watcher'}
# Who says by an account who is in copy
NAME = DECIDE & ACCOUNTS

SUBJECT = "Xylophone out of tune"
SAID = "The third bar buzzes"
FILE = b'the score of the buzzing'
SECRETS = [
    "Do not tell them about the recall", 'hidden-copy@example.com',
    'recall-list.txt', "Only for members of the staff"]


def only(status, who, otherwise=404, **others):
    "Return the statuses by actor"
    return {
        actor: others.get(actor, status if actor in who else otherwise)
        for actor in EVERYBODY}


@dataclass
class Row:
    """
    A request and what is answered.

    rule is that of the route below the portal, values what its variables
    stand for; statuses are by actor. shows are who sees the ticket in the
    answer. token says who makes the form: the 'visit' of a stranger, the
    'account' or else the visit, or the holder of the ticket's 'link' too;
    None if the form is made otherwise.
    """
    method: str
    rule: str
    statuses: dict
    values: dict = field(default_factory=dict)
    query: str = ''
    data: dict = field(default_factory=dict)
    shows: set = frozenset()
    token: str | None = 'account'


def get(rule, statuses, shows=frozenset(), query='', **values):
    return Row('GET', rule, statuses, values, query, shows=shows)


def post(rule, statuses, data=(), shows=frozenset(), token=None, **values):
    token = token or ('link' if rule.startswith(TICKET) else 'account')
    return Row(
        'POST', rule, statuses, values, data=dict(data), shows=shows,
        token=token)


ALL = only(200, EVERYBODY)
NONE = only(404, EVERYBODY)
LOGGED_IN = only(200, ACCOUNTS, 303)
ROWS = [
    # What is no page
    *(Row(method, '/<path:anything>', NONE, {'anything': 'x/y'}, token=None)
        for method in ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
    # What everybody sees
    get('/', ALL),
    get('/static/<name>', ALL, name='style.css'),
    get('/static/<name>', NONE, name='..%2fpages.py'),
    get('/brand/<company>/style.css', ALL, company='company'),
    get('/brand/<company>/style.css', NONE, company='0'),
    get('/brand/<company>/logo', ALL, company='company'),
    get('/brand/<company>/logo', NONE, company='999'),
    get('/sent/<purpose>', ALL, purpose='login'),
    get('/sent/<purpose>', NONE, purpose='x'),
    # The form
    get('/new', only(303, EVERYBODY)),
    get('/new/<id>', ALL, id='section'),
    get('/new/<id>', NONE, id='internal'),
    # It has a stamp for a token
    post('/new/<id>', only(422, EVERYBODY), token='stamp', id='section'),
    post('/new/<id>', NONE, token='stamp', id='internal'),
    get('/new/<id>/thanks', ALL, id='section'),
    get('/new/<id>/thanks', ALL, query='?ticket={number}', id='section'),
    get('/new/<id>/thanks', NONE, id='internal'),
    get('/new/<id>/similar', ALL, SEE & ACCOUNTS,
        '?subject=Xylophone out of tune', id='section'),
    get('/new/<id>/similar', NONE, id='internal'),
    get('/embed/<id>', ALL, id='section'),
    get('/embed/<id>', NONE, id='internal'),
    post('/embed/<id>', only(422, EVERYBODY), token='stamp', id='section'),
    post('/embed/<id>', NONE, token='stamp', id='internal'),
    get('/embed/<id>/thanks', ALL, id='section'),
    get('/embed/<id>/thanks', NONE, id='internal'),
    get('/confirm/<token>', NONE, token='wrong'),
    post('/confirm/<token>', NONE, token='wrong'),
    # Logging in
    get('/login', only(200, STRANGERS, 303)),
    post('/login', only(422, EVERYBODY), token='visit'),
    get('/login/<token>', NONE, token='wrong'),
    post('/login/<token>', NONE, token='visit'),
    get('/register', ALL),
    post('/register', only(422, EVERYBODY)),
    get('/password', ALL),
    post('/password', only(422, EVERYBODY)),
    get('/password/<token>', NONE, token='wrong'),
    post('/password/<token>', NONE, token='visit'),
    get('/account', LOGGED_IN),
    post('/account', only(422, ACCOUNTS, 303)),
    # Links of mails
    get('/guest/<token>', NONE, token='revoked'),
    post('/guest/<token>', only(303, EVERYBODY), token='visit'),
    get('/rate/<token>', NONE, token='wrong'),
    post('/rate/<token>', NONE, token='visit'),
    # Tickets
    get('/tickets', LOGGED_IN, SEE & ACCOUNTS, '?of=shared'),
    get(TICKET, only(200, SEE), SEE),
    get(f'{TICKET}.pdf', only(200, SEE)),
    get(f'{TICKET}/attachments/<id>', only(200, SEE), SEE, id='file'),
    get(f'{TICKET}/attachments/<id>', NONE, id='hidden'),
    get(f'{TICKET}/attachments/<id>', NONE, id='foreign'),
    get(f'{TICKET}/pictures/<id>', only(200, SEE), id='picture'),
    get(f'{TICKET}/pictures/<id>', NONE, id='hidden'),
    get(f'{TICKET}/pictures/<id>', NONE, id='foreign'),
    post(TICKET, only(422, SEE), shows=SEE),
    post(f'{TICKET}/reopen', only(303, SEE)),
    post(f'{TICKET}/authorize',
        only(409, SEE, watcher=403, reader=403),
        {'decision': 'granted'}, SEE),
    post(f'{TICKET}/rate', only(409, SEE), {'score': '5'}, SEE),
    get(f'{TICKET}/people', only(200, NAME)),
    post(f'{TICKET}/people', only(422, NAME)),
    post(f'{TICKET}/people/remove', only(303, NAME), {'person': '0'}),
    # The live chat; its script sends no forms, and has a token of its own
    get('/chat/<id>', ALL, id='channel'),
    get('/chat/<id>', NONE, id='0'),
    get('/chat/<id>/frame', ALL, id='channel'),
    get('/chat/<id>/frame', NONE, id='0'),
    get('/chat/<id>/widget.js', ALL, id='channel'),
    get('/chat/<id>/state', ALL, id='channel'),
    get('/chat/<id>/form', ALL, id='channel'),
    get('/chat/<id>/news', only(403, EVERYBODY), id='channel'),
    get('/chat/<id>/files/<file>', only(403, EVERYBODY), id='channel'),
    *(post(
            f'/chat/<id>/{rule}', only(415, EVERYBODY), token='stamp',
            id='channel')
        for rule in ['begin', 'say', 'seen', 'email', 'end']),
    post('/chat/<id>/form', only(400, EVERYBODY), token='stamp',
        id='channel'),
    post('/chat/<id>/files', only(403, EVERYBODY), token='stamp',
        id='channel'),
    # The board, for agents
    get('/board', only(403, EVERYBODY)),
    *(get(f'/board/{rule}', only(401, EVERYBODY))
        for rule in ['data', 'cards', 'changes']),
    post('/board/move', only(401, EVERYBODY), token='stamp'),
    get('/board/enter/<token>', ALL, token='wrong'),
    post('/board/enter/<token>', only(403, EVERYBODY), token='stamp'),
    post('/board/leave', only(403, EVERYBODY), token='stamp'),
    # What ends or begins something comes last
    post(f'{TICKET}/close', only(303, DECIDE, watcher=403)),
    post('/account/sessions', only(303, EVERYBODY)),
    post('/logout', only(303, EVERYBODY)),
    get('/guest/<token>', only(303, EVERYBODY), token='link'),
    ]


class MatrixTestCase(AccountTestCase):
    "Who gets what (SE4, SE5, SE11, SE12, SE16)"

    @classmethod
    def setUpDatabase(cls):
        super().setUpDatabase()
        pool = Pool(DB_NAME)
        Brand = pool.get('helpdesk.brand')
        Section = pool.get('helpdesk.section')
        section = Section(cls.section)
        section.visibility = 'public'
        section.web_form = 'everyone'
        section.web_form_origins = 'https://www.example.com'
        section.save()
        cls.company = section.company.id
        Channel = pool.get('helpdesk.chat.channel')
        channel, = Channel.create([{
                    'name': "Chat", 'section': section.id, 'published': True,
                    }])
        cls.channel = channel.id
        with Transaction().set_context(company=cls.company):
            Brand.create([{
                        'company': cls.company,
                        'color': '#1d5fb4',
                        'logo': picture(),
                        }])

    def setUp(self):
        super().setUp()
        self.let_register()
        organisation = self.party()
        emails = {
            name: self.address(name) for name in [*ACCOUNTS, 'deactivated']}
        parties = dict.fromkeys(['owner', 'colleague'], organisation)
        self.clients, self.secrets = {}, {}
        for name in ['owner', 'reader', 'colleague', 'watcher', 'other']:
            self.known(name, emails[name], party=parties.get(name))
        self.share(organisation, 'chosen', [emails['reader']])
        self.make_ticket(organisation, emails)
        self.values['channel'] = self.channel
        self.known('deactivated', emails['owner'], active=False)
        self.known('expired', emails['deactivated'])
        self.expire(self.secrets['expired'])
        for name in ['stranger', 'guest', 'revoked']:
            self.clients[name] = self.client()
        self.secrets['stranger'] = ''
        for name in ['guest', 'revoked']:
            for end in ['', '.pdf']:
                self.clients[name].set_cookie(
                    session.GUEST_COOKIE, self.secrets[name],
                    path=f'{self.base}/tickets/{self.number}{end}')
        for client in self.clients.values():
            client.set_cookie(session.VISIT_COOKIE, 'visit', path=self.base)
        Report = Pool(DB_NAME).get('helpdesk.ticket', type='report')
        patched = patch.object(
            Report, 'execute', return_value=('pdf', b'%PDF', False, 'x'))
        patched.start()
        self.addCleanup(patched.stop)

    def known(self, name, email, **values):
        client = self.log_in(email, **values)
        self.clients[name] = client
        self.secrets[name] = client.get_cookie(
            session.ACCOUNT_COOKIE, path=self.base).value

    def expire(self, key):
        table = Pool(DB_NAME).get('web.user.session').__table__()
        with self.transaction() as transaction:
            transaction.connection.cursor().execute(*table.update(
                    [table.create_date, table.write_date],
                    [dt.datetime(2020, 1, 1)] * 2,
                    where=table.key == key))
            transaction.commit()

    def make_ticket(self, organisation, emails):
        note, bcc, name, hidden = SECRETS
        owner = emails['owner']
        self.number = self.made(
            subject=SUBJECT, party=organisation, email=owner,
            watchers=[emails['watcher']], said=[
                {'body': SAID, 'from_address': owner, 'files': [
                        ('score.txt', FILE), ('bar.png', picture())]},
                {'body': note, 'direction': 'internal',
                    'files': [(name, hidden.encode())]},
                {'body': "We are on our way", 'direction': 'out',
                    'to_addresses': owner, 'bcc_addresses': bcc},
                ])
        foreign = self.made(
            email='someone@example.com', said=[{'body': hidden, 'files': [
                        ('hidden.png', picture(color='#000000'))]}])
        pool = Pool(DB_NAME)
        with self.transaction() as transaction:
            GuestLink = pool.get('helpdesk.guest_link')
            ticket = self.record(self.number)
            files = {
                a.name: a.id
                for t in [ticket, self.record(foreign)]
                for c in t.conversations for a in c.attachments}
            self.secrets['revoked'] = tools.link_token(ticket)
            GuestLink.end([('ticket', '=', ticket.id)])
            self.secrets['guest'] = tools.link_token(ticket)
            transaction.commit()
        self.values = {
            'number': self.number,
            'section': self.section,
            'internal': self.internal_section(),
            'company': self.company,
            'file': files['score.txt'],
            'picture': files['bar.png'],
            'hidden': files[name],
            'foreign': files['hidden.png'],
            'link': self.secrets['guest'],
            'revoked': self.secrets['revoked'],
            }

    def path(self, row):
        def value(match):
            name = match[1].rpartition(':')[2]
            value = row.values.get(name, name)
            return str(self.values.get(value, value))
        path = re.sub(r'<([^>]+)>', value, row.rule)
        return self.base + path + row.query.format(**self.values)

    def secret(self, row, actor):
        "Return the secret that the actor's form is made for"
        if row.token == 'link' or (
                row.token == 'account' and actor in ACCOUNTS):
            return self.secrets[actor]
        return 'visit'

    def ask(self, row, actor, secret=None):
        data = dict(row.data)
        if secret is not None:
            data['csrf_token'] = session.csrf_token(secret)
        return self.clients[actor].open(
            self.path(row), method=row.method,
            data=data if row.method == 'POST' else None)

    def check_content(self, row, actor, response):
        page = response.get_data()
        for secret in SECRETS:
            self.assertNotIn(secret.encode(), page)
        shown = [
            text for text in [SUBJECT.encode(), SAID.encode(), FILE]
            if text in page]
        self.assertEqual(bool(shown), actor in row.shows, shown)
        headers = response.headers
        self.assertEqual(headers['X-Content-Type-Options'], 'nosniff')
        if 'public' in headers['Cache-Control']:
            self.assertNotIn('Set-Cookie', headers)
        # Nobody else is led elsewhere
        if 'Location' in headers:
            self.assertTrue(headers['Location'].startswith(f'{self.base}/'))

    def test_complete(self):
        "There is no route that nobody thought of"
        routes = {
            (method, rule.rule.removeprefix(BASE))
            for rule in app.url_map.iter_rules()
            if rule.rule.startswith(BASE)
            for method in rule.methods - {'HEAD', 'OPTIONS'}}
        self.assertEqual({(r.method, r.rule) for r in ROWS}, routes)

    def test_matrix(self):
        for row in ROWS:
            for actor in sorted(EVERYBODY):
                with self.subTest(
                        method=row.method, rule=row.rule, actor=actor,
                        **row.values):
                    response = self.ask(row, actor, self.secret(row, actor))
                    self.assertEqual(
                        response.status_code, row.statuses[actor])
                    self.check_content(row, actor, response)

    def test_forged(self):
        "SE16: no form is taken that was made for somebody else"
        rows = [r for r in ROWS if r.token not in {None, 'stamp'}
            and r.method == 'POST']
        for row in rows:
            for actor in sorted(EVERYBODY):
                if row.statuses[actor] == 303 and actor in STRANGERS and (
                        row.rule in {
                            '/logout', '/account', '/account/sessions'}):
                    # There is nothing to do
                    continue
                own = self.secret(row, actor)
                for secret in {
                        None, '', 'visit', self.secrets['guest'],
                        self.secrets['other']} - {own}:
                    with self.subTest(
                            rule=row.rule, actor=actor, secret=secret):
                        response = self.ask(row, actor, secret)
                        self.assertIn(response.status_code, {403, 404})
                        self.check_content(
                            Row('POST', row.rule, {}), actor, response)
        # Nothing of it was done
        with self.transaction():
            self.assertNotEqual(self.record(self.number).state, 'closed')
        for actor in ACCOUNTS:
            self.assertEqual(
                self.status(self.clients[actor], '/account'), 200)


del AccountTestCase
