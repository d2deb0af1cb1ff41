# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
import threading
from contextlib import contextmanager

from trytond.modules.helpdesk_mail.intake.file import safe_file_name
from trytond.protocols.wrappers import HTTPStatus, Response, abort

from .pages import Page
from .routes import get
from .ticket_routes import TICKET, find_ticket, is_number, show

# A PDF takes seconds of a processor. One at a time leaves the process time for
# the pages; it needs nothing written, which a GET can't.
_making = threading.BoundedSemaphore(1)
PATIENCE = 10
# Who waits keeps a thread from the others as well
WAITING = 3
_waiting = threading.BoundedSemaphore(WAITING)
# A PDF runs nothing, and the viewers of browsers don't start in a sandbox
POLICY = "frame-ancestors 'none'; base-uri 'none'"


@get(f'{TICKET}.pdf')
def pdf(request, pool, number):
    if is_number(request, pool, f'{number}.pdf'):
        # The number itself ends so
        return show(request, pool, f'{number}.pdf')
    visitor, ticket = find_ticket(request, pool, number)
    Report = pool.get('helpdesk.ticket', type='report')
    lang = Page(request, language=ticket.language, visitor=visitor).lang
    with _one_at_a_time():
        _, data, _, _ = Report.execute([ticket.id], {'language': lang})
    response = Response(
        data, content_type='application/pdf', headers={
            'Content-Language': lang.code.replace('_', '-'),
            'Content-Security-Policy': POLICY,
            })
    name = safe_file_name(ticket.number.replace('/', '-'))
    response.headers.set('Content-Disposition',
        'inline' if 'show' in request.args else 'attachment',
        filename=f'{name}.pdf')
    return response


@contextmanager
def _one_at_a_time():
    if not _waiting.acquire(blocking=False):
        abort(HTTPStatus.SERVICE_UNAVAILABLE)
    try:
        made = _making.acquire(timeout=PATIENCE)
    finally:
        _waiting.release()
    if not made:
        abort(HTTPStatus.SERVICE_UNAVAILABLE)
    try:
        yield
    finally:
        _making.release()
