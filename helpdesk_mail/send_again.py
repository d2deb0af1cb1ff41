# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
A mail that did not arrive goes out once more, to another address.
"""
from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import check_access, without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .exceptions import AnswerAddressError, SendAgainError
from .intake.recipients import without


class Conversation(metaclass=PoolMeta):
    __name__ = 'helpdesk.conversation'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update(
            send_again_to={
                'invisible': ~Eval('delivery').in_(['failed', 'bounced']),
                'icon': 'tryton-forward',
                'depends': ['delivery'],
                },
            )

    @classmethod
    @ModelView.button_action('helpdesk_mail.wizard_conversation_send_again')
    def send_again_to(cls, conversations):
        pass

    @without_check_access
    def correct_recipients(self, to):
        "Send again to the addresses, a list, instead of those it went to."
        pool = Pool()
        Participant = pool.get('helpdesk.participant')
        cc, bcc = map(self.check_recipients, [
                self.cc_addresses, self.bcc_addresses])
        cc = without(cc, to)
        lacking = self.lacking(to, cc, bcc)
        if not lacking:
            raise AnswerAddressError(
                gettext('helpdesk_mail.msg_send_again_nobody'))
        self.__class__.write([self], {
                'to_addresses': ', '.join(to),
                'cc_addresses': ', '.join(cc) or None,
                'missed_addresses': ', '.join(lacking),
                })
        Participant.remember([] if self.automatic else [self])
        self.__class__.send_again([self])


class SendAgainStart(ModelView):
    __name__ = 'helpdesk.conversation.send_again.start'

    to_addresses = fields.Char("To", required=True,
        help="Who gets the mail. Separate several addresses by commas.")
    store = fields.Boolean("Change the Ticket",
        help="Make the address that of the ticket, for its next answers.")

    @classmethod
    def default_store(cls):
        return True


class SendAgain(Wizard):
    __name__ = 'helpdesk.conversation.send_again'

    start = StateView(
        'helpdesk.conversation.send_again.start',
        'helpdesk_mail.send_again_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Send Again", 'send', 'tryton-email', default=True),
            ])
    send = StateTransition()

    def default_start(self, fields):
        self._check()
        return {
            'to_addresses': self.record.to_addresses,
            }

    @check_access
    def _check(self):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        self.model.read([self.record.id], ['id'])
        Ticket.check_workable([self.record.ticket])
        if self.record.delivery not in {'failed', 'bounced'}:
            raise SendAgainError(gettext(
                    'helpdesk_mail.msg_send_again',
                    conversation=self.record.rec_name))

    def transition_send(self):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        self._check()
        to = self.model.check_recipients(self.start.to_addresses)
        if not to:
            raise AnswerAddressError(
                gettext('helpdesk_mail.msg_no_recipient'))
        if self.start.store:
            with check_access():
                Ticket.write([self.record.ticket], {'email': to[0]})
        self.record.correct_recipients(to)
        return 'end'

    def end(self):
        return 'reload'
