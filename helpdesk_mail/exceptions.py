# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.exceptions import UserError
from trytond.model.exceptions import ValidationError


class AddressError(ValidationError):
    pass


class MailboxError(UserError):
    pass


class AnswerAddressError(ValidationError):
    pass


class AnswerSizeError(ValidationError):
    pass


class SignatureError(ValidationError):
    pass


class AutomaticTemplateError(ValidationError):
    pass


class SendAgainError(UserError):
    pass
