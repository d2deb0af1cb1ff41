# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
How a visitor wants to see the pages: the language they chose and their zone.

Decided here: what the address and the cookies say, and how it is kept. Not
decided here: which languages there are.
"""
from urllib.parse import urlencode

LANGUAGE = 'language'
LANGUAGE_COOKIE = 'helpdesk_language'
# Set by static/portal.js
ZONE_COOKIE = 'helpdesk_zone'
YEAR = 365 * 24 * 60 * 60


def chosen_language(request):
    "Return the code in the address or else in the cookie, '' for none"
    return (request.args.get(LANGUAGE)
        or request.cookies.get(LANGUAGE_COOKIE) or '')


def keep_language(request, response, code, path, secure):
    "Remember the language, if the address chooses it"
    if request.args.get(LANGUAGE) == code:
        response.set_cookie(LANGUAGE_COOKIE, code,
            path=path, secure=secure, httponly=True, samesite='Lax',
            max_age=YEAR)


def language_address(request, code):
    "Return the address of the same page, relative to it, in the language"
    arguments = [
        (name, value) for name, value in request.args.items(multi=True)
        if name != LANGUAGE]
    return '?' + urlencode([(LANGUAGE, code), *arguments])


def zone(request, zones):
    "Return the name of the browser's zone if it is among zones, else None"
    name = request.cookies.get(ZONE_COOKIE)
    return name if name in zones else None
