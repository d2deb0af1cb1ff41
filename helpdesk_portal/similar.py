# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Which of a customer's own tickets may be about the same.
"""
from rapidfuzz import fuzz, process, utils
from trytond.modules.helpdesk.workflow import OVER_STATES
from trytond.pool import PoolMeta

# So many of the newest are compared, and shown at most
COMPARED = 200
SHOWN = 3
# Of 100; "printer jams" and "The printer jams again" are at 86
LEAST = 70
# Shorter ones are like anything
LETTERS = 4


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def similar_to(cls, visitor, subject):
        """
        Return the open tickets of the visitor with a similar subject.

        visitor is a Visitor, or None for a stranger, to whom nothing is
        similar; subject a str. The most similar one first.
        """
        if visitor is None or len(subject) < LETTERS:
            return []
        tickets = cls.search([
                cls.visible_to(visitor),
                ('state', 'not in', OVER_STATES),
                ], order=[('id', 'DESC')], limit=COMPARED)
        found = process.extract(
            subject, {t: t.subject for t in tickets},
            scorer=fuzz.token_set_ratio, processor=utils.default_process,
            limit=SHOWN, score_cutoff=LEAST)
        return [ticket for _, _, ticket in found]
