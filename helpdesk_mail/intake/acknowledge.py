# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""Whether a letter gets the automatic answer that it has arrived.

Decided here: one for a new ticket, for people only, and never many to one
address (RFC 3834, 2).  Not here: its words, and the sending.
"""

# Automatic answers that an address gets in an hour at the most
LIMIT = 5


def acknowledge(
        letter, verdict, new, wanted, sent_last_hour, limit=LIMIT):
    """Return whether to answer, and the key of the reason if not, else ''.

    ``new`` tells that the letter made a ticket, ``wanted`` that its section
    acknowledges; ``sent_last_hour`` counts the automatic answers to this
    address, ``limit`` is how many it may get an hour.
    """
    reasons = (
        ('not_filed', verdict.action != 'file'),
        ('not_wanted', not wanted),
        ('not_new', not new),
        ('automatic', verdict.automatic),
        ('no_answer', not verdict.answer),
        ('no_sender', not letter.sender),
        ('limit', sent_last_hour >= limit),
        )
    for reason, applies in reasons:
        if applies:
            return False, reason
    return True, ''
