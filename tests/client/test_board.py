# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The tickets by stage and as cards, in the web client.
"""
import pytest
from playwright.sync_api import expect
from trytond.pool import Pool
from trytond.transaction import Transaction

from tests.client.browser import Browser
from tests.client.office import PASSWORD, Office

pytestmark = [
    pytest.mark.once, pytest.mark.needs('chromium', 'npm'),
    # A browser on a busy machine may miss a click, never three times
    pytest.mark.flaky(reruns=2)]


@pytest.fixture(scope='module')
def office(tmp_path_factory):
    with Office(tmp_path_factory.mktemp('office')) as office:
        office.site.call(_fill)
        yield office


def _fill():
    pool = Pool()
    Section = pool.get('helpdesk.section')
    Stage = pool.get('helpdesk.stage')
    Ticket = pool.get('helpdesk.ticket')
    stages = Stage.create([
            {'name': "Done", 'state': 'closed', 'sequence': 1},
            {'name': "Diagnosis", 'state': 'open', 'sequence': 2},
            {'name': "Repair", 'state': 'open', 'sequence': 3},
            ])
    section, = Section.search([])
    with Transaction().set_context(company=section.company.id):
        Ticket.create([{
                    'subject': f"{stage.name} {i}",
                    'company': section.company.id,
                    'section': section.id,
                    'state': stage.state,
                    'stage': stage.id,
                    'unread': not i,
                    } for stage, count in zip(stages, [4, 3, 2])
                for i in range(count)])


@pytest.fixture
def window(office):
    with Browser() as browser:
        window = browser.window()
        window.login(office.address, 'agent', PASSWORD)
        yield window
        assert window.errors == []


def test_by_stage(window):
    "C18: tabs in the order of the stages, counted; the list follows them"
    window.open_menu('Helpdesk', 'Tickets by Stage')
    window.settle()
    tabs = window.form.locator('.tab-domain [role=tab]')
    expect(tabs).to_have_text(
        ["Diagnosis 3", "Repair 2", "Done", "All"], use_inner_text=True)
    expect(window.row("Diagnosis 0")).to_be_visible()
    window.open_tab("Repair")
    expect(window.row("Repair 1")).to_be_visible()
    expect(window.form.get_by_text("Diagnosis 0")).to_have_count(0)
    window.screenshot('board-by-stage')


def test_cards(window):
    "C18: the cards of a stage, one of which opens"
    window.open_menu('Helpdesk', 'Tickets by Stage')
    window.open_tab("Repair")
    switch = window.form.get_by_role('button', name='Switch').first
    switch.click()
    window.settle()
    cards = window.form.locator('.list-form-item:visible')
    expect(cards).to_have_count(2)
    expect(cards.filter(has_text="Unread")).to_have_count(1)
    window.screenshot('board-cards')
    cards.filter(has_text="Repair 1").click()
    window.settle()
    switch.click()
    expect(window.field('subject')).to_have_value("Repair 1")
