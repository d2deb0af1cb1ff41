# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

"""
Logging in to mail servers, by a password or by an OAuth 2.0 token.

Decided here: what is said to the server. XOAUTH2 is what Microsoft and Google
speak; OAUTHBEARER (RFC 7628) is its standard.
Not here: where the password or the token comes from.
"""
import base64
import poplib


class Token(str):
    "An OAuth 2.0 access token, in the place of a password."


def xoauth2(user, token):
    """
    Return what a client says by XOAUTH2, a string, not yet in base64.

    user is the mailbox, which need not be the user the token was given to.
    """
    return f'user={user}\1auth=Bearer {token}\1\1'


def imap_login(client, user, password):
    "Log in to an imapclient.IMAPClient; raises its LoginError."
    if not isinstance(password, Token):
        client.login(user, password)
    elif (client.has_capability('AUTH=OAUTHBEARER')
            and not client.has_capability('AUTH=XOAUTH2')):
        client.oauthbearer_login(user, password)
    else:
        client.oauth2_login(user, password)


def pop3_login(client, user, password):
    "Log in to a poplib.POP3; raises its error_proto."
    if not isinstance(password, Token):
        client.user(user)
        client.pass_(password)
        return
    # Microsoft wants two lines, and RFC 5034 allows only short ones
    client._shortcmd('AUTH XOAUTH2')
    answer = client._shortcmd(
        base64.b64encode(xoauth2(user, password).encode()).decode())
    if not answer.startswith(b'+OK'):
        # A challenge tells what is wrong; an empty line asks for the end
        client._shortcmd('')
        raise poplib.error_proto("token refused")


def smtp_login(server, user, password):
    "Log in to a smtplib.SMTP; raises its exceptions."
    if not isinstance(password, Token):
        server.login(user, password)
        return

    def answer(challenge=None):
        # A challenge tells what is wrong; an empty line asks for the end
        return xoauth2(user, password) if challenge is None else ''

    server.ehlo_or_helo_if_needed()
    server.auth('XOAUTH2', answer)
