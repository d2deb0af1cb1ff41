# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from . import guest_routes, routes, ticket_routes, web_form_routes

__all__ = [guest_routes, routes, ticket_routes, web_form_routes]
