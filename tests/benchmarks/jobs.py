# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What scheduled actions cost when all tickets are theirs.

As a program: python -m tests.benchmarks.jobs DATABASE --jobs TICKETS
"""
import argparse
import datetime as dt
import time

from trytond.pool import Pool
from trytond.transaction import Transaction

from .crowd import Crowd
from .measure import report, start
from .pipeline import peak_memory
from .place import Place
from .statements import Statements

MONTH = dt.timedelta(days=30)
HOUR = dt.timedelta(hours=1)


class OpenCrowd(Crowd):
    "Tickets of the last month, all open and with nobody responsible"

    def __init__(self, place, count):
        super().__init__(place, seed=1)
        self.now = dt.datetime.now().replace(microsecond=0)
        self.step = MONTH / count

    def prepare(self):
        "Make sections, agents, opening hours and a service level by Tryton"
        super().prepare()
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        Section = pool.get('helpdesk.section')
        ServiceLevel = pool.get('helpdesk.service_level')
        WorkCalendar = pool.get('helpdesk.work_calendar')
        with Transaction().set_context(company=self.company):
            # New ones have the hours of an office
            calendar, = WorkCalendar.create([{'name': "Office"}])
            configuration = Configuration(1)
            configuration.work_calendar = calendar
            configuration.save()
            ServiceLevel.create([{
                        'name': "All", 'company': self.company,
                        'solution': 300 * HOUR, 'warn_before': 2 * HOUR}])
        Section.write(Section.browse(self.sections), {'close_after': HOUR})

    def ticket(self):
        at = (self.now - MONTH + self.step * self.count).replace(microsecond=0)
        return {
            **super().ticket(),
            'state': 'open',
            'employee': None,
            'deadline': at + 2 * MONTH,
            'due': None,
            'next_warning': self.now,
            'waiting_until': None,
            'resolved_at': None,
            'closes_at': None,
            'closed_at': None,
            'last_communication_at': at,
            'create_date': at,
            }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('name')
    parser.add_argument('--jobs', type=int, default=10_000)
    arguments, _ = parser.parse_known_args()
    place = Place(arguments.name)
    start(place.name)
    crowd = OpenCrowd(place, arguments.jobs)
    with Transaction().start(place.name, 1, _lock_tables=[
                'helpdesk_configuration']):
        crowd.prepare()
    with Transaction().start(place.name, 1):
        crowd.grow(arguments.jobs)
    place.analyze()
    for name, method, changes in jobs(crowd):
        with Transaction().start(place.name, 0):
            change(**changes)
        figures = measure(place.name, method)
        report(name, tickets=arguments.jobs, **figures)


def jobs(crowd):
    "Yield names, methods of the ticket, and what all tickets get before"
    past = crowd.now - HOUR
    yield 'renew_dues', lambda Ticket: Ticket.renew_dues(
        'company', [crowd.company]), {}
    yield 'notify_due', lambda Ticket: Ticket.notify_due(), {
        'next_warning': crowd.now}
    yield 'notify_due_again', lambda Ticket: Ticket.notify_due(), {}
    # Nobody has to be given anything by hand
    yield 'deal_by_hand', lambda Ticket: Ticket.deal_waiting(), {}
    yield 'deal_waiting', deal_waiting, {}
    yield 'wake', lambda Ticket: Ticket.wake(), {
        'state': 'pending', 'waiting_until': past}
    yield 'close_due', lambda Ticket: Ticket.close_due(), {
        'state': 'resolved', 'resolved_at': crowd.now - MONTH,
        'closes_at': past}
    yield 'close_due_again', lambda Ticket: Ticket.close_due(), {}


def deal_waiting(Ticket):
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Section.write(Section.search([]), {'assignment': 'balanced'})
    Ticket.deal_waiting()


def change(**values):
    "Let all tickets have the values"
    if values:
        pool = Pool()
        table = pool.get('helpdesk.ticket').__table__()
        Transaction().connection.cursor().execute(*table.update(
                [getattr(table, n) for n in values], list(values.values())))


def measure(name, method):
    "Return what a method of the ticket costs in a transaction"
    pool = Pool(name)
    memory = peak_memory()
    began, cpu = time.perf_counter(), time.process_time()
    with Statements() as statements, Transaction().start(name, 0):
        method(pool.get('helpdesk.ticket'))
    return {
        'seconds': round(time.perf_counter() - began, 2),
        'cpu_seconds': round(time.process_time() - cpu, 2),
        'statements': statements.count,
        'memory_before_mb': memory,
        'peak_memory_mb': peak_memory(),
        }


if __name__ == '__main__':
    main()
