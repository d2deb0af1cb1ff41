# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The portal of a company, as its customers reach it: a running trytond with a
filled database.

    with Portal(folder) as portal:
        window.page.goto(portal.address('tickets/{long_number}'))
        portal.log_in(window, 'marta')
        portal.act(lambda ticket: ..., number)
        portal.cron()
        portal.link('marta@example.com', 'rate')
"""
import contextlib
import datetime as dt
import re
import struct
import zlib
from pathlib import Path

import trytond.config as config
from trytond.modules.helpdesk_portal.forms import File
from trytond.modules.helpdesk_portal.session import ACCOUNT_COOKIE
from trytond.modules.helpdesk_portal.web_form import Request
from trytond.pool import Pool
from trytond.transaction import Transaction, inactive_records

from tests.client.office import is_translated, translate
from tests.helpdesk_portal import tools
from tests.records import Helpdesk
from tests.services import HOST, Sink, until
from tests.together.processes import Site

LANGUAGES = [code for code in ['ca', 'es'] if is_translated(code)]
LONG = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 3
HOSTILE = '<script>alert(1)</script><style>*{display:none}</style>'
SUPPORT = 'support@soler.example'
# A site that has the form in a frame
SHOP = 'https://shop.example'
CRONS = [
    'helpdesk.conversation|send_waiting',
    'helpdesk.login_link|send_waiting',
    'helpdesk.ticket|ask_ratings',
    'helpdesk.web_request|send_waiting',
    ]
# How many tickets somebody has: more than fit on a page of the list
MANY = 30
# Who writes a form in fewer milliseconds is a robot
AS_PEOPLE = 3_500
PASSWORD = 'correct-horse-battery'
QUOTED = "On Monday, Ana wrote:\n> Did you switch it off and on?\n> Ana"


def png(width, height, *colors):
    "Return a picture with stripes of the colours, each a triple of bytes"
    def chunk(kind, data):
        body = kind + data
        return (
            struct.pack('>I', len(data)) + body
            + struct.pack('>I', zlib.crc32(body)))
    line = b'\0' + b''.join(
        bytes(colors[x * len(colors) // width]) for x in range(width))
    return b'\x89PNG\r\n\x1a\n' + b''.join([
            chunk(b'IHDR', struct.pack(
                    '>IIBBBBB', width, height, 8, 2, 0, 0, 0)),
            chunk(b'IDAT', zlib.compress(line * height)),
            chunk(b'IEND', b'')])


PICTURE = png(640, 400, (90, 60, 40), (200, 160, 110), (60, 40, 25))
LOGO = png(
    240, 80, (232, 163, 61), (255, 255, 255), (30, 40, 60), (255, 255, 255))


class Portal:

    def __init__(self, folder):
        self.folder = Path(folder)
        self._stack = contextlib.ExitStack()
        # What stands in addresses, by name
        self.words = {}
        self._keys = {}

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.sink = stack.enter_context(Sink())
            self.site = stack.enter_context(
                Site(['helpdesk_portal'], self.folder))
            host = f'http://{HOST}:{self.site.port}'
            sections = {
                'helpdesk': {'url': host},
                'email': {'uri': self.sink.uri, 'from': SUPPORT},
                }
            # What is scheduled runs in this process
            if not config.has_section('helpdesk'):
                config.add_section('helpdesk')
            for section, values in sections.items():
                for name, value in values.items():
                    before = config.get(section, name, default='')
                    stack.callback(config.set, section, name, before)
                    config.set(section, name, value)
            self._agent, self.words, self._keys = self.site.call(_fill)
            stack.enter_context(self.site.server(
                    conf=self.site.configure(**sections)))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *args):
        self._stack.close()

    def address(self, path):
        "Return the URL of a page; path may have words, see _fill"
        return '/'.join([
                self.site.url, 'helpdesk', path.format(**self.words)])

    def log_in(self, window, name):
        "Let the customer called so be logged in"
        window.page.context.add_cookies([{
                    'name': ACCOUNT_COOKIE,
                    'value': self._keys[name],
                    'url': self.site.url,
                    }])

    def act(self, function, number):
        "Call the function with the ticket, as the agent"
        def act():
            Ticket = Pool().get('helpdesk.ticket')
            ticket, = Ticket.search([('number', '=', number)])
            return function(ticket)
        user, context = self._agent
        return self.site.call(act, user=user, context=context)

    def cron(self):
        "Do what is scheduled, as trytond-cron does"
        with self.site.transaction() as pool:
            Cron = pool.get('ir.cron')
            with inactive_records():
                Cron.write(Cron.search([('method', 'in', CRONS)]), {
                        'active': True, 'next_call': None})
        Cron.run(self.site.name)

    def link(self, email, kind, seconds=20):
        """
        Wait for a mail to the address with such a link, and return the link.

        kind is what follows helpdesk/ in it. It is that of the newest mail.
        """
        def found():
            for message in reversed(self.sink.messages):
                text = message.get_body(('plain',)).get_content()
                match = re.search(rf'http://\S+/helpdesk/{kind}/\S+', text)
                if email in message['To'] and match:
                    return match[0]
        return until(found, seconds, (
                f"No mail to {email} with {kind}: "
                + str([m['Subject'] for m in self.sink.messages])))


def _fill():
    "Return the agent, the words of addresses and the keys of sessions"
    for language in LANGUAGES:
        translate(language)
    helpdesk, registered = _make_sections()
    section, company = helpdesk.section, helpdesk.company
    _make_brand(company)
    tickets = {
        'empty': tools.create_ticket(section),
        'long': _make_long(section),
        'hostile': _make_hostile(section),
        'waiting': tools.create_ticket(section, "Which size do you need?"),
        'authorization': _make_authorization(section),
        'resolved': tools.create_ticket(section, "A question of colour"),
        'closed': tools.create_ticket(section, "An old question"),
        }
    for number in range(MANY):
        tools.create_ticket(section, f"Chair {number + 1} wobbles")
    _set_states(tickets)
    words = {name: tools.link_token(t) for name, t in tickets.items()}
    words.update({f'{n}_number': t.number for n, t in tickets.items()})
    words.update(
        section=section.id, registered=registered.id, **_make_links(
            section, tickets['resolved']))
    agent = (helpdesk.agent.id, {
            'company': company.id, 'employee': helpdesk.agent.employee.id,
            '_check_access': True})
    return agent, words, {
        'marta': _make_account(tools.CUSTOMER, PASSWORD),
        'newcomer': _make_account('newcomer@example.com'),
        }


def _make_sections():
    "Return the Helpdesk and the section for who is registered"
    helpdesk = Helpdesk(
        visibility='public', web_form='everyone', web_form_origins=SHOP,
        description="Something broke, or does not fit.\nWe look at it the "
        "same day.", mail_address=SUPPORT, mail_name="Muebles Soler",
        ask_rating=True)
    company = helpdesk.company
    company.timezone = 'Europe/Madrid'
    company.save()
    company.party.name = "Muebles Soler"
    company.party.save()
    registered = helpdesk.make_section(
        "Orders", visibility='public', web_form='registered',
        description="Where your order is, and what it costs.")
    return helpdesk, registered


def _make_account(email, password=None):
    "Return the key of a session"
    User = Pool().get('web.user')
    user, = User.create([{
                'email': email, 'email_valid': True, 'password': password}])
    return user.new_session()


def _make_links(section, resolved):
    "Return the tokens of the links that only mails have"
    pool = Pool()
    Lang = pool.get('ir.lang')
    LoginLink = pool.get('helpdesk.login_link')
    RatingRequest = pool.get('helpdesk.rating.request')
    WebRequest = pool.get('helpdesk.web_request')
    tokens = {}
    for purpose in ['login', 'password']:
        link = LoginLink.ask(purpose, tools.CUSTOMER)
        tokens[purpose] = link.set_token()
        link.delivery = 'sent'
        link.save()
    tokens['rate'] = RatingRequest.make(
        [resolved.__class__(resolved.id)])[0].rpartition('/')[2]
    asked = WebRequest.ask(
        section, Request(
            name="Joan", email='joan@example.com', subject="A shelf",
            text="It is bent.", files=(File('shelf.txt', '', b'x'),)),
        Lang.get('en'))
    tokens['confirm'] = 'token-of-the-mail'
    asked.token_hash = WebRequest.hash(tokens['confirm'])
    asked.next_try = None
    asked.save()
    return tokens


def _make_brand(company):
    pool = Pool()
    Brand = pool.get('helpdesk.brand')
    with Transaction().set_context(company=company.id):
        brand = Brand(name="Muebles Soler", company=company)
        brand.logo = LOGO
        # Too light to be read as it is
        brand.color = '#e8a33d'
        brand.welcome = "We are glad to help you with your furniture."
        brand.footer = (
            "Muebles Soler, Carrer Major 1, Girona\n"
            "Monday to Friday, 8 to 18 h")
        brand.privacy_policy = 'https://soler.example/privacy'
        brand.legal_notice = 'https://soler.example/legal'
        brand.save()


def _make_long(section):
    "What customers and agents wrote in some weeks"
    ticket = tools.create_ticket(
        section, "The drawers of the desk Alba do not close any more")
    for i in range(12):
        tools.say(
            ticket,
            ["The upper drawer stays open.\n\nI have put a picture here:\n"
                "[drawer.png]\nWhat can I do?",
                "Thank you for the picture. Please loosen the two screws at "
                "the side, see https://soler.example/manual/alba."][i % 2],
            direction=['in', 'out'][i % 2], minutes=i * 500,
            files=[
                [('drawer.png', PICTURE),
                    ('invoice 2026.pdf', b'%PDF-' * 900)],
                []][i % 2],
            quoted=QUOTED if i else None)
    return ticket


def _make_authorization(section):
    Authorization = Pool().get('helpdesk.authorization')
    ticket = tools.create_ticket(section, "Repair of the desk Alba")
    tools.say(ticket, "Please tell me what a repair costs.")
    Authorization.ask([(
                ticket, "New rails for the drawer: 48 € plus VAT, done on "
                "the 3rd of December.\n\nShall we go on?", True)])
    return ticket


def _make_hostile(section):
    "What does not fit, and what wants to run"
    ticket = tools.create_ticket(
        section, f"{LONG} {HOSTILE}", contact_name=LONG)
    tools.say(
        ticket, f"{LONG}\nhttps://example.com/{LONG}\n{HOSTILE}\n[{LONG}.png]",
        author=LONG, quoted=f"> {LONG}",
        files=[(f'{LONG[:120]}.png', PICTURE), (f'{HOSTILE[:50]}.txt', b'x')])
    tools.say(ticket, "שלום, הדלת לא נסגרת", minutes=5)
    return ticket


def _set_states(tickets):
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    ticket = Ticket.__table__()
    cursor = Transaction().connection.cursor()
    # Whatever leads there: it is about how it looks
    for name, state in [
            ('waiting', 'pending'), ('authorization', 'authorization'),
            ('resolved', 'resolved'), ('closed', 'closed')]:
        over = dt.datetime(2026, 11, 20, 9, 30) if state in {
            'resolved', 'closed'} else None
        cursor.execute(*ticket.update(
                [ticket.state, ticket.resolved_at, ticket.closed_at],
                [state, over, over if state == 'closed' else None],
                where=ticket.id == tickets[name].id))
