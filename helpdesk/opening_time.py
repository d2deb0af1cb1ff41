# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
How opening time is shown: in hours, since a day of it has not 24 of them.
"""
from trytond.pool import PoolMeta

# The key of the context that has the units
UNITS = 'helpdesk_opening_time'


class User(metaclass=PoolMeta):
    __name__ = 'res.user'

    @classmethod
    def _get_preferences(cls, user, context_only=False):
        preferences = super()._get_preferences(
            user, context_only=context_only)
        preferences[UNITS] = {'s': 1, 'm': 60, 'h': 60 * 60}
        return preferences
