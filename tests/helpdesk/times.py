# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What tests need that count time: a clock to set, and opening hours.
"""
import datetime as dt
from contextlib import ExitStack
from importlib import import_module
from unittest.mock import patch

from trytond.pool import Pool

MODULES = [
    'helpdesk.default', 'helpdesk.due', 'helpdesk.due_reason',
    'helpdesk.history', 'helpdesk.service', 'helpdesk.ticket']
# Monday
MONDAY = dt.datetime(2026, 11, 2)


class Clock:
    "The time it is for modules of the helpdesk, while it is entered"

    def __init__(self, now, modules=MODULES):
        self.now = now
        self.modules = modules

    def __enter__(self):
        self._stack = ExitStack()
        for name in self.modules:
            module = import_module(f'trytond.modules.{name}')
            self._stack.enter_context(
                patch.object(module, 'dt', _Times(self)))
        return self

    def __exit__(self, *args):
        return self._stack.__exit__(*args)


class _Times:
    "The module datetime with another time"

    def __init__(self, clock):

        class Datetime(dt.datetime):

            @classmethod
            def now(cls, tz=None):
                if tz is None:
                    return clock.now
                return clock.now.replace(
                    tzinfo=dt.timezone.utc).astimezone(tz)

        self.datetime = Datetime

    def __getattr__(self, name):
        return getattr(dt, name)


def at(day, time):
    "Return a time so many days after that Monday"
    return dt.datetime.combine(
        MONDAY + dt.timedelta(days=day), dt.time.fromisoformat(time))


def make_calendar(
        spans=('09:00', '17:00'), zone='UTC', holidays=(), days=range(5)):
    "Make a calendar with the same hours each day, and holidays by date"
    pool = Pool()
    Calendar = pool.get('helpdesk.work_calendar')
    Day = pool.get('ir.calendar.day')
    day_ids = {d.index: d.id for d in Day.search([])}
    start, end = map(dt.time.fromisoformat, spans)
    calendar, = Calendar.create([{
                'name': f"Office in {zone}",
                'timezone': zone,
                'spans': [('create', [
                            {'day': day_ids[d], 'start': start, 'end': end}
                            for d in days])],
                'holidays': [('create', [
                            {'date': date, 'name': name}
                            for date, name in holidays])],
                }])
    return calendar
