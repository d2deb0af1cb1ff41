# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Working on tickets with a clock that can be set.
"""
import datetime as dt
from unittest.mock import patch

from trytond.modules.helpdesk import timesheet
from trytond.pool import Pool
from trytond.tests.test_tryton import with_transaction
from trytond.transaction import Transaction

from tests.records import Helpdesk

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
# In Madrid it is half past eleven
NOON = dt.datetime(2026, 11, 2, 10, 30)
DAY = NOON.date()


class Clock:
    "The time that it is, which can be set"

    def __init__(self):
        self.now = NOON


def with_clock(test):
    "Hand a clock to the test, and have it in a transaction"
    @with_transaction()
    def with_its_own():
        clock = Clock()
        with patch.object(timesheet, 'now', lambda: clock.now):
            test(clock)

    # Its arguments would be fixtures
    def run():
        with_its_own()

    run.__doc__ = test.__doc__
    return run


def make_desk(**values):
    desk = Helpdesk(**values)
    desk.company.timezone = 'Europe/Madrid'
    desk.company.save()
    return desk


def configure(desk, **values):
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    with Transaction().set_context(desk.context):
        configuration = Configuration(1)
        for name, value in values.items():
            setattr(configuration, name, value)
        configuration.save()


def press(desk, user, button, *tickets):
    "Press a button as a client does, and return what it answers"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    user, context = desk.as_user(user)
    with user, context:
        return getattr(Ticket, button)(
            [Ticket(t.id) for t in tickets])


def work(desk, clock, user, ticket, time):
    "Work on the ticket with the stopwatch"
    press(desk, user, 'start_work', ticket)
    clock.now += time
    assert press(desk, user, 'stop_work', ticket) is None


def lines(ticket):
    "Return the employee, the date and the duration of the lines"
    pool = Pool()
    Line = pool.get('timesheet.line')
    return [
        (li.employee.rec_name, li.date, li.duration) for li in Line.search([
                ('work.origin', '=', str(ticket)),
                ], order=[('date', 'ASC'), ('id', 'ASC')])]


def seen(desk, user, ticket, *names):
    "Return the values that the user reads"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    user, context = desk.as_user(user)
    with user, context:
        values, = Ticket.read([ticket.id], list(names))
    return [values[n] for n in names]


def stop_wizard(desk, user, ticket, button=None, **values):
    "Go through the wizard that stops, return its defaults"
    pool = Pool()
    Wizard = pool.get('helpdesk.ticket.stop_work', type='wizard')
    opened = {
        'active_model': 'helpdesk.ticket', 'active_id': ticket.id,
        'active_ids': [ticket.id],
        } if ticket else {}
    user, context = desk.as_user(user)
    with user, context, Transaction().set_context(
            _check_access=False, **opened):
        session_id, start, _ = Wizard.create()
        defaults = Wizard.execute(session_id, {}, start)['view']['defaults']
        if button:
            Wizard.execute(
                session_id, {'start': {**defaults, **values}}, button)
        Wizard.delete(session_id)
    return defaults
