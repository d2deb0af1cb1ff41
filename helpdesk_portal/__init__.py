# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from . import (
    guest_routes, people_routes, reopen_routes, routes, ticket_list_routes,
    ticket_routes)

__all__ = [
    guest_routes, people_routes, reopen_routes, routes, ticket_list_routes,
    ticket_routes]
