# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
How often somebody may begin a chat, and write in one.
"""
from trytond.pool import Pool
from trytond.protocols.wrappers import HTTPStatus, abort

WHAT = 'chat'
# Chats that a network may begin in an hour
PER_NETWORK = 30


def check_begin(request, channel, email):
    "Refuse who begins too many chats, and count this one"
    pool = Pool()
    Attempt = pool.get('helpdesk.portal.attempt')
    if Attempt.is_over(WHAT, PER_NETWORK):
        abort(HTTPStatus.TOO_MANY_REQUESTS)
    Attempt.note(WHAT, email or '')


def check_say(chat):
    "Refuse who writes too much in the chat"


def check_file(chat, size):
    "Refuse a file of so many bytes if the chat has no room"
