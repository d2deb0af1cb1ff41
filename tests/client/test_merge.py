# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
An agent merges tickets of the list, and undoes it.

Each step leaves a picture in tests/client/output/ to look at.
"""
import pytest
from playwright.sync_api import expect
from trytond.pool import Pool

from tests.client.browser import Browser
from tests.client.office import PASSWORD, SUPPORT, Office
from tests.records import letter

pytestmark = [
    pytest.mark.once, pytest.mark.needs('chromium', 'npm'),
    # A browser on a busy machine may miss a click, never three times
    pytest.mark.flaky(reruns=2)]

SUBJECTS = ["The machine leaks", "The machine leaks again"]


@pytest.fixture
def window(tmp_path_factory):
    with Office(tmp_path_factory.mktemp('office')) as office:
        for subject in SUBJECTS:
            office.receive(letter(
                    f"{subject}.", to=SUPPORT, subject=subject))
        office.site.call(_assign)
        with Browser() as browser:
            window = browser.window()
            window.login(office.address, 'agent', PASSWORD)
            yield window
            assert not window.errors


def _assign():
    pool = Pool()
    Ticket = pool.get('helpdesk.ticket')
    User = pool.get('res.user')
    agent, = User.search([('login', '=', 'agent')])
    Ticket.write(Ticket.search([]), {'employee': agent.employee.id})


def test_merge(window):
    "AG4: two tickets of the list become one, and two again"
    window.open_menu('Helpdesk', 'My Tickets')
    window.settle()
    rows = window.form.locator('tbody tr:visible')
    expect(rows).to_have_count(2)
    window.form.locator('thead input[type=checkbox]:visible').first.check()
    window.settle()
    window.form.get_by_role('button', name="Action").first.click()
    window.form.get_by_role('menuitem', name="Merge", exact=True).click()
    window.settle()
    # It is all the same person's
    expect(window.dialog.get_by_text("different customers")).to_be_hidden()
    expect(window.dialog.get_by_text(SUBJECTS[1]).last).to_be_visible()
    window.screenshot('merge-01-choice')
    window.confirm("Merge")

    for subject in SUBJECTS:
        expect(window.said(f"{subject}.").first).to_be_visible()
    window.screenshot('merge-02-merged')
    window.open_tab("Related")
    window.open_tab("Merged Tickets")
    window.screenshot('merge-03-merges')
    # The first click on a row would only choose it
    rows.locator('input[type=checkbox]').first.check()
    window.press("Undo")
    expect(window.dialog).to_be_visible()
    window.confirm("OK")
    window.reload()
    window.settle()
    window.screenshot('merge-04-undone')
    window.open_tab("Conversation")
    expect(window.said(f"{SUBJECTS[1]}.")).to_have_count(0)
