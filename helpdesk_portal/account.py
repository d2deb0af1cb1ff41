# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import PoolMeta
from trytond.transaction import without_check_access

from .visibility import Visitor


class User(metaclass=PoolMeta):
    __name__ = 'web.user'

    @classmethod
    @without_check_access
    def helpdesk_visitor(cls, key):
        """
        Return the Visitor whose session has the key, or None.

        Who was deactivated, or never proved their address, is a stranger.
        """
        user = cls.get_user(key) if key else None
        if user and user.active and user.email_valid:
            return Visitor.of_user(user, key)
