# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
Which of its people see all the tickets of an organisation.
"""
from sql import Literal, Null
from sql.aggregate import Count, Max
from trytond.model import Index, ModelSQL, fields
from trytond.modules.helpdesk_mail.intake.correspondents import domain_of
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction


class Party(metaclass=PoolMeta):
    __name__ = 'party.party'

    helpdesk_sharing = fields.Selection([
            ('none', "Nobody"),
            ('chosen', "Chosen Accounts"),
            ('everyone', "All Its Accounts"),
            ], "Who Sees All Tickets", required=True, sort=False,
        help="Who sees all tickets of this customer on the portal, "
        "answers and closes them. Others see their own tickets only. "
        "Sections that are not open to customers are left out.\n"
        "Its accounts are those of this party, those that have it as "
        "secondary party, and those with an address of its mail domains.")
    helpdesk_readers = fields.Many2Many(
        'party.party-web.user.helpdesk', 'party', 'user', "Chosen Accounts",
        states={
            'invisible': Eval('helpdesk_sharing') != 'chosen',
            },
        help="The accounts that see all tickets of this customer.")

    @classmethod
    def default_helpdesk_sharing(cls):
        return 'none'

    @classmethod
    def copy(cls, parties, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('helpdesk_sharing', cls.default_helpdesk_sharing())
        default.setdefault('helpdesk_readers')
        return super().copy(parties, default=default)

    @classmethod
    def query_shared_with(cls, visitor):
        """
        Return the query of the organisations whose tickets an account sees.

        visitor is a Visitor who is logged in. It selects ids.
        """
        pool = Pool()
        Reader = pool.get('party.party-web.user.helpdesk')
        table, reader = cls.__table__(), Reader.__table__()
        belongs = cls._query_belonging(visitor)
        active = table.active == Literal(True)
        return (reader
            .join(table, condition=table.id == reader.party)
            .select(table.id,
                where=(reader.user == visitor.user)
                & (table.helpdesk_sharing == 'chosen') & active)
            ) | table.select(table.id,
                where=table.id.in_(belongs)
                & (table.helpdesk_sharing == 'everyone') & active)

    @classmethod
    def _query_belonging(cls, visitor):
        "Return the query of the organisations that the account is of"
        pool = Pool()
        Domain = pool.get('helpdesk.mail.domain')
        Secondary = pool.get('web.user-party.party.secondary')
        User = pool.get('web.user')
        user, secondary, domain = (
            User.__table__(), Secondary.__table__(), Domain.__table__())
        return (
            user.select(user.party,
                where=(user.id == visitor.user) & (user.party != Null))
            | secondary.select(secondary.party,
                where=secondary.user == visitor.user)
            # A domain of two organisations tells neither
            | domain.select(Max(domain.party),
                where=domain.domain == domain_of(visitor.email),
                having=Count(domain.id) == 1))

    @classmethod
    def shared_with(cls, visitor):
        """
        Return the organisations whose tickets an account sees.

        visitor is a Visitor who is logged in. A list of pairs of id and name,
        in one statement.
        """
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(table.id, table.name,
                where=table.id.in_(cls.query_shared_with(visitor)),
                order_by=[table.name, table.id]))
        return cursor.fetchall()


class PartyReader(ModelSQL):
    __name__ = 'party.party-web.user.helpdesk'

    party = fields.Many2One(
        'party.party', "Party", required=True, ondelete='CASCADE')
    user = fields.Many2One(
        'web.user', "Account", required=True, ondelete='CASCADE')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.update({
                Index(t, (t.party, Index.Range())),
                Index(t, (t.user, Index.Range())),
                })


class User(metaclass=PoolMeta):
    __name__ = 'web.user'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_indexes.add(
            Index(t, (t.party, Index.Range()), where=t.party != Null))


class Ticket(metaclass=PoolMeta):
    __name__ = 'helpdesk.ticket'

    @classmethod
    def _queries_shared(cls, visitor):
        pool = Pool()
        Party = pool.get('party.party')
        Section = pool.get('helpdesk.section')
        table, section = cls.__table__(), Section.__table__()
        return super()._queries_shared(visitor) + [table
            .join(section, condition=section.id == table.section)
            .select(table.id,
                where=table.party.in_(Party.query_shared_with(visitor))
                & (section.visibility == 'public')),
            ]


class Replace(metaclass=PoolMeta):
    __name__ = 'party.replace'

    @classmethod
    def fields_to_replace(cls):
        return super().fields_to_replace() + [
            ('party.party-web.user.helpdesk', 'party'),
            ]


class Erase(metaclass=PoolMeta):
    __name__ = 'party.erase'

    def _helpdesk_to_erase(self, party, tickets):
        pool = Pool()
        Party = pool.get('party.party')
        return super()._helpdesk_to_erase(party, tickets) + [
            (Party, [('id', '=', party.id)], False,
                ['helpdesk_sharing'],
                ['none']),
            ]
