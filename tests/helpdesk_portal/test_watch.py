# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import threading
import time
from contextlib import nullcontext
from unittest.mock import patch

from trytond import backend
from trytond.modules.helpdesk_portal import watch


class Look:
    "What is looked at: marks by key"

    def __init__(self, **marks):
        self.marks = marks
        self.asked = []
        transaction = patch.object(watch, 'Transaction')
        transaction.start().return_value.start.return_value = nullcontext()
        self.stop = transaction.stop

    def __call__(self, keys):
        self.asked.append(set(keys))
        return {k: v for k, v in self.marks.items() if k in keys}


def test_wait():
    "Who waits gets the new mark soon; all of them cost one look a time"
    look = Look(a=1, b=1, c=7)
    waiting = watch.Watch(look, pause=.02)
    results = {}

    def wait(key):
        results[key] = waiting.wait('db', key, look.marks[key], 5)
    threads = [threading.Thread(target=wait, args=(k,)) for k in 'abc']
    for thread in threads:
        thread.start()
    time.sleep(.2)
    assert not results
    assert look.asked[-1] == {'a', 'b', 'c'}
    look.marks.update(a=2, b=2)
    del look.marks['c']
    for thread in threads:
        thread.join(2)
    assert results == {'a': 2, 'b': 2, 'c': None}
    asked = len(look.asked)
    time.sleep(.2)
    # At most the look that was under way
    assert len(look.asked) <= asked + 1
    look.stop()


def test_late():
    "What is new already is not waited for, and nobody waits for ever"
    look = Look(a=2)
    waiting = watch.Watch(look, pause=.01)
    assert waiting.wait('db', 'a', 1, 5) == 2
    assert waiting.wait('db', 'a', 2, .1) == 2
    assert waiting.wait('db', 'x', 1, 5) is None
    look.stop()


def test_full():
    "Where too many wait nobody else does"
    look = Look(a=1)
    waiting = watch.Watch(look, limit=0)
    begun = time.monotonic()
    assert waiting.wait('db', 'a', 1, 5) == 1
    assert time.monotonic() - begun < 1
    look.stop()


def test_again():
    "Who asks again and again costs one look a time, too"
    look = Look(a=1)
    waiting = watch.Watch(look, pause=.1)
    before = threading.active_count()
    for _ in range(10):
        waiting.wait('db', 'a', 1, .01)
    assert threading.active_count() <= before + 1
    look.stop()


def test_failed():
    "A database that is gone for a moment is looked at again"
    look = Look(a=1)
    failures = [backend.DatabaseOperationalError]

    def fail(keys):
        # Not the one of who comes
        if len(look.asked) and failures:
            raise failures.pop()
        return look(keys)
    waiting = watch.Watch(fail, pause=.02)
    result = []
    thread = threading.Thread(
        target=lambda: result.append(waiting.wait('db', 'a', 1, 5)))
    thread.start()
    time.sleep(.1)
    look.marks['a'] = 2
    thread.join(2)
    assert not failures and result == [2]
    look.stop()


def test_shares():
    "SE15: who takes many places leaves some to others"
    look = Look(a=1, b=1, c=1)
    waiting = watch.Watch(look, pause=.02, per_key=2, per_who=3)
    threads = [
        threading.Thread(target=waiting.wait, args=('db', key, 1, 1, 'x'))
        for key in 'aabb']
    for thread in threads:
        thread.start()
        time.sleep(.05)

    def time_taken(key, who):
        begun = time.monotonic()
        assert waiting.wait('db', key, 1, .2, who) == 1
        return time.monotonic() - begun
    # For the same, from the same place, and somebody else
    assert time_taken('a', 'y') < .1
    assert time_taken('c', 'x') < .1
    assert time_taken('c', 'y') >= .2
    for thread in threads:
        thread.join(2)
    assert time_taken('a', 'x') >= .2
    look.stop()
