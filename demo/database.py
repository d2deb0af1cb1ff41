# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"The database of the demo, made anew when the code behind it has changed"
import os
import sys

from . import place, server, story
from .progress import run, say, step
from .settings import DATABASE, DOMAIN, LANGUAGES, PASSWORD
from .sink import Sink

MODULES = ['helpdesk_portal', 'sale_complaint', 'sale_opportunity']
SOURCES = {'.py', '.xml', '.cfg', '.po', '.eml', '.png'}
MAKERS = ['agent.py', 'database.py', 'post.py', 'settings.py', 'story.py']


def stamp():
    files = sorted(
        path for folder in [*place.MODULES, 'demo/fill', 'demo/letters']
        for path in (place.ROOT / folder).rglob('*')
        if path.suffix in SOURCES)
    files += [place.ROOT / 'demo' / name for name in MAKERS]
    return place.digest(
        (place.ENVIRONMENT / 'stamp').read_text(),
        *(str(path.relative_to(place.ROOT)) for path in files), *files)


def make(settings):
    "Make the database unless there is a current one"
    current = stamp()
    if place.is_current(settings.data, current):
        return
    if (settings.data / 'stamp').exists():
        say("  The code has changed: the database is made anew.")
    place.make_empty(settings.data)
    place.make_empty(settings.sent)
    with step("Creating the database"):
        _create(settings)
    with step("Filling in a company, people, products and sales"):
        _fill(settings)
    with step("Sending in letters and answering some"), \
            Sink(settings.sent, settings.sink), \
            server.tryton(settings, cron=False):
        story.tell(settings)
    place.set_current(settings.data, current)


def _create(settings):
    # SQLite does not create the file, trytond wants to find it.
    (settings.data / f'{DATABASE}.sqlite').touch()
    password = settings.home / 'password'
    password.write_text(PASSWORD)
    command = [
        place.BIN / 'trytond-admin', '-c', settings.config,
        '-d', DATABASE, '-u', *MODULES, '--activate-dependencies',
        '-l', *LANGUAGES, '--email', f'admin@{DOMAIN}']
    run(command, place.LOGS / 'create.log', "The database was not created.",
        env={**os.environ, 'TRYTONPASSFILE': str(password)})
    password.unlink()


def _fill(settings):
    run([sys.executable, '-m', 'demo.fill', *settings.arguments()],
        place.LOGS / 'fill.log', "The database could not be filled.",
        cwd=place.ROOT)
