# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.exceptions import UserError
from trytond.model.exceptions import ValidationError


class AddressError(ValidationError):
    pass


class MailboxError(UserError):
    pass


class OAuthError(MailboxError):
    pass


class OAuthURLError(ValidationError):
    pass


class MailServerError(UserError):
    pass


class SecretMissingError(ValidationError):
    pass


class AnswerAddressError(ValidationError):
    pass
