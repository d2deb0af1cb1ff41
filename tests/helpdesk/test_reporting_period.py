# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt
from unittest import TestCase
from zoneinfo import ZoneInfo

from trytond.modules.helpdesk.reporting_period import (
    first_day, midnight, periods, whole)

MADRID = ZoneInfo('Europe/Madrid')
UTC = ZoneInfo('UTC')


class ReportingPeriodTestCase(TestCase):
    "The periods of a report"

    def test_midnight(self):
        "X6: a day begins at midnight on the wall, also when clocks change"
        for date, zone, expected in [
                ('2026-03-28', 'Europe/Madrid', '2026-03-27 23:00'),
                ('2026-03-29', 'Europe/Madrid', '2026-03-28 23:00'),
                ('2026-03-30', 'Europe/Madrid', '2026-03-29 22:00'),
                ('2026-10-25', 'Europe/Madrid', '2026-10-24 22:00'),
                ('2026-10-26', 'Europe/Madrid', '2026-10-25 23:00'),
                ('2026-06-01', 'UTC', '2026-06-01 00:00'),
                ('2026-06-01', 'America/New_York', '2026-06-01 04:00'),
                ('2026-06-01', 'Asia/Kolkata', '2026-05-31 18:30'),
                # There is no midnight: the clocks go from 0:00 to 1:00
                ('2018-11-04', 'America/Sao_Paulo', '2018-11-04 03:00'),
                # There are two: the clocks go from 1:00 back to 0:00
                ('2025-11-02', 'America/Havana', '2025-11-02 04:00'),
                ]:
            with self.subTest(date=date, zone=zone):
                self.assertEqual(
                    midnight(dt.date.fromisoformat(date), ZoneInfo(zone)),
                    dt.datetime.fromisoformat(expected))

    def test_hours(self):
        "X6: days have 23 and 25 hours when the clocks change, and no gaps"
        for month, hours in [(3, 743), (10, 745), (5, 744)]:
            with self.subTest(month=month):
                days = periods(
                    dt.date(2026, month, 1), dt.date(2026, month, 31),
                    'day', MADRID, 400)
                self.assertEqual(
                    (days[-1].end - days[0].start) / dt.timedelta(hours=1),
                    hours)
                for day, following in zip(days, days[1:]):
                    self.assertEqual(day.end, following.start)

    def test_lengths(self):
        "X6: periods are those of the calendar; the report cuts them off"
        for length, dates, last in [
                ('year', ['2025-01-01', '2026-01-01'], '2025-12-31'),
                ('month', ['2025-12-01', '2026-01-01'], '2025-12-31'),
                ('week', ['2025-12-22', '2025-12-29', '2026-01-05'],
                    '2025-12-28'),
                ]:
            with self.subTest(length=length):
                found = periods(
                    dt.date(2025, 12, 24), dt.date(2026, 1, 5), length, UTC,
                    400)
                self.assertEqual([str(p.date) for p in found], dates)
                self.assertEqual(str(found[0].last), last)
                self.assertEqual(found[0].start, dt.datetime(2025, 12, 24))
                self.assertEqual(found[-1].end, dt.datetime(2026, 1, 6))

    def test_one_day(self):
        "X6: both dates are included"
        day = dt.date(2026, 2, 3)
        for length in ['day', 'week', 'month', 'year']:
            with self.subTest(length=length):
                period, = periods(day, day, length, UTC, 400)
                self.assertEqual(period.date, first_day(day, length))
                self.assertEqual(
                    period._replace(date=day), whole(day, day, UTC))

    def test_too_many(self):
        "X6: no more are made than are needed to know that they are too many"
        self.assertEqual(
            len(periods(dt.date.min, dt.date.max, 'day', UTC, 400)), 401)

    def test_last_dates(self):
        "X6: dates without a day after do no harm"
        for from_date in [dt.date(9998, 12, 1), dt.date.max]:
            periods(from_date, dt.date.max, 'day', UTC, 400)
            periods(from_date, dt.date.max, 'month', UTC, 400)
            whole(from_date, dt.date.max, UTC)

    def test_backwards(self):
        "X6: nothing is between dates that are the wrong way round"
        self.assertEqual(
            periods(dt.date(2026, 2, 2), dt.date(2026, 2, 1), 'day', UTC, 400),
            [])
