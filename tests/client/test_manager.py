# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A manager sets up a section, an agent works a ticket of it through all states;
a manager decides on a letter, an agent answers it.

Each step leaves a picture in tests/client/output/ to look at.
"""
import re

import pytest
from playwright.sync_api import expect

from tests.client.browser import Browser
from tests.client.office import PASSWORD, SUPPORT, Office
from tests.records import letter
from tests.services import until

pytestmark = [
    pytest.mark.once, pytest.mark.needs('chromium', 'npm'),
    # A browser on a busy machine may miss a click, never three times
    pytest.mark.flaky(reruns=2)]

SUBJECT = "The grinder has stopped"
CANNED = "Please send the machine to us."
ASKED = "Can we have the machine of the plan, ten times?"
ANSWERED = "With pleasure: here is the plan, signed."


@pytest.fixture
def office(tmp_path_factory):
    with Office(tmp_path_factory.mktemp('office')) as office:
        yield office


@pytest.fixture
def open_window(office):
    "Return a function that logs in to a window of its own"
    windows = []
    with Browser() as browser:

        def open_window(login):
            window = browser.window()
            windows.append(window)
            window.login(office.address, login, PASSWORD)
            return window

        yield open_window
        assert [w.errors for w in windows] == [[] for _ in windows]


def test_story(office, open_window):
    "From an empty section to a ticket that is closed with a reason"
    admin = open_window('admin')
    _set_up_values(admin)
    _set_up_fields(admin)
    _set_up_section(admin)
    _set_up_stages(admin)
    _set_up_service(admin)

    agent = open_window('agent')
    _write_ticket(agent)
    _take(agent)
    _see_due(agent)
    _answer(agent)
    _wait(agent)
    _close(agent)
    _see_history(agent)

    _reopen(open_window('manager'))


def _set_up_values(window):
    for menu, values in [
            ('Closing Reasons', {'name': "Repaired"}),
            ('Tags', {'name': "Warranty"}),
            ('Canned Answers', {'name': "Send it in", 'text': CANNED})]:
        window.open_configuration(menu)
        window.new()
        window.type(**values)
        _save(window, menu)


def _set_up_fields(window):
    window.open_configuration('Custom Fields')
    window.new()
    window.type(string="Serial Number", name='serial_number')
    window.choose(type_="Char")
    _save(window, 'Custom Fields')
    window.open_configuration('Sets of Custom Fields')
    window.new()
    window.type(name="Machine")
    window.look_up('attributes', "Serial Number")
    _save(window, 'Sets of Custom Fields')


def _set_up_section(window):
    window.open_configuration('Sections')
    window.new()
    window.type(name="Repairs")
    window.look_up('manager', "Manager")
    window.look_up('members', "Agent")
    window.open_tab("New Tickets")
    window.look_up('attribute_set', "Machine")
    window.open_tab("Closing")
    window.form.get_by_label("Closing Needs a Reason").check()
    _save(window, 'Sections')


def _set_up_stages(window):
    for name in ["Diagnosis", "Repair"]:
        window.open_configuration('Stages')
        window.new()
        window.type(name=name)
        window.choose(state="In Process")
        window.look_up('sections', "Repairs")
        _save(window, name)


def _set_up_service(window):
    window.open_configuration('Service Levels')
    window.new()
    window.type(name="Standard", first_answer='4h', solution='32h')
    # A day of opening hours has not 24 of them
    expect(window.field('solution')).to_have_value('32:00')
    _save(window, 'Service Levels')


def _save(window, name):
    window.save()
    window.screenshot(f'manager-{name.lower().replace(" ", "-")}')
    window.close_tabs()


def _write_ticket(window):
    window.open_menu('Helpdesk', 'My Tickets')
    window.new()
    window.type(subject=SUBJECT, email='ada@example.org')
    window.look_up('section', "Repairs")
    window.open_tab("Details")
    window.look_up('tags', "Warranty")
    window.open_tab("Custom Fields")
    window.look_up('attributes', "Serial Number")
    window.form.get_by_label("Serial Number").fill('RD-4711')
    window.save()
    expect(window.choice('state')).to_have_text("Draft")
    expect(window.choice('stage')).to_have_text("")
    window.screenshot('states-01-draft')


def _take(window):
    window.press("Take")
    _is(window, "In Process", "Diagnosis")
    window.choose(stage="Repair")
    window.save()
    _is(window, "In Process", "Repair")
    window.screenshot('states-02-stage')


def _see_due(window):
    expect(window.field('due')).not_to_have_value("")
    window.open_tab("Service")
    expect(window.field('service_level')).to_have_value("Standard")
    window.screenshot('states-02-service')
    window.press("Why?")
    expect(window.dialog.locator('input[name=solution]')).to_have_value(
        re.compile("32:00 of 32:00 used by then"))
    window.screenshot('states-02-why')
    window.confirm("Close")


def _answer(window):
    window.press("Answer")
    text = window.dialog.locator('textarea:visible')
    expect(text).to_be_focused()
    window.look_up('template', "Send it in")
    expect(text).to_have_value(CANNED)
    window.screenshot('states-03-answer')
    window.confirm("Send")
    window.open_tab("Conversation")
    expect(window.said().first).to_contain_text(CANNED)


def _wait(window):
    window.press("Wait Until")
    window.choose(choice="In 3 Days")
    window.screenshot('states-04-wait-until')
    window.confirm("Wait")
    _is(window, "Waiting for Customer")
    expect(window.field('waiting_until')).not_to_have_value("")
    for number, (button, state) in enumerate([
                ("Wait for Third Party", "Waiting for Third Party"),
                ("Ask for Authorization", "Waiting for Authorization"),
                ], 5):
        window.press("Process")
        _is(window, "In Process", "Diagnosis")
        window.press(button)
        if button == "Ask for Authorization":
            window.write("May we repair it?")
            window.confirm("Ask and Wait")
        _is(window, state)
        window.screenshot(f'states-{number:02}-waiting')
    window.press("Process")
    _is(window, "In Process", "Diagnosis")


def _close(window):
    window.press("Resolve")
    _is(window, "Resolved")
    window.press("Close")
    window.choose(reason="Repaired")
    window.screenshot('states-07-close')
    window.confirm("Close")
    _is(window, "Closed")
    expect(window.button("Answer")).to_be_hidden()
    window.screenshot('states-08-closed')


def _see_history(window):
    window.open_tab("History")
    for change in ["Closed", "Resolved", "Waiting for Third Party"]:
        expect(window.row(change)).to_be_visible()
    window.screenshot('states-09-history')


def _reopen(window):
    window.open_menu('Helpdesk', 'All Tickets')
    window.open_tab("All")
    window.open_row(SUBJECT)
    _is(window, "Closed")
    window.press("Reopen")
    _is(window, "In Process", "Diagnosis")
    window.screenshot('states-10-reopened')


def _is(window, state, stage=None):
    expect(window.choice('state')).to_have_text(state)
    if stage:
        expect(window.choice('stage')).to_have_text(stage)


def test_letter(office, open_window):
    "From a letter that is held to an answer to all with a file of the ticket"
    _hold_unknown(office)
    office.receive(letter(
            ASKED, to=SUPPORT, Cc='charles@example.org',
            attachments=[('plan.txt', b'plan')]))
    manager = open_window('manager')
    _make_ticket(manager)
    office.sink.wait(1)

    agent = open_window('agent')
    agent.open_menu('Helpdesk', 'Sections')
    agent.open_row("Support")
    agent.open_tab("Unread")
    agent.open_row("A question")
    _answer_all(agent)
    answer = office.sink.wait(2)[-1]
    assert (answer['To'], answer['Cc']) == (
        'ada@example.org', 'charles@example.org')
    assert [p.get_filename() for p in answer.iter_attachments()] == [
        'plan.txt']


def _hold_unknown(office):
    with office.site.transaction() as pool:
        Section = pool.get('helpdesk.section')
        Section.write(Section.search([]), {'unknown_sender': 'hold'})


def _make_ticket(window):
    window.open_menu('Helpdesk', 'Letters')
    window.open_row("A question")
    expect(window.form.locator('textarea:visible').first).to_have_value(
        re.compile(re.escape(ASKED)))
    for name in ["Make It a Ticket", "Move to Ticket", "Discard"]:
        expect(window.button(name)).to_be_in_viewport(ratio=1)
    window.screenshot('letter-01-held')
    window.press("Make It a Ticket")
    window.screenshot('letter-02-make')
    window.confirm("Make Tickets")
    _reload_until(window, 'state', "Filed")
    window.screenshot('letter-03-filed')


def _answer_all(window):
    window.press("Answer")
    text = window.dialog.locator('textarea:visible')
    expect(text).to_be_focused()
    window.settle()
    text.fill(ANSWERED)
    # As a mouse does, choosing leaves the text
    window.dialog.locator('select[name=reply]').focus()
    window.choose(reply="To All")
    window.choose(ticket_file="plan.txt (1 kB)")
    expect(window.dialog).to_contain_text("plan.txt")
    expect(text).to_have_value(ANSWERED)
    window.screenshot('letter-04-answer')
    window.confirm("Send")
    expect(window.said().first).to_contain_text("plan.txt")
    _reload_until(window, 'delivery', "Sent")
    window.screenshot('letter-05-sent')


def _reload_until(window, name, option):
    "Wait for what the server does by itself after it has answered"

    def is_chosen():
        window.reload()
        window.settle()
        return window.choice(name).first.text_content() == option

    until(is_chosen, 30, f"{name} has not become {option}")
