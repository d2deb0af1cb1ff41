# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What customers ask of the portal: statements and requests a second.

Two processes of gunicorn serve, and the client that asks runs beside them on
the same machine. As a program:
python -m tests.benchmarks.portal DATABASE [--tickets COUNT ...]
"""
import argparse
import http.client
import os
import signal
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

from .crowd import Crowd
from .measure import report, start
from .place import Place
from .statements import Statements

GUNICORN = Path(sys.executable).parent / 'gunicorn'
WORKERS = 2
CLIENTS = 4
SECONDS = 5
LIMIT = 60  # seconds for the start
EMAIL = 'customer7@example.org'
TEXT = "The printer is on fire again, and nobody answers the phone.\n" * 10


class Portal:
    "The pages of one customer, who is logged in"

    def __init__(self, name):
        self.name = name
        self.base = f'/{name}/helpdesk'
        self.pool = Pool(name)
        with Transaction().start(name, 1):
            self.cookie = self._log_in()
            section = self._section()
            self.pages = {
                'list': '/tickets',
                'ticket_10': self._make_ticket(section, 10),
                'ticket_1000': self._make_ticket(section, 1000),
                'form': f'/new/{section.id}',
                }

    def _log_in(self):
        User = self.pool.get('web.user')
        user, = User.search([('email', '=', EMAIL)]) or User.create([
                {'email': EMAIL, 'email_valid': True}])
        return f'helpdesk_session={user.new_session()}'

    def _section(self):
        Section = self.pool.get('helpdesk.section')
        section, = Section.search([], order=[('id', 'ASC')], limit=1)
        section.visibility = 'public'
        section.web_form = 'everyone'
        section.save()
        return section

    def _make_ticket(self, section, conversations):
        Conversation = self.pool.get('helpdesk.conversation')
        Ticket = self.pool.get('helpdesk.ticket')
        ticket, = Ticket.create([{
                    'subject': f"{conversations} conversations",
                    'company': section.company.id,
                    'section': section.id,
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
        return f'/tickets/{ticket.number}'

    def statements(self, page):
        "Return how many statements the page takes, once caches are warm"
        from trytond.wsgi import app
        client = Client(app, use_cookies=False)
        headers = {'Cookie': self.cookie}
        for _ in range(2):
            with Statements() as statements:
                response = client.get(
                    self.base + self.pages[page], headers=headers)
        if response.status_code != 200:
            raise RuntimeError(f"{page}: {response.status}")
        return statements


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


def measure(portal, **size):
    counts = {page: portal.statements(page) for page in portal.pages}
    with Server() as server:
        for page, path in portal.pages.items():
            server.wait(portal.base + path, portal.cookie)
            rate = server.rate(portal.base + path, portal.cookie)
            report(f'portal_{page}', **size,
                statements=counts[page].count,
                requests_per_second=round(rate, 1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('name')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--tickets', type=int, nargs='*', default=[])
    arguments, _ = parser.parse_known_args()
    start(arguments.name)
    place = Place(arguments.name)
    measure(Portal(place.name))
    crowd = Crowd(place, arguments.seed)
    with Transaction().start(place.name, 1):
        crowd.prepare()
    for tickets in arguments.tickets:
        with Transaction().start(place.name, 1):
            crowd.grow(tickets)
        place.analyze()
        measure(Portal(place.name), tickets=tickets)


if __name__ == '__main__':
    main()
