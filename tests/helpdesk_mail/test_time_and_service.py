# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The example of doc/usage/service.rst, whose dates these are.
"""
import datetime as dt

from trytond.modules.helpdesk.time_spent import rounded
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction
from trytond.tools import timezone as tz
from trytond.transaction import Transaction

from tests.helpdesk.times import Clock, make_calendar
from tests.helpdesk.wizards import go_through
from tests.helpdesk_mail.test_receive import deliver, helpdesk, sent
from tests.records import letter

HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
ZONE = tz.get_tzinfo('Europe/Madrid')
# Of the modules that ask what time it is
MODULES = [
    'helpdesk.absence', 'helpdesk.clock', 'helpdesk.closing',
    'helpdesk.conversation', 'helpdesk.default', 'helpdesk.due',
    'helpdesk.history', 'helpdesk.service', 'helpdesk.ticket',
    'helpdesk.workflow', 'helpdesk_mail.automatic', 'helpdesk_mail.mail']


def setup_module():
    activate_module('helpdesk_mail')


def at(day, hour, minute=0):
    "Return a time in January 2026 on the clocks of Madrid, naive, in UTC"
    local = dt.datetime(2026, 1, day, hour, minute, tzinfo=ZONE)
    return local.astimezone(dt.timezone.utc).replace(tzinfo=None)


def hours(number, minutes=0):
    return number * HOUR + minutes * MINUTE


class Story:
    "A ticket, and the scheduled actions every five minutes"

    def __init__(self, clock):
        self.clock = clock
        self.ticket = None

    def run_until(self, time):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        while self.clock.now < time:
            self.clock.now = min(self.clock.now + 5 * MINUTE, time)
            with Transaction().set_user(0):
                Ticket.notify_due()
                Ticket.close_due()
        return self.look()

    def look(self):
        "Return the ticket as the next transaction sees it"
        Transaction().cache.clear()
        Transaction().create_records.pop('helpdesk.ticket', None)
        if self.ticket:
            self.ticket = self.ticket.__class__(self.ticket.id)
        return self.ticket

    def write_letter(self, text):
        subject = f"Re: [#{self.ticket.number}]" if self.ticket else "Broken"
        mail, = deliver(letter(text, subject=subject))
        self.ticket = mail.ticket
        return self.look()

    def told(self):
        "Return who was told of what and when, the first thing first"
        return [
            (e.at, e.event, e.target, e.told)
            for e in reversed(self.ticket.escalations)]


def make_desk():
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    Section = pool.get('helpdesk.section')
    ServiceLevel = pool.get('helpdesk.service_level')
    desk = helpdesk(
        calendar=make_calendar(
            ('09:00', '17:00'), 'Europe/Madrid',
            [(dt.date(2026, 1, 6), "Epiphany")]),
        assignment='balanced', close_after=16 * HOUR, close_notice=8 * HOUR)
    desk.company.timezone = 'Europe/Madrid'
    desk.company.save()
    desk.joan = desk.make_user('joan', [desk.section])
    Section.write([desk.section], {'manager': desk.manager.employee.id})
    Absence.create([{
                'employee': desk.agent.employee.id,
                'substitute': desk.joan.employee.id,
                'start_date': dt.date(2026, 1, 7),
                'end_date': dt.date(2026, 1, 9),
                }])
    ServiceLevel.create([{
                'name': "Standard", 'company': desk.company.id,
                'first_answer': 2 * HOUR, 'solution': 8 * HOUR,
                'warn_before': HOUR,
                'steps': [('create', [{
                                'target': 'solution', 'when': 'after',
                                'time': 0 * HOUR, 'recipients': ['manager'],
                                }])],
                }])
    return desk


def friday(desk, story):
    ticket = story.write_letter("It is broken.")
    assert ticket.employee == desk.agent.employee
    assert ticket.first_answer_due == ticket.due == at(5, 10)
    assert ticket.solution_due == at(5, 16)


def monday(desk, story):
    ticket = story.run_until(at(5, 9, 30))
    assert story.told() == [
        (at(5, 9), 'due', 'first_answer', desk.agent.name)]
    go_through(
        desk, 'helpdesk.ticket.answer', [ticket], 'wait',
        text="What does it do?")
    ticket = story.look()
    assert (ticket.state, ticket.first_answer_met) == ('pending', 'met')
    assert (ticket.solution_left, ticket.due) == (hours(6, 30), None)
    story.run_until(at(5, 16, 30))
    ticket = story.write_letter("It smokes.")
    assert (ticket.state, ticket.employee) == ('open', desk.agent.employee)
    assert ticket.solution_due == ticket.due == at(7, 15)


def wednesday(desk, story):
    story.run_until(at(7, 10))
    ticket = story.write_letter("Is there any news?")
    assert ticket.employee == desk.joan.employee
    assert ticket.due == at(7, 15)
    story.run_until(at(7, 14, 30))
    assert story.told()[1:] == [
        (at(7, 14), 'due', 'solution', desk.joan.name)]
    go_through(
        desk, 'helpdesk.ticket.answer', [ticket], 'resolve',
        user=desk.joan, text="Here is a new one.")
    ticket = story.look()
    assert (ticket.state, ticket.solution_met) == ('resolved', 'met')
    assert ticket.due is None
    assert ticket.agent_open_time == hours(7, 30)
    assert ticket.customer_open_time == hours(7)
    assert ticket.closes_at == at(9, 14, 30)


def thursday_and_friday(desk, story):
    mails = len(sent(story.ticket))
    assert len(sent(story.run_until(at(8, 14, 25)))) == mails
    assert len(sent(story.run_until(at(8, 14, 30)))) == mails + 1
    assert story.run_until(at(9, 14, 25)).state == 'resolved'
    ticket = story.run_until(at(9, 14, 30))
    assert (ticket.state, ticket.closed_by) == ('closed', 'system')
    assert len(story.told()) == 2


@with_transaction()
def test_example():
    "C7, C10, X4, AG2, AG5, AG6, E3, E5: the example of the documentation"
    with Clock(at(2, 16), MODULES) as clock:
        desk, story = make_desk(), Story(clock)
        friday(desk, story)
        monday(desk, story)
        wednesday(desk, story)
        thursday_and_friday(desk, story)


def test_time_spent():
    "C9, AG10: the time spent of the example, by employee and day"
    quarter = 15 * MINUTE
    assert rounded(12 * MINUTE, 'up', quarter) == 15 * MINUTE
    assert rounded((10 + 25) * MINUTE, 'up', quarter) == 45 * MINUTE
