# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Databases with activated modules, copied instead of made.

Activating the modules takes half a minute. trytond.tests keeps a copy when
DB_CACHE is set, but names it after the modules alone, and two processes may
write it at once. Here
* the name also holds Tryton's versions and our sources, but for what is inside
  functions: a change makes a new copy, old ones are removed;
* one process makes a copy, the others wait for it;
* a copy is made on top of one with only the modules of others, which a change
  in our sources leaves as it is, and that on top of one with what all need.

On SQLite a copy is a file in DB_CACHE (.cache/databases unless set), on
PostgreSQL it is a template database, which no other clone uses or removes.
"""
import ast
import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

from . import environment

ROOT = environment.ROOT
OURS = environment.MODULES
CACHE = Path(os.environ.get('DB_CACHE') or ROOT / '.cache' / 'databases')
SOURCES = ['**/*.py', '**/*.xml', '**/*.po', '**/*.svg', 'tryton.cfg']
# Caches of what the modules call things, the same for each test of a file. A
# test that changes such a name clears them, for itself alone.
NAMES = ['ir.message', 'ir.model.field.get_name', 'ir.model.get_names',
    'ir.translation']
# What these functions do can be seen in a database just made
FOUNDING = re.compile('__|default_|preprocess_values|compute_fields')


def install():
    "Make trytond.tests use the copies of this module"
    from trytond import pool
    from trytond.tests import test_tryton, tools
    if test_tryton.restore_db_cache is restore:
        return
    # Tryton's own checks look up by name each class that there is, for each
    # model that there is, and a look-up reads through all entry points
    pool.resolve = functools.cache(pool.resolve)
    for module in [test_tryton, tools]:
        module.restore_db_cache = restore
        module.backup_db_cache = backup
    test_tryton.Cache = NamesCache
    test_tryton.create_db = functools.partial(create, test_tryton.create_db)


def restore(name):
    "Return whether the database is there as a copy; if not, backup comes next"
    from trytond.tests.test_tryton import DB_NAME
    _wanted.name = name
    NamesCache.drop_all(DB_NAME)
    copy = Copy(name)
    copy.lock()
    if not copy.exists():
        return False
    copy.restore(DB_NAME)
    copy.unlock()
    _classes.load(_wanted.modules())
    return True


def backup(name):
    from trytond.tests.test_tryton import DB_NAME
    copy = Copy(name)
    # Unless asked for before, the database may hold more than these modules
    if copy.is_locked():
        copy.backup(DB_NAME)
        copy.unlock()


def create(original, name=None, lang='en'):
    "Begin with the modules of others"
    from trytond.tests.test_tryton import DB_NAME, activate_module, db_exist
    below = layer_below(_wanted.modules())
    if below and lang == 'en' and not db_exist():
        activate_module(below)
    original(name or DB_NAME, lang=lang)


def release():
    "Let others go on where this process failed to make a copy"
    for lock in Copy.locks.values():
        lock.close()
    Copy.locks.clear()


class NamesCache:
    "Drops the caches after each test, for trytond.tests"

    @staticmethod
    def drop(name):
        "Drop all but the names"
        from trytond.cache import Cache
        caches = [
            cache._database_cache for cache_name in NAMES
            if (cache := Cache._instances.get(cache_name))]
        kept = [cache.get(name) for cache in caches]
        Cache.drop(name)
        for cache, values in zip(caches, kept):
            if values:
                cache[name] = values

    @staticmethod
    def drop_all(name):
        from trytond.cache import Cache
        Cache.drop(name)


class Wanted:
    name = ''

    def modules(self):
        return sorted(self.name.partition('--')[0].split('-'))


_wanted = Wanted()


class Classes:
    "Those of the last database: making them takes longer than copying it"
    modules = pool = None

    def load(self, modules):
        from trytond.pool import Pool
        from trytond.tests.test_tryton import DB_NAME
        if modules == self.modules:
            Pool._pools[DB_NAME], Pool._pool_modules[DB_NAME] = self.pool
            Pool._pool_instances.clear()
        else:
            Pool(DB_NAME).init()
            self.modules = modules
            self.pool = Pool._pools[DB_NAME], Pool._pool_modules[DB_NAME]


_classes = Classes()


def layer_below(modules):
    "Return the modules to activate before these"
    foundation = modules_of_others(OURS[:1])
    others = modules_of_others(modules)
    if others != modules:
        # A scenario activates by hand what it names
        return [m for m in others if m not in modules]
    if set(others) > set(foundation):
        return foundation


def modules_of_others(modules):
    "Return the modules with what ours depend on instead of ours"
    result, todo = set(), list(modules)
    while todo:
        module = todo.pop()
        if module in OURS:
            todo.extend(environment.tryton_cfg(module, 'depends'))
        elif module not in {'ir', 'res'}:
            result.add(module)
    return sorted(result)


class Copy:
    locks = {}

    def __new__(cls, name):
        from trytond import backend
        return super().__new__(
            {'sqlite': File, 'postgresql': Template}[backend.name])

    def __init__(self, name):
        ours = set(name.partition('--')[0].split('-')) & set(OURS)
        key = sources_key() if ours or '--' in name else versions_key()
        name = hashlib.sha256(name.encode('utf-8')).hexdigest()[:8]
        self.id = f'helpdesk-{series()}-{key}-{name}'
        self.lock_id = f'lock-{type(self).__name__.lower()}-{series()}-{name}'

    def lock(self):
        if not self.is_locked():
            CACHE.mkdir(parents=True, exist_ok=True)
            self.locks[self.id] = lock = (CACHE / self.lock_id).open('w')
            fcntl.flock(lock, fcntl.LOCK_EX)

    def is_locked(self):
        return self.id in self.locks

    def unlock(self):
        if self.is_locked():
            self.locks.pop(self.id).close()

    @classmethod
    def is_old(cls, id):
        match = re.fullmatch(r'helpdesk-([\d.]+)-(\w+)-\w+(\.sqlite)?', id)
        return (match
            and match[1] == series()
            and match[2] not in {sources_key(), versions_key()})


class File(Copy):
    @property
    def path(self):
        return CACHE / f'{self.id}.sqlite'

    def exists(self):
        return self.path.exists()

    def restore(self, name):
        from trytond.tests.test_tryton import _sqlite_copy
        _sqlite_copy(str(self.path), restore=True)

    def backup(self, name):
        from trytond.tests.test_tryton import _sqlite_copy
        new = self.path.with_suffix(f'.{os.getpid()}')
        _sqlite_copy(str(new))
        new.rename(self.path)

    def copy_to(self, name, folder):
        shutil.copyfile(self.path, Path(folder) / f'{name}.sqlite')

    def drop(self, name, folder):
        (Path(folder) / f'{name}.sqlite').unlink(missing_ok=True)

    @classmethod
    def prune(cls):
        for path in CACHE.glob('helpdesk-*.sqlite'):
            if cls.is_old(path.name):
                path.unlink(missing_ok=True)


class Template(Copy):
    """
    Marked as template, so that trytond does not connect when it lists them.

    Each clone of the sources has its own, with its folder as the comment.
    """

    def __init__(self, name):
        super().__init__(name)
        self.id += hashlib.sha256(str(CACHE).encode('utf-8')).hexdigest()[:4]

    @staticmethod
    def execute(sql, *names, database='postgres', **values):
        import psycopg
        from psycopg.sql import SQL, Identifier, Literal
        uri = os.environ['TRYTOND_DATABASE_URI'] + quote(database)
        with psycopg.connect(uri, autocommit=True) as conn:
            cursor = conn.execute(SQL(sql).format(
                    *map(Identifier, names),
                    **{n: Literal(v) for n, v in values.items()}))
            return cursor.fetchall() if cursor.description else None

    @classmethod
    def all(cls):
        "Return the folders of all copies there are"
        return dict(cls.execute(
                "SELECT datname, shobj_description(oid, 'pg_database') "
                'FROM pg_database '
                "WHERE datistemplate AND datname LIKE 'helpdesk-%'"))

    def exists(self):
        return self.id in self.all()

    def restore(self, name):
        from trytond.tests.test_tryton import drop_db
        drop_db()
        self.copy_to(name)

    def copy_to(self, name, folder=None):
        from trytond import backend
        self.execute('CREATE DATABASE {} TEMPLATE {}', name, self.id)
        backend.Database.clear_cache()

    def drop(self, name, folder=None):
        self.execute('DROP DATABASE IF EXISTS {} WITH (FORCE)', name)

    def backup(self, name):
        from trytond import backend

        # What Tryton asks about foreign keys takes half a second each without
        # statistics, and autovacuum has not come by yet
        self.execute('ANALYZE', database=name)
        # A database in use cannot be copied
        backend.Database(name).close()
        self.execute('DROP DATABASE IF EXISTS {}', self.id)
        self.execute('CREATE DATABASE {} TEMPLATE {}', self.id, name)
        self.execute(
            'COMMENT ON DATABASE {} IS {folder}', self.id, folder=str(CACHE))
        self.execute('ALTER DATABASE {} IS_TEMPLATE true', self.id)

    @classmethod
    def prune(cls):
        for id, folder in cls.all().items():
            if (cls.is_old(id) and folder == str(CACHE)
                    or folder and not Path(folder).exists()):
                cls.execute('ALTER DATABASE {} IS_TEMPLATE false', id)
                cls.execute('DROP DATABASE {} WITH (FORCE)', id)


def prune():
    "Remove copies of former sources"
    from trytond import backend
    {'sqlite': File, 'postgresql': Template}[backend.name].prune()


def ready(modules):
    "Return the copy with these modules activated, made by another process"
    copy = Copy('-'.join(modules))
    if not copy.exists():
        env = os.environ.copy()
        env['DB_NAME'] = (
            ':memory:' if isinstance(copy, File)
            else f'helpdesk_test_{os.getpid()}')
        subprocess.run(
            [sys.executable, '-m', 'tests.database', *modules],
            cwd=ROOT, env=env, check=True)
    return copy


@functools.lru_cache(None)
def series():
    from trytond import __series__
    return __series__


@functools.lru_cache(None)
def versions_key():
    "Return what changes with Tryton and with what our modules depend on"
    digest = hashlib.sha256()
    for package in sorted(
            f'{p.name}=={p.version}' for p in metadata.distributions()
            if p.name.startswith('trytond')):
        digest.update(package.encode('utf-8'))
    for module in OURS:
        for option in ['depends', 'extras_depend']:
            for name in environment.tryton_cfg(module, option):
                digest.update(f'{module} {option} {name}'.encode('utf-8'))
    return digest.hexdigest()[:8]


@functools.lru_cache(None)
def sources_key():
    digest = hashlib.sha256(versions_key().encode('utf-8'))
    paths = list((ROOT / 'tests').glob('**/tools.py'))
    for module in OURS:
        for pattern in SOURCES:
            paths.extend((ROOT / module).glob(pattern))
    for path in sorted(paths):
        digest.update(str(path.relative_to(ROOT)).encode('utf-8'))
        digest.update(
            outline(path.read_bytes()) if path.suffix == '.py'
            else path.read_bytes())
    return digest.hexdigest()[:8]


def outline(source):
    "Return what of Python's code decides on the tables, as bytes"
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if (isinstance(node, ast.FunctionDef)
                and not FOUNDING.match(node.name)):
            node.body = []
    return ast.dump(tree).encode('utf-8')


if __name__ == '__main__':
    install()
    from trytond.tests.test_tryton import activate_module, drop_db
    activate_module(sys.argv[1:])
    drop_db()
