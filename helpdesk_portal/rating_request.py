# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from trytond.model import Index, ModelSQL, Unique, fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import without_check_access

from . import addresses
from .secret_link import SecretLinkMixin


class RatingRequest(SecretLinkMixin, ModelSQL):
    __name__ = 'helpdesk.rating.request'

    valid_for = dt.timedelta(days=30)

    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", required=True, ondelete='CASCADE')
    email = fields.Char("E-Mail", required=True)
    resolved_at = fields.DateTime("Resolved On", required=True)
    token_hash = fields.Char("Token Hash", required=True, strip=False)
    expires_at = fields.DateTime("Expires On", required=True)
    used_at = fields.DateTime("Used On")

    @classmethod
    def __setup__(cls):
        cls.email.search_unaccented = False
        super().__setup__()
        # Not the access of the ticket: an agent who makes a request could
        # rate their own work in the name of the customer
        t = cls.__table__()
        cls._sql_constraints += [
            ('token_hash_unique', Unique(t, t.token_hash),
                'helpdesk_portal.msg_guest_link_unique'),
            ]
        cls._sql_indexes.update({
                Index(t, (t.ticket, Index.Range())),
                Index(t, (t.expires_at, Index.Range())),
                })

    @property
    def status(self):
        """
        Return what can be done with the request.

        'open', 'used' if the verdict has been given by it, or 'over' if the
        ticket has been worked on since.
        """
        if self.used_at:
            return 'used'
        if self.ticket.rating_round() != self.resolved_at:
            return 'over'
        return 'open'

    @classmethod
    @without_check_access
    def make(cls, tickets):
        """
        Make requests for the tickets and return the addresses of their pages.

        It is the only time that the tokens are known: only hashes are stored.
        """
        expires_at = (
            dt.datetime.now().replace(microsecond=0) + cls.valid_for)
        tokens = [cls.new_token() for _ in tickets]
        cls.create([{
                    'ticket': ticket.id,
                    'email': ticket.email,
                    'resolved_at': ticket.rating_round(),
                    'token_hash': cls.hash(token),
                    'expires_at': expires_at,
                    } for ticket, token in zip(tickets, tokens)])
        return [addresses.url('rate', token) for token in tokens]

    @classmethod
    @without_check_access
    def find(cls, token):
        "Return the request for the token, None if there is none in force"
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        if not Configuration.is_on('use_ratings'):
            return
        request = cls.with_token(token, ('expires_at', '>', dt.datetime.now()))
        # Who no longer is the ticket's customer has no say
        if request and request.email == request.ticket.email:
            return request

    def record(self, score, comment):
        "Record the verdict, once; return whether it was."
        pool = Pool()
        Rating = pool.get('helpdesk.rating')
        self.__class__.lock([self])
        if self.status != 'open':
            return False
        Rating.record(self.ticket, score, comment, channel='email')
        self.used_at = dt.datetime.now().replace(microsecond=0)
        self.save()
        return True

    @classmethod
    def remove_expired(cls):
        "Remove the requests by which nobody can rate any more"
        cls.delete(cls.search([('expires_at', '<', dt.datetime.now())]))


class GuestLink(metaclass=PoolMeta):
    __name__ = 'helpdesk.guest_link'

    @classmethod
    def remove_expired(cls):
        pool = Pool()
        Request = pool.get('helpdesk.rating.request')
        super().remove_expired()
        Request.remove_expired()


class Erase(metaclass=PoolMeta):
    __name__ = 'party.erase'

    def _helpdesk_to_erase(self, party, tickets):
        pool = Pool()
        Request = pool.get('helpdesk.rating.request')
        return super()._helpdesk_to_erase(party, tickets) + [
            (Request, [('ticket', 'in', tickets)], False,
                ['email'],
                ['****']),
            ]
