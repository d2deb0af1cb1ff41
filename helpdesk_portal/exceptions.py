# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.exceptions import UserError, UserWarning
from trytond.model.exceptions import ValidationError


class BrandLogoError(ValidationError):
    pass


class BrandColorError(ValidationError):
    pass


class BrandLinkError(ValidationError):
    pass


class LoginLinkError(UserError):
    pass


class GuestLinkError(UserError):
    pass


class ReportError(UserError):
    pass


class OriginError(ValidationError):
    pass


class ChatCommandError(UserError):
    pass


class ChatEndedError(UserError):
    pass


class ChatHandError(UserError):
    pass


class ChatTakeWarning(UserWarning):
    pass
