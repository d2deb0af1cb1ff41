# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A manager reads the reports, as lists and graphs, and prints the overview.

Each step leaves a picture in tests/client/output/ to look at.
"""
import datetime as dt

import pytest
from playwright.sync_api import expect
from trytond.transaction import Transaction

from tests.client.browser import Browser
from tests.client.office import PASSWORD, Office

pytestmark = [
    pytest.mark.once, pytest.mark.needs('chromium', 'npm'),
    # A browser on a busy machine may miss a click, never three times
    pytest.mark.flaky(reruns=2)]

MONTHS = 12


@pytest.fixture
def office(tmp_path_factory):
    with Office(tmp_path_factory.mktemp('office')) as office:
        yield office


@pytest.fixture
def window(office):
    _fill(office)
    with Browser() as browser:
        window = browser.window()
        window.login(office.address, 'manager', PASSWORD)
        yield window
        assert not window.errors


def _fill(office):
    "Make tickets of each of the last months, one more each month"
    now = dt.datetime.now().replace(microsecond=0)
    with office.site.transaction() as pool:
        Company = pool.get('company.company')
        Section = pool.get('helpdesk.section')
        Ticket = pool.get('helpdesk.ticket')
        company, = Company.search([])
        section, = Section.search([])
        table = Ticket.__table__()
        cursor = Transaction().connection.cursor()
        with Transaction().set_context(company=company.id):
            for month in range(MONTHS):
                tickets = Ticket.create([{
                            'subject': f"Question {month}-{number}",
                            'section': section.id,
                            'channel': ['email', 'web', 'phone'][number % 3],
                            } for number in range(MONTHS - month)])
                done = tickets[:len(tickets) // 2]
                made = now - dt.timedelta(days=30 * month, hours=6)
                cursor.execute(*table.update(
                        [table.create_date], [made],
                        where=table.id.in_([t.id for t in tickets])))
                if done:
                    cursor.execute(*table.update(
                            [table.state, table.resolved_at, table.solved_at,
                                table.first_answer_at,
                                table.first_answer_time,
                                table.first_answer_open_time,
                                table.solution_time,
                                table.solution_open_time],
                            ['resolved', *[made + dt.timedelta(hours=5)] * 2,
                                made + dt.timedelta(hours=1),
                                *[dt.timedelta(hours=1)] * 2,
                                *[dt.timedelta(hours=5)] * 2],
                            where=table.id.in_([t.id for t in done])))


def _switch(window):
    window.settle()
    window.form.get_by_role('button', name='Switch').first.click()
    window.settle()


def test_reports(window):
    "X6: from the list to the months and their graphs"
    window.open_menu('Helpdesk', 'Reporting', 'Tickets')
    window.settle()
    window.screenshot('reporting-01-choice')
    window.dialog.get_by_text('Tickets', exact=True).first.click()
    window.confirm('OK')
    total = sum(range(1, MONTHS + 1))
    expect(window.row(str(total))).to_be_visible()
    window.screenshot('reporting-02-list')

    window.open_row(str(total))
    window.settle()
    window.screenshot('reporting-03-months')
    expect(window.form.locator('tbody tr:visible')).not_to_have_count(0)
    for number in range(4, 8):
        _switch(window)
        expect(window.form.locator('svg:visible').first).to_be_visible()
        window.screenshot(f'reporting-{number:02}-graph')


def test_overview(window):
    "X6: the overview is offered for the last month, and printed"
    window.open_menu('Helpdesk', 'Reporting', 'Overview')
    window.settle()
    window.screenshot('reporting-20-overview')
    with window.page.expect_download() as download:
        window.confirm('Print')
    assert download.value.suggested_filename.endswith('.pdf')
