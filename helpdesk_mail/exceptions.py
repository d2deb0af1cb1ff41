# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.exceptions import UserError, UserWarning
from trytond.model.exceptions import ValidationError


class AddressError(ValidationError):
    pass


class PatternError(ValidationError):
    pass


class DomainError(ValidationError):
    pass


class MailboxError(UserError):
    "Carries also what was wrong, to say it again in another language."

    def __init__(self, message, key=None, detail=''):
        super().__init__(message)
        self.key = key
        self.detail = detail


class MailboxPasswordError(ValidationError):
    pass


class OAuthError(UserError):
    pass


class OAuthURLError(ValidationError):
    pass


class OAuthHostError(ValidationError):
    pass


class MailServerError(UserError):
    pass


class SecretMissingError(ValidationError):
    pass


class LetterError(ValidationError):
    pass


class LetterClosedWarning(UserWarning):
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
