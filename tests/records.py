# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The records that tests of several modules begin with.
"""
from email.message import EmailMessage

from trytond.modules.company.tests import create_company, create_employee
from trytond.pool import Pool
from trytond.transaction import Transaction

from tests.recording import recorded

__all__ = ['Helpdesk', 'letter']


class Helpdesk:
    "A company with a section, an agent who is its member, and a manager"

    def __init__(self, **values):
        pool = Pool()
        Company = pool.get('company.company')
        Configuration = pool.get('helpdesk.configuration')
        Section = pool.get('helpdesk.section')
        User = pool.get('res.user')
        # It is needed below, and for a lock Tryton begins the test anew
        Configuration.lock()
        company, section, agent, manager = recorded(self._make, **values)
        self.context = {'company': company}
        self.company = Company(company)
        with Transaction().set_context(self.context):
            self.section = Section(section)
        self.agent, self.manager = User(agent), User(manager)

    def _make(self, **values):
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        self.company = create_company()
        with Transaction().set_context(company=self.company.id):
            section = self.make_section("Support", **values)
            configuration = Configuration(1)
            configuration.default_section = section
            configuration.save()
        agent = self.make_user('agent', [section])
        manager = self.make_user('manager', [], 'group_helpdesk_manager')
        return self.company.id, section.id, agent.id, manager.id

    def make_section(self, name, **values):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        section = Section(name=name, company=self.company, **values)
        section.save()
        return section

    def make_user(self, login, sections, group='group_helpdesk'):
        pool = Pool()
        ModelData = pool.get('ir.model.data')
        Section = pool.get('helpdesk.section')
        User = pool.get('res.user')
        employee = create_employee(self.company, name=login.title())
        user = User(name=login.title(), login=login)
        user.companies = [self.company]
        user.company = self.company
        user.employees = [employee]
        user.employee = employee
        user.groups = [ModelData.get_id('helpdesk', group)]
        user.save()
        for section in sections:
            section.members = [*section.members, employee]
        Section.save(sections)
        return user

    def as_user(self, user):
        "Return a context manager that acts for the user, as a client does"
        return Transaction().set_user(user.id), Transaction().set_context(
            company=self.company.id, employee=user.employee.id,
            _check_access=True)

    def make_ticket(self, **values):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        with Transaction().set_context(self.context):
            values.setdefault('subject', "The printer is on fire")
            values.setdefault('section', self.section)
            ticket = Ticket(company=self.company, **values)
            ticket.save()
        return ticket


def letter(text="Hello", *, sender="Ada <ada@example.org>",
        to="support@example.com", subject="A question", message_id=None,
        html=None, attachments=(), **headers):
    "Return a raw letter as a mail program writes it"
    message = EmailMessage()
    message['From'] = sender
    message['To'] = to
    message['Subject'] = subject
    message['Date'] = 'Mon, 02 Nov 2026 10:00:00 +0000'
    message['Message-ID'] = message_id or f'<{abs(hash(text))}@example.org>'
    for name, value in headers.items():
        message[name.replace('_', '-')] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype='html')
    for name, data in attachments:
        message.add_attachment(
            data, maintype='application', subtype='octet-stream',
            filename=name)
    return bytes(message)
