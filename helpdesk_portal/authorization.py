# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.i18n import gettext
from trytond.model import fields
from trytond.modules.helpdesk_mail.intake.charset import one_line
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction

from . import forms
from .decision import refused

MAX_USER_AGENT = 300


class Authorization(metaclass=PoolMeta):
    __name__ = 'helpdesk.authorization'

    signature_kind = fields.Selection([
            (None, ""),
            ('drawn', "Drawn"),
            ('typed', "Name Typed"),
            ], "Signature", readonly=True, sort=False,
        states={
            'invisible': ~Eval('signature', False),
            },
        help="How the customer signed.")
    signature_picture = fields.Binary("Signature Picture", readonly=True,
        states={
            'invisible': Eval('signature_kind') != 'drawn',
            },
        help="The signature as the customer drew it, a PNG.")
    ip_address = fields.Char("IP Address", readonly=True,
        help="The network address that the decision came from.")
    user_agent = fields.Char("Browser", readonly=True,
        help="What the customer's browser says it is.")

    def letter(self):
        return gettext(
            'helpdesk_portal.msg_authorization_letter',
            self.ticket.mail_language(), question=super().letter())

    def answer(self, decision):
        "Return the text that tells of a valid Decision, for the conversation"
        language = self.ticket.mail_language()
        key = decision.state
        if decision.kind:
            key += f'_{decision.kind}'
        return '\n\n'.join(filter(None, [
                    gettext(f'helpdesk_portal.msg_authorization_{key}',
                        language, name=decision.name),
                    self.question,
                    decision.reason and gettext(
                        'helpdesk_portal.msg_authorization_reason',
                        language, reason=decision.reason),
                    ]))

    @classmethod
    def is_decided(cls, ticket, visitor, decision):
        """
        Tell whether the visitor has decided just the same already.

        Who taps the button twice means it once.
        """
        return bool(cls.search([
                    ('ticket', '=', ticket.id),
                    ('state', '=', decision.state),
                    ('question_hash', '=', decision.question_hash),
                    ('decided_email', '=', visitor.email),
                    ], limit=1))


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    def may_decide_on_portal(self, visitor):
        """
        Tell whether the visitor, a Visitor, may authorize what is asked for.

        Seeing the ticket is not enough: only its customer may.
        """
        return (
            visitor.email == self.email
            and visitor.ticket in {None, self.id})

    @classmethod
    def decide_on_portal(cls, ticket, visitor, read, evidence):
        """
        Let the visitor authorize or deny what the ticket's customer is asked.

        read is called with whether it must be signed and returns the
        decision.Decision; evidence is a dictionary with ip_address and
        user_agent. Return the Decision, with errors if nothing was decided.
        """
        pool = Pool()
        Authorization = pool.get('helpdesk.authorization')
        # Two people, or two clicks, decide one after the other
        cls.lock([ticket])
        ticket = cls(ticket.id)
        if not ticket.may_decide_on_portal(visitor):
            return refused('authorization_not_yours')
        asked = Authorization.asked([ticket])
        decision = read(any(a.signature for a in asked))
        for authorization in asked:
            if decision.is_on(authorization.question_hash):
                if decision.valid:
                    ticket._decide(authorization, visitor, decision, evidence)
                return decision
        if decision.valid and Authorization.is_decided(
                ticket, visitor, decision):
            return decision
        return refused('authorization_changed')

    def _decide(self, authorization, visitor, decision, evidence):
        pool = Pool()
        Authorization = pool.get('helpdesk.authorization')
        Conversation = pool.get('helpdesk.conversation')
        values = self._conversation_on_portal(
            visitor, forms.Answer(authorization.answer(decision)))
        if decision.name:
            values['author'] = decision.name
        Authorization.settle([authorization], decision.state, {
                'decided_by': values['author'],
                'decided_email': visitor.email,
                'decided_party': values['party'],
                'reason': decision.reason or None,
                'signature_kind': decision.kind,
                'signature_picture': decision.picture,
                'ip_address': evidence['ip_address'],
                'user_agent': one_line(
                    evidence['user_agent'])[:MAX_USER_AGENT],
                })
        with Transaction().set_context(
                helpdesk_actor='customer', company=self.company.id,
                _helpdesk_answered_as=decision.state):
            Conversation.create([values])


class Erase(metaclass=PoolMeta):
    __name__ = 'party.erase'

    @classmethod
    def _helpdesk_authorization_to_erase(cls):
        return super()._helpdesk_authorization_to_erase() + [
            'signature_picture', 'ip_address', 'user_agent']
