# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from . import (
    account_routes, authorization_routes, board_routes, brand_routes,
    chat_form_routes, chat_routes, guest_routes, people_routes, rating_routes,
    reopen_routes, routes, ticket_list_routes, ticket_report_routes,
    ticket_routes, web_form_routes)

__all__ = [
    account_routes, authorization_routes, board_routes, brand_routes,
    chat_form_routes, chat_routes, guest_routes, people_routes, rating_routes,
    reopen_routes, routes, ticket_list_routes, ticket_report_routes,
    ticket_routes, web_form_routes,
    ]
