# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
All measurements on one database, in one process.
"""
import argparse
import json
import logging
import platform
import sys

from .place import Place


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('name')
    parser.add_argument('--letters', type=int, default=1000)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--tickets', type=int, nargs='*', default=[])
    parser.add_argument('--jobs')
    parser.add_argument('--reporting', nargs='*')
    parser.add_argument('--statements', action='store_true')
    parser.add_argument('--profile')
    arguments = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR)
    place = Place(arguments.name)
    place.make_twin()
    start(place.name)
    pipeline(place, arguments)
    screens(place, arguments)
    crowd(place, arguments)


def start(name):
    from trytond.pool import Pool
    from trytond.transaction import Transaction
    Pool.start()
    with Transaction().start(name, 0, readonly=True):
        Pool(name).init()


def pipeline(place, arguments):
    from .floor import Floor
    from .pipeline import Pipeline
    pipeline = Pipeline(
        place.name, arguments.letters, arguments.seed, arguments.profile)
    report('pipeline', **pipeline.run())
    if arguments.profile:
        pipeline.profile.dump_stats(arguments.profile)
    if arguments.statements:
        report('pipeline_statements', **pipeline.statements.kinds())
    report('floor', **Floor(place, pipeline.batches).run())


def screens(place, arguments):
    from .screens import ROWS, Client, TicketForm, TicketList, measure
    client = Client(place.name)

    def screen(name, screen, **size):
        figures, statements = measure(screen)
        report(name, **size, **figures)
        if arguments.statements:
            report(f'{name}_statements', **size, **statements.kinds())
    screen('ticket_list', TicketList(client), rows=ROWS)
    for conversations in [10, 1000]:
        screen('ticket_form', TicketForm(client, conversations),
            conversations=conversations)


def crowd(place, arguments):
    "Measure again and again while there are more and more tickets"
    from trytond.transaction import Transaction

    from .crowd import RARE, Crowd
    from .screens import (
        Client, MyTickets, Overview, Search, TicketForm, TicketList, measure)
    crowd = Crowd(place, arguments.seed)
    with Transaction().start(place.name, 1):
        crowd.prepare()
    for tickets in arguments.tickets:
        with Transaction().start(place.name, 1):
            crowd.grow(tickets)
        place.analyze()
        client = Client(place.name)
        for name, screen in [
                ('ticket_list', TicketList(client)),
                ('my_tickets', MyTickets(client)),
                ('section_overview', Overview(client)),
                ('search_rare_word', Search(client, RARE)),
                ('search_common_word', Search(client, crowd.words[0])),
                ('ticket_form', TicketForm(client, 1000))]:
            figures, statements = measure(screen)
            report(name, tickets=tickets, **figures)
            if arguments.statements:
                report(f'{name}_statements', **statements.kinds())


def report(benchmark, **figures):
    from trytond import __version__, backend
    print(json.dumps({
                'benchmark': benchmark,
                'backend': backend.name,
                'tryton': __version__,
                'python': platform.python_version(),
                **figures}), flush=True)


if __name__ == '__main__':
    main()
