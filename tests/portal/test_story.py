# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What a customer goes through, from the form to the PDF: with JavaScript, and
without.
"""
import io
import re

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader
from trytond.pool import Pool
from trytond.transaction import Transaction

from tests.portal.portal import AS_PEOPLE, PICTURE
from tests.portal.test_pages import picture

pytestmark = [
    pytest.mark.once, pytest.mark.needs('chromium', 'npm'),
    # A browser on a busy machine may be late, never three times
    pytest.mark.flaky(reruns=2)]

SUBJECT = "The door of the wardrobe hangs"
QUESTION = "New hinges: 35 € plus VAT.\n\nShall we order them?"
NOTE = "He complained already in May."
ANSWER = "Please have a look at the lower hinge."


def write(page, portal, email, files=()):
    "Fill in the form and send it"
    page.goto(portal.address(''))
    page.get_by_role('link', name="Support").click()
    page.get_by_label("Your name").fill("Joan Vila")
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_label("Subject").fill(SUBJECT)
    page.get_by_label("Description").fill("It hangs by one hinge.")
    page.set_input_files('#files', files)
    page.wait_for_timeout(AS_PEOPLE)
    page.get_by_role('button', name="Send").click()


def answer(ticket):
    "The agent answers, notes something and asks for an authorization"
    pool = Pool()
    Ask = pool.get('helpdesk.ticket.ask_authorization', type='wizard')
    Conversation = pool.get('helpdesk.conversation')
    Conversation.create([
            {'ticket': ticket.id, 'kind': 'email', 'direction': 'out',
                'body': ANSWER},
            {'ticket': ticket.id, 'kind': 'note', 'direction': 'internal',
                'body': NOTE},
            ])
    with Transaction().set_context(
            active_model='helpdesk.ticket', active_id=ticket.id,
            active_ids=[ticket.id]):
        session_id, _, _ = Ask.create()
        Ask.execute(session_id, {
                'start': {'question': QUESTION, 'signature': True},
                }, 'ask')
        Ask.delete(session_id)


def resolve(ticket):
    Pool().get('helpdesk.ticket').resolve([ticket])


def number_of(page):
    return re.search(r'/tickets/([^/?#]+)', page.url)[1]


def log_in_by_mail(page, portal, email):
    page.get_by_role('link', name="Log In").click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role('button', name="Send me a link").click()
    expect(page.locator('h1')).to_contain_text("mailbox")
    portal.cron()
    page.goto(portal.link(email, 'login'))
    page.get_by_role('button', name="Log in").click()
    expect(page.locator('h1')).to_have_text("My Tickets")


def draw(page):
    box = page.locator('canvas')
    box.scroll_into_view_if_needed()
    at = box.bounding_box()
    page.mouse.move(at['x'] + 40, at['y'] + 80)
    page.mouse.down()
    for step in range(1, 12):
        page.mouse.move(at['x'] + 40 + 20 * step, at['y'] + 80 - 30 * (
                step % 2))
    page.mouse.up()
    expect(page.get_by_label("I authorize this")).to_be_hidden()


def sign(page):
    page.get_by_label("I authorize this").check()


def decide(page, how):
    "Authorize what is asked, in one of the tickets of the list"
    page.get_by_role('link', name=SUBJECT).click()
    expect(page.locator('.authorization')).to_contain_text("35 €")
    expect(page.locator('body')).not_to_contain_text(NOTE)
    page.get_by_label("Your name").fill("Joan Vila")
    how(page)
    picture(page, f'story-{how.__name__}')
    page.get_by_role('button', name="Authorize").click()
    expect(page.get_by_role('status')).to_contain_text("authorization")


def rate(page, portal, email):
    portal.cron()
    page.goto(portal.link(email, 'rate'))
    expect(page.get_by_label("Very Good")).to_be_checked()
    page.get_by_label("What was good").fill("Very quick.")
    page.get_by_role('button', name="Send My Rating").click()
    expect(page.locator('h1')).to_have_text("Thank you")


def pdf(page, portal, number):
    page.goto(portal.address(f'tickets/{number}'))
    with page.expect_download() as download:
        page.get_by_role('link', name="Download PDF").click()
    return PdfReader(io.BytesIO(download.value.path().read_bytes()))


def check_pdf(reader, drawn):
    text = '\n'.join(p.extract_text() for p in reader.pages)
    for said in [SUBJECT, ANSWER, "35 €", "signed", "Joan Vila"]:
        assert said in text, said
    assert NOTE not in text
    signatures = [
        i for p in reader.pages for i in p.images
        if i.image.width == 2 * i.image.height]
    assert bool(signatures) == drawn


def check_records(ticket, kind):
    authorization, = ticket.authorizations
    assert authorization.state == 'granted'
    assert authorization.signature_kind == kind
    assert bool(authorization.signature_picture) == (kind == 'drawn')
    Rating = Pool().get('helpdesk.rating')
    rating, = Rating.search([('ticket', '=', ticket.id)])
    assert (rating.score, rating.comment) == (5, "Very quick.")


def test_story(portal, window):
    "B4, B10-B15, X5: with JavaScript; the robot check is solved for real"
    email = 'joan@vila.example'
    page = window().page
    write(page, portal, email, [
            {'name': 'hinge.png', 'mimeType': 'image/png',
                'buffer': PICTURE}])
    expect(page.locator('h1')).to_contain_text("Thank you")
    page.goto(portal.link(email, 'guest'))
    number = number_of(page)
    expect(page.locator('.files')).to_contain_text("hinge.png")
    portal.act(answer, number)
    log_in_by_mail(page, portal, email)
    decide(page, draw)
    portal.act(resolve, number)
    rate(page, portal, email)
    check_pdf(pdf(page, portal, number), True)
    portal.act(lambda t: check_records(t, 'drawn'), number)


def test_without_script(portal, window):
    "The same without JavaScript: a mail asks whether it was they (PO5)"
    email = 'joan@bosc.example'
    page = window(java_script_enabled=False).page
    write(page, portal, email)
    expect(page.locator('h1')).to_contain_text("One more step")
    page.goto(portal.link(email, 'confirm'))
    page.get_by_role('button', name="Yes, send my request").click()
    expect(page.locator('h1')).to_contain_text("Thank you")
    page.goto(portal.link(email, 'guest'))
    number = number_of(page)
    portal.act(answer, number)
    log_in_by_mail(page, portal, email)
    decide(page, sign)
    portal.act(resolve, number)
    rate(page, portal, email)
    check_pdf(pdf(page, portal, number), False)
    portal.act(lambda t: check_records(t, 'typed'), number)
