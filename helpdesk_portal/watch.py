# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Many who wait for news of different things, and one look for all of them.

    watch = Watch(look)
    watch.wait(database, key, mark, 20)

look is called with a set of keys, in a read-only transaction of its own on the
database, and returns a dictionary of those keys that there are and their
marks. While nobody waits nothing is asked. It needs nothing but the
database, so it works with any number of server processes, and who waits
begins again with the same mark when a process is restarted.
"""
import logging
import threading
import time
from collections import Counter

from trytond import backend
from trytond.transaction import Transaction

logger = logging.getLogger(__name__)

# Seconds between two looks
PAUSE = .5
# So many wait at once in a process: each holds one of its threads
LIMIT = 100


class Watch:

    def __init__(
            self, look, pause=PAUSE, limit=LIMIT, per_key=None, per_who=None):
        """
        limit is how many wait at once, per_key for the same and per_who from
        the same place; None for any number.
        """
        self._look = look
        self._pause = pause
        self._limit = limit
        self._per_key = per_key
        self._per_who = per_who
        self._changed = threading.Condition()
        # By database: how many wait for a key, the marks last seen
        self._keys = {}
        self._marks = {}
        # The threads that look
        self._running = {}
        self._number = 0
        self._places = Counter()

    def wait(self, database, key, mark, seconds, who=None):
        """
        Wait until the mark of the key is another, and return it.

        Return the same mark if that takes more than the seconds, or at once
        if too many wait already, or too many for the key or from who, a str;
        None if there is no such key. It is called outside of any transaction,
        and must be.
        """
        end = time.monotonic() + seconds
        places = [(database, 'key', key)]
        if who is not None:
            places.append((database, 'who', who))
        with self._changed:
            if self._is_full(places):
                seconds = 0
            self._number += 1
            self._places.update(places)
        try:
            current = self._first(database, key)
            if current != mark or not seconds:
                return current
            return self._wait(database, key, mark, end)
        finally:
            with self._changed:
                self._number -= 1
                self._places.subtract(places)
                for place in places:
                    if not self._places[place]:
                        del self._places[place]

    def _is_full(self, places):
        "Tell whether nobody else may wait, or not for that or from there"
        limits = {'key': self._per_key, 'who': self._per_who}
        return self._number >= self._limit or any(
            limits[place[1]] is not None
            and self._places[place] >= limits[place[1]]
            for place in places)

    def _first(self, database, key):
        return self._ask(database, {key}).get(key)

    def _wait(self, database, key, mark, end):
        with self._changed:
            keys = self._keys.setdefault(database, {})
            # Between two questions of the one who waits there is no key
            running = self._running.get(database)
            if not running or not running.is_alive():
                self._start(database)
            keys[key] = keys.get(key, 0) + 1
            marks = self._marks.setdefault(database, {})
            marks.setdefault(key, mark)
            try:
                while marks.get(key) == mark:
                    left = end - time.monotonic()
                    if left <= 0:
                        break
                    self._changed.wait(left)
                return marks.get(key)
            finally:
                keys[key] -= 1
                if not keys[key]:
                    del keys[key]
                    marks.pop(key, None)

    def _start(self, database):
        thread = threading.Thread(
            target=self._run, args=(database,), daemon=True)
        self._running[database] = thread
        thread.start()

    def _run(self, database):
        while True:
            time.sleep(self._pause)
            with self._changed:
                keys = set(self._keys.get(database, {}))
                if not keys:
                    self._keys.pop(database, None)
                    self._marks.pop(database, None)
                    self._running.pop(database)
                    return
            try:
                marks = self._ask(database, keys)
            except backend.DatabaseOperationalError:
                # The database may be back at the next look
                logger.exception("failed to look at %s", database)
                continue
            with self._changed:
                known = self._marks.get(database, {})
                changed = {
                    k: marks.get(k) for k in keys
                    if k in known and known[k] != marks.get(k)}
                if changed:
                    known.update(changed)
                    self._changed.notify_all()

    def _ask(self, database, keys):
        with Transaction().start(database, 0, readonly=True):
            return self._look(keys)
