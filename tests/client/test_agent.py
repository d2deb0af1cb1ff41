# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What people see of a ticket: its agent in the web client, its customer in the
mails and on the guest page.

Each step leaves a picture in tests/client/output/ to look at.
"""
import re
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.client.browser import Browser
from tests.client.office import PASSWORD, SUPPORT, Office
from tests.records import letter

pytestmark = [
    pytest.mark.once, pytest.mark.needs('chromium', 'npm'),
    # A browser on a busy machine may miss a click, never three times
    pytest.mark.flaky(reruns=2)]

ASKED = "My order has not come. Where is it?"
ANSWERED = "It left us on Monday. Did the courier leave a card?"
REPLIED = "There is no card in my letter box."
NOTED = "The courier lost two other parcels this week."
WRITTEN = "I found the card, here it is."
CARD = 'card.txt'
QUESTION = "May we send it again, for 12.00 EUR?"
LINK = re.compile(r'http://\S+/guest/[\w-]+')


@pytest.fixture
def office(tmp_path_factory):
    with Office(tmp_path_factory.mktemp('office')) as office:
        yield office


@pytest.fixture
def browser():
    with Browser() as browser:
        yield browser


@pytest.fixture
def open_window(browser, office):
    "Return a function that logs in to a window of its own"
    windows = []

    def open_window(login):
        window = browser.window()
        windows.append(window)
        window.login(office.address, login, PASSWORD)
        return window

    yield open_window
    assert [w.errors for w in windows] == [[] for _ in windows]


def test_story(office, browser, open_window):
    "From the first letter to the solution"
    office.receive(letter(
            ASKED, to=SUPPORT, message_id='<first@example.org>'))
    office.sink.wait(1)
    window = open_window('agent')
    window.open_menu('Helpdesk', 'Sections')
    expect(window.row("Support")).to_be_visible()
    window.screenshot('01-sections')

    window.open_row("Support")
    window.open_tab("Unread")
    expect(window.row("A question")).to_be_visible()
    window.screenshot('02-unread')

    window.open_row("A question")
    expect(window.said(ASKED)).to_be_visible()
    window.screenshot('03-ticket')

    _take(window)
    _answer(window)
    mail = office.sink.wait(2)[-1]
    link = _check_mail(mail)
    office.receive(_reply(mail))
    window.reload()
    expect(window.said().first).to_contain_text(REPLIED)
    expect(window.choice('state')).to_have_text("In Process")
    expect(window.button("Mark as Read")).to_be_visible()
    window.screenshot('07-reply')

    _note(window)
    _use_guest_page(browser, link)
    window.reload()
    expect(window.said().first).to_contain_text(WRITTEN)
    expect(window.said().first).to_contain_text(CARD)
    window.screenshot('13-message')

    _see_card(window)
    _resolve(window)


def _take(window):
    window.press("Take")
    expect(window.button("Take")).to_be_hidden()
    expect(window.field('employee')).to_have_value("Agent")
    window.screenshot('04-taken')


def _answer(window):
    window.press("Answer")
    window.write(ANSWERED)
    window.screenshot('05-answer')
    window.dialog.get_by_role('button', name="Send and Wait").click()
    expect(window.said().first).to_contain_text(ANSWERED)
    expect(window.choice('delivery').first).to_have_text("Sent")
    expect(window.choice('state')).to_have_text("Waiting for Customer")
    expect(window.button("Mark as Read")).to_be_hidden()
    window.screenshot('06-answered')


def _check_mail(mail):
    "Return the guest link in it"
    body = mail.get_body(('plain',)).get_content()
    assert mail['From'] == f'Ribera Support <{SUPPORT}>'
    assert mail['To'] == 'ada@example.org'
    assert mail['Subject'] == 'Re: [#1] A question'
    assert mail['In-Reply-To'] == '<first@example.org>'
    assert ANSWERED in body
    return re.search(r'http://\S+', body)[0]


def _reply(mail):
    "Return a letter as a mail program answers to the mail"
    references = f"{mail['References']} {mail['Message-ID']}"
    return letter(
        REPLIED, to=str(mail['Reply-To']), subject=str(mail['Subject']),
        message_id='<second@example.org>',
        In_Reply_To=str(mail['Message-ID']), References=references)


def _note(window):
    window.press("Note")
    window.write(NOTED)
    window.screenshot('08-note')
    window.dialog.get_by_role('button', name="Save", exact=True).click()
    expect(window.said().first).to_contain_text(NOTED)
    window.screenshot('09-noted')


def _use_guest_page(browser, link):
    guest = browser.window(java_script_enabled=False)
    page = guest.page
    page.goto(link)
    messages = page.locator('article.message')
    for text in [ASKED, ANSWERED, REPLIED]:
        expect(messages.filter(has_text=text)).to_be_visible()
    expect(page.get_by_text(NOTED)).to_have_count(0)
    guest.screenshot('10-guest', full=True)

    page.get_by_label("Your message").fill(WRITTEN)
    page.get_by_label("Files").set_input_files({
            'name': CARD, 'mimeType': 'text/plain',
            'buffer': b'At the neighbours'})
    guest.screenshot('11-guest-writes')
    page.get_by_role('button', name="Send").click()
    expect(page.get_by_role('status')).to_be_visible()
    expect(messages.first).to_contain_text(WRITTEN)
    expect(messages.first).to_contain_text(CARD)
    guest.screenshot('12-guest-wrote', full=True)
    assert not guest.errors


def _see_card(window):
    "See that the file of the guest has come, too"
    window.open_tab("Files")
    expect(window.row(CARD)).to_be_visible()
    window.screenshot('14-files')


def _resolve(window):
    window.press("Resolve")
    expect(window.choice('state')).to_have_text("Resolved")
    window.open_tab("Conversation")
    window.screenshot('15-resolved')

    window.open_tab("History")
    for state in ["Waiting for Customer", "Resolved"]:
        expect(window.row(state)).to_be_visible()
    window.screenshot('16-history')


def test_portal(office, open_window):
    "What the agent does for the customer on the portal"
    office.receive(letter(ASKED, to=SUPPORT))
    office.sink.wait(1)
    window = open_window('agent')
    window.open_menu('Helpdesk', 'Sections')
    window.open_row("Support")
    window.open_tab("Unread")
    window.open_row("A question")
    _take(window)

    _ask(window)
    mail = office.sink.wait(2)[-1]
    assert QUESTION in mail.get_body(('plain',)).get_content()

    _send_link(window)
    mail = office.sink.wait(3)[-1]
    link = LINK.search(mail.get_body(('plain',)).get_content())[0]
    assert _status(link) == 200
    _revoke(window)
    assert _status(link) == 404

    file = _print(window)
    assert file.read_bytes().startswith(b'%PDF')


def _ask(window):
    window.press("Ask for Authorization")
    window.write(QUESTION)
    window.screenshot('portal-01-ask')
    window.confirm("Ask and Wait")
    expect(window.choice('state')).to_have_text("Waiting for Authorization")
    window.open_tab("Authorizations")
    expect(window.row(QUESTION)).to_be_visible()
    window.screenshot('portal-02-asked')


def _send_link(window):
    window.open_tab("People")
    window.press("Send New Link")
    window.confirm("OK")
    window.screenshot('portal-03-link')


def _revoke(window):
    window.press("Revoke All Links")
    window.confirm("OK")
    window.screenshot('portal-04-revoked')


def _print(window):
    "Return the path of the file that the client saves"
    window.settle()
    window.form.locator('button#print').click()
    with window.page.expect_download() as download:
        window.form.get_by_role(
            'menuitem', name="Ticket for the Customer").click()
    return download.value.path()


def _status(link):
    # The link leads to a page that wants the cookie it gave
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    try:
        with opener.open(link) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_manager(open_window):
    "A manager finds all tickets, and the letters"
    window = open_window('manager')
    window.open_menu('Helpdesk', 'All Tickets')
    for name in ['All Tickets', 'Letters']:
        expect(window.menu(name)).to_be_visible()
    expect(window.form).to_contain_text("All Tickets")
    window.screenshot('17-manager')
