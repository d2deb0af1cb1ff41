# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What make test, make long, make check, make translations and make bench run.

Variables, for make or in the environment:
  TESTS     paths for pytest; unless SERIES or BACKEND say more, they run on
            the first of both only
  ARGS      more arguments for pytest, such as ARGS="-k close -x"
  SERIES    of Tryton; "8.0 8.2" unless set
  BACKEND   "sqlite postgresql" unless set
  JOBS      processes of pytest-xdist, 3 unless set, 0 for none
  LIMIT     seconds after which a part is ended, 2100 unless set
  POSTGRESQL_URI   server for tests, a role that may create databases
  CI        true: what cannot run is a failure
"""
import argparse
import contextlib
import dataclasses
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import environment

ROOT = environment.ROOT
LIMIT = int(os.environ.get('LIMIT') or 2100)
LONG_LIMIT = 2 * 60 * 60
# For pytest to tell what failed until then
GRACE = 60
CI = os.environ.get('CI', '').lower() in {'1', 'true', 'yes'}
MODULE_TESTS = [f'tests/{module}' for module in environment.MODULES]
POSTGRESQL_MISSING = (
    'from tests.services import missing; print(missing("postgresql") or "")')
POSTGRESQL_URI = (
    'from tests.services import postgresql_uri; print(postgresql_uri())')


@dataclasses.dataclass
class Run:
    title: str
    command: list
    env: dict = dataclasses.field(default_factory=dict)
    limit: int = LIMIT
    result: str = ''

    def __call__(self):
        print(f"\n=== {self.title}", flush=True)
        start = time.monotonic()
        status = self._status()
        seconds = time.monotonic() - start
        self.result = 'ok' if not status else f'FAILED ({status})'
        print(f"=== {self.title}: {self.result}, {seconds:.0f} s", flush=True)
        return self

    def _status(self):
        "Run the command, return its status or why it was ended"
        process = subprocess.Popen(
            [str(c) for c in self.command], cwd=ROOT,
            env={**os.environ, **self.env}, stdin=subprocess.DEVNULL,
            start_new_session=True)
        try:
            return process.wait(self.limit)
        except subprocess.TimeoutExpired:
            print(f"\n=== {self.title}: not done after {self.limit} s",
                flush=True)
            return f'ended after {self.limit} s'
        finally:
            # Also at Ctrl-C, which only this process gets
            _end(process)


@dataclasses.dataclass
class NotRun(Run):
    command: list = dataclasses.field(default_factory=list)
    reason: str = ''

    def __call__(self):
        self.result = (
            f"{'FAILED' if CI else 'skipped'}: {self.reason}")
        print(f"\n=== {self.title}: {self.result}", flush=True)
        return self


class Runner:

    def __init__(self, here):
        self.here = here
        self.chosen = shlex.split(os.environ.get('TESTS', ''))
        self.arguments = shlex.split(os.environ.get('ARGS', ''))

    def python(self, series):
        if self.here:
            return Path(sys.executable)
        return environment.python(series)

    def words(self, name, all_):
        "Return the words of a variable, all or just the first by default"
        return os.environ.get(name, '').split() or (
            all_[:1] if self.chosen else all_)

    def test(self):
        series = ['here'] if self.here else self.words(
            'SERIES', environment.SERIES)
        backends = self.words('BACKEND', ['sqlite', 'postgresql'])
        for backend in backends:
            yield self.pytest(series[0], backend, first=backend == backends[0])
        for later in series[1:]:
            yield self.pytest(later, backends[0], MODULE_TESTS)

    def pytest(self, series, backend, paths=(), first=False):
        title = f"Tryton {series}, {backend}"
        try:
            python = self.python(series)
        except environment.EnvironmentFailed as error:
            return self.no_environment(title, series, error)
        env = {'TRYTOND_DATABASE_URI': 'sqlite://'}
        if backend == 'postgresql':
            if reason := self.ask(python, POSTGRESQL_MISSING):
                return NotRun(title, reason=reason)
            env['TRYTOND_DATABASE_URI'] = self.ask(python, POSTGRESQL_URI)
        without = 'check or long' if first else 'check or long or once'
        return Run(title, [
                python, '-m', 'pytest', '-rfEs', '-m', f'not ({without})',
                *self.jobs(), *self.arguments,
                *(self.chosen or [p for p in paths if _has_tests(p)]),
                ], env)

    def no_environment(self, title, series, error):
        print(error, flush=True)
        wanted = CI or series in os.environ.get('SERIES', '').split()
        if wanted or series == environment.SERIES[0]:
            return Run(title, ['false'])
        return NotRun(title, reason=f"Tryton {series} cannot be installed")

    def jobs(self):
        # On two cores, of which tests with servers leave a third idle
        jobs = os.environ.get('JOBS') or '3'
        return [] if jobs == '0' else [
            '-n', jobs, '--dist', 'loadscope', '--no-loadscope-reorder',
            '--max-worker-restart', '1']

    @staticmethod
    def ask(python, code):
        return subprocess.check_output(
            [str(python), '-c', code], cwd=ROOT, text=True).strip()

    def long(self):
        "Yield the tests that take too long to wait for them"
        python = self.python(environment.SERIES[0])
        yield Run("Long", [
                python, '-m', 'pytest', '-rfEs', '-m', 'long',
                '-o', f'faulthandler_timeout={LONG_LIMIT}',
                *self.arguments, *self.chosen],
            {'TRYTOND_DATABASE_URI': 'sqlite://'}, limit=LONG_LIMIT)

    def check(self):
        python = self.python(environment.SERIES[0])
        yield Run("Style", [python, '-m', 'flake8'])
        yield Run("Order of imports", [
                python, '-m', 'isort', '--check', '--diff', '.'])
        yield Run("Policy", [
                python, '-m', 'pytest', '-m', 'check', *self.jobs(),
                *self.arguments, *self.chosen])
        yield from self.doc(python)

    def doc(self, python=None):
        python = python or self.python(environment.SERIES[0])
        for source in [ROOT / 'doc', *sorted((ROOT / 'doc').glob('??'))]:
            if not (source / 'index.rst').exists():
                continue
            language = source.name if source.name != 'doc' else 'en'
            yield Run(f"Documentation ({language})", [
                    python, '-m', 'sphinx', '-W', '--keep-going', '-q',
                    '-c', 'doc', '-D', f'language={language}',
                    source, f'doc/_build/{language}'])

    def translations(self):
        python = self.python(environment.SERIES[0])
        yield Run("Translations", [python, '-m', 'tests.translations'])

    def bench(self):
        python = self.python(environment.SERIES[0])
        yield Run("Benchmarks", [
                python, '-m', 'tests.benchmarks', *self.arguments])


def _end(process):
    "Kill what a process has started and, if it goes on, itself"
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _has_tests(path):
    folder = ROOT / path
    return any(folder.glob('test_*.py')) or any(folder.glob('*.rst'))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'what', choices=[
            'test', 'long', 'check', 'doc', 'translations', 'bench'])
    parser.add_argument('--here', action='store_true',
        help="use the environment of this Python, as tox does")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *args: sys.exit(1))
    start = time.monotonic()
    try:
        runs = [
            run() for run in getattr(Runner(arguments.here), arguments.what)()]
    except environment.EnvironmentFailed as error:
        sys.exit(str(error))
    print()
    for run in runs:
        print(f"{run.title:30} {run.result}")
    print(f"{time.monotonic() - start:.0f} seconds")
    sys.exit(any(run.result.startswith('FAILED') for run in runs))


if __name__ == '__main__':
    main()
