# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import PoolMeta


class Authorization(metaclass=PoolMeta):
    __name__ = 'helpdesk.authorization'

    def conversation(self):
        values = super().conversation()
        if values['kind'] == 'email':
            # Who is in copy has nothing to decide, and must not get the link
            values['to_addresses'] = self.ticket.email
        return values
