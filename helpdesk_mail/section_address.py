# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.
"""
The other addresses at which a section receives.

Decided here: which they are, and which section a letter was sent to. Not
here: where it goes if it was sent to none (receive.py).
"""
from email.utils import parseaddr

import trytond.config as config
from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, Unique, fields
from trytond.pool import Pool, PoolMeta
from trytond.tools.email_ import normalize_email
from trytond.transaction import inactive_records, without_check_access

from .exceptions import AddressError
from .intake import signing
from .intake.addresses import is_address
from .intake.thread import recipients
from .outgoing import NoSender, Outgoing


class SectionAddress(ModelSQL, ModelView):
    __name__ = 'helpdesk.section.address'
    _rec_name = 'address'

    section = fields.Many2One(
        'helpdesk.section', "Section", required=True, ondelete='CASCADE',
        help="The section that gets the letters.")
    address = fields.Char("Address", required=True,
        help="Letters to this address go to the section too.")

    @classmethod
    def __setup__(cls):
        cls.address.search_unaccented = False
        super().__setup__()
        cls.__access__.add('section')
        t = cls.__table__()
        cls._sql_constraints = [
            ('address_unique', Unique(t, t.address),
                'helpdesk_mail.msg_section_address_unique'),
            ]
        cls._order = [('address', 'ASC'), ('id', 'ASC')]

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        if values.get('address'):
            values['address'] = normalize_email(
                values['address'].strip()).lower()
        return values

    @classmethod
    def validate_fields(cls, addresses, field_names):
        pool = Pool()
        Section = pool.get('helpdesk.section')
        super().validate_fields(addresses, field_names)
        if field_names and 'address' not in field_names:
            return
        for address in addresses:
            if not is_address(address.address):
                raise AddressError(gettext(
                        'helpdesk_mail.msg_address_invalid',
                        address=address.address))
        with without_check_access():
            Section.check_addresses([a.address for a in addresses])


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    addresses = fields.One2Many(
        'helpdesk.section.address', 'section', "Other Addresses",
        help="Where the section receives too, besides its mail address. "
        "Its answers come from that one.")
    inbound_address = fields.Function(fields.Char("Address to Forward To",
            help="Letters that another address forwards to this one go to "
            "the section, whomever they were sent to.\n"
            "The mail server must deliver such addresses to the mailbox of "
            "the section (RFC 5233)."),
        'get_inbound_address')

    @classmethod
    def get_inbound_address(cls, sections, name):
        pool = Pool()
        secret = pool.get('helpdesk.mail.key').get_secret()
        addresses = {}
        for section in sections:
            try:
                addresses[section.id] = signing.section_address(
                    secret, section.id, Outgoing.from_address(section))
            except (NoSender, ValueError):
                addresses[section.id] = None
        return addresses

    @classmethod
    def validate_fields(cls, sections, field_names):
        super().validate_fields(sections, field_names)
        if not field_names or 'mail_address' in field_names:
            with without_check_access():
                cls.check_addresses(
                    [s.mail_address for s in sections if s.mail_address])

    @classmethod
    def copy(cls, sections, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('addresses')
        return super().copy(sections, default=default)

    @classmethod
    def check_addresses(cls, addresses):
        """
        Check that no mail address is also another address of a section.

        addresses are in lower case. Raise AddressError.
        """
        pool = Pool()
        Address = pool.get('helpdesk.section.address')
        with inactive_records():
            sections = cls.search(
                [('mail_address', 'in', addresses)], order=[])
        main = {s.mail_address: s for s in sections}
        for other in Address.search([('address', 'in', list(main))]):
            raise AddressError(gettext(
                    'helpdesk_mail.msg_section_address_taken',
                    address=other.address,
                    section=main[other.address].rec_name,
                    other=other.section.rec_name))

    @classmethod
    @without_check_access
    def by_address(cls):
        pool = Pool()
        Address = pool.get('helpdesk.section.address')
        return {
            **{a.address: a.section for a in Address.search([
                        ('section.active', '=', True),
                        ], order=[])},
            **super().by_address(),
            }

    @classmethod
    def own_addresses(cls, addresses):
        """
        Return the set of the addresses that nobody needs a copy at.

        addresses are what by_address returns. Sections without a mail address
        answer from that of the server.
        """
        server = parseaddr(config.get('email', 'from', default=''))[1].lower()
        return {*addresses, server} - {''}

    @classmethod
    @without_check_access
    def of_letters(cls, letters, addresses):
        """
        Return which sections the letters were sent to, None where to none.

        letters are of intake.letter.Letter, addresses what by_address
        returns. Who forwards a letter leaves To as it is, so the addresses
        that mail servers note count too.
        """
        pool = Pool()
        secret = pool.get('helpdesk.mail.key').get_secret()
        recipients_ = [
            [r.strip(' <>').lower() for r in recipients(letter)]
            for letter in letters]
        signed = [
            next(filter(None, (
                        signing.read_section_address(secret, r)
                        for r in emails)), None)
            for emails in recipients_]
        ids = set(signed) - {None}
        by_id = {s.id: s for s in cls.search(
                [('id', 'in', list(ids))], order=[])} if ids else {}
        return [
            by_id.get(id_) or next(filter(None, (
                        addresses.get(r) or addresses.get(plain(r))
                        for r in emails)), None)
            for id_, emails in zip(signed, recipients_)]


def plain(email):
    "Return the address without what follows a plus sign (RFC 5233)."
    local, _, domain = email.rpartition('@')
    return f"{local.partition('+')[0]}@{domain}"
