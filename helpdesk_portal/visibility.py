# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What a visitor of the portal may see.

Every query of the portal goes through here: ``Ticket.visible_to`` for tickets
and ``Conversation.on_portal`` for what was said on them.
"""
from dataclasses import dataclass

from trytond.pool import Pool, PoolMeta


@dataclass(frozen=True)
class Visitor:
    """
    Who looks at the portal: somebody logged in, or who holds a guest link.

    A stranger is no Visitor but None. token is the secret in the cookie,
    email the proven address; user is the id of the web.user and None for the
    holder of a link, ticket the id of the link's ticket and None for who is
    logged in.
    """
    token: str
    email: str
    user: int | None = None
    ticket: int | None = None

    @classmethod
    def of_link(cls, link, token):
        return cls(token, link.email, ticket=link.ticket.id)

    @classmethod
    def of_user(cls, user, key):
        return cls(key, user.email, user=user.id)

    def wrote(self, conversation):
        "Tell whether the visitor wrote the conversation"
        return bool(
            conversation.from_address
            and conversation.from_address.lower() == self.email.lower())


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def visible_to(cls, visitor):
        """
        Return the domain of the tickets that the visitor may see.

        visitor is a Visitor, or None for a stranger, who sees nothing.
        """
        if visitor is None:
            return [('id', 'in', [])]
        if visitor.user:
            return cls._visible_to_account(visitor)
        return [
            ('id', '=', visitor.ticket),
            # Who no longer is the ticket's customer loses sight of it
            ('email', '=', visitor.email),
            ]

    @classmethod
    def _visible_to_account(cls, visitor):
        return [('email', '=', visitor.email)]


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    @classmethod
    def on_portal(cls, ticket):
        """
        Return the domain of the ticket's conversations shown to customers.

        Internal ones never are (SE11). Neither is what another machine wrote
        into the ticket: it may be the confirmation of a service somewhere
        that somebody registered at with the ticket's address (SE9). For the
        same reason mails of others than the customer only show if an agent
        made them watchers.
        """
        pool = Pool()
        Participant = pool.get('helpdesk.participant')
        parties = [p.id for p in [ticket.party, ticket.contact] if p]
        participant = Participant.__table__()
        watchers = participant.select(
            participant.email,
            where=(participant.ticket == ticket.id)
            & (participant.role == 'watcher'))
        return [
            ('ticket', '=', ticket.id),
            ('direction', 'in', ['in', 'out']),
            ('kind', '!=', 'note'),
            ['OR',
                ('direction', '=', 'out'),
                [
                    ('automatic', '!=', True),
                    ['OR',
                        ('kind', '!=', 'email'),
                        ('from_address', '=', ticket.email),
                        ('from_address', 'in', watchers),
                        ('party', 'in', parties),
                        ],
                    ],
                ],
            ]

    @classmethod
    def earlier_than(cls, conversation):
        "Return the domain of what comes after it with the newest first"
        if not conversation:
            return []
        return ['OR',
            ('at', '<', conversation.at),
            [
                ('at', '=', conversation.at),
                ('id', '<', conversation.id),
                ],
            ]
