# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.i18n import gettext
from trytond.model import (
    DeactivableMixin, ModelSQL, ModelView, fields, sequence_ordered)
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.transaction import Transaction, check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .exceptions import CloseReasonError


class CloseReason(sequence_ordered(), DeactivableMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.close_reason'

    name = fields.Char("Name", required=True, translate=True,
        help="Why tickets are closed: done, a duplicate, spam…")


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    close_reason_required = fields.Boolean("Closing Needs a Reason",
        help="Agents must say why they close a ticket.\n"
        "Customers need not.")

    @classmethod
    def default_close_reason_required(cls):
        return False


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    close_reason = fields.Many2One(
        'helpdesk.close_reason', "Closing Reason",
        states={
            'readonly': Eval('state') == 'closed',
            },
        help="Why the ticket is closed.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons['ask_close'] = cls._buttons['close']

    @classmethod
    @ModelView.button
    def ask_close(cls, tickets):
        """
        Close the tickets at once, or ask for the reason.

        Return the id of the action that asks, where a section wants a
        reason and a ticket has none.
        """
        pool = Pool()
        Action = pool.get('ir.action')
        ModelData = pool.get('ir.model.data')
        if cls.without_close_reason(tickets):
            return Action.get_action_id(
                ModelData.get_id('helpdesk', 'wizard_ticket_close'))
        cls.close(tickets)

    @classmethod
    def close(cls, tickets):
        # The system and the customers, who have no access to check, need
        # no reason. Within the button nobody's access is checked.
        if Transaction().check_access:
            for ticket in cls.without_close_reason(tickets):
                raise CloseReasonError(gettext(
                        'helpdesk.msg_close_reason_missing',
                        ticket=ticket.rec_name,
                        section=ticket.section.rec_name))
        super().close(tickets)

    @classmethod
    def without_close_reason(cls, tickets):
        "Return those of the tickets that lack the reason to be closed."
        return [
            t for t in tickets
            if t.section.close_reason_required and not t.close_reason]

    @classmethod
    def _open(cls, tickets):
        reopened = [
            t for t in tickets if t.state == 'closed' and t.close_reason]
        if reopened:
            cls.write(reopened, {'close_reason': None})
        super()._open(tickets)

    @classmethod
    def copy(cls, tickets, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('close_reason')
        return super().copy(tickets, default=default)


class CloseStart(ModelView):
    __name__ = 'helpdesk.ticket.close.start'

    required = fields.Boolean("Required", readonly=True)
    reason = fields.Many2One('helpdesk.close_reason', "Closing Reason",
        states={
            'required': Bool(Eval('required')),
            },
        help="Why the tickets are closed.")
    note = fields.Text("Internal Note",
        help="What colleagues should know. Customers never see it.")


class Close(Wizard):
    __name__ = 'helpdesk.ticket.close'

    start = StateView(
        'helpdesk.ticket.close.start', 'helpdesk.close_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Close", 'close', 'tryton-archive', default=True),
            ])
    close = StateTransition()

    def default_start(self, fields):
        return {
            'required': bool(self.model.without_close_reason(self.records)),
            }

    def transition_close(self):
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        tickets = list(self.records)
        reason = self.start.reason
        notes = Conversation.notes(tickets, self.start.note)
        with check_access():
            if reason:
                self.model.write(tickets, {'close_reason': reason.id})
            Conversation.create(notes)
            self.model.close(tickets)
        return 'end'

    def end(self):
        return 'reload'
