# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import secrets
import time
from urllib.parse import quote

from trytond.protocols.wrappers import HTTPStatus, abort, redirect

from . import form_stamp, pages, proof_of_work, recaptcha, session, web_form
from .forms import Error
from .routes import (
    BASE, LIMITS, MAX_FORM, check_form, get, identifier, path, post, to_login,
    uploaded, visitor)
from .web_form_page import (
    PROOF_FIELD, RECAPTCHA_FIELD, STAMP_FIELD, ConfirmPage, SectionsPage,
    SimilarPage, ThanksPage, WebFormPage)

WHAT = 'form'
MAIL = 'confirm'
# Mails that ask a mailbox in an hour, whatever else the forms take from it
MAILS = 5


@get(f'{BASE}/')
def start(request, pool):
    Section = pool.get('helpdesk.section')
    return SectionsPage(
        request, Section.with_form(), visitor(request, pool)).response()


@get(f'{BASE}/new')
def choose(request, pool):
    Section = pool.get('helpdesk.section')
    sections = Section.with_form()
    if len(sections) == 1:
        section, = sections
        return redirect(
            path(request, 'new', str(section.id)), HTTPStatus.SEE_OTHER)
    return SectionsPage(
        request, sections, visitor(request, pool), start=False).response()


@get(f'{BASE}/new/<id>')
def form(request, pool, id):
    who = visitor(request, pool)
    section = _section(pool, id)
    if not section.has_web_form(who):
        return to_login(request, path(request, 'new', str(section.id)))
    return _form(request, section, who).response()


@post(f'{BASE}/new/<id>')
def send(request, pool, id):
    who = visitor(request, pool)
    section = _section(pool, id)
    if not section.has_web_form(who):
        return to_login(request, path(request, 'new', str(section.id)))
    return Submission(request, pool, section, who).answer()


@get(f'{BASE}/new/<id>/thanks')
def thanks(request, pool, id):
    Ticket = pool.get('helpdesk.ticket')
    who = visitor(request, pool)
    tickets = Ticket.search([
            ('number', '=', _printable(request.args.get('ticket', ''))),
            Ticket.visible_to(who),
            ], limit=1) if who else []
    return ThanksPage(
        request, _section(pool, id), who,
        ticket=next(iter(tickets), None),
        mailed='mailed' in request.args).response()


@get(f'{BASE}/new/<id>/similar')
def similar(request, pool, id):
    _section(pool, id)
    return SimilarPage(
        request, visitor(request, pool),
        request.args.get('subject', '')[:web_form.LENGTHS['subject']]
        ).response()


# In a frame of another site browsers send no cookies: the form there is that
# of a stranger, whoever is logged in.

@get(f'{BASE}/embed/<id>')
def embedded(request, pool, id):
    return _form(request, _framed(pool, id), embedded=True).response()


@post(f'{BASE}/embed/<id>')
def send_embedded(request, pool, id):
    return Submission(
        request, pool, _framed(pool, id), embedded=True).answer()


@get(f'{BASE}/embed/<id>/thanks')
def thanks_embedded(request, pool, id):
    return ThanksPage(
        request, _framed(pool, id), embedded=True,
        mailed='mailed' in request.args).response()


@get(f'{BASE}/confirm/<token>')
def confirm(request, pool, token):
    asked = _asked(pool, token)
    if asked.ticket:
        return _thank(request, asked.section)
    return ConfirmPage(request, asked, token).response()


@post(f'{BASE}/confirm/<token>')
def confirmed(request, pool, token):
    WebRequest = pool.get('helpdesk.web_request')
    asked = _asked(pool, token)
    check_form(request, token)
    if not WebRequest.confirm(asked):
        abort(HTTPStatus.NOT_FOUND)
    return _thank(request, asked.section)


