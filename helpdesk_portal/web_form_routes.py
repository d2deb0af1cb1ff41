# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import secrets
import time
from urllib.parse import quote

from trytond.protocols.wrappers import HTTPStatus, abort, redirect

from . import form_stamp, web_form
from .routes import (
    BASE, LIMITS, MAX_FORM, check_form, get, identifier, path, post, to_login,
    uploaded, visitor)
from .web_form_page import (
    ConfirmPage, SectionsPage, SimilarPage, ThanksPage, WebFormPage)
from .web_form_submission import Submission


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
    return PageSubmission(request, pool, section, who).answer()


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
    return PageSubmission(
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


class PageSubmission(Submission):
    "What the page of a form sent, and the page that answers"

    def __init__(self, request, pool, section, visitor=None, embedded=False):
        request.max_form_memory_size = MAX_FORM
        super().__init__(request, pool, section, request.form.get, visitor)
        self.embedded = embedded

    def files(self):
        return uploaded(self.request)

    def answer(self):
        outcome = self.send()
        if outcome.is_refused:
            return _form(
                self.request, self.section, self.visitor, self.embedded,
                stamp=self.stamp, typed=outcome.typed,
                trouble=outcome.trouble).response(
                HTTPStatus.UNPROCESSABLE_ENTITY)
        return _thank(
            self.request, self.section, outcome.ticket, self.visitor,
            self.embedded, mailed=not outcome.ticket)


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
