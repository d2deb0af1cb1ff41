# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import json
from dataclasses import replace

from trytond.protocols.wrappers import (
    HTTPStatus, abort, allow_null_origin, exceptions, set_max_request_size,
    with_pool, with_transaction)
from trytond.wsgi import app

from . import chat_form, form_stamp, pages, web_form
from .chat_routes import HEADER, new_stamp, open_channel
from .routes import BASE, LIMITS, data, data_page, patient
from .web_form_page import ThanksPage, WebFormPage
from .web_form_submission import Submission

# Of all that is typed, in bytes: JSON may write a character as twelve of them
MAX_DATA = 12 * LIMITS.text + 2 ** 16


def _route(methods):
    def decorator(func):
        return app.route(f'{BASE}/chat/<id>/form', methods=methods)(
            allow_null_origin(set_max_request_size(MAX_DATA)(
                    with_pool(data_page(patient(with_transaction()(func)))))))
    return decorator


@_route({'GET'})
def form(request, pool, id):
    "Answer what a browser needs to send the form: a new one each time"
    channel = open_channel(pool, id)
    stamp = new_stamp(channel, stamped(channel))
    page = WebFormPage(request, channel.section, stamp, LIMITS)
    return data({
            'stamp': page.stamp.text,
            'challenge': page.challenge,
            'recaptcha': {
                'key': page.recaptcha,
                'script': page.recaptcha_script,
                'action': page.recaptcha_action,
                } if page.recaptcha else None,
            'least': form_stamp.LEAST,
            'lengths': {**page.lengths, 'text': LIMITS.text},
            })


@_route({'POST'})
def send(request, pool, id):
    channel = open_channel(pool, id)
    chat = _chat(request, pool, channel)
    return ChatSubmission(
        request, pool, channel, chat, _typed(request)).answer()


class ChatSubmission(Submission):
    "What was typed in the form of a chat, and what is answered to it"

    def __init__(self, request, pool, channel, chat, typed):
        """
        chat is the helpdesk.chat that the visitor had begun, or None; typed
        are str by the names of fields.
        """
        self.channel = channel
        self.chat = chat
        self.typed = typed
        self.said = chat.said() if chat else []
        super().__init__(request, pool, channel.section, typed.get)

    def stamped(self):
        return stamped(self.channel)

    def answer(self):
        try:
            outcome = self.send()
        except exceptions.TooManyRequests:
            return data(
                {'error': pages.Page(self.request).text('chat_form_limit')},
                HTTPStatus.TOO_MANY_REQUESTS)
        if outcome.is_refused:
            return self._refuse(outcome)
        thanks = ThanksPage(
            self.request, self.section, mailed=not outcome.ticket)
        return data(
            {'heading': thanks.heading, 'sentences': thanks.sentences})

    def _refuse(self, outcome):
        page = pages.Page(self.request)
        errors = dict(outcome.typed.errors)
        if outcome.trouble:
            errors['form'] = outcome.trouble
        return data({
                'errors': {
                    n: page.text(f'form_{e.key}', **e.variables)
                    for n, e in errors.items()},
                }, HTTPStatus.UNPROCESSABLE_ENTITY)

    def read(self):
        typed = self.typed
        if not (typed.get('text') or '').strip():
            # Enough was said
            typed = chat_form.complete(typed, self.said)
        values = {
            **typed,
            'subject': typed.get('subject') or chat_form.first_line(
                typed.get('text') or ''),
            }
        request = web_form.read(
            values.get, [], web_form.Asked(), self.section.web_form_takes,
            limits=LIMITS)
        # Without a text there is no first line either
        return replace(request, errors={
                n: e for n, e in request.errors.items()
                if e.key != 'subject_required'})

    def ask(self, typed, language):
        WebRequest = self.pool.get('helpdesk.web_request')
        WebRequest.ask(
            self.section, self._with_chat(typed, language), language,
            chat_channel=self.channel.id,
            chat=self.chat.id if self.chat else None)
        self._end_chat()

    def make(self, typed, language):
        Ticket = self.pool.get('helpdesk.ticket')
        ticket = Ticket.file_request(
            self.section, self._with_chat(typed, language), language,
            channel='chat')
        self._end_chat(ticket)
        return ticket

    def _with_chat(self, typed, language):
        "Return the web_form.Request with what was said and sent before"
        if not self.chat:
            return typed
        values = chat_form.complete({
                'subject': typed.subject,
                # Or it is what was said already
                'text': (self.typed.get('text') or '').strip() and typed.text,
                }, self.said, language.helpdesk_text('chat_form_said'))
        return replace(typed, **values, files=self.chat.sent_files())

    def _end_chat(self, ticket=None):
        if self.chat:
            self.chat.end_by_form(ticket)


def stamped(channel):
    "Return what the stamps of the channel's form are made for"
    return f'chat form {channel.id}'


def _chat(request, pool, channel):
    "Return the chat that the visitor had begun and that is no ticket yet"
    Chat = pool.get('helpdesk.chat')
    return Chat.with_token(
        request.headers.get(HEADER), ('channel', '=', channel.id),
        ('ticket', '=', None))


def _typed(request):
    "Return the str that were sent, by the names of the fields"
    try:
        sent = json.loads(request.get_data())
    except (ValueError, RecursionError):
        abort(HTTPStatus.BAD_REQUEST)
    if request.mimetype != 'application/json' or not isinstance(sent, dict):
        abort(HTTPStatus.BAD_REQUEST)
    return {n: v for n, v in sent.items() if isinstance(v, str)}
