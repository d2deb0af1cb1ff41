# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The addresses of the portal's pages.

They stand in mails, cookies and other sites, so they are made in one place.
"""
from urllib.parse import quote


def path(root, database, *parts):
    """
    Return the path of a page below /<database>/helpdesk.

    root is where trytond is mounted, often ''; parts are str. A slash in a
    number stays one, since servers in front refuse or unfold %2F.
    """
    names = [database, 'helpdesk', *parts]
    return root.rstrip('/') + '/' + '/'.join(
        quote(n, safe='/:@') for n in names)
