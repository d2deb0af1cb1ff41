# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from trytond.model import DeactivableMixin, ModelSQL, ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access

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
    operators = fields.One2Many(
        'helpdesk.chat.operator', 'channel', "Operators", readonly=True,
        help="Who has joined the channel and gets its visitors.")
    joined = fields.Function(fields.Boolean("Joined",
            help="You get visitors of the channel."),
        'get_joined')
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
        cls._buttons.update(
            join={
                'invisible': Eval('joined', False),
                'icon': 'tryton-notification-on',
                'depends': ['joined'],
                },
            leave={
                'invisible': ~Eval('joined', False),
                'icon': 'tryton-notification-off',
                'depends': ['joined'],
                },
            )

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
    def get_joined(cls, channels, name):
        pool = Pool()
        Operator = pool.get('helpdesk.chat.operator')
        with without_check_access():
            joined = {o.channel.id for o in Operator.search([
                        ('channel', 'in', [c.id for c in channels]),
                        ('user', '=', Transaction().user),
                        ])}
        return {c.id: c.id in joined for c in channels}

    def get_address(self, name):
        return addresses.url('chat', str(self.id))

    def get_code(self, name):
        address = addresses.url('chat', str(self.id), 'widget.js')
        return f'<script src="{address}" async></script>'

    @classmethod
    @ModelView.button
    def join(cls, channels):
        pool = Pool()
        Chat = pool.get('helpdesk.chat')
        Operator = pool.get('helpdesk.chat.operator')
        with without_check_access():
            Operator.create([
                    {'channel': c.id, 'user': Transaction().user}
                    for c in channels if not c.joined])
            Chat.hand_out(channels)

    @classmethod
    @ModelView.button
    def leave(cls, channels):
        pool = Pool()
        Operator = pool.get('helpdesk.chat.operator')
        with without_check_access():
            Operator.delete(Operator.search([
                        ('channel', 'in', [c.id for c in channels]),
                        ('user', '=', Transaction().user),
                        ]))

    def is_open(self, moment=None):
        """
        Tell whether the section works at the moment.

        moment is a naive UTC datetime, None for now.
        """
        return self.section.worktime.is_open(moment or dt.datetime.now())

    @classmethod
    def present(cls, channels):
        """
        Return who can be given visitors, whatever they have to do already.

        A dictionary of the ids of the channels and lists of ids of users.
        """
        pool = Pool()
        Operator = pool.get('helpdesk.chat.operator')
        return {
            c.id: [o.user.id for o in Operator.search([
                        ('channel', '=', c.id),
                        ('user.active', '=', True),
                        ])]
            for c in channels}


class ChatOperator(ModelSQL, ModelView):
    __name__ = 'helpdesk.chat.operator'

    channel = fields.Many2One(
        'helpdesk.chat.channel', "Channel", required=True, ondelete='CASCADE')
    user = fields.Many2One(
        'res.user', "Operator", required=True, ondelete='CASCADE')

    def get_rec_name(self, name):
        return self.user.rec_name
