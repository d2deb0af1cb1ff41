# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Who else follows a ticket by the wish of its customer.
"""
from trytond.cache import Cache
from trytond.modules.helpdesk_mail.intake.recipients import recipients
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction, without_check_access

from . import forms


class Configuration(metaclass=PoolMeta):
    __name__ = 'helpdesk.configuration'

    _participants_cache = Cache(
        'helpdesk.configuration.participants', context=False)

    @classmethod
    def has_participants(cls):
        "Tell if others than the customer may take part, without a statement"
        value = cls._participants_cache.get(None)
        if value is None:
            value = bool(cls(1).use_participants)
            cls._participants_cache.set(None, value)
        return value

    @classmethod
    def on_modification(cls, mode, records, field_names=None):
        super().on_modification(mode, records, field_names=field_names)
        cls._participants_cache.clear()


class Participant(metaclass=PoolMeta):
    __name__ = 'helpdesk.participant'

    # So many people from outside may be in copy by the customer's wish
    _portal_limit = 10

    @classmethod
    @without_check_access
    def of_customer(cls, ticket):
        """
        Return the watchers of the ticket that its customer may know of.

        Colleagues of ours are not among them.
        """
        return sorted(
            cls.outside_watchers(tickets=[ticket.id]), key=lambda p: p.email)

    @classmethod
    @without_check_access
    def add_on_portal(cls, ticket, text):
        """
        Put the address in copy that the ticket's customer typed.

        Return a forms.Error with what is wrong, or None. Nobody is written
        to: the next answer goes to the address too. Doing it twice is doing
        it once.
        """
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        Ticket.lock([ticket])
        email = text.strip().lower()
        if recipients(email) != ([email], []):
            return forms.Error('people_invalid')
        watchers = cls.of_customer(ticket)
        if email in {w.email for w in watchers}:
            return
        if len(watchers) >= cls._portal_limit:
            return forms.Error('people_limit', {'limit': cls._portal_limit})
        if email == ticket.email or cls._is_ours(ticket, email):
            return forms.Error('people_ours')
        copied = cls.search([
                ('ticket', '=', ticket.id),
                ('email', '=', email),
                ])
        if copied:
            cls.write(copied, {'role': 'watcher'})
        else:
            cls.create([{
                        'ticket': ticket.id,
                        'email': email,
                        'role': 'watcher',
                        }])
        cls._note(ticket, None, email)

    @classmethod
    @without_check_access
    def remove_on_portal(cls, ticket, id_):
        "Take who has the id out of copy, by the wish of the customer"
        pool = Pool()
        Ticket = pool.get('helpdesk.ticket')
        Ticket.lock([ticket])
        for watcher in cls.of_customer(ticket):
            if watcher.id == id_:
                email = watcher.email
                cls.delete([watcher])
                cls._note(ticket, email, None)

    @classmethod
    def _note(cls, ticket, old, new):
        pool = Pool()
        History = pool.get('helpdesk.history')
        with Transaction().set_context(helpdesk_actor='customer'):
            History.append([(ticket.id, 'participants', old, new)])

    @classmethod
    def _is_ours(cls, ticket, email):
        "Tell if a section or a colleague has the address"
        pool = Pool()
        Section = pool.get('helpdesk.section')
        if email in Section.own_addresses(Section.by_address()):
            # Copies would come back as letters
            return True
        inside = cls._inside_query()
        cursor = Transaction().connection.cursor()
        cursor.execute(*inside.select(inside.email,
                where=(inside.company == ticket.company.id)
                & (inside.email == email),
                limit=1))
        return bool(cursor.fetchone())


class Erase(metaclass=PoolMeta):
    __name__ = 'party.erase'

    def _helpdesk_to_erase(self, party, tickets):
        pool = Pool()
        History = pool.get('helpdesk.history')
        return super()._helpdesk_to_erase(party, tickets) + [
            # Who was put in copy of a ticket of others
            (History, [
                    ('what', '=', 'participants'),
                    ('new', 'in', party.helpdesk_emails()),
                    ], False,
                ['new'],
                ['****']),
            ]
