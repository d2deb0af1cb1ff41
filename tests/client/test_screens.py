# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Each screen of the helpdesk, in the window of a laptop and in two languages.

A picture of each is left in tests/client/output/ to look at.
"""
import datetime as dt

import polib
import pytest
from playwright.sync_api import expect
from trytond.pool import Pool
from trytond.transaction import Transaction

from tests.client.browser import Browser
from tests.client.office import PASSWORD, SUPPORT, Office, is_translated
from tests.database import ROOT
from tests.environment import MODULES
from tests.records import letter

pytestmark = [
    pytest.mark.once, pytest.mark.needs('chromium', 'npm'),
    # A browser on a busy machine may miss a click, never three times
    pytest.mark.flaky(reruns=2)]

MENUS = [
    'Configuration', 'My Tickets', 'My Activities', 'Sections', 'Board',
    'All Tickets', 'Tickets by Stage', 'Letters', 'Chats', 'Absences',
    'Reporting']
LONG = "The espresso machine leaks since we last descaled it on Tuesday"
# What is wider or higher than its place; margins of the client are not
CUT_OFF = """() => {
    const place = (document.querySelector('.modal.in') ||
        document.querySelector('#tabcontent > .tab-pane.active'));
    const wide = '.treeview, .form, .form-container, .modal-body';
    return [...place.querySelectorAll(wide)]
        .filter(e => e.offsetParent && (
            e.scrollWidth > e.clientWidth + 8 ||
            (e.matches('.modal-body') && e.scrollHeight > e.clientHeight + 8)))
        .map(e => [e.className, e.clientWidth, e.scrollWidth])
    }"""


@pytest.fixture(scope='module')
def office(tmp_path_factory):
    languages = ['es'] if is_translated('es') else []
    folder = tmp_path_factory.mktemp('office')
    with Office(folder, languages) as office:
        office.receive(letter("It does not heat.", to=SUPPORT, subject=LONG))
        office.receive(b'Subject: Nobody wrote this\n\n')
        office.site.call(_fill)
        yield office


def _fill():
    "Make what no letter makes"
    pool = Pool()
    Account = pool.get('helpdesk.mail.account')
    Category = pool.get('helpdesk.category')
    Employee = pool.get('company.employee')
    Inbox = pool.get('inbound.email.inbox')
    Ticket = pool.get('helpdesk.ticket')
    Type = pool.get('helpdesk.type')
    Category.create([{'name': "Machines"}])
    Type.create([{'name': "Repair"}])
    inbox, = Inbox.search([])
    Account.create([{
                'name': "Mailbox of the support", 'inbox': inbox.id,
                'host': 'imap.ribera.example', 'username': SUPPORT,
                'password': 'secret',
                }])
    tickets = Ticket.search([])
    with Transaction().set_context(company=tickets[0].company.id):
        tickets += Ticket.copy(tickets * 2)
    admin, = pool.get('res.user').search([('login', '=', 'admin')])
    admin.employees = Employee.search([])
    admin.employee = admin.employees[0]
    admin.save()
    tickets[0].employee = admin.employee
    tickets[0].deadline = dt.datetime(2026, 1, 1)
    Ticket.save(tickets)


@pytest.fixture
def window(office, language):
    office.speak('admin', language)
    with Browser() as browser:
        window = browser.window()
        window.login(
            office.address, 'admin', PASSWORD, _words(language)['Helpdesk'])
        yield window
        assert window.errors == []


def _words(language):
    "Return what the menus are called"
    words = {w: w for w in ['Helpdesk', *MENUS]}
    if language != 'en':
        for module in MODULES:
            path = ROOT / module / 'locale' / f'{language}.po'
            for entry in polib.pofile(str(path)):
                if entry.msgid in words and entry.msgctxt.startswith(
                        ('model:ir.ui.menu,name:', 'model:ir.action,name:')):
                    words[entry.msgid] = entry.msgstr
    return words


# Spanish takes more room than English
@pytest.mark.skipif(not is_translated('es'), reason="not translated yet")
@pytest.mark.parametrize('language', ['es'])
def test_screens(window, language):
    "Every screen fits a laptop, and its menu speaks the user's language"
    words = _words(language)
    menus = window.menus.all_inner_texts()
    inner = window.unfold(menus.index(words['Helpdesk']))
    menus = window.menus.all_inner_texts()
    assert [menus[i] for i in inner] == [words[m] for m in MENUS]

    number = 0
    # From the last, as what unfolds moves those below
    for index in reversed(inner):
        if menus[index] == words['Board']:
            # It opens a window of its own, see tests/portal
            continue
        folded = window.unfold(index)
        for index in reversed(folded or [index]):
            if folded:
                window.unfold(index)
            number += 1
            _look_at(window, f'screen-{language}-{number:02}')
            window.close_tabs()
    # What unfolds has screens of its own
    assert number > len(MENUS)


def _look_at(window, name):
    "See the list, then the pages of the form of its first record"
    _fits(window, name)
    if window.dialog.count():
        # What it asks for is seen; the answers are in test_reporting
        window.dialog.locator('.modal-footer button').first.click()
        expect(window.dialog).to_be_hidden()
        return
    rows = window.form.locator('.treeview tbody tr:visible')
    if tabs := window.form.locator('.nav-tabs [role=tab]:visible').count():
        window.form.locator('.nav-tabs [role=tab]').nth(tabs - 1).click()
        _fits(window, f'{name}-all')
    if not rows.count():
        return
    rows.first.locator('.widget:visible').first.dblclick()
    _fits(window, f'{name}-form')
    pages = window.form.locator('.form-notebook [role=tab]:visible')
    count = pages.count()
    for index in range(1, count):
        pages.nth(index).click()
        _fits(window, f'{name}-form-{index}')
        # Those within the page come after all others
        for inner in range(count + 1, pages.count()):
            pages.nth(inner).click()
            _fits(window, f'{name}-form-{index}-{inner - count}')


def _fits(window, name):
    window.screenshot(name)
    assert window.page.evaluate(CUT_OFF) == [], name


@pytest.mark.parametrize('language', ['en'])
def test_ticket(window):
    "All that it takes to answer is seen without scrolling"
    window.open_menu('Helpdesk', 'All Tickets')
    _sort_by_clock(window)
    window.open_row("Ada")
    for name in ["Answer", "Note", "Wait for Customer", "Resolve"]:
        expect(window.button(name)).to_be_in_viewport(ratio=1)
    expect(window.choice('state')).to_have_text("In Process")
    expect(window.said("It does not heat.").first).to_be_in_viewport(ratio=1)
    for name in ["Answer", "Note"]:
        window.press(name)
        text = window.dialog.locator('textarea:visible')
        expect(text).to_be_focused()
        _fits(window, f'screen-{name.lower()}')
        window.dialog.get_by_role('button', name="Cancel").click()
        expect(window.dialog).to_be_hidden()


def _sort_by_clock(window):
    "See on whom the customers have waited longest"
    name = "Agents' Time"
    window.open_tab("All")
    window.form.locator('th [data-toggle=dropdown]').first.click()
    window.form.get_by_role('menuitem', name=name, exact=True).click()
    window.page.keyboard.press('Escape')
    window.settle()
    header = window.form.locator('th:visible').filter(has_text=name).last
    rows = window.form.locator('.treeview tbody tr:visible')
    seen = []
    for _ in range(2):
        header.locator('label').click()
        window.settle()
        seen.append(rows.nth(0).inner_text().split()[0])
    window.screenshot('screen-clock')
    # It came first, the others are copies of it
    assert seen[0] != '1' and seen[1] == '1', seen
    window.open_tab("Unread")
