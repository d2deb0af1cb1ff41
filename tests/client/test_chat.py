# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A live chat: the visitor on a web page, the operator in the web client.

Each step leaves a picture in tests/client/output/ to look at.
"""
import contextlib
import json
import re
import time
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect
from trytond.pool import Pool

from tests.client.browser import Browser
from tests.client.office import PASSWORD, Office
from tests.portal.checks import accessible, fits, keyboard
from tests.records import Helpdesk

pytestmark = [
    pytest.mark.once, pytest.mark.needs('chromium', 'npm'),
    # A browser on a busy machine may miss a click, never three times
    pytest.mark.flaky(reruns=2)]

# Seconds that a message may take (B8)
LATE = 2
# And after a restart of the server
BACK = 10
# Who writes sooner is a robot
AS_PEOPLE = 4_500
# A site that has the chat
SHOP = 'https://shop.example'
TEXT = "Which machine, which beans? Ask us."


@pytest.fixture(scope='module')
def office(tmp_path_factory):
    with Office(tmp_path_factory.mktemp('office'), live=True) as office:
        office.site.call(_hire)
        yield office


def _hire():
    "Let there be another agent, and a section for everybody"
    pool = Pool()
    Lang = pool.get('ir.lang')
    Section = pool.get('helpdesk.section')
    User = pool.get('res.user')
    section, = Section.search([])
    section.visibility = 'public'
    section.web_form = 'everyone'
    section.save()
    desk = SimpleNamespace(company=section.company)
    other = Helpdesk.make_user(desk, 'other', [section])
    other.password = PASSWORD
    other.language, = Lang.search([('code', '=', 'en')])
    User.save([other])


@pytest.fixture
def channel(office, request):
    "The name and the address of a channel of its own"
    name = request.node.name.removeprefix('test_').title()

    def make():
        pool = Pool()
        Channel = pool.get('helpdesk.chat.channel')
        Section = pool.get('helpdesk.section')
        section, = Section.search([])
        channel, = Channel.create([{
                    'name': name, 'text': TEXT, 'section': section.id,
                    # Other tests leave chats behind
                    'published': True, 'capacity': None}])
        return channel.id

    def end():
        # Only so many at once may come from one address
        Chat = Pool().get('helpdesk.chat')
        Chat.end(Chat.search([('channel', '=', id)]), 'system')
    id = office.site.call(make)
    yield SimpleNamespace(
        id=id, name=name, address=f'{office.site.url}/helpdesk/chat/{id}')
    office.site.call(end)


@pytest.fixture
def browser():
    with Browser() as browser:
        yield browser


class Visitor:
    "Who chats, on a page or in a frame of it"

    def __init__(self, window, place=None):
        self.window = window
        self.page = window.page
        self.place = place or window.page

    @property
    def entry(self):
        return self.place.locator('#chat-text')

    def say(self, text):
        self.entry.fill(text)
        self.entry.press('Enter')

    def begin(self, text, name="Marta"):
        expect(self.entry).to_be_visible()
        self.page.wait_for_timeout(AS_PEOPLE)
        if name:
            self.place.locator('#chat-name').fill(name)
        self.say(text)
        # It is there at once, but the server has it later
        expect(self.mine(text)).to_have_attribute(
            'data-mark', re.compile('sent|read'))

    def mine(self, text):
        return self.place.locator('.chat-mine').filter(has_text=text)

    def heard(self, text):
        return self.place.locator(
            '.chat-theirs, .chat-system').filter(has_text=text)

    def said(self):
        "All texts, in their order"
        return self.place.locator('.chat-said').all_inner_texts()


class Operator:
    "An agent in the web client"

    def __init__(self, window, login):
        self.window = window
        self.page = window.page
        self.login = login

    def join(self, channel):
        window = self.window
        window.settle()
        for name in ['Helpdesk', 'Chats']:
            names = window.menus.all_inner_texts()
            if 'Chat Channels' not in names:
                window.unfold(names.index(name))
        names = window.menus.all_inner_texts()
        window.menus.nth(names.index('Chat Channels')).click()
        window.settle()
        row = window.form.locator('tr:visible').filter(has_text=channel.name)
        # The first click on a row chooses it
        row.locator('td').filter(has_text=channel.name).click()
        window.settle()
        row.get_by_role('button', name="Join").click()
        expect(row.get_by_role('button', name="Leave")).to_be_visible()
        window.settle()

    @property
    def bell(self):
        return self.page.locator('.notification-badge:visible').first

    def open_chat(self, visitor="Marta"):
        "Open what the bell tells of, and Tryton's chat of it"
        window = self.window
        window.settle()
        self.page.locator('#user-preferences a').first.click()
        self.page.locator('.notification-menu .notification-item a').filter(
            has_text=visitor).first.click()
        expect(window.field('visitor')).to_have_value(visitor)
        window.settle()
        self.window.form.locator('button#chat').click()
        window.settle()

    @property
    def messages(self):
        return self.page.locator('.chat-message .chat-content:visible')

    def heard(self, text):
        return self.messages.filter(has_text=text)

    def close_dialogs(self):
        "Close what the client says when it asked a server that was down"
        dialog = self.page.locator('.message-dialog:visible')
        while dialog.count():
            dialog.get_by_role('button').last.click()
            self.window.settle()

    def say(self, text):
        chat = self.page.locator('.chat:visible')
        chat.locator('textarea').fill(text)
        self.send.click()

    @property
    def send(self):
        return self.page.locator('.chat:visible').get_by_role(
            'button', name="Submit the message")


@pytest.fixture
def people(office, browser):
    """
    Return functions that open a visitor's page and an agent's client.

    No page may report an error but of requests that a restart has ended.
    """
    windows = []

    def visitor(address):
        window = browser.window()
        windows.append(window)
        window.page.goto(address)
        return Visitor(window)

    def operator(login='agent'):
        window = browser.window()
        windows.append(window)
        window.login(office.address, login, PASSWORD)
        return Operator(window, login)

    yield SimpleNamespace(visitor=visitor, operator=operator)
    errors = [
        e for w in windows for e in w.errors
        if 'ERR_CONNECTION_REFUSED' not in e
        and 'ERR_EMPTY_RESPONSE' not in e
        and 'ERR_CONNECTION_RESET' not in e
        and 'connection to the bus' not in e
        and not e.startswith('[0]')]
    for window in windows:
        window.page.context.close()
    assert not errors


@contextlib.contextmanager
def in_time(took):
    start = time.monotonic()
    yield
    took.append(time.monotonic() - start)


def test_talk(office, channel, people):
    "B8, B9: both sides see at once what the other writes; it becomes a ticket"
    operator = people.operator()
    operator.join(channel)
    operator.window.screenshot('chat-01-joined')
    visitor = people.visitor(channel.address)
    visitor.window.screenshot('chat-02-visitor')
    visitor.begin("Hello, does the Ribera One work with 110 V?")
    expect(operator.bell).to_be_visible()
    operator.window.screenshot('chat-03-bell')
    operator.open_chat()
    expect(operator.heard("110 V?")).to_be_visible()
    operator.window.screenshot('chat-04-opened')
    talk(operator, visitor)
    make_ticket(operator, visitor, "Ribera One with 110 V")

    def conversation():
        Ticket = Pool().get('helpdesk.ticket')
        ticket, = Ticket.search([('subject', '=', "Ribera One with 110 V")])
        return [c.body for c in ticket.conversations]
    said = '\n'.join(office.site.call(conversation, readonly=True))
    for text in ["110 V?", "Answer 2", "Question 2",
            "Thank you for the ticket"]:
        assert text in said, said

    before = visitor.said()
    visitor.page.reload()
    expect(visitor.mine("Thank you for the ticket")).to_be_visible()
    assert visitor.said() == before
    visitor.window.screenshot('chat-07-reloaded')


def talk(operator, visitor):
    "Let each answer the other, and hear it in time"
    there, back = [], []
    for i in range(3):
        operator.say(f"Answer {i}")
        with in_time(there):
            visitor.heard(f"Answer {i}").wait_for()
        visitor.say(f"Question {i}")
        with in_time(back):
            operator.heard(f"Question {i}").wait_for()
    print("seconds to the visitor", there, "to the operator", back)
    assert max(there + back) <= LATE
    expect(visitor.mine("Question 2").locator('.chat-mark')).to_have_text(
        "Read")
    visitor.window.screenshot('chat-05-visitor')
    operator.window.screenshot('chat-05-operator')


def make_ticket(operator, visitor, subject):
    "Let the operator make a ticket of the chat, which goes on"
    operator.say(f"/ticket {subject}")
    expect(operator.heard(subject)).to_be_visible()
    expect(operator.send).to_be_in_viewport(ratio=1)
    expect(visitor.heard("ticket")).to_be_visible()
    operator.window.screenshot('chat-06-operator-ticket')
    visitor.window.screenshot('chat-06-visitor-ticket')
    visitor.say("Thank you for the ticket")
    expect(operator.heard("Thank you for the ticket")).to_be_visible()


def test_long_address(office, channel, people):
    "B8: no address of a visitor pushes what operators need off the screen"
    operator = people.operator()
    operator.join(channel)
    visitor = people.visitor(channel.address)
    visitor.begin('https://shop.example/' + 'machines/' * 20)
    expect(operator.bell).to_be_visible()
    operator.open_chat()
    expect(operator.heard('shop.example')).to_be_visible()
    expect(operator.send).to_be_in_viewport(ratio=1)
    expect(operator.window.button("Hand Over")).to_be_in_viewport(ratio=1)
    # The visitor is the operator's already
    expect(operator.window.button("Take")).to_have_count(0)
    operator.say("/ticket " + "Which machine " * 20)
    expect(operator.heard("Which machine").first).to_be_visible()
    expect(operator.send).to_be_in_viewport(ratio=1)
    operator.window.screenshot('chat-long')


def test_restart(office, channel, people):
    "B8: a restart of the server loses nothing and doubles nothing"
    operator = people.operator()
    operator.join(channel)
    visitor = people.visitor(channel.address)
    visitor.begin("Before")
    expect(operator.bell).to_be_visible()
    operator.open_chat()
    operator.say("Answer before")
    expect(visitor.heard("Answer before")).to_be_visible()
    office.stop()
    visitor.say("Meanwhile")
    visitor.say("Still there?")
    visitor.entry.fill("Half a sen")
    visitor.page.wait_for_timeout(3_000)
    visitor.window.screenshot('chat-08-down')
    office.start()
    took = []
    with in_time(took):
        for text in ["Meanwhile", "Still there?"]:
            expect(visitor.mine(text)).to_have_count(1)
            operator.heard(text).wait_for()
    print("seconds after the restart", took)
    assert max(took) <= BACK
    expect(visitor.entry).to_have_value("Half a sen")
    operator.close_dialogs()
    operator.say("Here I am again")
    expect(visitor.heard("Here I am again")).to_be_visible()
    visitor.entry.fill("Half a sentence")
    visitor.entry.press('Enter')
    expect(operator.heard("Half a sentence")).to_be_visible()
    texts = [
        "Before", "Answer before", "Meanwhile", "Still there?",
        "Here I am again", "Half a sentence"]
    for seen in [visitor.said(), operator.messages.all_inner_texts()]:
        assert [t for t in seen if t in texts] == texts
    visitor.window.screenshot('chat-09-up')
    operator.window.screenshot('chat-09-operator')


def test_two(office, channel, people):
    "B8: each visitor has one operator, and who that is nobody can foresee"
    operators = [people.operator('agent'), people.operator('other')]
    for operator in operators:
        operator.join(channel)
    # More at once are refused from one address
    count = 3
    for i in range(count):
        visitor = people.visitor(channel.address)
        visitor.begin(f"Hello from {i}", name=f"Visitor {i}")

    def handed():
        "Return who is there, who got whom, and who was told of whom"
        pool = Pool()
        Channel = pool.get('helpdesk.chat.channel')
        Chat = pool.get('helpdesk.chat')
        Notification = pool.get('res.notification')
        User = pool.get('res.user')
        present = Channel.present([Channel(channel.id)])[channel.id]
        chats = Chat.search([('channel', '=', channel.id)])
        told = Notification.search([('model', '=', Chat.__name__)])
        return (
            {u.login for u in User.browse(present)},
            {c.visitor: c.operator.login for c in chats},
            {c.visitor: [
                    n.user.login for n in told
                    if json.loads(n.records) == [c.id]] for c in chats})
    present, operator_of, told = office.site.call(handed, readonly=True)
    print(operator_of)
    assert present == {'agent', 'other'}
    assert len(operator_of) == count
    assert set(operator_of.values()) <= present
    # Nobody else was told, and nobody twice
    assert told == {v: [login] for v, login in operator_of.items()}


def test_embedded(office, channel, people):
    "B8: one line of HTML has the chat on another site"
    operator = people.operator()
    operator.join(channel)
    visitor = people.visitor('about:blank')
    page = visitor.page

    def code():
        Channel = Pool().get('helpdesk.chat.channel')
        return Channel(channel.id).code
    line = re.sub(
        'src="[^"]*"', f'src="{channel.address}/widget.js"',
        office.site.call(code, readonly=True))
    page.route(f'{SHOP}/**', lambda route: route.fulfill(
            content_type='text/html', body=(
                '<!DOCTYPE html><html lang="en"><title>Shop</title>'
                f'<h1>Coffee</h1><p>Beans and machines.</p>{line}')))
    page.goto(f'{SHOP}/beans')
    visitor.window.screenshot('chat-10-site')
    page.get_by_role('button').first.click()
    visitor.place = page.frame_locator('iframe')
    visitor.begin("Do you have decaf?", name="Nora")
    expect(operator.bell).to_be_visible()
    operator.open_chat("Nora")
    expect(operator.heard("Do you have decaf?")).to_be_visible()
    operator.say("Of course")
    expect(visitor.heard("Of course")).to_be_visible()
    visitor.window.screenshot('chat-11-framed')
    # It is open on the next page, too
    page.goto(f'{SHOP}/machines')
    expect(visitor.heard("Of course")).to_be_visible()


def test_nobody(office, channel, people):
    "B8: where nobody is there the form makes a ticket"
    visitor = people.visitor(channel.address)
    visitor.window.screenshot('chat-12-nobody')
    place = visitor.place.locator('#chat-away')
    expect(place).to_be_visible()
    for name, text in [
            ('name', "Ada"), ('email', 'ada@example.com'),
            ('subject', "A broken handle"), ('text', "It broke.")]:
        place.locator(f'[name={name}]').fill(text)
    visitor.page.wait_for_timeout(AS_PEOPLE)
    place.locator('[type=submit]').click()
    office.sink.wait(1)
    visitor.window.screenshot('chat-13-sent')

    def subjects():
        Ticket = Pool().get('helpdesk.ticket')
        return [t.subject for t in Ticket.search([])]
    assert "A broken handle" in office.site.call(subjects, readonly=True)


def test_accessible(channel, people):
    "B8: the page of the chat is for everybody, before, in and after a chat"
    visitor = people.visitor(channel.address)
    page = visitor.page
    accessible(page)
    fits(page)
    operator = people.operator()
    operator.join(channel)
    page.reload()
    for scheme in ['light', 'dark']:
        page.emulate_media(color_scheme=scheme)
        accessible(page)
    keyboard(page)
    visitor.begin("Hello")
    operator.open_chat()
    operator.say("Good morning, see https://example.com/manual.")
    expect(visitor.heard("Good morning")).to_be_visible()
    # It fades in
    page.evaluate(
        '() => Promise.all(document.getAnimations().map(a => a.finished))')
    for scheme in ['light', 'dark']:
        page.emulate_media(color_scheme=scheme)
        accessible(page)
        visitor.window.screenshot(f'chat-14-{scheme}')
    fits(page)
    keyboard(page)
