# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
From the form of a section to a ticket.

It becomes one as a letter does that nobody has written before: the address
that a stranger typed joins no ticket and shows none.
"""
import datetime as dt

from trytond.modules.helpdesk_mail.intake import acknowledge, identify
from trytond.modules.helpdesk_mail.intake.addresses import is_address
from trytond.modules.helpdesk_mail.intake.correspondents import domain_of
from trytond.modules.helpdesk_mail.intake.letter import Address, Letter
from trytond.modules.helpdesk_mail.unknown_sender import is_valid
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def file_request(cls, section, request, language=None, **values):
        """
        Make a ticket of the section of a valid web_form.Request.

        language is the ir.lang in which its sender reads, if known; values
        are others of the ticket. Return the ticket.
        """
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        with Transaction().set_context(
                helpdesk_actor='customer', company=section.company.id):
            sender = cls._web_sender(request)
            party = cls._web_party(section, sender)
            ticket, = cls.create([{
                        **section.mail_values(),
                        **cls._web_values(section, request),
                        'party': party or sender.organisation,
                        'language': language.id if language else None,
                        **values,
                        }])
            Conversation.create(
                [ticket._web_conversation(request, party)])
            if cls._acknowledges_web(section, sender.email):
                Conversation.acknowledge([ticket])
        return ticket

    @classmethod
    def _web_sender(cls, request):
        "Return the intake.identify.Sender of the request"
        pool = Pool()
        ContactMechanism = pool.get('party.contact_mechanism')
        Domain = pool.get('helpdesk.mail.domain')
        email = request.email.lower()
        return identify.identify(
            Letter(sender=Address(request.name, email)),
            ContactMechanism.parties_by_email({email}).get,
            Domain.organisations({domain_of(email)}).get)

    @classmethod
    def _web_party(cls, section, sender):
        """
        Return the id of the party of the sender, or None.

        Where letters of unknown people wait for a person to decide, nobody
        becomes a party by a form.
        """
        pool = Pool()
        Newcomer = pool.get('helpdesk.mail.newcomer')
        if section.makes_party(sender) and is_valid(sender.email):
            return Newcomer.make_parties(
                {sender.email: sender.name})[sender.email].id
        return sender.party

    @classmethod
    def _web_values(cls, section, request):
        values = {
            'section': section.id,
            'company': section.company.id,
            'channel': 'web',
            'subject': request.subject,
            'description': request.text,
            'contact_name': request.name or request.email,
            'email': request.email,
            'phone': request.phone or None,
            'customer_company': request.company or None,
            'state': 'open',
            'unread': True,
            'last_communication_at': dt.datetime.now().replace(microsecond=0),
            }
        if request.category is not None:
            values['category'] = request.category
        return values

    def _web_conversation(self, request, party):
        "Return the values of the conversation that begins the ticket"
        return {
            'ticket': self.id,
            'kind': 'web',
            'direction': 'in',
            'author': request.name or request.email,
            'party': party,
            'from_address': self.email,
            'subject': request.subject,
            'body': request.text,
            'attachments': [('create', [
                        {'name': f.name, 'data': f.data}
                        for f in request.files])],
            }

    @classmethod
    def _acknowledges_web(cls, section, email):
        """
        Tell whether the address gets a mail about a ticket by form.

        As often as for letters: anybody may type anybody's address (PO5).
        """
        pool = Pool()
        Conversation = pool.get('helpdesk.conversation')
        since = dt.datetime.now() - dt.timedelta(hours=1)
        return (section.acknowledge
            and section.web_form_correspondents(email).gets_automatic(email)
            and Conversation.count_automatic(
                {email}, since)[email] < acknowledge.LIMIT)


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    def web_form_correspondents(self, email):
        "Return the intake.correspondents.Correspondents for the address"
        pool = Pool()
        Address = pool.get('helpdesk.mail.address')
        found = Address.correspondents({email})
        return found.get(self.company.id, found[None])

    def web_form_takes(self, email):
        """
        Tell whether requests of the address become tickets.

        Those that can't be written to do not, nor those that letters are not
        taken from, nor our own.
        """
        email = email.lower()
        return (is_address(email) and '.' in domain_of(email)
            and is_valid(email)
            and not self.web_form_correspondents(email).is_blocked(email)
            and email not in self.own_addresses(self.by_address()))
