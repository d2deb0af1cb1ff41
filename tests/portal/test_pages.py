# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Every page of the portal, on a phone and a desktop, light and dark (X7).

A picture of each is left in tests/client/output/ to look at.
"""
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.client.browser import OUTPUT
from tests.portal.checks import DESKTOP, PHONE, accessible, fits, keyboard
from tests.portal.portal import LANGUAGES, LONG

pytestmark = [
    pytest.mark.once, pytest.mark.needs('chromium', 'npm'),
    # A browser on a busy machine may be late, never three times
    pytest.mark.flaky(reruns=2)]

# The pages by name: what portal.path takes, or the name of a ticket's link
PAGES = {
    'start': ('',),
    'missing': ('nothing',),
    'ticket': 'long',
    'ticket-empty': 'empty',
    'ticket-hostile': 'hostile',
    'ticket-waiting': 'waiting',
    'ticket-closed': 'closed',
    }
GALLERY = Path(__file__).parent / 'gallery.html'
# What Chromium says of a page that is an error, or of no picture
STATUS = re.compile(r'status of (403|404|422|429)')


def open_page(portal, window, name):
    where = PAGES[name]
    address = (
        portal.guest(where) if isinstance(where, str)
        else portal.path(*where))
    window.page.goto(address)
    window.errors[:] = [e for e in window.errors if not STATUS.search(e)]


def picture(page, name):
    page.screenshot(
        path=OUTPUT / f'portal-{name}.png', full_page=True,
        animations='disabled')


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('name', PAGES)
def test_page(portal, window, name, scheme):
    "It is accessible and fits a phone"
    desktop = window(viewport=DESKTOP, color_scheme=scheme)
    open_page(portal, desktop, name)
    expect(desktop.page.locator('h1')).to_have_count(1)
    accessible(desktop.page)
    picture(desktop.page, f'{name}-{scheme}')
    desktop.page.set_viewport_size(PHONE)
    accessible(desktop.page)
    fits(desktop.page)
    picture(desktop.page, f'{name}-{scheme}-phone')


@pytest.mark.parametrize('direction', ['ltr', 'rtl'])
@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_components(window, scheme, direction):
    "So is each component of the style sheet, also from right to left"
    page = window(viewport=DESKTOP, color_scheme=scheme).page
    page.goto(GALLERY.as_uri())
    page.evaluate(
        'direction => { document.documentElement.dir = direction; }',
        direction)
    accessible(page)
    picture(page, f'components-{scheme}-{direction}')
    page.set_viewport_size(PHONE)
    accessible(page)
    fits(page)
    keyboard(page)
    picture(page, f'components-{scheme}-{direction}-phone')


@pytest.mark.parametrize('name', PAGES)
def test_keyboard(portal, window, name):
    "All can be reached by the keyboard alone, from the top to the bottom"
    page = window()
    open_page(portal, page, name)
    stops = keyboard(page.page)
    assert 'class="skip"' in stops[0]
    page.page.locator('.skip').focus()
    page.page.keyboard.press('Enter')
    expect(page.page.locator('main')).to_be_focused()


@pytest.mark.parametrize('name', PAGES)
def test_without_script(portal, window, name):
    "Without JavaScript the page is the same"
    texts = []
    for script in [True, False]:
        page = window(java_script_enabled=script)
        open_page(portal, page, name)
        texts.append(page.page.locator('body').inner_text())
    with_script, without = (
        # Where the browser is differs from the company's zone
        re.sub(r'\d\d:\d\d|of the zone .*', '', t) for t in texts)
    assert with_script == without


@pytest.mark.parametrize('name', ['ticket', 'start'])
def test_enlarged(portal, window, name):
    "Text four times as large fits, too (WCAG 1.4.10)"
    page = window(viewport={'width': 1280, 'height': 1024})
    open_page(portal, page, name)
    page.page.set_viewport_size({'width': 320, 'height': 256})
    fits(page.page)


def test_hostile(portal, window):
    "SE1: what wants to run is text"
    page = window()
    page.page.on('dialog', lambda dialog: pytest.fail(dialog.message))
    open_page(portal, page, 'ticket-hostile')
    expect(page.page.locator('h1')).to_contain_text('<script>')
    expect(page.page.locator('h1')).to_contain_text(LONG)
    expect(page.page.locator('h1')).to_be_visible()


def test_forced_colors(portal, window):
    page = window(forced_colors='active', reduced_motion='reduce')
    open_page(portal, page, 'ticket')
    picture(page.page, 'ticket-forced')
    keyboard(page.page)


def test_print(portal, window):
    page = window()
    open_page(portal, page, 'ticket')
    page.page.emulate_media(media='print')
    picture(page.page, 'ticket-print')
    expect(page.page.locator('.message').first).to_be_visible()
    for hidden in ['.menu', 'form', '.skip']:
        for element in page.page.locator(hidden).all():
            expect(element).to_be_hidden()


@pytest.mark.skipif('es' not in LANGUAGES, reason="not translated yet")
@pytest.mark.parametrize('script', [True, False])
def test_language(portal, window, script):
    "The language that somebody chooses stays, on the page they are on"
    page = window(java_script_enabled=script, locale='en-GB').page
    page.goto(portal.guest('long'))
    address = page.url
    page.get_by_role('link', name="Español").click()
    expect(page.locator('html')).to_have_attribute('lang', 'es')
    assert page.url == f'{address}?language=es'
    page.goto(portal.path(''))
    expect(page.locator('html')).to_have_attribute('lang', 'es')


def test_zone(portal, window):
    "The second page tells the time where the visitor is"
    page = window(timezone_id='America/New_York').page
    page.goto(portal.guest('empty'))
    expect(page.locator('footer')).to_contain_text("Europe/Madrid")
    page.reload()
    expect(page.locator('footer')).to_contain_text("America/New York")


def test_sent_once(portal, window):
    "Who presses twice sends once, and can send again after coming back"
    posts = []
    page = window().page
    page.on('request', lambda r: r.method == 'POST' and posts.append(r.url))
    page.goto(portal.guest('waiting'))
    # The answer of the server takes its time
    page.route('**/tickets/**', lambda route: (
            page.wait_for_timeout(300), route.continue_()))
    page.get_by_label("Your message").fill("The large one, please.")
    button = page.get_by_role('button', name="Send")
    button.evaluate('button => { button.click(); button.click(); }')
    expect(page.get_by_role('status')).to_contain_text("Thank you")
    assert len(posts) == 1
    page.go_back()
    expect(button).not_to_have_attribute('aria-disabled', 'true')
