# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.pool import PoolMeta


class Cron(metaclass=PoolMeta):
    __name__ = 'ir.cron'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.method.selection.extend([
                ('helpdesk.board.session|remove_expired',
                    "Remove Expired Helpdesk Board Sessions"),
                ('helpdesk.chat|look_after', "Look After Helpdesk Chats"),
                ('helpdesk.chat|remove_old', "Remove Old Helpdesk Chats"),
                ('helpdesk.chat.block|remove_expired',
                    "Remove Expired Blocks of Helpdesk Visitors"),
                ('helpdesk.guest_link|remove_expired',
                    "Remove Expired Helpdesk Guest Links"),
                ('helpdesk.login_link|send_waiting',
                    "Send Helpdesk Login Links"),
                ('helpdesk.login_link|remove_old',
                    "Remove Old Helpdesk Login Links"),
                ('helpdesk.ticket|ask_ratings', "Ask for Helpdesk Ratings"),
                ('helpdesk.portal.nonce|remove_expired',
                    "Remove Old Traces of Helpdesk Forms"),
                ('helpdesk.web_request|remove_expired',
                    "Remove Unconfirmed Helpdesk Requests"),
                ('helpdesk.web_request|send_waiting',
                    "Ask to Confirm Helpdesk Requests"),
                ])
