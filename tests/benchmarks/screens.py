# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What the web client asks the server when an agent opens tickets.

Each request is a transaction of its own, with the rights of the agent. The
fields are those of the views. Requests about the window and not about the
tickets (views, tabs, attachments) are left out: they are the same for all.
"""
import statistics

from lxml import etree
from trytond.pool import Pool
from trytond.pyson import PYSONDecoder
from trytond.transaction import Transaction

from .prepare import AGENT
from .statements import Statements, Stopwatch

ROWS = 50
# How many lines of a list inside a form the client asks for
RELATED = 20
REPEAT = 5
# Where the client stops counting for a tab
COUNT_LIMIT = 1000
TEXT = "The printer is on fire again.\n" * 100


class Client:
    "Asks as the web client does"

    def __init__(self, name, login=AGENT):
        self.name = name
        self.pool = Pool(name)
        self.user, self.context = 0, {}
        self.user = self.call('res.user', 'search', [('login', '=', login)])[0]
        self.context = dict(
            self.call('res.user', 'get_preferences', True), client='bench',
            _check_access=True)

    def call(self, model, method, *args, **context):
        with Transaction().start(
                self.name, self.user, readonly=True,
                context={**self.context, **context}):
            result = getattr(self.pool.get(model), method)(*args)
            if method == 'search':
                result = [r.id for r in result]
            return result

    def view(self, type_, concept='ticket'):
        with Transaction().start(self.name, 0, readonly=True):
            ModelData = self.pool.get('ir.model.data')
            view_id = ModelData.get_id('helpdesk', f'{concept}_view_{type_}')
        return self.call(f'helpdesk.{concept}', 'fields_view_get', view_id)

    def tabs(self, action):
        "Return the domains of the tabs that show a count"
        with Transaction().start(self.name, 0, readonly=True):
            ActWindow = self.pool.get('ir.action.act_window')
            ModelData = self.pool.get('ir.model.data')
            action = ActWindow(ModelData.get_id('helpdesk', action))
            return [
                PYSONDecoder().decode(d.domain)
                for d in action.act_window_domains if d.count]


class TicketList:
    "The list of tickets with its first rows"

    def __init__(self, client):
        self.client = client
        self.fields = names(client.view('list')['fields'], string=True)

    def open(self):
        tickets = self.client.call('helpdesk.ticket', 'search', [], 0, ROWS)
        rows = self.client.call(
            'helpdesk.ticket', 'read', tickets, self.fields)
        assert len(rows) == ROWS


class MyTickets(TicketList):
    "The tickets of the agent, with the counts of the tabs"

    def __init__(self, client):
        super().__init__(client)
        self.domain = [('employee', '=', client.context['employee'])]
        self.tabs = client.tabs('act_ticket_mine')

    def open(self):
        for tab in self.tabs:
            self.client.call(
                'helpdesk.ticket', 'search_count', [self.domain, tab],
                0, COUNT_LIMIT)
        tickets = self.client.call(
            'helpdesk.ticket', 'search', [self.domain, self.tabs[1]], 0, ROWS)
        self.client.call('helpdesk.ticket', 'read', tickets, self.fields)


class Search(TicketList):
    "The tickets with a word, as typed into the search box"

    def __init__(self, client, word):
        super().__init__(client)
        self.word = word

    def open(self):
        tickets = self.client.call(
            'helpdesk.ticket', 'search',
            [('rec_name', 'ilike', f'%{self.word}%')], 0, ROWS)
        assert tickets
        self.client.call('helpdesk.ticket', 'read', tickets, self.fields)


class Overview:
    "The sections with their figures"

    def __init__(self, client):
        self.client = client
        self.fields = names(
            client.view('list', 'section')['fields'], string=True)

    def open(self):
        sections = self.client.call('helpdesk.section', 'search', [], 0, ROWS)
        self.client.call(
            'helpdesk.section', 'read', sections, self.fields)


class TicketForm:
    "A ticket with conversations; the newest are shown"

    def __init__(self, client, conversations):
        self.client = client
        self.count = conversations
        self.ticket = self._make_ticket()
        self.fields = form_names(client.view('form'))

    def open(self):
        row, = self.client.call(
            'helpdesk.ticket', 'read', [self.ticket], self.fields,
            related_read_limit=RELATED)
        assert len(row['last_conversations']) == min(self.count, RELATED)
        assert row['last_conversations.'][0]['content']

    def _make_ticket(self):
        pool = self.client.pool
        with Transaction().start(self.client.name, 1):
            Conversation = pool.get('helpdesk.conversation')
            Section = pool.get('helpdesk.section')
            Ticket = pool.get('helpdesk.ticket')
            section = Section.search([], order=[('id', 'ASC')], limit=1)[0]
            ticket, = Ticket.create([{
                        'subject': f"{self.count} conversations",
                        'company': section.company.id,
                        'section': section.id,
                        'state': 'open',
                        }])
            Conversation.create([{
                        'ticket': ticket.id,
                        'kind': 'email',
                        'direction': 'in' if number % 2 else 'out',
                        'delivery': None if number % 2 else 'sent',
                        'author': "Ada",
                        'body': TEXT,
                        'html': f'<p>{TEXT}</p>',
                        } for number in range(self.count)])
        return ticket.id


def names(definitions, string=False):
    "Return the names to read for the definitions of fields"
    result = ['rec_name', '_timestamp', '_write', '_delete']
    for name, definition in definitions.items():
        result.append(name)
        if definition['type'] in {'many2one', 'one2one', 'reference'}:
            result.append(f'{name}.rec_name')
        elif string and definition['type'] in {'selection', 'multiselection'}:
            result.append(f'{name}:string')
    return result


def form_names(view):
    "Return the names to read for a form and for the lines that it shows"
    visible = {
        f.get('name') for f in
        etree.fromstring(view['arch']).iterfind('.//field[@visible]')}
    result = names(view['fields'])
    for name in visible:
        for lines in view['fields'][name]['views'].values():
            result += [
                f'{name}.{n}' for n in names(lines['fields'], string=True)]
    return result


def measure(screen):
    "Return the figures for opening the screen"
    with Statements() as first:
        screen.open()
    milliseconds = []
    for _ in range(REPEAT):
        with Statements() as statements, Stopwatch() as stopwatch:
            screen.open()
        milliseconds.append(stopwatch.seconds * 1000)
    return {
        'statements': statements.count,
        'statements_with_cold_caches': first.count,
        'milliseconds': round(statistics.median(milliseconds), 1),
        }, statements
