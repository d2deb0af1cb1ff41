# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The portal of the running demo, page by page, as its customers use it.
"""
import re
import time

from . import agent, portal, post
from .settings import CHANNEL, CUSTOMER, INVITED, PASSWORD, SATISFIED
from .sink import letters
from .visit import Visit

# Who is faster with a form is no person
PAUSE = 4
# The scheduler sends links to log in, once a minute
PATIENCE = 90
OLGA = 'olga@reyes.example'
SUBJECT = "Which beans for the Ribera One?"
TEXT = "The ones of the supermarket clog the grinder."
WAITING = "Steam wand is leaking (photo)"
PRICE = "84.00 EUR"
HERS = "La Ribera Dos ya no calienta"
COLLEAGUE = "Presupuesto de una segunda máquina"


def run(settings, seen):
    "seen is called with a text and whether it is so"
    _file(settings, seen)
    _follow_link(settings, seen)
    _log_in(settings, seen)
    _rate(settings, seen)
    _chat(settings, seen)


def _file(settings, seen):
    known = letters(settings.sent)
    visit = Visit()
    visit.open(portal.start(settings))
    seen("the start page has the brand and its logo", (
            visit.shows("Cafeteras Ribera") and visit.shows('/brand/')))
    address = visit.link(r'[^"]*/new/\d+')
    seen("and leads to the form of Technical Support", address)
    seen("the form is there", visit.open(address))
    category = visit.option("Grinder")
    seen("it asks what it is about", category)
    time.sleep(PAUSE)
    visit.submit(
        name="Olga Reyes", email=OLGA, subject=SUBJECT, text=TEXT,
        category=category)
    seen("it takes a request, and thanks", '/thanks' in visit.address)
    with agent.log_in(settings, 'ana'):
        ticket = agent.ticket(SUBJECT)
        seen(f"which is ticket {ticket.rec_name}, unread", ticket.unread)
        number = ticket.number
    mail = post.wait_for(settings, OLGA, known)
    seen(f"the customer got a confirmation: {mail['Subject']}",
        number in mail['Subject'])


def _follow_link(settings, seen):
    "As who was invited: only the mail's link, no password"
    mail = post.wait_for(settings, INVITED, patience=PATIENCE, about='login/')
    seen(f"an invitation went to {INVITED}", mail)
    link = re.search(
        re.escape(portal.start(settings)) + r'login/[\w-]+', post.body(mail))
    visit = Visit()
    seen("its link opens a page", visit.open(link[0]))
    visit.submit()
    seen("whose button logs her in", visit.address.endswith('/tickets'))
    seen("and finds her ticket", visit.shows(HERS))
    visit.open(visit.address + '?of=shared')
    seen("she sees the ticket of her colleague", visit.shows(COLLEAGUE))
    seen("but not those of others", not visit.shows(WAITING))
    seen("and the link works only once", not Visit().open(link[0]))


def _log_in(settings, seen):
    visit = Visit()
    visit.open(portal.start(settings) + 'login')
    visit.submit(email=CUSTOMER, password=PASSWORD)
    seen(f"{CUSTOMER} logs in with a password", visit.shows(WAITING))
    seen("opens the ticket", visit.open(visit.link(r'[^"]*/tickets/\d+')))
    seen("and is asked to authorize it", visit.shows(PRICE))
    pdf = visit.download(visit.link(r'[^"]*\.pdf'))
    seen("the ticket is there as PDF", pdf and pdf.startswith(b'%PDF'))
    _sign(settings, visit, seen)


def _sign(settings, visit, seen):
    address = visit.address
    visit.submit(
        f'{address}/authorize', decision='granted', name="Tom Baker",
        agree='1')
    with agent.log_in(settings, 'ana'):
        ticket = agent.ticket(WAITING)
        authorization = ticket.authorizations[0]
        seen("signed with a name, it is granted and in process again", (
                authorization.state == 'granted'
                and authorization.decided_by == "Tom Baker"
                and ticket.state == 'open'))


def _rate(settings, seen):
    link = portal.guest_link(settings, SATISFIED)
    visit = Visit()
    seen("the link in a mail opens a resolved ticket", visit.open(link))
    seen("which can be rated", visit.shows('name="score"'))


def _chat(settings, seen):
    visit = Visit()
    seen("the page of the live chat opens", visit.open(portal.chat(settings)))
    seen("and has its name", visit.shows(CHANNEL))
    seen("and its script", visit.download(visit.link(r'[^"]*chat\.js[^"]*')))
