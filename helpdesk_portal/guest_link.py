# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

import datetime as dt

from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, Unique, fields
from trytond.model.exceptions import AccessError
from trytond.modules.helpdesk.export import CheckedExportMixin
from trytond.modules.helpdesk.lookup import CheckedSearchMixin
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval, If
from trytond.transaction import without_check_access

from . import addresses
from .secret_link import SecretLinkMixin
from .visibility import Visitor

# So long the customer can ask for a new link with one that has expired
KEPT = dt.timedelta(days=365)


class GuestLink(
        CheckedSearchMixin, CheckedExportMixin, SecretLinkMixin,
        ModelSQL, ModelView):
    __name__ = 'helpdesk.guest_link'
    _rec_name = 'email'

    ticket = fields.Many2One(
        'helpdesk.ticket', "Ticket", required=True, readonly=True,
        ondelete='CASCADE',
        help="The one ticket that the link opens.")
    email = fields.Char("E-Mail", required=True, readonly=True,
        help="The address that the link was sent to.")
    token_hash = fields.Char("Token Hash", required=True, readonly=True,
        strip=False, loading='lazy',
        help="Recognises the token of the link without storing it.")
    expires_at = fields.DateTime("Expires On", required=True, readonly=True,
        help="When the link stops opening the ticket.")
    used_at = fields.DateTime("Last Used On", readonly=True,
        help="When something was last sent with the link. Who only looks at "
        "the ticket leaves no trace.")
    revoked_at = fields.DateTime("Revoked On", readonly=True,
        help="When the link was made to stop before its time.")
    valid = fields.Function(fields.Boolean("Valid",
            help="Whether the link still opens the ticket."),
        'on_change_with_valid')

    @classmethod
    def __setup__(cls):
        cls.email.search_unaccented = False
        super().__setup__()
        cls.__access__.add('ticket')
        cls._order = [('id', 'DESC')]
        t = cls.__table__()
        cls._sql_constraints += [
            ('token_hash_unique', Unique(t, t.token_hash),
                'helpdesk_portal.msg_guest_link_unique'),
            ]
        cls._sql_indexes.update({
                Index(t, (t.ticket, Index.Range())),
                Index(t, (t.expires_at, Index.Range())),
                })
        cls._buttons.update(
            revoke={
                'invisible': Bool(Eval('revoked_at')),
                'depends': ['revoked_at'],
                'icon': 'tryton-cancel',
                },
            )

    @fields.depends(
        'email', 'expires_at', 'revoked_at', 'ticket',
        '_parent_ticket.email', '_parent_ticket.section')
    def on_change_with_valid(self, name=None):
        return bool(
            not self.revoked_at
            and self.expires_at
            and self.expires_at > dt.datetime.now()
            and self.ticket
            and self.email == self.ticket.email
            and self.ticket.has_guest_link())

    def get_rec_name(self, name):
        return f'{self.email} ({self.ticket.rec_name})'

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree', 'visual', If(~Eval('valid'), 'muted', '')),
            ]

    @classmethod
    def check_modification(cls, mode, links, values=None, external=False):
        super().check_modification(
            mode, links, values=values, external=external)
        # Who may write tickets may by __access__ write their links too
        if external:
            raise AccessError(gettext('helpdesk_portal.msg_guest_link_kept'))

    @classmethod
    @ModelView.button
    def revoke(cls, links):
        # Each mail has a link of its own: to end one would end nothing
        cls.end(['OR', *(
                    [('ticket', '=', ticket), ('email', '=', email)]
                    for ticket, email in {
                        (k.ticket.id, k.email) for k in links})])

    @classmethod
    def end(cls, domain):
        "Make the links of the domain stop"
        now = dt.datetime.now().replace(microsecond=0)
        cls.write(
            list(cls.search([domain, ('revoked_at', '=', None)])),
            {'revoked_at': now})

    @classmethod
    @without_check_access
    def make(cls, tickets):
        """
        Make a link for the customer's address of each ticket.

        Return a dictionary with the address of the page by ticket. It is the
        only time that the token is known: only its hash is stored.
        """
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        expires_at = dt.datetime.now().replace(microsecond=0) + dt.timedelta(
            days=Configuration(1).guest_link_days)
        tokens = {t: cls.new_token() for t in tickets}
        cls.create([{
                    'ticket': ticket.id,
                    'email': ticket.email,
                    'token_hash': cls.hash(token),
                    'expires_at': expires_at,
                    } for ticket, token in tokens.items()])
        return {t: cls.address(token) for t, token in tokens.items()}

    @classmethod
    @without_check_access
    def find(cls, token):
        """
        Return the link for the token, or None if there is none in force.

        What the link opens is said by Ticket.visible_to.
        """
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        if not Configuration.has_guest_links():
            return
        return cls.with_token(
            token,
            ('revoked_at', '=', None),
            ('expires_at', '>', dt.datetime.now()),
            ('ticket.section.guest_links', '=', True))

    @classmethod
    def helpdesk_visitor(cls, token):
        "Return the Visitor who holds the link with the token, or None"
        link = cls.find(token)
        return Visitor.of_link(link, token) if link else None

    @classmethod
    @without_check_access
    def use(cls, token):
        "Note that somebody sent something with the link of the token"
        now = dt.datetime.now().replace(microsecond=0)
        cls.write(
            list(cls.search([('token_hash', '=', cls.hash(token))])),
            {'used_at': now})

    @classmethod
    def remove_expired(cls):
        "Remove the links that nobody will ask to have made anew"
        cls.delete(cls.search([
                    ('expires_at', '<', dt.datetime.now() - KEPT)]))

    @staticmethod
    def address(token):
        "Return the address of the page behind the token"
        return addresses.url('guest', token)


class Erase(metaclass=PoolMeta):
    __name__ = 'party.erase'

    def _helpdesk_to_erase(self, party, tickets):
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        return super()._helpdesk_to_erase(party, tickets) + [
            (GuestLink, [('ticket', 'in', tickets)], False,
                ['email', 'revoked_at'],
                ['****', dt.datetime.now().replace(microsecond=0)]),
            ]
