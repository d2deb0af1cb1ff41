# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Letters that become tickets because a person wants it.
"""
from dataclasses import replace

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.transaction import check_access, without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .exceptions import LetterError

# States of letters that are part of no ticket
UNFILED = ['held', 'failed', 'ignored']


class Mail(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail'

    wanted_new = fields.Boolean("Wanted as a Ticket", readonly=True,
        help="A person decided that it becomes a ticket of its own.")
    wanted_party = fields.Many2One('party.party', "Wanted Customer",
        readonly=True, ondelete='SET NULL',
        help="The customer that a person chose for the ticket.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update(
            make_ticket={
                'invisible': (~Eval('state').in_(UNFILED)
                    | Bool(Eval('raw_removed_at'))),
                'icon': 'tryton-create',
                'depends': ['state', 'raw_removed_at'],
                },
            )

    @classmethod
    def default_wanted_new(cls):
        return False

    @classmethod
    @ModelView.button_action('helpdesk_mail.wizard_mail_make_ticket')
    def make_ticket(cls, mails):
        pass

    def is_wanted(self, letter):
        """
        Tell if a person decided that the letter becomes part of a ticket.

        letter is the intake.letter.Letter. Without a sender the person also
        has to say which ticket.
        """
        return bool(self.wanted_new or (self.released and letter.sender))

    def wanted_sender(self, sender):
        "Return the intake.identify.Sender with the customer that was chosen."
        if self.wanted_party:
            return replace(sender, parties=(self.wanted_party.id,))
        return sender

    @classmethod
    def check_unfiled(cls, mails):
        "Check that the letters are part of no ticket, and can be read."
        for mail in mails:
            if mail.state not in UNFILED:
                raise LetterError(gettext(
                        'helpdesk_mail.msg_mail_filed', letter=mail.rec_name))
        cls.check_raw(mails)

    @classmethod
    def want(cls, mails, **values):
        "Have the letters judged again, with what a person wants of them."
        cls.write(mails, {
                'released': True,
                'wanted_new': False,
                'wanted_party': None,
                'wanted_ticket': None,
                **values,
                })
        cls.retry(mails)

    @classmethod
    def check_decide(cls, mails):
        "Check that the user may decide on the letters; a wizard does not."
        pool = Pool()
        ModelAccess = pool.get('ir.model.access')
        with check_access():
            ModelAccess.check(cls.__name__, 'write')
            cls.read([m.id for m in mails], ['id'])


class MakeTicketStart(ModelView):
    __name__ = 'helpdesk.mail.make_ticket.start'

    section = fields.Many2One('helpdesk.section', "Section", required=True,
        help="The team that works on the tickets.")
    party = fields.Many2One('party.party', "Customer",
        help="The customer the tickets are for.\n"
        "Leave empty for the one that the sender's address belongs to.")


class MakeTicket(Wizard):
    __name__ = 'helpdesk.mail.make_ticket'

    start = StateView(
        'helpdesk.mail.make_ticket.start',
        'helpdesk_mail.make_ticket_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Make Tickets", 'make', 'tryton-ok', default=True),
            ])
    make = StateTransition()

    def default_start(self, fields):
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        self._check()
        sections = {m.section.id for m in self.records if m.section}
        return {
            'section': (
                sections.pop() if len(sections) == 1
                else Ticket.default_section()),
            }

    def _check(self):
        self.model.check_decide(self.records)
        self.model.check_unfiled(self.records)

    def transition_make(self):
        pool = Pool()
        Party = pool.get('party.party')
        Section = pool.get('helpdesk.section')
        self._check()
        section, party = self.start.section, self.start.party
        # Who asks by the network may name any
        with check_access():
            Section.read([section.id], ['id'])
            if party:
                Party.read([party.id], ['id'])
        with without_check_access():
            mails = list(self.model.browse(self.records))
            self.model.write(mails, {'section': section.id})
            self.model.want(mails,
                wanted_new=True, wanted_party=party.id if party else None)
        return 'end'

    def end(self):
        return 'reload'
