# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model import fields
from trytond.pool import PoolMeta


class Configuration(metaclass=PoolMeta):
    __name__ = 'helpdesk.configuration'

    guest_link_days = fields.Integer("Guest Links Valid For", required=True,
        domain=[
            ('guest_link_days', '>', 0),
            ],
        help="For how many days the link in a mail opens its ticket.")
    portal_register = fields.Boolean("Strangers May Register",
        help="Whether the portal has a page on which people make an account "
        "whom the helpdesk does not know. Who has written to it, or is a "
        "party with an e-mail address, can always log in by a link.")

    @classmethod
    def default_guest_link_days(cls):
        return 90

    @classmethod
    def default_portal_register(cls):
        # Also where there was no page to register before
        return False
