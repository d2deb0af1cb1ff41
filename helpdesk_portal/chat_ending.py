# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
How chats end that nobody ends, and what becomes of those nobody answered.
"""
import datetime as dt

from sql import Null
from trytond.model import Index, fields
from trytond.modules.helpdesk.batch import find, in_batches
from trytond.pool import PoolMeta
from trytond.pyson import Eval
from trytond.transaction import without_check_access

# Whose page was not heard of for so long does not wait any more
GONE = dt.timedelta(minutes=3)


class ChatChannel(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat.channel'

    idle = fields.TimeDelta("Ends After", required=True,
        domain=[
            ('idle', '>', dt.timedelta()),
            ],
        help="How long neither side writes until a chat is over.")

    @classmethod
    def default_idle(cls):
        return dt.timedelta(minutes=30)


class Chat(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat'

    missed = fields.Boolean("Missed", readonly=True,
        states={
            'invisible': ~Eval('missed', False),
            },
        help="Nobody answered the visitor.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        # Looked for each minute, among all that ever were
        cls._sql_indexes.add(
            Index(t,
                (t.visitor_at, Index.Range()),
                where=(t.state == 'ended')
                & (t.answered_at == Null)
                & (t.ticket == Null)))

    @classmethod
    @without_check_access
    def look_after(cls):
        """
        End the chats that nobody is in any more, and see to the others
        (scheduled action).

        Who was not answered becomes a ticket, and who still waits is handed
        to somebody.
        """
        for domain, work in [
                (cls._abandoned(), cls._end_abandoned),
                ([('state', '=', 'active')], cls._end_idle),
                (cls._unanswered(), cls._settle_unanswered),
                ]:
            in_batches(find(cls, domain), work)
        cls.rehand()

    @classmethod
    def _abandoned(cls):
        "Return the domain of the chats that nobody waits in or can answer"
        return [
            ('state', '=', 'waiting'),
            ['OR',
                ('visitor_seen_at', '<', dt.datetime.now() - GONE),
                ('channel.active', '=', False),
                ('channel.published', '=', False),
                ('section.active', '=', False),
                ('section.visibility', '!=', 'public'),
                ],
            ]

    @classmethod
    def _end_abandoned(cls, ids):
        cls.end(cls.search([('id', 'in', ids), *cls._abandoned()]), 'system')

    @classmethod
    def _end_idle(cls, ids):
        now = dt.datetime.now()
        chats = cls.search([('id', 'in', ids), ('state', '=', 'active')])
        cls.end([
                c for c in chats
                if now - c._last_active_at() > c.channel.idle], 'system')

    def _last_active_at(self):
        return max(filter(None, [
                    self.started_at, self.handed_at, self.visitor_at,
                    self.operator_at]))

    @classmethod
    def _unanswered(cls):
        "Return the domain of what was lost if nobody saw to it"
        return [
            ('state', '=', 'ended'),
            ('answered_at', '=', None),
            ('visitor_at', '!=', None),
            ('ticket', '=', None),
            ('missed', '!=', True),
            # An operator who ends it without a word has a reason
            ('ended_by', '!=', 'operator'),
            ]

    @classmethod
    def _settle_unanswered(cls, ids):
        chats = cls.search([('id', 'in', ids), *cls._unanswered()])
        for chat in chats:
            chat.missed = True
            if chat.is_answerable():
                chat.ticket = chat.file()
        cls.save(chats)
