# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Brings up workers of Tryton faster than they are killed.

    python -m tests.together.nursery -c CONFIG -d DATABASE ARGUMENT...

Each line on standard input starts a worker with these arguments, in a process
group of its own, and its process id is the answer on standard output. What
takes a worker seconds, reading all modules, is done once, before the first.
"""
import os
import signal
import sys

import trytond.commandline as commandline
import trytond.config as config


def main():
    options = commandline.get_parser_worker().parse_args()
    config.update_etc(options.configfile)
    commandline.config_log(options)
    from trytond import backend, worker
    from trytond.pool import Pool
    Pool.start()
    worker.initializer(options, worker=False)
    for name in options.database_names:
        # No thread and no connection may be there when it forks
        backend.Database(name).close()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        if child := os.fork():
            print(child, flush=True)
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        worker.work(options)


if __name__ == '__main__':
    main()
