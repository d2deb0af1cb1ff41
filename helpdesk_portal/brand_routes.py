# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.modules.helpdesk_mail.intake.layout import picture_type
from trytond.protocols.wrappers import HTTPStatus, Response, abort

from . import colors, pages
from .routes import BASE, get, identifier

BRAND = f'{BASE}/brand/<company>'


@get(f'{BRAND}/style.css')
def style_sheet(request, pool, company):
    color = _shown(pool, company)['color']
    if not color:
        abort(HTTPStatus.NOT_FOUND)
    return Response(
        colors.style_sheet(color), content_type='text/css; charset=utf-8',
        headers={'Cache-Control': pages.FOR_EVER})


@get(f'{BRAND}/logo')
def logo(request, pool, company):
    Brand = pool.get('helpdesk.brand')
    data = Brand.picture(identifier(company)) or b''
    type_ = picture_type(data)
    if not type_:
        abort(HTTPStatus.NOT_FOUND)
    return Response(data, content_type=type_, headers={
            'Cache-Control': pages.FOR_EVER,
            'Content-Security-Policy': pages.FILE_POLICY})


def _shown(pool, company):
    Brand = pool.get('helpdesk.brand')
    # 0 is no company, but would mean any
    company = identifier(company) or abort(HTTPStatus.NOT_FOUND)
    return Brand.shown(company, 'en')
