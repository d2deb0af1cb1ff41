# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Mails of ours that came back, or did not go out.

Decided here: which conversation a report about a delivery is about, and who
is told. Not here: what the report says (intake/report.py).
"""
from trytond.i18n import gettext
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction

from .intake import report, signing
from .intake.recipients import stored

REASONS = {'bounce', 'delivery_notice'}
MAX_ERROR = 1000


class Bounces:
    """
    Finds the conversations that the reports of a batch are about.

    A report proves nothing of itself. It has to name a Message-ID that only
    we can make, that of a mail which went out, and an address that this mail
    was sent to. Then it marks that mail, and changes nothing else.
    """

    def __init__(self, items):
        self._reports = {
            i: report.read(i.letter) for i in items
            if i.verdict.action == 'ignore' and i.verdict.reason in REASONS}

    def mark(self):
        "Link the letters to the conversations, and mark what has come back."
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        sent = self._sent()
        came_back, copies = {}, {}
        for item, found in self._reports.items():
            conversation = next(
                (sent[i] for i in found.message_ids if i in sent), None)
            if not conversation:
                continue
            failures = _concerned(conversation, found.failures)
            if not failures:
                continue
            item.conversation = conversation
            item.section = conversation.ticket.section
            for failure, address, copy in failures:
                if failure.action == 'failed' and conversation.came_back(
                        failure, address, copy):
                    (copies if copy else came_back)[conversation] = True
        Conversation.save(list({**came_back, **copies}))
        Conversation.not_delivered(list(came_back))
        Conversation.tell_not_delivered(
            [c for c in copies if c not in came_back])

    def _sent(self):
        "Return our mails by the Message-IDs in the reports."
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        secret = pool.get('helpdesk.mail.key').get_secret()
        own = {
            i for found in self._reports.values() for i in found.message_ids
            if signing.read_message_id(secret, i) is not None}
        if not own:
            return {}
        return {c.message_id: c for c in Conversation.search([
                    ('message_id', 'in', list(own)),
                    ('direction', '=', 'out'),
                    ])}


def _concerned(conversation, failures):
    """
    Return what became of the mail for those that it was sent to.

    Tuples of a report.Failure, the address, and as what sent_to has it.
    """
    addresses = conversation.sent_to()
    concerned = []
    for failure in failures:
        for address in failure.recipients:
            if address in addresses:
                concerned.append((failure, address, addresses[address]))
                break
    return concerned


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    def sent_to(self):
        """
        Return whom the mail was sent to.

        A dictionary from the address in lower case to how: None for To,
        'cc' or 'bcc'.
        """
        addresses = {}
        for value, copy in [
                (self.to_addresses, None), (self.cc_addresses, 'cc'),
                (self.bcc_addresses, 'bcc')]:
            for address in stored(value):
                addresses.setdefault(address.lower(), copy)
        return addresses

    def came_back(self, failure, address, copy=None):
        """
        Note that an address did not get the mail, without saving it.

        failure is an intake.report.Failure, copy as sent_to has it. Return
        whether that is news.
        """
        if self.delivery not in {'sent', 'bounced'}:
            # Somebody is sending it again
            return False
        error = self._why(failure, address, copy)
        before = self.delivery_error or ''
        if self.delivery == 'bounced' and address in self.missed():
            return False
        self.delivery = 'bounced'
        self.note_missed({*self.missed(), address})
        if error not in before:
            self.delivery_error = ' '.join(
                filter(None, [before, error]))[:MAX_ERROR]
        return True

    @staticmethod
    def _why(failure, address, copy):
        "Return in plain words, on a line, who did not get the mail and why."
        cause = gettext(
            f'helpdesk_mail.msg_bounce_{failure.cause or "unknown"}')
        if copy == 'bcc':
            # More people read it than who got copies unseen
            return gettext('helpdesk_mail.msg_bounced_hidden', cause=cause)
        reason = failure.reason or failure.status
        if reason:
            cause = f'{cause} ({reason})'
        return gettext(
            'helpdesk_mail.msg_bounced_copy' if copy
            else 'helpdesk_mail.msg_bounced', address=address, cause=cause)

    @classmethod
    def not_delivered(cls, conversations):
        """
        Bring the tickets back whose customers did not get the answers.

        Those that wait for the customer would wait in vain. What is resolved
        or closed stays so: whoever is responsible is told and decides.
        """
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        tickets = list({
                c.ticket for c in conversations if not c.automatic})
        if tickets:
            Ticket.write(tickets, {'unread': True})
            # It is told as what it is, not as another state
            with Transaction().set_context(helpdesk_notify=False):
                Ticket.open([
                        t for t in tickets
                        if t.state in {'pending', 'authorization'}])
        cls.tell_not_delivered(conversations)

    @classmethod
    def tell_not_delivered(cls, conversations):
        "Tell whom it concerns that somebody did not get the answers."
        pool = Pool()
        Notice = pool.get('helpdesk.notice')
        Notice.tell([('undelivered', sorted({
                            c.ticket.id for c in conversations
                            if not c.automatic}))])
