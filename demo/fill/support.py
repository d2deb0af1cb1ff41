# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"The two teams of the helpdesk, and how mail comes to them"
import datetime as dt

from proteus import Model, Wizard

from ..settings import INBOX, ORDERS, SUPPORT
from . import values as values_
from .records import make

BLOCKED = 'megadeals.example'
SIGNATURE = """\
${agent.name}
Cafeteras Ribera"""


def fill(company, employees):
    "Return the section whose form is open to everyone"
    support = _section(
        company, "Technical Support", 'public', SUPPORT,
        [employees['ana'], employees['marta']],
        mail_separator="-- Please write above this line --",
        signature=SIGNATURE, quote_history=True)
    support.calendar = _opening_hours()
    support.manager = Model.get('company.employee')(employees['marta'].id)
    values_.fill(support)
    _section(
        company, "Orders and Invoices", 'private', ORDERS,
        [employees['joan'], employees['marta']],
        unknown_sender='hold', assignment='balanced')
    _away(employees['joan'], employees['marta'])
    make('helpdesk.mail.address', pattern=BLOCKED, blocked=True)
    configuration = Model.get('helpdesk.configuration')(1)
    configuration.default_section = support
    configuration.save()
    inbox = Model.get('inbound.email.inbox')(name=INBOX)
    inbox.rules.new(action='helpdesk.mail|receive')
    inbox.save()
    return support


def _opening_hours():
    "Return office hours with the holidays of Catalonia"
    calendar = make('helpdesk.work_calendar', name="Office Hours")
    holidays = Wizard('helpdesk.work_calendar.import_holidays', [calendar])
    holidays.form.country = 'ES'
    holidays.form.region = 'CT'
    holidays.execute('preview')
    holidays.execute('import_')
    return calendar


def _away(employee, substitute):
    "Two weeks of holidays, but not yet"
    start = dt.date.today() + dt.timedelta(days=30)
    make('helpdesk.absence',
        employee=Model.get('company.employee')(employee.id),
        substitute=Model.get('company.employee')(substitute.id),
        start_date=start, end_date=start + dt.timedelta(days=13),
        reason="Holidays")


def _section(company, name, visibility, address, members, **values):
    section = Model.get('helpdesk.section')(
        name=name, company=company, visibility=visibility,
        mail_name=f"Ribera {name}", mail_address=address,
        acknowledge=True, subaddress=True, **values)
    section.members.extend(
        Model.get('company.employee')(member.id) for member in members)
    section.save()
    return section
