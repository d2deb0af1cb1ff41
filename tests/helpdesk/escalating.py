# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What tests of warnings begin with.
"""
import datetime as dt

import pytest
from trytond.modules.helpdesk import due
from trytond.pool import Pool
from trytond.transaction import Transaction

from tests.helpdesk.test_notice import bell, commit, sink  # noqa: F401
from tests.records import Helpdesk

HOUR = dt.timedelta(hours=1)
QUARTER = dt.timedelta(minutes=15)


def at(day, hour, minute=0):
    "A time in March 2027, UTC: the first is a Monday, Madrid has an hour more"
    return dt.datetime(2027, 3, day, hour, minute)


class Clock:
    time = at(1, 8)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(Clock, 'time', at(1, 8))
    monkeypatch.setattr(due, 'now', lambda: Clock.time)


def run(time=None):
    "Let the scheduled action run, now or at a later time"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    commit()
    if time is not None:
        Clock.time = time
    with Transaction().set_user(0):
        return Ticket.notify_due()


def run_until(time):
    "Let the scheduled action run every quarter of an hour"
    while Clock.time + QUARTER <= time:
        run(Clock.time + QUARTER)


def make_office(zone='Europe/Madrid', holidays=()):
    "Make a calendar of an office that is open from 9 to 17 on weekdays"
    pool = Pool()
    Day = pool.get('ir.calendar.day')
    WorkCalendar = pool.get('helpdesk.work_calendar')
    calendar, = WorkCalendar.create([{
                'name': "Office", 'timezone': zone,
                'spans': [('create', [{
                                'day': day.id,
                                'start': dt.time(9), 'end': dt.time(17),
                                }
                            for day in Day.search([('index', '<', 5)])])],
                'holidays': [('create', [{
                                'date': date, 'name': "Holiday",
                                } for date in holidays])],
                }])
    return calendar


class Office(Helpdesk):
    "A helpdesk in Madrid that tells its people by the bell of what is due"

    def __init__(self):
        super().__init__()
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        Section = pool.get('helpdesk.section')
        self.boss = self.make_user('boss', [])
        Section.write([self.section], {
                'calendar': make_office().id,
                'manager': self.boss.employee.id,
                })
        configuration = Configuration(1)
        configuration.due_soon = None
        configuration.save()

    def make_level(self, *steps, **values):
        pool = Pool()
        ServiceLevel = pool.get('helpdesk.service_level')
        level, = ServiceLevel.create([{
                    'name': "Gold", 'company': self.company.id,
                    'steps': [('create', steps)], **values}])
        commit()
        return level

    def make_due(self, level, solution_due=None, **values):
        "Make a ticket that has to be solved at that time"
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        with Transaction().set_context(helpdesk_notify=False):
            ticket = self.make_ticket(**{'state': 'open', **values})
            Ticket.write([ticket], {
                    'service_level': level and level.id,
                    'solution_due': solution_due})
        return Ticket(ticket.id)

    def bells(self):
        return {
            # Dates have spaces that do not break
            user.login: [label.replace('\xa0', ' ') for label, _ in bell(user)]
            for user in [self.agent, self.boss, self.manager]}


def step(**values):
    return {
        'when': 'after', 'time': dt.timedelta(), 'recipients': ['manager'],
        **values}


def warnings(ticket):
    "Return who was told what of the ticket, the first on top"
    return [
        (e.event, e.target, e.told)
        for e in reversed(ticket.__class__(ticket.id).escalations)]


def next_warning(ticket):
    "Return when the ticket is looked at again, as it is in the database"
    row, = ticket.__class__.read([ticket.id], ['next_warning'])
    return row['next_warning']
