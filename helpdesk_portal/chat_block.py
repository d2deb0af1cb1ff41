# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from trytond.model import Index, ModelSQL, ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access

from .attempt import mailbox

# How long somebody who misbehaved can't begin a chat
TIME = dt.timedelta(hours=24)


class ChatBlock(ModelSQL, ModelView):
    __name__ = 'helpdesk.chat.block'
    _rec_name = 'visitor'

    company = fields.Many2One('company.company', "Company",
        required=True, readonly=True, ondelete='CASCADE',
        help="The company whose chats can't be begun.")
    chat = fields.Many2One('helpdesk.chat', "Chat",
        readonly=True, ondelete='SET NULL',
        help="The chat in which the visitor was blocked.")
    visitor = fields.Char("Visitor", readonly=True,
        help="What the visitor went by.")
    email = fields.Char("E-Mail", readonly=True,
        help="The address that can't begin a chat, "
        "without what may be varied in it.")
    network = fields.Char("Network", readonly=True,
        help="The network from which nobody can begin a chat.")
    until = fields.DateTime("Until", required=True, readonly=True,
        help="When chats can be begun again.")
    blocked = fields.Function(fields.Boolean("Blocked",
            help="No chat can be begun."),
        'get_blocked')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('until', 'DESC'), ('id', 'DESC')]
        t = cls.__table__()
        cls._sql_indexes.add(
            Index(t, (t.company, Index.Range()), (t.until, Index.Range())))
        cls._buttons.update(
            unblock={
                'invisible': ~Eval('blocked', False),
                'icon': 'tryton-cancel',
                'depends': ['blocked'],
                },
            )

    @classmethod
    def get_blocked(cls, blocks, name):
        now = dt.datetime.now()
        return {b.id: b.until > now for b in blocks}

    @classmethod
    @ModelView.button
    def unblock(cls, blocks):
        cls.write(blocks, {
                'until': dt.datetime.now().replace(microsecond=0),
                })

    @classmethod
    def is_blocked(cls, section, email=None):
        """
        Tell whether who makes the request can't begin a chat of the section.

        Because an operator has blocked the network or the address, or because
        letters of the address aren't taken either. email is a str or None.
        """
        _, network = Transaction().remote_address()
        clauses = []
        if network:
            clauses.append(('network', '=', str(network)))
        if email:
            clauses.append(('email', '=', mailbox(email)))
        if clauses and cls.search([
                    ('company', '=', section.company.id),
                    ('until', '>', dt.datetime.now()),
                    ['OR', *clauses],
                    ], limit=1):
            return True
        return bool(email) and section.web_form_correspondents(
            email.lower()).is_blocked(email.lower())

    @classmethod
    def remove_expired(cls):
        "Forget who can begin again (scheduled action)"
        cls.delete(cls.search([('until', '<', dt.datetime.now())]))


class Chat(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update(
            block={
                'icon': 'tryton-cancel',
                },
            )

    @classmethod
    @ModelView.button
    def block(cls, chats):
        "End the chats, and let their visitors not begin others for a day"
        pool = Pool()
        Block = pool.get('helpdesk.chat.block')
        until = dt.datetime.now().replace(microsecond=0) + TIME
        with without_check_access():
            Block.create([{
                        'company': c.company.id,
                        'chat': c.id,
                        'visitor': c.visitor,
                        'email': mailbox(c.email) if c.email else None,
                        'network': c.network,
                        'until': until,
                        }
                    for c in chats])
            cls.end([c for c in chats if c.state != 'ended'], 'operator')
