# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from unittest.mock import Mock

from trytond import backend
from trytond.exceptions import UserError
from trytond.modules.helpdesk import batch


def work_that_fails(bad, error, done):
    def work(ids):
        if bad in ids:
            raise error
        done.extend(ids)
    return work


def test_all_are_done():
    done = []

    assert not batch.in_batches(range(10), done.append, size=4)
    assert done == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_what_fails_stands_alone(monkeypatch):
    rollback = Mock()
    monkeypatch.setattr(batch, 'rollback', rollback)
    for error in [
            UserError("No"), backend.DatabaseOperationalError("Busy"),
            OverflowError("A mistake of ours")]:
        rollback.reset_mock()
        done = []

        left = batch.in_batches(
            range(10), work_that_fails(5, error, done), size=4)

        assert left == 1
        assert done == [0, 1, 2, 3, 4, 6, 7, 8, 9]
        # Of four, of two, and of the one
        assert rollback.call_count == 3


def test_each_is_committed(monkeypatch):
    events = []
    monkeypatch.setattr(batch, 'commit', lambda: events.append('commit'))

    batch.in_batches(range(3), events.append, size=2)

    assert events == ['commit', [0, 1], 'commit', [2], 'commit']
