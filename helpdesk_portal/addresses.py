# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The addresses of the portal's pages.

They stand in mails, cookies and other sites, so they are made in one place.
"""
import re
from urllib.parse import quote, unquote

import trytond.config as config
from trytond.transaction import Transaction
from trytond.url import http_base

# RFC 3986, 2, without what begins a fragment
_PATH = re.compile(r"[A-Za-z0-9/?:@._~!$&'()*+,;=%-]+")


def path(root, database, *parts):
    """
    Return the path of a page below /<database>/helpdesk.

    root is where trytond is mounted, often ''; parts are str. A slash in a
    number stays one, since servers in front refuse or unfold %2F.
    """
    names = [database, 'helpdesk', *parts]
    return root.rstrip('/') + '/' + '/'.join(
        quote(n, safe='/:@') for n in names)


def base_address():
    """
    Return where the portal is, without a slash at the end.

    It is not taken from the request: whoever makes one could have the links
    of others sent to a host of their own.
    """
    base = config.get('helpdesk', 'url')
    if not base:
        with Transaction().set_context(_request=None):
            base = http_base()
    return base.rstrip('/')


def url(*parts):
    "Return the address of a page, as mails and other sites have it"
    return base_address() + path('', Transaction().database.name, *parts)


def own_url(*parts):
    """
    Return the address of a page for who makes the request, and nobody else.

    Without an address in the configuration it is where they found us: what
    they would send to a host of their own is their own.
    """
    base = config.get('helpdesk', 'url') or http_base()
    return base.rstrip('/') + path('', Transaction().database.name, *parts)


def is_secure(request):
    """
    Tell whether the visitor's browser talks to us by TLS.

    A server in front may end it and tell us nothing about it.
    """
    return request.is_secure or base_address().startswith('https:')


def own_path(value, base):
    """
    Return the value if it is the path of a page below the base, or None.

    value is a str or None from wherever; base is the path of the portal. It
    is what somebody may be led to after logging in: never another site, nor
    another part of this one (SE16). Servers in front and browsers unfold
    paths each in their own way, so what could be unfolded is refused.
    """
    if not value or not _PATH.fullmatch(value) or value[0] != '/':
        return None
    path = value.partition('?')[0]
    plain = unquote(path)
    if plain != unquote(plain) or not plain.isprintable():
        return None
    if '//' in plain or '\\' in plain or {'.', '..'} & set(plain.split('/')):
        return None
    return value if plain.startswith(unquote(base) + '/') else None
