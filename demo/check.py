# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
One round trip through the running demo, told line by line.

Letter in, answer out, reply in, page read: as a customer and an agent do.
"""
import datetime as dt
import html
import re
import urllib.error
import urllib.request
from email.utils import parseaddr
from http.cookiejar import CookieJar

from proteus import Model, Report, config

from . import agent, check_portal, place, post
from .progress import Trouble, say
from .settings import DATABASE, SUPPORT
from .sink import letters

NORA = "Nora Ellis <nora@ellis.example>"
SUBJECT = "The grinder is louder than last week"
QUESTION = "Is that normal, or did a stone get into it?"
NOTE = "She wrote about the same grinder in spring."
ANSWER = "That sounds like a stone. Please empty it and try again."
SEPARATOR = "-- Please write above this line --"
STRANGER = 'emma@lighthouse.example'
BLOCKED = 'offers@megadeals.example'
REPLY = "There was a stone indeed. Thank you!"


def run(settings, processes):
    "Return the exit code"
    say("\nOne round trip:")
    try:
        _read_client(settings)
        _round_trip(settings)
        say("\nThe portal:")
        check_portal.run(settings, _seen)
        for process in processes:
            process.check()
        _seen("trytond and trytond-cron are still running", True)
    except Trouble as trouble:
        say(f"  FAILED  {trouble}")
        return 1
    say("\nEverything works.")
    return 0


def _seen(text, condition):
    if not condition:
        raise Trouble(text)
    say(f"  ok      {text}")


def _read_client(settings):
    page = _get(settings.url + '/')
    if settings.root == place.NO_CLIENT:
        _seen("/ says that the web client is missing", 'npm' in page)
        return
    _seen("/ serves the web client", '<title>Tryton</title>' in page)
    script, = re.findall(r'src="(dist/[^"]+\.js)"', page)
    _seen(f"and its script {script}",
        'Sao' in _get(f'{settings.url}/{script}'))


def _round_trip(settings):
    _seen("the portal answers", _get(f'{settings.url}/{DATABASE}/helpdesk/'))
    confirmation = _ask(settings)
    received = _answer(settings, confirmation)
    _reply(settings, received)
    _read_page(settings, received)
    _read_letters(settings)
    _read_reports(settings)


def _ask(settings):
    known = letters(settings.sent)
    letter = post.write(NORA, SUPPORT, SUBJECT, f"Hello,\n\n{QUESTION}\n")
    post.send_in(settings, letter)
    _seen("the pipe took the letter of a customer", True)
    with agent.log_in(settings, 'ana'):
        ticket = agent.ticket(SUBJECT)
        _seen(f"the agent ana sees it as ticket {ticket.rec_name}",
            ticket.email == parseaddr(NORA)[1])
        _seen("it is unread, in the section Technical Support",
            ticket.unread and ticket.section.rec_name == "Technical Support")
        _seen("it is due, as the service level Standard promises",
            ticket.due and ticket.service_level.rec_name == "Standard")
        number = ticket.number
    mail = post.wait_for(settings, ticket.email, known)
    _seen(f"the customer got a confirmation: {mail['Subject']}",
        number in mail['Subject'])
    _seen("which answers her letter",
        mail['In-Reply-To'] == letter['Message-ID'])
    return mail


def _answer(settings, confirmation):
    known = letters(settings.sent)
    with agent.log_in(settings, 'ana'):
        ticket = agent.ticket(SUBJECT)
        ticket.click('take')
        agent.note(ticket, NOTE)
        agent.answer(ticket, ANSWER, 'wait')
        ticket.reload()
        _seen("ana took it, noted something, answered, and waits",
            ticket.state == 'pending' and not ticket.unread
            and ticket.employee.rec_name == "Ana Molina")
    mail = post.wait_for(settings, parseaddr(NORA)[1], known)
    text = post.body(mail)
    _seen(f"the customer got the answer: {mail['Subject']}", ANSWER in text)
    _seen("the mail does not have the note", NOTE not in text)
    _seen("it has the separator and the signature of the section",
        text.startswith(SEPARATOR) and "Ana Molina\nCafeteras" in text)
    _seen("it is there as HTML too", mail.get_body(('html',)))
    return mail


def _reply(settings, received):
    post.send_in(settings, post.answer(received, REPLY))
    _seen("the pipe took the customer's reply", True)
    with agent.log_in(settings, 'ana'):
        ticket = agent.ticket(SUBJECT)
        _seen("it is in the same ticket, unread and in process again",
            ticket.unread and ticket.state == 'open'
            and REPLY in ticket.conversations[0].body)


def _read_page(settings, received):
    guest = re.escape(f'{settings.url}/{DATABASE}/helpdesk/guest/')
    link = re.search(guest + r'[\w-]+', post.body(received))
    _seen("the answer has a link to the customer's page", link)
    page = _get(link[0])
    for text in [SUBJECT, QUESTION, ANSWER, REPLY]:
        _seen(f"the page shows: {text}", text in page)
    _seen("the page does not show the note", NOTE not in page)
    _seen("a wrong link finds nothing", _get(link[0] + 'x') is None)


def _read_letters(settings):
    "What came for the whole team, and made no ticket"
    with agent.log_in(settings, 'marta'):
        reasons = {
            letter.sender: letter.reason
            for letter in Model.get('helpdesk.mail').find(
                [('state', 'in', ['held', 'ignored'])])}
    for sender in [STRANGER, BLOCKED]:
        _seen(f"the letter of {sender} made no ticket: "
            f"{reasons.get(sender)}", reasons.get(sender))


def _read_reports(settings):
    "What a manager reads of the past year"
    to_date = dt.date.today().replace(day=1) - dt.timedelta(days=1)
    from_date = to_date.replace(day=1)
    with agent.log_in(settings, 'marta'):
        section, = Model.get('helpdesk.section').find(
            [('name', '=', "Technical Support")])
        about = {
            'company': section.company.id, 'from_date': from_date,
            'to_date': to_date, 'period': 'week', 'hours': 'open'}
        with config.get_config().set_context(about):
            row, = Model.get('helpdesk.reporting.main').find([])
            _seen(f"the manager marta sees {row.created} tickets of last "
                f"month, {row.solved} solved", row.created and row.solved)
            _seen("and how fast they were",
                row.first_answer_time and row.solution_time)
            weeks = Model.get('helpdesk.reporting.main.time_series').find([])
            _seen(f"in {len(weeks)} weeks", len(weeks) >= 4)
        type_, content, _, name = Report(
            'helpdesk.section.overview').execute([section], about)
        _seen(f"she prints: {name}.{type_}", bytes(content[:5]) == b'%PDF-')


def _get(url):
    "What a browser reads there, None if there is nothing"
    browser = urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(CookieJar()))
    try:
        with browser.open(url, timeout=30) as answer:
            return html.unescape(answer.read().decode('utf-8'))
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise Trouble(f"{url} answers {error.code} {error.reason}") from None
    except OSError as error:
        raise Trouble(f"{url} does not answer: {error}") from None
