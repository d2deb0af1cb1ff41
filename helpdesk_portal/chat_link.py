# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The guest link that the visitor of a chat has to its ticket.

The address of the ticket may be that of somebody else: the visitor only typed
it. So the link is for a short time, and ends when there is anything on the
ticket that was not said in the chat.
"""
import datetime as dt
import hmac
from base64 import urlsafe_b64encode

from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction, without_check_access

from . import addresses

# So long after the chat the visitor finds the ticket
TIME = dt.timedelta(hours=24)


def _expiry():
    return dt.datetime.now().replace(microsecond=0) + TIME


class Chat(metaclass=PoolMeta):
    __name__ = 'helpdesk.chat'

    @classmethod
    def on_modification(cls, mode, chats, field_names=None):
        super().on_modification(mode, chats, field_names=field_names)
        if mode == 'write' and 'ended_at' in field_names:
            cls._prolong_links(chats)

    @classmethod
    @without_check_access
    def _prolong_links(cls, chats):
        "Let the links of the chats, which have just ended, go on for a while"
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        GuestLink.write(list(GuestLink.search([
                        ('chat', 'in', [c.id for c in chats]),
                        ('revoked_at', '=', None),
                        ])), {'expires_at': _expiry()})

    def ticket_address(self):
        """
        Return where the visitor finds the ticket, or None.

        It is for the visitor alone: who has no account gets a guest link,
        whose token is stored nowhere and no agent sees.
        """
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        if not self._is_at_ticket():
            return
        if self.web_user:
            return addresses.url('tickets', self.ticket.number)
        token = GuestLink.chat_token(self)
        if GuestLink.find(token):
            return GuestLink.address(token)

    def _is_at_ticket(self):
        "Tell whether the ticket has the address of the visitor"
        return bool(
            self.ticket and self.ticket.email
            and self.ticket.email == self._typed())


class GuestLink(metaclass=PoolMeta):
    __name__ = 'helpdesk.guest_link'

    chat = fields.Many2One('helpdesk.chat', "Chat", readonly=True,
        ondelete='CASCADE',
        help="The chat whose visitor has the link. It ends a day after the "
        "chat, or with the first mail on the ticket.")

    @classmethod
    def chat_token(cls, chat):
        """
        Return the token of the link of the visitor of the helpdesk.chat.

        It is worked out anew each time, since the page of the visitor asks
        for it again and it may not be stored.
        """
        pool = Pool()
        Section = pool.get('helpdesk.section')
        ticket = chat.ticket
        what = f'helpdesk chat ticket {chat.id} {ticket.id} {ticket.email}'
        digest = hmac.digest(
            Section.web_form_secret(), what.encode(), 'sha256')
        return urlsafe_b64encode(digest).rstrip(b'=').decode()

    @classmethod
    @without_check_access
    def make_for_chats(cls, chats):
        "Make links for the visitors without account who may have one"
        pool = Pool()
        Chat = pool.get('helpdesk.chat')
        cls.create([{
                    'ticket': chat.ticket.id,
                    'chat': chat.id,
                    'email': chat.ticket.email,
                    'token_hash': cls.hash(cls.chat_token(chat)),
                    'expires_at': _expiry(),
                    } for chat in Chat.browse(chats)
                if not chat.web_user and chat._is_at_ticket()
                and chat.ticket.has_guest_link()])

    @classmethod
    @without_check_access
    def end_of_chats(cls, tickets):
        "Make the links of the visitors of chats to the tickets, ids, stop"
        # Not the chats: who files a letter must not wait for who talks there
        cls.end([('ticket', 'in', tickets), ('chat', '!=', None)])


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def answer_on_portal(cls, ticket, visitor, answer):
        with Transaction().set_context(
                _helpdesk_unproved=visitor.is_unproved):
            return super().answer_on_portal(ticket, visitor, answer)

    def may_decide_on_portal(self, visitor):
        # Who only typed an address promises nothing in the name of its owner
        return not visitor.is_unproved and super().may_decide_on_portal(
            visitor)


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    @classmethod
    def on_modification(cls, mode, conversations, field_names=None):
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        super().on_modification(mode, conversations, field_names=field_names)
        # Those of another ticket may be moved to this one
        if mode == 'create' or (mode == 'write' and 'ticket' in field_names):
            tickets = {
                c.ticket.id for c in conversations if c._ends_chat_link()}
            if tickets:
                GuestLink.end_of_chats(list(tickets))

    def _ends_chat_link(self):
        """
        Tell whether the visitor of a chat may not see it by a link.

        What the owner of the address writes, and what is written to them; but
        not what was said in the chat or added by its visitor, what customers
        are not shown, and what we confirm.
        """
        if self.kind in {'chat', 'note'} or self.direction == 'internal':
            return False
        if self.kind == 'web' and Transaction().context.get(
                '_helpdesk_unproved'):
            return False
        return not self.is_automatic()
