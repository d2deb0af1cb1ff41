# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A browser, with windows in which somebody uses the web client.

    with Browser() as browser:
        window = browser.window()
        window.login(office.address, 'agent', PASSWORD)
        window.open_menu('Helpdesk', 'Sections')
        window.screenshot('01-sections')
        ...window.page is playwright's...
        assert not window.errors
"""
import atexit
import contextlib
import functools
import re
import time
from pathlib import Path

from playwright.sync_api import TimeoutError as Late
from playwright.sync_api import expect, sync_playwright

from tests.services import command, until

OUTPUT = Path(__file__).parent / 'output'
SIZE = {'width': 1366, 'height': 768}
# The first page of a server that has just started takes its time
TIMEOUT = 20_000
# Between an answer of the server and the next request
QUIET = 200
# Until the client offers what begins as one types
PATIENCE = 4_000
ARGUMENTS = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update',
    '--disable-sync',
    # A page that a test makes up may have one of the server in a frame
    '--disable-features=LocalNetworkAccessChecks,'
    'BlockInsecurePrivateNetworkRequests']
# Where pages wait for news all the time
WAITING = re.compile(r'/bus$|/news\?')
# The client asks for a file for English, which has none
HARMLESS = re.compile(r'/locale/[^/]*\.json$')


@functools.cache
def _playwright():
    "Return what drives browsers, of which a process can only have one"
    playwright = sync_playwright().start()
    atexit.register(playwright.stop)
    return playwright


class Browser:

    def __enter__(self):
        OUTPUT.mkdir(exist_ok=True)
        self._browser = _playwright().chromium.launch(
            executable_path=command('chromium'), args=ARGUMENTS)
        expect.set_options(timeout=TIMEOUT)
        return self

    def __exit__(self, *args):
        self._browser.close()

    def window(self, **options):
        """
        Return a window that shares nothing with the others.

        options are those of a context of playwright.
        """
        context = self._browser.new_context(**{'viewport': SIZE, **options})
        context.set_default_timeout(TIMEOUT)
        return Window(context.new_page())


class Window:

    def __init__(self, page):
        self.page = page
        self.errors = []
        self._asked = set()
        self._last_event = 0
        page.on('request', self._note_request)
        page.on('requestfinished', self._note_answer)
        page.on('requestfailed', self._note_answer)
        page.on('console', self._note_error)
        page.on('pageerror', lambda error: self.errors.append(str(error)))

    def _note_request(self, request):
        if not WAITING.search(request.url):
            self._asked.add(request)
            self._last_event = time.monotonic()

    def _note_answer(self, request):
        self._asked.discard(request)
        self._last_event = time.monotonic()

    def settle(self):
        """
        Wait until the client has asked the server nothing for a moment.

        It draws lists anew while it does, and loses clicks on the old ones.
        """
        # What was just clicked may not have asked yet
        self._last_event = time.monotonic()
        end = self._last_event + TIMEOUT / 1000
        while (self._asked
                or time.monotonic() < self._last_event + QUIET / 1000):
            if time.monotonic() > end:
                raise TimeoutError("The client has not come to rest")
            # Playwright notices what happens only meanwhile
            self.page.wait_for_timeout(QUIET / 4)

    def _note_error(self, message):
        if (message.type == 'error'
                and not HARMLESS.search(message.location['url'])):
            self.errors.append(message.text)

    @property
    def form(self):
        "What is open in the current tab of the client"
        return self.page.locator('#tabcontent > .tab-pane.active')

    @property
    def dialog(self):
        return self.page.locator('.modal:visible').last

    def login(self, address, login, password, helpdesk='Helpdesk'):
        "helpdesk is what its menu is called in the language of the user"
        self.page.goto(address)
        self.page.get_by_label('User name').fill(login)
        self.page.get_by_role('button', name='Login').click()
        self.page.fill('input[type=password]:visible', password)
        self.page.keyboard.press('Enter')
        expect(self.menu(helpdesk)).to_be_visible()

    def menu(self, name):
        return self.page.locator('#menu').get_by_text(name, exact=True)

    def open_menu(self, *names):
        "Unfold the menus that come first, open the last"
        *folders, last = names
        for name, inner in zip(folders, names[1:]):
            self.menu(name).click()
            expect(self.menu(inner)).to_be_visible()
        self.menu(last).click()

    @property
    def menus(self):
        "All entries of the menu that can be seen"
        return self.page.locator('#menu .column-char:visible')

    def unfold(self, index):
        "Click on an entry of the menu, return where those within it are"
        before = self.menus.count()
        self.menus.nth(index).click()
        self.settle()
        return range(index + 1, index + 1 + self.menus.count() - before)

    def open_configuration(self, name):
        "Open an entry of the configuration of the helpdesk"
        names = self.menus.all_inner_texts()
        if 'Configuration' not in names:
            self.unfold(names.index('Helpdesk'))
            names = self.menus.all_inner_texts()
            self.unfold(names.index('Configuration'))
            names = self.menus.all_inner_texts()
        self.menus.nth(
            names.index(name, names.index('Configuration') + 1)).click()
        self.settle()

    def close_tabs(self):
        close = self.page.locator('#tablist .close:visible')
        while close.count():
            close.first.click()
            self.settle()

    def row(self, text):
        return self.form.locator('td:visible').filter(has_text=text).first

    def open_row(self, text):
        row = self.row(text)
        expect(row).to_be_visible()
        self.settle()
        row.dblclick()

    def open_tab(self, name):
        self.settle()
        self.form.get_by_role('tab', name=name).first.click()
        self.settle()

    def button(self, name):
        "A button of the record, not one of the client around it"
        return self.form.locator('.form').get_by_role(
            'button', name=name, exact=True)

    def press(self, name):
        self.settle()
        self.button(name).click()

    def field(self, name):
        return self.form.locator(f'input[name={name}]:visible').first

    def type(self, **values):
        "Type into fields of text"
        for name, value in values.items():
            self.settle()
            entry = self.form.locator(
                f'[name={name}]:visible:not(select)').first
            entry.fill(value)
            # The client takes it when the field is left
            entry.blur()

    def write(self, text):
        "Write the text that the dialog that opens is for"
        entry = self.dialog.locator('textarea:visible').first
        expect(entry).to_be_focused()
        # The client may draw it anew meanwhile
        self.settle()
        entry.fill(text)
        expect(entry).to_have_value(text)

    def choose(self, **values):
        "Choose options of selections by their labels"
        self.settle()
        place = self.dialog if self.dialog.count() else self.form
        for name, value in values.items():
            place.locator(f'select[name={name}]:visible').select_option(
                label=value)

    def look_up(self, name, text):
        "Put the record called so into a field that completes what is typed"
        self.settle()
        place = self.dialog if self.dialog.count() else self.form
        entry = place.locator(f'input[name={name}]:visible').first
        offered = self.page.locator('.dropdown-menu:visible').get_by_text(
            text, exact=True).first

        def type_until_offered():
            # The client may draw the field anew meanwhile
            entry.fill('')
            entry.press_sequentially(text, delay=20)
            with contextlib.suppress(Late):
                offered.wait_for(timeout=PATIENCE)
            return offered.is_visible()

        until(type_until_offered, TIMEOUT / 1000, f"{text} is not offered")
        offered.click()
        self.settle()

    def new(self):
        "Begin a record, with the button around the form"
        self.settle()
        self.form.get_by_role('button', name="New").first.click()
        self.settle()

    def save(self):
        self.settle()
        self.form.get_by_role('button', name="Save").first.click()
        self.settle()

    def confirm(self, name):
        "Press the button of the dialog that is open, which closes it"
        self.settle()
        self.dialog.get_by_role('button', name=name, exact=True).click()
        expect(self.dialog).to_be_hidden()
        self.settle()

    def choice(self, name):
        "The option of a selection that is chosen"
        return self.form.locator(f'select[name={name}]:visible option:checked')

    def said(self, text=''):
        "The entries of the conversation, the newest first"
        return self.form.locator('.list-form-item:visible').filter(
            has_text=text)

    def reload(self):
        self.settle()
        self.form.get_by_role('button', name='Reload').click()

    def screenshot(self, name, full=False):
        self.settle()
        self.page.screenshot(
            path=OUTPUT / f'{name}.png', full_page=full, animations='disabled')
