# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from collections import defaultdict

from sql import Literal
from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction

from .exceptions import DomainError
from .intake.correspondents import normalise
from .intake.freemail import is_free


class MailDomain(ModelSQL, ModelView):
    __name__ = 'helpdesk.mail.domain'
    _rec_name = 'domain'

    party = fields.Many2One(
        'party.party', "Party", required=True, ondelete='CASCADE',
        help="The organisation whose domain it is.")
    domain = fields.Char("Domain", required=True,
        help="What comes after the @ in the addresses of the people there, "
        "such as example.com.")

    @classmethod
    def __setup__(cls):
        cls.domain.search_unaccented = False
        super().__setup__()
        cls.__access__.add('party')
        t = cls.__table__()
        cls._sql_indexes.update({
                Index(t, (t.domain, Index.Equality())),
                Index(t, (t.party, Index.Range())),
                })
        cls._order = [('domain', 'ASC'), ('id', 'ASC')]

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        if values.get('domain'):
            values['domain'] = cls._normalise(values['domain'])
        return values

    @staticmethod
    def _normalise(domain):
        try:
            normal = normalise(domain)
        except ValueError:
            normal = ''
        if not normal or '@' in normal:
            raise DomainError(gettext(
                    'helpdesk_mail.msg_mail_domain_invalid', domain=domain))
        return normal

    @classmethod
    def validate_fields(cls, domains, field_names):
        super().validate_fields(domains, field_names)
        if field_names and 'domain' not in field_names:
            return
        for domain in domains:
            if is_free(domain.domain):
                raise DomainError(gettext(
                        'helpdesk_mail.msg_mail_domain_free',
                        domain=domain.domain, party=domain.party.rec_name))

    @classmethod
    def organisations(cls, domains):
        """
        Return the active parties that have the domains to themselves.

        domains are as intake.correspondents.domain_of returns them. Return a
        dictionary from the domain to the id of its party.
        """
        pool = Pool()
        Party = pool.get('party.party')
        table, party = cls.__table__(), Party.__table__()
        found = defaultdict(set)
        cursor = Transaction().connection.cursor()
        cursor.execute(*table
            .join(party, condition=table.party == party.id)
            .select(
                table.domain, party.id,
                where=fields.SQL_OPERATORS['in'](table.domain, list(domains))
                & (party.active == Literal(True))))
        for domain, id_ in cursor:
            found[domain].add(id_)
        return {d: ids.pop() for d, ids in found.items() if len(ids) == 1}


class Party(metaclass=PoolMeta):
    __name__ = 'party.party'

    mail_domains = fields.One2Many(
        'helpdesk.mail.domain', 'party', "Mail Domains",
        help="The domains of its people's addresses: what somebody unknown "
        "writes from there is a ticket of this party.\n"
        "A domain that several parties have is taken as that of none.")

    @classmethod
    def copy(cls, parties, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('mail_domains')
        return super().copy(parties, default=default)


class Replace(metaclass=PoolMeta):
    __name__ = 'party.replace'

    @classmethod
    def fields_to_replace(cls):
        return super().fields_to_replace() + [
            ('helpdesk.mail.domain', 'party'),
            ]
