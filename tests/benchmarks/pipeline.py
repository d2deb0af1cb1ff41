# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Letters into tickets, as a door and the queue do it.
"""
import cProfile
import resource
import sys
from contextlib import nullcontext

from trytond.modules.helpdesk_mail.intake.signing import reply_address
from trytond.pool import Pool
from trytond.transaction import Transaction
from trytond.worker import run_task

from .letters import Confirmation, Writer
from .prepare import ADDRESS
from .statements import Statements, Stopwatch

BATCH = 25


class Pipeline:
    """
    Delivers letters in batches and has each batch judged by the queue.

    `batches` tells, for each batch, the tables that rows were inserted into,
    with the last id before and after.
    """

    def __init__(self, name, letters, seed, profile=None):
        self.name = name
        self.pool = Pool(name)
        self.writer = Writer(seed, ADDRESS)
        self.plan = self.writer.kinds(letters, BATCH)
        self.statements = Statements()
        self.stopwatch = Stopwatch()
        self.profile = cProfile.Profile() if profile else None
        self.confirmations = []
        self.batches = []
        self.size = 0
        self._last_ids = self._ids(self._tables())
        self._last_confirmation = 0

    def run(self):
        "Return the figures"
        memory = peak_memory()
        for start in range(0, len(self.plan), BATCH):
            letters = self._write(self.plan[start:start + BATCH])
            self.size += sum(map(len, letters))
            with (self.profile or nullcontext(), self.statements,
                    self.stopwatch):
                self._file(letters)
            self._note()
        peak = peak_memory()
        self._check()
        return {
            **self.stopwatch.figures(len(self.plan)),
            'statements_per_letter': round(
                self.statements.count / len(self.plan), 2),
            'peak_memory_mb': peak,
            'memory_before_mb': memory,
            'letters_mb': round(self.size / 1024 ** 2, 1),
            'batch': BATCH,
            }

    def _write(self, kinds):
        choose = self.writer.random.choice
        return [
            self.writer.new() if kind == 'new'
            else self.writer.reply(choose(self.confirmations))
            for kind in kinds]

    def _file(self, letters):
        with Transaction().start(self.name, 0) as transaction:
            transaction.tasks.clear()
            Inbox = self.pool.get('inbound.email.inbox')
            inbox, = Inbox.search([])
            inbox.deliver(letters)
            tasks = list(transaction.tasks)
        for task in tasks:
            run_task(self.pool, task)

    def _note(self):
        "Note what the batch has written"
        ids = self._ids(self.statements.inserted() & self._tables())
        self.batches.append({
                table: (self._last_ids[table], last)
                for table, last in ids.items()
                if last > self._last_ids[table]})
        self._last_ids.update(ids)
        with Transaction().start(self.name, 0, readonly=True):
            Conversation = self.pool.get('helpdesk.conversation')
            secret = self.pool.get('helpdesk.mail.key').get_secret()
            for sent in Conversation.search([
                        ('id', '>', self._last_confirmation),
                        ('automatic', '=', True),
                        ('direction', '=', 'out'),
                        ], order=[('id', 'ASC')]):
                self._last_confirmation = sent.id
                ticket = sent.ticket
                self.confirmations.append(Confirmation(
                        ticket.number, ticket.subject, ticket.email,
                        sent.message_id,
                        reply_address(secret, ticket.id, ADDRESS)))

    def _tables(self):
        return {
            Model._table for _, Model in self.pool.iterobject()
            if getattr(Model, '_table', None)
            and not callable(getattr(Model, 'table_query', None))}

    def _ids(self, tables):
        "Return the last id of each of the tables"
        with Transaction().start(self.name, 0, readonly=True) as transaction:
            cursor = transaction.connection.cursor()
            ids = {}
            for table in tables:
                cursor.execute(f'SELECT COALESCE(MAX(id), 0) FROM "{table}"')
                ids[table], = cursor.fetchone()
            return ids

    def _check(self):
        "The figures count only if the letters went where they belong"
        with Transaction().start(self.name, 0, readonly=True):
            Mail = self.pool.get('helpdesk.mail')
            Ticket = self.pool.get('helpdesk.ticket')
            filed = Mail.search([('state', '=', 'filed')], count=True)
            tickets = Ticket.search([], count=True)
        wanted = len(self.plan), self.plan.count('new')
        if (filed, tickets) != wanted:
            raise RuntimeError(
                f"{filed} letters made {tickets} tickets, "
                f"not {wanted[0]} letters {wanted[1]} tickets")


def peak_memory():
    "Return the peak memory of this process in MB"
    # In kilobytes on Linux, in bytes on macOS
    unit = 1024 ** (2 if sys.platform == 'darwin' else 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / unit, 1)
