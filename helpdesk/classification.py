# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.model import (
    DeactivableMixin, ModelSQL, ModelView, fields, sequence_ordered)


class Type(sequence_ordered(), DeactivableMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.type'

    name = fields.Char("Name", required=True, translate=True,
        help="What kind of request it is: a question, an incident, "
        "a complaint…")


class Category(sequence_ordered(), DeactivableMixin, ModelSQL, ModelView):
    __name__ = 'helpdesk.category'

    name = fields.Char("Name", required=True, translate=True,
        help="The service or subject the request is about.")
