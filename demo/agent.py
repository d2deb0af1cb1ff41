# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What agents do in the client.

Through the running server, logged in as the agent, so with no more rights.
"""
import time

from proteus import Model, Wizard, config

from .progress import Trouble
from .settings import DATABASE, PASSWORD

PATIENCE = 30


def log_in(settings, login):
    "A context in which all is done as the user"
    return config.set_xmlrpc_session(
        f'{settings.url}/{DATABASE}/rpc/', login, PASSWORD)


def ticket(subject):
    "The ticket of the subject, which a letter may just be becoming"
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = Model.get('helpdesk.ticket').find(
            [('subject', '=', subject)])
        if found:
            ticket, = found
            return ticket
        time.sleep(0.5)
    raise Trouble(f"There is no ticket about: {subject}")


def answer(ticket, text, then='send'):
    "Answer; then is send, wait or resolve, as the buttons of the wizard"
    _write(Wizard('helpdesk.ticket.answer', [ticket]), text, then)


def answer_with(ticket, canned, then='send'):
    "Answer with the canned answer of this name"
    wizard = Wizard('helpdesk.ticket.answer', [ticket])
    wizard.form.template = _named('helpdesk.reply_template', canned)
    wizard.execute(then)


def sort(ticket, stage, tag, **attributes):
    "Say what is being done on the ticket, and what it is about"
    ticket.stage = _named('helpdesk.stage', stage)
    ticket.tags.append(_named('helpdesk.tag', tag))
    ticket.attributes = attributes
    ticket.save()


def plan(ticket, what, due):
    ticket.activities.new(what=what, due=due, employee=ticket.employee)
    ticket.save()


def ask(ticket, question):
    "Ask the customer to authorize something and to sign it"
    wizard = Wizard('helpdesk.ticket.ask_authorization', [ticket])
    wizard.form.question = question
    wizard.form.signature = True
    wizard.execute('ask')


def invite(party, email):
    "Let the party's people have a link to log in to the portal"
    wizard = Wizard(
        'helpdesk.portal.invite', [_named('party.party', party)])
    wizard.form.email = email
    wizard.execute('send')


def watch(ticket, name, email):
    "Let somebody else read what is written to the customer"
    ticket.participants.new(name=name, email=email)
    ticket.save()


def join(channel):
    "Be there for the visitors of the live chat, while logged in"
    _named('helpdesk.chat.channel', channel).click('join')


def chat(channel):
    "Return where the live chat is"
    return _named('helpdesk.chat.channel', channel).address


def _named(model, name):
    found, = Model.get(model).find([('name', '=', name)])
    return found


def note(ticket, text):
    _write(Wizard('helpdesk.ticket.note', [ticket]), text, 'save')


def _write(wizard, text, button):
    wizard.form.text = text
    wizard.execute(button)
