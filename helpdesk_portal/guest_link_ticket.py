# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Guest links as agents and administrators deal with them: who has one, sending
one again, ending them, and going without.
"""
import datetime as dt

from trytond.cache import Cache
from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.modules.helpdesk_mail.intake import acknowledge
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import without_check_access

from .exceptions import GuestLinkError


class Configuration(metaclass=PoolMeta):
    __name__ = 'helpdesk.configuration'

    guest_links = fields.Boolean("Guest Links",
        help="Let customers open their tickets by the links in mails.\n"
        "If not, mails have no link, and those that were sent open nothing.")
    # So that a page need not ask for it
    _guest_links_cache = Cache(
        'helpdesk.configuration.guest_links', context=False)

    @classmethod
    def default_guest_links(cls):
        return True

    @classmethod
    def on_modification(cls, mode, records, field_names=None):
        super().on_modification(mode, records, field_names=field_names)
        cls._guest_links_cache.clear()

    @classmethod
    @without_check_access
    def has_guest_links(cls):
        "Tell whether there are guest links at all"
        allowed = cls._guest_links_cache.get(None)
        if allowed is None:
            allowed = bool(cls(1).guest_links)
            cls._guest_links_cache.set(None, allowed)
        return allowed


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    guest_links = fields.Boolean("Guest Links",
        help="Let customers open the tickets of the section by the links in "
        "mails.\n"
        "If not, mails have no link, and those that were sent open nothing. "
        "For what is confidential: whoever has a link reads the ticket.")

    @classmethod
    def default_guest_links(cls):
        return True


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    # A function, so that no search for tickets leads to the hashes of links
    guest_links = fields.Function(fields.One2Many(
            'helpdesk.guest_link', None, "Guest Links", readonly=True,
            help="The links that open the ticket for who got them by mail."),
        'get_guest_links', setter='set_guest_links')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update(
            send_guest_link={
                'invisible': ~Eval('email'),
                'icon': 'tryton-email',
                'depends': ['email'],
                },
            revoke_guest_links={
                'invisible': ~Eval('guest_links'),
                'icon': 'tryton-cancel',
                'depends': ['guest_links'],
                },
            )

    @classmethod
    def get_guest_links(cls, tickets, name):
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        links = {t.id: [] for t in tickets}
        for link in GuestLink.search([('ticket', 'in', list(links))]):
            links[link.ticket.id].append(link.id)
        return links

    @classmethod
    def set_guest_links(cls, tickets, name, value):
        "Links come with mails."

    def has_guest_link(self):
        "Tell whether the ticket may be opened by a guest link"
        pool = Pool()
        Configuration = pool.get('helpdesk.configuration')
        return bool(
            self.email and self.section.guest_links
            and Configuration.has_guest_links())

    @classmethod
    @ModelView.button
    def send_guest_link(cls, tickets):
        "Send the customers a new link, and end those that they have"
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        for ticket in tickets:
            if not ticket.has_guest_link():
                raise GuestLinkError(gettext(
                        'helpdesk_portal.msg_guest_link_off',
                        ticket=ticket.rec_name))
        cls._end_guest_links(tickets)
        Conversation.send_guest_link(tickets)

    @classmethod
    @ModelView.button
    def revoke_guest_links(cls, tickets):
        cls._end_guest_links(tickets)

    @classmethod
    @without_check_access
    def _end_guest_links(cls, tickets):
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        GuestLink.end([('ticket', 'in', [t.id for t in tickets])])

    @classmethod
    @without_check_access
    def ask_for_guest_link(cls, token):
        """
        Send a new link for one that is over.

        It goes to the address of the ticket and nowhere else, and not if that
        is no longer the one which had the link. Nothing tells who asks what
        became of it.
        """
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        GuestLink = pool.get('helpdesk.guest_link')
        link = GuestLink.with_token(token)
        if not link:
            return
        ticket = link.ticket
        if ticket.email != link.email or not ticket.has_guest_link():
            return
        # The link may have come into other hands: those the customer has
        # stay, and the mails to them are few (PO5)
        sent = Conversation.count_automatic(
            [ticket.email], dt.datetime.now() - dt.timedelta(hours=1))
        if sent[ticket.email] < acknowledge.LIMIT:
            Conversation.send_guest_link([ticket])


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    @classmethod
    @without_check_access
    def send_guest_link(cls, tickets):
        """
        Write to the customers of the tickets; the footer has the link.

        The text is ours alone (PO5).
        """
        return cls.create([
                cls._automatic(t, t.email, 'guest_link') for t in tickets])

    @classmethod
    def _automatic_text(cls, name, language, **variables):
        if name in {'guest_link_subject', 'guest_link_body'}:
            return gettext(
                f'helpdesk_portal.msg_{name}', language, **variables)
        return super()._automatic_text(name, language, **variables)
