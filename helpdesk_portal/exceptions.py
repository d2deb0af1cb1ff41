# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model.exceptions import ValidationError


class OriginError(ValidationError):
    pass
