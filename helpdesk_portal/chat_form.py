# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What a visitor sends with the form of a chat.

Decided here: how what was typed and what was said before make one request.
Not decided here: whether it is complete (web_form) nor what becomes of it.
"""
from ..helpdesk_mail.intake.charset import one_line
from ..helpdesk_mail.intake.file import MAX_SUBJECT


def complete(values, said, heading=''):
    """
    Return the values with a subject, and with what was said in the text.

    values are str by the names of fields; said are pairs of who spoke and
    what, oldest first; heading stands before what was said when something
    else was typed. Without a subject it is the first line, without a text
    what was said alone. Never raise.
    """
    text = (values.get('text') or '').strip()
    first = text or next((what for _, what in said), '')
    parts = [text] if text else []
    if said:
        if text and heading:
            parts.append(heading)
        parts.append('\n'.join(
                f'{who}: {indented(what)}' for who, what in said))
    return {
        **values,
        'subject': values.get('subject') or first_line(first),
        'text': '\n\n'.join(parts),
        }


def indented(text):
    """
    Return the text with all lines but the first one moved in.

    So none looks like what somebody else said, in a list of what was.
    """
    return '\n    '.join(text.splitlines())


def first_line(text):
    "Return the first line of the text that has something, as a subject"
    for line in text.splitlines():
        line = one_line(line)
        if line:
            return line[:MAX_SUBJECT]
    return ''
