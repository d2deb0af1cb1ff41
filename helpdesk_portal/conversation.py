# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.i18n import gettext
from trytond.pool import Pool, PoolMeta


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    @classmethod
    def mail_footer(cls, conversations):
        "Add the customer's link to the mails that only the customer gets"
        pool = Pool()
        GuestLink = pool.get('helpdesk.guest_link')
        footers = super().mail_footer(conversations)
        alone = [
            c for c in conversations
            if c.is_for_customer_alone() and c.ticket.has_guest_link()]
        links = GuestLink.make(list(dict.fromkeys(c.ticket for c in alone)))
        for conversation in alone:
            footers[conversation.id] = '\n\n'.join(filter(None, [
                        footers.get(conversation.id),
                        conversation._link_text(links[conversation.ticket]),
                        ]))
        return footers

    def _link_text(self, address):
        return gettext(
            'helpdesk_portal.msg_mail_footer', self.ticket.mail_language(),
            url=address)

    def is_for_customer_alone(self):
        """
        Tell whether nobody but the ticket's customer gets the mail.

        Who is in copy must not get the link: it shows all of the ticket,
        and somebody may have had themselves put in copy (SE9).
        """
        return self.recipients() == [self.ticket.email]
