# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Who gets a mail of an agent, and who is remembered to take part.
"""
import re
from collections import defaultdict

from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import without_check_access

from .exceptions import AnswerAddressError, AnswerSizeError
from .intake.recipients import recipients, without
from .outgoing import Outgoing
from .secret import SecretChar


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    reply_all = fields.Boolean("Reply to All",
        help="Propose that answers also go to those whom the customer had in "
        "copy.")

    @classmethod
    def default_reply_all(cls):
        return False


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    def mail_recipients(self, reply):
        """
        Return whom an answer goes to, and who gets it in copy.

        reply is 'customer' or 'all'. Two lists of addresses. Watchers always
        get a copy.
        """
        to = [self.email] if self.email else []
        copied = self.watchers()
        if reply == 'all':
            copied += [p.email for p in self.participants if p.role == 'cc']
        return to, without(copied, to)

    def mail_reply(self):
        "Return what to propose as reply: 'customer' or 'all'."
        if self.section.reply_all:
            return 'all'
        # As the agents did it the last time
        others = {p.email for p in self.participants if p.role == 'cc'}
        last = self._last_answer() if others else None
        if last:
            found, _ = recipients(','.join(filter(None, [
                            last.to_addresses, last.cc_addresses])))
            if not others.isdisjoint(found):
                return 'all'
        return 'customer'

    @without_check_access
    def _last_answer(self):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        answers = list(Conversation.search([
                    ('ticket', '=', self.id),
                    ('kind', '=', 'email'),
                    ('direction', '=', 'out'),
                    ('automatic', '=', False),
                    ], limit=1))
        return answers[0] if answers else None


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    bcc_addresses = SecretChar("Bcc", readonly=True,
        help="The addresses the mail went to without the others knowing.")

    @classmethod
    def create(cls, vlist):
        pool = Pool()
        Participant = pool.get('helpdesk.participant')
        conversations = super().create(vlist)
        Participant.remember([
                c for c in conversations
                if c.kind == 'email' and c.direction == 'out'
                and not c.automatic])
        return conversations

    def recipients(self):
        "Return the addresses that the mail goes to, those in Bcc too."
        found, _ = recipients(','.join(filter(None, [
                        self.to_addresses, self.cc_addresses,
                        self.bcc_addresses])))
        return found

    def without_bcc(self, text):
        """
        Return the text without the addresses that got the mail unseen.

        text is a str or None. Sales staff may read it (SE11).
        """
        bcc, _ = recipients(self.bcc_addresses or '')
        for address in bcc if text else []:
            text = re.sub(
                rf'(?<![\w.+-]){re.escape(address)}', 'Bcc', text,
                flags=re.IGNORECASE)
        return text

    @classmethod
    def check_recipients(cls, text):
        """
        Return the list of the addresses in what somebody typed.

        Raise AnswerAddressError if there is something else in it.
        """
        found, wrong = recipients(text or '')
        if wrong:
            raise AnswerAddressError(gettext(
                    'helpdesk_mail.msg_recipients_invalid',
                    wrong=', '.join(f'"{w}"' for w in wrong)))
        return found

    @classmethod
    def check_size(cls, ticket, attachments):
        """
        Raise AnswerSizeError if a mail of the ticket cannot have the files.

        attachments are dictionaries with a name and data.
        """
        too_large = Outgoing.too_large(ticket.section, [
                (a['name'], len(a['data'] or b'')) for a in attachments])
        if too_large:
            raise AnswerSizeError(too_large)

    @classmethod
    def recipient_values(cls, ticket, to, cc, bcc):
        """
        Return the values of a conversation that goes to the addresses.

        to, cc and bcc are texts as people write them. Raise
        AnswerAddressError if they cannot be written to.
        """
        to, cc, bcc = map(cls.check_recipients, [to, cc, bcc])
        if not to:
            raise AnswerAddressError(gettext(
                    'helpdesk_mail.msg_answer_address',
                    ticket=ticket.rec_name))
        cc = without(cc, to)
        bcc = without(bcc, to, cc)
        return {
            'to_addresses': ', '.join(to),
            'cc_addresses': ', '.join(cc) or None,
            'bcc_addresses': ', '.join(bcc) or None,
            }


class Participant(metaclass=PoolMeta):
    __name__ = 'helpdesk.participant'

    @classmethod
    @without_check_access
    def remember(cls, conversations):
        """
        Make those who get the mails take part in their tickets.

        So their answers join the ticket. Who gets one unseen by the others
        is not among them.
        """
        pool = Pool()
        Section = pool.get('helpdesk.section')
        written = defaultdict(dict)
        for conversation in conversations:
            found, _ = recipients(','.join(filter(None, [
                            conversation.to_addresses,
                            conversation.cc_addresses])))
            ticket = conversation.ticket
            written[ticket.id].update(
                dict.fromkeys(without(found, [ticket.email])))
        written = {t: emails for t, emails in written.items() if emails}
        if not written:
            return
        known = {(p.ticket.id, p.email) for p in cls.search([
                    ('ticket', 'in', list(written)),
                    ])}
        ours = Section.own_addresses(Section.by_address())
        cls.create([
                {'ticket': ticket, 'email': email, 'role': 'cc'}
                for ticket, emails in written.items() for email in emails
                if (ticket, email) not in known and email not in ours])
