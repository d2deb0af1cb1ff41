# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What becomes of a public form that was sent, whatever page it stands on.
"""
import time
from dataclasses import dataclass

from trytond.protocols.wrappers import HTTPStatus, abort

from . import form_stamp, pages, robot_check, session, web_form
from .forms import Error
from .routes import LIMITS
from .web_form_page import STAMP_FIELD

WHAT = 'form'
MAIL = 'confirm'
# Mails that ask a mailbox in an hour, whatever else the forms take from it
MAILS = 5


@dataclass(frozen=True)
class Outcome:
    """
    What came of a form.

    typed is the web_form.Request to show again with its errors, and trouble
    the forms.Error of what is wrong with no field; without either it was
    taken, and ticket is what it made, None if a mail asks first.
    """
    typed: object = None
    trouble: object = None
    ticket: object = None

    @property
    def is_refused(self):
        return self.typed is not None


class Submission:
    "A form that was sent, and what becomes of it"

    def __init__(self, request, pool, section, values, visitor=None):
        """
        request is the request; section the helpdesk.section; values what
        finds the str of a field by its name, like dict.get; visitor the
        Visitor who is logged in, or None.
        """
        self.request = request
        self.pool = pool
        self.section = section
        self.values = values
        self.visitor = visitor
        self.configuration = pool.get('helpdesk.configuration')(1)
        self.secret = section.web_form_secret()
        self.stamp = form_stamp.read(
            self.secret, self.stamped(), values(STAMP_FIELD),
            int(time.time()))

    def stamped(self):
        "Return what the stamp of the form has to be made for"
        return self.section.id

    def files(self):
        "Return an iterable of the forms.File that were sent"
        return []

    def send(self):
        "Take the form or refuse it, and return the Outcome"
        Attempt = self.pool.get('helpdesk.portal.attempt')
        Nonce = self.pool.get('helpdesk.portal.nonce')
        sent = Nonce.find(self.stamp.nonce) if self.stamp else None
        if sent:
            # The second tap on the button
            return Outcome(ticket=sent.ticket)
        self._check_limit(self.configuration.web_form_per_network)
        typed = self.read()
        trouble = self._trouble()
        if trouble or not typed.valid:
            return Outcome(typed, trouble)
        if self.visitor:
            typed = self.section.web_form_of(self.visitor, typed)
        self._check_limit(
            self.configuration.web_form_per_address, typed.email)
        person = self._is_person()
        Attempt.note(WHAT, typed.email)
        Nonce.take(self.stamp.nonce, self.stamp.expires)
        return Outcome(ticket=self._file(typed, person))

    def read(self):
        "Return the web_form.Request that was typed"
        return web_form.read(
            self.values, self.files(),
            self.section.web_form_asks(self.visitor),
            self.section.web_form_takes,
            self.configuration.web_form_files(), LIMITS)

    def _trouble(self):
        "Return the forms.Error of what is wrong with no field, or None"
        if not self.stamp or (self.visitor and not session.csrf_valid(
                    self.request, self.visitor.token)):
            return Error('old')
        if self.stamp.hasty:
            return Error('hasty')

    def _check_limit(self, limit, email=None, what=WHAT):
        Attempt = self.pool.get('helpdesk.portal.attempt')
        if Attempt.is_over(what, limit, email):
            abort(HTTPStatus.TOO_MANY_REQUESTS)

    def _file(self, typed, person):
        "Return the ticket that was made, None if a mail asks first"
        Attempt = self.pool.get('helpdesk.portal.attempt')
        Nonce = self.pool.get('helpdesk.portal.nonce')
        language = pages.Page(self.request).lang
        if not person:
            self._check_limit(MAILS, typed.email, MAIL)
            Attempt.note(MAIL, typed.email)
            self.ask(typed, language)
            return
        ticket = self.make(typed, language)
        Nonce.made(self.stamp.nonce, ticket)
        return ticket

    def ask(self, typed, language):
        "Have a mail ask to confirm the valid web_form.Request"
        WebRequest = self.pool.get('helpdesk.web_request')
        WebRequest.ask(self.section, typed, language)

    def make(self, typed, language):
        "Return the ticket made of the valid web_form.Request"
        Ticket = self.pool.get('helpdesk.ticket')
        return Ticket.file_request(self.section, typed, language)

    def _is_person(self):
        return bool(self.visitor) or robot_check.is_person(
            self.request, self.secret, self.stamp.nonce, self.values)
