# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
What becomes of letters from people whom nobody knows.

Decided here: what a section can choose, and that two letters of one sender
that are judged at once do not make two parties.
"""
import hmac

from sql import Conflict
from trytond.model import ModelSQL, Unique, fields
from trytond.pool import Pool, PoolMeta
from trytond.tools.email_ import EmailNotValidError, validate_email
from trytond.transaction import Transaction


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    unknown_sender = fields.Selection([
            ('create', "Make a Ticket and a Party"),
            ('none', "Make a Ticket without a Party"),
            ('hold', "Wait for a Person to Decide"),
            ], "Unknown Senders", required=True, sort=False,
        help="What becomes of a letter about something new from somebody "
        "whose address and domain no party has.\n"
        "A letter that waits makes a ticket and a party when it is "
        "released.")

    @classmethod
    def default_unknown_sender(cls):
        return 'create'

    def holds(self, sender):
        "Tell if a new request of an intake.identify.Sender has to wait."
        return self.unknown_sender == 'hold' and not sender.known

    def makes_party(self, sender, released=False):
        """
        Tell if an intake.identify.Sender becomes a party.

        released tells that a person let the letter through.
        """
        return not sender.known and (
            self.unknown_sender == 'create'
            or (self.unknown_sender == 'hold' and released))


class Newcomer(ModelSQL):
    __name__ = 'helpdesk.mail.newcomer'

    mark = fields.Char("Mark", required=True,
        help="Stands for the address of a sender who was made a party.")

    @classmethod
    def __setup__(cls):
        cls.mark.search_unaccented = False
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints = [
            ('mark_unique', Unique(t, t.mark),
                'helpdesk_mail.msg_mail_newcomer_unique'),
            ]

    @classmethod
    def announce(cls, emails):
        """
        Let no other transaction make parties of the addresses meanwhile.

        A transaction that does the same at once waits for the commit. Then
        its view of the data is too old, and the database has it begin again
        (PostgreSQL: a serialization failure): it finds the party.
        """
        pool = Pool()
        transaction = Transaction()
        secret = pool.get('helpdesk.mail.key').get_secret()
        # Sorted, that two do not wait for each other
        marks = sorted(
            hmac.digest(secret, e.encode('utf-8', 'surrogatepass'), 'sha256')
            .hex() for e in emails)
        if marks and transaction.database.has_insert_on_conflict():
            table = cls.__table__()
            transaction.connection.cursor().execute(*table.insert(
                    [table.mark], [[m] for m in marks],
                    on_conflict=Conflict(table,
                        indexed_columns=[table.mark],
                        columns=[table.mark],
                        values=[table.mark])))

    @classmethod
    def make_parties(cls, names):
        """
        Make a party of each unknown sender.

        names is a dictionary from the address, in lower case and valid, to
        the name. Return one from the address to the party.
        """
        pool = Pool()
        Party = pool.get('party.party')
        cls.announce(names)
        parties = Party.create([{
                    'name': name,
                    'addresses': [],
                    'contact_mechanisms': [('create', [
                                {'type': 'email', 'value': email}])],
                    } for email, name in names.items()])
        return dict(zip(names, parties))


def is_valid(email):
    "Tell whether a party can have the address"
    try:
        validate_email(email)
    except EmailNotValidError:
        return False
    return True
