# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The portal of a company, as its customers reach it: a running trytond with a
filled database.

    with Portal(folder) as portal:
        window.page.goto(portal.path('new'))
        window.page.goto(portal.guest('long'))
"""
import contextlib
import datetime as dt
import struct
import zlib
from pathlib import Path

from trytond.pool import Pool
from trytond.transaction import Transaction

from tests.client.office import is_translated, translate
from tests.helpdesk_portal import tools
from tests.services import HOST
from tests.together.processes import Site

LANGUAGES = [code for code in ['ca', 'es'] if is_translated(code)]
LONG = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 3
HOSTILE = '<script>alert(1)</script><style>*{display:none}</style>'
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
        self._links = {}

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.site = stack.enter_context(
                Site(['helpdesk_portal'], self.folder))
            host = f'http://{HOST}:{self.site.port}'
            conf = self.site.configure(helpdesk={'url': host})
            self._links = {
                name: f'{self.site.url}/helpdesk/guest/{token}'
                for name, token in self.site.call(_fill).items()}
            stack.enter_context(self.site.server(conf=conf))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *args):
        self._stack.close()

    def path(self, *parts):
        "Return the URL of a page"
        return '/'.join([self.site.url, 'helpdesk', *parts])

    def guest(self, name):
        "Return the link in a mail to the ticket called so, see _fill"
        return self._links[name]


def _fill():
    "Return the tokens of links by the name of their ticket"
    for language in LANGUAGES:
        translate(language)
    section = tools.create_section()
    company = section.company
    company.timezone = 'Europe/Madrid'
    company.save()
    _make_brand(company)
    tickets = {
        'empty': tools.create_ticket(section),
        'long': _make_long(section),
        'hostile': _make_hostile(section),
        'waiting': tools.create_ticket(section, "Which size do you need?"),
        'closed': tools.create_ticket(section, "An old question"),
        }
    _set_states(tickets)
    return {name: tools.link_token(t) for name, t in tickets.items()}


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
    for name, state in [('waiting', 'pending'), ('closed', 'closed')]:
        cursor.execute(*ticket.update(
                [ticket.state, ticket.closed_at],
                [state, dt.datetime(2026, 11, 20, 9, 30)],
                where=ticket.id == tickets[name].id))
