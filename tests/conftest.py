# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
How pytest runs the tests of a module; see CONTRIBUTING for the commands.
"""
import importlib
import os
import sys
import time

import pytest

from tests import services

# Files that take long though they have few tests
FIRST = [
    'tests/test_packaging.py', 'tests/client/*.py', 'tests/together/*.py',
    'tests/portal/*.py', 'scenario_*.rst', 'tests/test_installation.py']
BACKEND = os.environ.setdefault(
    'TRYTOND_DATABASE_URI', 'sqlite://').partition(':')[0]
# trytond takes it when it is imported. Each process needs its own.
os.environ['DB_NAME'] = {
    'sqlite': ':memory:',
    'postgresql': 'helpdesk_test_' + '_'.join([
            os.environ.get('PYTEST_XDIST_TESTRUNUID', str(os.getpid()))[:8],
            os.environ.get('PYTEST_XDIST_WORKER', 'main')]),
    }[BACKEND]

if BACKEND == 'sqlite':
    # To look for changes of other processes Tryton now and then puts the one
    # connection of a database in memory into autocommit: what the test that
    # is running writes would be there in the next one
    os.environ['TRYTOND_CACHE__CLEAN_TIMEOUT'] = str(24 * 60 * 60)


def pytest_sessionstart(session):
    from tests import database
    if 'PYTEST_XDIST_WORKER' not in os.environ:
        database.prune()


def pytest_sessionfinish(session):
    if test_tryton := sys.modules.get('trytond.tests.test_tryton'):
        test_tryton.drop_db()


def pytest_collection_modifyitems(items):
    "Begin with what takes long, for no process to be alone with it at the end"
    if 'PYTEST_XDIST_WORKER' not in os.environ:
        return
    scopes = {}
    for item in items:
        scopes.setdefault(_scope(item), []).append(item)

    def order(scope):
        path = scopes[scope][0].path
        for number, pattern in enumerate(FIRST):
            if path.match(pattern):
                return number, 0
        return len(FIRST), -len(scopes[scope])

    items[:] = [
        item for scope in sorted(scopes, key=order) for item in scopes[scope]]


def _scope(item):
    "Return what xdist gives to one process"
    return item.nodeid.rpartition('::')[0]


# The tests that have begun and not ended, in all processes
_running = {}


def pytest_runtest_logstart(nodeid):
    _running[nodeid] = time.monotonic()


def pytest_runtest_logfinish(nodeid):
    _running.pop(nodeid, None)


def pytest_terminal_summary(terminalreporter, exitstatus):
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        for nodeid, start in _running.items():
            terminalreporter.line(
                f"had been running {time.monotonic() - start:.0f} s: {nodeid}")


def pytest_collect_file(file_path, parent):
    if file_path.match('scenario_*.rst'):
        return ScenarioFile.from_parent(parent, path=file_path)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    for mark in item.iter_markers('needs'):
        for name in mark.args:
            if reason := services.missing(name):
                if services.CI:
                    pytest.fail(reason, pytrace=False)
                else:
                    pytest.skip(reason)
    # Importing it loads all modules, which tests of pure steps do without
    if 'trytond.tests.test_tryton' in sys.modules:
        from tests import database
        database.install()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    try:
        return (yield)
    finally:
        if database := sys.modules.get('tests.database'):
            database.release()


@pytest.fixture(scope='module', autouse=True)
def own_database():
    "Tests of one file leave no modules activated for the next"
    yield
    if test_tryton := sys.modules.get('trytond.tests.test_tryton'):
        test_tryton.drop_db()


@pytest.fixture(autouse=True)
def one_transaction(request, monkeypatch):
    "What a test writes is rolled back, also if a task commits in between"
    # With Pillow, reading the picture of a user commits
    if avatar := sys.modules.get('trytond.ir.avatar'):
        monkeypatch.setattr(avatar, 'PIL', None)
    if request.node.get_closest_marker('commits'):
        return
    if batch := sys.modules.get('trytond.modules.helpdesk.batch'):
        for name in ['begin', 'commit', 'rollback']:
            monkeypatch.setattr(batch, name, lambda: None)
    for name in ['helpdesk_mail.conversation', 'helpdesk_portal.login_mail']:
        package, _, module = f'trytond.modules.{name}'.rpartition('.')
        if package in sys.modules:
            monkeypatch.setattr(
                importlib.import_module(f'{package}.{module}'),
                'commit_between', lambda Model, records: None)


class ScenarioFile(pytest.File):

    def collect(self):
        yield ScenarioItem.from_parent(self, name=self.path.stem)


class ScenarioItem(pytest.Item):

    def runtest(self):
        from tests import database
        from tests.tools import scenario
        database.install()
        scenario(self.path)

    def repr_failure(self, excinfo):
        return str(excinfo.value)

    def reportinfo(self):
        return self.path, 0, self.name
