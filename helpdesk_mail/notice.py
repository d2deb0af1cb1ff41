# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import PoolMeta

from .intake import filter as filter_
from .outgoing import Outgoing


class Notice(metaclass=PoolMeta):
    __name__ = 'helpdesk.notice'

    def render(self):
        message = super().render()
        # A user may have the address of a section: no ticket shall come of it
        message[filter_.MARK] = Outgoing.mark()
        return message
