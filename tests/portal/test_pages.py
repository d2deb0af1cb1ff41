# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Every page of the portal, on a phone and a desktop, light and dark (X7).

A picture of each is left in tests/client/output/ to look at.
"""
import os
import re
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.client.browser import OUTPUT
from tests.portal.checks import DESKTOP, PHONE, accessible, fits, keyboard
from tests.portal.portal import AS_PEOPLE, LANGUAGES, LONG, SHOP

pytestmark = [
    pytest.mark.once, pytest.mark.needs('chromium', 'npm'),
    # A browser on a busy machine may be late, never three times
    pytest.mark.flaky(reruns=2)]

# The pages by name: their address, in which Portal.address puts the words
PAGES = {
    'start': '',
    'missing': 'nothing',
    'new': 'new',
    'form': 'new/{section}',
    'embed': 'embed/{section}',
    'thanks': 'new/{section}/thanks',
    'thanks-mailed': 'new/{section}/thanks?mailed',
    'confirm': 'confirm/{confirm}',
    'login': 'login',
    'sent': 'sent/login',
    'login-link': 'login/{login}',
    'register': 'register',
    'password': 'password',
    'password-link': 'password/{password}',
    'dead-link': 'login/nothing',
    'lost-link': 'guest/nothing',
    'rate': 'rate/{rate}?score=3',
    'ticket': 'guest/{long}',
    'ticket-empty': 'guest/{empty}',
    'ticket-hostile': 'guest/{hostile}',
    'ticket-waiting': 'guest/{waiting}',
    'ticket-authorization': 'guest/{authorization}',
    'ticket-resolved': 'guest/{resolved}',
    'ticket-closed': 'guest/{closed}',
    # Of who is logged in
    'start-known': '',
    'form-known': 'new/{section}',
    'account': 'account',
    'list': 'tickets',
    'list-second': 'tickets',
    'list-filtered': 'tickets?q=Alba',
    'list-nothing': 'tickets?q=submarine',
    'list-empty': 'tickets',
    'people': 'tickets/{long_number}/people',
    }
# Who is logged in on them
CUSTOMERS = {
    **dict.fromkeys([
            'start-known', 'form-known', 'account', 'list', 'list-second',
            'list-filtered', 'list-nothing', 'people'], 'marta'),
    'list-empty': 'newcomer',
    }
# What is done before the page is there, by name of the page
ACTIONS = {
    'list-second': lambda page: page.click('.pages [rel=next]'),
    'form-errors': lambda page: send_empty(page, '#web-form'),
    'login-errors': lambda page: send_empty(page, 'main form'),
    'answer-errors': lambda page: send_empty(page, 'main form'),
    'rate-errors': lambda page: send_empty(page, 'main form'),
    'forbidden': lambda page: forge(page),
    'too-large': lambda page: attach_too_much(page),
    'too-often': lambda page: ask_often(page),
    }
PAGES |= {
    'form-errors': PAGES['form'],
    'login-errors': PAGES['login'],
    'answer-errors': PAGES['ticket-waiting'],
    'rate-errors': PAGES['rate'],
    'forbidden': PAGES['login'],
    'too-large': PAGES['ticket-waiting'],
    'too-often': PAGES['password'],
    }
MIB = 2 ** 20
GALLERY = Path(__file__).parent / 'gallery.html'
# What Chromium says of a page that is an error, or of no picture
STATUS = re.compile(r'status of (403|404|413|422|429)')


def send_empty(page, form):
    # Not even what the browser checks
    page.eval_on_selector(form, '''form => form.querySelectorAll(
        ':checked').forEach(field => { field.checked = false; })''')
    page.eval_on_selector(form, 'form => HTMLFormElement.prototype'
        '.submit.call(form)')
    expect(page.get_by_role('alert').first).to_be_visible()


def forge(page):
    page.eval_on_selector(
        'main [name=csrf_token]', 'field => { field.value = "forged"; }')
    page.fill('#email', 'ada@example.com')
    page.click('button[name=other]')
    expect(page.locator('h1')).to_be_visible()


def attach_too_much(page):
    page.fill('#text', "Here it is.")
    with tempfile.NamedTemporaryFile(suffix='.png') as file:
        file.truncate(40 * MIB)
        page.set_input_files('#files', file.name)
        page.eval_on_selector('#text', 'field => field.form.submit()')
        page.wait_for_selector('.button.secondary')


def ask_often(page):
    for _ in range(6):
        page.fill('#email', 'often@example.com')
        page.click('main button')
        page.wait_for_load_state()
        if page.url.endswith('/sent/password'):
            page.go_back()


def open_page(portal, window, name):
    if name in CUSTOMERS:
        portal.log_in(window, CUSTOMERS[name])
    window.page.goto(portal.address(PAGES[name]))
    if name in ACTIONS:
        ACTIONS[name](window.page)
    window.errors[:] = [e for e in window.errors if not STATUS.search(e)]


def picture(page, name):
    page.screenshot(
        path=OUTPUT / f'portal-{name}.png', full_page=True,
        animations='disabled')


@pytest.mark.parametrize('name', PAGES)
def test_page(portal, window, name):
    "It is accessible, also by the keyboard and in the dark, and fits a phone"
    desktop = window(viewport=DESKTOP)
    open_page(portal, desktop, name)
    page = desktop.page
    expect(page.locator('h1')).to_have_count(1)
    accessible(page)
    picture(page, name)
    keyboard(page)
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme='dark')
    accessible(page)
    fits(page)
    picture(page, f'{name}-dark-phone')


@pytest.mark.skipif(not LANGUAGES, reason="not translated yet")
def test_languages(portal, window):
    "What is longer in other languages fits, too"
    for language in LANGUAGES:
        windows = {
            customer: window(viewport=PHONE, locale=language)
            for customer in [None, *CUSTOMERS.values()]}
        for name in PAGES.keys() - ACTIONS.keys():
            page = windows[CUSTOMERS.get(name)]
            open_page(portal, page, name)
            expect(page.page.locator('html')).to_have_attribute(
                'lang', language)
            fits(page.page)
            picture(page.page, f'{name}-{language}-phone')


def test_embedded(portal, window):
    "B4: another site has the form in a frame, and it is sent from there"
    page = window().page
    page.route(f'{SHOP}/', lambda route: route.fulfill(
            content_type='text/html', body=(
                '<!DOCTYPE html><title>Shop</title><iframe width="400" '
                f'height="900" src="{portal.address(PAGES["embed"])}">'
                '</iframe>')))
    page.goto(f'{SHOP}/')
    frame = page.frame_locator('iframe')
    for label, text in [
            ("Your name", "Ada"), ("Your e-mail address", "ada@example.com"),
            ("Subject", "A chair"), ("Description", "It wobbles.")]:
        frame.get_by_label(label).fill(text)
    # Who writes faster is a robot
    page.wait_for_timeout(AS_PEOPLE)
    frame.get_by_role('button', name="Send").click()
    expect(frame.locator('h1')).to_contain_text("Thank you")
    portal.link('ada@example.com', 'guest')


def test_large(portal, window, tmp_path):
    "PO10: who sends large files sees how far it is, and why it is too much"
    one = window()
    page = one.page
    page.goto(portal.address(PAGES['form']))
    page.get_by_label("Description").fill("Have a look.")
    large = tmp_path / 'large.png'
    large.touch()
    os.truncate(large, 25 * MIB)
    page.set_input_files('#files', large)
    page.eval_on_selector('#web-form', 'form => { form.noValidate = true; }')
    page.get_by_role('button', name="Send").click()
    expect(page.get_by_role('alert')).to_contain_text("10 MiB together")
    expect(page.get_by_label("Description")).to_have_value("Have a look.")
    one.errors[:] = [e for e in one.errors if not STATUS.search(e)]


def test_logged_out(portal, window):
    "Who logs out in another tab gets back what they wrote"
    one = window()
    portal.log_in(one, 'newcomer')
    page = one.page
    page.goto(portal.address(PAGES['form']))
    page.get_by_label("Subject").fill("A chair")
    page.get_by_label("Description").fill("It took me an hour to write.")
    page.context.clear_cookies()
    page.get_by_role('button', name="Send").click()
    expect(page.get_by_role('alert')).to_be_visible()
    expect(page.get_by_label("Description")).to_have_value(
        "It took me an hour to write.")
    page.goto(portal.address(PAGES['ticket-waiting']))
    page.get_by_label("Your message").fill("It took me an hour to write.")
    page.context.clear_cookies()
    page.get_by_role('button', name="Answer").click()
    expect(page.get_by_label("What you wrote")).to_have_value(
        "It took me an hour to write.")
    one.errors[:] = [e for e in one.errors if not STATUS.search(e)]


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


def test_skip(portal, window):
    "The first stop of the keyboard leads to the content"
    page = window()
    open_page(portal, page, 'ticket')
    assert 'class="skip"' in keyboard(page.page)[0]
    page.page.locator('.skip').focus()
    page.page.keyboard.press('Enter')
    expect(page.page.locator('main')).to_be_focused()


@pytest.mark.parametrize(
    'name', ['start', 'form', 'login', 'ticket', 'list', 'rate'])
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
    page.goto(portal.address('guest/{long}'))
    address = page.url
    page.get_by_role('link', name="Español").click()
    expect(page.locator('html')).to_have_attribute('lang', 'es')
    assert page.url == f'{address}?language=es'
    page.goto(portal.address(''))
    expect(page.locator('html')).to_have_attribute('lang', 'es')


def test_zone(portal, window):
    "The second page tells the time where the visitor is"
    page = window(timezone_id='America/New_York').page
    page.goto(portal.address('guest/{empty}'))
    expect(page.locator('footer')).to_contain_text("Europe/Madrid")
    page.reload()
    expect(page.locator('footer')).to_contain_text("America/New York")


def test_sent_once(portal, window):
    "Who presses twice sends once, and can send again after coming back"
    posts = []
    page = window().page
    page.on('request', lambda r: r.method == 'POST' and posts.append(r.url))
    page.goto(portal.address('guest/{waiting}'))
    # The answer of the server takes its time
    page.route('**/tickets/**', lambda route: (
            page.wait_for_timeout(300), route.continue_()))
    page.get_by_label("Your message").fill("The large one, please.")
    # It says Answer first, and Send once we have the answer
    button = page.locator('form[enctype] button[type=submit]')
    button.evaluate('button => { button.click(); button.click(); }')
    expect(page.get_by_role('status')).to_contain_text("Thank you")
    assert len(posts) == 1
    page.go_back()
    expect(button).not_to_have_attribute('aria-disabled', 'true')
