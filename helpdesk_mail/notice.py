# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction

from .colleague import separator
from .intake import agent
from .intake import filter as filter_
from .intake import signing
from .outgoing import Outgoing

# Events that a letter of a customer is behind
ANSWERED = {'answered', 'granted', 'denied', 'assigned', 'unassigned'}
# How much of the letter a notice shows
LENGTH = 5000


class Notice(metaclass=PoolMeta):
    __name__ = 'helpdesk.notice'

    account = fields.Many2One(
        'helpdesk.mail.account', "Mail Account", ondelete='CASCADE')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.ticket.required = False
        cls.ticket.states['required'] = ~Eval('account')

    @classmethod
    def _still_wanted(cls, notices):
        pool = Pool()
        Account = pool.get('helpdesk.mail.account')
        wanted = super()._still_wanted([n for n in notices if n.ticket])
        administrators = {u.id for u in Account.administrators()}
        return wanted + [
            n for n in notices
            if n.account and n.user.email and n.user.id in administrators]

    def subject(self):
        if self.account:
            return self.account.warning(self.event, self.user)
        return super().subject()

    def content(self):
        if not self.account:
            return super().content()
        account, user = self.account, self.user
        # Where a customer's request led here, its host is the customer's
        with Transaction().set_context(_request=None):
            url = account.__href__
        return '\n\n'.join(filter(None, [
                    self.subject(),
                    account.warning_detail(self.event, user),
                    url])) + '\n'

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
        if not self.ticket:
            return
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
            # Cut first, since each agent gets a notice of their own (SE15)
            body=agent.fresh((letter.body or '')[:4 * LENGTH])[:LENGTH],
            **values)
