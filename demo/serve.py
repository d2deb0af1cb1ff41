# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"Second half of the demo: make the database and run everything"
import argparse
import shutil
import signal
import sys
import time
from pathlib import Path

from . import check, database, place, portal, server
from .progress import Trouble, say
from .settings import (
    CUSTOMER, DATABASE, INVITED, LOGINS, PASSWORD, SATISFIED, Settings)
from .sink import Sink, read

READY = """
The helpdesk is running. Ctrl-C stops it.

  Web client     {url}/
  Desktop client {host}, database {database}
  Logins         with the password "{password}":
{logins}
  Sent mail      is not delivered but kept in {sent}/

What customers see:

  Portal         {portal}
  Form           {portal}new
  Log in         {portal}login
    {customer}, with the password "{password}":
                 one ticket waits for an authorization
    {invited}, by the link in the mail to her:
                 sees what a colleague has written, too
  A link in a mail, to rate a ticket that is resolved:
    {rate}
  Live chat      {chat}
    First log in as ana in the web client: she has joined, and takes care of
    visitors while she is there. Then write on this page, as one of them. Open
    what ana's bell tells of, press Chat in its toolbar, and answer.

What agents see besides, in the web client:

  Board          Helpdesk > Board: a column for each stage, tickets as cards
                 that are dragged from one to the next

Write in a letter of your own, in another terminal:

  printf 'From: me@example.com\\nSubject: Help\\n\\nIt leaks.\\n' | \\
    {pipe}
"""


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument('--port', type=int, required=True)
    parser.add_argument('--root', type=Path, default=place.NO_CLIENT)
    parser.add_argument('--check', action='store_true')
    return parser.parse_args()


def serve(options):
    settings = Settings(
        place.HOME, options.port, place.free_port(), options.root)
    settings.write()
    database.make(settings)
    if options.check:
        settings = _copy(settings)
    with Sink(settings.sent, settings.sink) as sink, \
            server.tryton(settings) as processes:
        if options.check:
            return check.run(settings, processes)
        sink.arrived = _tell
        say(_ready(settings))
        while True:
            for process in processes:
                process.check()
            time.sleep(0.5)


def _copy(settings):
    "A check works on a copy and so leaves nothing behind in the demo"
    place.make_empty(place.CHECK)
    copy = Settings(
        place.CHECK, settings.port, settings.sink, settings.root)
    shutil.copytree(settings.data, copy.data)
    copy.write()
    return copy


def _ready(settings):
    return READY.format(
        url=settings.url, host=settings.url.partition('//')[2],
        database=DATABASE, password=PASSWORD,
        portal=portal.start(settings), customer=CUSTOMER, invited=INVITED,
        rate=portal.guest_link(settings, SATISFIED),
        chat=portal.chat(settings),
        logins='\n'.join(
            f'    {login:<12} {who}' for login, who in LOGINS),
        sent=_short(settings.sent), pipe=' '.join(
            _short(part) for part in settings.pipe()))


def _short(path):
    "As it is typed in the folder of the project"
    try:
        return str(Path(path).relative_to(place.ROOT))
    except ValueError:
        return str(path)


def _tell(file, recipients):
    subject = ' '.join(str(read(file)['Subject']).split())
    say(f"  {time.strftime('%H:%M:%S')} mail to {', '.join(recipients)}: "
        f"{subject}  ({_short(file)})")


def _interrupt(*args):
    raise KeyboardInterrupt


def main():
    for number in [signal.SIGINT, signal.SIGTERM]:
        signal.signal(number, _interrupt)
    # Unless started by nohup
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _interrupt)
    try:
        return serve(arguments())
    except Trouble as trouble:
        say(f"\n{trouble}")
        return 1
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130


if __name__ == '__main__':
    sys.exit(main())
