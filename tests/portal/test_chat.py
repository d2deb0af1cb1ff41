# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Visitors in the live chat: what they see from the first look to the end (B8).

Pictures are left in tests/client/output/ to look at.
"""
import datetime as dt
import re

import pytest
from playwright.sync_api import expect
from trytond.pool import Pool

from tests.helpdesk_portal import chats
from tests.portal.chat import Shop
from tests.portal.checks import DESKTOP, PHONE, accessible, fits, keyboard
from tests.portal.test_pages import picture

pytestmark = [
    pytest.mark.once, pytest.mark.needs('chromium', 'npm'),
    # A browser on a busy machine may be late, never three times
    pytest.mark.flaky(reruns=2)]

SITE = 'https://shop.example'
# Who writes sooner is a robot, in milliseconds
AS_PEOPLE = 4_200
# A telephone with the keyboard, and a screen enlarged to 400 %
SMALL = {'width': 320, 'height': 256}
HARMLESS = re.compile(r'status of (409|422)|ERR_CONNECTION|ERR_EMPTY')
# What a site may do to all its elements, and forbid
STYLE = """
* { box-sizing: content-box; font-size: 30px; }
div, body > * { display: none !important; overflow: hidden; opacity: .2; }
h1 { display: block !important; position: fixed; z-index: 99999; }
"""
POLICY = "default-src 'none'; script-src {host}; frame-src {host}"
NO_STORAGE = """for (const name of ['localStorage', 'sessionStorage']) {
    Object.defineProperty(window, name, {get() {
        throw new DOMException('Denied', 'SecurityError');
    }});
}"""
IN_BACKGROUND = """hidden => {
    Object.defineProperty(document, 'visibilityState', {
        configurable: true, get: () => hidden ? 'hidden' : 'visible'});
    document.dispatchEvent(new Event('visibilitychange'));
}"""
# The clock of the visitor is three days late
LATE_CLOCK = """const Real = Date;
window.Date = class extends Real {
    constructor(...given) {
        super(...(given.length ? given : [Date.now()]));
    }
    static now() {
        return Real.now() - 3 * 24 * 60 * 60 * 1000;
    }
};"""


@pytest.fixture(scope='module')
def shop(tmp_path_factory):
    with Shop(tmp_path_factory.mktemp('shop')) as shop:
        yield shop


@pytest.fixture
def visit(shop, window):
    "Return a function that opens the chat of a new channel"
    def visit(name, script=None, **values):
        one = window(viewport=PHONE)
        page = one.page
        if script:
            page.add_init_script(script)
        page.channel, page.refusals = shop.channel(name, **values), one.errors
        page.goto(shop.address(page.channel))
        pages.append(page)
        return page

    pages = []
    yield visit
    # Only so many chats at once may come from one address
    shop.end_all()
    for page in pages:
        assert all(map(HARMLESS.search, page.refusals)), page.refusals
        page.refusals.clear()


def begin(page, text="Hello?", place=None):
    place = place or page
    expect(place.locator('#chat-text')).to_be_visible()
    page.wait_for_timeout(AS_PEOPLE)
    say(place, text)
    expect(mine(place, text).locator('.chat-mark')).to_have_text("Sent")


def say(place, text):
    place.locator('#chat-text').fill(text)
    place.locator('#chat-text').press('Enter')


def mine(place, text):
    return place.locator('.chat-mine').filter(has_text=text)


def heard(place, text):
    return place.locator('.chat-theirs, .chat-system').filter(has_text=text)


def look(page, name):
    "It is for everybody, on a phone and at a desk, in the light and the dark"
    fits(page)
    for size in [DESKTOP, PHONE]:
        page.set_viewport_size(size)
        for scheme in ['dark', 'light']:
            page.emulate_media(color_scheme=scheme)
            accessible(page)
            picture(page, f"chat-{name}-{size['width']}-{scheme}")


def test_nobody(shop, visit):
    "B8: where nobody is there stands a form, which tells what is wrong"
    page = visit("Nobody")
    form = page.locator('#chat-form')
    expect(form).to_be_visible()
    # Nobody asked for it
    expect(page.locator('body')).to_be_focused()
    look(page, 'nobody')
    keyboard(page)
    form.locator('[name=text]').fill("It broke.")
    form.locator('[type=submit]').click()
    expect(form.get_by_role('alert')).to_be_focused()
    expect(form.locator('[name=text]')).to_have_value("It broke.")
    look(page, 'form-errors')
    form.locator('[name=name]').fill("Ada")
    form.locator('[name=email]').fill('ada@example.com')
    form.locator('[type=submit]').click()
    expect(form.get_by_role('heading')).to_have_text(
        "Thank you, we have your request")
    expect(form.get_by_role('heading')).to_be_focused()
    # What was asked for has been done
    expect(page.locator('#chat-status')).to_have_text('')
    look(page, 'form-sent')


def test_talk(shop, visit):
    "B8: nobody is said to be there who is not, and all messages fit"
    page = visit("Coffee", staffed=True)
    presence = page.locator('#chat-presence')
    expect(presence).to_have_text("We are here")
    look(page, 'before')
    keyboard(page)
    begin(page)
    # The operator has the visitor, but has not looked yet
    expect(presence).to_have_text("We are here")
    expect(page.locator('#chat-status')).to_have_text(
        "Somebody will be with you in a moment.")
    look(page, 'waiting')
    shop.answer(
        page.channel, "See https://example.com/" + 'long/' * 60,
        "Rindfleisch" * 20, "שלום 😀", "One\n\nTwo")
    expect(heard(page, "Two")).to_be_visible()
    expect(presence).to_have_text("Agent is with you")
    expect(page.locator('#chat-email-form')).to_be_hidden()
    page.set_input_files('#chat-file', [{
                'name': 'picture ' * 20 + '.png', 'mimeType': 'image/png',
                'buffer': b'\x89PNG\r\n\x1a\n' + b'0' * 5000}])
    expect(page.locator('button.chat-file')).to_be_visible()
    look(page, 'talk')
    keyboard(page)


def test_ticket(shop, visit):
    "B9: who gives an address has the link at once, also after the chat"
    page = visit("Ticket", staffed=True)
    email = page.locator('#chat-email-form')
    begin(page)
    shop.answer(page.channel, "/ticket A broken handle")
    expect(heard(page, "get the link")).to_be_visible()
    expect(email).to_be_visible()
    page.fill('#chat-later', 'nowhere')
    page.press('#chat-later', 'Enter')
    expect(page.locator('#chat-later-error')).to_contain_text("can't write")
    look(page, 'ticket')
    page.click('#chat-end')
    look(page, 'sure')
    page.click('#chat-end-yes')
    expect(page.locator('#chat-new')).to_be_visible()
    page.fill('#chat-later', 'marta@example.com')
    page.press('#chat-later', 'Enter')
    link = page.locator('#chat-ticket a')
    expect(link).to_have_text(re.compile(r'See the ticket \d+'))
    expect(email).to_be_hidden()
    look(page, 'over')
    with page.expect_popup() as popup:
        link.click()
    expect(popup.value.locator('h1')).to_contain_text("A broken handle")
    page.click('#chat-new')
    expect(page.locator('.chat-message')).to_have_count(0)
    expect(page.locator('#chat-text')).to_be_focused()


def test_late(shop, visit):
    "B8: who waits too long can write instead; an absent server loses nothing"
    page = visit("Late", staffed=True, capacity=1, patience=dt.timedelta())
    shop.call(lambda: chats.begin(
            Pool().get('helpdesk.chat.channel')(page.channel)))
    begin(page)
    expect(page.locator('#chat-status')).to_contain_text("longer")
    expect(page.locator('#chat-presence')).to_have_text('')
    expect(page.locator('#chat-email-form')).to_be_visible()
    look(page, 'late')
    page.fill('#chat-text', "Half a sentence")
    page.click('#chat-write')
    expect(page.locator('#chat-form-heading')).to_be_focused()
    expect(page.locator('#chat-form-text')).to_have_value("Half a sentence")
    look(page, 'instead')
    page.click('#chat-back')
    expect(page.locator('#chat-text')).to_have_value("Half a sentence")
    shop.stop()
    say(page, "Are you there?")
    expect(page.locator('#chat-offline')).to_contain_text("No connection")
    look(page, 'offline')
    shop.start()
    expect(mine(page, "there?").locator('.chat-mark')).to_have_text("Sent")
    expect(page.locator('#chat-offline')).to_have_text('')


def test_tabs(shop, visit):
    "B8: all tabs have the chat, unread messages are counted, clocks go wrong"
    page = visit("Tabs", staffed=True, script=LATE_CLOCK)
    other = page.context.new_page()
    other.goto(page.url)
    begin(page)
    expect(mine(other, "Hello?")).to_be_visible()
    for tab in [page, other]:
        tab.evaluate(IN_BACKGROUND, True)
    shop.answer(page.channel, "One", "Two")
    expect(page).to_have_title(re.compile(r'^\(2\) '))
    page.evaluate(IN_BACKGROUND, False)
    expect(page).to_have_title(re.compile('^Tabs'))
    expect(other).to_have_title(re.compile('^Tabs'))
    say(other, "Three")
    expect(mine(page, "Three")).to_be_visible()
    expect(page.locator('.chat-day')).to_have_text(["Today"])


def test_robot_check(shop, visit):
    "SE: the chat takes a proof of work; who has none can write"
    page = visit("Proof", staffed=True)
    begin(page)
    # As without https
    page = visit("No Proof", staffed=True, script=(
            "Object.defineProperty(crypto, 'subtle', {get() {}})"))
    page.wait_for_timeout(AS_PEOPLE)
    say(page, "Hello?")
    expect(mine(page, "Hello?")).to_contain_text("you are a person")
    look(page, 'robot')
    page.click('#chat-write')
    expect(page.locator('#chat-form-text')).to_have_value("Hello?")


@pytest.mark.parametrize('direction', ['ltr', 'rtl'])
def test_site(shop, visit, direction):
    "B8: a strict site without storage has it, whatever its style"
    page = visit(f"Site {direction}", staffed=True, script=NO_STORAGE)
    host = shop.site.url.rpartition('/')[0]
    page.route(f'{SITE}/**', lambda route: route.fulfill(
            content_type='text/html', headers={
                'Content-Security-Policy': POLICY.format(host=host)},
            body=(
                f'<!DOCTYPE html><html lang="en" dir="{direction}">'
                '<title>Shop</title><h1>Coffee</h1>'
                f'<script src="{shop.address(page.channel)}/widget.js">'
                '</script>')))
    page.set_viewport_size(DESKTOP)
    page.goto(SITE)
    # Not by an element, which the policy forbids
    page.evaluate("""style => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(style);
        document.adoptedStyleSheets = [sheet];
    }""", STYLE)
    button = page.get_by_role('button')
    box = button.bounding_box()
    assert (box['width'], box['height']) == (56, 56)
    assert (box['x'] < 100) == (direction == 'rtl')
    button.click()
    frame = page.frame_locator('iframe')
    begin(page, place=frame)
    shop.answer(page.channel, "Hello")
    expect(heard(frame, "Hello")).to_be_visible()
    page.set_viewport_size(SMALL)
    expect(frame.locator('#chat-text')).to_be_in_viewport(ratio=1)
    picture(page, f'chat-site-{direction}')


def test_enlarged(shop, visit):
    "WCAG 1.4.10: all can be reached at 400 %, and with forced colors"
    page = visit("Enlarged", staffed=True)
    page.emulate_media(forced_colors='active')
    page.set_viewport_size(SMALL)
    keyboard(page)
    page.locator('#chat-text').focus()
    expect(page.locator('#chat-text')).to_be_in_viewport(ratio=1)
    assert page.evaluate('document.documentElement.scrollWidth') == 320
    picture(page, 'chat-enlarged')
