# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What customers and agents ask of the portal: statements, time and requests a
second.

Two processes of gunicorn serve, and the client that asks runs beside them on
the same machine. As a program:
python -m tests.benchmarks.portal DATABASE [--tickets COUNT ...]
"""
import argparse
import http.client
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from trytond.pool import Pool
from trytond.tools import grouped_slice
from trytond.transaction import Transaction
from werkzeug.test import Client

from tests import services

from .crowd import RARE, Crowd
from .measure import report, start
from .place import Place
from .prepare import AGENT
from .statements import Statements

GUNICORN = Path(sys.executable).parent / 'gunicorn'
WORKERS = 2
CLIENTS = 4
SECONDS = 5
LIMIT = 60  # seconds for the start
ROUNDS = 9
REQUESTS = 20  # in a round
EMAIL = 'ada@example.com'
COLLEAGUE = 'grace@example.com'
ORGANISATION = "Analytical Engines"
# Of how many tickets one is of the organisation, and one is watched
SHARED = 15
WATCHED = 50
MINE = 100
TEXT = "The printer is on fire again, and nobody answers the phone.\n" * 10


class CustomerCrowd(Crowd):
    "The crowd, and among it one customer and a large organisation"

    def prepare(self):
        super().prepare()
        pool = Pool()
        Party = pool.get('party.party')
        Section = pool.get('helpdesk.section')
        party, = Party.search([('name', '=', ORGANISATION)])
        self.organisation = party.id
        Section.write(Section.browse(self.sections), {'visibility': 'public'})

    def grow(self, count):
        pool = Pool()
        self.watchers = self.table(pool.get('helpdesk.participant'))
        super().grow(count)
        self.watchers.finish()

    def add(self, count):
        ids = super().add(count)
        self.watchers.insert([{
                    'ticket': id_,
                    'email': EMAIL if number % (WATCHED * WATCHED) == 0
                    else f'watcher{number}@example.org',
                    'role': 'watcher',
                    } for number, id_ in enumerate(ids)
                if number % WATCHED == 0])
        return ids

    def ticket(self):
        ticket = super().ticket()
        if self.count % SHARED == 0:
            ticket['party'] = self.organisation
        if self.count % MINE == 0 and self.count <= MINE * MINE:
            ticket['email'] = EMAIL
        return ticket


class Portal:
    "The pages of the portal, and with which cookie each is asked for"

    def __init__(self, name):
        self.name = name
        self.base = f'/{name}/helpdesk'
        self.pool = Pool(name)
        with Transaction().start(name, 1):
            account = self._log_in(EMAIL)
            colleague = self._log_in(COLLEAGUE)
            section = self._section()
            short, guest = self._make_ticket(section, 10)
            long, _ = self._make_ticket(section, 1000)
            form = f'/new/{section.id}'
            agent = self._sign_in()
        self.pages = {
            'start': ('/', ''),
            'form': (form, ''),
            'form_account': (form, account),
            'list': ('/tickets', account),
            'list_search': (f'/tickets?q={RARE}', account),
            'list_organisation': ('/tickets?of=shared', colleague),
            'list_organisation_search': (
                f'/tickets?of=shared&q={RARE}', colleague),
            'ticket_10_guest': (short, guest),
            'ticket_10': (short, account),
            'ticket_10_colleague': (short, colleague),
            'ticket_1000': (long, account),
            'board': ('/board', agent),
            'board_data': ('/board/data', agent),
            'board_cards': (
                '/board/cards?column=state-open&after=~0', agent),
            }

    def _log_in(self, email):
        Party = self.pool.get('party.party')
        User = self.pool.get('web.user')
        users = User.search([('email', '=', email)])
        if not users:
            parties = Party.search([('name', '=', ORGANISATION)])
            party = None
            if email == COLLEAGUE:
                party, = parties or Party.create([{
                            'name': ORGANISATION,
                            'helpdesk_sharing': 'everyone',
                            }])
            users = User.create([{
                        'email': email, 'email_valid': True, 'party': party}])
        return f'helpdesk_session={users[0].new_session()}'

    def _sign_in(self):
        Session = self.pool.get('helpdesk.board.session')
        User = self.pool.get('res.user')
        agent, = User.search([('login', '=', AGENT)])
        return f'helpdesk_board={Session.make(agent.id)}'

    def _section(self):
        Section = self.pool.get('helpdesk.section')
        section, = Section.search([], order=[('id', 'ASC')], limit=1)
        section.visibility = 'public'
        section.web_form = 'everyone'
        section.save()
        return section

    def _make_ticket(self, section, conversations):
        "Return the path of a new ticket, and the cookie of a guest"
        Conversation = self.pool.get('helpdesk.conversation')
        GuestLink = self.pool.get('helpdesk.guest_link')
        Party = self.pool.get('party.party')
        Ticket = self.pool.get('helpdesk.ticket')
        party, = Party.search([('name', '=', ORGANISATION)])
        ticket, = Ticket.create([{
                    'subject': f"{conversations} conversations",
                    'company': section.company.id,
                    'section': section.id,
                    'party': party.id,
                    'state': 'open',
                    'email': EMAIL,
                    }])
        for numbers in grouped_slice(range(conversations), 100):
            Conversation.create([{
                        'ticket': ticket.id,
                        'kind': 'email',
                        'direction': 'in' if number % 2 else 'out',
                        'from_address': EMAIL if number % 2 else None,
                        'delivery': None if number % 2 else 'sent',
                        'author': "Ada",
                        'body': TEXT,
                        } for number in numbers])
        token = GuestLink.make([ticket])[ticket].rpartition('/')[2]
        return f'/tickets/{ticket.number}', f'helpdesk_guest={token}'

    def statements(self, page):
        "Return the statements that the page takes, once caches are warm"
        ask = self.client(page)
        ask()
        with Statements() as statements:
            ask()
        return statements

    def milliseconds(self, page):
        """
        Return the processor's time for the page, in this process.

        What the database takes is not in it, and no other process disturbs.
        """
        ask = self.client(page)
        rounds = []
        for _ in range(ROUNDS):
            begin = time.process_time()
            for _ in range(REQUESTS):
                ask()
            rounds.append(time.process_time() - begin)
        return round(statistics.median(rounds) / REQUESTS * 1000, 2)

    def client(self, page):
        "Return a function that asks for the page without a server"
        from trytond.wsgi import app
        path, cookie = self.pages[page]
        client = Client(app, use_cookies=False)

        def ask():
            response = client.get(
                self.base + path, headers={'Cookie': cookie})
            if response.status_code != 200:
                raise RuntimeError(f"{page}: {response.status}")
            return response
        return ask


class Server:
    "gunicorn with our application"

    def __enter__(self):
        self.port = services.free_port()
        self.process = subprocess.Popen([
                GUNICORN, '--workers', str(WORKERS),
                '--bind', f'127.0.0.1:{self.port}',
                'trytond.application:app'],
            env={**os.environ, 'TRYTOND_CONFIG': os.devnull},
            stderr=subprocess.DEVNULL, start_new_session=True)
        return self

    def __exit__(self, *args):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()

    def get(self, path, cookie):
        connection = http.client.HTTPConnection(
            '127.0.0.1', self.port, timeout=LIMIT)
        try:
            connection.request('GET', path, headers={'Cookie': cookie})
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()

    def wait(self, path, cookie):
        "Ask until the processes are there and their caches are warm"
        end = time.monotonic() + LIMIT
        while True:
            try:
                statuses = [self.get(path, cookie) for _ in range(20)]
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(.2)
                continue
            if set(statuses) != {200}:
                raise RuntimeError(f"{path} gave {set(statuses)}")
            return

    def rate(self, path, cookie):
        "Return how many requests are answered in a second"
        counts = [0] * CLIENTS
        begin = time.monotonic()

        def ask(number):
            while time.monotonic() < begin + SECONDS:
                if self.get(path, cookie) == 200:
                    counts[number] += 1
        threads = [
            threading.Thread(target=ask, args=(n,)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts) / (time.monotonic() - begin)


def measure(portal, detailed=False, **size):
    figures = {}
    for page in portal.pages:
        statements = portal.statements(page)
        figures[page] = {
            'statements': statements.count,
            'cpu_milliseconds': portal.milliseconds(page),
            }
        if detailed:
            report(f'portal_{page}_statements', **size, **statements.kinds())
    with Server() as server:
        for page, (path, cookie) in portal.pages.items():
            server.wait(portal.base + path, cookie)
            rate = server.rate(portal.base + path, cookie)
            report(f'portal_{page}', **size, **figures[page],
                requests_per_second=round(rate, 1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('name')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--tickets', type=int, nargs='*', default=[])
    parser.add_argument('--statements', action='store_true')
    arguments, _ = parser.parse_known_args()
    start(arguments.name)
    place = Place(arguments.name)
    measure(Portal(place.name), arguments.statements)
    crowd = CustomerCrowd(place, arguments.seed)
    with Transaction().start(place.name, 1):
        crowd.prepare()
    for tickets in arguments.tickets:
        with Transaction().start(place.name, 1):
            crowd.grow(tickets)
        portal = Portal(place.name)
        place.analyze()
        measure(portal, arguments.statements, tickets=tickets)


if __name__ == '__main__':
    main()
