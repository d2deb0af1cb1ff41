# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The addresses of the portal's pages.

They stand in mails, cookies and other sites, so they are made in one place.
"""
import re
from urllib.parse import quote, unquote

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
