# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What tests of assignment and absences begin with.
"""
import datetime as dt

from trytond.pool import Pool
from trytond.transaction import Transaction

from tests.records import Helpdesk

DAY = dt.timedelta(days=1)
OUTSIDE = dt.date(1999, 1, 1)


def make(assignment='equal', logins='abc', **values):
    "Return the helpdesk and the users who alone are in its section"
    desk = Helpdesk(assignment=assignment, **values)
    users = [desk.make_user(login, []) for login in logins]
    desk.section.members = [u.employee for u in users]
    desk.section.save()
    return desk, users


def enter(user, substitute=None):
    "Let a user be absent today"
    pool = Pool()
    Absence = pool.get('helpdesk.absence')
    today = dt.date.today()
    absence = Absence(
        employee=user.employee, start_date=today - DAY, end_date=today + DAY,
        substitute=substitute.employee if substitute else None)
    absence.save()
    return absence


def come_back(absence):
    "Let the absence have been long ago"
    absence.start_date = absence.end_date = OUTSIDE
    absence.save()


def create(desk, count, **values):
    "Make tickets in one go"
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    with Transaction().set_context(desk.context):
        return list(Ticket.create([{
                    'subject': f"Ticket {i}",
                    'company': desk.company.id,
                    'section': desk.section.id,
                    **values,
                    } for i in range(count)]))


def answer(ticket, **values):
    "Let the customer answer"
    pool = Pool()
    Conversation = pool.get('helpdesk.conversation')
    # The ticket is not one that this transaction has made
    Transaction().create_records.pop('helpdesk.ticket', None)
    with Transaction().set_user(0):
        Conversation.create([{
                    'ticket': ticket.id,
                    'kind': 'email',
                    'direction': 'in',
                    'author': "Ada",
                    'body': "Still on fire",
                    **values,
                    }])
    return ticket.__class__(ticket.id)


def run_scheduler():
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    with Transaction().set_user(0):
        Ticket.deal_waiting()


def who(tickets):
    "Return the names of those responsible"
    return [
        t.employee.rec_name.lower() if t.employee else None
        for t in tickets[0].__class__.browse(tickets)] if tickets else []


def last_change(ticket):
    return next(h for h in ticket.history if h.what == 'employee')
