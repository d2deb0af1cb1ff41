# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Tickets assigned by several processes at once.
"""
from collections import Counter

import pytest
from trytond import backend
from trytond.modules.company.tests import create_employee
from trytond.pool import Pool

from tests.records import letter
from tests.services import until

ADDRESS = 'balanced@example.com'
PIPES = 6
LETTERS = 5

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
