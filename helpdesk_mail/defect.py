# This file is part of trytond-helpdesk.  The COPYRIGHT file at the top level
# of this repository contains the full copyright notices and license terms.

from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import PoolMeta
from trytond.pyson import Eval


class Mail(metaclass=PoolMeta):
    __name__ = 'helpdesk.mail'

    defect_keys = fields.Char("Defect Keys", readonly=True)
    defects = fields.Function(fields.Text("Defects",
            states={
                'invisible': ~Eval('defects'),
                },
            help="What was wrong with the letter itself."),
        'get_defects')

    def get_defects(self, name):
        "Return them in the language of whoever reads them."
        return '\n'.join(
            gettext(f'helpdesk_mail.msg_defect_{key}')
            for key in (self.defect_keys or '').split())
