# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Measure on each database there is; print one JSON object a line.

The variable BACKEND chooses the databases; "sqlite postgresql" unless set.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

from tests import environment, services

URIS = {
    'sqlite': lambda: 'sqlite://',
    'postgresql': services.postgresql_uri,
    }
LEAST = 100


def main():
    parser = argparse.ArgumentParser(
        prog='make bench', description="Pass arguments with ARGS=.")
    parser.add_argument('--letters', type=int, default=1000)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--tickets', type=int, nargs='*', default=[],
        help="also open the screens with so many tickets, as 10000 300000")
    parser.add_argument('--jobs', type=int, metavar='TICKETS',
        help="also run the scheduled actions on so many tickets, as 100000")
    parser.add_argument('--reporting', type=int, nargs='*', metavar='TICKETS',
        help="also open the reports with none and so many tickets, as 1000000")
    parser.add_argument('--statements', action='store_true',
        help="also count the statements of each kind and table")
    parser.add_argument('--profile', metavar='FILE',
        help="write a profile of the pipeline, for the module pstats")
    options = parser.parse_args()
    if options.letters < LEAST:
        parser.error(f"at least {LEAST} letters, or the lists stay short")
    failed = False
    for backend in os.environ.get('BACKEND', ' '.join(URIS)).split():
        if reason := missing(backend):
            print(json.dumps({'backend': backend, 'skipped': reason}),
                flush=True)
        else:
            failed |= not measure(backend, options)
    sys.exit(failed)


def missing(backend):
    "Return why a backend cannot be used, None if it can"
    if backend == 'postgresql':
        return services.missing(backend)


def measure(backend, options):
    "Measure on a backend, in processes of their own; return if it worked"
    folder = tempfile.mkdtemp(prefix='helpdesk-bench-')
    name = f'helpdesk_bench_{os.getpid()}'
    env = os.environ.copy()
    for other in ['DB_NAME', 'TRYTOND_CONFIG']:
        env.pop(other, None)
    env['TRYTOND_DATABASE_URI'] = URIS[backend]()
    env['TRYTOND_DATABASE__PATH'] = folder

    def run(module, *arguments):
        return subprocess.call(
            [sys.executable, '-m', f'tests.benchmarks.{module}', name,
                *arguments],
            cwd=environment.ROOT, env=env) == 0
    try:
        # trytond-worker waits on a connection, which SQLite doesn't have
        return (run('prepare')
            and run('big')
            and (backend != 'postgresql' or run(
                    'workers', str(options.letters), str(options.seed)))
            and run('place')
            and run('prepare')
            and run('measure', *sys.argv[1:])
            and run('place')
            and run('prepare', 'helpdesk_portal')
            and run('portal', *sys.argv[1:])
            and (not options.jobs
                or (run('place') and run('prepare')
                    and run('jobs', *sys.argv[1:])))
            and (options.reporting is None
                or (run('place') and run('prepare')
                    and run('reporting', *sys.argv[1:]))))
    finally:
        run('place')
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    main()
