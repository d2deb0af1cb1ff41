# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A slow second opinion on what the helpdesk counts.

It knows what was done to which ticket, and works out anew what had to follow:
times, promises, warnings, closing. It shares no code with the modules, knows
no time zones but by the rules that are written here, and looks at the minutes
one by one. All instants are whole minutes since the first of January of 2026,
and all times are minutes.
"""
import datetime as dt
from bisect import bisect_left
from collections import Counter

EPOCH = dt.datetime(2026, 1, 1)
DAY = 24 * 60
# No scheduled action looks back so far
NEWS = DAY
SIDES = {
    'draft': 'agent', 'open': 'agent', 'pending': 'customer',
    'third_party': 'third_party', 'resolved': 'nobody', 'closed': 'nobody'}
OVER = {'resolved', 'closed'}
PRIORITIES = ['low', 'normal', 'high', 'urgent']


def minute(at):
    return int((at - EPOCH).total_seconds() // 60)


def instant(number):
    return EPOCH + dt.timedelta(minutes=number)


def sunday(year, month, nth):
    "Return a Sunday of a month, the last one with -1"
    days = [
        day for day in (
            dt.datetime(year, month, 1) + dt.timedelta(days=i)
            for i in range(31))
        if day.month == month and day.weekday() == 6]
    return days[nth]


def madrid(at):
    "Return the hours that clocks in Madrid are ahead at an instant in UTC"
    hour = dt.timedelta(hours=1)
    summer = (
        sunday(at.year, 3, -1) + hour <= at < sunday(at.year, 10, -1) + hour)
    return 2 if summer else 1


def new_york(at):
    hour = dt.timedelta(hours=1)
    summer = (
        sunday(at.year, 3, 1) + 7 * hour <= at
        < sunday(at.year, 11, 0) + 6 * hour)
    return -4 if summer else -5


class Hours:
    "Which minutes are open, each of them looked at"

    def __init__(self, zone, spans, holidays, days):
        # Each span as the minutes of its weekday, and of the one after
        week = [set() for _ in range(7)]
        for weekday, start, end in spans:
            start, end = [
                int(t[:2]) * 60 + int(t[3:]) for t in [start, end]]
            for m in range(start, end if start < end else end + DAY):
                week[(weekday + m // DAY) % 7].add(m % DAY)
        self.moments = {}
        self.open, self.passed = [], [0]
        for hour in range(days * 24):
            at = instant(hour * 60)
            wall = at + dt.timedelta(hours=zone(at))
            minutes = (
                set() if wall.date() in holidays else week[wall.weekday()])
            first = wall.hour * 60
            for m in range(first, first + 60):
                self.open.append(m in minutes)
                self.passed.append(self.passed[-1] + (m in minutes))

    def between(self, start, end):
        return self.passed[end] - self.passed[start]

    def add(self, at, time):
        return at if time <= 0 else bisect_left(
            self.passed, self.passed[at] + time)

    def subtract(self, at, time):
        if time <= 0:
            return at
        while time:
            at -= 1
            time -= self.open[at]
        return at

    def next_opening(self, at):
        while not self.open[at]:
            at += 1
        return at

    def moment(self, due, time, before):
        "Return when to tell of what is due, in the hours"
        key = due, time, before
        if key not in self.moments:
            move = self.subtract if before else self.add
            self.moments[key] = self.next_opening(move(due, time))
        return self.moments[key]


class Ticket:
    "What the oracle believes of a ticket"

    def __init__(self, at, section, priority, party, deadline):
        self.section, self.priority, self.party = section, priority, party
        self.deadline = deadline
        self.state = 'draft'
        # Where it was on which side from when on
        self.turns = [(at, 'agent', section)]
        self.answered = self.resolved = self.closed = self.wakes = None
        self.level = None
        self.dues = {'deadline': deadline}
        self.results = {}
        # (step, target, due, at)
        self.told = []
        self.employee = None


class Oracle:
    """
    Follows a section's year.

    hours are Hours by section, levels dictionaries with the criteria and
    promises, close_after is minutes by section, warn_deadline minutes.
    """

    def __init__(self, hours, levels, close_after, warn_deadline):
        self.hours, self.levels = hours, levels
        self.close_after = close_after
        self.warn_deadline = warn_deadline
        self.tickets = {}
        self.alive = set()

    def create(self, at, key, *values):
        self.tickets[key] = ticket = Ticket(at, *values)
        self.alive.add(key)
        self.promise(ticket, at)

    def do(self, at, key, kind, value=None):
        ticket = self.tickets[key]
        if kind == 'answer':
            if ticket.answered is None:
                ticket.answered = at
            if ticket.state == 'draft':
                self.state(ticket, at, 'open')
        elif kind == 'reply':
            if ticket.state in {'pending', 'resolved'}:
                self.state(ticket, at, 'open')
        elif kind == 'move':
            ticket.section = value
            ticket.turns.append((at, SIDES[ticket.state], value))
        elif kind == 'priority':
            ticket.priority = value
        elif kind == 'wait_until':
            self.state(ticket, at, 'pending')
            ticket.wakes = value
        else:
            self.state(ticket, at, kind)
        if ticket.state == 'closed':
            self.alive.discard(key)
        self.promise(ticket, at)

    def state(self, ticket, at, state):
        ticket.state = state
        ticket.turns.append((at, SIDES[state], ticket.section))
        ticket.wakes = None
        if state == 'resolved':
            ticket.resolved = at
        if state == 'closed':
            ticket.closed = at
        if state not in OVER:
            ticket.resolved = ticket.closed = None

    def used(self, ticket, until, paused):
        "Add up the turns that count, each in the hours of its section"
        total = 0
        ends = [start for start, *_ in ticket.turns[1:]] + [until]
        for (start, side, section), end in zip(ticket.turns, ends):
            if side not in paused and start < until:
                total += self.hours[section].between(start, min(end, until))
        return total

    def reached(self, ticket, at, time, paused):
        "Return when the time is, or was, up"
        ends = [start for start, *_ in ticket.turns[1:]]
        for (start, side, section), end in zip(ticket.turns, ends):
            if side in paused:
                continue
            passed = self.hours[section].between(start, end)
            if passed >= time:
                return self.hours[section].add(start, time)
            time -= passed
        start, _, section = ticket.turns[-1]
        return self.hours[section].add(start, time)

    def best(self, ticket):
        def rank(level):
            return [level[n] is not None for n in [
                    'party', 'priority', 'section']]
        fitting = [
            level for level in self.levels
            if all(level[n] in {None, getattr(ticket, n)}
                for n in ['party', 'priority', 'section'])]
        # Of those that fit as well, the first
        return max(fitting, key=rank, default=None)

    def promise(self, ticket, at):
        "Work out what was promised, and what became of it"
        was_over = ticket.results.get('over', False)
        is_over = ticket.state in OVER
        if was_over and is_over:
            return
        ticket.level = level = self.best(ticket)
        ticket.dues = {} if is_over else {'deadline': ticket.deadline}
        ticket.results = results = {'over': is_over}
        time = level and level['first_answer']
        if time:
            paused = {'nobody'}
            if ticket.answered is None and not is_over:
                ticket.dues['first_answer'] = self.reached(
                    ticket, at, time, paused)
            else:
                late = self.used(
                    ticket,
                    at if ticket.answered is None else ticket.answered,
                    paused) - time
                if late > 0 or ticket.answered is not None:
                    results['first_answer'] = max(late, 0)
        time = level and level['solution']
        if time:
            paused = {'customer', 'nobody'}
            if level['pause_third_party']:
                paused.add('third_party')
            side = ticket.turns[-1][1]
            if side not in paused:
                ticket.dues['solution'] = self.reached(
                    ticket, at, time, paused)
            elif side == 'nobody':
                results['solution'] = max(
                    self.used(ticket, at, paused) - time, 0)
            else:
                results['left'] = time - self.used(ticket, at, paused)

    def run(self, at):
        "Do what the scheduled actions do"
        for key in sorted(self.alive):
            ticket = self.tickets[key]
            if ticket.wakes is not None and ticket.wakes <= at:
                self.do(at, key, 'open')
            if ticket.state not in OVER:
                self.warn(ticket, at)
            elif ticket.state == 'resolved' and at >= self.closes(ticket):
                self.do(at, key, 'closed')

    def closes(self, ticket):
        return self.hours[ticket.section].add(
            ticket.resolved, self.close_after[ticket.section])

    def warn(self, ticket, at):
        hours = self.hours[ticket.section]
        if not hours.open[at]:
            return
        priority = ticket.priority
        for step in self.steps(ticket):
            for target, due in ticket.dues.items():
                if due is None or step['target'] not in {None, target}:
                    continue
                moment = hours.moment(due, step['time'], step['before'])
                if moment > at or self.is_told(
                        ticket, step, target, due, moment):
                    continue
                if hours.between(moment, at) > NEWS:
                    continue
                ticket.told.append((step['id'], target, due, at))
                if step['priority']:
                    priority = max(
                        priority, step['priority'], key=PRIORITIES.index)
        if priority != ticket.priority:
            ticket.priority = priority
            self.promise(ticket, at)

    def is_told(self, ticket, step, target, due, moment):
        "Tell if it was told, or is merely due a bit later than was told"
        return any(
            (id_, what) == (step['id'], target)
            and (before == due or (before < due and moment <= at))
            for id_, what, before, at in ticket.told)

    def steps(self, ticket):
        yield {
            'id': 0, 'target': 'deadline', 'before': True,
            'time': self.warn_deadline, 'priority': None}
        if ticket.level:
            yield from ticket.level['steps']
            if ticket.level['warn_before']:
                for target in ['first_answer', 'solution']:
                    yield {
                        'id': 0, 'target': target, 'before': True,
                        'time': ticket.level['warn_before'],
                        'priority': None}

    def times(self, ticket, until):
        """
        Return the clocks, minutes by side around the clock and open.

        The open ones are in the hours of the section that has it now.
        """
        hours = self.hours[ticket.section]
        real, opened = Counter(), Counter()
        ends = [start for start, *_ in ticket.turns[1:]] + [until]
        for (start, side, _), end in zip(ticket.turns, ends):
            real[side] += end - start
            opened[side] += hours.between(start, end)
        return {
            side: (real[side], opened[side])
            for side in ['agent', 'customer', 'third_party']}


class Dealing:
    """
    Checks who got which tickets, in the order in which it happened.

    members are the names of people by section, in order; absences tuples of a
    name, the first and the last day, and who stands in; balanced the sections
    that look at the open tickets.
    """

    def __init__(self, members, absences, balanced):
        self.members, self.absences = members, absences
        self.balanced = balanced
        self.turns, self.last = Counter(), Counter()
        self.employees, self.wrong = {}, []

    def away(self, at):
        "Return who stands in for whom is absent, by the date in Madrid"
        at = instant(at)
        today = (at + dt.timedelta(hours=madrid(at))).date()
        away = {
            name: other for name, start, end, other in self.absences
            if start <= today <= end}
        stand_ins = {}
        for name in away:
            other, seen = name, []
            while other in away and other not in seen:
                seen.append(other)
                other = away[other]
            stand_ins[name] = None if other in away else other
        return stand_ins

    def present(self, section, at):
        away = self.away(at)
        return [m for m in self.members[section] if m not in away]

    def follow(self, at, tickets, changed, alive):
        """
        Check what changed at once.

        tickets are the Tickets of an Oracle by their keys, as they are now;
        changed are tuples of a key, the old and the new responsible and the
        reason; alive are the keys of those that are not closed.
        """
        away = self.away(at)
        taken, dealt, given = [], [], []
        for key, old, new, reason in changed:
            if self.employees.get(key) != old:
                self.wrong.append(f"{key} was not of {old} at {at}")
            section = tickets[key].section
            if new and new not in self.present(section, at):
                self.wrong.append(f"{new} got {key}, and is away at {at}")
            if reason == 'absent':
                if old not in away:
                    self.wrong.append(f"{old} lost {key}, and is there")
                instead = away.get(old)
                if instead in self.members[section]:
                    if new != instead:
                        self.wrong.append(f"{key} is not {instead}'s")
                    given.append((key, new))
                    continue
                taken.append((key, new))
            else:
                dealt.append((key, new))
        self.deal(at, tickets, taken, alive)
        self.employees.update([*taken, *given])
        # What comes into a section is not yet one of its open tickets
        self.employees.update((key, None) for key, _ in dealt)
        self.deal(at, tickets, dealt, alive)
        self.employees.update(dealt)

    def deal(self, at, tickets, dealt, alive):
        for section in self.members:
            got = Counter(
                new for key, new in dealt
                if tickets[key].section == section and new)
            present = self.present(section, at)
            if not got.total():
                continue
            opened = Counter(
                self.employees.get(key) for key in alive
                if tickets[key].section == section
                and tickets[key].state not in OVER
                ) if section in self.balanced else Counter()
            right = self.expected(section, got.total(), present, opened)
            if got != right:
                self.wrong.append(f"{section} at {at}: {got} not {right}")

    def expected(self, section, count, present, opened):
        "Return how many of so many tickets each of those present gets"
        got, opened = Counter(), Counter(opened)
        for _ in range(count):
            who = min(present, key=lambda e: (
                    opened[e] if section in self.balanced else 0,
                    self.turns[section, e], present.index(e)))
            self.last[section] += 1
            self.turns[section, who] = self.last[section]
            opened[who] += 1
            got[who] += 1
        return got

    def waiting(self, at, tickets, keys):
        "Note the tickets that nobody has although somebody is there"
        self.wrong += [
            f"{key} waits at {at}" for key in keys
            if tickets[key].state not in OVER
            and not self.employees.get(key)
            and self.present(tickets[key].section, at)]
