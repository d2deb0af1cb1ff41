# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.i18n import gettext
from trytond.pool import Pool, PoolMeta

from .colleague import separator
from .intake import agent
from .intake import filter as filter_
from .intake import signing
from .outgoing import Outgoing

# Events that a letter of a customer is behind
ANSWERED = {'answered', 'assigned', 'unassigned'}
# How much of the letter a notice shows
LENGTH = 5000


class Notice(metaclass=PoolMeta):
    __name__ = 'helpdesk.notice'

    def render(self):
        message = super().render()
        # A user may have the address of a section: no ticket shall come of it
        message[filter_.MARK] = Outgoing.mark()
        if address := self.answer_address():
            message['Reply-To'] = address
        return message

    def answer_address(self):
        """
        Return the address by which the user answers the customer, or None.

        It stands for this user and this ticket alone.
        """
        pool = Pool()
        Key = pool.get('helpdesk.mail.key')
        section, user = self.ticket.section, self.user
        if (section.agent_mail not in {'note', 'send'}
                or not (section.mail_address and section.subaddress)
                or (user.email or '').lower() in {'', self.ticket.email}
                or not user.works_in(section)
                or not self._letter()):
            return
        try:
            return signing.agent_address(
                Key.get_secret(), self.ticket.id, user.id,
                section.mail_address)
        except ValueError:
            # There is no room for it in the address
            return

    def _letter(self):
        "Return what the customer said, if that is what it is about."
        if self.event not in ANSWERED:
            return
        for conversation in self.ticket.last_conversations:
            if conversation.direction != 'internal':
                return (
                    conversation if conversation.direction == 'in' else None)

    def mail_text(self, values, language):
        if not self.answer_address():
            return super().mail_text(values, language)
        # What the customer wrote and nothing else: it may be quoted to them
        letter = self._letter()
        what = gettext(
            f'helpdesk_mail.msg_notice_{self.ticket.section.agent_mail}',
            *language)
        return gettext(
            'helpdesk_mail.msg_notice_mail', *language,
            separator=separator(self.user),
            what=what,
            author=letter.author or '',
            body=agent.fresh(letter.body or '')[:LENGTH],
            **values)