class Submission:
    "A form that was sent, and what is answered to it"

    def __init__(self, request, pool, section, visitor=None, embedded=False):
        self.request = request
        self.pool = pool
        self.section = section
        self.visitor = visitor
        self.embedded = embedded
        self.configuration = pool.get('helpdesk.configuration')(1)
        request.max_form_memory_size = MAX_FORM
        self.secret = section.web_form_secret()
        self.stamp = form_stamp.read(
            self.secret, section.id, request.form.get(STAMP_FIELD),
            int(time.time()))

    def answer(self):
        Attempt = self.pool.get('helpdesk.portal.attempt')
        Nonce = self.pool.get('helpdesk.portal.nonce')
        sent = Nonce.find(self.stamp.nonce) if self.stamp else None
        if sent:
            # The second tap on the button
            return self._thank(sent.ticket)
        self._check_limit(Attempt, self.configuration.web_form_per_network)
        typed = web_form.read(
            self.request.form.get, uploaded(self.request),
            self.section.web_form_asks(self.visitor),
            self.section.web_form_takes,
            self.configuration.web_form_files(), LIMITS)
        trouble = self._trouble()
        if trouble or not typed.valid:
            return _form(
                self.request, self.section, self.visitor, self.embedded,
                stamp=self.stamp, typed=typed, trouble=trouble).response(
                HTTPStatus.UNPROCESSABLE_ENTITY)
        if self.visitor:
            typed = self.section.web_form_of(self.visitor, typed)
        self._check_limit(
            Attempt, self.configuration.web_form_per_address, typed.email)
        person = self._is_person()
        Attempt.note(WHAT, typed.email)
        Nonce.take(self.stamp.nonce, self.stamp.expires)
        return self._thank(self._file(Nonce, typed, person))

    def _trouble(self):
        "Return the forms.Error of what is wrong with no field, or None"
        if not self.stamp or (self.visitor and not session.csrf_valid(
                    self.request, self.visitor.token)):
            return Error('old')
        if self.stamp.hasty:
            return Error('hasty')

    @staticmethod
    def _check_limit(Attempt, limit, email=None, what=WHAT):
        if Attempt.is_over(what, limit, email):
            abort(HTTPStatus.TOO_MANY_REQUESTS)

    def _file(self, Nonce, typed, person):
        "Return the ticket that was made, None if a mail asks first"
        Attempt = self.pool.get('helpdesk.portal.attempt')
        Ticket = self.pool.get('helpdesk.ticket')
        WebRequest = self.pool.get('helpdesk.web_request')
        language = pages.Page(self.request).lang
        if not person:
            self._check_limit(Attempt, MAILS, typed.email, MAIL)
            Attempt.note(MAIL, typed.email)
            WebRequest.ask(self.section, typed, language)
            return
        ticket = Ticket.file_request(self.section, typed, language)
        Nonce.made(self.stamp.nonce, ticket)
        return ticket

    def _is_person(self):
        if self.visitor:
            return True
        # A transaction that is tried again can't ask Google a second time
        environ = self.request.environ
        key = 'helpdesk_portal.person'
        if key not in environ:
            environ[key] = self._ask_person()
        return environ[key]

    def _ask_person(self):
        check = self.configuration.robot_check
        if check == 'altcha':
            return proof_of_work.is_solved(
                self.secret, self.stamp.nonce,
                self.request.form.get(PROOF_FIELD))
        if check == 'recaptcha':
            return recaptcha.is_person(
                self.configuration.recaptcha_key,
                self.request.form.get(RECAPTCHA_FIELD),
                self.configuration.recaptcha_score)
        return True

    def _thank(self, ticket):
        return _thank(
            self.request, self.section, ticket, self.visitor, self.embedded,
            mailed=not ticket)


def _printable(text):
    # PostgreSQL refuses NUL
    return text if text.isprintable() else ''


def _section(pool, id):
    "Return the section whose form is open to somebody"
    Section = pool.get('helpdesk.section')
    for section in Section.with_form(('id', '=', identifier(id))):
        return section
    abort(HTTPStatus.NOT_FOUND)


def _framed(pool, id):
    "Return the section whose form other sites may have in a frame"
    section = _section(pool, id)
    if not section.web_form_frames():
        abort(HTTPStatus.NOT_FOUND)
    return section


def _asked(pool, token):
    WebRequest = pool.get('helpdesk.web_request')
    return WebRequest.find(token) or abort(HTTPStatus.NOT_FOUND)


def _form(
        request, section, visitor=None, embedded=False, stamp=None, **values):
    stamp = stamp or form_stamp.make(
        section.web_form_secret(), section.id, secrets.token_urlsafe(),
        int(time.time()))
    return WebFormPage(
        request, section, stamp, LIMITS, visitor, embedded, **values)


def _thank(
        request, section, ticket=None, visitor=None, embedded=False,
        mailed=False):
    """
    Lead to the page that says what happens next.

    Only who is logged in gets to know the ticket's number: a stranger has
    not proved to be whose address was typed.
    """
    address = path(
        request, 'embed' if embedded else 'new', str(section.id), 'thanks')
    if mailed:
        address += '?mailed'
    elif ticket and visitor:
        address += f'?ticket={quote(ticket.number, safe="")}'
    return redirect(address, HTTPStatus.SEE_OTHER)
