# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Tickets that find by themselves who is responsible.

Decided here: when that happens, who is there to get them, and what becomes
of those of absent people. Not here: whose turn it is (turn.py), and who may be
responsible at all (responsible.py).
"""
from collections import defaultdict
from itertools import chain

from sql import For, Null
from sql.aggregate import Count
from sql.conditionals import Case
from trytond import backend
from trytond.cache import Cache
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import (
    Transaction, TransactionError, inactive_records, without_check_access)

from . import changes
from .batch import in_batches
from .ticket import PRIORITIES
from .turn import Member, Turns
from .workflow import OVER_STATES

# Why a ticket is taken from somebody, and not by somebody
TAKEN = {'section', 'left', 'absent'}
# The class of the errors that a database rolls transactions back with
_ROLLBACK = '40'


class Overtaken(TransactionError):
    "Others have dealt out tickets since the transaction began."


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    assignment = fields.Selection([
            ('manual', "By Hand"),
            ('equal', "As Many Tickets for Each"),
            ('balanced', "As Many Open Tickets for Each"),
            ], "Assignment", required=True, sort=False,
        help="How a ticket for which nobody is responsible finds one of "
        "those who may be and are not absent.\n"
        "By hand: somebody takes it.\n"
        "As many tickets for each: the members get them in turn.\n"
        "As many open tickets for each: who has the fewest open ones of "
        "the section gets it.")
    assignment_limit = fields.Integer("At Most",
        domain=['OR',
            ('assignment_limit', '=', None),
            ('assignment_limit', '>', 0),
            ],
        states={
            'invisible': Eval('assignment') == 'manual',
            },
        help="Who has so many open tickets of the section gets no more "
        "automatically. If nobody is left, tickets wait.\n"
        "Leave empty for no limit.")

    _dealing_cache = Cache('helpdesk.section.dealing', context=False)

    @classmethod
    def default_assignment(cls):
        return 'manual'

    @classmethod
    def on_modification(cls, mode, sections, field_names=None):
        super().on_modification(mode, sections, field_names=field_names)
        cls._dealing_cache.clear()

    @classmethod
    @without_check_access
    def dealing(cls):
        """
        Return the set of ids of the sections whose assignment is not manual.

        Costs no statement, but the first time.
        """
        dealing = cls._dealing_cache.get(None)
        if dealing is None:
            with inactive_records():
                dealing = frozenset(s.id for s in cls.search(
                        [('assignment', '!=', 'manual')], order=[]))
            cls._dealing_cache.set(None, dealing)
        return dealing

    @property
    def proposed_employee(self):
        pool = Pool()
        Absence = pool.get('helpdesk.absence')
        employee = super().proposed_employee
        if employee:
            stand_ins = Absence.stand_ins()
            if employee.id in stand_ins:
                substitute = stand_ins[employee.id]
                employee = next(
                    (e for e in self.assignable if e.id == substitute), None)
        return employee

    @classmethod
    @without_check_access
    def present(cls, sections):
        """
        Return who is there to be responsible for tickets, by section.

        Those who may be responsible, are employed and not absent today.
        sections and what the dictionary holds, lists, are ids. Costs one
        statement.
        """
        present = {int(s): [] for s in sections}
        for _, section, employee, _, is_present in cls._turns(present):
            if is_present:
                present[section].append(employee)
        return present

    @classmethod
    def _turns(cls, sections):
        """
        Return the members of sections and when it was their turn.

        Tuples of the id of the membership, section, employee (ids), the
        number of the turn, and if they are there to be responsible.
        """
        pool = Pool()
        Absence = pool.get('helpdesk.absence')
        Date = pool.get('ir.date')
        Employee = pool.get('company.employee')
        SectionMember = pool.get('helpdesk.section-company.employee')
        employee = Employee.__table__()
        member = SectionMember.__table__()
        query = cls.assignable_query()
        away = Absence.away()
        cursor = Transaction().connection.cursor()
        cursor.execute(*member
            .join(employee, condition=employee.id == member.employee)
            .join(query, 'LEFT',
                condition=(query.section == member.section)
                & (query.employee == member.employee)
                & ((employee.start_date == Null)
                    | (employee.start_date <= Date.today())))
            .select(
                member.id, member.section, member.employee, member.turn,
                query.employee,
                where=fields.SQL_OPERATORS['in'](
                    member.section, list(sections)),
                order_by=[member.id]))
        return [
            (id_, section, employee, turn or 0,
                assignable is not None and employee not in away)
            for id_, section, employee, turn, assignable in cursor]

    @classmethod
    @without_check_access
    def deal(cls, wanted, held=False):
        """
        Return who becomes responsible for tickets.

        wanted are pairs: the id of a section whose assignment is not manual,
        and that of an employee who shall not get the ticket, or None. Return
        the ids of employees in the same order, None where nobody is there.

        The sections are locked until the end of the transaction, which
        begins again where others have dealt since it began: what they did
        counts. held says that SectionMember.hold has locked them. Costs four
        statements.
        """
        pool = Pool()
        SectionMember = pool.get('helpdesk.section-company.employee')
        members, last = defaultdict(list), defaultdict(int)
        rows = cls._turns({s for s, _ in wanted})
        for id_, section, employee, turn, is_present in rows:
            last[section] = max(last[section], turn)
            if is_present:
                members[section].append(Member(id_, employee, turn))
        if not members:
            return [None] * len(wanted)
        if not held:
            # All members: other processes may find others to be there
            SectionMember.lock([id_ for id_, s, *_ in rows if s in members])
        sections = cls.browse(sorted(members))
        cls._count_open(sections, members)
        turns = {
            s.id: Turns(
                members[s.id], last[s.id],
                balanced=s.assignment == 'balanced',
                limit=s.assignment_limit)
            for s in sections}
        dealt = [
            turns[section].next(without) if section in turns else None
            for section, without in wanted]
        SectionMember.keep_turns(list(chain(
                    *(t.dealt for t in turns.values()))))
        return dealt

    @classmethod
    @without_check_access
    def hold(cls, sections):
        """
        Lock the sections whose assignment is not manual, as deal does.

        For who does before it what a transaction that begins again does not
        take back, such as drawing numbers. Costs a statement, if there are
        such sections.
        """
        pool = Pool()
        SectionMember = pool.get('helpdesk.section-company.employee')
        dealing = [s.id for s in sections if s.id in cls.dealing()]
        if dealing:
            SectionMember.lock(SectionMember.search(
                    [('section', 'in', dealing)], order=[]))

    @classmethod
    def _count_open(cls, sections, members):
        "Count the open tickets of the members by section, where they matter."
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        counted = [
            s.id for s in sections
            if s.assignment == 'balanced' or s.assignment_limit]
        if not counted:
            return
        ticket = Ticket.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*ticket.select(
                ticket.section, ticket.employee, Count(ticket.id),
                where=fields.SQL_OPERATORS['in'](ticket.section, counted)
                & (ticket.employee != Null)
                & ~ticket.state.in_(OVER_STATES),
                group_by=[ticket.section, ticket.employee]))
        counts = {
            (section, employee): count for section, employee, count in cursor}
        for section in counted:
            for member in members[section]:
                member.open = counts.get((section, member.employee), 0)


class SectionMember(metaclass=PoolMeta):
    __name__ = 'helpdesk.section-company.employee'

    turn = fields.Integer("Turn", readonly=True,
        help="The number of the turn in which the member last got a ticket.")

    @classmethod
    def lock(cls, records=None):
        # Tryton's waits a fifth of a second for others, and who makes a
        # ticket then gets an error
        if records is None or not Transaction().database.has_select_for():
            return super().lock(records)
        new = Transaction().create_records[cls.__name__]
        ids = sorted(set(map(int, records)).difference(new))
        if not ids:
            return
        try:
            cls.hold(ids)
        except backend.DatabaseOperationalError as error:
            if (error.sqlstate or '')[:2] != _ROLLBACK:
                raise
            raise Overtaken from error

    @classmethod
    def hold(cls, ids):
        """
        Lock memberships, waiting for others.

        Raise DatabaseOperationalError if these have dealt out tickets since
        the transaction began, for they have numbered the turns. So what is
        read after it is what the others have committed. On SQLite one process
        writes at a time.
        """
        transaction = Transaction()
        if transaction.database.has_select_for():
            table = cls.__table__()
            transaction.connection.cursor().execute(*table.select(
                    table.id,
                    where=fields.SQL_OPERATORS['in'](table.id, ids),
                    order_by=[table.id],
                    for_=For('UPDATE')))

    @classmethod
    def keep_turns(cls, members):
        "Keep the numbers of the turns of members, a list of turn.Member."
        if not members:
            return
        # No client shows them, and nobody's memberships have changed
        table = cls.__table__()
        Transaction().connection.cursor().execute(*table.update(
                [table.turn],
                [Case(*((table.id == m.id, m.turn) for m in members))],
                where=fields.SQL_OPERATORS['in'](
                    table.id, [m.id for m in members])))


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def create(cls, vlist):
        # The sections have given their values already
        vlist, dealt = cls._deal_new(vlist)
        with Transaction().set_context(_helpdesk_dealt=dealt):
            return super().create(vlist)

    @classmethod
    @without_check_access
    def _deal_new(cls, vlist):
        "Return the values with who becomes responsible, and what was dealt."
        pool = Pool()
        Section = pool.get('helpdesk.section')
        default = None
        if any('section' not in v for v in vlist):
            default = cls.default_section()
        sections = [v.get('section', default) for v in vlist]
        dealing = Section.dealing()
        wanted = [
            i for i, (v, s) in enumerate(zip(vlist, sections))
            if s in dealing and not v.get('employee')
            and v.get('state') not in OVER_STATES]
        if not wanted:
            return vlist, frozenset()
        vlist, dealt = list(vlist), set()
        for i, employee in zip(
                wanted, Section.deal([(sections[i], None) for i in wanted])):
            if employee:
                vlist[i] = {**vlist[i], 'employee': employee}
                dealt.add((sections[i], employee))
        return vlist, frozenset(dealt)

    @classmethod
    def write(cls, *args):
        args, dealt = cls._deal_moved(args)
        with Transaction().set_context(_helpdesk_dealt=dealt):
            super().write(*args)

    @classmethod
    @without_check_access
    def _deal_moved(cls, args):
        """
        Return what to write with who becomes responsible, and what was dealt.

        That is where a ticket comes into a section, or is taken from who may
        not have it any longer; not where somebody gives it back.
        """
        pool = Pool()
        Section = pool.get('helpdesk.section')
        actions = list(zip(args[::2], args[1::2]))
        if not any(
                'section' in v or ('employee' in v and not v['employee'])
                for _, v in actions):
            return args, frozenset()
        wanted = {
            ticket.id: section
            for tickets, values in actions
            for ticket in tickets
            if (section := ticket._dealt_in(values))}
        if not wanted:
            return args, frozenset()
        employees = dict(zip(wanted, Section.deal(
                    [(s, None) for s in wanted.values()])))
        dealt = frozenset(
            (s, employees[t]) for t, s in wanted.items() if employees[t])
        return changes.extend(
            args,
            lambda t, _: {'employee': e} if (e := employees.get(t.id)) else {}
            ), dealt

    def _dealt_in(self, values):
        "Return the id of the section that deals out the ticket, or None."
        pool = Pool()
        Section = pool.get('helpdesk.section')
        employee = self.employee.id if self.employee else None
        section = values.get('section') or self.section.id
        reason = Transaction().context.get('helpdesk_reason')
        if (not values.get('employee', employee)
                and (section != self.section.id
                    or (employee and reason in TAKEN))
                and values.get('state', self.state) not in OVER_STATES
                and section in Section.dealing()):
            return section

    @classmethod
    def was_dealt(cls, section, employee):
        """
        Tell if the ticket that is being written found its responsible.

        section and employee are ids.
        """
        return (section, employee) in Transaction().context.get(
            '_helpdesk_dealt', [])

    @classmethod
    @without_check_access
    def deal_out(cls, tickets, held=False):
        """
        Give the open tickets that nobody has to those whose turn it is.

        Where assignment is by hand nothing happens. Who gave a ticket back
        does not get it again. held is as for Section.deal.
        """
        pool = Pool()
        Section = pool.get('helpdesk.section')
        tickets = [
            t for t in tickets
            if not t.employee and t.state not in OVER_STATES
            and t.section.id in Section.dealing()]
        if not tickets:
            return
        given_back = cls._given_back(tickets)
        employees = Section.deal(
            [(t.section.id, given_back.get(t.id)) for t in tickets],
            held=held)
        given = defaultdict(list)
        for ticket, employee in zip(tickets, employees):
            if employee:
                given[employee].append(ticket)
        if given:
            with Transaction().set_context(helpdesk_reason='dealt'):
                cls.write(*chain(*(
                            (tickets, {'employee': employee})
                            for employee, tickets in given.items())))

    @classmethod
    def _given_back(cls, tickets):
        "Return which employees gave tickets back, by the ids of tickets."
        pool = Pool()
        History = pool.get('helpdesk.history')
        return {h.ticket.id: int(h.old) for h in History.search([
                    ('ticket', 'in', [t.id for t in tickets]),
                    ('what', '=', 'employee'),
                    ('until', '=', None),
                    ('old', '!=', None),
                    ('new', '=', None),
                    ('reason', '=', None),
                    ], order=[])}

    @classmethod
    @without_check_access
    def deal_waiting(cls):
        "Give waiting tickets to those who are there (scheduled action)."
        pool = Pool()
        Section = pool.get('helpdesk.section')
        SectionMember = pool.get('helpdesk.section-company.employee')
        sections = Section.search([('assignment', '!=', 'manual')], order=[])
        present = Section.present([s.id for s in sections])
        present = [s for s, employees in present.items() if employees]
        if not present:
            return
        members = [m.id for m in SectionMember.search(
                [('section', 'in', present)], order=[])]
        in_batches(
            cls._waiting(present), lambda ids: cls._deal_batch(ids, members))

    @classmethod
    def _waiting(cls, sections):
        "Return the ids of open tickets nobody has, the most urgent first."
        ticket = cls.__table__()
        urgency = Case(*(
                (ticket.priority == p, i)
                for i, (p, _) in enumerate(PRIORITIES)))
        cursor = Transaction().connection.cursor()
        cursor.execute(*ticket.select(
                ticket.id,
                where=fields.SQL_OPERATORS['in'](ticket.section, sections)
                & (ticket.employee == Null)
                & ~ticket.state.in_(OVER_STATES),
                order_by=[urgency.desc, ticket.id.asc]))
        return [id_ for id_, in cursor]

    @classmethod
    def _deal_batch(cls, ids, members):
        "Give tickets to those who are there, with the memberships locked."
        pool = Pool()
        SectionMember = pool.get('helpdesk.section-company.employee')
        SectionMember.hold(members)
        waiting = {t.id: t for t in cls.search([
                    ('id', 'in', ids),
                    ('employee', '=', None),
                    ], order=[])}
        with Transaction().set_context(helpdesk_actor='system'):
            cls.deal_out(
                [waiting[i] for i in ids if i in waiting], held=True)

    @classmethod
    def hand_on(cls, employees, date=None):
        """
        Hand open tickets of absent employees on, to who stands in.

        employees are ids; date is a day, None for today.
        """
        with without_check_access():
            tickets = cls.search([
                    ('employee', 'in', employees),
                    ('state', 'not in', OVER_STATES),
                    ], order=[('id', 'ASC')])
        cls.replace_absent(tickets, date)

    @classmethod
    @without_check_access
    def replace_absent(cls, tickets, date=None):
        """
        Take tickets from those who are absent.

        They go to who stands in, or back to the section where that one may
        not be responsible. date is a day, None for today.
        """
        pool = Pool()
        Absence = pool.get('helpdesk.absence')
        Section = pool.get('helpdesk.section')
        stand_ins = Absence.stand_ins(date)
        tickets = [
            t for t in tickets if t.employee and t.employee.id in stand_ins]
        if not tickets:
            return
        allowed = Section.assignable_pairs({
                (t.section.id, stand_ins[t.employee.id]) for t in tickets
                if stand_ins[t.employee.id]})
        given = defaultdict(list)
        for ticket in tickets:
            substitute = stand_ins[ticket.employee.id]
            is_allowed = (ticket.section.id, substitute) in allowed
            given[substitute if is_allowed else None].append(ticket)
        with Transaction().set_context(helpdesk_reason='absent'):
            cls.write(*chain(*(
                        (tickets, {'employee': employee})
                        for employee, tickets in given.items())))

    @classmethod
    @without_check_access
    def communicated(cls, conversations):
        pool = Pool()
        Absence = pool.get('helpdesk.absence')
        Section = pool.get('helpdesk.section')
        super().communicated(conversations)
        if not Section.dealing() and not Absence.away():
            return
        new = set(Transaction().create_records[cls.__name__])
        heard = {
            c.ticket.id for c in conversations
            if c.direction == 'in' and not c.is_automatic()} - new
        if heard:
            tickets = [
                t for t in cls.browse(sorted(heard))
                if t.state not in OVER_STATES]
            cls.replace_absent(tickets)
            cls.deal_out(cls.browse(tickets))


class History(metaclass=PoolMeta):
    __name__ = 'helpdesk.history'

    @classmethod
    def _reason(cls, what, old, new):
        dealt = Transaction().context.get('_helpdesk_dealt', [])
        if (what == 'employee' and old is None
                and new in {employee for _, employee in dealt}):
            return 'dealt'
        return super()._reason(what, old, new)
