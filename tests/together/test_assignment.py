# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Tickets assigned by several processes at once.
"""
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import proteus
import pytest
from trytond import backend
from trytond.modules.company.tests import create_employee
from trytond.pool import Pool

from tests.records import letter
from tests.services import until
from tests.together.processes import AGENT_PASSWORD

ADDRESS = 'balanced@example.com'
PIPES = 6
LETTERS = 5
# So many tickets for each of four members
AGENTS = 6
TICKETS = 6

pytestmark = pytest.mark.skipif(
    backend.name == 'sqlite', reason="one process at a time writes")


@pytest.fixture
def members(site):
    "The ids of the members of a section, who have as many tickets each"
    def make():
        pool = Pool(site.name)
        Company = pool.get('company.company')
        Section = pool.get('helpdesk.section')
        company = Company(site.company)
        section = Section(
            name="Balanced", company=company, mail_address=ADDRESS,
            assignment='balanced')
        section.members = [
            create_employee(company, name=f"Member {i}") for i in range(3)]
        section.save()
        return [m.id for m in section.members]

    return site.call(make, user=1)


def test_at_once(site, inbox, members):
    "D6: the counts are right however many processes take in letters at once"
    for i in range(LETTERS):
        pipes = [
            site.pipe(
                letter(f"{i} {j}", to=ADDRESS,
                    sender=f'{i}-{j}@{inbox}.test'), inbox)
            for j in range(PIPES)]
        for pipe in pipes:
            assert site.finish(pipe).returncode == 0

    def filed():
        # What had to wait for others is judged again by the scheduler
        letters = site.letters(inbox)
        if {m.state for m in letters} == {'filed'}:
            return letters
        site.cron()

    letters = until(filed, 60, "letters are not filed")
    assert len(letters) == PIPES * LETTERS
    with site.transaction(readonly=True) as pool:
        Ticket = pool.get('helpdesk.ticket')
        counts = Counter(
            t.employee and t.employee.id
            for t in Ticket.browse([m.ticket for m in letters]))
    assert counts == dict.fromkeys(members, PIPES * LETTERS // len(members))


def make_tickets(site, section):
    "Make tickets over the network, as the agent's client does"
    with proteus.config.set_xmlrpc_session(
            site.url + '/rpc/', 'agent', AGENT_PASSWORD) as config:
        create = config.get_proxy('helpdesk.ticket').create
        return [
            id_ for i in range(TICKETS) for id_ in create([{
                        'subject': f"Ticket {i}", 'company': site.company,
                        'section': section}], {'company': site.company})]


def test_agents(site, members):
    "D6: who make tickets at once get no errors, and the counts are right"
    def join():
        pool = Pool(site.name)
        Section = pool.get('helpdesk.section')
        User = pool.get('res.user')
        section, = Section.search([('members', '=', members[0])])
        agent, = User.search([('login', '=', 'agent')])
        section.members = [*section.members, agent.employee]
        section.save()
        return section.id, [m.id for m in section.members]

    section, members = site.call(join, user=1)
    with site.server(), ThreadPoolExecutor(AGENTS) as agents:
        made = list(agents.map(
                make_tickets, [site] * AGENTS, [section] * AGENTS))
    tickets = list(chain(*made))
    assert len(tickets) == AGENTS * TICKETS
    with site.transaction(readonly=True) as pool:
        Ticket = pool.get('helpdesk.ticket')
        counts = Counter(
            t.employee and t.employee.id for t in Ticket.browse(tickets))
    assert counts == dict.fromkeys(
        members, AGENTS * TICKETS // len(members))
