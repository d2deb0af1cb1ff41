# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Thirteen months of tickets, so that the reports have something to tell.

What happened to each is made up first, the same each time. It is written as
rows, because nobody can answer a letter in the past.
"""
import datetime as dt
import random
from dataclasses import dataclass, field

from trytond.modules.helpdesk import due_date
from trytond.modules.helpdesk.history import SIDES
from trytond.modules.helpdesk.worktime import Always
from trytond.pool import Pool
from trytond.transaction import Transaction

from ..settings import DATABASE

TICKETS = 400
DAYS = 395
HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
# The level Standard
FIRST_ANSWER, SOLUTION = 8 * HOUR, 40 * HOUR
CLOSED_AFTER = dt.timedelta(days=7)
# Of Monday to Sunday, and of January to December
WEEK = [1.4, 1.2, 1, 1, .9, .25, .15]
YEAR = [1.2, 1, .95, 1, 1, .9, .8, .45, 1, 1.05, 1.1, 1.35]
CHANNELS = {'email': 55, 'web': 20, 'phone': 13, 'chat': 9, 'application': 3}
# How often, and how many hours pass until the answer
SECTIONS = {
    "Technical Support": (7, {'ana': 3, 'marta': 1}, {
            "Does not heat": ("The machine stays cold", 5),
            "Leaks": ("Water under the machine", 4),
            "Descaling": ("The orange light does not go out", 6),
            "Grinder": ("The grinder is blocked", 3),
            "Question": ("Which beans are best for it?", 2),
            }),
    "Orders and Invoices": (3, {'joan': 3, 'marta': 1}, {
            "Delivery": ("Where is my order?", 5),
            "Invoice": ("The invoice has the wrong address", 3),
            "Return": ("May I send it back?", 2),
            }),
    }
CUSTOMERS = {
    "Hotel Miramar": 9, "Bar Nou": 7, "Can Pere": 5, "Pastisseria Vila": 4,
    "Librería Alba": 3, "Oficines Delta": 3, "Casa Rural Ter": 2,
    "Bistro Lumière": 2}
ANSWER = "Thank you for writing. Please try what the enclosed page shows."


@dataclass
class Past:
    "What happened to a ticket; all times are naive UTC"
    section: str
    login: str
    category: str
    subject: str
    customer: str
    channel: str
    created: dt.datetime
    states: list = field(default_factory=list)
    answered: dt.datetime = None
    resolved: dt.datetime = None
    closed: dt.datetime = None
    rated: dt.datetime = None
    score: int = None

    @property
    def state(self):
        return self.states[-1][0]

    @property
    def rows(self):
        "The states, when each began and when it ended"
        ends = [at for _, at in self.states[1:]] + [None]
        return [(*begun, end) for begun, end in zip(self.states, ends)]


def tell(now, opening, count=TICKETS, seed=8):
    """
    Return a list of Past, the oldest first.

    opening is the worktime.Worktime of the agents, now a naive UTC time.
    """
    chance = random.Random(seed)
    today = now.date()
    days = [today - dt.timedelta(days=n) for n in range(DAYS, 0, -1)]
    weights = [
        WEEK[d.weekday()] * YEAR[d.month - 1] * (1 + n / DAYS / 2)
        for n, d in enumerate(days)]
    moments = sorted(
        dt.datetime.combine(day, dt.time(6)) + dt.timedelta(
            seconds=chance.randrange(13 * 3600))
        for day in chance.choices(days, weights, k=count))
    return [_tell(chance, at, now, opening) for at in moments]


def _choose(chance, weights):
    return chance.choices(list(weights), list(weights.values()))[0]


def _tell(chance, at, now, opening):
    section = _choose(chance, {n: s[0] for n, s in SECTIONS.items()})
    _, logins, categories = SECTIONS[section]
    category = _choose(chance, {n: c[1] for n, c in categories.items()})
    past = Past(
        section, _choose(chance, logins), category, categories[category][0],
        _choose(chance, CUSTOMERS), _choose(chance, CHANNELS), at)
    # Until now; what would come later has not happened
    for state, moment in _states(chance, past, opening):
        if moment > now:
            break
        _happen(past, state, moment)
    if past.resolved and chance.random() < .45:
        moment = past.resolved + chance.uniform(1, 30) * HOUR
        if moment < now:
            past.rated = moment
            late = past.answered - past.created > dt.timedelta(days=1)
            past.score = chance.choices(
                [1, 2, 3, 4, 5],
                [4, 5, 6, 5, 2] if late else [1, 2, 4, 12, 16])[0]
    return past


def _states(chance, past, opening):
    "Yield the states and when each began"
    quick = past.channel in {'phone', 'chat'}
    yield 'draft', past.created
    at = opening.add(
        past.created, chance.expovariate(1 / (20 if quick else 170)) * MINUTE)
    yield 'open', at
    at = opening.add(at, chance.uniform(3, 25) * MINUTE)
    yield 'answer', at
    if chance.random() < .55:
        yield 'pending', at
        at += chance.expovariate(1 / 26) * HOUR
        yield 'open', at
    if past.section == "Technical Support" and chance.random() < .18:
        at = opening.add(at, chance.uniform(1, 6) * HOUR)
        yield 'third_party', at
        at += chance.uniform(20, 130) * HOUR
        yield 'open', at
    at = opening.add(at, chance.expovariate(1 / 14) * HOUR + 10 * MINUTE)
    yield 'resolved', at
    if chance.random() < .09:
        at += chance.uniform(3, 90) * HOUR
        yield 'open', at
        at = opening.add(at, chance.uniform(1, 12) * HOUR)
        yield 'resolved', at
    yield 'closed', at + CLOSED_AFTER


def _happen(past, state, at):
    at = at.replace(microsecond=0)
    if state == 'answer':
        past.answered = at
        return
    past.states.append((state, at))
    if state == 'resolved':
        past.resolved = at
    elif state == 'closed':
        past.closed = at
    elif past.resolved:
        # Worked on again
        past.resolved = None


def fill():
    "Write the tickets into the database of this process"
    with Transaction().start(DATABASE, 0):
        pool = Pool()
        Company = pool.get('company.company')
        company, = Company.search([])
        with Transaction().set_context(company=company.id):
            _Writer(company).write()


class _Writer:

    def __init__(self, company):
        pool = Pool()
        self.company = company
        self.pool = pool
        self.now = dt.datetime.now().replace(microsecond=0)
        self.cursor = Transaction().connection.cursor()
        self.sections = {
            s.name: s for s in pool.get('helpdesk.section').search([])}
        self.users = {
            u.login: u for u in pool.get('res.user').search([])}
        self.products = list(pool.get('product.product').search([]))
        self.opening = self.sections["Technical Support"].calendar.worktime

    def write(self):
        pasts = tell(self.now, self.opening)
        tickets = self._create(pasts)
        for ticket, past in zip(tickets, pasts):
            self._write_ticket(ticket, past)
            self._write_history(ticket, past)
            self._write_words(ticket, past)
            if past.rated:
                self._write_rating(ticket, past)

    def _make(self, model, names):
        records = self.pool.get(model).create([{'name': n} for n in names])
        return {r.name: r for r in records}

    def _create(self, pasts):
        Ticket = self.pool.get('helpdesk.ticket')
        Category = self.pool.get('helpdesk.category')
        categories = {c.name: c for c in Category.create([{
                        'name': name,
                        'sections': [('add', [self.sections[section].id])],
                        } for section, (_, _, names) in SECTIONS.items()
                    for name in names])}
        parties = self._make('party.party', CUSTOMERS)
        reasons = self.pool.get('helpdesk.close_reason').search([])
        return list(Ticket.create([{
                        'company': self.company.id,
                        'section': self.sections[past.section].id,
                        'subject': past.subject,
                        'channel': past.channel,
                        'category': categories[past.category].id,
                        'party': parties[past.customer].id,
                        'product': self.products[
                            number % len(self.products)].id,
                        'employee': self.users[past.login].employee.id,
                        'close_reason': (
                            reasons[number % 2].id if past.closed else None),
                        } for number, past in enumerate(pasts)]))

    def _update(self, model, values, where):
        table = self.pool.get(model).__table__()
        self.cursor.execute(*table.update(
                [getattr(table, n) for n in values], list(values.values()),
                where=where(table)))

    def _insert(self, model, rows):
        table = self.pool.get(model).__table__()
        columns = [getattr(table, n) for n in rows[0]]
        self.cursor.execute(*table.insert(
                columns, [list(row.values()) for row in rows]))

    def _write_ticket(self, ticket, past):
        stages = self.pool.get('helpdesk.stage').search([
                ('state', '=', past.state),
                ('sections', '=', ticket.section.id),
                ], limit=1)
        self._update('helpdesk.ticket', {
                'create_date': past.created,
                'state': past.state,
                'stage': stages[0].id if stages else None,
                'unread': past.state == 'draft',
                'first_answer_at': past.answered,
                'resolved_at': past.resolved,
                'closed_at': past.closed,
                'closed_by': 'system' if past.closed else None,
                'last_communication_at': past.answered or past.created,
                **self._dues(ticket, past),
                **self._times(ticket, past),
                }, lambda t: t.id == ticket.id)

    def _times(self, ticket, past):
        "Return what the reports add up"
        hours = {'': Always(), '_open': _hours(ticket.section)}
        values = {'solved_at': past.resolved}
        for name, opening in hours.items():
            if past.answered:
                values[f'first_answer{name}_time'] = _passed(
                    past, past.answered, opening, ['agent'])
            if past.resolved:
                values[f'solution{name}_time'] = opening.between(
                    past.created, past.resolved)
                for side in ['agent', 'customer', 'third_party']:
                    values[f'{side}_solution{name}_time'] = _passed(
                        past, past.resolved, opening, [side])
        return values

    def _dues(self, ticket, past):
        "Return what was promised and kept, as the helpdesk tells it"
        section = ticket.section
        return due_date.dues(
            due_date.Target(FIRST_ANSWER, SOLUTION),
            [due_date.Turn(at, until, SIDES[state], section.id)
                for state, at, until in past.rows],
            {section.id: _hours(section)}, self.now, past.answered)

    def _write_history(self, ticket, past):
        table = self.pool.get('helpdesk.history').__table__()
        self.cursor.execute(*table.delete(
                where=(table.ticket == ticket.id) & (table.what == 'state')))
        self._update(
            'helpdesk.history', {'at': past.created},
            lambda t: t.ticket == ticket.id)
        user = self.users[past.login]
        rows, before = [], None
        for state, at, until in past.rows:
            if state == 'draft' or before == 'pending':
                actor = 'customer'
            else:
                actor = 'system' if state == 'closed' else 'agent'
            agent = actor == 'agent'
            rows.append({
                    'ticket': ticket.id, 'what': 'state', 'old': before,
                    'new': state, 'at': at, 'until': until, 'actor': actor,
                    'user': user.id if agent else None,
                    'employee': user.employee.id if agent else None,
                    'side': SIDES[state], 'create_date': at})
            before = state
        self._insert('helpdesk.history', rows)

    def _write_words(self, ticket, past):
        kinds = {'application': 'note', 'email': 'email'}
        kind = kinds.get(past.channel, past.channel)
        rows = [{
                'ticket': ticket.id, 'kind': kind, 'direction': 'in',
                'at': past.created, 'author': past.customer,
                'party': ticket.party.id, 'employee': None,
                'body': past.subject, 'create_date': past.created}]
        if past.answered:
            user = self.users[past.login]
            rows.append({
                    **rows[0], 'direction': 'out', 'at': past.answered,
                    'author': user.name, 'party': None,
                    'employee': user.employee.id, 'body': ANSWER,
                    'create_date': past.answered})
        self._insert('helpdesk.conversation', rows)

    def _write_rating(self, ticket, past):
        self._insert('helpdesk.rating', [{
                    'ticket': ticket.id, 'section': ticket.section.id,
                    'employee': ticket.employee.id,
                    'party': ticket.party.id, 'score': past.score,
                    'channel': 'web', 'at': past.rated,
                    'resolved_at': past.resolved,
                    'create_date': past.rated}])


def _hours(section):
    return section.calendar.worktime if section.calendar else Always()


def _passed(past, until, opening, sides):
    "Return the time on the sides until a moment"
    return sum((
            opening.between(at, min(end or until, until))
            for state, at, end in past.rows
            if SIDES[state] in sides and at < until), dt.timedelta())
