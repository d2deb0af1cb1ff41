# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model import fields
from trytond.pool import PoolMeta
from trytond.pyson import Eval


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    customer_company = fields.Char("Customer's Company",
        states={
            'readonly': Eval('state') == 'closed',
            },
        help="The company that the person who asks works for, "
        "as they called it.")
    informant = fields.Many2One('party.party', "Informant",
        states={
            'readonly': Eval('state') == 'closed',
            },
        context={
            'company': Eval('company', -1),
            },
        depends={'company'},
        help="Who reported it, if somebody else than the contact person.")

    @classmethod
    def _followed_up(cls):
        return super()._followed_up() + ['customer_company', 'informant']
