# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import PoolMeta
from trytond.pyson import Eval
from trytond.tools.email_ import (
    EmailNotValidError, normalize_email, validate_email)
from trytond.transaction import without_check_access

from .exceptions import AddressError


class Section(metaclass=PoolMeta):
    __name__ = 'helpdesk.section'

    mail_name = fields.Char("Sender Name", translate=True,
        help="The name the customers see as the sender of the answers.\n"
        "Leave empty to use the name of the section.")
    mail_address = fields.Char("Mail Address",
        help="The address the section receives at and answers from.\n"
        "Leave empty to answer from the address of the server.")
    subaddress = fields.Boolean("Signed Reply Address",
        states={
            'invisible': ~Eval('mail_address'),
            },
        help="Ask customers to answer to an address that names the ticket, "
        "like support+12-x7k@example.com.\n"
        "The mail server must deliver such addresses to the mailbox of the "
        "section (RFC 5233).")
    acknowledge = fields.Boolean("Confirm New Tickets",
        help="Send the customer a mail with the number of a new ticket.")

    @classmethod
    def default_subaddress(cls):
        return False

    @classmethod
    def default_acknowledge(cls):
        return True

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        if values.get('mail_address'):
            values['mail_address'] = normalize_email(
                values['mail_address'].strip()).lower()
        return values

    @classmethod
    def validate_fields(cls, sections, field_names):
        super().validate_fields(sections, field_names)
        if field_names and 'mail_address' not in field_names:
            return
        for section in sections:
            if not section.mail_address:
                continue
            try:
                validate_email(section.mail_address)
            except EmailNotValidError as exception:
                raise AddressError(gettext(
                        'helpdesk_mail.msg_section_address',
                        section=section.rec_name,
                        address=section.mail_address,
                        error=str(exception))) from exception

    @classmethod
    @without_check_access
    def by_address(cls):
        """
        Return the sections that have a mail address.

        A dictionary from the address in lower case to the section.
        """
        sections = cls.search(
            [('mail_address', '!=', None)], order=[('id', 'DESC')])
        return {s.mail_address: s for s in sections}
