# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
How long chats are kept, and what is erased of them with a party.
"""
import datetime as dt

from trytond.model import fields
from trytond.modules.helpdesk.batch import find, in_batches
from trytond.modules.helpdesk.export import CheckedExportMixin
from trytond.pool import Pool, PoolMeta
from trytond.transaction import without_check_access

from .attempt import mailbox

# After that, where the visitor came from is of no use against abuse
TRACES = dt.timedelta(days=30)
ERASED = '****'


class Chat(CheckedExportMixin, metaclass=PoolMeta):
    __name__ = 'helpdesk.chat'

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        # As those of parties are compared
        if values.get('email'):
            values['email'] = values['email'].lower()
        return values

    @classmethod
    @without_check_access
    def remove_old(cls):
        "Remove what is no longer of use of old chats (scheduled action)"
        for domain, work in [
                (cls._with_traces(), cls._forget_traces),
                (cls._old(), cls._remove_old),
                ]:
            if domain:
                in_batches(find(cls, domain), work)

    @classmethod
    def _with_traces(cls):
        return [
            ('state', '=', 'ended'),
            ('started_at', '<', dt.datetime.now() - TRACES),
            ['OR',
                ('page', '!=', None),
                ('network', '!=', None),
                ],
            ]

    @classmethod
    def _forget_traces(cls, ids):
        cls.write(
            cls.search([('id', 'in', ids), *cls._with_traces()]),
            {'page': None, 'network': None})

    @classmethod
    def _old(cls):
        "Return the domain of the chats to remove, or None"
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        days = Configuration(1).chat_kept
        if days is None:
            return
        return [
            ('state', '=', 'ended'),
            # The other tells how the ticket began
            ('ticket', '=', None),
            ('ended_at', '<', dt.datetime.now() - dt.timedelta(days=days)),
            ]

    @classmethod
    def _remove_old(cls, ids):
        cls.delete(cls.search([('id', 'in', ids), *cls._old()]))

    @classmethod
    def delete(cls, chats):
        "Delete the chats with all that was said and sent in them"
        pool = Pool()
        Message = pool.get('ir.chat.message')
        resources = [str(c) for c in chats]
        # It checks that they may be deleted
        super().delete(chats)
        with without_check_access():
            Message.delete(Message.search(
                    [('channel.resource', 'in', resources)]))
            for name in ['ir.chat.channel', 'ir.attachment', 'ir.note']:
                Resource = pool.get(name)
                Resource.delete(Resource.search(
                        [('resource', 'in', resources)]))


class Configuration(metaclass=PoolMeta):
    __name__ = 'helpdesk.configuration'

    chat_kept = fields.Integer("Keep Chats For",
        domain=['OR',
            ('chat_kept', '=', None),
            ('chat_kept', '>', 0),
            ],
        help="For how many days chats are kept that became no ticket.\n"
        "Leave empty to keep them.")

    @classmethod
    def default_chat_kept(cls):
        return 90


class Erase(metaclass=PoolMeta):
    __name__ = 'party.erase'

    def _helpdesk_to_erase(self, party, tickets):
        pool = Pool()
        Block = pool.get('helpdesk.chat.block')
        Chat = pool.get('helpdesk.chat')
        Follower = pool.get('ir.chat.follower')
        Message = pool.get('ir.chat.message')
        emails = party.helpdesk_emails()
        ids = [c.id for c in Chat.search(['OR',
                    ('email', 'in', emails),
                    ('web_user.party', '=', party.id),
                    ('ticket', 'in', tickets),
                    ], order=[])]
        resources = [f'helpdesk.chat,{i}' for i in ids]
        return super()._helpdesk_to_erase(party, tickets) + [
            (Message, [('channel.resource', 'in', resources)], False,
                ['content'],
                [ERASED]),
            (Follower, [
                    ('channel.resource', 'in', resources),
                    ('email', '!=', None),
                    ], False,
                ['email'],
                [ERASED]),
            (Block, ['OR',
                    ('chat', 'in', ids),
                    ('email', 'in', [mailbox(e) for e in emails]),
                    ], False,
                ['visitor', 'email', 'network'],
                [None] * 3),
            (Chat, [('id', 'in', ids)], True,
                ['visitor', 'email', 'web_user', 'page', 'network',
                    'token_hash'],
                [ERASED] + [None] * 5),
            ]
