# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Headers of mails.
"""


def plain(text):
    """
    Return the text, a str, as a header takes it as it is.

    EmailMessage decodes what looks like an encoded word (RFC 2047) even in
    what is assigned to it, line ends included.
    """
    return ' '.join(text.split()).replace('=?', '= ?')
