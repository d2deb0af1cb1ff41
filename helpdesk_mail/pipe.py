# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
The pipe: a letter from standard input into an inbox.

For the aliases of an MTA, procmail, or getmail6. The exit code tells the
caller what became of the letter (sysexits.h): 0 means it is stored.
"""
import argparse
import logging
import os
import sys
import traceback

import trytond.config as config


class Refused(Exception):
    "The letter is not taken."

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class _Parser(argparse.ArgumentParser):

    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(os.EX_USAGE, f"{self.prog}: {message}\n")


def get_parser():
    parser = _Parser(
        prog='trytond-helpdesk-mail',
        description="Deliver the letter on standard input to an inbox.",
        epilog="Exit codes as in sysexits.h: 0 stored, 64 wrong usage, "
        "66 no letter, 75 try again later, 78 wrong configuration.")
    parser.add_argument('-c', '--config', dest='configfile',
        metavar='FILE', nargs='+',
        default=[os.environ.get('TRYTOND_CONFIG')],
        help="configuration files of trytond")
    parser.add_argument('-d', '--database', required=True,
        help="name of the database")
    parser.add_argument('--inbox', required=True,
        help="name or identifier of the inbox")
    return parser


def main(args=None):
    "Run the command and exit with its code."
    options = get_parser().parse_args(args)
    # Defects too make the caller try again: after any code that is not in
    # sysexits.h mail servers send the letter back
    code = os.EX_TEMPFAIL
    try:
        _configure(options.configfile)
        deliver(options.database, options.inbox, sys.stdin.buffer.read())
        code = os.EX_OK
    except Refused as refused:
        print(f"trytond-helpdesk-mail: {refused}", file=sys.stderr)
        code = refused.code
    finally:
        if sys.exc_info()[0]:
            traceback.print_exc()
        sys.exit(code)


def _configure(files):
    # getmail6 takes anything on standard error for a failure, but by then
    # the letter is stored; who tries again, and fails, has a log
    logging.getLogger().addHandler(logging.NullHandler())
    for file in filter(None, files):
        if not os.access(file, os.R_OK):
            raise Refused(os.EX_TEMPFAIL,
                f"configuration file {file} cannot be read")
    config.update_etc(files)


def deliver(database, inbox, letter):
    """
    Store a raw letter, as bytes, in an inbox, and have it judged.

    Raises Refused with the exit code if it is not stored.
    """
    if not letter.strip():
        raise Refused(os.EX_NOINPUT, "there is no letter on standard input")
    from trytond import backend
    from trytond.tools import firstline
    try:
        pool = _start(database)
        _store(pool, inbox, letter)
    except (backend.DatabaseOperationalError, OSError) as exception:
        raise Refused(os.EX_TEMPFAIL,
            f"database {database} is not available, try again later: "
            f"{firstline(str(exception))}") from exception
    # Stored: from here on nothing may tell the caller to try again
    _run_tasks(pool)


def _start(database):
    from trytond.pool import Pool
    from trytond.transaction import Transaction
    Pool.start()
    pool = Pool(database)
    with Transaction().start(database, 0, readonly=True):
        pool.init()
    return pool


def _store(pool, inbox, letter):
    from trytond.transaction import Transaction, TransactionError
    extras = {}
    while True:
        Transaction().tasks.clear()
        try:
            with Transaction().start(pool.database_name, 0, **extras):
                _find_inbox(pool, inbox).deliver([letter])
        except TransactionError as exception:
            # A rule may give the letter to what takes locks
            exception.fix(extras)
        else:
            break


def _find_inbox(pool, name):
    try:
        Inbox = pool.get('inbound.email.inbox')
        pool.get('helpdesk.mail')
    except KeyError as exception:
        raise Refused(os.EX_CONFIG,
            f"module helpdesk_mail is not activated in database "
            f"{pool.database_name}") from exception
    inboxes = Inbox.search([
            ['OR', ('identifier', '=', name), ('name', '=', name)]])
    if len(inboxes) != 1:
        problem = "there is no inbox" if not inboxes else "several inboxes are"
        raise Refused(os.EX_CONFIG, f"{problem} named {name}")
    inbox, = inboxes
    return inbox


def _run_tasks(pool):
    "Do what is queued, unless a worker does it."
    from trytond.transaction import Transaction
    from trytond.worker import run_task

    # A task adds those that follow from it
    tasks = Transaction().tasks
    while tasks:
        run_task(pool, tasks.pop(0))


if __name__ == '__main__':
    main()
