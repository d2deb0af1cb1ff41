# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The year of a helpdesk, checked by a slow second opinion (slow.py).

Two sections, in two time zones, get tickets, which are answered, wait, are
moved, resolved and opened again. Nothing here is by SQL, and the clock is set.
"""
import datetime as dt
import random
from collections import Counter, defaultdict
from itertools import groupby
from unittest.mock import patch

import pytest
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.transaction import Transaction

from tests.helpdesk import slow
from tests.helpdesk.slow import DAY, instant, minute
from tests.helpdesk.times import MODULES, Clock
from tests.records import Helpdesk

HOUR = 60
ALL_MODULES = [
    *MODULES, 'helpdesk.absence', 'helpdesk.clock', 'helpdesk.closing',
    'helpdesk.conversation', 'helpdesk.notice', 'helpdesk.opening',
    'helpdesk.waiting', 'helpdesk.workflow']
SPANS = {
    'madrid': [
        *((day, *span) for day in range(5)
            for span in [('09:00', '14:00'), ('15:30', '18:30')]),
        (5, '10:00', '13:00')],
    # On Thursdays also over midnight
    'new_york': [
        *((day, '08:30', '17:00') for day in range(5)),
        (3, '20:00', '02:00')],
    }
ZONES = {
    'madrid': ('Europe/Madrid', slow.madrid),
    'new_york': ('America/New_York', slow.new_york),
    }
HOLIDAYS = {
    'madrid': [
        '2026-10-12', '2026-11-02', '2026-12-07', '2026-12-08', '2026-12-25',
        '2027-01-01', '2027-01-06', '2027-03-26', '2027-05-01'],
    'new_york': [
        '2026-10-28', '2026-11-26', '2026-12-25', '2027-01-01', '2027-01-18',
        '2027-05-31', '2027-07-05', '2027-09-06'],
    }
MEMBERS = {
    'madrid': ['ana', 'berta', 'carles', 'dolors'],
    'new_york': ['dolors', 'emma', 'frank', 'grace'],
    }
# Who is absent from when to when, and who stands in
ABSENCES = [
    ('ana', '2026-10-26', '2026-10-30', 'berta'),
    ('berta', '2026-10-29', '2026-11-03', 'ana'),
    ('emma', '2026-10-27', '2026-11-04', None),
    ('carles', '2026-11-16', '2026-11-20', 'frank'),
    # Nobody is there
    *((name, '2026-12-24', '2026-12-28', None) for name in [
            'dolors', 'emma', 'frank', 'grace']),
    ('ana', '2027-03-22', '2027-04-05', 'carles'),
    ('carles', '2027-04-01', '2027-04-02', 'berta'),
    ('frank', '2027-07-01', '2027-07-31', 'grace'),
    ('berta', '2027-08-01', '2027-08-31', None),
    ('dolors', '2027-08-09', '2027-08-22', 'emma'),
    ]
STEP = {'before': False, 'target': None, 'priority': None}
LEVELS = [{
        'name': "All", 'first_answer': 4 * HOUR, 'solution': 16 * HOUR,
        'warn_before': HOUR, 'steps': [
            {**STEP, 'time': 0, 'target': 'solution', 'priority': 'high'},
            {**STEP, 'time': 20 * HOUR}]}, {
        'name': "High", 'priority': 'high', 'first_answer': 2 * HOUR,
        'solution': 8 * HOUR, 'steps': [
            {**STEP, 'time': HOUR, 'before': True},
            {**STEP, 'time': 90, 'priority': 'urgent'}]}, {
        'name': "Urgent", 'priority': 'urgent', 'first_answer': HOUR,
        'solution': 4 * HOUR, 'warn_before': 30, 'steps': [
            {**STEP, 'time': 0}]}, {
        'name': "Gold", 'party': 1, 'first_answer': 2 * HOUR,
        'solution': 12 * HOUR, 'pause_third_party': True,
        'warn_before': 2 * HOUR}, {
        'name': "Gold, Urgent", 'party': 1, 'priority': 'urgent',
        'first_answer': 45, 'solution': 3 * HOUR}, {
        'name': "America", 'section': 'new_york', 'solution': 20 * HOUR,
        'steps': [{**STEP, 'time': 30}]}, {
        'name': "America again", 'section': 'new_york', 'solution': HOUR},
    ]
CLOSE_AFTER = {'madrid': 16 * HOUR, 'new_york': 10 * HOUR + 7}
DUE_SOON = 3 * HOUR
# What is done in each state, and how often
CHOICES = {
    'draft': [
        (12, 'answer'), (3, 'answer+pending'), (2, 'open'), (2, 'move'),
        (2, 'priority'), (1, 'closed')],
    'open': [
        (6, 'answer+pending'), (2, 'pending'), (2, 'wait_until'),
        (4, 'third_party'), (5, 'answer+resolved'), (5, 'resolved'),
        (2, 'move'), (2, 'priority'), (1, 'closed')],
    'pending': [
        (12, 'reply'), (2, 'resolved'), (1, 'third_party'), (1, 'open'),
        (1, 'move'), (1, 'priority')],
    'third_party': [
        (8, 'open'), (2, 'pending'), (2, 'resolved'), (2, 'reply'),
        (1, 'priority')],
    'resolved': [(2, 'reply'), (9, None), (1, 'open')],
    'closed': [(1, None)],
    }
# How long it takes on average until something is done
PAUSES = {
    'draft': 4 * HOUR, 'open': 8 * HOUR, 'pending': 30 * HOUR,
    'third_party': 24 * HOUR, 'resolved': 20 * HOUR, 'closed': 0}


def setup_module():
    activate_module('helpdesk')


def day(text):
    return dt.date.fromisoformat(text)


def time(minutes):
    return None if minutes is None else dt.timedelta(minutes=minutes)


def at(minutes):
    return None if minutes is None else instant(minutes)


def when(step):
    return 'before' if step['before'] else 'after'


class Year:
    "Lets time pass, and keeps what was done"

    def __init__(self, start, days, count, seed=1):
        self.random = random.Random(seed)
        self.start, self.days, self.count = minute(start), days, count
        self.end = self.start + days * DAY
        # When something is done next, by id
        self.next = {}
        # What was done: (at, ids, kind, value); 'run' is the scheduler
        self.log = []
        self.make()

    def make(self):
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        Party = pool.get('party.party')
        self.desk = desk = Helpdesk()
        desk.company.timezone = 'Europe/Madrid'
        desk.company.save()
        configuration = Configuration(1)
        configuration.due_soon = dt.timedelta(minutes=DUE_SOON)
        configuration.save()
        names = sorted(set(sum(MEMBERS.values(), [])))
        self.employees = {n: desk.make_user(n, []).employee for n in names}
        self.sections = {
            name: desk.make_section(
                name.title(), assignment=assignment,
                calendar=self.make_calendar(name),
                close_after=dt.timedelta(minutes=CLOSE_AFTER[name]))
            for name, assignment in [
                ('madrid', 'equal'), ('new_york', 'balanced')]}
        self.make_people()
        self.parties = Party.create([{'name': "Silver"}, {'name': "Gold"}])
        self.levels = self.make_levels()
        self.names = {s.id: n for n, s in self.sections.items()}
        self.people = {e.id: n for n, e in self.employees.items()}
        self.hours = {
            name: slow.Hours(
                ZONES[name][1], SPANS[name],
                {day(h) for h in HOLIDAYS[name]},
                self.end // DAY + 120)
            for name in self.sections}

    def make_people(self):
        pool = Pool()
        Absence = pool.get('helpdesk.absence')
        SectionMember = pool.get('helpdesk.section-company.employee')
        # In the order in which they are the next
        SectionMember.create([{
                    'section': self.sections[name].id,
                    'employee': self.employees[member].id,
                    } for name in self.sections for member in MEMBERS[name]])
        Absence.create([{
                    'employee': self.employees[name].id,
                    'start_date': day(start),
                    'end_date': day(end),
                    'substitute': (
                        self.employees[other].id if other else None),
                    } for name, start, end, other in ABSENCES])

    def make_calendar(self, name):
        pool = Pool()
        Calendar = pool.get('helpdesk.work_calendar')
        Day = pool.get('ir.calendar.day')
        days = {d.index: d.id for d in Day.search([])}
        calendar, = Calendar.create([{
                    'name': name,
                    'timezone': ZONES[name][0],
                    'spans': [('create', [{
                                    'day': days[weekday],
                                    'start': dt.time.fromisoformat(start),
                                    'end': dt.time.fromisoformat(end),
                                    } for weekday, start, end
                                in SPANS[name]])],
                    'holidays': [('create', [
                                {'date': day(h), 'name': h}
                                for h in HOLIDAYS[name]])],
                    }])
        return calendar

    def make_levels(self):
        "Make the service levels; return them as the oracle wants them"
        made = []
        for sequence, values in enumerate(LEVELS):
            values = {
                'party': None, 'priority': None, 'section': None,
                'first_answer': None, 'solution': None, 'warn_before': None,
                'pause_third_party': False, 'steps': [], **values}
            level = self.make_level(sequence, values)
            steps = {(s.when, s.target, s.time): s.id for s in level.steps}
            values['steps'] = [
                {**s, 'id': steps[when(s), s['target'], time(s['time'])]}
                for s in values['steps']]
            made.append({**values, 'id': level.id})
        return made

    def make_level(self, sequence, values):
        pool = Pool()
        Level = pool.get('helpdesk.service_level')
        level, = Level.create([{
                    'name': values['name'],
                    'company': self.desk.company.id,
                    'sequence': sequence,
                    'party': (
                        None if values['party'] is None
                        else self.parties[values['party']].id),
                    'priority': values['priority'],
                    'section': (
                        self.sections[values['section']].id
                        if values['section'] else None),
                    'pause_third_party': values['pause_third_party'],
                    **{n: time(values[n]) for n in [
                            'first_answer', 'solution', 'warn_before']},
                    'steps': [('create', [{
                                    'target': s['target'],
                                    'when': when(s),
                                    'time': time(s['time']),
                                    'priority': s['priority'],
                                    'recipients': ['responsible'],
                                    }]) for s in values['steps']],
                    }])
        return level

    def moments(self):
        """
        Return when something happens, and what, in order.

        The scheduler runs every two hours, at night and on Sundays less
        often; in between things are done, but not at the same minute.
        """
        moments = []
        for first in range(self.start, self.end, DAY):
            weekday = instant(first).weekday()
            # From six to eleven in the evening
            times = self.random.sample(
                range(6 * HOUR, 23 * HOUR), 2 if weekday < 5 else 1)
            for i, at in enumerate(sorted(times)):
                at += not at % HOUR
                if not i:
                    moments.append((first + at, 'create'))
                moments.append((first + at, 'do'))
            moments += [
                (first + hour * HOUR, 'run') for hour in range(24)
                if not hour % (2 if weekday < 6 and 6 < hour < 23 else 4)]
        # What is made is older than what is done
        return sorted(moments)

    def live(self):
        "Let the time pass"
        made = 0
        with Clock(instant(self.start), ALL_MODULES) as clock, self.today(
                clock):
            for at, what in self.moments():
                clock.now = instant(at)
                if what == 'run':
                    self.log.append((at, None, 'run', None))
                    self.schedule()
                elif what == 'create':
                    days = (at - self.start) // DAY + 1
                    count = self.count * days // self.days - made
                    made += count
                    self.create(at, count)
                else:
                    self.act(at)
                forget()

    def today(self, clock):
        pool = Pool()
        Date = pool.get('ir.date')
        return patch.object(
            Date, 'today', side_effect=lambda *a, **k: clock.now.date())

    def schedule(self):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        with Transaction().set_user(0):
            Ticket.wake()
            forget()
            assert not Ticket.notify_due()
            forget()
            Ticket.deal_waiting()
            forget()
            Ticket.close_due()

    def create(self, at, count):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        vlist, values = [], []
        for _ in range(count):
            section = self.random.choice(list(self.sections))
            priority = self.random.choice(
                ['low', 'normal', 'normal', 'normal', 'high', 'urgent'])
            party = self.random.choice([None, None, 0, 1])
            deadline = None
            if self.random.random() < .15:
                deadline = at + self.random.randrange(5 * DAY)
            values.append((section, priority, party, deadline))
            vlist.append({
                    'subject': "The printer is on fire",
                    'company': self.desk.company.id,
                    'section': self.sections[section].id,
                    'priority': priority,
                    'party': (
                        None if party is None else self.parties[party].id),
                    'deadline': (
                        None if deadline is None else instant(deadline)),
                    })
        if not vlist:
            return
        for ticket, value in zip(Ticket.create(vlist), values):
            self.log.append((at, [ticket.id], 'create', value))
            self.plan(ticket.id, at, 'draft')
        forget()

    def plan(self, id_, at, state):
        self.next[id_] = at + 1 + int(self.random.expovariate(1 / max(
                    PAUSES[state], 1)))

    def act(self, at):
        "Do something with the tickets whose time has come"
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        ids = sorted(i for i, moment in self.next.items() if moment <= at)
        todo = defaultdict(list)
        for ticket in Ticket.browse(ids):
            weights, kinds = zip(*CHOICES[ticket.state])
            kind, = self.random.choices(kinds, weights)
            if kind is None:
                del self.next[ticket.id]
                continue
            if kind == 'move':
                # Nothing else moves it
                name = self.names[ticket.section.id]
                value, = set(self.sections) - {name}
            elif kind == 'priority':
                value = self.random.choice(
                    [p for p in slow.PRIORITIES if p != ticket.priority])
            elif kind == 'wait_until':
                value = at + self.random.randrange(1, 4 * DAY)
            else:
                value = None
            *said, kind = kind.split('+')
            for first in said:
                todo[first, None].append(ticket.id)
            todo[kind, value].append(ticket.id)
        order = ['answer', 'open', 'reply', 'move', 'priority', 'wait_until']
        for kind, value in sorted(todo, key=lambda k: (
                    order.index(k[0]) if k[0] in order else 9, str(k))):
            self.do(at, todo[kind, value], kind, value)
            forget()
        for ticket in Ticket.browse([i for i in ids if i in self.next]):
            self.plan(ticket.id, at, ticket.state)

    def do(self, at, ids, kind, value):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        Ticket = pool.get('helpdesk.ticket')
        tickets = Ticket.browse(ids)
        self.log.append((at, ids, kind, value))
        if kind in {'answer', 'reply'}:
            Conversation.create([{
                        'ticket': id_,
                        'kind': 'phone',
                        'direction': 'out' if kind == 'answer' else 'in',
                        'body': "Hello",
                        } for id_ in ids])
        elif kind == 'move':
            with Transaction().set_context(helpdesk_reason='section'):
                Ticket.write(list(tickets), {
                        'section': self.sections[value].id,
                        'employee': None})
        elif kind == 'priority':
            Ticket.write(list(tickets), {'priority': value})
        elif kind == 'wait_until':
            Ticket.wait(list(tickets))
            Ticket.write(list(tickets), {'waiting_until': instant(value)})
        else:
            Ticket.bring_to(list(tickets), kind)

    def follow(self):
        "Return the oracle, and who checked the dealing, after the same year"
        oracle = slow.Oracle(self.hours, self.levels, CLOSE_AFTER, DUE_SOON)
        dealing = slow.Dealing(
            MEMBERS, [(n, day(s), day(e), o) for n, s, e, o in ABSENCES],
            {'new_york'})
        changes = self.changes()
        for (at, kind, value), entries in groupby(
                self.log, key=lambda e: (
                    e[0], e[2], None if e[2] == 'create' else e[3])):
            ids = []
            for _, some, _, given in entries:
                if kind == 'run':
                    oracle.run(at)
                    some = list(oracle.alive)
                for id_ in some:
                    if kind == 'create':
                        oracle.create(at, id_, *given)
                    elif kind != 'run':
                        oracle.do(at, id_, kind, value)
                ids += some
            changed = [c for i in ids for c in changes.pop((i, at), [])]
            if kind == 'move':
                # It may be dealt to who had it
                changed += [
                    (i, e, e, 'section') for i in ids
                    if i not in {c[0] for c in changed}
                    and (e := dealing.employees.get(i))]
            dealing.follow(at, oracle.tickets, changed, oracle.alive)
            if kind in {'create', 'move', 'reply', 'run'}:
                dealing.waiting(at, oracle.tickets, ids)
        dealing.wrong += [f"{k}: {c}" for k, c in changes.items()]
        return oracle, dealing

    def changes(self):
        "Return who was responsible when, by tickets and times"
        pool = Pool()
        History = pool.get('helpdesk.history')
        changes = defaultdict(list)
        for row in History.search(
                [('what', '=', 'employee')], order=[('id', 'ASC')]):
            old, new = [
                v and self.people[int(v)] for v in [row.old, row.new]]
            changes[row.ticket.id, minute(row.at)].append(
                (row.ticket.id, old, new, row.reason))
        return changes


def forget():
    "Let it be as in another transaction"
    transaction = Transaction()
    transaction.cache.clear()
    transaction.create_records.pop('helpdesk.ticket', None)
    transaction.tasks.clear()
    transaction.log_records.clear()


def differences(year, oracle):
    "Yield what the helpdesk and the oracle see differently"
    pool = Pool()
    Escalation = pool.get('helpdesk.escalation')
    Ticket = pool.get('helpdesk.ticket')
    used = Ticket.used_times(list(oracle.tickets), instant(year.end))
    told = defaultdict(list)
    for row in Escalation.search([], order=[('at', 'ASC'), ('id', 'ASC')]):
        told[row.ticket.id].append((row.step, row.target, row.due, row.at))
    for ticket in Ticket.browse(list(oracle.tickets)):
        right = oracle.tickets[ticket.id]
        yield from compare(ticket.id, {
                **of_state(year, oracle, ticket, right),
                **of_promise(ticket, right),
                'times': (used[ticket.id], {
                        side: tuple(time(t) for t in times)
                        for side, times
                        in oracle.times(right, year.end).items()}),
                'told': (
                    sorted(told[ticket.id]), sorted(
                        (step, target, at(due), at(when))
                        for step, target, due, when in right.told)),
                })


def of_state(year, oracle, ticket, right):
    closes = oracle.closes(right) if right.state == 'resolved' else None
    return {
        'state': (ticket.state, right.state),
        'section': (year.names[ticket.section.id], right.section),
        'priority': (ticket.priority, right.priority),
        'first_answer_at': (ticket.first_answer_at, at(right.answered)),
        'resolved_at': (ticket.resolved_at, at(right.resolved)),
        'closed_at': (ticket.closed_at, at(right.closed)),
        'closes_at': (ticket.closes_at, at(closes)),
        }


def of_promise(ticket, right):
    dues, results = right.dues, right.results
    return {
        'level': (
            ticket.service_level and ticket.service_level.id,
            right.level and right.level['id']),
        'first_answer_due': (
            ticket.first_answer_due, at(dues.get('first_answer'))),
        'solution_due': (ticket.solution_due, at(dues.get('solution'))),
        'due': (
            ticket.due, at(min(
                    (d for d in dues.values() if d is not None),
                    default=None))),
        'solution_left': (ticket.solution_left, time(results.get('left'))),
        'first_answer': (
            (ticket.first_answer_met, ticket.first_answer_late),
            result(results.get('first_answer'))),
        'solution': (
            (ticket.solution_met, ticket.solution_late),
            result(results.get('solution'))),
        }


def result(late):
    "Return what became of a promise, and how late it was"
    if late is None:
        return None, None
    return ('missed', time(late)) if late else ('met', None)


def compare(id_, values):
    for name, (found, right) in values.items():
        if found != right:
            yield f"#{id_} {name}: {found} instead of {right}"


def check(year):
    oracle, dealing = year.follow()
    found = list(differences(year, oracle)) + [
        f"deal: {w}" for w in dealing.wrong]
    assert not found, '\n'.join([
            f"{len(found)} differences: " + str(Counter(
                    f.split()[1] for f in found)), *found[:30]])
    return oracle


@with_transaction()
def test_weeks():
    "C9, C10, E3, E5, X4: three weeks, as they are counted a second time"
    # Clocks are put back in Madrid a week before they are in New York
    year = Year(dt.datetime(2026, 10, 19), 21, 300)
    year.live()
    oracle = check(year)
    tickets = oracle.tickets.values()
    assert sum(t.state == 'closed' for t in tickets) > 100
    assert sum(len(t.told) for t in tickets) > 100


@pytest.mark.long
@pytest.mark.timeout(3600)
@with_transaction()
def test_year():
    "C9, C10, E3, E5, X4: a year of 10,000 tickets, counted a second time"
    year = Year(dt.datetime(2026, 9, 14), 365, 10000)
    year.live()
    oracle = check(year)
    assert len(oracle.tickets) == 10000
