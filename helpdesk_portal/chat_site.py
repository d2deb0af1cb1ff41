# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The channels of the live chat as web sites have them.
"""
from trytond.i18n import gettext
from trytond.pool import PoolMeta

from . import web_form
from .exceptions import OriginError


class ChatChannel(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat.channel'

    @classmethod
    def validate_fields(cls, channels, field_names):
        super().validate_fields(channels, field_names)
        if field_names and 'origins' not in field_names:
            return
        for channel in channels:
            _, wrong = web_form.origins(channel.origins)
            if wrong:
                raise OriginError(gettext(
                        'helpdesk_portal.msg_chat_origin',
                        channel=channel.rec_name,
                        origin=wrong[0]))

    @classmethod
    def shown(cls, id):
        "Return the channel with the id if visitors can chat, or None"
        for channel in cls.search([('id', '=', id)]):
            if channel.is_offered:
                return channel

    def frames(self):
        "Return the origins that may have the chat in a frame, * for any"
        return web_form.origins(self.origins)[0] or ['*']
