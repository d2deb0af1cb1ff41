# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What the script of the chat's page gets to know, as dictionaries for JSON.

Of the helpdesk it is told first names, and of messages only the public ones.
"""
import datetime as dt
import json

from trytond.pool import Pool

from . import proof_of_work
from .chat_availability import back_text


def state(page, channel, stamp):
    """
    Return what there is to know before a visitor begins.

    page is the Page that has the language, stamp the form_stamp.Stamp that
    the beginning has to bring back.
    """
    pool = Pool()
    Configuration = pool.get('helpdesk.configuration')
    configuration = Configuration(1)
    there = channel.availability(channel)
    challenge = site_key = None
    if configuration.robot_check == 'altcha':
        challenge = proof_of_work.challenge(
            channel.section.web_form_secret(), stamp.nonce, stamp.expires)
    elif configuration.robot_check == 'recaptcha':
        site_key = configuration.recaptcha_site_key
    return {
        'open': there.open,
        'staffed': there.staffed,
        'back': back_text(page, there.opens_at),
        'identity': channel.identity,
        'stamp': stamp.text,
        'challenge': json.dumps(challenge) if challenge else None,
        'recaptcha': site_key,
        }


def news(chat, after=0):
    """
    Return what there is to know for the visitor of the chat.

    messages are those with ids after the one.
    """
    return {
        'version': chat.version,
        'state': chat.state,
        # Who was given the visitor may not have noticed yet
        'operator': (
            chat.shown_name(chat.operator)
            if chat.operator and chat.joined_at else None),
        'messages': [message(chat, m) for m in chat.messages(after)],
        'read': chat.operator_read or 0,
        'queue': chat.queue,
        'late': chat.is_late,
        'ticket': _ticket(chat),
        'ask_email': chat.asks_email,
        }


def message(chat, said):
    "Return what the visitor sees of a public message of the chat"
    speaker, file = said.helpdesk_speaker, said.helpdesk_file
    return {
        'id': said.id,
        'at': said.create_date.replace(
            tzinfo=dt.timezone.utc).isoformat(timespec='seconds'),
        'author': said.shown_author(),
        'mine': speaker == 'visitor',
        'system': speaker not in {'visitor', 'operator'},
        'text': '' if file else said.content,
        'nonce': said.helpdesk_nonce,
        'files': [{
                'id': file.id,
                'name': file.name,
                'size': file.data_size,
                }] if file else [],
        }


def _ticket(chat):
    if chat.ticket:
        return {'number': chat.ticket.number, 'url': chat.ticket_address()}
