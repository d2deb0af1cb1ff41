# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from trytond.model import DeactivableMixin, ModelSQL, ModelView, fields

from . import addresses


class ChatChannel(DeactivableMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.chat.channel'

    name = fields.Char("Name", required=True, translate=True,
        help="What the chat is called, as visitors see it.")
    section = fields.Many2One('helpdesk.section', "Section", required=True,
        ondelete='CASCADE',
        domain=[
            ('visibility', '=', 'public'),
            ],
        help="The section that gets the tickets of the chat, and whose "
        "opening hours it has.")
    text = fields.Text("Text", translate=True,
        help="What visitors read before they begin.")
    published = fields.Boolean("Published",
        help="Visitors can chat.")
    identity = fields.Selection([
            ('none', "Nothing"),
            ('optional', "Name and E-Mail, Optional"),
            ('required', "Name and E-Mail, Required"),
            ], "Ask For", required=True, sort=False,
        help="What strangers are asked for before they begin.")
    origins = fields.Text("Sites with the Chat",
        help="The web sites that may have the chat, "
        "like https://www.example.com, one to a line.\n"
        "Leave empty for any.")
    capacity = fields.Integer("Chats per Operator",
        domain=['OR',
            ('capacity', '=', None),
            ('capacity', '>', 0),
            ],
        help="How many visitors an operator talks to at once.\n"
        "Leave empty for any number.")
    patience = fields.TimeDelta("Longest Wait", required=True,
        help="How long a visitor waits for an operator before the form is "
        "offered instead.")
    answer_within = fields.TimeDelta("Answer Within",
        domain=['OR',
            ('answer_within', '=', None),
            ('answer_within', '>', dt.timedelta()),
            ],
        help="An operator who does not answer a visitor in that time loses "
        "the visitor to another one who is there.\n"
        "Leave empty to let them keep the visitor.")
    address = fields.Function(fields.Char("Address",
            help="Where the chat is, to be linked to."),
        'get_address')
    code = fields.Function(fields.Char("Code for Web Sites",
            help="The line of HTML that puts the chat on a web site."),
        'get_code')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order.insert(0, ('name', 'ASC'))

    @classmethod
    def default_identity(cls):
        return 'optional'

    @classmethod
    def default_capacity(cls):
        return 3

    @classmethod
    def default_patience(cls):
        return dt.timedelta(minutes=2)

    @classmethod
    def default_answer_within(cls):
        return dt.timedelta(minutes=1)

    def get_address(self, name):
        return addresses.url('chat', str(self.id))

    def get_code(self, name):
        address = addresses.url('chat', str(self.id), 'widget.js')
        return f'<script src="{address}" async></script>'

    def is_open(self, moment=None):
        """
        Tell whether the section works at the moment.

        moment is a naive UTC datetime, None for now.
        """
        return self.section.worktime.is_open(moment or dt.datetime.now())
