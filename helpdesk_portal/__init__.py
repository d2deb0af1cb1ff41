# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from . import authorization_routes, guest_routes, routes, ticket_routes

__all__ = [authorization_routes, guest_routes, routes, ticket_routes]
