# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
An office whose agents work at the board: a running trytond, and a section
with stages for each test.

    with Office(folder) as office:
        desk = office.desk("Repairs")
        ticket = desk.ticket("A chair", stage="New")
        office.enter(window, desk)
        office.record(ticket)
"""
import contextlib
from pathlib import Path

from sql import Table
from trytond.pool import Pool
from trytond.transaction import Transaction

from tests.records import Helpdesk
from tests.services import HOST
from tests.together.processes import Site

# The columns of each section, and their states
STAGES = [
    ("New", 'draft'), ("Doing", 'open'), ("Testing", 'open'),
    ("Asked", 'pending'), ("Done", 'resolved'), ("Archive", 'closed')]
NAMES = [name for name, _ in STAGES]
MANY = 2000
# One for each test, and for each that is tried again
SECTIONS = 50


class Office:

    def __init__(self, folder):
        self.folder = Path(folder)
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.site = stack.enter_context(
                Site(['helpdesk_portal'], self.folder))
            self.company, self._sections = self.site.call(_fill)
            stack.enter_context(self.site.server(conf=self.site.configure(
                        helpdesk={'url': f'http://{HOST}:{self.site.port}'})))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *args):
        self._stack.close()

    @contextlib.contextmanager
    def acting(self, **options):
        with self.site.transaction(
                context={'company': self.company}, **options) as pool:
            yield pool

    def record(self, number):
        "Return stage, state and history of a ticket, the newest last"
        with self.acting(readonly=True) as pool:
            History = pool.get('helpdesk.history')
            Ticket = pool.get('helpdesk.ticket')
            ticket, = Ticket.search([('number', '=', number)])
            rows = History.search(
                [('ticket', '=', ticket.id)], order=[('id', 'ASC')])
            return (
                ticket.stage.name, ticket.state,
                [(r.what, r.user.login if r.user else None) for r in rows])

    def enter(self, window, section, login='agent', query=''):
        "Sign in as the client does: with an address that is good for once"
        with self.acting() as pool:
            Token = pool.get('helpdesk.board.token')
            User = pool.get('res.user')
            user, = User.search([('login', '=', login)])
            token = Token.make(user.id, section=section)
        page = window.page
        page.goto(f'{self.site.url}/helpdesk/board/enter/{token}')
        page.wait_for_url(f'**/helpdesk/board?section={section}')
        if query:
            page.goto(page.url + query)
        page.wait_for_selector('#lanes:not([aria-busy]) .lane')
        return page

    def section(self, name, **tickets):
        """
        Return the id of a section with all stages that has had no tickets.

        tickets has the subjects by the name of the stage.
        """
        section = self._sections.pop()
        self.site.call(
            lambda: _make_tickets(section, name, tickets),
            context={'company': self.company})
        return section

    def number(self, section, subject):
        with self.acting(readonly=True) as pool:
            Ticket = pool.get('helpdesk.ticket')
            ticket, = Ticket.search([
                    ('section', '=', section), ('subject', '=', subject)])
            return ticket.number

    def change(self, number, **values):
        "Write a ticket, as somebody else does"
        with self.acting() as pool:
            Ticket = pool.get('helpdesk.ticket')
            Ticket.write(Ticket.search([('number', '=', number)]), values)

    def multiply(self, section, subject):
        "Make MANY tickets like the one, without what creating them takes"
        with self.acting() as pool:
            Ticket = pool.get('helpdesk.ticket')
            ticket, = Ticket.search([
                    ('section', '=', section), ('subject', '=', subject)])
            _multiply(Ticket.__table__(), ticket)


def _fill():
    """
    Return the ids of the company and of its sections.

    They are made before the server begins, which keeps in memory who sees
    them, and on SQLite does not hear what other processes change.
    """
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Stage = pool.get('helpdesk.stage')
    helpdesk = Helpdesk()
    helpdesk.make_user('colleague', [helpdesk.section])
    sections = Section.create([{
                'name': f"Section {i}",
                'company': helpdesk.company.id,
                'members': [
                    ('add', [e.id for e in helpdesk.section.members])],
                } for i in range(SECTIONS)])
    Stage.create([
            {'name': name, 'state': state, 'sections': [('add', [s.id])]}
            for s in sections for name, state in STAGES])
    return helpdesk.company.id, [s.id for s in sections]


def _make_tickets(section, name, tickets):
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Stage = pool.get('helpdesk.stage')
    Ticket = pool.get('helpdesk.ticket')
    section = Section(section)
    section.name = name
    section.save()
    stages = {
        s.name: s for s in Stage.search([('sections', '=', section.id)])}
    for stage, subjects in tickets.items():
        made = Ticket.create([{
                    'subject': subject, 'section': section.id,
                    'company': section.company.id,
                    'contact_name': "Marta Vila",
                    } for subject in subjects])
        if stages[stage].state != 'draft':
            Ticket.bring_to(made, stages[stage].state)
        Ticket.write(made, {'stage': stages[stage].id})


def _multiply(table, ticket):
    cursor = Transaction().connection.cursor()
    cursor.execute(*table.select(where=table.id == ticket.id))
    names = [c[0] for c in cursor.description if c[0] != 'id']
    cursor.execute(*table.select(
            *(getattr(table, n) for n in names),
            where=table.id == ticket.id))
    row = dict(zip(names, cursor.fetchone()))
    table = Table(table._name)
    columns = [getattr(table, n) for n in names]
    for start in range(0, MANY, 100):
        cursor.execute(*table.insert(columns, [
                    list({
                            **row,
                            'number': f'{ticket.number}-{i}',
                            'subject': f'{ticket.subject} {i}',
                            }.values())
                    for i in range(start, start + 100)]))
